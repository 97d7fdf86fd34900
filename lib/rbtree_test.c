/* rbtree.c against an array, with the size of the subtree as the summary. */
#include "lib/rbtree.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
/* cmocka needs the headers above before it. */
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { NODES = 300 };

static struct item {
	struct rb_node rb;
	unsigned key, size; /* size: nodes of the subtree */
	bool in;
} items[2 * NODES];

static struct item *item_of(const struct rb_node *rb)
{
	return container_of(rb, struct item, rb);
}

static unsigned size_of(const struct rb_node *rb)
{
	return rb ? item_of(rb)->size : 0;
}

static bool update(struct rb_node *n)
{
	unsigned old = item_of(n)->size;

	item_of(n)->size = 1 + size_of(n->child[0]) + size_of(n->child[1]);
	return item_of(n)->size != old;
}

static void insert(struct rb_root *t, struct item *it)
{
	struct rb_node *parent = NULL, *rb = t->node;
	int side = 0;

	while (rb) {
		parent = rb;
		item_of(rb)->size++;
		side = it->key >= item_of(rb)->key;
		rb = rb->child[side];
	}
	it->size = 1;
	rbtree_insert(t, parent, side, &it->rb);
}

static void check(const struct rb_root *t, unsigned model_nr)
{
	struct rb_node *rb = rbtree_first(t);
	unsigned long nr;
	unsigned before = 0, seen = 0;

	assert_null(rbtree_check(t, &nr));
	assert_int_equal(nr, model_nr);
	for (; rb; rb = rbtree_next(rb)) {
		assert_true(item_of(rb)->in);
		assert_true(item_of(rb)->key >= before);
		if (t->update)
			assert_int_equal(item_of(rb)->size,
					 1 + size_of(rb->child[0]) + size_of(rb->child[1]));
		before = item_of(rb)->key;
		seen++;
	}
	assert_int_equal(seen, model_nr);
	assert_int_equal(rbtree_empty(t), model_nr == 0);
}

static void random_operations(struct rb_root *t, unsigned keys)
{
	unsigned nr = 0;

	for (unsigned i = 0; i < 2 * NODES; i++)
		items[i].in = false;
	for (unsigned step = 0; step < 30000; step++) {
		struct item *it = &items[(unsigned)random() % NODES];

		/* Fills and empties in turns. */
		if (it->in && (step / 2000 % 2 || random() % 4 == 0)) {
			rbtree_remove(t, &it->rb);
			it->in = false;
			nr--;
		} else if (!it->in) {
			it->key = (unsigned)random() % keys;
			insert(t, it);
			it->in = true;
			nr++;
		}
		if (step % 16 == 0)
			check(t, nr);
	}
	check(t, nr);
}

static void rbtree_I1_I2_I3_random_operations(void **state)
{
	struct rb_root t = { NULL, NULL };

	(void)state;
	random_operations(&t, 100000);
}

static void rbtree_I4_summaries_follow(void **state)
{
	struct rb_root t = { NULL, update };

	(void)state;
	random_operations(&t, 20); /* many equals */
}

static void rbtree_replace_keeps_the_order(void **state)
{
	struct rb_root t = { NULL, update };

	(void)state;
	for (unsigned i = 0; i < NODES; i++) {
		items[i].key = i;
		items[i].in = true;
		insert(&t, &items[i]);
	}
	for (unsigned i = 0; i < NODES; i++) {
		struct item *new = &items[NODES + i];

		*new = (struct item){ .key = i, .size = items[i].size, .in = true };
		rbtree_replace(&t, &items[i].rb, &new->rb);
		items[i].in = false;
	}
	check(&t, NODES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rbtree_I1_I2_I3_random_operations),
		cmocka_unit_test(rbtree_I4_summaries_follow),
		cmocka_unit_test(rbtree_replace_keeps_the_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
