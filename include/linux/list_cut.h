/* Lists cut, turned and moved in pieces; included by linux/list.h. */
#ifndef _LINUX_LIST_CUT_H
#define _LINUX_LIST_CUT_H

#include <linux/list.h>

#define list_empty_careful(h) list_empty(h)

static inline void list_rotate_left(struct list_head *h)
{
	if (!list_empty(h))
		list_move_tail(h->next, h);
}

/* From the first of @from to @last, in place of what @to had. */
static inline void list_cut_position(struct list_head *to, struct list_head *from,
				     struct list_head *last)
{
	list_head_init(to);
	if (list_empty(from) || last == from)
		return;
	to->next = from->next;
	to->next->prev = to;
	to->prev = last;
	from->next = last->next;
	from->next->prev = from;
	last->next = to;
}

static inline void list_cut_before(struct list_head *to, struct list_head *from,
				   struct list_head *end)
{
	list_cut_position(to, from, end == from->next ? from : end->prev);
}

static inline void list_swap(struct list_head *a, struct list_head *b)
{
	struct list_head *before_b = b->prev;

	list_del(b);
	list_replace(a, b);
	list_add(a, before_b == a ? b : before_b);
}

/* @first to @last, which follow one another in some list, to the end of @h. */
static inline void list_bulk_move_tail(struct list_head *h, struct list_head *first,
				       struct list_head *last)
{
	first->prev->next = last->next;
	last->next->prev = first->prev;
	h->prev->next = first;
	first->prev = h->prev;
	last->next = h;
	h->prev = last;
}

static inline void hlist_add_behind(struct hlist_node *n, struct hlist_node *before)
{
	n->next = before->next;
	before->next = n;
	n->pprev = &before->next;
	if (n->next)
		n->next->pprev = &n->next;
}

static inline void hlist_add_before(struct hlist_node *n, struct hlist_node *after)
{
	n->pprev = after->pprev;
	n->next = after;
	after->pprev = &n->next;
	*n->pprev = n;
}

#define list_for_each_entry_safe_reverse(pos, n, h, member)                                        \
	for (pos = list_last(h, __typeof__(*pos), member), n = list_prev_entry(pos, member);       \
	     &pos->member != (h); pos = n, n = list_prev_entry(n, member))
#define list_for_each_entry_safe_from(pos, n, h, member)                                           \
	for (n = list_next_entry(pos, member); &pos->member != (h);                                \
	     pos = n, n = list_next_entry(n, member))
#define list_for_each_entry_safe_continue(pos, n, h, member)                                       \
	for (pos = list_next_entry(pos, member), n = list_next_entry(pos, member);                 \
	     &pos->member != (h); pos = n, n = list_next_entry(n, member))
#define list_for_each_entry_continue_reverse(pos, h, member)                                       \
	for (pos = list_prev_entry(pos, member); &pos->member != (h);                              \
	     pos = list_prev_entry(pos, member))
#define list_prepare_entry(pos, h, member)                                                         \
	((pos) ? (pos) : list_entry(h, __typeof__(*(pos)), member))

#endif
