/*
 * CLOCK, in both of the forms that books have: pages in a ring in the order of their arrival; the hand goes round, clears use
 * bits, and takes the first page whose bit is clear. The new page comes where the old one was.
 *
 *   clock1   the use bit is set when a page is loaded (most textbooks)
 *   clock0   it is clear then: the page must be used once more to be spared
 *
 * OWNS     the ring, the hand.
 * I1       the hand is a page of the ring, or the ring's own head.   I2  tag bit 0: the use bit that a load set.
 * SOURCES  Corbato 1968; Carr, Hennessy 1981.   TESTED BY replay_test.c
 */
#include "mm/policy.h"

struct clock {
	struct list_head ring; /* the head is no page: the hand skips it */
	struct list_head *hand;
};

static int clock_init(struct policy_set *s)
{
	struct clock *c = s->state;

	list_init(&c->ring);
	c->hand = &c->ring;
	return 0;
}

static void clock_add(struct policy_set *s, struct page *page, unsigned used)
{
	struct clock *c = s->state;

	list_add_tail(&page->lru, c->hand); /* behind the hand: the last one it comes to */
	policy_set_tag(page, used);
}

static void clock0_add(struct policy_set *s, struct page *page)
{
	clock_add(s, page, 0);
}

static void clock1_add(struct policy_set *s, struct page *page)
{
	clock_add(s, page, 1);
}

static void clock_remove(struct policy_set *s, struct page *page)
{
	struct clock *c = s->state;

	if (c->hand == &page->lru)
		c->hand = page->lru.next;
	list_del(&page->lru);
}

static bool used(struct policy_set *s, struct page *page)
{
	bool loaded = policy_tag(page);

	policy_set_tag(page, 0);
	return policy_referenced(s, page) || loaded;
}

static struct page *clock_victim(struct policy_set *s)
{
	struct clock *c = s->state;

	for (;;) {
		struct page *page = list_entry(c->hand, struct page, lru);

		if (c->hand != &c->ring && !used(s, page)) {
			clock_remove(s, page);
			return page;
		}
		c->hand = c->hand->next;
	}
}

DEFINE_POLICY(clock0) = {
	.name = "clock0",
	.about = "CLOCK, use bit clear on load",
	.state_size = sizeof(struct clock),
	.init = clock_init,
	.add = clock0_add,
	.victim = clock_victim,
	.remove = clock_remove,
};

DEFINE_POLICY(clock1) = {
	.name = "clock1",
	.about = "CLOCK, use bit set on load",
	.flags = POLICY_REPEATS_FREE,
	.state_size = sizeof(struct clock),
	.init = clock_init,
	.add = clock1_add,
	.victim = clock_victim,
	.remove = clock_remove,
};
