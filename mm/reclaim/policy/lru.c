/*
 * Least and most recently used, exactly: each use moves the page to the front. The first is what other policies try to
 * come near to; the second is best for a loop that is longer than memory.
 *
 * OWNS     a list of frames: most recently used first.   TESTED BY replay_test.c
 */
#include "mm/reclaim/policy/slot_list.h"

static int recency_init(struct policy_set *s)
{
	return slot_list_init(s->state, s->frames);
}

static void recency_exit(struct policy_set *s)
{
	slot_list_exit(s->state);
}

static void recency_add(struct policy_set *s, struct page *page)
{
	slot_list_add(s->state, policy_slot(s, page));
}

static void recency_remove(struct policy_set *s, struct page *page)
{
	slot_list_remove(s->state, policy_slot(s, page));
}

static void recency_hit(struct policy_set *s, struct page *page)
{
	unsigned long slot = policy_slot(s, page);

	if (slot_list_first(s->state) == slot)
		return;
	slot_list_remove(s->state, slot);
	slot_list_add(s->state, slot);
}

static struct page *lru_victim(struct policy_set *s)
{
	struct slot_list *l = s->state;
	unsigned long slot = slot_list_last(l);

	/* Who follows is known by a load that waits for the one before: the last but two is on its way meanwhile. */
	__builtin_prefetch(&l->link[l->link[l->link[l->link[slot].prev].prev].prev]);
	slot_list_remove(l, slot);
	return s->base + slot;
}

static struct page *mru_victim(struct policy_set *s)
{
	unsigned long slot = slot_list_first(s->state);

	slot_list_remove(s->state, slot);
	return s->base + slot;
}

DEFINE_POLICY(lru) = {
	.name = "lru",
	.about = "least recently used, exactly",
	.flags = POLICY_NEEDS_HITS | POLICY_REPEATS_FREE,
	.state_size = sizeof(struct slot_list),
	.init = recency_init,
	.exit = recency_exit,
	.add = recency_add,
	.hit = recency_hit,
	.victim = lru_victim,
	.remove = recency_remove,
};

DEFINE_POLICY(mru) = {
	.name = "mru",
	.about = "most recently used",
	.flags = POLICY_NEEDS_HITS | POLICY_REPEATS_FREE,
	.state_size = sizeof(struct slot_list),
	.init = recency_init,
	.exit = recency_exit,
	.add = recency_add,
	.hit = recency_hit,
	.victim = mru_victim,
	.remove = recency_remove,
};
