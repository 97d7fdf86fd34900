/*
 * Fuzz target: a program of memory calls against a model of what every page is. Each operation is 4 bytes of input; the
 * model knows rights, contents (one byte a page) and sharing; everything is checked every few operations and at the end.
 * With the top bit of the first byte a page of the model is an eighth of a huge page, and huge pages are on: operations
 * meet, make, cut and join them.
 */
#include "base/errno.h"
#include "lib/string.h"
#include "mm/huge.h"
#include "mm/mapping.h"
#include "mm/mm.h"
#include "mm/rmap.h"
#include "mm/shmem.h"
#include "mm/thp.h"
#include "sim/sim.h"
#include "sync/kassert.h"
#include "uapi/mman.h"

#include <stddef.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PAGES = 64, PROGRAMS = 3, CHECK_EVERY = 16, FILE_PAGES = 32 };
#define BASE 0x20000000UL

static unsigned shift; /* of a page of the model */

struct fuzz_page {
	bool mapped, shared, file;
	uint8_t prot, byte; /* byte: what a private page holds */
	uint8_t index;	    /* of the file */
	bool own;	    /* a private copy exists: byte counts, not the file's */
};
static struct program {
	struct mm_struct *mm;
	struct fuzz_page page[PAGES];
} programs[PROGRAMS];
static struct address_space *file;
static uint8_t file_bytes[FILE_PAGES];

static unsigned long at(unsigned page)
{
	return BASE + ((unsigned long)page << shift);
}

static unsigned long bytes(unsigned pages)
{
	return (unsigned long)pages << shift;
}

static unsigned prot_of(unsigned x)
{
	static const unsigned prots[] = { PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE,
					  PROT_READ | PROT_WRITE };

	return prots[x & 3];
}

static void do_map(struct program *p, unsigned page, unsigned n, unsigned x)
{
	bool is_file = x >> 4 & 1, shared = is_file && (x >> 5 & 1);
	struct vm_map_args a = {
		.addr = at(page),
		.len = bytes(n),
		.prot = prot_of(x),
		.flags = MAP_FIXED | (shared ? MAP_SHARED : MAP_PRIVATE) |
			 (is_file ? 0 : MAP_ANONYMOUS) | (x >> 6 & 1 ? MAP_POPULATE : 0),
		.mapping = is_file ? file : NULL,
		.pgoff = is_file ? bytes(page % 8) >> PAGE_SHIFT : 0,
		.may_flags = VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC,
	};

	must(vm_map(p->mm, &a) == (long)at(page));
	for (unsigned i = 0; i < n; i++) {
		p->page[page + i] = (struct fuzz_page){
			.mapped = true,
			.shared = shared,
			.file = is_file,
			.prot = (uint8_t)a.prot,
			.index = (uint8_t)(page % 8 + i),
			/* MAP_POPULATE of a private writable mapping makes copies at once. */
			.own = is_file && !shared && (x >> 6 & 1) && (a.prot & PROT_WRITE),
		};
		if (p->page[page + i].own)
			p->page[page + i].byte = file_bytes[page % 8 + i];
	}
}

static void do_unmap(struct program *p, unsigned page, unsigned n)
{
	must(vm_unmap(p->mm, at(page), bytes(n)) == 0);
	for (unsigned i = 0; i < n; i++)
		p->page[page + i].mapped = false;
}

static void do_protect(struct program *p, unsigned page, unsigned n, unsigned x)
{
	int err = vm_protect(p->mm, at(page), bytes(n), prot_of(x));
	unsigned i;

	for (i = 0; i < n && p->page[page + i].mapped; i++)
		p->page[page + i].prot = (uint8_t)prot_of(x);
	must(err == (i < n ? -ENOMEM : 0));
}

static void do_discard(struct program *p, unsigned page, unsigned n)
{
	int err = vm_advise(p->mm, at(page), bytes(n), MADV_DONTNEED);
	bool hole = false;

	for (unsigned i = 0; i < n; i++) {
		hole |= !p->page[page + i].mapped;
		p->page[page + i].byte = 0;
		p->page[page + i].own = false;
	}
	must(err == (hole ? -ENOMEM : 0));
}

/* Without a model of vmas only the result says whether the source was one. */
static void do_move(struct program *p, unsigned page, unsigned n, unsigned to)
{
	struct fuzz_page moved[PAGES];
	long r = vm_remap(p->mm, at(page), bytes(n), bytes(n), MREMAP_MAYMOVE | MREMAP_FIXED,
			  at(to));

	if (r < 0) {
		must(r == -EINVAL || r == -EFAULT);
		return;
	}
	memcpy(moved, &p->page[page], n * sizeof(moved[0]));
	for (unsigned i = 0; i < n; i++) {
		must(moved[i].mapped);
		p->page[page + i].mapped = false;
	}
	memcpy(&p->page[to], moved, n * sizeof(moved[0]));
}

