/*
 * The body of a core file: ELF header, program headers, notes, memory.
 *
 *	| ehdr | PT_NOTE | PT_LOAD per mapping | notes | up to a page | pages of each mapping ... |
 *
 * OWNS     struct core for the time of one dump.
 * WHY      what a mapping's header says is decided before anything is written (take_maps); the process rests, so it stays
 *          true. A page that a process never touched is a hole in the file.
 * I1       c->pos is where the next byte belongs, also behind a hole; written counts bytes, not holes: RLIMIT_CORE.
 * LOCKS    mmap_lock for read, while mappings are looked at; never across a write.
 * CONTEXT  the dying thread; sleeps; a SIGKILL ends it early.
 * FAILS    -EFBIG: the limit is reached; -EINTR; -ENOMEM; what the file system says. What was written stays.
 * SOURCES  core(5), elf(5), madvise(2) MADV_DONTDUMP.   TESTED BY  tests/guest/core_file.c
 */
#include "arch/abi.h"
#include "base/errno.h"
#include "fs/fs.h"
#include "kernel/signal.h"
#include "lib/string.h"
#include "mm/mm.h"
#include "mm/pt.h"
#include "mm/slab.h"
#include "mm/vma.h"
#include "mm/vmalloc.h"
#include "sync/failpoint.h"
#include "sys/core_impl.h"

enum { PT_LOAD = 1, PT_NOTE = 4, ET_CORE = 4, PF_X = 1, PF_W = 2, PF_R = 4, ELF_CLASS_32 = 1 };
/* Bits of /proc/PID/coredump_filter. */
enum {
	ANON_PRIVATE = 1,
	ANON_SHARED = 2,
	FILE_PRIVATE = 4,
	FILE_SHARED = 8,
	ELF_HEADERS = 16,
	HUGETLB_PRIVATE = 32,
	HUGETLB_SHARED = 64
};

