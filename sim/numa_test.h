/* For tests of placement: a world of two nodes, and on which of them pages are. Threads run on CPU 0, of node 0. */
#ifndef SIM_NUMA_TEST_H
#define SIM_NUMA_TEST_H

#include "mm/mempolicy.h"
#include "sim/mm_test.h"

static inline int two_nodes_begin(void **state)
{
	static const struct sim_config c = { .nr_nodes = 2 };

	(void)state;
	sim_world_begin(&c);
	fault_batch_pages = fault_around_pages = 16;
	return 0;
}

/* "0011": the nodes of @n pages from @addr on, . where none is mapped. */
static inline const char *nodes_at(struct mm_struct *mm, unsigned long addr, unsigned n)
{
	static char text[64];
	unsigned i;

	assert_in_range(n, 1, sizeof(text) - 1);
	for (i = 0; i < n; i++) {
		struct page *page = page_at(mm, addr + P(i));

		text[i] = page ? (char)('0' + page_node_id(page)) : '.';
	}
	text[i] = '\0';
	return text;
}

static inline struct mempolicy *policy(unsigned mode, nodemask_t nodes)
{
	struct mempolicy *pol;

	assert_int_equal(mpol_new(mode, 0, nodes, &pol), 0);
	return pol;
}

/* mbind(2) of @n pages. */
static inline int bind(struct mm_struct *mm, unsigned long addr, unsigned n, unsigned mode,
		       nodemask_t nodes, unsigned flags)
{
	struct mempolicy *pol = policy(mode, nodes);
	int err = vm_mbind(mm, addr, addr + P(n), pol, nodes, flags);

	mpol_put(pol);
	return err;
}

static inline void touch(struct mm_struct *mm, unsigned long addr, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		sim_poke(mm, addr + P(i), (uint8_t)(i + 1));
}

#define T2(test) cmocka_unit_test_setup_teardown(test, two_nodes_begin, mm_world_end)

#endif
