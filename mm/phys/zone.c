/*
 * Nodes and zones: which frames an allocation may use, in which order, and how much must stay free.
 *
 * OWNS     node_data, the zonelists, watermarks, lowmem reserves, names and sums of the counters.
 * WHY      devices and 32-bit kernels reach only part of memory; a request that could use any frame must not eat
 *          the part that others cannot do without.
 *
 *	                  0     16M           lowmem end / 4G
 *	32 bits           | DMA | NORMAL      | HIGHMEM ...
 *	64 bits           | DMA | DMA32       | NORMAL ...
 *	request for type t tries t first, then every lower type: HIGHMEM, NORMAL, DMA
 *
 * I1       a zonelist has only zones with memory; types fall within a node, this node's zones come first, then those
 *          of the other nodes by distance.
 * I2       min <= low <= high of every zone.
 * I3       lowmem_reserve[t] of a zone = pages above it that a request for type t could use instead / ratio.
 * LOCKS    built at boot; watermarks are single words, rewritten by sysctl and read without a lock: any mix of old
 *          and new is a legal setting for the moment.
 * COST     all of it outside the allocation path; that reads two words.
 * NOT HERE free lists (buddy.c), the decision to wait or fail (alloc.c).
 *
 * Formulas (Linux's, so that /proc/zoneinfo of one machine shows one set of figures):
 *	min_free_kbytes = sqrt(lowmem_kbytes * 16), 128..262144
 *	min  = min_free pages * managed / lowmem pages; HIGHMEM: managed / 1024, 32..128
 *	low  = min + max(min / 4, managed / 1000),  high = low + the same
 *	pcp batch = managed / 1024 / 4 rounded to 2^n - 1 (at most 256 pages before / 4), high = low watermark / CPUs
 * SOURCES  proc(5), Documentation/admin-guide/sysctl/vm.rst.  TESTED BY  zone_test.c.
 */
#include "arch/pt.h"
#include "mm/alloc.h"
#include "mm/phys/phys_impl.h"

struct pglist_data *node_data[CFG_MAX_NODES];
struct zone *zone_table[32];
int min_free_kbytes = 1024;

int watermark_scale_factor = 10; /* of 10000 */
int sysctl_lowmem_reserve_ratio[MAX_NR_ZONES] = {
	[ZONE_DMA] = 256,   [ZONE_DMA32] = 256, [ZONE_NORMAL] = 32,
	[ZONE_HIGHMEM] = 0, [ZONE_MOVABLE] = 0, [ZONE_DEVICE] = 0,
};

static const char *const zone_names[MAX_NR_ZONES] = {
	[ZONE_DMA] = "DMA",	    [ZONE_DMA32] = "DMA32",	[ZONE_NORMAL] = "Normal",
	[ZONE_HIGHMEM] = "HighMem", [ZONE_MOVABLE] = "Movable", [ZONE_DEVICE] = "Device",
};

const char *const migratetype_names[MIGRATE_TYPES] = {
	[MIGRATE_UNMOVABLE] = "Unmovable",     [MIGRATE_MOVABLE] = "Movable",
	[MIGRATE_RECLAIMABLE] = "Reclaimable", [MIGRATE_HIGHATOMIC] = "HighAtomic",
	[MIGRATE_ISOLATE] = "Isolate",
};

const char *const zone_stat_names[NR_ZONE_STATS] = {
	[NR_FREE_PAGES] = "nr_free_pages",
	[NR_ZONE_INACTIVE_ANON] = "nr_zone_inactive_anon",
	[NR_ZONE_ACTIVE_ANON] = "nr_zone_active_anon",
	[NR_ZONE_INACTIVE_FILE] = "nr_zone_inactive_file",
	[NR_ZONE_ACTIVE_FILE] = "nr_zone_active_file",
	[NR_ZONE_UNEVICTABLE] = "nr_zone_unevictable",
	[NR_ZONE_WRITE_PENDING] = "nr_zone_write_pending",
	[NR_MLOCK] = "nr_mlock",
	[NR_BOUNCE] = "nr_bounce",
	[NR_ZSPAGES] = "nr_zspages",
	[NR_FREE_CMA_PAGES] = "nr_free_cma",
};

