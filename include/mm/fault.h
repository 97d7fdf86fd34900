/* Page faults: from the access to the answer. */
#ifndef MM_FAULT_H
#define MM_FAULT_H

#include "base/compiler.h"
#include "base/types.h"

struct mm_struct;
struct page;

/* What the program wanted of the page. One word, so that it is copied as one. */
struct fault_access {
	bool write, exec, user;
} __attribute__((aligned(4)));

struct fault_info {
	uaddr_t addr;
	struct fault_access access;
};
enum fault_result {
	FAULT_OK,
	FAULT_MAPERR,
	FAULT_ACCERR,
	FAULT_BUS,
	FAULT_OOM,
	FAULT_KILLED,
	FAULT_HWPOISON, /* the frame is broken: SIGBUS, BUS_MCEERR_AR */
};
/* Resolve one page fault in @mm: takes mmap_lock for read; may sleep. Counts PGFAULT/PGMAJFAULT, min_flt. */
enum fault_result handle_mm_fault(struct mm_struct *mm, const struct fault_info *info);

/* As get_user_page for writing, of a stack that becomes longer to reach @addr (execve). */
int must_check get_stack_page(struct mm_struct *mm, unsigned long addr, struct page **out);
/* As get_user_page for reading, as Linux's get_user_pages_fast does it: a page that is there needs what the CPU asks (a mapping for writing
 * can be read), one that is not needs PROT_READ. */
int must_check get_user_page_read(struct mm_struct *mm, unsigned long addr, struct page **out);

#endif
