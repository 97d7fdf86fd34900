/* Swap, as far as modules look at it. */
#ifndef _LINUX_SWAP_H
#define _LINUX_SWAP_H

#include <linux/mm.h>
#include <linux/mmzone.h>

unsigned long swap_pages_free(void);
unsigned long module_swap_total(void);
#define get_nr_swap_pages() ((long)swap_pages_free())
#define total_swap_pages    ((long)module_swap_total())
#define nr_swap_pages	    get_nr_swap_pages()

/* What can be had for GFP_USER until the zones are down to their high watermarks. */
static inline unsigned long nr_free_buffer_pages(void)
{
	unsigned long sum = 0;
	struct zone *z;

	for_each_populated_zone(z) if (zone_idx(z) <= ZONE_NORMAL &&
				       zone_managed_pages(z) > high_wmark_pages(z)) sum +=
		zone_managed_pages(z) - high_wmark_pages(z);
	return sum;
}

#endif
