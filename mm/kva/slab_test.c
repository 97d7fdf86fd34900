/* Object caches: invariants, magazines over several CPUs, debugging marks, failures at every site. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/errno.h"
#include "lib/prng.h"
#include "mm/kva/slab_impl.h"
#include "sim/sim.h"
#include "sync/failpoint.h"

static struct kmem_cache *cache;

static int begin(void **state)
{
	sim_world_begin(NULL);
	cache = kmem_cache_create("test", 100, 0, 0, NULL);
	return cache ? 0 : -1;
}

static int end(void **state)
{
	int err = kmem_cache_destroy(cache);

	slab_check_all();
	sim_world_end();
	return err;
}

static void slab_objects_are_apart_and_aligned(void **state)
{
	static const size_t sizes[] = { 1, 8, 24, 100, 256, 700, 2048, 5000, 8192 };
	static const size_t aligns[] = { 0, 16, 64, 0, 256, 32, 0, 64, 4096 };

	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct kmem_cache *c = kmem_cache_create("sized", sizes[i], aligns[i], 0, NULL);
		char *objs[40];

		for (unsigned n = 0; n < 40; n++) {
			objs[n] = kmem_cache_alloc(c, GFP_KERNEL);
			assert_non_null(objs[n]);
			assert_int_equal(
				(uintptr_t)objs[n] % (aligns[i] ? aligns[i] : sizeof(void *)), 0);
			memset(objs[n], (int)n, sizes[i]);
		}
		for (unsigned n = 0; n < 40; n++) {
			for (size_t b = 0; b < sizes[i]; b++)
				assert_int_equal(objs[n][b], n);
			kmem_cache_free(c, objs[n]);
		}
		slab_check_all();
		assert_int_equal(kmem_cache_destroy(c), 0);
	}
}

static void slab_zalloc_zeroes_reused_objects(void **state)
{
	char *obj = kmem_cache_alloc(cache, GFP_KERNEL);

	memset(obj, 0xee, 100);
	kmem_cache_free(cache, obj);
	obj = kmem_cache_zalloc(cache, GFP_KERNEL);
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(obj[i], 0);
	kmem_cache_free(cache, obj);
	kmem_cache_free(cache, NULL);
}

/* ---- constructors ---- */

static unsigned constructed;

static void construct(void *obj)
{
	memset(obj, 0x11, 48);
	constructed++;
}

static void slab_I4_free_objects_stay_constructed(void **state)
{
	struct kmem_cache *c = kmem_cache_create("ctor", 48, 0, 0, construct);
	unsigned char *objs[100];

	constructed = 0;
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < 100; i++) {
			objs[i] = kmem_cache_alloc(c, GFP_KERNEL);
			for (unsigned b = 0; b < 48; b++)
				assert_int_equal(objs[i][b], 0x11);
		}
		for (unsigned i = 0; i < 100; i++)
			kmem_cache_free(c, objs[i]);
	}
	struct slabinfo info;
	unsigned pos = 0;

	while (slabinfo_next(&pos, &info) && strcmp(info.name, "ctor"))
		;
	assert_true(constructed >= 100 && constructed < 300);
	assert_int_equal(kmem_cache_destroy(c), 0);
}

/* ---- counters ---- */

static void find_info(const char *name, struct slabinfo *out)
{
	unsigned pos = 0;

	while (slabinfo_next(&pos, out)) {
		if (!strcmp(out->name, name))
			return;
	}
	fail();
}

