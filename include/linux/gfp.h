/* Pages for modules. */
#ifndef _LINUX_GFP_H
#define _LINUX_GFP_H

#include <linux/mm_types.h>

#include <asm/io.h>

struct page *alloc_pages(gfp_t gfp, unsigned int order);
struct page *alloc_pages_node_(int node, gfp_t gfp, unsigned int order);
void __free_pages(struct page *page, unsigned int order);
unsigned long __get_free_pages(gfp_t gfp, unsigned int order);
unsigned long get_zeroed_page(gfp_t gfp);
void free_pages(unsigned long addr, unsigned int order);
void split_page(struct page *page, unsigned int order);

#define NUMA_NO_NODE		     (-1)
#define alloc_page(gfp)		     alloc_pages(gfp, 0)
#define alloc_pages_node(n, gfp, o)  alloc_pages_node_(n, gfp, o)
#define alloc_pages_exact(size, gfp) ((void *)__get_free_pages(gfp, get_order(size)))
#define free_pages_exact(p, size)    free_pages((unsigned long)(p), get_order(size))
#define __free_page(page)	     __free_pages(page, 0)
#define __get_free_page(gfp)	     __get_free_pages(gfp, 0)
#define free_page(addr)		     free_pages((unsigned long)(addr), 0)
#define __get_dma_pages(gfp, order)  __get_free_pages((gfp) | GFP_DMA, order)
#define __GFP_NOTRACK		     0u
#define __GFP_REPEAT		     __GFP_RETRY_MAYFAIL
#define __GFP_COLD		     0u
#define __GFP_WAIT		     __GFP_RECLAIM
#define GFP_KERNEL_ACCOUNT	     (GFP_KERNEL | __GFP_ACCOUNT)

/* The smallest order of blocks that hold @size bytes. */
static inline int get_order(unsigned long size)
{
	int order = 0;

	for (size = (size - 1) >> PAGE_SHIFT; size; size >>= 1)
		order++;
	return order;
}

#endif
