/* pheap.c against an array. */
#include "lib/pheap.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
/* cmocka needs the headers above before it. */
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { NODES = 300 };
static struct pheap_node nodes[NODES];
static bool in[NODES];

static uint64_t model_min(unsigned *nr)
{
	uint64_t least = UINT64_MAX;
	unsigned i;

	*nr = 0;
	for (i = 0; i < NODES; i++)
		if (in[i]) {
			(*nr)++;
			if (nodes[i].key < least)
				least = nodes[i].key;
		}
	return least;
}

static void pheap_I1_I2_random_operations(void **state)
{
	struct pheap h = { NULL };
	unsigned step, nr, model_nr;

	srandom(3);
	for (step = 0; step < 40000; step++) {
		unsigned i = (unsigned)random() % NODES;
		uint64_t least;

		if (random() % 8 == 0 && h.root)
			i = (unsigned)(h.root - nodes);
		if (in[i]) {
			pheap_remove(&h, &nodes[i]);
		} else {
			nodes[i].key = (uint64_t)random() % 1000;
			pheap_insert(&h, &nodes[i]);
		}
		in[i] = !in[i];
		least = model_min(&model_nr);
		if (step % 16 == 0) {
			assert_null(pheap_check(&h, &nr));
			assert_int_equal(nr, model_nr);
		}
		if (model_nr)
			assert_int_equal(pheap_first(&h)->key, least);
		else
			assert_null(pheap_first(&h));
	}
}

static void pheap_takes_out_in_order(void **state)
{
	struct pheap h = { NULL };
	struct pheap_node n[100];
	uint64_t last = 0;
	unsigned i;

	for (i = 0; i < 100; i++) {
		n[i].key = (i * 37) % 100;
		pheap_insert(&h, &n[i]);
	}
	for (i = 0; i < 100; i++) {
		struct pheap_node *first = pheap_first(&h);

		assert_true(first->key >= last);
		last = first->key;
		assert_ptr_equal(pheap_take_first(&h), first);
	}
	assert_null(pheap_first(&h));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pheap_I1_I2_random_operations),
		cmocka_unit_test(pheap_takes_out_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
