/*
 * Generations, after Linux's multi-generational LRU: pages stand in up to four generations; the oldest is evicted from, used pages
 * of it go to the youngest, and a new youngest begins when only two are left with pages.
 *
 *   add        the second youngest generation; one that comes back while its ghost is known: the youngest
 *
 * OWNS     four lists, one per generation in turn (tag: number & 3), [oldest, youngest], ghosts.
 * I1       1 <= youngest - oldest <= 3.
 * WHY      -like: no page table walks for ageing, no tiers of file pages.
 * SOURCES  Linux Documentation/mm/multigen_lru.rst.   TESTED BY replay_test.c
 */
#include "mm/policy.h"
#include "mm/reclaim/policy/ghost.h"

enum { GENERATIONS = 4 };

struct mglru {
	struct list_head list[GENERATIONS]; /* newest first */
	uint64_t oldest, youngest;
	struct ghosts ghosts;
};

static int mglru_init(struct policy_set *s)
{
	struct mglru *g = s->state;

	for (unsigned i = 0; i < GENERATIONS; i++)
		list_init(&g->list[i]);
	g->youngest = 1;
	return ghosts_init(&g->ghosts, s->frames);
}

static void mglru_exit(struct policy_set *s)
{
	ghosts_exit(&((struct mglru *)s->state)->ghosts);
}

static void enter(struct mglru *g, struct page *page, uint64_t generation)
{
	list_add(&page->lru, &g->list[generation % GENERATIONS]);
}

static void mglru_add(struct policy_set *s, struct page *page)
{
	struct mglru *g = s->state;
	uint64_t unused;

	enter(g, page, g->youngest - !ghosts_take(&g->ghosts, policy_key(page), &unused));
}

static void mglru_remove(struct policy_set *s, struct page *page)
{
	list_del(&page->lru);
}

/* The oldest generation has pages again. */
static struct list_head *oldest(struct mglru *g)
{
	while (list_empty(&g->list[g->oldest % GENERATIONS])) {
		g->oldest++;
		if (g->youngest == g->oldest)
			g->youngest++;
	}
	if (g->youngest - g->oldest == 1)
		g->youngest++;
	return &g->list[g->oldest % GENERATIONS];
}

static struct page *mglru_victim(struct policy_set *s)
{
	struct mglru *g = s->state;

	for (;;) {
		struct page *page = list_last(oldest(g), struct page, lru);

		list_del(&page->lru);
		if (!policy_referenced(s, page))
			return page;
		enter(g, page, g->youngest);
	}
}

static void mglru_gone(struct policy_set *s, struct page *page)
{
	ghosts_add(&((struct mglru *)s->state)->ghosts, policy_key(page), 0);
}

DEFINE_POLICY(mglru) = {
	.name = "mglru",
	.about = "four generations, after Linux's multi-generational LRU",
	.state_size = sizeof(struct mglru),
	.init = mglru_init,
	.exit = mglru_exit,
	.add = mglru_add,
	.victim = mglru_victim,
	.gone = mglru_gone,
	.remove = mglru_remove,
};
