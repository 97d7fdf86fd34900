/* Sorting of lists: by merging, stable. */
#ifndef _LINUX_LIST_SORT_H
#define _LINUX_LIST_SORT_H

#include <linux/list.h>

typedef int (*list_cmp_func_t)(void *priv, const struct list_head *a, const struct list_head *b);

/* Two chains by ->next, each ended by NULL, into one. */
static inline struct list_head *list_merge(void *priv, list_cmp_func_t cmp, struct list_head *a,
					   struct list_head *b)
{
	struct list_head *first = NULL, **tail = &first;

	while (a && b) {
		struct list_head **least = cmp(priv, a, b) <= 0 ? &a : &b;

		*tail = *least;
		tail = &(*least)->next;
		*least = *tail;
	}
	*tail = a ? a : b;
	return first;
}

/* Chains of 1, 2, 4, ... elements wait in @parts[0], [1], [2], ... to be merged with one as long. */
static inline void list_sort(void *priv, struct list_head *head, list_cmp_func_t cmp)
{
	struct list_head *parts[8 * sizeof(long)] = { NULL }, *at = head->next, *all = NULL;
	unsigned int i;

	while (at != head) {
		struct list_head *one = at;

		at = at->next;
		one->next = NULL;
		for (i = 0; parts[i]; parts[i++] = NULL)
			one = list_merge(priv, cmp, parts[i], one);
		parts[i] = one;
	}
	for (i = 0; i < 8 * sizeof(long); i++)
		if (parts[i])
			all = list_merge(priv, cmp, parts[i], all);
	INIT_LIST_HEAD(head);
	while (all) {
		at = all;
		all = all->next;
		list_add_tail(at, head);
	}
}

static inline size_t list_count_nodes(struct list_head *head)
{
	struct list_head *at;
	size_t n = 0;

	list_for_each (at, head)
		n++;
	return n;
}

#endif
