/*
 * Radix index from unsigned long to pointers with tags: the page cache's index. The caller locks. Nodes come from the
 * caller's allocator, outside its lock: try to insert with an empty reserve; when that says -ENOMEM, unlock,
 * fill the reserve, try again.
 */
#ifndef LIB_XINDEX_H
#define LIB_XINDEX_H

#include "lib/list.h"

enum { XINDEX_TAG_DIRTY, XINDEX_TAG_WRITEBACK, XINDEX_TAG_TOWRITE, XINDEX_NR_TAGS };

/* An item may be a number instead of a pointer, which is even then; the top bit does not fit. */
static inline void *xindex_value(unsigned long number)
{
	return (void *)(number << 1 | 1);
}

static inline bool xindex_is_value(const void *item)
{
	return (unsigned long)item & 1;
}

static inline unsigned long xindex_number(const void *value)
{
	return (unsigned long)value >> 1;
}

/* A leaf has the items of so many indexes, from a multiple of it on. */
enum { XINDEX_LEAF_SLOTS = 64 };
struct xindex_node;
/* At the beginning of each node: what the tree's owner keeps of it; all zero in a new one. */
struct xindex_keep {
	struct list_head link;
	void *owner;
	unsigned long first; /* an index of the leaf's */
};
struct xindex {
	void *root;	    /* height 0: the item at index 0, or NULL */
	unsigned height;    /* levels of nodes */
	unsigned root_tags; /* height 0: tags of that item */
	unsigned long last; /* the largest index that fits below the root */
	unsigned long nr;   /* items */
};

/* Nodes put aside by one thread for one insertion: at most new roots above the old one, and a path beside it. */
enum { XINDEX_MAX_HEIGHT = 11, XINDEX_MAX_NODES = 2 * XINDEX_MAX_HEIGHT - 1 };
struct xindex_reserve {
	unsigned nr, want;
	void *nodes[XINDEX_MAX_NODES];
};
extern const size_t xindex_node_size;

void xindex_init(struct xindex *x);
void *xindex_find(const struct xindex *x, unsigned long index);
/* The slots from @first on, of which *nr are meant: cut to those that lie together; NULL: all of them are empty. */
void *const *xindex_slots(const struct xindex *x, unsigned long first, unsigned *nr);
static inline void xindex_reserve_init(struct xindex_reserve *r)
{
	r->nr = 0;
	r->want = 0;
}
/* Get the r->want nodes that an insertion asked for, from @alloc. 0 or -ENOMEM (nothing kept). Without the lock. */
int must_check xindex_reserve_fill(struct xindex_reserve *r, void *(*alloc)(void),
				   void (*free_fn)(void *));
void xindex_reserve_drop(struct xindex_reserve *r, void (*free_fn)(void *));
/* Store @item (not NULL). 0; -EEXIST: another is there and stays; -ENOMEM: @r has too few nodes, r->want says how many. */
int must_check xindex_insert(struct xindex *x, unsigned long index, void *item,
			     struct xindex_reserve *r);
/* Put @item in the place of the one at @index, which is there; tags stay. */
void xindex_replace(struct xindex *x, unsigned long index, void *item);
/* The item at @index, which is there, loses all tags. */
void xindex_untag(struct xindex *x, unsigned long index);
/* The owner's part of the leaf that has @index, NULL: there is none. *all_values: it has nothing but numbers. */
struct xindex_keep *xindex_leaf(const struct xindex *x, unsigned long index, bool *all_values);
/* Remove; Return: the item or NULL. Empty nodes go to @free_fn. */
void *xindex_remove(struct xindex *x, unsigned long index, void (*free_fn)(void *));
/* First item with index >= *index; sets *index. NULL when none. */
void *xindex_next(const struct xindex *x, unsigned long *index);
/* Tags of an item that exists; without one nothing happens. */
void xindex_tag_set(struct xindex *x, unsigned long index, unsigned tag);
void xindex_tag_clear(struct xindex *x, unsigned long index, unsigned tag);
bool xindex_tag_get(const struct xindex *x, unsigned long index, unsigned tag);
void *xindex_next_tagged(const struct xindex *x, unsigned long *index, unsigned tag);
/* Items of [*first, last] that have tag @from get tag @to, @max of them at most. *first: where to go on. Return: how many. */
unsigned xindex_tag_range(struct xindex *x, unsigned long *first, unsigned long last, unsigned from,
			  unsigned to, unsigned max);
const char *xindex_check(const struct xindex *x);

#endif
