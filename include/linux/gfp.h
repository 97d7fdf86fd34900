/* Pages for modules. */
#ifndef _LINUX_GFP_H
#define _LINUX_GFP_H

#include <linux/types.h>

struct page;
struct page *alloc_pages(gfp_t gfp, unsigned int order);
void __free_pages(struct page *page, unsigned int order);
unsigned long __get_free_pages(gfp_t gfp, unsigned int order);
unsigned long get_zeroed_page(gfp_t gfp);
void free_pages(unsigned long addr, unsigned int order);

#define alloc_page(gfp)		    alloc_pages(gfp, 0)
#define __free_page(page)	    __free_pages(page, 0)
#define __get_free_page(gfp)	    __get_free_pages(gfp, 0)
#define free_page(addr)		    free_pages((unsigned long)(addr), 0)
#define __get_dma_pages(gfp, order) __get_free_pages((gfp) | GFP_DMA, order)

#endif
