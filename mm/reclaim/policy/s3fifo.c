/*
 * S3-FIFO-like: a small queue (a tenth of memory) where pages are on probation, a main queue for those that were used there, and
 * the ghosts of those that were not: they come to the main queue at once when they return.
 *
 *   victim     small queue over its share: its oldest, or, when it was used, that one to main and on; otherwise the oldest of
 *              main that was not used since it was last there
 *
 * OWNS     two queues (tag: in main), ghosts for as many pages as main has.
 * WHY      -like: one accessed bit where the paper counts uses up to 3, for a machine tells no more.
 * SOURCES  Yang et al., FIFO queues are all you need for cache eviction, SOSP 2023.   TESTED BY replay_test.c
 */
#include "mm/policy.h"
#include "mm/reclaim/policy/ghost.h"

enum { SMALL, MAIN, SMALL_SHARE = 10 };

struct s3fifo {
	struct list_head queue[2]; /* newest first */
	unsigned long nr[2];
	struct ghosts ghosts;
};

static int s3fifo_init(struct policy_set *s)
{
	struct s3fifo *q = s->state;

	list_init(&q->queue[SMALL]);
	list_init(&q->queue[MAIN]);
	return ghosts_init(&q->ghosts, s->frames - s->frames / SMALL_SHARE);
}

static void s3fifo_exit(struct policy_set *s)
{
	ghosts_exit(&((struct s3fifo *)s->state)->ghosts);
}

static void enter(struct s3fifo *q, struct page *page, unsigned queue)
{
	list_add(&page->lru, &q->queue[queue]);
	q->nr[queue]++;
	policy_set_tag(page, queue);
}

static void s3fifo_add(struct policy_set *s, struct page *page)
{
	struct s3fifo *q = s->state;
	uint64_t unused;

	enter(q, page, ghosts_take(&q->ghosts, policy_key(page), &unused) ? MAIN : SMALL);
}

static void s3fifo_remove(struct policy_set *s, struct page *page)
{
	list_del(&page->lru);
	((struct s3fifo *)s->state)->nr[policy_tag(page)]--;
}

/* The oldest of @queue, off it. */
static struct page *oldest(struct policy_set *s, unsigned queue)
{
	struct page *page = list_last(&((struct s3fifo *)s->state)->queue[queue], struct page, lru);

	s3fifo_remove(s, page);
	return page;
}

static struct page *s3fifo_victim(struct policy_set *s)
{
	struct s3fifo *q = s->state;
	unsigned long share = max_of(unsigned long, s->frames / SMALL_SHARE, 1);

	for (;;) {
		unsigned from = q->nr[SMALL] >= share || !q->nr[MAIN] ? SMALL : MAIN;
		struct page *page = oldest(s, from);

		if (!policy_referenced(s, page))
			return page;
		enter(q, page, MAIN);
	}
}

static void s3fifo_gone(struct policy_set *s, struct page *page)
{
	if (policy_tag(page) == SMALL)
		ghosts_add(&((struct s3fifo *)s->state)->ghosts, policy_key(page), 0);
}

DEFINE_POLICY(s3fifo) = {
	.name = "s3fifo",
	.about = "S3-FIFO-like: probation, main, ghosts",
	.state_size = sizeof(struct s3fifo),
	.init = s3fifo_init,
	.exit = s3fifo_exit,
	.add = s3fifo_add,
	.victim = s3fifo_victim,
	.gone = s3fifo_gone,
	.remove = s3fifo_remove,
};
