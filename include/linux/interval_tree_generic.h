/*
 * INTERVAL_TREE_DEFINE: functions for a tree of intervals, ends included, ordered by their starts. A search looks at all that start
 * before the end of what is asked for: Linux's trees have the same calls and fewer steps. ITSUBTREE is only kept at the own end.
 */
#ifndef _LINUX_INTERVAL_TREE_GENERIC_H
#define _LINUX_INTERVAL_TREE_GENERIC_H

#include <linux/rbtree.h>

#define INTERVAL_TREE_DEFINE(ITSTRUCT, ITRB, ITTYPE, ITSUBTREE, ITSTART, ITLAST, ITSTATIC,         \
			     ITPREFIX)                                                             \
	ITSTATIC void ITPREFIX##_insert(ITSTRUCT *node, struct rb_root_cached *root)               \
	{                                                                                          \
		struct rb_node **link = &root->rb_root.rb_node, *parent = NULL;                    \
		bool leftmost = true;                                                              \
                                                                                                   \
		while (*link) {                                                                    \
			parent = *link;                                                            \
			if (ITSTART(node) < ITSTART(rb_entry(parent, ITSTRUCT, ITRB))) {           \
				link = &parent->rb_left;                                           \
			} else {                                                                   \
				link = &parent->rb_right;                                          \
				leftmost = false;                                                  \
			}                                                                          \
		}                                                                                  \
		node->ITSUBTREE = ITLAST(node);                                                    \
		rb_link_node(&node->ITRB, parent, link);                                           \
		rb_insert_color_cached(&node->ITRB, root, leftmost);                               \
	}                                                                                          \
	ITSTATIC void ITPREFIX##_remove(ITSTRUCT *node, struct rb_root_cached *root)               \
	{                                                                                          \
		rb_erase_cached(&node->ITRB, root);                                                \
	}                                                                                          \
	/* The first from @n on that shares something with [first, last]. */                       \
	ITSTATIC ITSTRUCT *ITPREFIX##_search(struct rb_node *n, ITTYPE first, ITTYPE last)         \
	{                                                                                          \
		for (; n; n = rb_next(n)) {                                                        \
			ITSTRUCT *node = rb_entry(n, ITSTRUCT, ITRB);                              \
                                                                                                   \
			if (ITSTART(node) > last)                                                  \
				break;                                                             \
			if (ITLAST(node) >= first)                                                 \
				return node;                                                       \
		}                                                                                  \
		return NULL;                                                                       \
	}                                                                                          \
	ITSTATIC ITSTRUCT *ITPREFIX##_iter_first(struct rb_root_cached *root, ITTYPE first,        \
						 ITTYPE last)                                      \
	{                                                                                          \
		return ITPREFIX##_search(rb_first_cached(root), first, last);                      \
	}                                                                                          \
	ITSTATIC ITSTRUCT *ITPREFIX##_iter_next(ITSTRUCT *node, ITTYPE first, ITTYPE last)         \
	{                                                                                          \
		return ITPREFIX##_search(rb_next(&node->ITRB), first, last);                       \
	}

#endif
