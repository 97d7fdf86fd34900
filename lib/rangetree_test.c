/* The range tree against a sorted array, with random operations; gap searches against a scan. */
#include "lib/rangetree.h"

#include "base/errno.h"

#include <stdlib.h>

#include <setjmp.h>

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/nodes_test.h"

enum { MAX_RANGES = 3000, SPACE = 60000 };

struct range {
	unsigned long start, end;
};
static struct range model[MAX_RANGES];
static unsigned nr_model;

static void *node_alloc(void)
{
	return counted_node(RANGETREE_NODE_SIZE);
}

/* First model range with end > addr. */
static unsigned model_find(unsigned long addr)
{
	unsigned i = 0;

	while (i < nr_model && model[i].end <= addr)
		i++;
	return i;
}

static void *item_of(unsigned long start)
{
	return (void *)(start * 8 + 8);
}

static void model_insert(unsigned at, unsigned long start, unsigned long end)
{
	for (unsigned i = nr_model++; i > at; i--)
		model[i] = model[i - 1];
	model[at] = (struct range){ start, end };
}

static void model_remove(unsigned at)
{
	nr_model--;
	for (unsigned i = at; i < nr_model; i++)
		model[i] = model[i + 1];
}

static void try_insert(struct rangetree *t)
{
	unsigned long start = rnd(SPACE), end = start + 1 + rnd(12);
	unsigned at = model_find(start);

	if (nr_model == MAX_RANGES || (at < nr_model && model[at].start < end))
		return;
	assert_int_equal(rangetree_reserve(t, 1), 0);
	rangetree_insert(t, start, end, item_of(start));
	model_insert(at, start, end);
}

static void try_remove(struct rangetree *t)
{
	unsigned at = nr_model ? (unsigned)rnd(nr_model) : 0;

	if (!nr_model)
		return;
	assert_ptr_equal(rangetree_remove(t, model[at].start),
			 at + 1 < nr_model ? item_of(model[at + 1].start) : NULL);
	model_remove(at);
}

static void try_resize(struct rangetree *t)
{
	unsigned at = nr_model ? (unsigned)rnd(nr_model) : 0;
	unsigned long low, high, start, end;

	if (!nr_model)
		return;
	low = at ? model[at - 1].end : 0;
	high = at + 1 < nr_model ? model[at + 1].start : SPACE + 100;
	if (high - low > 40) {
		low = low + 20 < model[at].start ? model[at].start - 20 : low;
		high = model[at].end + 20 < high ? model[at].end + 20 : high;
	}
	start = low + rnd(high - low);
	end = start + 1 + rnd(high - start);
	rangetree_resize(t, model[at].start, start, end);
	rangetree_set_item(t, start, item_of(start));
	model[at] = (struct range){ start, end };
}

static void try_split_or_join(struct rangetree *t)
{
	unsigned at = nr_model ? (unsigned)rnd(nr_model) : 0;
	struct range *r = &model[at];
	unsigned long mid, stop;

	if (!nr_model)
		return;
	if (rnd(3) == 0 && r->end - r->start > 2 && nr_model + 1 < MAX_RANGES) {
		mid = r->start + 1 + rnd(r->end - r->start - 2);
		stop = mid + 1 + rnd(r->end - mid - 1);
		assert_int_equal(rangetree_reserve(t, 2), 0);
		/* It keeps its item, which the model says by the start: each part has the one of its own. */
		rangetree_set_item(t, r->start, item_of(mid));
		rangetree_cut(
			t, r->start,
			&(struct rangetree_cut){ mid, stop, item_of(r->start), item_of(stop) });
		model_insert(at + 1, stop, r->end);
		model_insert(at + 1, mid, stop);
		r->end = mid;
		return;
	}
	if (rnd(2) && r->end - r->start > 1 && nr_model < MAX_RANGES) {
		mid = r->start + 1 + rnd(r->end - r->start - 1);
		assert_int_equal(rangetree_reserve(t, 1), 0);
		rangetree_split(t, r->start, mid, item_of(mid));
		model_insert(at + 1, mid, r->end);
		r->end = mid;
	} else if (at + 1 < nr_model && r->end == r[1].start) {
		bool two = at + 2 < nr_model && r[1].end == r[2].start && rnd(2);

		rangetree_join(t, r->start, two ? 2 : 1, item_of(r->start));
		r->end = r[two ? 2 : 1].end;
		model_remove(at + 1);
		if (two)
			model_remove(at + 1);
	}
}

static void compare_around(struct rangetree *t, unsigned long start, unsigned long end)
{
	unsigned at = model_find(end), before = nr_model;
	void *prev, *next;

	while (before && model[before - 1].start >= start)
		before--;
	rangetree_around(t, start, end, &prev, &next);
	assert_ptr_equal(prev, before ? item_of(model[before - 1].start) : NULL);
	assert_ptr_equal(next, at < nr_model ? item_of(model[at].start) : NULL);
}

static void compare_finds(struct rangetree *t)
{
	unsigned long addr = rnd(SPACE + 200);
	unsigned at = model_find(addr);
	void *want = at < nr_model ? item_of(model[at].start) : NULL;
	unsigned before = nr_model;

	assert_ptr_equal(rangetree_find(t, addr), want);
	while (before && model[before - 1].start >= addr)
		before--;
	want = before ? item_of(model[before - 1].start) : NULL;
	assert_ptr_equal(rangetree_find_prev(t, addr), want);
	compare_around(t, addr, addr + rnd(30));
}

static bool naive_lowest(unsigned long low, unsigned long high, unsigned long size,
			 unsigned long *out)
{
	unsigned long edge = low;

	for (unsigned i = 0; i <= nr_model; i++) {
		unsigned long stop = i < nr_model && model[i].start < high ? model[i].start : high;

		if (stop > edge && stop - edge >= size) {
			*out = edge;
			return true;
		}
		if (i < nr_model && model[i].end > edge)
			edge = model[i].end;
	}
	return false;
}

