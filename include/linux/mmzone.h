/* Nodes and zones. */
#ifndef _LINUX_MMZONE_H
#define _LINUX_MMZONE_H

#include <linux/kconfig.h>
#include <linux/mm_types.h>

#include "mm/zone_stat.h"

typedef struct pglist_data pg_data_t;

#define MAX_ORDER	   11 /* beyond the largest order */
#define MAX_ORDER_NR_PAGES (1 << (MAX_ORDER - 1))
#define NR_PAGE_ORDERS	   MAX_ORDER
#define MAX_NUMNODES	   4
#define MAX_NR_ZONES	   (IS_ENABLED(CONFIG_64BIT) ? 5 : 4) /* node_zones has one more */
#define WMARK_MIN	   0
#define WMARK_LOW	   1
#define WMARK_HIGH	   2
#define NR_WMARK	   3
enum zone_type { /* what a width has not is the last, and no zone is it */
		 ZONE_DMA,
		 ZONE_DMA32 = IS_ENABLED(CONFIG_ZONE_DMA32) ? 1 : 5,
		 ZONE_NORMAL = 1 + IS_ENABLED(CONFIG_ZONE_DMA32),
		 ZONE_HIGHMEM = IS_ENABLED(CONFIG_HIGHMEM) ? 2 : 5,
		 ZONE_MOVABLE = 3,
		 ZONE_DEVICE = 4,
		 __MAX_NR_ZONES = MAX_NR_ZONES
};
enum migratetype {
	MIGRATE_UNMOVABLE,
	MIGRATE_MOVABLE,
	MIGRATE_RECLAIMABLE,
	MIGRATE_HIGHATOMIC,
	MIGRATE_PCPTYPES = 3,
	MIGRATE_ISOLATE,
	MIGRATE_TYPES
};

struct pglist_data *module_next_node(const struct pglist_data *node);
struct pglist_data *module_node(int n);
struct zone *module_next_zone(struct zone *z);
struct zone *page_zone(const struct page *page);
unsigned long zone_page_state(const struct zone *z, enum zone_stat_item item);
unsigned long global_zone_page_state(enum zone_stat_item item);
unsigned long global_node_page_state(enum node_stat_item item);
unsigned long node_stat(const struct pglist_data *node, enum node_stat_item item);

#define first_online_pgdat()	 module_next_node(NULL)
#define next_online_pgdat(p)	 module_next_node(p)
#define next_zone(z)		 module_next_zone(z)
#define for_each_online_pgdat(p) for (p = first_online_pgdat(); p; p = next_online_pgdat(p))
#define for_each_zone(z)	 for (z = module_next_zone(NULL); z; z = module_next_zone(z))
#define for_each_populated_zone(z)                                                                 \
	for_each_zone (z)                                                                          \
		if (populated_zone(z))
#define NODE_DATA(n)   module_node(n)
#define node_online(n) (module_node(n) != NULL)
#define for_each_online_node(n)                                                                    \
	for ((n) = 0; (n) < MAX_NUMNODES; (n)++)                                                   \
		if (node_online(n))
#define for_each_node(n)      for_each_online_node(n)
#define num_online_nodes()    count_nodes()
#define nr_online_nodes	      count_nodes()
#define first_online_node     0
#define numa_node_id()	      (0)
#define node_start_pfn(n)     (NODE_DATA(n)->node_start_pfn)
#define node_present_pages(n) (NODE_DATA(n)->node_present_pages)
#define node_spanned_pages(n) (NODE_DATA(n)->node_spanned_pages)
#define node_end_pfn(n)	      pgdat_end_pfn(NODE_DATA(n))
#define pgdat_end_pfn(p)      ((p)->node_start_pfn + (p)->node_spanned_pages)
#define zone_idx(z)	      ((enum zone_type)(z)->type)
#define zone_end_pfn(z)	      ((z)->zone_start_pfn + (z)->spanned_pages)
#define zone_managed_pages(z) ((unsigned long)(z)->managed_pages.counter)
#define zone_to_nid(z)	      ((z)->zone_pgdat->node_id)
#define populated_zone(z)     ((z)->present_pages != 0)
#define managed_zone(z)	      (zone_managed_pages(z) != 0)
#define wmark_pages(z, i)     ((z)->_watermark[i] + (z)->watermark_boost)
#define min_wmark_pages(z)    wmark_pages(z, WMARK_MIN)
#define low_wmark_pages(z)    wmark_pages(z, WMARK_LOW)
#define high_wmark_pages(z)   wmark_pages(z, WMARK_HIGH)
#define global_page_state(i)  global_zone_page_state(i)
/* From Linux 5.9 on: in bytes, where memory control groups want it; in pages with _pages. */
#define NR_SLAB_RECLAIMABLE_B		NR_SLAB_RECLAIMABLE
#define NR_SLAB_UNRECLAIMABLE_B		NR_SLAB_UNRECLAIMABLE
#define global_node_page_state_pages(i) global_node_page_state(i)
#define node_page_state(node, i)	node_stat(node, i)
#define is_highmem(z)			((z)->type == ZONE_HIGHMEM)
#define is_normal(z)			((z)->type == ZONE_NORMAL)
#define page_zonenum(p)			((enum zone_type)page_zone(p)->type)
#define page_zone_id(p)			((int)page_zone(p)->type)
#define is_zone_device_page(p)		(page_zonenum(p) == ZONE_DEVICE)
#define page_to_nid(p)			zone_to_nid(page_zone(p))
#define zone_name(z)			((z)->name)
/* Pages that are grouped by mobility: as many as a huge page has. */
#define pageblock_order	   ((unsigned int)(PMD_SHIFT - PAGE_SHIFT))
#define pageblock_nr_pages (1UL << pageblock_order)

/* The highest zone that @gfp allows. */
static inline enum zone_type gfp_zone(unsigned int gfp)
{
	if (gfp & __GFP_DMA)
		return ZONE_DMA;
	if (gfp & __GFP_DMA32)
		return IS_ENABLED(CONFIG_ZONE_DMA32) ? ZONE_DMA32 : ZONE_NORMAL;
	if (gfp & __GFP_HIGHMEM && gfp & __GFP_MOVABLE)
		return ZONE_MOVABLE;
	return gfp & __GFP_HIGHMEM && IS_ENABLED(CONFIG_HIGHMEM) ? ZONE_HIGHMEM : ZONE_NORMAL;
}

static inline unsigned long sum_zone_node_page_state(int n, enum zone_stat_item item)
{
	unsigned long sum = 0;

	for (int i = 0; node_online(n) && i < MAX_NR_ZONES; i++)
		sum += zone_page_state(&NODE_DATA(n)->node_zones[i], item);
	return sum;
}

static inline int count_nodes(void)
{
	int nr = 0;

	for (struct pglist_data *p = module_next_node(NULL); p; p = module_next_node(p))
		nr++;
	return nr;
}

#endif
