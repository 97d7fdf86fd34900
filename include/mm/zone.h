/* Nodes, zones, watermarks and their counters: Linux's names; shown by /proc/zoneinfo, buddyinfo, pagetypeinfo. */
#ifndef MM_ZONE_H
#define MM_ZONE_H

#include "base/config.h"
#include "mm/gfp.h"
#include "mm/lruvec.h"
#include "mm/numa.h"
#include "mm/page.h"
#include "mm/zone_stat.h"
#include "mm/zone_type.h"
#include "sync/percpu.h"
#include "sync/spinlock.h"

enum { MAX_ORDER = 10, NR_ORDERS = MAX_ORDER + 1 }; /* largest block: 1 << MAX_ORDER pages */

enum migratetype {
	MIGRATE_UNMOVABLE,
	MIGRATE_MOVABLE,
	MIGRATE_RECLAIMABLE,
	MIGRATE_HIGHATOMIC,
	MIGRATE_ISOLATE,
	MIGRATE_TYPES
};

enum zone_watermark { WMARK_MIN, WMARK_LOW, WMARK_HIGH, NR_WMARK };

struct free_area {
	struct list_head free_list[MIGRATE_TYPES];
	unsigned long nr_free;
};

/* One more list for what was unmovable and is known to be all zero: freed page tables, for the next ones. */
enum { PCP_ZEROED = MIGRATE_HIGHATOMIC, PCP_LISTS };

/* Order-0 pages of one zone in front of the buddy, one per CPU. */
struct pcp {
	struct spinlock lock; /* irqsave; rank PCP; remote CPUs drain through it */
	int count;	      /* pages on the lists */
	int high, batch;      /* set_pcp_limits: written under the lock */
	/* This CPU's, interrupts off: given and wanted here; given, wanted elsewhere; wanted here, given elsewhere;
	 * given here because it was this zone's turn. */
	unsigned long numa_hit, numa_miss, numa_foreign, numa_interleave;
	struct list_head lists[PCP_LISTS]; /* by migrate type; PCP_ZEROED */
} cacheline_;

struct pglist_data;
/* Allocations by where they were wanted, as numastat(8) shows them. */
struct zone_numa {
	unsigned long hit, miss, foreign, interleave, local, other;
};

struct zone {
	/* read-mostly */
	const char *name;	   /* "DMA", "Normal", … as /proc/zoneinfo pads them */
	struct pglist_data *pgdat; /* i */
	enum zone_type type;	   /* i */
	unsigned long watermark[NR_WMARK];
	unsigned long watermark_boost;
	long lowmem_reserve[MAX_NR_ZONES];
	pfn_t start_pfn;
	unsigned long spanned_pages, present_pages;
	atomic_long_t managed_pages;
	struct pcp *pcp;	    /* array by CPU */
	struct zone_numa numa_base; /* what was counted when vm.numa_stat was last switched on */
	/* z: migrate type at [pfn >> PAGEBLOCK_ORDER]; the array itself begins with start_pfn */
	uint8_t *block_types;
	atomic_t
		*huge_maps; /* a: large entries of user tables that map the pageblock, same index */
	struct spinlock lock cacheline_;       /* irqsave; rank ZONE */
	struct free_area free_area[NR_ORDERS]; /* z */
	atomic_long_t stat[NR_ZONE_STATS];
};

void zone_numa_stat(const struct zone *zone, struct zone_numa *out);
void zone_numa_add(struct zone_numa *sum, const struct zone *zone);
extern int sysctl_numa_stat;  /* 0: the counters of zone_numa_stat are 0 */
void zone_numa_restart(void); /* they begin again, from 0 */

struct zonelist {
	struct zone *zones[CFG_MAX_NODES * MAX_NR_ZONES + 1]; /* preferred first, NULL ends */
};

struct pglist_data {
	int node_id;
	struct zone node_zones[MAX_NR_ZONES];
	struct zonelist zonelist; /* zones that have memory, this node's first, high types first */
	struct zone **first[MAX_NR_ZONES]; /* i: where the search starts, by highest type allowed */
	pfn_t start_pfn;
	unsigned long spanned_pages, present_pages;
	int nr_zones; /* i: the highest type that has pages, and 1 */
	atomic_long_t stat[NR_NODE_STATS];
	struct lruvec lruvec;
	struct kswapd kswapd;
	struct kcompactd kcompactd;
};

extern struct pglist_data *node_data[CFG_MAX_NODES];
DECLARE_PER_CPU(struct pglist_data *, numa_local); /* i: the running CPU's node (mm/numa.h) */

extern struct zone *zone_table[32]; /* by the top bits of page->flags */

static inline struct zone *page_zone(const struct page *page)
{
	return zone_table[READ_ONCE(page->flags) >> PAGE_ZONE_SHIFT & 31];
}

extern const char *const migratetype_names[MIGRATE_TYPES]; /* as /proc/pagetypeinfo prints them */
/* Migrate type of the pageblock of @pfn, a frame of @zone. */
enum migratetype pageblock_type(const struct zone *zone, pfn_t pfn);

static inline void mod_node_stat(const struct page *page, enum node_stat_item item, long n)
{
	atomic_long_add(&node_data[page_node_id(page)]->stat[item], n);
}

static inline void mod_zone_stat(struct zone *zone, enum zone_stat_item item, long n)
{
	atomic_long_add(&zone->stat[item], n);
}

unsigned long node_stat(const struct pglist_data *node,
			enum node_stat_item item);	  /* never negative */
unsigned long global_node_stat(enum node_stat_item item); /* sum over nodes */
unsigned long global_zone_stat(enum zone_stat_item item); /* NR_FREE_PAGES includes PCP pages */
unsigned long zone_stat(const struct zone *zone, enum zone_stat_item item);
unsigned long totalram_pages(void); /* sum of managed pages */
unsigned long totalhigh_pages(void);
/* Buddy and per-CPU lists of all zones; exact when the machine is quiet. */
unsigned long nr_free_pages(void);
unsigned long nr_free_highpages(void);
bool zone_has_memory(const struct zone *zone);

#define for_each_zone(pgdat, z)                                                                    \
	for (z = (pgdat)->node_zones; z < (pgdat)->node_zones + MAX_NR_ZONES; z++)

/* A zone or zonelist type that this build does not have has no pages and is not printed. */
bool zone_type_exists(enum zone_type t); /* DMA32 only on 64 bits, HIGHMEM only on 32 */

#endif
