/*
 * SIEVE: a queue in the order of arrival, and a hand that goes from the oldest page to the newest and takes the first that was
 * not used since it came by. Pages never move: what survives keeps its place, what is new and unused goes soon.
 *
 * OWNS     the queue: newest first; the hand: a page, or NULL to begin at the oldest.
 * SOURCES  Zhang et al., SIEVE is simpler than LRU, NSDI 2024.   TESTED BY replay_test.c
 */
#include "mm/policy.h"

struct sieve {
	struct list_head queue;
	struct list_head *hand;
};

static int sieve_init(struct policy_set *s)
{
	struct sieve *v = s->state;

	list_init(&v->queue);
	return 0;
}

static void sieve_add(struct policy_set *s, struct page *page)
{
	list_add(&page->lru, &((struct sieve *)s->state)->queue);
}

static void step(struct sieve *v)
{
	v->hand = v->hand->prev == &v->queue ? NULL : v->hand->prev;
}

static void sieve_remove(struct policy_set *s, struct page *page)
{
	struct sieve *v = s->state;

	if (v->hand == &page->lru)
		step(v);
	list_del(&page->lru);
}

static struct page *sieve_victim(struct policy_set *s)
{
	struct sieve *v = s->state;

	for (;;) {
		struct page *page;

		if (!v->hand)
			v->hand = v->queue.prev;
		page = list_entry(v->hand, struct page, lru);
		if (!policy_referenced(s, page)) {
			sieve_remove(s, page);
			return page;
		}
		step(v);
	}
}

DEFINE_POLICY(sieve) = {
	.name = "sieve",
	.about = "SIEVE",
	.state_size = sizeof(struct sieve),
	.init = sieve_init,
	.add = sieve_add,
	.victim = sieve_victim,
	.remove = sieve_remove,
};
