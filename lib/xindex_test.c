/* The radix index against an array of (index, item, tags), with random operations. */
#include "lib/xindex.h"

#include "base/errno.h"

#include <stdlib.h>

#include <setjmp.h>

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/nodes_test.h"

enum { MAX_ITEMS = 400 };

struct entry {
	unsigned long index;
	void *item;
	unsigned tags;
};
static struct entry model[MAX_ITEMS];
static unsigned nr_model;

static void *node_alloc(void)
{
	return counted_node(xindex_node_size);
}

/* Dense low indexes, sparse ones of any height, and the largest. */
static unsigned long some_index(void)
{
	switch (rnd(4)) {
	case 0:
		return rnd(70);
	case 1:
		return rnd(6000);
	case 2:
		return ~0UL - rnd(70);
	default:
		return (1UL << rnd(sizeof(long) * 8)) + rnd(3);
	}
}

static struct entry *model_find(unsigned long index)
{
	for (unsigned i = 0; i < nr_model; i++) {
		if (model[i].index == index)
			return &model[i];
	}
	return NULL;
}

static int insert(struct xindex *x, unsigned long index, void *item)
{
	struct xindex_reserve r;
	int err;

	xindex_reserve_init(&r);
	err = xindex_insert(x, index, item, &r);
	if (err == -ENOMEM) {
		assert_null(xindex_check(x));
		err = xindex_reserve_fill(&r, node_alloc, node_free);
		if (err)
			return err;
		err = xindex_insert(x, index, item, &r);
		assert_int_equal(r.nr, 0); /* the demand was exact */
	}
	xindex_reserve_drop(&r, node_free);
	return err;
}

static void step_insert(struct xindex *x, unsigned long index)
{
	static char items[MAX_ITEMS * 8];
	struct entry *e = model_find(index);

	if (e) {
		assert_int_equal(insert(x, index, items), -EEXIST);
		return;
	}
	if (nr_model == MAX_ITEMS)
		return;
	model[nr_model] = (struct entry){ index, &items[nr_model], 0 };
	assert_int_equal(insert(x, index, &items[nr_model]), 0);
	nr_model++;
}

static void step_remove(struct xindex *x, unsigned long index)
{
	struct entry *e = model_find(index);

	assert_ptr_equal(xindex_remove(x, index, node_free), e ? e->item : NULL);
	if (e)
		*e = model[--nr_model];
}

static void step_tag(struct xindex *x, unsigned long index)
{
	struct entry *e = model_find(index);
	unsigned tag = (unsigned)rnd(XINDEX_NR_TAGS);
	bool set = rnd(2);

	if (set)
		xindex_tag_set(x, index, tag);
	else
		xindex_tag_clear(x, index, tag);
	if (e)
		e->tags = set ? e->tags | 1u << tag : e->tags & ~(1u << tag);
	assert_int_equal(xindex_tag_get(x, index, tag), e && (e->tags >> tag & 1));
}

/* Numbers and pointers take each other's places; now and then the tags go. */
static void step_replace(struct xindex *x, unsigned long index)
{
	struct entry *e = model_find(index);
	bool all;

	if (!e)
		return;
	e->item = rnd(2) ? xindex_value(rnd(1000)) : model;
	xindex_replace(x, index, e->item);
	if (rnd(2)) {
		xindex_untag(x, index);
		e->tags = 0;
	}
	if (!xindex_leaf(x, index, &all))
		return;
	for (unsigned i = 0; all && i < nr_model; i++) {
		if (model[i].index / XINDEX_LEAF_SLOTS == index / XINDEX_LEAF_SLOTS)
			assert_true(xindex_is_value(model[i].item));
	}
	assert_true(!all || xindex_is_value(e->item));
}

static void compare_next(struct xindex *x, unsigned long from, int tag)
{
	struct entry *best = NULL;
	unsigned long at = from;
	void *got = tag < 0 ? xindex_next(x, &at) : xindex_next_tagged(x, &at, (unsigned)tag);

	for (unsigned i = 0; i < nr_model; i++) {
		struct entry *e = &model[i];

		if (e->index >= from && (tag < 0 || (e->tags >> tag & 1)) &&
		    (!best || e->index < best->index))
			best = e;
	}
	assert_ptr_equal(got, best ? best->item : NULL);
	assert_int_equal(at, best ? best->index : from);
}