const char *const node_stat_names[NR_NODE_STATS] = {
	[NR_INACTIVE_ANON] = "nr_inactive_anon",
	[NR_ACTIVE_ANON] = "nr_active_anon",
	[NR_INACTIVE_FILE] = "nr_inactive_file",
	[NR_ACTIVE_FILE] = "nr_active_file",
	[NR_UNEVICTABLE] = "nr_unevictable",
	[NR_SLAB_RECLAIMABLE] = "nr_slab_reclaimable",
	[NR_SLAB_UNRECLAIMABLE] = "nr_slab_unreclaimable",
	[NR_ISOLATED_ANON] = "nr_isolated_anon",
	[NR_ISOLATED_FILE] = "nr_isolated_file",
	[WORKINGSET_NODES] = "workingset_nodes",
	[WORKINGSET_REFAULT_ANON] = "workingset_refault_anon",
	[WORKINGSET_REFAULT_FILE] = "workingset_refault_file",
	[WORKINGSET_ACTIVATE_ANON] = "workingset_activate_anon",
	[WORKINGSET_ACTIVATE_FILE] = "workingset_activate_file",
	[WORKINGSET_RESTORE_ANON] = "workingset_restore_anon",
	[WORKINGSET_RESTORE_FILE] = "workingset_restore_file",
	[WORKINGSET_NODERECLAIM] = "workingset_nodereclaim",
	[NR_ANON_MAPPED] = "nr_anon_pages",
	[NR_FILE_MAPPED] = "nr_mapped",
	[NR_FILE_PAGES] = "nr_file_pages",
	[NR_FILE_DIRTY] = "nr_dirty",
	[NR_WRITEBACK] = "nr_writeback",
	[NR_WRITEBACK_TEMP] = "nr_writeback_temp",
	[NR_SHMEM] = "nr_shmem",
	[NR_SHMEM_THPS] = "nr_shmem_hugepages",
	[NR_SHMEM_PMDMAPPED] = "nr_shmem_pmdmapped",
	[NR_FILE_THPS] = "nr_file_hugepages",
	[NR_FILE_PMDMAPPED] = "nr_file_pmdmapped",
	[NR_ANON_THPS] = "nr_anon_transparent_hugepages",
	[NR_VMSCAN_WRITE] = "nr_vmscan_write",
	[NR_VMSCAN_IMMEDIATE] = "nr_vmscan_immediate_reclaim",
	[NR_DIRTIED] = "nr_dirtied",
	[NR_WRITTEN] = "nr_written",
	[NR_THROTTLED_WRITTEN] = "nr_throttled_written",
	[NR_KERNEL_MISC_RECLAIMABLE] = "nr_kernel_misc_reclaimable",
	[NR_FOLL_PIN_ACQUIRED] = "nr_foll_pin_acquired",
	[NR_FOLL_PIN_RELEASED] = "nr_foll_pin_released",
	[NR_KERNEL_STACK_KB] = "nr_kernel_stack",
	[NR_PAGETABLE] = "nr_page_table_pages",
	[NR_SECONDARY_PAGETABLE] = "nr_sec_page_table_pages",
	[NR_SWAPCACHE] = "nr_swapcached",
	[PGPROMOTE_SUCCESS] = "pgpromote_success",
	[PGPROMOTE_CANDIDATE] = "pgpromote_candidate",
};

bool node_stat_exists(enum node_stat_item item)
{
	return CFG_NUMA || (item != PGPROMOTE_SUCCESS && item != PGPROMOTE_CANDIDATE);
}

/* ---- types ---- */

bool zone_type_exists(enum zone_type t)
{
	if (t == ZONE_DMA32 || t == ZONE_DEVICE)
		return VA_BITS > 32;
	if (t == ZONE_HIGHMEM)
		return VA_BITS == 32;
	return (unsigned)t < MAX_NR_ZONES;
}

bool zone_type_is_high(enum zone_type t)
{
	return !VA_WIDE && t == ZONE_HIGHMEM;
}

