/*
 * From memblock's ranges to nodes, zones, the page array and full free lists.
 *
 * OWNS     max_pfn, the table of backed sections, the memory of nodes and zones; all of it for ever.
 * WHY      one pass over memory that costs about 5 instructions a page: descriptors start as zeroes, so a page needs two
 *          stores; free memory goes to the buddy in the largest blocks, not page by page.
 * I1       pfn_valid(pfn) exactly where memmap_populate backed the array: whole sections (4 MiB) that hold RAM.
 * I2       every pfn of a backed section has a zone and node, also in a hole: merging may look at any neighbour.
 * I3       frames that are reserved, or in no memory range, are PS_RESERVED with refcount 1 and never freed.
 * I4       spanned: first to last frame; present: frames of RAM; managed: frames the buddy ever got.
 * LOCKS    none: boot CPU, before the others start. meminit_release later, by one thread.
 * COST     RAM pages * 5 instructions + sections; holes of sections and more cost one bit per 4 MiB.
 * FAILS    panics when there is no memory for the array: nothing can run without it.
 *
 * A frame's zone is the one whose range it lies in, given its node; node_data of every node number up to the highest
 * exists, memory or not. RAM beyond what the page array's window or a page-table entry can express is cut off first.
 * TESTED BY  meminit_test.c.
 */
#include "lib/string.h"
#include "mm/alloc.h"
#include "mm/memblock.h"
#include "mm/phys/phys_impl.h"
#include "sync/klog.h"

pfn_t max_pfn;
static unsigned long *section_map; /* i: bit per section that the page array backs */

static void section_set(unsigned long s)
{
	const unsigned bits = 8 * sizeof(long);

	section_map[s / bits] |= 1UL << (s % bits);
}

static bool section_test(unsigned long s)
{
	const unsigned bits = 8 * sizeof(long);

	return section_map[s / bits] >> (s % bits) & 1;
}

bool pfn_valid(pfn_t pfn)
{
	return pfn >> SECTION_ORDER <= (max_pfn - 1) >> SECTION_ORDER &&
	       section_test(pfn >> SECTION_ORDER);
}

static void *boot_alloc(size_t size, int node)
{
	void *p = memblock_alloc_ptr_node(size, node);

	if (!p)
		panic("no memory for the page array");
	return p;
}

/* ---- the page array ---- */

static void cut_unreachable(void)
{
	uint64_t frames = (MEMMAP_END - MEMMAP_BASE) / sizeof(struct page);
	phys_t limit = (phys_t)frames << PAGE_SHIFT;

	if (sizeof(pte_t) == 4 && limit > GIB(4))
		limit = GIB(4);
	if (memblock_end_of_ram() > limit)
		pr_warn("RAM above %#llx is out of reach: not used", (unsigned long long)limit);
	memblock_limit(limit);
}

static int backing_node; /* whose descriptors back_sections is making room for */

static phys_t near_alloc(size_t size, size_t align)
{
	return memblock_alloc_node(size, align, backing_node);
}

/* Back the page array for whole sections [start, end), whose memory is @node's, on that node. */
static void back_sections(pfn_t start, pfn_t end, int node)
{
	backing_node = node;
	if (start < end && !memmap_populate(start, end, near_alloc))
		panic("no memory for the page array");
	for (pfn_t p = start; p < end; p += SECTION_PAGES)
		section_set(p >> SECTION_ORDER);
}

/* Runs of sections without a hole of a section between, of one node; a section of two is the first's. */
static void build_memmap(void)
{
	struct memblock_range r;
	pfn_t start = 0, end = 0; /* run of sections not yet backed */
	int node = 0;

	max_pfn = phys_to_pfn(memblock_end_of_ram());
	section_map = boot_alloc(((max_pfn >> SECTION_ORDER) + 64) / 8 + sizeof(long), 0);
	for (unsigned i = 0; memblock_memory(i, &r); i++) {
		pfn_t s = round_down_pow2(phys_to_pfn(r.start), (pfn_t)SECTION_PAGES);
		pfn_t e = round_up_pow2(phys_to_pfn(r.end), (pfn_t)SECTION_PAGES);

		if (s > end || r.node != node) {
			back_sections(start, end, node);
			start = max_of(pfn_t, s, end);
			node = r.node;
		}
		end = e;
	}
	back_sections(start, end, node);
}

/* ---- nodes and zones ---- */

static void span_grow(pfn_t *start, unsigned long *spanned, pfn_t s, pfn_t e)
{
	if (!*spanned)
		*start = s;
	*spanned = e - *start;
}