struct ehdr {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	unsigned long entry, phoff, shoff;
	uint32_t flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

/* The word of flags stands elsewhere in 32-bit files. */
struct phdr {
	uint32_t type;
	uint32_t flags64[sizeof(long) == 8];
	unsigned long offset, vaddr, paddr, filesz, memsz;
	uint32_t flags32[sizeof(long) == 4];
	unsigned long align;
};

/* ---- writing ---- */

static int emit(struct core *c, const void *data, size_t len)
{
	long n;

	if (c->written + len > c->limit)
		return -EFBIG;
	while (len) {
		n = c->file->ops->write_kernel(c->file, data, len, &c->pos);
		if (n <= 0)
			return n ? (int)n : -EIO;
		c->written += (uint64_t)n;
		data = (const char *)data + n;
		len -= (size_t)n;
	}
	return fatal_signal_pending() ? -EINTR : 0;
}

/* ---- which memory ---- */

/* A shared object whose file is gone, or never had a name, counts as anonymous. */
static bool is_nameless(const struct vm_area_struct *vma, const char *name)
{
	size_t len = strlen(name);
	static const char gone[] = " (deleted)";

	return vma->mapping && len >= sizeof(gone) - 1 &&
	       !strcmp(name + len - (sizeof(gone) - 1), gone);
}

static bool wants_all(const struct vm_area_struct *vma, const char *name, unsigned filter)
{
	bool shared = vma->vm_flags & VM_SHARED;

	if (vma->vm_flags & VM_HUGETLB)
		return filter & (shared ? HUGETLB_SHARED : HUGETLB_PRIVATE);
	if (shared)
		return filter & (is_nameless(vma, name) ? ANON_SHARED : FILE_SHARED);
	if ((!vma->mapping || vma->anon_vma) && filter & ANON_PRIVATE)
		return true;
	return vma->mapping && filter & FILE_PRIVATE;
}

/* @name: what /proc/PID/maps shows. *@head: only as a program's first page. */
static unsigned long dump_size(const struct vm_area_struct *vma, const char *name, unsigned filter,
			       bool *head)
{
	unsigned long all = vma->vm_end - vma->vm_start;

	if (!strcmp(name, "[vdso]"))
		return all;
	if (vma->vm_flags & (VM_IO | VM_DONTDUMP | VM_PFNMAP))
		return 0;
	if (wants_all(vma, name, filter))
		return all;
	/* Of programs and libraries at least the page that says which they are. */
	if (filter & ELF_HEADERS && vma->mapping && !vma->vm_pgoff && vma->vm_flags & VM_READ) {
		*head = true;
		return PAGE_SIZE;
	}
	return 0;
}

static void take_map(struct core *c, const struct vm_area_struct *vma, struct core_map *m)
{
	size_t len = vma_name((struct vm_area_struct *)(uintptr_t)vma, c->page, PAGE_SIZE - 1);

	c->page[min_of(size_t, len, PAGE_SIZE - 1)] = '\0';
	*m = (struct core_map){ .start = vma->vm_start,
				.end = vma->vm_end,
				.pgoff = vma->vm_pgoff,
				.is_file = c->page[0] == '/',
				.sparse = !vma->mapping && !vma->vm_ops };
	m->flags = (vma->vm_flags & VM_READ ? PF_R : 0U) | (vma->vm_flags & VM_WRITE ? PF_W : 0U) |
		   (vma->vm_flags & VM_EXEC ? PF_X : 0U);
	m->dump = dump_size(vma, c->page, READ_ONCE(c->mm->dump_filter), &m->head);
}

static unsigned count_maps(struct mm_struct *mm)
{
	struct vm_area_struct *vma;
	unsigned n = 0;

	rwsem_down_read(&mm->mmap_lock);
	for (vma = vma_first(mm); vma; vma = vma_next(mm, vma))
		n++;
	rwsem_up_read(&mm->mmap_lock);
	return n;
}

static int take_maps(struct core *c)
{
	unsigned room = count_maps(c->mm);
	struct vm_area_struct *vma;

	c->maps = failpoint("core_maps") ? NULL : vmalloc((room + 1) * sizeof(*c->maps));
	if (!c->maps)
		return -ENOMEM;
	rwsem_down_read(&c->mm->mmap_lock);
	for (vma = vma_first(c->mm); vma && c->nr_maps < room; vma = vma_next(c->mm, vma))
		take_map(c, vma, &c->maps[c->nr_maps++]);
	rwsem_up_read(&c->mm->mmap_lock);
	return 0;
}

/* Only a file that begins like a program is worth its first page. */
static void drop_plain_heads(struct core *c)
{
	static const char magic[4] = { 0x7f, 'E', 'L', 'F' };
	char head[4];

	for (unsigned i = 0; i < c->nr_maps; i++) {
		struct core_map *m = &c->maps[i];

		if (m->head &&
		    (mm_access(c->mm, m->start, head, sizeof(head), false) != sizeof(head) ||
		     memcmp(head, magic, sizeof(magic)) != 0))
			m->dump = 0;
	}
}

/* ---- headers ---- */

static int emit_ehdr(struct core *c)
{
	struct ehdr e;

	memset(&e, 0, sizeof(e));
	memcpy(e.ident, "\177ELF", 4);
	e.ident[4] = sizeof(long) / 4;
	e.ident[5] = e.ident[6] = 1; /* low byte first; version */
	e.type = ET_CORE;
	e.machine = ABI_EM;
	e.version = 1;
	e.phoff = e.ehsize = sizeof(e);
	e.phentsize = sizeof(struct phdr);
	e.phnum = (uint16_t)(c->nr_maps + 1);
	return emit(c, &e, sizeof(e));
}

static int emit_phdr(struct core *c, struct phdr *p, unsigned flags)
{
	if (sizeof(long) == 8)
		p->flags64[0] = flags;
	else
		p->flags32[0] = flags;
	return emit(c, p, sizeof(*p));
}

static int emit_phdrs(struct core *c, size_t notes, unsigned long data)
{
	struct phdr p = { .type = PT_NOTE, .filesz = notes, .align = 4 };
	int err;

	p.offset = sizeof(struct ehdr) + (c->nr_maps + 1) * sizeof(p);
	err = emit_phdr(c, &p, 0);
	for (unsigned i = 0; !err && i < c->nr_maps; i++) {
		const struct core_map *m = &c->maps[i];

		p = (struct phdr){ .type = PT_LOAD,
				   .offset = data,
				   .vaddr = m->start,
				   .filesz = m->dump,
				   .memsz = m->end - m->start,
				   .align = PAGE_SIZE };
		data += m->dump;
		err = emit_phdr(c, &p, m->flags);
	}
	return err;
}

/* ---- memory ---- */

static bool is_hole(struct core *c, const struct core_map *m, unsigned long va)
{
	bool none;

	if (!m->sparse)
		return false;
	rwsem_down_read(&c->mm->mmap_lock);
	none = pte_none(pt_peek_page(&c->mm->root, va));
	rwsem_up_read(&c->mm->mmap_lock);
	return none;
}

static int emit_map(struct core *c, const struct core_map *m)
{
	int err = 0;

	for (unsigned long off = 0; !err && off < m->dump; off += PAGE_SIZE) {
		if (is_hole(c, m, m->start + off) ||
		    mm_access(c->mm, m->start + off, c->page, PAGE_SIZE, false) != PAGE_SIZE)
			c->pos += PAGE_SIZE;
		else
			err = emit(c, c->page, PAGE_SIZE);
	}
	return err;
}

/* The file is as long as its headers say, also if it ends in a hole. */
static int emit_end(struct core *c)
{
	static const char zero;

	if (!c->pos || c->pos == c->written)
		return 0;
	c->pos--;
	return emit(c, &zero, 1);
}

static int emit_all(struct core *c, char *notes, size_t len)
{
	unsigned long head = sizeof(struct ehdr) + (c->nr_maps + 1) * sizeof(struct phdr) + len;
	unsigned long data = (head + PAGE_SIZE - 1) & PAGE_MASK;
	int err = emit_ehdr(c);

	if (!err)
		err = emit_phdrs(c, len, data);
	if (!err)
		err = emit(c, notes, len);
	memset(c->page, 0, PAGE_SIZE);
	if (!err)
		err = emit(c, c->page, data - head);
	for (unsigned i = 0; !err && i < c->nr_maps; i++)
		err = emit_map(c, &c->maps[i]);
	return err ? err : emit_end(c);
}

int core_write(struct core *c)
{
	char *notes = NULL;
	size_t len;
	int err;

	c->page = failpoint("core_page") ? NULL : kmalloc(PAGE_SIZE, GFP_KERNEL);
	err = c->page ? take_maps(c) : -ENOMEM;
	if (!err) {
		drop_plain_heads(c);
		len = core_notes(c, NULL, 0);
		notes = failpoint("core_notes") ? NULL : vmalloc(len);
		err = notes ? 0 : -ENOMEM;
	}
	if (!err) {
		memset(notes, 0, len);
		(void)core_notes(c, notes, len);
		err = emit_all(c, notes, len);
	}
	vfree(notes);
	vfree(c->maps);
	kfree(c->page);
	return err;
}
