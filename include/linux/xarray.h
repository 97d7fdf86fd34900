/*
 * Pointers by number. Linux keeps them in a radix tree, here they hang in a red-black tree: the calls and their results are the
 * same, a look-up takes a few steps more. Of idr.h and radix-tree.h this is the inside, too.
 */
#ifndef _LINUX_XARRAY_H
#define _LINUX_XARRAY_H

#include <linux/xarray_items.h>

typedef unsigned int xa_mark_t;
enum { XA_MARK_0, XA_MARK_1, XA_MARK_2, XA_MARKS };
#define XA_PRESENT	    8U /* every entry has it */
#define XA_FLAGS_ALLOC	    1U
#define XA_FLAGS_ALLOC1	    2U /* xa_alloc begins with 1 */
#define XA_FLAGS_TRACK_FREE 0U
#define XA_FLAGS_LOCK_IRQ   0U
#define XA_FLAGS_LOCK_BH    0U
#define XA_ZERO_ENTRY	    ((void *)0x406)

#define XARRAY_INIT(name, flags)                                                                   \
	{                                                                                          \
		.xa_flags = (flags)                                                                \
	}
#define DEFINE_XARRAY_FLAGS(n, f) struct xarray n = XARRAY_INIT(n, f)
#define DEFINE_XARRAY(n)	  DEFINE_XARRAY_FLAGS(n, 0)
#define DEFINE_XARRAY_ALLOC(n)	  DEFINE_XARRAY_FLAGS(n, XA_FLAGS_ALLOC)
#define DEFINE_XARRAY_ALLOC1(n)	  DEFINE_XARRAY_FLAGS(n, XA_FLAGS_ALLOC1)
#define xa_init_flags(xa, flags)  ((void)(*(xa) = (struct xarray){ .xa_flags = (flags) }))
#define xa_init(xa)		  xa_init_flags(xa, 0)
#define xa_empty(xa)		  RB_EMPTY_ROOT(&(xa)->root)
#define xa_is_err(e)		  IS_ERR(e)
#define xa_err(e)		  (IS_ERR(e) ? (int)PTR_ERR(e) : 0)
#define xa_mk_value(v)		  ((void *)((unsigned long)(v) << 1 | 1))
#define xa_to_value(e)		  ((unsigned long)(e) >> 1)
#define xa_is_value(e)		  ((unsigned long)(e)&1)

#define xa_store(xa, index, entry, gfp) xa_put(xa, index, entry, gfp, false)
#define xa_erase(xa, index)		xa_put(xa, index, NULL, 0, false)

static inline int xa_insert(struct xarray *xa, unsigned long index, void *entry, gfp_t gfp)
{
	void *old = xa_put(xa, index, entry, gfp, true);

	return IS_ERR(old) ? (int)PTR_ERR(old) : old ? -EBUSY : 0;
}

static inline void *xa_find(struct xarray *xa, unsigned long *index, unsigned long max,
			    xa_mark_t filter)
{
	struct xa_item *item;
	void *entry = NULL;

	xa_lock(xa);
	item = xa_item_from(xa, *index, filter == XA_PRESENT ? 0 : 1U << filter);
	if (item && item->index <= max) {
		*index = item->index;
		entry = item->entry;
	}
	xa_unlock(xa);
	return entry;
}

static inline void *xa_find_after(struct xarray *xa, unsigned long *index, unsigned long max,
				  xa_mark_t filter)
{
	return ++*index ? xa_find(xa, index, max, filter) : NULL;
}

#define xa_for_each_range(xa, index, entry, first, last)                                           \
	for ((index) = (first), (entry) = xa_find(xa, &(index), last, XA_PRESENT); entry;          \
	     (entry) = xa_find_after(xa, &(index), last, XA_PRESENT))
#define xa_for_each_start(xa, index, entry, first) xa_for_each_range(xa, index, entry, first, ~0UL)
#define xa_for_each(xa, index, entry)		   xa_for_each_start(xa, index, entry, 0)
#define xa_for_each_marked(xa, index, entry, filter)                                               \
	for ((index) = 0, (entry) = xa_find(xa, &(index), ~0UL, filter); entry;                    \
	     (entry) = xa_find_after(xa, &(index), ~0UL, filter))

static inline void xa_change_mark(struct xarray *xa, unsigned long index, xa_mark_t m, bool on)
{
	struct xa_item *item;

	xa_lock(xa);
	item = xa_item_at(xa, index);
	if (item)
		item->marks = (item->marks & ~(1U << m)) | (unsigned int)on << m;
	xa_unlock(xa);
}

static inline bool xa_get_mark(struct xarray *xa, unsigned long index, xa_mark_t m)
{
	struct xa_item *item;
	bool is;

	xa_lock(xa);
	item = xa_item_at(xa, index);
	is = item && item->marks >> m & 1;
	xa_unlock(xa);
	return is;
}

#define xa_set_mark(xa, index, m)   xa_change_mark(xa, index, m, true)
#define xa_clear_mark(xa, index, m) xa_change_mark(xa, index, m, false)
#define xa_marked(xa, m)	    (xa_item_from(xa, 0, 1U << (m)) != NULL)

static inline void xa_destroy(struct xarray *xa)
{
	struct xa_item *item;

	while ((item = xa_item_from(xa, 0, 0)))
		(void)xa_erase(xa, item->index);
}

#include <linux/xarray_alloc.h>

#endif