static bool naive_highest(unsigned long low, unsigned long high, unsigned long size,
			  unsigned long *out)
{
	unsigned long edge = high;

	for (unsigned i = nr_model + 1; i-- > 0;) {
		unsigned long stop = i && model[i - 1].end > low ? model[i - 1].end : low;

		if (edge > stop && edge - stop >= size) {
			*out = edge - size;
			return true;
		}
		if (i && model[i - 1].start < edge)
			edge = model[i - 1].start;
	}
	return false;
}

/* The gap begins at @want, 0: there is none; what the search says lies around it does. */
static void compare_gap(const struct rangetree_gap *found, unsigned long want)
{
	unsigned next = model_find(want);

	assert_int_equal(found->start, want);
	if (!want)
		return;
	assert_ptr_equal(found->prev, next ? item_of(model[next - 1].start) : NULL);
	assert_ptr_equal(found->next, next < nr_model ? item_of(model[next].start) : NULL);
}

static void compare_gaps(struct rangetree *t)
{
	unsigned long low = rnd(SPACE), high = low + 1 + rnd(SPACE + 100 - low), size = 1 + rnd(60);
	struct rangetree_gap a = { 0, NULL, NULL };
	unsigned long b = 0;

	assert_int_equal(rangetree_gap_lowest(t, low, high, size, &a),
			 naive_lowest(low, high, size, &b));
	compare_gap(&a, b);
	a = (struct rangetree_gap){ 0, NULL, NULL };
	b = 0;
	assert_int_equal(rangetree_gap_highest(t, low, high, size, &a),
			 naive_highest(low, high, size, &b));
	compare_gap(&a, b);
}

static void run_model(unsigned long steps, unsigned insert_percent)
{
	struct rangetree t;

	rangetree_init(&t, node_alloc, node_free);
	nr_model = 0;
	for (unsigned long i = 0; i < steps; i++) {
		unsigned what = (unsigned)rnd(100);

		if (what < insert_percent)
			try_insert(&t);
		else if (what < 80)
			try_remove(&t);
		else if (what < 90)
			try_resize(&t);
		else
			try_split_or_join(&t);
		compare_finds(&t);
		if (i / 64 % 2 || i % 16 == 0) /* else bounds get loose */
			compare_gaps(&t);
		if (i % 16 == 0)
			assert_null(rangetree_check(&t));
	}
	assert_int_equal(t.nr, nr_model);
	rangetree_destroy(&t);
	assert_int_equal(nodes_out, 0);
}

static void rangetree_I1_to_I5_against_a_sorted_array(void **state)
{
	(void)state;
	for (seed = 1; seed < 5000000; seed = seed % 1000 * 7 + seed / 3 + 12345678) {
		run_model(3000, 60);
		run_model(1500, 40);
		if (seed > 1000000)
			break;
	}
	seed = 99;
	run_model(20000, 70);
}

static void rangetree_ascending_and_descending(void **state)
{
	struct rangetree t;

	(void)state;
	rangetree_init(&t, node_alloc, node_free);
	for (unsigned long i = 1; i <= 1000; i++) {
		assert_int_equal(rangetree_reserve(&t, 2), 0);
		rangetree_insert(&t, 100000 + i * 4, 100000 + i * 4 + 4, item_of(i));
		rangetree_insert(&t, 100000 - i * 4, 100000 - i * 4 + 4, item_of(i));
		assert_null(rangetree_check(&t));
	}
	for (unsigned long i = 1; i <= 1000; i++) {
		rangetree_remove(&t, 100000 + i * 4);
		rangetree_remove(&t, 100000 - i * 4);
		assert_null(rangetree_check(&t));
	}
	assert_null(t.root);
	rangetree_destroy(&t);
	assert_int_equal(nodes_out, 0);
}

/* As a program that maps one thing below the other, above its own parts. At most one leaf in eight is not full. */
static void rangetree_downwards_leaves_full_leaves(void **state)
{
	const unsigned long n = 6000, slots = (RANGETREE_NODE_SIZE / sizeof(long) - 2) / 4;
	struct rangetree t;

	(void)state;
	rangetree_init(&t, node_alloc, node_free);
	for (unsigned long i = 1; i <= n; i++) {
		unsigned long start = i <= 5 ? i * 16 : 1000000 - i * 16;

		assert_int_equal(rangetree_reserve(&t, 1), 0);
		rangetree_insert(&t, start, start + 16, item_of(i));
	}
	assert_null(rangetree_check(&t));
	rangetree_unreserve(&t);
	assert_in_range(nodes_out, n / slots, n / slots * 9 / 8 + n / slots / (slots - 3));
	rangetree_destroy(&t);
	assert_int_equal(nodes_out, 0);
}

static void rangetree_reserve_fails_cleanly(void **state)
{
	struct rangetree t;

	(void)state;
	rangetree_init(&t, node_alloc, node_free);
	for (long n = 0;; n++) {
		int err;

		fail_after = n;
		err = rangetree_reserve(&t, 3);
		fail_after = -1;
		if (!err)
			break;
		assert_int_equal(err, -ENOMEM);
		rangetree_unreserve(&t);
		assert_int_equal(nodes_out, 0);
	}
	rangetree_destroy(&t);
	assert_int_equal(nodes_out, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rangetree_I1_to_I5_against_a_sorted_array),
		cmocka_unit_test(rangetree_ascending_and_descending),
		cmocka_unit_test(rangetree_downwards_leaves_full_leaves),
		cmocka_unit_test(rangetree_reserve_fails_cleanly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
