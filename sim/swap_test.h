/* For tests of what swaps: a world with an area, pages out, tests that begin their world themselves. */
#ifndef SIM_SWAP_TEST_H
#define SIM_SWAP_TEST_H

#include "sim/fakeswap.h"
#include "sim/mm_test.h"

static struct fakeswap swap;

/* A world with an area of @slots usable slots. */
static inline void swap_world(unsigned slots)
{
	fakeswap_begin(&swap, slots + 1);
	fakeswap_on(&swap, -1);
	assert_int_equal(total_swap_pages(), slots);
}

static inline void swap_world_end(void)
{
	swap_check();
	assert_int_equal(swap_pages_free(), total_swap_pages());
	assert_int_equal(global_node_stat(NR_SWAPCACHE), 0);
	assert_int_equal(swap_area_off(swap.type), 0);
	assert_int_equal(total_swap_pages(), 0);
	fakeswap_end(&swap);
}

/* The page at @addr out, whoever maps it. */
static inline enum pageout_result push(struct mm_struct *mm, unsigned long addr)
{
	struct page *page = page_at(mm, addr);
	enum pageout_result r;

	if (!page)
		return PAGEOUT_KEEP;
	get_page(page);
	lock_page(page);
	r = swap_out_page(page, true);
	unlock_page(page);
	swap_put_page(page);
	return r;
}

/* The world begins inside the test: the slots' array is in the kernel's windows (sim.h). */
struct body {
	void (*run)(void **state);
};

static inline void in_world(void **state)
{
	const struct body *b = *state;

	mm_world_begin(NULL);
	b->run(state);
	mm_world_end(NULL);
}

#define IN_WORLD(test)                                                                             \
	{                                                                                          \
#test, in_world, NULL, NULL, &(struct body)                                        \
		{                                                                                  \
			test                                                                       \
		}                                                                                  \
	}

#endif
