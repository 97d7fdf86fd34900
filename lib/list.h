/* Doubly linked circular lists, the head embedded like any node. No locks: the caller has them. */
#ifndef LIB_LIST_H
#define LIB_LIST_H

#include "base/compiler.h"
#include "base/types.h"

struct list_head {
	struct list_head *next, *prev;
};

#define LIST_HEAD_INIT(name)                                                                       \
	{                                                                                          \
		&(name), &(name)                                                                   \
	}

static inline void list_head_init(struct list_head *h)
{
	h->next = h;
	h->prev = h;
}
#define list_init(h) list_head_init(h) /* taken back in modules, where it is a free name */

static inline bool list_empty(const struct list_head *h)
{
	return READ_ONCE(h->next) == h;
}

static inline void list_insert_between(struct list_head *n, struct list_head *prev,
				       struct list_head *next)
{
	WRITE_ONCE(next->prev, n); /* who is in a wait queue looks at his own without its lock */
	n->next = next;
	n->prev = prev;
	WRITE_ONCE(prev->next, n);
}

static inline void list_add(struct list_head *n, struct list_head *h)
{
	list_insert_between(n, h, h->next);
}

static inline void list_add_tail(struct list_head *n, struct list_head *h)
{
	list_insert_between(n, h->prev, h);
}

/* The node's own pointers are left dangling; use list_del_init when it may be tested again. */
static inline void list_del(struct list_head *n)
{
	struct list_head *next = n->next, *prev = n->prev;

	WRITE_ONCE(next->prev, prev);
	WRITE_ONCE(prev->next, next);
}

/* Take off @first, which is the first of @h. Its own pointers are left dangling. */
static inline void list_del_first(struct list_head *h, struct list_head *first)
{
	struct list_head *next = first->next;

	WRITE_ONCE(next->prev, h);
	WRITE_ONCE(h->next, next);
}

static inline void list_del_init(struct list_head *n)
{
	list_del(n);
	list_head_init(n);
}

static inline void list_move_tail(struct list_head *n, struct list_head *h)
{
	list_del(n);
	list_add_tail(n, h);
}

/* Append everything on @from to the end of @to; @from becomes empty. */
static inline void list_splice_tail_init(struct list_head *from, struct list_head *to)
{
	if (list_empty(from))
		return;
	from->next->prev = to->prev;
	to->prev->next = from->next;
	from->prev->next = to;
	to->prev = from->prev;
	list_head_init(from);
}

#define list_entry(ptr, type, member) container_of(ptr, type, member)
#define list_first(h, type, member)   list_entry((h)->next, type, member)
#define list_last(h, type, member)    list_entry((h)->prev, type, member)

#define list_for_each(pos, h) for (pos = (h)->next; pos != (h); pos = pos->next)
#define list_for_each_entry(pos, h, member)                                                        \
	for (pos = list_first(h, __typeof__(*pos), member); &pos->member != (h);                   \
	     pos = list_first(&pos->member, __typeof__(*pos), member))
#define list_for_each_entry_safe(pos, tmp, h, member)                                              \
	for (pos = list_first(h, __typeof__(*pos), member),                                        \
	    tmp = list_first(&pos->member, __typeof__(*pos), member);                              \
	     &pos->member != (h);                                                                  \
	     pos = tmp, tmp = list_first(&tmp->member, __typeof__(*tmp), member))

#endif
