/* A stack of nodes that many may push to at once. */
#ifndef _LINUX_LLIST_H
#define _LINUX_LLIST_H

#include <linux/kernel.h>

struct llist_node {
	struct llist_node *next;
};
struct llist_head {
	struct llist_node *first;
};

#define LLIST_HEAD_INIT(name)                                                                      \
	{                                                                                          \
		NULL                                                                               \
	}
#define LLIST_HEAD(name)       struct llist_head name = LLIST_HEAD_INIT(name)
#define init_llist_head(h)     ((h)->first = NULL)
#define llist_entry(p, t, m)   container_of(p, t, m)
#define llist_empty(h)	       (READ_ONCE((h)->first) == NULL)
#define llist_next(n)	       ((n)->next)
#define llist_for_each(pos, n) for (pos = (n); pos; pos = pos->next)
/* By number: the address of a member counts as never NULL. */
#define LLIST_IS(pos, member) ((unsigned long)(pos) + offsetof(__typeof__(*(pos)), member) != 0)
#define llist_for_each_entry(pos, n, member)                                                       \
	for (pos = llist_entry(n, __typeof__(*(pos)), member); LLIST_IS(pos, member);              \
	     pos = llist_entry((pos)->member.next, __typeof__(*(pos)), member))
#define llist_for_each_entry_safe(pos, tmp, n, member)                                             \
	for (pos = llist_entry(n, __typeof__(*(pos)), member);                                     \
	     LLIST_IS(pos, member) &&                                                              \
	     (tmp = llist_entry((pos)->member.next, __typeof__(*(pos)), member), true);            \
	     pos = tmp)

/* Return: it was empty. */
static inline bool llist_add(struct llist_node *n, struct llist_head *h)
{
	struct llist_node *first = READ_ONCE(h->first);

	do
		n->next = first;
	while (!__atomic_compare_exchange_n(&h->first, &first, n, false, __ATOMIC_SEQ_CST,
					    __ATOMIC_SEQ_CST));
	return !first;
}

static inline struct llist_node *llist_del_all(struct llist_head *h)
{
	return __atomic_exchange_n(&h->first, NULL, __ATOMIC_SEQ_CST);
}

static inline struct llist_node *llist_reverse_order(struct llist_node *n)
{
	struct llist_node *back = NULL;

	while (n) {
		struct llist_node *next = n->next;

		n->next = back;
		back = n;
		n = next;
	}
	return back;
}

#endif
