/* Tests of kmap.c: windows on high frames, where there are any, and none needed on low ones. */
#include "arch/pt.h"
#include "mm/alloc.h"
#include "mm/imports.h"
#include "mm/vmalloc.h"
#include "sim/sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <stdint.h>

#include <cmocka.h>

static void world(void)
{
	struct sim_config cfg = { .lowmem_bytes = MIB(16) };

	sim_world_begin(&cfg);
}

/* A page without a linear address; 64-bit geometries have none. */
static struct page *high_page(void)
{
	struct page *page = alloc_page(GFP_HIGHUSER);

	assert_non_null(page);
	assert_int_equal(page_zone_id(page), ZONE_HIGHMEM);
	assert_null(page_address(page));
	return page;
}

static bool no_high_memory(void)
{
	return !zone_type_exists(ZONE_HIGHMEM);
}

static void lowmem_is_its_linear_address(void **state)
{
	struct page *page;

	world();
	page = alloc_page(GFP_KERNEL);
	assert_non_null(page);
	for (unsigned i = 0; i < 3; i++) {
		assert_ptr_equal(kmap_local_page(page), page_address(page));
		assert_int_equal(mm_ctx_current()->kmap_depth, 0);
	}
	for (unsigned i = 0; i < 3; i++)
		kunmap_local(page_address(page));
	__free_page(page);
	sim_world_end();
}

/* I1: a stack of windows; each shows its frame, two on one frame show the same bytes. */
static void kmap_I1_windows_nest(void **state)
{
	struct page *page[3];
	char *window[KMAP_SLOTS + 1];

	if (no_high_memory())
		return;
	world();
	for (unsigned i = 0; i < 3; i++)
		page[i] = high_page();
	for (unsigned i = 0; i < KMAP_SLOTS; i++) {
		window[i] = kmap_local_page(page[i % 3]);
		assert_int_equal(mm_ctx_current()->kmap_depth, i + 1);
		for (unsigned j = 0; j < i; j++)
			assert_ptr_not_equal(window[j], window[i]);
	}
	memset(window[0], 'a', PAGE_SIZE);
	memset(window[1] + 100, 'b', 1);
	assert_int_equal(window[3][PAGE_SIZE - 1], 'a');
	assert_int_equal(window[4][100], 'b');
	/* Offsets into a window are as good as its start. */
	for (unsigned i = KMAP_SLOTS; i-- > 0;)
		kunmap_local(window[i] + i);
	assert_int_equal(mm_ctx_current()->kmap_depth, 0);
	for (unsigned i = 0; i < 3; i++)
		__free_page(page[i]);
	sim_world_end();
}

static void a_window_used_again_shows_the_new_frame(void **state)
{
	struct page *a, *b;
	unsigned char *p;

	if (no_high_memory())
		return;
	world();
	a = high_page();
	b = high_page();
	for (unsigned i = 0; i < 6; i++) {
		p = kmap_local_page(i & 1 ? b : a);
		if (i > 1)
			assert_int_equal(*p, i - 2);
		*p = (unsigned char)i;
		kunmap_local(p);
	}
	__free_page(a);
	__free_page(b);
	sim_world_end();
}

static void too_many(void *arg)
{
	struct page *page;

	(void)arg;
	world();
	page = high_page();
	for (unsigned i = 0; i <= KMAP_SLOTS; i++)
		(void)kmap_local_page(page);
}

static void one_too_few(void *arg)
{
	struct page *page;
	void *p;

	(void)arg;
	world();
	page = high_page();
	p = kmap_local_page(page);
	kunmap_local(p);
	kunmap_local(p);
}

static void misuse_panics(void **state)
{
	if (no_high_memory())
		return;
	assert_true(sim_panics(too_many, NULL, "kmap_depth < KMAP_SLOTS"));
	assert_true(sim_panics(one_too_few, NULL, "kmap_depth > 0"));
}

/* ---- I2: each CPU has slots of its own ---- */

static struct page *shared[2];

static void look(void *arg)
{
	const unsigned me = (unsigned)(uintptr_t)arg;

	for (unsigned i = 0; i < 50; i++) {
		unsigned char *p = kmap_local_page(shared[me]);

		assert_int_equal(*p, 40 + me);
		p[i + 1] = (unsigned char)me;
		kunmap_local(p);
		sim_point();
	}
}

static void kmap_I2_cpus_do_not_meet(void **state)
{
	if (no_high_memory())
		return;
	world();
	for (unsigned i = 0; i < 2; i++) {
		unsigned char *p;

		shared[i] = high_page();
		p = kmap_local_page(shared[i]);
		*p = (unsigned char)(40 + i);
		kunmap_local(p);
	}
	sim_spawn(look, (void *)0, 0);
	sim_spawn(look, (void *)1, 1);
	sim_run();
	__free_page(shared[0]);
	__free_page(shared[1]);
	sim_world_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lowmem_is_its_linear_address),
		cmocka_unit_test(kmap_I1_windows_nest),
		cmocka_unit_test(a_window_used_again_shows_the_new_frame),
		cmocka_unit_test(misuse_panics),
		cmocka_unit_test(kmap_I2_cpus_do_not_meet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
