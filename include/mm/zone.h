/* Nodes, zones, watermarks and their counters: Linux's names; shown by /proc/zoneinfo, buddyinfo, pagetypeinfo. */
#ifndef MM_ZONE_H
#define MM_ZONE_H

#include "base/config.h"
#include "mm/gfp.h"
#include "mm/page.h"
#include "sync/percpu.h"
#include "sync/spinlock.h"

enum { MAX_ORDER = 10, NR_ORDERS = MAX_ORDER + 1 }; /* largest block: 1 << MAX_ORDER pages */

enum zone_type { ZONE_DMA, ZONE_DMA32, ZONE_NORMAL, ZONE_HIGHMEM, ZONE_MOVABLE, MAX_NR_ZONES };

enum migratetype {
	MIGRATE_UNMOVABLE,
	MIGRATE_MOVABLE,
	MIGRATE_RECLAIMABLE,
	MIGRATE_HIGHATOMIC,
	MIGRATE_ISOLATE,
	MIGRATE_TYPES
};

enum zone_watermark { WMARK_MIN, WMARK_LOW, WMARK_HIGH, NR_WMARK };

/* Per-zone counters, in the order of /proc/vmstat. NR_FREE_PAGES is kept by the buddy and exact under zone->lock. */
enum zone_stat_item {
	NR_FREE_PAGES,
	NR_ZONE_INACTIVE_ANON,
	NR_ZONE_ACTIVE_ANON,
	NR_ZONE_INACTIVE_FILE,
	NR_ZONE_ACTIVE_FILE,
	NR_ZONE_UNEVICTABLE,
	NR_ZONE_WRITE_PENDING,
	NR_MLOCK,
	NR_BOUNCE,
	NR_ZSPAGES,
	NR_FREE_CMA_PAGES,
	NR_ZONE_STATS
};

struct free_area {
	struct list_head free_list[MIGRATE_TYPES];
	unsigned long nr_free;
};

/* Order-0 pages of one zone in front of the buddy, one per CPU. */
struct pcp {
	struct spinlock lock; /* irqsave; rank PCP; remote CPUs drain through it */
	int count;            /* pages on the lists */
	int high, batch;      /* set_pcp_limits: written under the lock */
	/* Allocations: this node was wanted and given, another was wanted, another was given, from a CPU elsewhere. */
	unsigned long numa_hit, numa_miss, numa_foreign, numa_other;
	struct list_head lists[MIGRATE_HIGHATOMIC]; /* by migrate type */
} cacheline_;

struct pglist_data;

struct zone {
	/* read-mostly */
	const char *name;              /* "DMA", "Normal", … as /proc/zoneinfo pads them */
	struct pglist_data *pgdat;     /* i */
	enum zone_type type;           /* i */
	unsigned long watermark[NR_WMARK];
	unsigned long watermark_boost;
	long lowmem_reserve[MAX_NR_ZONES];
	pfn_t start_pfn;
	unsigned long spanned_pages, present_pages;
	atomic_long_t managed_pages;
	struct pcp *pcp;               /* array by CPU */
	uint8_t *block_types;          /* z: migrate type, at [pfn >> PAGEBLOCK_ORDER]: the array begins with start_pfn */
	struct spinlock lock cacheline_; /* irqsave; rank ZONE */
	struct free_area free_area[NR_ORDERS]; /* z */
	atomic_long_t stat[NR_ZONE_STATS];
};

/* Allocations by where they were wanted, as numastat(8) shows them. */
struct zone_numa {
	unsigned long hit, miss, foreign, interleave, local, other;
};
void zone_numa_stat(const struct zone *zone, struct zone_numa *out);

/* Per-node counters, in the order of /proc/vmstat (Linux 6.1). */
enum node_stat_item {
	NR_INACTIVE_ANON, NR_ACTIVE_ANON, NR_INACTIVE_FILE, NR_ACTIVE_FILE, NR_UNEVICTABLE,
	NR_SLAB_RECLAIMABLE, NR_SLAB_UNRECLAIMABLE, NR_ISOLATED_ANON, NR_ISOLATED_FILE,
	WORKINGSET_NODES, WORKINGSET_REFAULT_ANON, WORKINGSET_REFAULT_FILE, WORKINGSET_ACTIVATE_ANON,
	WORKINGSET_ACTIVATE_FILE, WORKINGSET_RESTORE_ANON, WORKINGSET_RESTORE_FILE, WORKINGSET_NODERECLAIM,
	NR_ANON_MAPPED, NR_FILE_MAPPED, NR_FILE_PAGES, NR_FILE_DIRTY, NR_WRITEBACK, NR_WRITEBACK_TEMP,
	NR_SHMEM, NR_SHMEM_THPS, NR_SHMEM_PMDMAPPED, NR_FILE_THPS, NR_FILE_PMDMAPPED, NR_ANON_THPS,
	NR_VMSCAN_WRITE, NR_VMSCAN_IMMEDIATE, NR_DIRTIED, NR_WRITTEN, NR_THROTTLED_WRITTEN,
	NR_KERNEL_MISC_RECLAIMABLE, NR_FOLL_PIN_ACQUIRED, NR_FOLL_PIN_RELEASED, NR_KERNEL_STACK_KB,
	NR_PAGETABLE, NR_SECONDARY_PAGETABLE, NR_SWAPCACHE, PGPROMOTE_SUCCESS, PGPROMOTE_CANDIDATE,
	NR_NODE_STATS
};

struct zonelist {
	struct zone *zones[CFG_MAX_NODES * MAX_NR_ZONES + 1]; /* preferred first, NULL ends */
};

struct pglist_data {
	int node_id;
	struct zone node_zones[MAX_NR_ZONES];
	struct zonelist zonelist; /* all zones that have memory, this node's first, high types first */
	struct zone **first[MAX_NR_ZONES]; /* i: where in zonelist the search starts, by highest allowed type */
	pfn_t start_pfn;
	unsigned long spanned_pages, present_pages;
	atomic_long_t stat[NR_NODE_STATS];
};

extern struct pglist_data *node_data[CFG_MAX_NODES];
extern unsigned nr_nodes;

extern struct zone *zone_table[32];  /* by the top bits of page->flags */

static inline struct zone *page_zone(const struct page *page)
{
	return zone_table[page->flags >> PAGE_ZONE_SHIFT & 31];
}

/* Linux's names, as /proc/vmstat and /proc/zoneinfo print them. */
extern const char *const zone_stat_names[NR_ZONE_STATS];
extern const char *const node_stat_names[NR_NODE_STATS];
extern const char *const migratetype_names[MIGRATE_TYPES]; /* as /proc/pagetypeinfo */
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

unsigned long global_node_stat(enum node_stat_item item);  /* sum over nodes, never negative */
unsigned long global_zone_stat(enum zone_stat_item item);  /* NR_FREE_PAGES includes PCP pages */
unsigned long zone_stat(const struct zone *zone, enum zone_stat_item item);
unsigned long totalram_pages(void);  /* sum of managed pages */
unsigned long totalhigh_pages(void);
unsigned long nr_free_pages(void);   /* buddy + per-CPU lists, all zones, exact when the machine is quiet */
unsigned long nr_free_highpages(void);
bool zone_has_memory(const struct zone *zone);

#define for_each_zone(pgdat, z)                                                                    \
	for (z = (pgdat)->node_zones; z < (pgdat)->node_zones + MAX_NR_ZONES; z++)

/* A zone or zonelist type that this build does not have has no pages and is not printed. */
bool zone_type_exists(enum zone_type t); /* DMA32 only on 64 bits, HIGHMEM only on 32 */

#endif
