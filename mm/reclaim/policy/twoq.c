/*
 * 2Q, the full version: new pages go through a queue (A1in, a quarter of memory); what leaves it is remembered (A1out, as many
 * as half of memory has frames); who comes back from there is worth keeping: a list by recency (Am).
 *
 *   hit        in Am: to its front; in A1in: nothing, uses close together count as one
 *   victim     the oldest of A1in when it has more than its share, else the least recently used of Am
 *
 * OWNS     A1in, Am (tag: MAIN), A1out: ghosts.
 * I1       back: the page of back_key was in A1out when it was missed; kept apart, for its ghost may go before it is added.
 * WHY      shares as the paper recommends them: Kin 25 %, Kout 50 %; each at least one.
 * SOURCES  Johnson, Shasha, 2Q, VLDB 1994, figure 2.   TESTED BY replay_test.c
 */
#include "mm/policy.h"
#include "mm/reclaim/policy/ghost.h"

enum { IN, MAIN, IN_SHARE = 4, OUT_SHARE = 2 };

struct twoq {
	struct list_head list[2]; /* newest first */
	unsigned long nr[2];
	struct ghosts out;
	uint64_t back_key;
	bool back;
};

static int twoq_init(struct policy_set *s)
{
	struct twoq *q = s->state;

	list_init(&q->list[IN]);
	list_init(&q->list[MAIN]);
	return ghosts_init(&q->out, max_of(unsigned long, s->frames / OUT_SHARE, 1));
}

static void twoq_exit(struct policy_set *s)
{
	ghosts_exit(&((struct twoq *)s->state)->out);
}

static void enter(struct twoq *q, struct page *page, unsigned list)
{
	list_add(&page->lru, &q->list[list]);
	q->nr[list]++;
	policy_set_tag(page, list);
}

static void twoq_miss(struct policy_set *s, uint64_t key)
{
	struct twoq *q = s->state;
	uint64_t unused;

	q->back = ghosts_take(&q->out, key, &unused);
	q->back_key = key;
}

static void twoq_add(struct policy_set *s, struct page *page)
{
	struct twoq *q = s->state;

	enter(q, page, q->back && q->back_key == policy_key(page) ? MAIN : IN);
	q->back = false;
}

static void twoq_remove(struct policy_set *s, struct page *page)
{
	list_del(&page->lru);
	((struct twoq *)s->state)->nr[policy_tag(page)]--;
}

static void twoq_hit(struct policy_set *s, struct page *page)
{
	if (policy_tag(page) != MAIN)
		return;
	twoq_remove(s, page);
	enter(s->state, page, MAIN);
}

static struct page *twoq_victim(struct policy_set *s)
{
	struct twoq *q = s->state;
	bool over = q->nr[IN] > max_of(unsigned long, s->frames / IN_SHARE, 1);
	unsigned from = over || !q->nr[MAIN] ? IN : MAIN;
	struct page *page = list_last(&q->list[from], struct page, lru);

	twoq_remove(s, page);
	return page;
}

static void twoq_gone(struct policy_set *s, struct page *page)
{
	if (policy_tag(page) == IN)
		ghosts_add(&((struct twoq *)s->state)->out, policy_key(page), 0);
}

DEFINE_POLICY(twoq) = {
	.name = "2q",
	.about = "a queue for new pages, recency for those that came back",
	.flags = POLICY_NEEDS_HITS,
	.state_size = sizeof(struct twoq),
	.init = twoq_init,
	.exit = twoq_exit,
	.miss = twoq_miss,
	.add = twoq_add,
	.hit = twoq_hit,
	.victim = twoq_victim,
	.gone = twoq_gone,
	.remove = twoq_remove,
};