static uint8_t content(const struct fuzz_page *m)
{
	return m->file && !m->own ? file_bytes[m->index] : m->byte;
}

static void do_write(struct program *p, unsigned page, uint8_t value)
{
	struct fuzz_page *m = &p->page[page];
	int r = sim_write(p->mm, at(page) + 7, &value, 1);

	must(r == (!m->mapped ? FAULT_MAPERR : m->prot & PROT_WRITE ? FAULT_OK : FAULT_ACCERR));
	if (r != FAULT_OK)
		return;
	if (m->shared) {
		file_bytes[m->index] = value;
	} else {
		m->byte = value;
		m->own = true;
	}
}

static void do_read(struct program *p, unsigned page)
{
	const struct fuzz_page *m = &p->page[page];
	uint8_t got = 0;
	int r = sim_read(p->mm, at(page) + 7, &got, 1);

	must(r == (!m->mapped ? FAULT_MAPERR : m->prot == PROT_NONE ? FAULT_ACCERR : FAULT_OK));
	must(r != FAULT_OK || got == content(m));
}

static void do_fork_or_exit(struct program *p, unsigned x)
{
	struct program *q = &programs[x % PROGRAMS];

	if (p == q)
		return;
	if (q->mm)
		mmput(q->mm);
	*q = *p;
	must(mm_dup(p->mm, &q->mm) == 0);
}

static void do_cut(unsigned x)
{
	unsigned pages = x % FILE_PAGES;

	/* A hole, not an end: programs must not meet SIGBUS here. */
	must(mapping_punch(file, bytes(pages),
			   bytes(pages + 2 > FILE_PAGES ? FILE_PAGES : pages + 2)) == 0);
	for (unsigned i = pages; i < pages + 2 && i < FILE_PAGES; i++)
		file_bytes[i] = 0;
}

/* Contents do not change, whatever the result. */
static void do_collapse(struct program *p, unsigned page, unsigned n)
{
	int err = vm_advise(p->mm, at(page), bytes(n), MADV_COLLAPSE);

	must(err == 0 || err == -EINVAL || err == -ENOMEM /* nothing is mapped there */);
	(void)khugepaged_step();
	khugepaged_rewind();
}

static void check_all(void)
{
	for (unsigned k = 0; k < PROGRAMS; k++) {
		struct program *p = &programs[k];

		if (!p->mm)
			continue;
		mm_check(p->mm);
		for (unsigned i = 0; i < PAGES; i++)
			do_read(p, i);
	}
	mapping_check(file);
	rmap_check();
}

static void step(const uint8_t *d)
{
	struct program *p = &programs[d[0] >> 4 & 3];
	unsigned page = d[1] % PAGES, n = 1 + d[2] % 12;

	if (p == &programs[PROGRAMS] || !p->mm)
		p = &programs[0];
	if (page + n > PAGES)
		n = PAGES - page;
	switch (d[0] & 15) {
	case 0:
	case 1:
		do_map(p, page, n, d[3]);
		break;
	case 2:
		do_unmap(p, page, n);
		break;
	case 3:
	case 4:
		do_protect(p, page, n, d[3]);
		break;
	case 5:
		do_discard(p, page, n);
		break;
	case 6:
		do_move(p, page, n, d[3] % (PAGES - 12));
		break;
	case 7:
		do_fork_or_exit(p, d[3]);
		break;
	case 8:
		if (d[2] & 1)
			do_cut(d[3]);
		else
			do_collapse(p, page, n);
		break;
	case 9:
		must(sim_migrate(p->mm, at(page), true) == 0);
		break;
	case 10:
		do_read(p, page);
		break;
	default:
		do_write(p, page, d[3]);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool huge = size && data[0] >> 7;
	const struct sim_config cfg = { .ram_bytes = huge ? MIB(192) : MIB(8) };

	sim_world_begin(&cfg);
	shift = huge ? PAGE_SHIFT + HPAGE_ORDER - 3 : PAGE_SHIFT;
	thp_enabled = huge ? THP_ALWAYS : THP_MADVISE;
	memset(programs, 0, sizeof(programs));
	memset(file_bytes, 0, sizeof(file_bytes));
	file = shmem_anon_create(bytes(FILE_PAGES), false);
	programs[0].mm = mm_alloc();
	must(file && programs[0].mm);
	for (size_t i = 0; i + 4 <= size; i += 4) {
		step(data + i);
		if (i / 4 % CHECK_EVERY == 0)
			check_all();
	}
	check_all();
	for (unsigned k = 0; k < PROGRAMS; k++) {
		if (programs[k].mm)
			mmput(programs[k].mm);
	}
	file->ops->drop(file);
	must(atomic_long_read(&vm_committed_as) == 0);
	sim_world_end();
	return 0;
}
