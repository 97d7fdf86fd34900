/*
 * Active and inactive lists with refault distances, as Linux has them: new pages are inactive; one that is found used twice
 * there becomes active; the active list gives its oldest to the inactive one when it is the longer.
 *
 *   age        counts pages that left the inactive list: evicted or activated. What left with age a and comes back at age b was
 *              b - a such steps too early: were the active list that much shorter, it would still be here
 *   refault    distance <= active pages: the page is active at once, and of the working set
 *
 * OWNS     both lists (tag: ACTIVE), age, ghosts with the age at which they left.
 * I1       tag USED of an inactive page: it was found used once, and went round.
 * SOURCES  Linux mm/workingset.c (its opening comment), Documentation/mm.   TESTED BY replay_test.c
 */
#include "mm/policy.h"
#include "mm/reclaim/policy/ghost.h"

enum { ACTIVE = 1, USED = 2 };

struct lru2 {
	struct list_head list[2]; /* inactive, active; newest first */
	unsigned long nr[2];
	uint64_t age;
	struct ghosts ghosts;
};

static int lru2_init(struct policy_set *s)
{
	struct lru2 *l = s->state;

	list_init(&l->list[0]);
	list_init(&l->list[ACTIVE]);
	return ghosts_init(&l->ghosts, s->frames);
}

static void lru2_exit(struct policy_set *s)
{
	ghosts_exit(&((struct lru2 *)s->state)->ghosts);
}

static void enter(struct lru2 *l, struct page *page, unsigned tag)
{
	list_add(&page->lru, &l->list[tag & ACTIVE]);
	l->nr[tag & ACTIVE]++;
	policy_set_tag(page, tag);
}

static void lru2_add(struct policy_set *s, struct page *page)
{
	struct lru2 *l = s->state;
	uint64_t left;
	bool back =
		ghosts_take(&l->ghosts, policy_key(page), &left) && l->age - left <= l->nr[ACTIVE];

	l->age += back;
	enter(l, page, back ? ACTIVE : 0);
}

static void lru2_remove(struct policy_set *s, struct page *page)
{
	list_del(&page->lru);
	((struct lru2 *)s->state)->nr[policy_tag(page) & ACTIVE]--;
}

static struct page *oldest(struct policy_set *s, unsigned list)
{
	struct page *page = list_last(&((struct lru2 *)s->state)->list[list], struct page, lru);

	lru2_remove(s, page);
	return page;
}

/* The active list at most as long as the inactive one; whether its pages were used is not asked. */
static void balance(struct policy_set *s, struct lru2 *l)
{
	while (l->nr[ACTIVE] > l->nr[0]) {
		struct page *page = oldest(s, ACTIVE);

		(void)policy_referenced(s, page);
		enter(l, page, 0);
	}
}

static struct page *lru2_victim(struct policy_set *s)
{
	struct lru2 *l = s->state;

	for (;;) {
		struct page *page;
		bool again;

		balance(s, l);
		page = oldest(s, 0);
		again = policy_tag(page) & USED;
		if (!policy_referenced(s, page))
			return page;
		l->age += again;
		enter(l, page, again ? ACTIVE : USED);
	}
}

static void lru2_gone(struct policy_set *s, struct page *page)
{
	struct lru2 *l = s->state;

	ghosts_add(&l->ghosts, policy_key(page), l->age++);
}

DEFINE_POLICY(lru2) = {
	.name = "lru2",
	.about = "active and inactive lists, refault distances: as Linux",
	.state_size = sizeof(struct lru2),
	.init = lru2_init,
	.exit = lru2_exit,
	.add = lru2_add,
	.victim = lru2_victim,
	.gone = lru2_gone,
	.remove = lru2_remove,
};
