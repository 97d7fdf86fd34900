/* Lists: lib/list.h, and what Linux's modules use beside it. */
#ifndef _LINUX_LIST_H
#define _LINUX_LIST_H

#include <linux/types.h>

#define LIST_POISON1	((void *)0x100)
#define LIST_POISON2	((void *)0x122)
#define LIST_HEAD(name) struct list_head name = LIST_HEAD_INIT(name)
#undef list_init
#define INIT_LIST_HEAD(h) list_head_init(h)

static inline void list_move(struct list_head *n, struct list_head *h)
{
	list_del(n);
	list_add(n, h);
}

static inline bool list_is_last(const struct list_head *n, const struct list_head *h)
{
	return n->next == h;
}

static inline bool list_is_first(const struct list_head *n, const struct list_head *h)
{
	return n->prev == h;
}

static inline bool list_is_singular(const struct list_head *h)
{
	return !list_empty(h) && h->next == h->prev;
}

static inline void list_replace(struct list_head *old, struct list_head *fresh)
{
	list_insert_between(fresh, old->prev, old->next);
}

/* What is on @from, to the front of @to. */
static inline void list_splice_init(struct list_head *from, struct list_head *to)
{
	struct list_head *first = from->next, *last = from->prev;

	if (list_empty(from))
		return;
	last->next = to->next;
	to->next->prev = last;
	to->next = first;
	first->prev = to;
	list_head_init(from);
}

#define list_splice(from, to)		  list_splice_init(from, to)
#define list_splice_tail(from, to)	  list_splice_tail_init(from, to)
#define list_add_rcu			  list_add
#define list_add_tail_rcu		  list_add_tail
#define list_del_rcu			  list_del
#define list_first_entry(h, type, member) list_first(h, type, member)
#define list_last_entry(h, type, member)  list_last(h, type, member)
#define list_first_entry_or_null(h, type, member)                                                  \
	(list_empty(h) ? NULL : list_first(h, type, member))
#define list_next_entry(pos, member)	   list_entry((pos)->member.next, __typeof__(*(pos)), member)
#define list_prev_entry(pos, member)	   list_entry((pos)->member.prev, __typeof__(*(pos)), member)
#define list_entry_is_head(pos, h, member) (&(pos)->member == (h))
#define list_entry_rcu(ptr, type, member)  list_entry(ptr, type, member)

#define list_for_each_prev(pos, h) for (pos = (h)->prev; pos != (h); pos = pos->prev)
#define list_for_each_safe(pos, n, h)                                                              \
	for (pos = (h)->next, n = pos->next; pos != (h); pos = n, n = pos->next)
#define list_for_each_rcu			     list_for_each
#define list_for_each_entry_rcu(pos, h, member, ...) list_for_each_entry (pos, h, member)
#define list_for_each_entry_reverse(pos, h, member)                                                \
	for (pos = list_last(h, __typeof__(*pos), member); &pos->member != (h);                    \
	     pos = list_prev_entry(pos, member))
#define list_for_each_entry_continue(pos, h, member)                                               \
	for (pos = list_next_entry(pos, member); &pos->member != (h);                              \
	     pos = list_next_entry(pos, member))
#define list_for_each_entry_from(pos, h, member)                                                   \
	for (; &pos->member != (h); pos = list_next_entry(pos, member))

/* ---- lists with a head of one pointer, for hash tables ---- */
#define HLIST_HEAD_INIT                                                                            \
	{                                                                                          \
		NULL                                                                               \
	}
#define HLIST_HEAD(name)	  struct hlist_head name = { NULL }
#define INIT_HLIST_HEAD(h)	  ((h)->first = NULL)
#define hlist_entry(p, t, m)	  container_of(p, t, m)
#define hlist_entry_safe(p, t, m) ((p) ? hlist_entry(p, t, m) : NULL)

static inline int hlist_empty(const struct hlist_head *h)
{
	return !h->first;
}

static inline void hlist_add_head(struct hlist_node *n, struct hlist_head *h)
{
	n->next = h->first;
	if (h->first)
		h->first->pprev = &n->next;
	h->first = n;
	n->pprev = &h->first;
}

static inline void hlist_del(struct hlist_node *n)
{
	*n->pprev = n->next;
	if (n->next)
		n->next->pprev = n->pprev;
}

static inline int hlist_unhashed(const struct hlist_node *n)
{
	return !n->pprev;
}

static inline void hlist_del_init(struct hlist_node *n)
{
	if (hlist_unhashed(n))
		return;
	hlist_del(n);
	n->next = NULL;
	n->pprev = NULL;
}

#define INIT_HLIST_NODE(n)	       ((void)((n)->next = NULL, (n)->pprev = NULL))
#define hlist_add_head_rcu	       hlist_add_head
#define hlist_del_rcu		       hlist_del
#define hlist_for_each_entry_rcu       hlist_for_each_entry
#define hlist_for_each_safe(pos, n, h) for (pos = (h)->first; pos && (n = pos->next, true); pos = n)
#define hlist_for_each(pos, h)	       for (pos = (h)->first; pos; pos = pos->next)
#define hlist_for_each_entry(pos, h, member)                                                       \
	for (pos = hlist_entry_safe((h)->first, __typeof__(*(pos)), member); pos;                  \
	     pos = hlist_entry_safe((pos)->member.next, __typeof__(*(pos)), member))
#define hlist_for_each_entry_safe(pos, n, h, member)                                               \
	for (pos = hlist_entry_safe((h)->first, __typeof__(*pos), member);                         \
	     pos && ({                                                                             \
		     n = pos->member.next;                                                         \
		     1;                                                                            \
	     });                                                                                   \
	     pos = hlist_entry_safe(n, __typeof__(*pos), member))

#include <linux/list_cut.h>

#endif