void zone_type_range(enum zone_type t, pfn_t *start, pfn_t *end)
{
	const pfn_t dma_end = phys_to_pfn(MIB(16)), dma32_end = phys_to_pfn(GIB(4));
	const pfn_t low_end = VA_BITS == 32 ? lowmem_end_pfn : (pfn_t)-1;
	const pfn_t normal_start = VA_BITS == 32 ? dma_end : dma32_end;

	*start = *end = 0;
	if (t == ZONE_DMA) {
		*end = min_of(pfn_t, dma_end, low_end);
	} else if (t == ZONE_DMA32 && zone_type_exists(t)) {
		*start = dma_end;
		*end = dma32_end;
	} else if (t == ZONE_NORMAL) {
		*start = normal_start;
		*end = max_of(pfn_t, normal_start, low_end);
	} else if (t == ZONE_HIGHMEM && zone_type_exists(t)) {
		*start = low_end;
		*end = (pfn_t)-1;
	}
}

void zone_set_name(struct zone *z)
{
	z->name = zone_names[z->type];
}

enum zone_type gfp_zone(gfp_t gfp)
{
	if (gfp & __GFP_DMA)
		return ZONE_DMA;
	if (gfp & __GFP_DMA32)
		return VA_BITS > 32 ? ZONE_DMA32 : ZONE_NORMAL;
	if (!(gfp & __GFP_HIGHMEM))
		return ZONE_NORMAL;
	if (gfp & __GFP_MOVABLE)
		return ZONE_MOVABLE;
	return VA_WIDE ? ZONE_NORMAL : ZONE_HIGHMEM;
}

enum migratetype gfp_migratetype(gfp_t gfp)
{
	_Static_assert(__GFP_MOVABLE >> 3 == MIGRATE_MOVABLE, "migrate type by shift");
	_Static_assert(__GFP_RECLAIMABLE >> 3 == MIGRATE_RECLAIMABLE, "migrate type by shift");
	unsigned mt = gfp >> 3 & 3;

	kassert(mt < MIGRATE_HIGHATOMIC);
	return (enum migratetype)mt;
}

/* ---- zonelists ---- */

static unsigned add_node_zones(struct pglist_data *to, unsigned n, struct pglist_data *from)
{
	for (unsigned t = MAX_NR_ZONES; t-- > 0;) {
		if (zone_has_memory(&from->node_zones[t]))
			to->zonelist.zones[n++] = &from->node_zones[t];
	}
	return n;
}

/*
 * The node to fall back to after those of @done: the nearest; of equally near ones one without processors (its memory is
 * wanted by nobody else first), then the one that the fewest nodes before us fall back to first (@load), then the next
 * by number. Return: its number, -1 for none.
 */
static int next_node(const struct pglist_data *from, nodemask_t done, const unsigned *load)
{
	unsigned best_value = ~0U;
	int best = -1;

	for (unsigned n = 0; n < nr_nodes; n++) {
		int distance = node_distance(from->node_id, (int)n);
		unsigned value = (unsigned)distance + ((int)n < from->node_id) +
				 (node_cpu_mask((int)n) != 0);

		value = value * CFG_MAX_NODES + load[n];
		if (node_data[n]->present_pages && !(done >> n & 1) && value < best_value) {
			best_value = value;
			best = (int)n;
		}
	}
	return best;
}

static void build_zonelist(struct pglist_data *pgdat, unsigned *load)
{
	unsigned n = add_node_zones(pgdat, 0, pgdat);
	nodemask_t done = 1UL << pgdat->node_id;
	int node, before = pgdat->node_id;

	while ((node = next_node(pgdat, done, load)) >= 0) {
		/* The first of a group of equally near ones gets the load. */
		if (node_distance(pgdat->node_id, node) != node_distance(pgdat->node_id, before))
			load[node]++;
		n = add_node_zones(pgdat, n, node_data[node]);
		done |= 1UL << node;
		before = node;
	}
	pgdat->zonelist.zones[n] = NULL;
	for (unsigned t = 0; t < MAX_NR_ZONES; t++) {
		struct zone **z = pgdat->zonelist.zones;

		while (*z && (*z)->type > t)
			z++;
		pgdat->first[t] = z;
	}
}

