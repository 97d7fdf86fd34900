/*
 * Least frequently used: the page with the fewest uses since it came goes; among equals, the least recently used. Nothing is
 * remembered of pages that left.
 *
 * OWNS     frames by (uses, time of the last one).   TESTED BY replay_test.c
 */
#include "mm/policy.h"
#include "mm/reclaim/policy/slot_heap.h"

enum {
	TIME_BITS = 40
}; /* 2^40 uses before the order of equals may suffer; uses count up to 2^24 */

struct lfu {
	struct slot_heap heap; /* the greatest is the complement of the least */
	uint64_t time;
};

static int lfu_init(struct policy_set *s)
{
	return slot_heap_init(&((struct lfu *)s->state)->heap, s->frames);
}

static void lfu_exit(struct policy_set *s)
{
	slot_heap_exit(&((struct lfu *)s->state)->heap);
}

static uint64_t rank(struct lfu *f, uint64_t uses)
{
	return ~(uses << TIME_BITS | (f->time++ & ((1ULL << TIME_BITS) - 1)));
}

static void lfu_add(struct policy_set *s, struct page *page)
{
	struct lfu *f = s->state;

	slot_heap_add(&f->heap, policy_slot(s, page), rank(f, 1));
}

static void lfu_hit(struct policy_set *s, struct page *page)
{
	struct lfu *f = s->state;
	unsigned long slot = policy_slot(s, page);
	uint64_t uses = ~f->heap.key[slot] >> TIME_BITS;

	slot_heap_change(&f->heap, slot, rank(f, uses < (1 << 24) - 1 ? uses + 1 : uses));
}

static void lfu_remove(struct policy_set *s, struct page *page)
{
	slot_heap_remove(&((struct lfu *)s->state)->heap, policy_slot(s, page));
}

static struct page *lfu_victim(struct policy_set *s)
{
	struct page *page = s->base + slot_heap_top(&((struct lfu *)s->state)->heap);

	lfu_remove(s, page);
	return page;
}

DEFINE_POLICY(lfu) = {
	.name = "lfu",
	.about = "least frequently used, ties by recency",
	.flags = POLICY_NEEDS_HITS,
	.state_size = sizeof(struct lfu),
	.init = lfu_init,
	.exit = lfu_exit,
	.add = lfu_add,
	.hit = lfu_hit,
	.victim = lfu_victim,
	.remove = lfu_remove,
};
