/* For tests of address spaces: a world for each, short forms of the calls, and a picture of the vmas as text. */
#ifndef SIM_MM_TEST_H
#define SIM_MM_TEST_H

#include "base/errno.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "mm/imports.h"
#include "mm/mapping.h"
#include "mm/mm.h"
#include "mm/pt.h"
#include "mm/shmem.h"
#include "mm/wire.h"
#include "mm/zone.h"
#include "sim/sim.h"
#include "sync/failpoint.h"
#include "uapi/mman.h"

#include <setjmp.h>

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { RW = PROT_READ | PROT_WRITE, ANON = MAP_PRIVATE | MAP_ANONYMOUS };
#define P(n) ((unsigned long)(n) << PAGE_SHIFT)
#define BASE 0x10000000UL

static inline long map_at(struct mm_struct *mm, unsigned long addr, unsigned long len,
			  unsigned prot, unsigned flags)
{
	struct vm_map_args a = { .addr = addr, .len = len, .prot = prot, .flags = flags };

	return vm_map(mm, &a);
}

static inline long map_file(struct mm_struct *mm, unsigned long addr, unsigned long len,
			    unsigned prot, unsigned flags, struct address_space *m,
			    unsigned long pgoff)
{
	struct vm_map_args a = {
		.addr = addr,
		.len = len,
		.prot = prot,
		.flags = flags,
		.pgoff = pgoff,
		.mapping = m,
		.may_flags = VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC,
	};

	return vm_map(mm, &a);
}

/* "0-4rw- 6-7r--": vmas in pages from BASE, rights, s for shared. */
static inline const char *picture(struct mm_struct *mm)
{
	static char buf[2000];
	size_t len = 0;

	buf[0] = 0;
	for (struct vm_area_struct *v = vma_first(mm); v; v = vma_next(mm, v))
		len += fmt_scnprintf(
			buf + len, sizeof(buf) - len, "%s%ld-%ld%s%s%s%s", len ? " " : "",
			(long)(v->vm_start - BASE) >> PAGE_SHIFT,
			(long)(v->vm_end - BASE) >> PAGE_SHIFT, v->vm_flags & VM_READ ? "r" : "-",
			v->vm_flags & VM_WRITE ? "w" : "-", v->vm_flags & VM_EXEC ? "x" : "-",
			v->vm_flags & VM_MAYSHARE ? "s" : "");
	return buf;
}

static inline struct mm_struct *new_mm(void)
{
	struct mm_struct *mm = mm_alloc();

	assert_non_null(mm);
	return mm;
}

/* Everything of @mm goes. */
static inline void end_mm(struct mm_struct *mm)
{
	mm_check(mm);
	mmput(mm);
}

/* The page that @addr shows now; NULL: none. */
static inline struct page *page_at(struct mm_struct *mm, unsigned long addr)
{
	pte_t e = pt_peek_page(&mm->root, addr);

	return pte_present(e) ? pfn_to_page(pte_pfn(e)) : NULL;
}

/* Each test in a world of its own, all switches as at boot. */
static inline int mm_world_begin(void **state)
{
	(void)state;
	sim_world_begin(NULL);
	sysctl_overcommit_memory = OVERCOMMIT_GUESS;
	fault_batch_pages = fault_around_pages = 16;
	return 0;
}

/* Every promise has been given back, and every page of a file. */
static inline int mm_world_end(void **state)
{
	(void)state;
	assert_int_equal(atomic_long_read(&vm_committed_as), 0);
	assert_int_equal(global_node_stat(NR_FILE_PAGES), 0);
	sim_world_end();
	return 0;
}

#define T(test) cmocka_unit_test_setup_teardown(test, mm_world_begin, mm_world_end)

#endif