void zone_build_zonelists(void)
{
	unsigned load[CFG_MAX_NODES] = { 0 };

	for (unsigned i = 0; i < nr_nodes; i++)
		build_zonelist(node_data[i], load);
}

/* ---- watermarks ---- */

static unsigned long managed(const struct zone *z)
{
	return (unsigned long)atomic_long_read(&z->managed_pages);
}

/* Sum over all zones, high ones or all. */
static unsigned long sum_managed(bool high_only)
{
	unsigned long sum = 0;
	struct zone *z;

	for (unsigned i = 0; i < nr_nodes; i++) {
		for_each_zone (node_data[i], z) {
			if (!high_only || zone_type_is_high(z->type))
				sum += managed(z);
		}
	}
	return sum;
}

static unsigned long int_sqrt(uint64_t n)
{
	uint64_t root = 0;

	for (uint64_t bit = (uint64_t)1 << 62; bit; bit >>= 2) {
		if (n >= root + bit) {
			n -= root + bit;
			root = (root >> 1) + bit;
		} else {
			root >>= 1;
		}
	}
	return (unsigned long)root;
}

static void set_reserves(struct pglist_data *pgdat)
{
	for (unsigned t = 0; t < MAX_NR_ZONES; t++) {
		struct zone *z = &pgdat->node_zones[t];
		unsigned ratio = (unsigned)sysctl_lowmem_reserve_ratio[t];
		unsigned long above = 0;

		for (unsigned up = 0; up < MAX_NR_ZONES; up++) {
			if (up > t)
				above += managed(&pgdat->node_zones[up]);
			z->lowmem_reserve[up] =
				up > t && ratio && managed(z) ? (long)(above / ratio) : 0;
		}
	}
}

static void set_zone_wmarks(struct zone *z, unsigned long min_pages, unsigned long lowmem_pages)
{
	uint64_t share = (uint64_t)min_pages * managed(z);
	unsigned long step, min;

	share = lowmem_pages ? share / lowmem_pages : 0;
	min = (unsigned long)share;
	if (zone_type_is_high(z->type))
		min = max_of(unsigned long, SWAP_CLUSTER_MAX,
			     min_of(unsigned long, managed(z) / 1024, 128));
	step = max_of(unsigned long, share >> 2,
		      (uint64_t)managed(z) * (unsigned)watermark_scale_factor / 10000);
	WRITE_ONCE(z->watermark[WMARK_MIN], min);
	WRITE_ONCE(z->watermark[WMARK_LOW], min + step);
	WRITE_ONCE(z->watermark[WMARK_HIGH], min + 2 * step);
}

void setup_per_zone_wmarks(void)
{
	unsigned long lowmem_pages = sum_managed(false) - sum_managed(true);
	unsigned long min_pages = (unsigned long)min_free_kbytes >> (PAGE_SHIFT - 10);
	struct zone *z;

	for (unsigned i = 0; i < nr_nodes; i++) {
		set_reserves(node_data[i]);
		for_each_zone (node_data[i], z) {
			set_zone_wmarks(z, min_pages, lowmem_pages);
			if (z->pcp)
				pcp_set_limits(z);
		}
	}
}

void zone_set_min_free(void)
{
	uint64_t kbytes = (uint64_t)(sum_managed(false) - sum_managed(true)) << (PAGE_SHIFT - 10);
	unsigned long root = int_sqrt(kbytes * 16);

	min_free_kbytes = (int)max_of(unsigned long, 128, min_of(unsigned long, root, 262144));
	setup_per_zone_wmarks();
}

bool zone_watermark_ok(const struct zone *z, unsigned order, unsigned long mark,
		       enum zone_type highest)
{
	long free = atomic_long_read(&z->stat[NR_FREE_PAGES]) - (long)((1UL << order) - 1);

	if (free <= (long)mark + z->lowmem_reserve[highest])
		return false;
	if (order == 0) /* if not from the buddy, then from a per-CPU list */
		return true;
	for (unsigned o = order; o < NR_ORDERS; o++) {
		if (READ_ONCE(z->free_area[o].nr_free))
			return true;
	}
	return false;
}

/* ---- sums ---- */

