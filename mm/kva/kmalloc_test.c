/* kmalloc: every size, and the calls around it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/prng.h"
#include "mm/alloc.h"
#include "mm/slab.h"
#include "sim/sim.h"
#include "sync/failpoint.h"

static int begin(void **state)
{
	sim_world_begin(NULL);
	return 0;
}

static int end(void **state)
{
	slab_check_all();
	sim_world_end();
	return 0;
}

static void kmalloc_I1_every_size_fits_and_is_aligned(void **state)
{
	for (size_t size = 0; size <= 9000; size += size < 300 ? 1 : 37) {
		char *p = kmalloc(size, GFP_KERNEL);

		assert_non_null(p);
		assert_true(ksize(p) >= size);
		assert_int_equal((uintptr_t)p % 8, 0);
		if (size >= 8 && size <= 64 && !(size & (size - 1)))
			assert_int_equal((uintptr_t)p % size, 0);
		memset(p, 0x5c, size);
		kfree(p);
	}
	kfree(NULL);
}

static void kmalloc_classes_are_linux_s(void **state)
{
	static const size_t want[][2] = { { 1, 8 },	  { 8, 8 },	  { 9, 16 },
					  { 65, 96 },	  { 97, 128 },	  { 129, 192 },
					  { 193, 256 },	  { 257, 512 },	  { 4097, 8192 },
					  { 8192, 8192 }, { 8193, 16384 } };

	for (unsigned i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		void *p = kmalloc(want[i][0], GFP_KERNEL);

		assert_int_equal(ksize(p), want[i][1]);
		kfree(p);
	}
	assert_int_equal(ksize(NULL), 0);
}

static void kmalloc_large_is_whole_pages(void **state)
{
	unsigned long all = nr_free_pages();
	unsigned long slab = global_node_stat(NR_SLAB_UNRECLAIMABLE);
	char *p = kmalloc(100000, GFP_KERNEL | __GFP_ZERO);

	assert_int_equal((uintptr_t)p % PAGE_SIZE, 0);
	assert_int_equal(nr_free_pages(), all - 32);
	assert_int_equal(global_node_stat(NR_SLAB_UNRECLAIMABLE), slab + 32);
	for (size_t i = 0; i < 100000; i++)
		assert_int_equal(p[i], 0);
	kfree(p);
	assert_int_equal(nr_free_pages(), all);
	assert_null(kmalloc((size_t)8 << 20, GFP_KERNEL | __GFP_NOWARN));
	assert_null(kmalloc(SIZE_MAX, GFP_KERNEL | __GFP_NOWARN));
}

static void kmalloc_zero_bytes_are_unique(void **state)
{
	void *a = kmalloc(0, GFP_KERNEL), *b = kmalloc(0, GFP_KERNEL);

	assert_non_null(a);
	assert_ptr_not_equal(a, b);
	kfree(a);
	kfree(b);
}

static void kcalloc_overflow_is_null(void **state)
{
	assert_null(kcalloc(SIZE_MAX / 2, 3, GFP_KERNEL));
	int *p = kcalloc(10, sizeof(int), GFP_KERNEL);

	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(p[i], 0);
	kfree(p);
}

static void krealloc_keeps_the_contents(void **state)
{
	char *p = krealloc(NULL, 10, GFP_KERNEL);

	memcpy(p, "123456789", 10);
	for (size_t size = 10; size < 20000; size = size * 3 / 2) {
		p = krealloc(p, size, GFP_KERNEL);
		assert_string_equal(p, "123456789");
	}
	failpoint_arm(1);
	assert_null(krealloc(p, 50000, GFP_KERNEL));
	failpoint_arm(0);
	assert_string_equal(p, "123456789"); /* the old object lives on */
	p = krealloc(p, 10, GFP_KERNEL);
	assert_string_equal(p, "123456789");
	kfree(p);
	char *z = krealloc(NULL, 100, GFP_KERNEL | __GFP_ZERO);

	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(z[i], 0);
	kfree(z);
}

static void strings_are_copied(void **state)
{
	char *p = kstrdup("mnemos", GFP_KERNEL);

	assert_string_equal(p, "mnemos");
	kfree(p);
	p = kstrndup("mnemos", 3, GFP_KERNEL);
	assert_string_equal(p, "mne");
	kfree(p);
	p = kmemdup("a\0b", 3, GFP_KERNEL);
	assert_memory_equal(p, "a\0b", 3);
	kfree(p);
	failpoint_arm(1);
	assert_null(kstrdup("x", GFP_KERNEL));
	failpoint_arm(0);
}

static void kmalloc_random_sizes_do_not_touch_each_other(void **state)
{
	static struct {
		unsigned char *p;
		size_t size;
		unsigned char tag;
	} held[300];
	unsigned nr = 0;
	struct prng rng;

	prng_seed(&rng, 3);
	for (unsigned step = 0; step < 6000; step++) {
		if (nr < 300 && prng_below(&rng, 2)) {
			held[nr].size = prng_below(&rng, prng_below(&rng, 20) ? 600 : 30000);
			held[nr].p = kmalloc(held[nr].size, GFP_KERNEL);
			held[nr].tag = (unsigned char)step;
			memset(held[nr].p, held[nr].tag, held[nr].size);
			nr++;
		} else if (nr) {
			unsigned i = prng_below(&rng, nr);

			for (size_t b = 0; b < held[i].size; b += 7)
				assert_int_equal(held[i].p[b], held[i].tag);
			kfree(held[i].p);
			held[i] = held[--nr];
		}
	}
	while (nr)
		kfree(held[--nr].p);
}

static void bad_kfree(void *arg)
{
	sim_world_begin(NULL);
	struct page *page = alloc_page(GFP_KERNEL);

	page_become(page, PS_KERNEL, PS_TABLE);
	kfree(page_address(page));
}

static void kfree_of_something_else_is_fatal(void **state)
{
	assert_true(sim_panics(bad_kfree, NULL, "kfree"));
}

#define world_test(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(kmalloc_I1_every_size_fits_and_is_aligned),
		world_test(kmalloc_classes_are_linux_s),
		world_test(kmalloc_large_is_whole_pages),
		world_test(kmalloc_zero_bytes_are_unique),
		world_test(kcalloc_overflow_is_null),
		world_test(krealloc_keeps_the_contents),
		world_test(strings_are_copied),
		world_test(kmalloc_random_sizes_do_not_touch_each_other),
		cmocka_unit_test(kfree_of_something_else_is_fatal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
