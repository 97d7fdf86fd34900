/*
 * Writing to the stack of a program that does not run yet.
 *
 * OWNS     x->stack_page: the page of the new stack that was used last, held.
 * WHY      an exec writes some dozen strings and words, nearly all into one or two pages: looking each of them up would be a
 *          third of its cost.
 * I1       the page stays the one that the new address space has at x->stack_at: nobody else sees that address space yet.
 * LOCKS    none; mmap_lock of the new address space inside get_stack_page.   CONTEXT  the task in execve; sleeps.
 * FAILS    -ENOMEM.   TESTED BY tests/guest/proc_exec.c
 */
#include "sys/exec_impl.h"

#include "lib/string.h"
#include "mm/alloc.h"
#include "mm/fault.h"
#include "mm/vmalloc.h"

void exec_stack_done(struct exec_ctx *x)
{
	if (x->stack_page)
		put_page(x->stack_page);
	x->stack_page = NULL;
}

/* The page around @at becomes x->stack_page. 0 or -ENOMEM. */
static int stack_page_at(struct exec_ctx *x, uaddr_t at)
{
	struct page *page;

	if (x->stack_page && x->stack_at == (at & PAGE_MASK))
		return 0;
	if (get_stack_page(x->mm, at, &page))
		return -ENOMEM;
	exec_stack_done(x);
	x->stack_page = page;
	x->stack_at = at & PAGE_MASK;
	return 0;
}

int exec_put(struct exec_ctx *x, uaddr_t at, const void *data, size_t len)
{
	const char *from = data;

	while (len) {
		size_t off = at & ~PAGE_MASK, n = min_of(size_t, len, PAGE_SIZE - off);
		char *p;

		if (stack_page_at(x, at))
			return -ENOMEM;
		p = kmap_local_page(x->stack_page);
		memcpy(p + off, from, n);
		kunmap_local(p);
		at += n;
		from += n;
		len -= n;
	}
	return 0;
}

uaddr_t exec_string_end(struct exec_ctx *x, uaddr_t at)
{
	for (;;) {
		size_t off = at & ~PAGE_MASK;
		const char *p, *end;

		if (stack_page_at(x, at))
			return 0;
		p = kmap_local_page(x->stack_page);
		end = memchr(p + off, '\0', PAGE_SIZE - off);
		off = end ? (size_t)(end - p) - off + 1 : PAGE_SIZE - off;
		kunmap_local(p);
		at += off;
		if (end)
			return at;
	}
}