unsigned long zone_stat(const struct zone *zone, enum zone_stat_item item)
{
	long v = atomic_long_read(&zone->stat[item]);

	return v > 0 ? (unsigned long)v : 0;
}

unsigned long global_zone_stat(enum zone_stat_item item)
{
	unsigned long sum = 0;
	struct zone *z;

	for (unsigned i = 0; i < nr_nodes; i++) {
		for_each_zone (node_data[i], z) {
			sum += zone_stat(z, item);
			if (item == NR_FREE_PAGES)
				sum += pcp_count(z);
		}
	}
	return sum;
}

static long node_stat_now(const struct pglist_data *node, enum node_stat_item item)
{
	long sum = 0;

	if (item > NR_UNEVICTABLE)
		return atomic_long_read(&node->stat[item]);
	for (unsigned t = 0; t < MAX_NR_ZONES; t++) /* the lists are counted by zone only */
		sum += atomic_long_read(&node->node_zones[t].stat[NR_ZONE_INACTIVE_ANON + item]);
	return sum;
}

unsigned long node_stat(const struct pglist_data *node, enum node_stat_item item)
{
	long n = node_stat_now(node, item);

	return n > 0 ? (unsigned long)n : 0;
}

unsigned long global_node_stat(enum node_stat_item item)
{
	long sum = 0;

	for (unsigned i = 0; i < nr_nodes; i++)
		sum += node_stat_now(node_data[i], item);
	return sum > 0 ? (unsigned long)sum : 0;
}

int sysctl_numa_stat = 1;

/* Since boot. A page is local to whoever took it on a CPU of the zone's node. */
static struct zone_numa numa_counted(const struct zone *zone)
{
	struct zone_numa sum = { 0 };
	unsigned cpu;

	for_each_possible_cpu (cpu) {
		const struct pcp *p = &zone->pcp[cpu];
		bool here = cpu_to_node(cpu) == zone->pgdat->node_id;

		sum.hit += p->numa_hit;
		sum.miss += p->numa_miss;
		sum.foreign += p->numa_foreign;
		sum.interleave += p->numa_interleave;
		*(here ? &sum.local : &sum.other) += p->numa_hit + p->numa_miss;
	}
	return sum;
}

/* Counting costs an instruction and goes on while it is switched off: that is only not shown, and subtracted later. */
void zone_numa_stat(const struct zone *zone, struct zone_numa *out)
{
	const struct zone_numa *base = &zone->numa_base;

	*out = (struct zone_numa){ 0 };
	if (!zone->pcp || !READ_ONCE(sysctl_numa_stat))
		return;
	*out = numa_counted(zone);
	out->hit -= base->hit;
	out->miss -= base->miss;
	out->foreign -= base->foreign;
	out->interleave -= base->interleave;
	out->local -= base->local;
	out->other -= base->other;
}

void zone_numa_restart(void)
{
	struct zone *z;

	for (unsigned n = 0; n < nr_nodes; n++) {
		for_each_zone (node_data[n], z) {
			if (z->pcp)
				z->numa_base = numa_counted(z);
		}
	}
}

void zone_numa_add(struct zone_numa *sum, const struct zone *zone)
{
	struct zone_numa one;

	zone_numa_stat(zone, &one);
	sum->hit += one.hit;
	sum->miss += one.miss;
	sum->foreign += one.foreign;
	sum->interleave += one.interleave;
	sum->local += one.local;
	sum->other += one.other;
}

unsigned long totalram_pages(void)
{
	return sum_managed(false);
}

unsigned long totalhigh_pages(void)
{
	return sum_managed(true);
}

unsigned long nr_free_pages(void)
{
	return global_zone_stat(NR_FREE_PAGES);
}

unsigned long nr_free_highpages(void)
{
	unsigned long sum = 0;

	for (unsigned i = 0; i < nr_nodes; i++) {
		const struct zone *z = &node_data[i]->node_zones[ZONE_HIGHMEM];

		sum += zone_stat(z, NR_FREE_PAGES) + pcp_count(z);
	}
	return sum;
}

bool zone_has_memory(const struct zone *zone)
{
	return zone->present_pages != 0;
}
