/* For tests of address spaces: short forms of the calls, and a picture of the vmas as text. */
#ifndef SIM_MM_TEST_H
#define SIM_MM_TEST_H

#include "base/errno.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "mm/imports.h"
#include "mm/mapping.h"
#include "mm/mm.h"
#include "mm/shmem.h"
#include "mm/wire.h"
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

#endif
