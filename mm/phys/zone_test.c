/* Zones as a PC has them, and Linux's figures: the inputs of tests/golden machines must give the same /proc/zoneinfo. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arch/pt.h"
#include "mm/alloc.h"
#include "mm/memblock.h"
#include "mm/phys/phys_impl.h"
#include "sim/sim.h"

/* The memory of a 512 MiB PC: RAM 0..9f000 and 100000..1ffe0000. */
static const struct sim_config pc512 = {
	.ram_bytes = 0x1ffe0000,
	.hole_start = 0x9f000,
	.hole_end = 0x100000,
	.nr_cpus = 1,
};

static struct zone *zone_of(enum zone_type t)
{
	return &node_data[0]->node_zones[t];
}

static enum zone_type main_type(void)
{
	return VA_BITS == 32 ? ZONE_NORMAL : ZONE_DMA32;
}

static void meminit_I4_spans_are_linux_s(void **state)
{
	sim_world_begin(&pc512);
	struct zone *dma = zone_of(ZONE_DMA), *big = zone_of(main_type());

	assert_int_equal(dma->start_pfn, 1);
	assert_int_equal(dma->spanned_pages, 4095);
	assert_int_equal(dma->present_pages, 3998);
	assert_int_equal(big->start_pfn, 4096);
	assert_int_equal(big->spanned_pages, 126944);
	assert_int_equal(big->present_pages, 126944);
	assert_false(zone_has_memory(zone_of(ZONE_MOVABLE)));
	assert_int_equal(totalram_pages(), atomic_long_read(&dma->managed_pages) +
						   atomic_long_read(&big->managed_pages));
	sim_world_end();
}

static void set_managed(enum zone_type t, long pages)
{
	atomic_long_set(&zone_of(t)->managed_pages, pages);
}

static void wmarks_are(enum zone_type t, unsigned long min, unsigned long low, unsigned long high)
{
	const unsigned long *w = zone_of(t)->watermark;

	assert_int_equal(w[WMARK_MIN], min);
	assert_int_equal(w[WMARK_LOW], low);
	assert_int_equal(w[WMARK_HIGH], high);
}

static void zone_I2_watermarks_are_linux_s(void **state)
{
	sim_world_begin(&pc512);
	long dma = atomic_long_read(&zone_of(ZONE_DMA)->managed_pages);
	long big = atomic_long_read(&zone_of(main_type())->managed_pages);

	set_managed(ZONE_DMA, 3840);
	set_managed(main_type(), 114000); /* golden x86_64 when its watermarks were computed */
	zone_set_min_free();
	assert_int_equal(min_free_kbytes, 2746);
	wmarks_are(ZONE_DMA, 22, 27, 32);
	wmarks_are(main_type(), 663, 828, 993);
	assert_int_equal(zone_of(ZONE_DMA)->lowmem_reserve[main_type()], 445);
	assert_int_equal(zone_of(ZONE_DMA)->lowmem_reserve[ZONE_MOVABLE], 445);
	assert_int_equal(zone_of(ZONE_DMA)->lowmem_reserve[ZONE_DMA], 0);
	assert_int_equal(zone_of(main_type())->lowmem_reserve[ZONE_MOVABLE], 0);
	assert_int_equal(zone_of(ZONE_DMA)->pcp[0].batch, 1);
	assert_int_equal(zone_of(ZONE_DMA)->pcp[0].high, 27);
	assert_int_equal(zone_of(main_type())->pcp[0].batch, 31);
	assert_int_equal(zone_of(main_type())->pcp[0].high, 828);

	set_managed(main_type(), 121700); /* golden i386-pae */
	zone_set_min_free();
	wmarks_are(ZONE_DMA, 21, 26, 31);
	wmarks_are(main_type(), 686, 857, 1028);
	assert_int_equal(zone_of(ZONE_DMA)->lowmem_reserve[main_type()], 475);
	if (VA_BITS == 32)
		wmarks_are(ZONE_HIGHMEM, 32, 32, 32);

	set_managed(ZONE_DMA, dma);
	set_managed(main_type(), big);
	zone_set_min_free();
	sim_world_end();
}

static void zone_I1_zonelist_falls_from_high_to_low(void **state)
{
	const struct sim_config c = { .ram_bytes = MIB(96), .lowmem_bytes = MIB(48) };

	sim_world_begin(&c);
	struct zone **z = node_data[0]->zonelist.zones;
	unsigned last = MAX_NR_ZONES;

	for (; *z; z++) {
		assert_true(zone_has_memory(*z));
		assert_true((*z)->type < last);
		last = (*z)->type;
	}
	assert_int_equal(last, ZONE_DMA);
	assert_ptr_equal(*node_data[0]->first[ZONE_DMA], zone_of(ZONE_DMA));
	assert_int_equal((*node_data[0]->first[ZONE_HIGHMEM])->type,
			 VA_BITS == 32 ? ZONE_HIGHMEM : ZONE_DMA32);
	sim_world_end();
}