static void compare_run(struct xindex *x, unsigned long first)
{
	unsigned nr = 1 + (unsigned)rnd(100);
	void *const *slots;

	if (first + nr < first)
		return;
	for (unsigned i = 0, n = nr; i < nr; i += n, n = nr - i) {
		slots = xindex_slots(x, first + i, &n);
		assert_in_range(n, 1, nr - i);
		for (unsigned k = 0; k < n; k++) {
			struct entry *e = model_find(first + i + k);

			assert_ptr_equal(slots ? slots[k] : NULL, e ? e->item : NULL);
		}
	}
}

static void step_tag_range(struct xindex *x, unsigned long first)
{
	unsigned from = (unsigned)rnd(XINDEX_NR_TAGS), to = (from + 1) % XINDEX_NR_TAGS, n;
	unsigned long last = first + rnd(5000), at = first;

	if (last < first)
		return;
	do
		n = xindex_tag_range(x, &at, last, from, to, 7);
	while (n == 7 && at <= last);
	for (unsigned i = 0; i < nr_model; i++) {
		struct entry *e = &model[i];

		if (e->index >= first && e->index <= last && (e->tags >> from & 1))
			e->tags |= 1u << to;
		assert_int_equal(xindex_tag_get(x, e->index, to), e->tags >> to & 1);
	}
}

static void xindex_I1_to_I5_against_a_list(void **state)
{
	struct xindex x;

	(void)state;
	xindex_init(&x);
	for (unsigned round = 0; round < 40; round++) {
		unsigned remove_weight = round % 2 ? 6 : 2;

		for (unsigned i = 0; i < 600; i++) {
			unsigned long index =
				rnd(3) && nr_model ? model[rnd(nr_model)].index : some_index();
			unsigned long what = rnd(12);

			if (what < remove_weight)
				step_remove(&x, index);
			else if (what < 9)
				step_insert(&x, some_index());
			else
				step_tag(&x, index);
			index = some_index();
			assert_ptr_equal(xindex_find(&x, index),
					 model_find(index) ? model_find(index)->item : NULL);
			compare_next(&x, index, (int)rnd(1 + XINDEX_NR_TAGS) - 1);
			compare_run(&x, index);
			if (nr_model && rnd(4) == 0)
				step_replace(&x, model[rnd(nr_model)].index);
			if (rnd(20) == 0)
				step_tag_range(&x, index);
			assert_null(xindex_check(&x));
		}
	}
	while (nr_model)
		step_remove(&x, model[0].index);
	assert_null(x.root);
	assert_int_equal(nodes_out, 0);
}

static void xindex_failed_reserve_changes_nothing(void **state)
{
	struct xindex x;

	(void)state;
	xindex_init(&x);
	for (unsigned shift = 0; shift < sizeof(long) * 8; shift += 5) {
		for (long n = 0;; n++) {
			long before = nodes_out;
			int err;

			fail_after = n;
			err = insert(&x, 1UL << shift, &x);
			fail_after = -1;
			assert_null(xindex_check(&x));
			if (!err)
				break;
			assert_int_equal(err, -ENOMEM);
			assert_int_equal(nodes_out, before);
		}
	}
	for (unsigned shift = 0; shift < sizeof(long) * 8; shift += 5)
		assert_ptr_equal(xindex_remove(&x, 1UL << shift, node_free), &x);
	assert_int_equal(nodes_out, 0);
}

/* The most nodes that one insertion can want. */
static void xindex_a_low_tree_gets_the_largest_index(void **state)
{
	struct xindex x;

	(void)state;
	for (unsigned long low = 0; low < 2; low++) {
		xindex_init(&x);
		assert_int_equal(insert(&x, low, &x), 0);
		assert_int_equal(insert(&x, ~0UL, &seed), 0);
		assert_null(xindex_check(&x));
		assert_ptr_equal(xindex_find(&x, low), &x);
		assert_ptr_equal(xindex_find(&x, ~0UL), &seed);
		assert_ptr_equal(xindex_remove(&x, ~0UL, node_free), &seed);
		assert_ptr_equal(xindex_remove(&x, low, node_free), &x);
		assert_int_equal(nodes_out, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(xindex_I1_to_I5_against_a_list),
		cmocka_unit_test(xindex_failed_reserve_changes_nothing),
		cmocka_unit_test(xindex_a_low_tree_gets_the_largest_index),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
