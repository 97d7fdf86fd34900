/* Buffers of the network, as netlink has them. */
#ifndef _LINUX_SKBUFF_H
#define _LINUX_SKBUFF_H

#include <linux/slab.h>
#include <linux/string.h>

#define skb_view	   sk_buff
#define sock_view	   sock
#define netlink_parms_view netlink_skb_parms
#define netlink_cfg_view   netlink_kernel_cfg

#include "module/skb_view.h"

struct sk_buff *module_alloc_skb(unsigned int size, gfp_t gfp);
void module_kfree_skb(struct sk_buff *skb);
void module_skb_over(const struct sk_buff *skb,
		     unsigned int len); /* the kernel panics, as Linux's does */

#define alloc_skb(size, gfp)	    module_alloc_skb(size, gfp)
#define dev_alloc_skb(size)	    module_alloc_skb(size, GFP_ATOMIC)
#define kfree_skb(skb)		    module_kfree_skb(skb)
#define consume_skb(skb)	    module_kfree_skb(skb)
#define dev_kfree_skb(skb)	    module_kfree_skb(skb)
#define skb_tail_pointer(skb)	    ((skb)->tail)
#define skb_end_pointer(skb)	    ((skb)->end)
#define skb_headroom(skb)	    ((unsigned int)((skb)->data - (skb)->head))
#define skb_tailroom(skb)	    ((int)((skb)->end - (skb)->tail))
#define skb_headlen(skb)	    ((skb)->len)
#define skb_is_nonlinear(skb)	    false
#define skb_reset_tail_pointer(skb) ((void)((skb)->tail = (skb)->data))

static inline struct sk_buff *skb_get(struct sk_buff *skb)
{
	(void)__atomic_fetch_add(&skb->users, 1, __ATOMIC_RELAXED);
	return skb;
}

static inline void skb_reserve(struct sk_buff *skb, int len)
{
	skb->data += len;
	skb->tail += len;
}

static inline void *skb_put(struct sk_buff *skb, unsigned int len)
{
	unsigned char *at = skb->tail;

	if (len > (unsigned int)(skb->end - at))
		module_skb_over(skb, len);
	skb->tail += len;
	skb->len += len;
	return at;
}

static inline void *skb_put_zero(struct sk_buff *skb, unsigned int len)
{
	return memset(skb_put(skb, len), 0, len);
}

static inline void *skb_put_data(struct sk_buff *skb, const void *data, unsigned int len)
{
	return memcpy(skb_put(skb, len), data, len);
}

static inline void *skb_push(struct sk_buff *skb, unsigned int len)
{
	if (len > skb_headroom(skb))
		module_skb_over(skb, len);
	skb->data -= len;
	skb->len += len;
	return skb->data;
}

static inline void *skb_pull(struct sk_buff *skb, unsigned int len)
{
	if (len > skb->len)
		return NULL;
	skb->len -= len;
	return skb->data += len;
}

static inline void skb_trim(struct sk_buff *skb, unsigned int len)
{
	if (skb->len > len) {
		skb->len = len;
		skb->tail = skb->data + len;
	}
}

static inline struct sk_buff *skb_copy(const struct sk_buff *skb, gfp_t gfp)
{
	struct sk_buff *copy = alloc_skb(skb->len, gfp);

	if (copy) {
		skb_put_data(copy, skb->data, skb->len);
		memcpy(copy->cb, skb->cb, sizeof(copy->cb));
	}
	return copy;
}
#define skb_clone(skb, gfp) skb_copy(skb, gfp)

#endif