static void slab_I2_counts_are_exact(void **state)
{
	struct slabinfo info;
	void *objs[200];
	long pages = (long)global_node_stat(NR_SLAB_UNRECLAIMABLE);

	for (unsigned i = 0; i < 200; i++)
		objs[i] = kmem_cache_alloc(cache, GFP_KERNEL);
	find_info("test", &info);
	assert_int_equal(info.active_objs, 200);
	assert_int_equal(info.num_slabs, (200 + info.objperslab - 1) / info.objperslab);
	assert_int_equal(info.num_objs, info.num_slabs * info.objperslab);
	assert_true((long)global_node_stat(NR_SLAB_UNRECLAIMABLE) - pages >=
		    (long)(info.num_slabs * info.pagesperslab));
	for (unsigned i = 0; i < 200; i++) {
		kmem_cache_free(cache, objs[i]);
		find_info("test", &info);
		assert_int_equal(info.active_objs, 199 - i);
	}
	slab_check_all();
	(void)slab_shrink_all();
	find_info("test", &info);
	assert_int_equal(info.num_slabs, 0);
	assert_int_equal(info.num_objs, 0);
}

static void slab_reclaimable_is_counted_apart(void **state)
{
	struct kmem_cache *c = kmem_cache_create("rec", 64, 0, SLAB_RECLAIM_ACCOUNT, NULL);
	unsigned long before = global_node_stat(NR_SLAB_RECLAIMABLE);
	void *obj = kmem_cache_alloc(c, GFP_KERNEL);

	assert_int_equal(global_node_stat(NR_SLAB_RECLAIMABLE), before + 1);
	kmem_cache_free(c, obj);
	assert_int_equal(kmem_cache_destroy(c), 0);
	assert_int_equal(global_node_stat(NR_SLAB_RECLAIMABLE), before);
}

static void slab_destroy_refuses_while_in_use(void **state)
{
	void *obj = kmem_cache_alloc(cache, GFP_KERNEL);
	struct kmem_cache *c = cache;

	assert_int_equal(kmem_cache_destroy(c), -EBUSY);
	kmem_cache_free(c, obj);
}

static void slab_magazine_is_last_in_first_out(void **state)
{
	void *a = kmem_cache_alloc(cache, GFP_KERNEL), *b = kmem_cache_alloc(cache, GFP_KERNEL);

	kmem_cache_free(cache, a);
	kmem_cache_free(cache, b);
	assert_ptr_equal(kmem_cache_alloc(cache, GFP_KERNEL), b);
	assert_ptr_equal(kmem_cache_alloc(cache, GFP_KERNEL), a);
	kmem_cache_free(cache, a);
	kmem_cache_free(cache, b);
}

/* ---- several CPUs: one makes, another frees, a third shrinks ---- */

enum { SHELF = 64 };
static void *shelf[SHELF];

static void trade(void *arg)
{
	for (unsigned step = 0; step < 600; step++) {
		unsigned i = (unsigned)sim_random(SHELF);
		void *obj = shelf[i];

		shelf[i] = NULL;
		if (obj) {
			kmem_cache_free(cache, obj);
			continue;
		}
		obj = kmem_cache_alloc(cache, GFP_KERNEL);
		memset(obj, 0x77, 100);
		if (shelf[i])
			kmem_cache_free(cache, obj); /* somebody was faster */
		else
			shelf[i] = obj;
		if (sim_random(80) == 0)
			(void)kmem_cache_shrink(cache);
	}
}

static void slab_I3_objects_may_be_freed_anywhere(void **state)
{
	for (int i = 0; i < 4; i++)
		assert_non_null(sim_spawn(trade, NULL, i % 2));
	sim_run();
	slab_check_all();
	for (unsigned i = 0; i < SHELF; i++) {
		kmem_cache_free(cache, shelf[i]);
		shelf[i] = NULL;
	}
}

/* ---- model ---- */

static void slab_random_operations_keep_all_invariants(void **state)
{
	static struct {
		unsigned char *p;
		unsigned char tag;
	} held[800];
	unsigned nr = 0;
	struct prng rng;

	prng_seed(&rng, 7);
	for (unsigned step = 0; step < 20000; step++) {
		if (nr < 800 && prng_below(&rng, 100) < (step / 2500 % 2 ? 42u : 58u)) {
			held[nr].p = kmem_cache_alloc(cache, GFP_KERNEL);
			held[nr].tag = (unsigned char)prng_below(&rng, 256);
			memset(held[nr].p, held[nr].tag, 100);
			nr++;
		} else if (nr) {
			unsigned i = prng_below(&rng, nr);

			assert_int_equal(held[i].p[0], held[i].tag);
			assert_int_equal(held[i].p[99], held[i].tag);
			kmem_cache_free(cache, held[i].p);
			held[i] = held[--nr];
		}
		if (step % 1000 == 0)
			slab_check_all();
	}
	while (nr)
		kmem_cache_free(cache, held[--nr].p);
	slab_check_all();
}

