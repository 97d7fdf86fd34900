/*
 * Belady's optimal policy: the page that is needed again latest goes. Nobody can do with fewer faults.
 *
 * OWNS     frames by when they are used next (page->private).   TESTED BY replay_test.c
 * SOURCES  Belady, A study of replacement algorithms for virtual-storage computers, 1966.
 */
#include "mm/policy.h"
#include "mm/reclaim/policy/slot_heap.h"

static int opt_init(struct policy_set *s)
{
	return slot_heap_init(s->state, s->frames);
}

static void opt_exit(struct policy_set *s)
{
	slot_heap_exit(s->state);
}

static void opt_add(struct policy_set *s, struct page *page)
{
	slot_heap_add(s->state, policy_slot(s, page), page->private);
}

static void opt_hit(struct policy_set *s, struct page *page)
{
	slot_heap_change(s->state, policy_slot(s, page), page->private);
}

static void opt_remove(struct policy_set *s, struct page *page)
{
	slot_heap_remove(s->state, policy_slot(s, page));
}

static struct page *opt_victim(struct policy_set *s)
{
	struct page *page = s->base + slot_heap_top(s->state);

	opt_remove(s, page);
	return page;
}

DEFINE_POLICY(opt) = {
	.name = "opt",
	.about = "Belady's optimum: needs the future",
	.flags = POLICY_NEEDS_HITS | POLICY_NEEDS_FUTURE | POLICY_REPEATS_FREE,
	.state_size = sizeof(struct slot_heap),
	.init = opt_init,
	.exit = opt_exit,
	.add = opt_add,
	.hit = opt_hit,
	.victim = opt_victim,
	.remove = opt_remove,
};
