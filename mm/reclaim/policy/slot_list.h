/*
 * A list of frames by their numbers: 8 bytes a frame side by side, where links in the pages would bring in a cache line each. For
 * policies that touch the list at every use. Links are in a ring whose head is one frame more: link[frames].
 *
 *   slot_list_add     in front           slot_list_first, slot_list_last     the list is not empty
 *
 * OWNS     the array.   COST  O(1).   LOCKS  the caller's.   FAILS  -ENOMEM of init.   TESTED BY replay_test.c
 */
#ifndef MM_POLICY_SLOT_LIST_H
#define MM_POLICY_SLOT_LIST_H

#include "base/errno.h"
#include "mm/policy.h"

struct slot_link {
	uint32_t next, prev;
};

struct slot_list {
	struct slot_link *link;
	uint32_t head;
};

static inline int slot_list_init(struct slot_list *l, unsigned long frames)
{
	l->head = (uint32_t)frames;
	l->link = policy_alloc((frames + 1) * sizeof(*l->link));
	if (!l->link)
		return -ENOMEM;
	l->link[l->head] = (struct slot_link){ l->head, l->head };
	return 0;
}

static inline void slot_list_exit(struct slot_list *l)
{
	policy_free(l->link);
}

static inline unsigned long slot_list_first(const struct slot_list *l)
{
	return l->link[l->head].next;
}

static inline unsigned long slot_list_last(const struct slot_list *l)
{
	return l->link[l->head].prev;
}

static inline void slot_list_add(struct slot_list *l, unsigned long slot)
{
	uint32_t first = l->link[l->head].next;

	l->link[slot] = (struct slot_link){ first, l->head };
	l->link[first].prev = (uint32_t)slot;
	l->link[l->head].next = (uint32_t)slot;
}

static inline void slot_list_remove(struct slot_list *l, unsigned long slot)
{
	struct slot_link link = l->link[slot];

	l->link[link.prev].next = link.next;
	l->link[link.next].prev = link.prev;
}

#endif
