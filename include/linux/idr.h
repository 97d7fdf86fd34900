/* Numbers for pointers (idr), and numbers alone (ida): the lowest that is free. */
#ifndef _LINUX_IDR_H
#define _LINUX_IDR_H

#include <linux/xarray.h>

struct idr {
	struct xarray items;
	unsigned int next; /* idr_alloc_cyclic's */
};
struct ida {
	struct xarray xa;
};

#define IDR_INIT(name)                                                                             \
	{                                                                                          \
		.items = XARRAY_INIT(name, 0)                                                      \
	}
#define DEFINE_IDR(name) struct idr name = IDR_INIT(name)
#define IDA_INIT(name)                                                                             \
	{                                                                                          \
		.xa = XARRAY_INIT(name, 0)                                                         \
	}
#define DEFINE_IDA(name)  struct ida name = IDA_INIT(name)
#define idr_init(idr)	  ((void)(*(idr) = (struct idr){ .next = 0 }))
#define ida_init(ida)	  xa_init(&(ida)->xa)
#define idr_preload(gfp)  ((void)(gfp))
#define idr_preload_end() ((void)0)

static inline struct xa_limit idr_limit(int start, int end)
{
	return XA_LIMIT((u32)start, end > 0 ? (u32)end - 1 : ~0U >> 1);
}

/* A number from @start on, below @end (<= 0: any); -ENOSPC, -ENOMEM. */
static inline int idr_alloc(struct idr *idr, void *p, int start, int end, gfp_t gfp)
{
	struct xa_limit limit = idr_limit(start, end);
	u32 id = 0;
	int err = start < 0 ? -EINVAL : xa_alloc_from(&idr->items, &id, p, limit, limit.min, gfp);

	return err == -EBUSY ? -ENOSPC : err ? err : (int)id;
}

static inline int idr_alloc_cyclic(struct idr *idr, void *p, int start, int end, gfp_t gfp)
{
	u32 id = 0;
	int err = xa_alloc_cyclic(&idr->items, &id, p, idr_limit(start, end), &idr->next, gfp);

	return err == -EBUSY ? -ENOSPC : err < 0 ? err : (int)id;
}

static inline void *idr_shown(void *entry)
{
	return entry == XA_ZERO_ENTRY ? NULL : entry;
}

#define idr_find(idr, id)      idr_shown(xa_load(&(idr)->items, (unsigned long)(id)))
#define idr_remove(idr, id)    idr_shown(xa_erase(&(idr)->items, (unsigned long)(id)))
#define idr_is_empty(idr)      xa_empty(&(idr)->items)
#define idr_destroy(idr)       xa_destroy(&(idr)->items)
#define idr_get_cursor(idr)    ((idr)->next)
#define idr_set_cursor(idr, v) ((idr)->next = (v))

/* The old pointer; ERR_PTR(-ENOENT): the number is free. */
static inline void *idr_replace(struct idr *idr, void *p, unsigned long id)
{
	if (!xa_load(&idr->items, id))
		return ERR_PTR(-ENOENT);
	return idr_shown(xa_store(&idr->items, id, p ? p : XA_ZERO_ENTRY, GFP_ATOMIC));
}

static inline void *idr_get_next(struct idr *idr, int *id)
{
	unsigned long index = (unsigned long)*id;
	void *entry = xa_find(&idr->items, &index, ~0UL >> 1, XA_PRESENT);

	*id = (int)index;
	return idr_shown(entry);
}

static inline int idr_for_each(struct idr *idr, int (*fn)(int id, void *p, void *data), void *data)
{
	unsigned long index;
	void *entry;
	int ret = 0;

	xa_for_each(&idr->items, index,
		    entry) if ((ret = fn((int)index, idr_shown(entry), data))) break;
	return ret;
}

#define idr_for_each_entry(idr, entry, id)                                                         \
	for ((id) = 0; ((entry) = idr_get_next(idr, &(id))) != NULL; (id)++)

#define ida_alloc_range(ida, low, high, gfp) ida_alloc_within(ida, XA_LIMIT(low, high), gfp)
#define ida_alloc(ida, gfp)		     ida_alloc_range(ida, 0, ~0U >> 1, gfp)
#define ida_alloc_min(ida, low, gfp)	     ida_alloc_range(ida, low, ~0U >> 1, gfp)
#define ida_alloc_max(ida, high, gfp)	     ida_alloc_range(ida, 0, high, gfp)
#define ida_free(ida, id)		     ((void)xa_erase(&(ida)->xa, id))
#define ida_is_empty(ida)		     xa_empty(&(ida)->xa)
#define ida_destroy(ida)		     xa_destroy(&(ida)->xa)
#define ida_simple_get(ida, low, end, gfp)   ida_alloc_within(ida, idr_limit(low, end), gfp)
#define ida_simple_remove(ida, id)	     ida_free(ida, id)

static inline int ida_alloc_within(struct ida *ida, struct xa_limit limit, gfp_t gfp)
{
	u32 id = 0;
	int err = xa_alloc_from(&ida->xa, &id, NULL, limit, limit.min, gfp);

	return err == -EBUSY ? -ENOSPC : err ? err : (int)id;
}

#endif
