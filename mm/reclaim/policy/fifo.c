/*
 * First in, first out: the page that came first goes first, used or not.
 *
 * OWNS     a queue: newest first.   WHY  the yardstick below which no policy should fall, and the one with Belady's anomaly.
 * SOURCES  Belady, Nelson, Shedler 1969.   TESTED BY replay_test.c
 */
#include "mm/policy.h"

struct fifo {
	struct list_head queue;
};

static int fifo_init(struct policy_set *s)
{
	list_init(&((struct fifo *)s->state)->queue);
	return 0;
}

static void fifo_add(struct policy_set *s, struct page *page)
{
	list_add(&page->lru, &((struct fifo *)s->state)->queue);
}

static struct page *fifo_victim(struct policy_set *s)
{
	struct page *page = list_last(&((struct fifo *)s->state)->queue, struct page, lru);

	list_del(&page->lru);
	return page;
}

static void fifo_remove(struct policy_set *s, struct page *page)
{
	list_del(&page->lru);
}

DEFINE_POLICY(fifo) = {
	.name = "fifo",
	.about = "first in, first out",
	.flags = POLICY_REPEATS_FREE,
	.state_size = sizeof(struct fifo),
	.init = fifo_init,
	.add = fifo_add,
	.victim = fifo_victim,
	.remove = fifo_remove,
};
