/*
 * Second chance: a queue whose oldest page goes, or, when it was used since it was last looked at, to the end of the queue.
 *
 * OWNS     a queue: newest first.   WHY  CLOCK without a hand: the pages move. Equal to clock0, fault by fault.
 * SOURCES  Tanenbaum, Modern Operating Systems, 3.4.   TESTED BY replay_test.c
 */
#include "mm/policy.h"

struct second {
	struct list_head queue;
};

static int second_init(struct policy_set *s)
{
	list_init(&((struct second *)s->state)->queue);
	return 0;
}

static void second_add(struct policy_set *s, struct page *page)
{
	list_add(&page->lru, &((struct second *)s->state)->queue);
}

static void second_remove(struct policy_set *s, struct page *page)
{
	list_del(&page->lru);
}

static struct page *second_victim(struct policy_set *s)
{
	struct list_head *queue = &((struct second *)s->state)->queue;

	for (;;) {
		struct page *page = list_last(queue, struct page, lru);

		list_del(&page->lru);
		if (!policy_referenced(s, page))
			return page;
		list_add(&page->lru, queue);
	}
}

DEFINE_POLICY(second) = {
	.name = "second",
	.about = "second chance",
	.state_size = sizeof(struct second),
	.init = second_init,
	.add = second_add,
	.victim = second_victim,
	.remove = second_remove,
};
