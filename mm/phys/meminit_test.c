/* Tests of meminit.c: which frames have a descriptor, what it says, and the sums of zones, for several maps of memory. */
#include "mm/alloc.h"
#include "mm/memblock.h"
#include "mm/phys/phys_impl.h"
#include "sim/sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <stdint.h>

#include <cmocka.h>

static const struct sim_config maps[] = {
	{ .ram_bytes = MIB(64) },
	{ .ram_bytes = MIB(24), .lowmem_bytes = MIB(20) },
	{ .ram_bytes = MIB(96),
	  .hole_start = MIB(40),
	  .hole_end = MIB(64) }, /* of whole sections */
	{ .ram_bytes = MIB(48), .hole_start = MIB(17), .hole_end = MIB(17) + 40 * PAGE_SIZE },
	{ .ram_bytes = MIB(33) + 3 * PAGE_SIZE }, /* its end inside a section */
	{ .ram_bytes = MIB(128), .nr_nodes = 2 },
	{ .ram_bytes = MIB(160), .nr_nodes = 3, .hole_start = MIB(30), .hole_end = MIB(70) },
	/* nodes that share sections and pageblocks */
	{ .ram_bytes = MIB(64), .nr_nodes = 3, .node_stripe = MIB(1) + 5 * PAGE_SIZE },
	{ .ram_bytes = MIB(96), .nr_nodes = 2, .node_stripe = MIB(7) },
};

#define for_each_map(c) for (const struct sim_config *c = maps; c < maps + ARRAY_SIZE(maps); c++)

/* Is the frame RAM, and of which node? */
static bool is_ram(pfn_t pfn, int *node)
{
	struct memblock_range r;

	for (unsigned i = 0; memblock_memory(i, &r); i++) {
		if (pfn >= phys_to_pfn(r.start) && pfn < phys_to_pfn(r.end)) {
			*node = r.node;
			return true;
		}
	}
	return false;
}

static bool section_has_ram(pfn_t pfn)
{
	pfn_t first = round_down_pow2(pfn, (pfn_t)SECTION_PAGES);
	int node;

	for (pfn_t p = first; p < first + SECTION_PAGES; p++) {
		if (is_ram(p, &node))
			return true;
	}
	return false;
}

static pfn_t beyond_everything(void)
{
	return round_up_pow2(max_pfn, (pfn_t)SECTION_PAGES) + 2 * SECTION_PAGES;
}

static void meminit_I1_descriptors_for_sections_with_ram(void **state)
{
	for_each_map(c)
	{
		sim_world_begin(c);
		assert_int_equal(max_pfn, phys_to_pfn(memblock_end_of_ram()));
		for (pfn_t p = 0; p < beyond_everything(); p += SECTION_PAGES / 4)
			assert_int_equal(pfn_valid(p), section_has_ram(p));
		sim_world_end();
	}
}

static void meminit_I2_every_descriptor_has_its_place(void **state)
{
	for_each_map(c)
	{
		sim_world_begin(c);
		for (pfn_t p = 0; p < beyond_everything(); p++) {
			struct zone *z;
			pfn_t start, end;
			int node;

			if (!pfn_valid(p))
				continue;
			z = page_zone(pfn_to_page(p));
			assert_non_null(z);
			zone_type_range(z->type, &start, &end);
			assert_true(p >= start && p < end);
			if (is_ram(p, &node)) {
				assert_int_equal(z->pgdat->node_id, node);
				assert_int_equal(page_node_id(pfn_to_page(p)), node);
				assert_true(p >= z->start_pfn &&
					    p < z->start_pfn + z->spanned_pages);
			}
		}
		sim_world_end();
	}
}

static bool is_reserved(pfn_t pfn)
{
	struct memblock_range r;

	for (unsigned i = 0; memblock_reserved(i, &r); i++) {
		if (pfn >= phys_to_pfn(r.start) && pfn < phys_to_pfn(r.end))
			return true;
	}
	return false;
}

static void meminit_I3_what_is_not_free_ram_is_reserved(void **state)
{
	for_each_map(c)
	{
		sim_world_begin(c);
		for (pfn_t p = 0; p < max_pfn; p++) {
			int node;

			if (!pfn_valid(p) || (is_ram(p, &node) && !is_reserved(p)))
				continue;
			assert_int_equal(page_state(pfn_to_page(p)), PS_RESERVED);
			assert_int_equal(page_ref_count(pfn_to_page(p)), 1);
			assert_int_equal(page_mapcount(pfn_to_page(p)), 0);
		}
		sim_world_end();
	}
}

struct sums {
	unsigned long present, managed, first, last;
};

static void count_zone(const struct zone *z, struct sums *s)
{
	*s = (struct sums){ 0, 0, ULONG_MAX, 0 };
	for (pfn_t p = 0; p < max_pfn; p++) {
		int node;

		if (!is_ram(p, &node) || page_zone(pfn_to_page(p)) != z)
			continue;
		s->present++;
		s->managed += !is_reserved(p);
		s->first = min_of(unsigned long, s->first, p);
		s->last = p;
	}
}

static void meminit_I4_spanned_present_managed(void **state)
{
	for_each_map(c)
	{
		unsigned long total = 0;
		struct sums s;
		struct zone *z;

		sim_world_begin(c);
		assert_int_equal(nr_nodes, c->nr_nodes ? c->nr_nodes : 1);
		for (unsigned n = 0; n < nr_nodes; n++) {
			unsigned long node_present = 0;

			for_each_zone (node_data[n], z) {
				count_zone(z, &s);
				assert_int_equal(z->present_pages, s.present);
				assert_int_equal(atomic_long_read(&z->managed_pages), s.managed);
				if (s.present) {
					assert_int_equal(z->start_pfn, s.first);
					assert_int_equal(z->spanned_pages, s.last + 1 - s.first);
				}
				buddy_check(z);
				node_present += s.present;
			}
			assert_int_equal(node_data[n]->present_pages, node_present);
			total += node_present;
		}
		assert_int_equal(total, memblock_total() >> PAGE_SHIFT);
		sim_world_end();
	}
}

static void tiny(void *arg)
{
	struct sim_config cfg = { .ram_bytes = MIB(64), .lowmem_bytes = 16 * PAGE_SIZE };

	(void)arg;
	sim_world_begin(&cfg);
}

/* A machine whose low memory cannot hold the page array says so. */
static void no_memory_for_the_page_array_panics(void **state)
{
	if (!zone_type_exists(ZONE_HIGHMEM))
		return; /* there all memory is low */
	assert_true(sim_panics(tiny, NULL, "no memory"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(meminit_I1_descriptors_for_sections_with_ram),
		cmocka_unit_test(meminit_I2_every_descriptor_has_its_place),
		cmocka_unit_test(meminit_I3_what_is_not_free_ram_is_reserved),
		cmocka_unit_test(meminit_I4_spanned_present_managed),
		cmocka_unit_test(no_memory_for_the_page_array_panics),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
