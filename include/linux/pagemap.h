/* Pages of files: what Linux has here is in linux/mm.h; and the names before Linux 4.6 of what has the size of a page. */
#ifndef _LINUX_PAGEMAP_H
#define _LINUX_PAGEMAP_H

#include <linux/highmem.h>
#include <linux/mm.h>

#define PAGE_CACHE_SHIFT      PAGE_SHIFT
#define PAGE_CACHE_SIZE	      PAGE_SIZE
#define PAGE_CACHE_MASK	      PAGE_MASK
#define PAGE_CACHE_ALIGN(a)   PAGE_ALIGN(a)
#define page_cache_get(page)  get_page(page)
#define page_cache_release(p) put_page(p)

#endif
