/*
 * Least and most recently used, exactly: each use moves the page to the front. The first is what other policies try to
 * come near to; the second is best for a loop that is longer than memory.
 *
 * OWNS     a list: most recently used first.   TESTED BY replay_test.c
 */
#include "mm/policy.h"

struct recency {
	struct list_head list;
};

static int recency_init(struct policy_set *s)
{
	list_init(&((struct recency *)s->state)->list);
	return 0;
}

static void recency_add(struct policy_set *s, struct page *page)
{
	list_add(&page->lru, &((struct recency *)s->state)->list);
}

static void recency_remove(struct policy_set *s, struct page *page)
{
	list_del(&page->lru);
}

static void recency_hit(struct policy_set *s, struct page *page)
{
	struct list_head *list = &((struct recency *)s->state)->list;

	if (list->next == &page->lru)
		return;
	list_del(&page->lru);
	list_add(&page->lru, list);
}

static struct page *lru_victim(struct policy_set *s)
{
	struct page *page = list_last(&((struct recency *)s->state)->list, struct page, lru);

	list_del(&page->lru);
	return page;
}

static struct page *mru_victim(struct policy_set *s)
{
	struct page *page = list_first(&((struct recency *)s->state)->list, struct page, lru);

	list_del(&page->lru);
	return page;
}

DEFINE_POLICY(lru) = {
	.name = "lru",
	.about = "least recently used, exactly",
	.flags = POLICY_NEEDS_HITS | POLICY_REPEATS_FREE,
	.state_size = sizeof(struct recency),
	.init = recency_init,
	.add = recency_add,
	.hit = recency_hit,
	.victim = lru_victim,
	.remove = recency_remove,
};

DEFINE_POLICY(mru) = {
	.name = "mru",
	.about = "most recently used",
	.flags = POLICY_NEEDS_HITS | POLICY_REPEATS_FREE,
	.state_size = sizeof(struct recency),
	.init = recency_init,
	.add = recency_add,
	.hit = recency_hit,
	.victim = mru_victim,
	.remove = recency_remove,
};