static void zone_add_memory(struct zone *z, pfn_t s, pfn_t e)
{
	struct pglist_data *node = z->pgdat;

	span_grow(&z->start_pfn, &z->spanned_pages, s, e);
	z->present_pages += e - s;
	span_grow(&node->start_pfn, &node->spanned_pages, s, e);
	node->present_pages += e - s;
	node->nr_zones = max_of(int, node->nr_zones, (int)z->type + 1);
}

/* Call fn for each part of memory range @r that lies in one zone. */
static void for_each_part(const struct memblock_range *r,
			  void (*fn)(struct zone *z, pfn_t s, pfn_t e))
{
	pfn_t first = phys_to_pfn(r->start), end = phys_to_pfn(r->end);

	for (unsigned t = 0; t < MAX_NR_ZONES; t++) {
		pfn_t zs, ze;

		zone_type_range((enum zone_type)t, &zs, &ze);
		zs = max_of(pfn_t, zs, first);
		ze = min_of(pfn_t, ze, end);
		if (zs < ze)
			fn(&node_data[r->node]->node_zones[t], zs, ze);
	}
}

static void init_zone(struct pglist_data *node, enum zone_type t)
{
	struct zone *z = &node->node_zones[t];

	z->pgdat = node;
	z->type = t;
	zone_set_name(z);
	spin_init(&z->lock, RANK_ZONE);
	buddy_zone_init(z);
	zone_table[(unsigned)node->node_id << (PAGE_NODE_SHIFT - PAGE_ZONE_SHIFT) | t] = z;
}

static void build_nodes(void)
{
	struct memblock_range r;

	for (unsigned i = 0; memblock_memory(i, &r); i++)
		numa_set_nodes((unsigned)r.node + 1);
	for (unsigned n = 0; n < nr_nodes; n++) {
		node_data[n] = boot_alloc(sizeof(struct pglist_data), (int)n);
		node_data[n]->node_id = (int)n;
		lruvec_init(&node_data[n]->lruvec);
		waitq_init(&node_data[n]->kswapd.wait);
		waitq_init(&node_data[n]->kcompactd.wait);
		for (unsigned t = 0; t < MAX_NR_ZONES; t++)
			init_zone(node_data[n], (enum zone_type)t);
	}
	for (unsigned i = 0; memblock_memory(i, &r); i++)
		for_each_part(&r, zone_add_memory);
}

/* @mem, zeroed: for @blocks pageblocks their counts of large entries, then their types. */
static void zone_set_blocks(struct zone *z, char *mem, size_t blocks)
{
	pfn_t first = z->start_pfn >> PAGEBLOCK_ORDER;
	char *types = mem + blocks * sizeof(atomic_t);

	z->huge_maps = (atomic_t *)((uintptr_t)mem - first * sizeof(atomic_t));
	memset(types, MIGRATE_MOVABLE, blocks);
	z->block_types = (uint8_t *)((uintptr_t)types - first);
}

/* Counts of pageblocks in round numbers, so that what follows them is aligned. */
static size_t zone_blocks(const struct zone *z)
{
	return round_up_pow2((z->spanned_pages >> PAGEBLOCK_ORDER) + 2, 64);
}

/* One allocation per node for what hangs off its zones: per-CPU lists, figures by pageblock. */
static void build_zone_arrays(struct pglist_data *node)
{
	const size_t lists = CFG_NR_CPUS * sizeof(struct pcp), per_block = 1 + sizeof(atomic_t);
	size_t size = 0;
	struct zone *z;
	char *mem;

	for_each_zone (node, z)
		size += zone_has_memory(z) ? lists + zone_blocks(z) * per_block : 0;
	mem = size ? boot_alloc(size, node->node_id) : NULL;
	for_each_zone (node, z) {
		if (!zone_has_memory(z))
			continue;
		pcp_zone_init(z, (struct pcp *)(void *)mem);
		mem += lists;
		zone_set_blocks(z, mem, zone_blocks(z));
		mem += zone_blocks(z) * per_block;
	}
}

/* ---- descriptors ---- */

/*
 * The unit of cost of booting: two stores a page. Mapcount and refcount are one 8-byte store on 64 bits, which
 * the compiler makes of the two.
 */
static void init_pages(pfn_t start, pfn_t end, unsigned long flags, int refcount)
{
	struct page *last = pfn_to_page(end);

	for (struct page *p = pfn_to_page(start); p < last; p++) {
		p->flags = flags;
		p->_mapcount.v = -1;
		p->_refcount.v = refcount;
	}
}

