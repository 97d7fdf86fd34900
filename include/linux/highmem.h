/* High memory: pages that have no linear address. Elsewhere (all of x86_64) these cost nothing. */
#ifndef _LINUX_HIGHMEM_H
#define _LINUX_HIGHMEM_H

#include <linux/mm.h>
#include <linux/uaccess.h>

void *kmap(struct page *page);
void kunmap(struct page *page);
/* This thread's, in the order of a stack; it does not sleep meanwhile. */
void *kmap_local_page(struct page *page);
void kunmap_local(const void *at);

#define kmap_atomic(page, ...) kmap_local_page(page)
#define kunmap_atomic(at, ...) kunmap_local((const void *)((unsigned long)(at)&PAGE_MASK))

static inline void clear_highpage(struct page *page)
{
	void *at = kmap_local_page(page);

	clear_page(at);
	kunmap_local(at);
}

static inline void copy_highpage(struct page *to, struct page *from)
{
	void *b = kmap_local_page(from), *a = kmap_local_page(to);

	copy_page(a, b);
	kunmap_local(a);
	kunmap_local(b);
}
#define clear_user_highpage(page, addr) clear_highpage(page)

#endif