static void gfp_masks_choose_zones(void **state)
{
	assert_int_equal(gfp_zone(GFP_KERNEL), ZONE_NORMAL);
	assert_int_equal(gfp_zone(GFP_DMA), ZONE_DMA);
	assert_int_equal(gfp_zone(GFP_HIGHUSER), VA_BITS == 32 ? ZONE_HIGHMEM : ZONE_NORMAL);
	assert_int_equal(gfp_zone(GFP_HIGHUSER_MOVABLE), ZONE_MOVABLE);
	assert_int_equal(gfp_zone(__GFP_MOVABLE), ZONE_NORMAL);
	assert_int_equal(gfp_zone(GFP_DMA32), VA_BITS == 32 ? ZONE_NORMAL : ZONE_DMA32);
	assert_int_equal(gfp_migratetype(GFP_KERNEL), MIGRATE_UNMOVABLE);
	assert_int_equal(gfp_migratetype(GFP_HIGHUSER_MOVABLE), MIGRATE_MOVABLE);
	assert_int_equal(gfp_migratetype(GFP_KERNEL | __GFP_RECLAIMABLE), MIGRATE_RECLAIMABLE);
}

/* ---- the page array ---- */

static void meminit_I1_holes_are_not_backed(void **state)
{
	const struct sim_config c = { .ram_bytes = MIB(64),
				      .hole_start = MIB(16),
				      .hole_end = MIB(33) };

	sim_world_begin(&c);
	assert_true(pfn_valid(1));
	assert_true(pfn_valid(MIB(16) / PAGE_SIZE - 1));
	assert_false(pfn_valid(MIB(16) / PAGE_SIZE));
	assert_false(pfn_valid(MIB(32) / PAGE_SIZE - 1));
	assert_true(pfn_valid(MIB(32) / PAGE_SIZE)); /* RAM begins in its section */
	assert_int_equal(page_state(pfn_to_page(MIB(32) / PAGE_SIZE)), PS_RESERVED);
	assert_true(pfn_valid(MIB(64) / PAGE_SIZE - 1));
	assert_false(pfn_valid(MIB(64) / PAGE_SIZE));
	assert_false(pfn_valid((pfn_t)-1));
	sim_world_end();
}

static void meminit_I3_every_frame_has_its_place(void **state)
{
	struct memblock_range r;
	unsigned long reserved = 0, managed = 0;

	sim_world_begin(&pc512);
	for (unsigned i = 0; memblock_memory(i, &r); i++) {
		for (pfn_t p = phys_to_pfn(r.start); p < phys_to_pfn(r.end); p++) {
			const struct page *page = pfn_to_page(p);

			assert_true(pfn_valid(p));
			assert_ptr_equal(page_zone(page),
					 zone_of(p < 4096 ? ZONE_DMA : main_type()));
			assert_int_equal(page_mapcount(page), 0);
			if (page_state(page) == PS_RESERVED) {
				assert_int_equal(page_ref_count(page), 1);
				reserved++;
			} else {
				managed++;
			}
		}
	}
	assert_int_equal(managed, totalram_pages());
	assert_int_equal(reserved + managed, memblock_total() / PAGE_SIZE);
	sim_world_end();
}

static void meminit_nodes_follow_memblock(void **state)
{
	const struct sim_config c = { .ram_bytes = MIB(96), .nr_nodes = 2 };

	sim_world_begin(&c);
	assert_int_equal(nr_nodes, 2);
	assert_int_equal(node_data[0]->present_pages, MIB(48) / PAGE_SIZE - 1);
	assert_int_equal(node_data[1]->present_pages, MIB(48) / PAGE_SIZE);
	assert_int_equal(node_data[1]->start_pfn, MIB(48) / PAGE_SIZE);
	struct page *page = alloc_pages_node(1, GFP_KERNEL | __GFP_THISNODE, 2);

	assert_int_equal(page_node_id(page), 1);
	__free_pages(page, 2);
	for (unsigned n = 0; n < 2; n++) {
		assert_int_equal(node_data[n]->zonelist.zones[0]->pgdat->node_id, n);
		buddy_check(node_data[n]->zonelist.zones[0]);
	}
	sim_world_end();
}

static void memblock_free_gives_to_the_buddy(void **state)
{
	sim_world_begin(NULL);
	unsigned long ram = totalram_pages();
	struct page *page = alloc_pages(GFP_KERNEL, 4);
	phys_t pa = page_to_phys(page);
	struct zone *z = page_zone(page);

	/* As if boot code had kept it: reserved frames that the zone never managed. */
	for (unsigned i = 0; i < 16; i++) {
		page_set_state(page + i, PS_RESERVED);
		atomic_set(&page[i]._refcount, 1);
	}
	atomic_long_add(&z->managed_pages, -16);
	assert_int_equal(memblock_reserve(pa, pa + 16 * PAGE_SIZE), 0);
	memblock_free(pa, pa + 16 * PAGE_SIZE);
	assert_int_equal(totalram_pages(), ram);
	assert_true(page_state(page) == PS_BUDDY || page_state(page) == PS_FREE);
	buddy_check(z);
	sim_world_end(); /* and nothing is lost */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(meminit_I4_spans_are_linux_s),
		cmocka_unit_test(zone_I2_watermarks_are_linux_s),
		cmocka_unit_test(zone_I1_zonelist_falls_from_high_to_low),
		cmocka_unit_test(gfp_masks_choose_zones),
		cmocka_unit_test(meminit_I1_holes_are_not_backed),
		cmocka_unit_test(meminit_I3_every_frame_has_its_place),
		cmocka_unit_test(meminit_nodes_follow_memblock),
		cmocka_unit_test(memblock_free_gives_to_the_buddy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