static unsigned long place_flags(const struct zone *z)
{
	return (unsigned long)z->type << PAGE_ZONE_SHIFT | (unsigned long)z->pgdat->node_id
								   << PAGE_NODE_SHIFT;
}

static void init_free(struct zone *z, pfn_t s, pfn_t e)
{
	init_pages(s, e, place_flags(z) | (unsigned long)PS_FREE << PAGE_STATE_SHIFT, 0);
}

static void init_reserved(struct zone *z, pfn_t s, pfn_t e)
{
	init_pages(s, e, place_flags(z), 1);
}

static void give_to_buddy(struct zone *z, pfn_t s, pfn_t e)
{
	atomic_long_add(&z->managed_pages, (long)(e - s));
	buddy_free_range(z, s, e);
}

/* Call fn for the parts of every memory range that are free (or reserved), zone by zone. */
static void for_each_memory(bool want_free, void (*fn)(struct zone *z, pfn_t s, pfn_t e))
{
	struct memblock_range m, r;

	for (unsigned i = 0; memblock_memory(i, &m); i++) {
		phys_t at = m.start;

		for (unsigned j = 0; memblock_reserved(j, &r) && at < m.end; j++) {
			if (r.end <= at)
				continue;
			phys_t s = min_of(phys_t, max_of(phys_t, r.start, at), m.end);
			phys_t e = min_of(phys_t, r.end, m.end);
			struct memblock_range part =
				want_free ? (struct memblock_range){ at, s, m.node }
					  : (struct memblock_range){ s, e, m.node };
			for_each_part(&part, fn);
			at = max_of(phys_t, at, e);
		}
		if (want_free && at < m.end)
			for_each_part(&(struct memblock_range){ at, m.end, m.node }, fn);
	}
}

/* Frames of backed sections outside every memory range (I2): of the zone their number lies in. */
static void init_holes(void)
{
	struct memblock_range m = { 0, 0, 0 };
	pfn_t at = 0;

	for (unsigned i = 0;; i++) {
		bool more = memblock_memory(i, &m);
		pfn_t stop =
			more ? phys_to_pfn(m.start) : round_up_pow2(max_pfn, (pfn_t)SECTION_PAGES);

		while (at < stop) {
			pfn_t next = min_of(pfn_t, stop, (at | (SECTION_PAGES - 1)) + 1);
			struct memblock_range part = { pfn_to_phys(at), pfn_to_phys(next), m.node };

			if (pfn_valid(at))
				for_each_part(&part, init_reserved);
			at = next;
		}
		if (!more)
			return;
		at = max_of(pfn_t, at, phys_to_pfn(m.end));
	}
}

static void report(void)
{
	struct zone *z;

	for (unsigned n = 0; n < nr_nodes; n++) {
		for_each_zone (node_data[n], z) {
			if (!zone_has_memory(z))
				continue;
			pr_info("node %u zone %-8s [mem %#014llx-%#014llx] %lu pages, %ld managed",
				n, z->name, (unsigned long long)pfn_to_phys(z->start_pfn),
				(unsigned long long)pfn_to_phys(z->start_pfn + z->spanned_pages) -
					1,
				z->present_pages, atomic_long_read(&z->managed_pages));
		}
	}
}

void meminit(void)
{
	memset(node_data, 0, sizeof(node_data));
	memset(zone_table, 0, sizeof(zone_table));
	cut_unreachable();
	build_memmap();
	build_nodes();
	for (unsigned n = 0; n < nr_nodes; n++)
		build_zone_arrays(node_data[n]);
	init_holes();
	for_each_memory(false, init_reserved);
	for_each_memory(true, init_free);
	memblock_hand_over();
	for_each_memory(true, give_to_buddy);
	zone_build_zonelists();
	numa_cpus_ready();
	zone_set_min_free();
	alloc_init();
	pagelock_init();
	report();
}

static void release_part(struct zone *z, pfn_t s, pfn_t e)
{
	for (pfn_t p = s; p < e; p++) {
		struct page *page = pfn_to_page(p);

		if (page_state(page) != PS_RESERVED)
			page_bad(page, "given back, but it was not reserved");
	}
	init_free(z, s, e);
	give_to_buddy(z, s, e);
}

void meminit_release(phys_t start, phys_t end)
{
	struct memblock_range m;

	for (unsigned i = 0; memblock_memory(i, &m); i++) {
		struct memblock_range part = { max_of(phys_t, start, m.start),
					       min_of(phys_t, end, m.end), m.node };
		if (part.start < part.end)
			for_each_part(&part, release_part);
	}
}
