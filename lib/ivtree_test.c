/* ivtree.c against a list that is searched whole. */
#include "lib/ivtree.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
/* cmocka needs the headers above before it. */
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { ITEMS = 200 };

static struct item {
	struct ivtree_node node;
	unsigned long first, last; /* what it should be */
	unsigned long born;	   /* when it was inserted, or got its first */
	bool in, found;
} items[ITEMS];
static bool cut_apart; /* who begins where another does may come before or behind it */

static struct item *item_of(const struct ivtree_node *n)
{
	return container_of(n, struct item, node);
}

/* Ask the tree for [first, last] and compare with what each item says. */
static void compare(const struct ivtree *t, unsigned long first, unsigned long last)
{
	const struct item *before = NULL;
	struct ivtree_node *n;

	for (unsigned i = 0; i < ITEMS; i++)
		items[i].found = false;
	ivtree_for_each (n, t, first, last) {
		struct item *it = item_of(n);

		assert_true(it->in && !it->found);
		it->found = true;
		if (before)
			assert_true(before->first < it->first ||
				    (before->first == it->first &&
				     (cut_apart || before->born < it->born)));
		before = it;
	}
	for (unsigned i = 0; i < ITEMS; i++)
		assert_int_equal(items[i].found,
				 items[i].in && items[i].first <= last && items[i].last >= first);
}

static void change(struct ivtree *t, struct item *it, unsigned long step)
{
	if (random() % 2) {
		it->first = (unsigned long)random() % 500;
		it->born = step;
	}
	it->last = it->first + (unsigned long)random() % 30;
	if (it->node.first != it->first)
		it->born = step;
	ivtree_change(t, &it->node, it->first, it->last);
}

static void ivtree_I1_I2_random_intervals(void **state)
{
	struct ivtree t;

	(void)state;
	ivtree_init(&t);
	srandom(5);
	for (unsigned long step = 0; step < 20000; step++) {
		struct item *it = &items[(unsigned)random() % ITEMS];
		unsigned long from = (unsigned long)random() % 500;

		if (it->in) {
			if (random() % 3) {
				ivtree_remove(&t, &it->node);
				it->in = false;
			} else {
				change(&t, it, step);
			}
		} else {
			it->first = (unsigned long)random() % 500;
			it->last = it->first + (unsigned long)random() % (step % 3 ? 8 : 200);
			it->born = step;
			ivtree_insert(&t, &it->node, it->first, it->last);
			it->in = true;
		}
		if (step % 4 == 0)
			compare(&t, from, from + (unsigned long)random() % 40);
		if (step % 32 == 0)
			assert_null(ivtree_check(&t));
	}
	for (unsigned i = 0; i < ITEMS; i++) {
		if (items[i].in)
			ivtree_remove(&t, &items[i].node);
		items[i].in = false;
	}
	assert_true(ivtree_empty(&t));
	assert_null(ivtree_first(&t, 0, ULONG_MAX));
}

static void ivtree_ends_of_the_number_range(void **state)
{
	struct ivtree t;

	(void)state;
	ivtree_init(&t);
	items[0] = (struct item){ .first = 0, .last = 0, .in = true };
	items[1] = (struct item){ .first = ULONG_MAX, .last = ULONG_MAX, .in = true };
	items[2] = (struct item){ .first = 0, .last = ULONG_MAX, .in = true, .born = 1 };
	for (unsigned i = 0; i < 3; i++)
		ivtree_insert(&t, &items[i].node, items[i].first, items[i].last);
	compare(&t, 0, 0);
	compare(&t, 1, ULONG_MAX - 1);
	compare(&t, ULONG_MAX, ULONG_MAX);
	compare(&t, 0, ULONG_MAX);
	assert_null(ivtree_check(&t));
	for (unsigned i = 0; i < 3; i++)
		items[i].in = false;
}

static void ivtree_many_and_one_of_them(void **state)
{
	enum { MANY = 4096 };
	struct item *many = calloc(MANY, sizeof(*many));
	struct ivtree t;
	struct ivtree_node *n;
	unsigned found = 0;

	(void)state;
	ivtree_init(&t);
	for (unsigned long i = 0; i < MANY; i++) {
		many[i].first = i * 10;
		many[i].last = i * 10 + 4;
		ivtree_insert(&t, &many[i].node, many[i].first, many[i].last);
	}
	assert_null(ivtree_check(&t));
	ivtree_for_each (n, &t, 20005, 20012) {
		assert_int_equal(item_of(n)->first, 20010);
		found++;
	}
	assert_int_equal(found, 1);
	assert_null(ivtree_first(&t, 20005, 20009));
	free(many);
}

/* Interval @i is [apart i, apart i + 19], or in three: the node keeps the middle, two of the others have the rest. */
static void cut_or_join(struct ivtree *t, unsigned i, unsigned nr, unsigned long apart)
{
	struct item *it = &items[i], *low = &items[nr + i], *high = &items[2 * nr + i];
	unsigned long first = apart * i;

	if (low->in) {
		ivtree_join(t, &it->node, &low->node, &high->node);
		*it = (struct item){
			.node = it->node, .first = first, .last = first + 19, .in = true
		};
		low->in = high->in = false;
		return;
	}
	it->first = first + 1 + (unsigned long)random() % 9;
	it->last = it->first + (unsigned long)random() % 9;
	ivtree_cut(t, &it->node, it->first, it->last, &low->node, &high->node);
	*low = (struct item){
		.node = low->node, .first = first, .last = it->first - 1, .in = true
	};
	*high = (struct item){
		.node = high->node, .first = it->last + 1, .last = first + 19, .in = true
	};
}

static void cut_and_join(unsigned nr, unsigned long apart)
{
	struct ivtree t;

	ivtree_init(&t);
	for (unsigned i = 0; i < ITEMS; i++)
		items[i] = (struct item){ .in = false };
	for (unsigned i = 0; i < nr; i++) {
		items[i] = (struct item){ .first = apart * i, .last = apart * i + 19, .in = true };
		ivtree_insert(&t, &items[i].node, items[i].first, items[i].last);
	}
	for (unsigned step = 0; step < 300; step++) {
		unsigned long from = (unsigned long)random() % (20 * nr);

		cut_or_join(&t, (unsigned)random() % nr, nr, apart);
		assert_null(ivtree_check(&t));
		compare(&t, from, from + (unsigned long)random() % 40);
	}
}

/* One behind the other, or each over some others, as the mappings of one file and of a family are. */
static void ivtree_cut_in_three_and_joined(void **state)
{
	(void)state;
	srandom(7);
	cut_apart = true;
	for (unsigned nr = 1; nr <= ITEMS / 3; nr += nr / 4 + 1) {
		cut_and_join(nr, 20);
		cut_and_join(nr, 7);
		cut_and_join(nr, 0);
	}
	cut_apart = false;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ivtree_I1_I2_random_intervals),
		cmocka_unit_test(ivtree_ends_of_the_number_range),
		cmocka_unit_test(ivtree_many_and_one_of_them),
		cmocka_unit_test(ivtree_cut_in_three_and_joined),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