/* ---- failures ---- */

/* Free pages when nothing is cached. */
static unsigned long settled(void)
{
	(void)slab_shrink_all();
	drain_all_pages();
	return nr_free_pages();
}

static void slab_every_failure_is_clean(void **state)
{
	unsigned long all = settled();
	unsigned n;

	for (n = 1;; n++) {
		struct kmem_cache *c;
		void *obj = NULL;

		failpoint_arm(n);
		c = kmem_cache_create("fails", 3000, 0, 0, NULL);
		if (c)
			obj = kmem_cache_alloc(c, GFP_KERNEL);
		bool fired = failpoint_fired();

		failpoint_arm(0);
		assert_true(obj || fired);
		if (obj)
			kmem_cache_free(c, obj);
		if (c)
			assert_int_equal(kmem_cache_destroy(c), 0);
		slab_check_all();
		assert_int_equal(settled(), all);
		if (!fired)
			break;
	}
	assert_true(n > 2);
}

/* ---- misuse ---- */

static char *fresh(void)
{
	sim_world_begin(NULL);
	cache = kmem_cache_create("test", 100, 0, 0, NULL);
	return kmem_cache_alloc(cache, GFP_KERNEL);
}

static void twice(void *arg)
{
	void *p = fresh();

	kmem_cache_free(cache, p);
	kmem_cache_free(cache, p);
}

static void overrun(void *arg)
{
	char *p = fresh();

	p[100] = 1;
	kmem_cache_free(cache, p);
}

static void underrun(void *arg)
{
	char *p = fresh();

	p[-1] = 1;
	kmem_cache_free(cache, p);
}

static void stale_write(void *arg)
{
	char *p = fresh();

	kmem_cache_free(cache, p);
	p[50] = 1;
	p = kmem_cache_alloc(cache, GFP_KERNEL);
}

static void middle(void *arg)
{
	kmem_cache_free(cache, fresh() + 8);
}

static void foreign(void *arg)
{
	void *p = fresh();

	kmem_cache_free(kmem_cache_create("other", 100, 0, 0, NULL), p);
}

static void no_slab(void *arg)
{
	sim_world_begin(NULL);
	kmem_cache_free(kmem_cache_create("other", 100, 0, 0, NULL),
			page_address(alloc_page(GFP_KERNEL)));
}

static void slab_debug_misuse_is_fatal(void **state)
{
	assert_true(sim_panics(twice, NULL, "freed twice"));
	assert_true(sim_panics(overrun, NULL, "outside its bounds"));
	assert_true(sim_panics(underrun, NULL, "outside its bounds"));
	assert_true(sim_panics(stale_write, NULL, "after it was freed"));
	assert_true(sim_panics(middle, NULL, "no object starts there"));
	assert_true(sim_panics(foreign, NULL, "slab_cache"));
	assert_true(sim_panics(no_slab, NULL, "not a slab object"));
}

#define world_test(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(slab_objects_are_apart_and_aligned),
		world_test(slab_zalloc_zeroes_reused_objects),
		world_test(slab_I4_free_objects_stay_constructed),
		world_test(slab_I2_counts_are_exact),
		world_test(slab_reclaimable_is_counted_apart),
		world_test(slab_destroy_refuses_while_in_use),
		world_test(slab_magazine_is_last_in_first_out),
		world_test(slab_I3_objects_may_be_freed_anywhere),
		world_test(slab_random_operations_keep_all_invariants),
		world_test(slab_every_failure_is_clean),
		cmocka_unit_test(slab_debug_misuse_is_fatal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
