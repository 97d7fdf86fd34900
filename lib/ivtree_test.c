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
	unsigned long first, last;
	unsigned long born; /* when it was inserted */
	bool in, found;
} items[ITEMS];

static struct item *item_of(const struct ivtree_node *n)
{
	return container_of(n, struct item, node);
}

static unsigned looked_at;

static struct interval interval_of(const struct ivtree_node *n)
{
	looked_at++;
	return (struct interval){ item_of(n)->first, item_of(n)->last };
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
				    (before->first == it->first && before->born < it->born));
		before = it;
	}
	for (unsigned i = 0; i < ITEMS; i++)
		assert_int_equal(items[i].found,
				 items[i].in && items[i].first <= last && items[i].last >= first);
}

static void ivtree_I1_I2_random_intervals(void **state)
{
	struct ivtree t;

	(void)state;
	ivtree_init(&t, interval_of);
	srandom(5);
	for (unsigned long step = 0; step < 20000; step++) {
		struct item *it = &items[(unsigned)random() % ITEMS];
		unsigned long from = (unsigned long)random() % 500;

		if (it->in) {
			ivtree_remove(&t, &it->node);
		} else {
			it->first = (unsigned long)random() % 500;
			it->last = it->first + (unsigned long)random() % (step % 3 ? 8 : 200);
			it->born = step;
			ivtree_insert(&t, &it->node);
		}
		it->in = !it->in;
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
	ivtree_init(&t, interval_of);
	items[0] = (struct item){ .first = 0, .last = 0, .in = true };
	items[1] = (struct item){ .first = ULONG_MAX, .last = ULONG_MAX, .in = true };
	items[2] = (struct item){ .first = 0, .last = ULONG_MAX, .in = true, .born = 1 };
	for (unsigned i = 0; i < 3; i++)
		ivtree_insert(&t, &items[i].node);
	compare(&t, 0, 0);
	compare(&t, 1, ULONG_MAX - 1);
	compare(&t, ULONG_MAX, ULONG_MAX);
	compare(&t, 0, ULONG_MAX);
	assert_null(ivtree_check(&t));
	for (unsigned i = 0; i < 3; i++)
		items[i].in = false;
}

/* A file mapped whole by a thousand programs: the search must not look at each of them for nothing. */
static void ivtree_finds_without_searching_all(void **state)
{
	enum { MANY = 4096 };
	struct item *many = calloc(MANY, sizeof(*many));
	struct ivtree t;
	struct ivtree_node *n;
	unsigned found = 0;

	(void)state;
	ivtree_init(&t, interval_of);
	for (unsigned long i = 0; i < MANY; i++) {
		many[i].first = i * 10;
		many[i].last = i * 10 + 4;
		ivtree_insert(&t, &many[i].node);
	}
	assert_null(ivtree_check(&t));
	looked_at = 0;
	ivtree_for_each (n, &t, 20005, 20012) {
		assert_int_equal(item_of(n)->first, 20010);
		found++;
	}
	assert_int_equal(found, 1);
	assert_null(ivtree_first(&t, 20005, 20009));
	assert_in_range(looked_at, 1,
			4 * 13); /* log2(4096) + 1 levels, a little more for balance */
	free(many);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ivtree_I1_I2_random_intervals),
		cmocka_unit_test(ivtree_ends_of_the_number_range),
		cmocka_unit_test(ivtree_finds_without_searching_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
