/*
 * Any page, each as likely as another; the same ones in every run.
 *
 * OWNS     the pages in an array, and where each is in it.   WHY  what a policy's knowledge is worth, measured against none.
 * SOURCES  Marsaglia, Xorshift RNGs, 2003.   TESTED BY replay_test.c
 */
#include "base/errno.h"
#include "mm/policy.h"

struct any {
	struct page **page; /* [0, nr) */
	uint32_t *place;    /* of each frame, in page[] */
	unsigned long nr;
	uint64_t seed;
};

static void any_exit(struct policy_set *s)
{
	struct any *a = s->state;

	policy_free(a->page);
	policy_free(a->place);
}

static int any_init(struct policy_set *s)
{
	struct any *a = s->state;

	a->seed = 88172645463325252ULL;
	a->page = policy_alloc(s->frames * sizeof(*a->page));
	a->place = policy_alloc(s->frames * sizeof(*a->place));
	if (a->page && a->place)
		return 0;
	any_exit(s);
	return -ENOMEM;
}

static void any_add(struct policy_set *s, struct page *page)
{
	struct any *a = s->state;

	a->place[policy_slot(s, page)] = (uint32_t)a->nr;
	a->page[a->nr++] = page;
}

static void any_remove(struct policy_set *s, struct page *page)
{
	struct any *a = s->state;
	uint32_t hole = a->place[policy_slot(s, page)];
	struct page *last = a->page[--a->nr];

	a->page[hole] = last;
	a->place[policy_slot(s, last)] = hole;
}

static struct page *any_victim(struct policy_set *s)
{
	struct any *a = s->state;
	struct page *page;

	a->seed ^= a->seed << 13;
	a->seed ^= a->seed >> 7;
	a->seed ^= a->seed << 17;
	page = a->page[(uint64_t)(uint32_t)(a->seed >> 32) * (uint32_t)a->nr >> 32];
	any_remove(s, page);
	return page;
}

DEFINE_POLICY(any) = {
	.name = "random",
	.about = "any page, each as likely",
	.flags = POLICY_REPEATS_FREE,
	.state_size = sizeof(struct any),
	.init = any_init,
	.exit = any_exit,
	.add = any_add,
	.victim = any_victim,
	.remove = any_remove,
};
