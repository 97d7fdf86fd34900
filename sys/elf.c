/*
 * ELF program files, both classes, little endian: from hostile bytes to a checked load plan.
 *
 * OWNS     nothing; pure functions, no allocation, no lock.
 * WHY      decode everything (may fail) before exec.c changes anything: a refused file costs the caller an errno only.
 * I1       on success segments are sorted by address, their pages do not overlap, each ends below user_top, and
 *          filesz <= memsz.  I2  offset and vaddr agree modulo the page size.
 * FAILS    -ENOEXEC malformed or foreign; -EINVAL impossible addresses.
 * SOURCES  elf(5); System V ABI, program loading.   TESTED BY  sys/elf_test.c, sim/fuzz_elf.c.
 */
#include "sys/elf.h"

#include "base/errno.h"
#include "lib/string.h"
#include "uapi/elf.h"

enum { ET_EXEC = 2, ET_DYN = 3, PT_LOAD = 1, PT_INTERP = 3 };
#define PT_GNU_STACK 0x6474e551U
enum { EHDR32_SIZE = 52, EHDR64_SIZE = 64, PHDR32_SIZE = 32, PHDR64_SIZE = 56 };

struct phdr32 {
	uint32_t type, offset, vaddr, paddr, filesz, memsz, flags, align;
};

struct phdr64 {
	uint32_t type, flags;
	uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

/* Both classes in one form. */
struct ehdr {
	unsigned type, machine, phentsize, phnum;
	uint64_t entry, phoff;
};

static int ehdr_read(const void *head, size_t len, const struct elf_target *t, struct ehdr *out)
{
	static const uint8_t magic[4] = { 0x7f, 'E', 'L', 'F' };
	const uint8_t *id = head;
	struct ehdr32 e32;
	struct ehdr64 e64;

	if (len < EHDR32_SIZE || memcmp(id, magic, 4) != 0 || id[4] != t->class_ || id[5] != 1)
		return -ENOEXEC;
	if (t->class_ == 1) {
		memcpy(&e32, head, sizeof(e32));
		*out = (struct ehdr){ e32.type,	 e32.machine, e32.phentsize,
				      e32.phnum, e32.entry,   e32.phoff };
		return out->phentsize == PHDR32_SIZE ? 0 : -ENOEXEC;
	}
	if (len < EHDR64_SIZE)
		return -ENOEXEC;
	memcpy(&e64, head, sizeof(e64));
	*out = (struct ehdr){
		e64.type, e64.machine, e64.phentsize, e64.phnum, e64.entry, e64.phoff
	};
	return out->phentsize == PHDR64_SIZE ? 0 : -ENOEXEC;
}

int elf_check_header(const void *head, size_t len, const struct elf_target *t, uint64_t *off,
		     size_t *size)
{
	struct ehdr e;
	int err = ehdr_read(head, len, t, &e);

	if (err)
		return err;
	if ((e.type != ET_EXEC && e.type != ET_DYN) || e.machine != t->machine)
		return -ENOEXEC;
	if (!e.phnum || e.phnum > ELF_MAX_PHDRS)
		return -ENOEXEC;
	*off = e.phoff;
	*size = (size_t)e.phnum * e.phentsize;
	return 0;
}

static void phdr_read(const void *phdrs, unsigned n, bool is64, struct phdr64 *out)
{
	struct phdr32 p;

	if (is64) {
		memcpy(out, (const char *)phdrs + n * sizeof(*out), sizeof(*out));
		return;
	}
	memcpy(&p, (const char *)phdrs + n * sizeof(p), sizeof(p));
	*out = (struct phdr64){ p.type,	 p.flags,  p.offset, p.vaddr,
				p.paddr, p.filesz, p.memsz,  p.align };
}

/* Check one PT_LOAD and append it. Segments must come in rising order, as the ABI says. */
static int segment_add(const struct phdr64 *p, uint64_t file_size, const struct elf_target *t,
		       struct elf_program *out)
{
	const struct elf_segment *prev = out->nr_segments ? &out->seg[out->nr_segments - 1] : NULL;
	uint64_t first = p->vaddr & ~(uint64_t)(PAGE_SIZE - 1);

	if (!p->memsz)
		return 0;
	if (p->filesz > p->memsz || out->nr_segments == ELF_MAX_SEGMENTS)
		return -ENOEXEC;
	if (p->filesz && (p->offset > file_size || p->filesz > file_size - p->offset))
		return -ENOEXEC;
	if (((p->vaddr ^ p->offset) & (PAGE_SIZE - 1)) && p->filesz)
		return -ENOEXEC;
	if (p->memsz > t->user_top || p->vaddr > t->user_top - p->memsz)
		return -EINVAL;
	/* Two segments may not share a page: the second mapping would replace the first. */
	if (prev &&
	    first < ((prev->vaddr + prev->memsz + PAGE_SIZE - 1) & ~(uint64_t)(PAGE_SIZE - 1)))
		return -EINVAL;
	out->seg[out->nr_segments++] =
		(struct elf_segment){ p->offset, p->vaddr, p->filesz, p->memsz, p->flags & 7 };
	if (is_pow2(p->align) && p->align > out->max_align && p->align <= t->user_top)
		out->max_align = p->align;
	return 0;
}

/* The program headers' address: in the segment that holds their file offset. */
static void find_phdrs(const struct ehdr *e, struct elf_program *out)
{
	for (unsigned i = 0; i < out->nr_segments && !out->phdr_vaddr; i++) {
		const struct elf_segment *s = &out->seg[i];

		if (e->phoff >= s->offset && e->phoff - s->offset < s->filesz)
			out->phdr_vaddr = s->vaddr + (e->phoff - s->offset);
	}
}

/* No segment yet: what nr_segments does not count is not looked at, and not cleared. */
static void program_begin(const struct ehdr *e, struct elf_program *out)
{
	out->is_dyn = e->type == ET_DYN;
	out->entry = e->entry;
	out->phdr_vaddr = 0;
	out->phnum = e->phnum;
	out->phentsize = e->phentsize;
	out->nr_segments = 0;
	out->interp_off = 0;
	out->interp_len = 0;
	out->exec_stack = false;
	out->max_align = PAGE_SIZE;
}

int elf_parse(const void *head, size_t len, const void *phdrs, size_t phdrs_len, uint64_t file_size,
	      const struct elf_target *t, struct elf_program *out)
{
	struct ehdr e;
	struct phdr64 p;
	bool stack_seen = false;
	int err = ehdr_read(head, len, t, &e);

	if (err)
		return err;
	if (phdrs_len != (size_t)e.phnum * e.phentsize)
		return -ENOEXEC;
	program_begin(&e, out);
	for (unsigned i = 0; i < e.phnum; i++) {
		phdr_read(phdrs, i, t->class_ == 2, &p);
		if (p.type == PT_LOAD) {
			err = segment_add(&p, file_size, t, out);
			if (err)
				return err;
		} else if (p.type == PT_INTERP) {
			if (p.filesz < 2 || p.filesz > ELF_INTERP_MAX || p.offset > file_size ||
			    p.filesz > file_size - p.offset)
				return -ENOEXEC;
			out->interp_off = p.offset;
			out->interp_len = p.filesz;
		} else if (p.type == PT_GNU_STACK) {
			stack_seen = true;
			out->exec_stack = p.flags & ELF_SEG_EXEC;
		}
	}
	if (!out->nr_segments)
		return -ENOEXEC;
	out->stack_unspecified = !stack_seen;
	if (!stack_seen)
		out->exec_stack = t->class_ == 1;
	find_phdrs(&e, out);
	return 0;
}
