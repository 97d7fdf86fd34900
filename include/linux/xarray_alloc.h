/* Free indexes of an xarray; a part of linux/xarray.h. */
#ifndef _LINUX_XARRAY_ALLOC_H
#define _LINUX_XARRAY_ALLOC_H

#include <linux/xarray.h>

struct xa_limit {
	u32 max, min;
};
#define XA_LIMIT(low, high) ((struct xa_limit){ .min = (low), .max = (high) })
#define xa_limit_32b	    XA_LIMIT(0, ~0U)
#define xa_limit_31b	    XA_LIMIT(0, ~0U >> 1)
#define xa_limit_16b	    XA_LIMIT(0, 65535)

/* The lowest free index within @limit, from @from on. 0, -ENOMEM, -EBUSY (none is free). */
static inline int xa_alloc_from(struct xarray *xa, u32 *id, void *entry, struct xa_limit limit,
				unsigned long from, gfp_t gfp)
{
	for (unsigned long i = from; i <= limit.max; i++) {
		int err = xa_insert(xa, i, entry ? entry : XA_ZERO_ENTRY, gfp);

		if (err == -EBUSY)
			continue;
		*id = (u32)i;
		return err;
	}
	return -EBUSY;
}

static inline int xa_alloc(struct xarray *xa, u32 *id, void *entry, struct xa_limit limit,
			   gfp_t gfp)
{
	if (xa->xa_flags & XA_FLAGS_ALLOC1 && !limit.min)
		limit.min = 1;
	return xa_alloc_from(xa, id, entry, limit, limit.min, gfp);
}

/* 1: it has begun anew. */
static inline int xa_alloc_cyclic(struct xarray *xa, u32 *id, void *entry, struct xa_limit limit,
				  u32 *next, gfp_t gfp)
{
	int err = xa_alloc_from(xa, id, entry, limit, max(*next, limit.min), gfp);
	int again = 0;

	if (err == -EBUSY && *next > limit.min) {
		again = 1;
		err = xa_alloc_from(xa, id, entry, limit, limit.min, gfp);
	}
	if (!err)
		*next = *id + 1;
	return err ? err : again;
}

#endif
