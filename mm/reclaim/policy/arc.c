/*
 * ARC: two lists of pages, seen once (T1) and seen more than once (T2), and the ghosts of what left them (B1, B2). A ghost that
 * comes back says which of the lists was too short: the share of T1 that ARC aims at, p, moves by itself.
 *
 *   miss(key)  a ghost of B1: p grows by max(1, |B2| / |B1|); of B2: p shrinks by max(1, |B1| / |B2|)
 *   victim     the last of T1 when T1 is longer than p (as long as p: when the page that comes is of B2), else of T2
 *
 * OWNS     T1, T2 (tag: SEEN_AGAIN), B1, B2, p in pages, whole.
 * I1       |T1| + |B1| <= frames;  |T1| + |T2| + |B1| + |B2| <= 2 * frames.
 * WHY      T1 full and no ghosts of it: its last page leaves without a ghost (tag NO_GHOST), as in the paper's case IV A.
 * SOURCES  Megiddo, Modha, ARC, FAST 2003, figure 4.   TESTED BY replay_test.c
 */
#include "base/errno.h"
#include "mm/policy.h"
#include "mm/reclaim/policy/ghost.h"

enum { SEEN_AGAIN = 1, NO_GHOST = 2 };

struct arc {
	struct list_head t[2]; /* most recently used first */
	unsigned long nr[2];
	struct ghosts b[2];
	unsigned long p;
	bool comes_from_b2, full_of_new;
};

static int arc_init(struct policy_set *s)
{
	struct arc *a = s->state;

	list_init(&a->t[0]);
	list_init(&a->t[1]);
	if (ghosts_init(&a->b[0], s->frames))
		return -ENOMEM;
	if (!ghosts_init(&a->b[1], 2 * s->frames))
		return 0;
	ghosts_exit(&a->b[0]);
	return -ENOMEM;
}

static void arc_exit(struct policy_set *s)
{
	ghosts_exit(&((struct arc *)s->state)->b[0]);
	ghosts_exit(&((struct arc *)s->state)->b[1]);
}

static unsigned long step(const struct ghosts *mine, const struct ghosts *other)
{
	return other->nr > mine->nr ? other->nr / mine->nr : 1;
}

/* Room among the ghosts for one page more: the paper's case IV. */
static void make_ghost_room(struct policy_set *s, struct arc *a)
{
	unsigned long l1 = a->nr[0] + a->b[0].nr;

	if (l1 >= s->frames && a->nr[0] < s->frames)
		ghosts_drop_oldest(&a->b[0]);
	else if (l1 < s->frames && l1 + a->nr[1] + a->b[1].nr >= 2 * s->frames)
		ghosts_drop_oldest(&a->b[1]);
	a->full_of_new = a->nr[0] >= s->frames;
}

static void arc_miss(struct policy_set *s, uint64_t key)
{
	struct arc *a = s->state;
	uint64_t unused;
	bool b1 = ghosts_find(&a->b[0], key, &unused);

	a->full_of_new = false;
	a->comes_from_b2 = !b1 && ghosts_find(&a->b[1], key, &unused);
	if (b1)
		a->p = min_of(unsigned long, a->p + step(&a->b[0], &a->b[1]), s->frames);
	else if (a->comes_from_b2)
		a->p -= min_of(unsigned long, a->p, step(&a->b[1], &a->b[0]));
	else
		make_ghost_room(s, a);
}

static void arc_add(struct policy_set *s, struct page *page)
{
	struct arc *a = s->state;
	uint64_t unused, key = policy_key(page);
	unsigned list = ghosts_take(&a->b[0], key, &unused) || ghosts_take(&a->b[1], key, &unused);

	list_add(&page->lru, &a->t[list]);
	a->nr[list]++;
	policy_set_tag(page, list);
}

static void arc_remove(struct policy_set *s, struct page *page)
{
	list_del(&page->lru);
	((struct arc *)s->state)->nr[policy_tag(page) & SEEN_AGAIN]--;
}

static void arc_hit(struct policy_set *s, struct page *page)
{
	struct arc *a = s->state;

	arc_remove(s, page);
	list_add(&page->lru, &a->t[1]);
	a->nr[1]++;
	policy_set_tag(page, SEEN_AGAIN);
}

static struct page *arc_victim(struct policy_set *s)
{
	struct arc *a = s->state;
	bool first = a->nr[0] && (a->nr[0] > a->p || (a->comes_from_b2 && a->nr[0] == a->p));
	unsigned list = !(a->full_of_new || first || !a->nr[1]);
	struct page *page = list_last(&a->t[list], struct page, lru);

	arc_remove(s, page);
	policy_set_tag(page, list | (a->full_of_new ? NO_GHOST : 0));
	return page;
}

static void arc_gone(struct policy_set *s, struct page *page)
{
	struct arc *a = s->state;

	if (!(policy_tag(page) & NO_GHOST))
		ghosts_add(&a->b[policy_tag(page) & SEEN_AGAIN], policy_key(page), 0);
}

DEFINE_POLICY(arc) = {
	.name = "arc",
	.about = "adaptive: recency and frequency, with ghosts",
	.flags = POLICY_NEEDS_HITS,
	.state_size = sizeof(struct arc),
	.init = arc_init,
	.exit = arc_exit,
	.miss = arc_miss,
	.add = arc_add,
	.hit = arc_hit,
	.victim = arc_victim,
	.gone = arc_gone,
	.remove = arc_remove,
};
