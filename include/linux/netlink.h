/* Netlink: messages between programs and modules. */
#ifndef _LINUX_NETLINK_H
#define _LINUX_NETLINK_H

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/netlink_message.h>
#include <linux/skbuff.h>

struct net { /* there is one */
	int ifindex;
};
static struct net init_net __attribute__((unused));

#define NETLINK_CB(skb)	      (*(struct netlink_skb_parms *)&(skb)->cb)
#define NETLINK_CREDS(skb)    (&NETLINK_CB(skb).creds)
#define NL_CFG_F_NONROOT_RECV 1
#define NL_CFG_F_NONROOT_SEND 2

struct sock *module_netlink_create(int protocol, const struct netlink_kernel_cfg *cfg);
void module_netlink_release(struct sock *sk);
int module_netlink_unicast(struct sock *sk, struct sk_buff *skb, u32 portid);
int module_netlink_broadcast(struct sock *sk, struct sk_buff *skb, u32 portid, u32 group);
bool module_netlink_has_listeners(const struct sock *sk, unsigned int group);

/* NULL: the protocol is taken, or no memory. */
#define netlink_kernel_create(net, protocol, cfg)                                                  \
	((void)(net), module_netlink_create(protocol, cfg))
#define netlink_kernel_release(sk) module_netlink_release(sk)
#define sock_release(socket)	   module_netlink_release((struct sock *)(socket))
/* The buffer is gone afterwards. Its length, or -errno; what has no room never waits. */
#define netlink_unicast(sk, skb, portid, nonblock)                                                 \
	((void)(nonblock), module_netlink_unicast(sk, skb, portid))
#define netlink_broadcast(sk, skb, portid, group, gfp)                                             \
	((void)(gfp), module_netlink_broadcast(sk, skb, portid, group))
#define netlink_has_listeners(sk, group) module_netlink_has_listeners(sk, group)
#define netlink_capable(skb, cap)	 ((void)(skb), capable(cap))

static inline int nlmsg_unicast(struct sock *sk, struct sk_buff *skb, u32 portid)
{
	int err = netlink_unicast(sk, skb, portid, 0x40 /* MSG_DONTWAIT */);

	return err > 0 ? 0 : err;
}

static inline int nlmsg_multicast(struct sock *sk, struct sk_buff *skb, u32 portid,
				  unsigned int group, gfp_t gfp)
{
	NETLINK_CB(skb).dst_group = group;
	return netlink_broadcast(sk, skb, portid, group, gfp);
}

static inline struct nlmsghdr *nlmsg_hdr(const struct sk_buff *skb)
{
	return (struct nlmsghdr *)skb->data;
}

static inline int nlmsg_msg_size(int payload)
{
	return NLMSG_HDRLEN + payload;
}

static inline int nlmsg_total_size(int payload)
{
	return (int)NLMSG_ALIGN((unsigned int)nlmsg_msg_size(payload));
}

static inline int nlmsg_padlen(int payload)
{
	return nlmsg_total_size(payload) - nlmsg_msg_size(payload);
}

static inline void *nlmsg_data(const struct nlmsghdr *h)
{
	return (char *)h + NLMSG_HDRLEN;
}

static inline int nlmsg_len(const struct nlmsghdr *h)
{
	return (int)h->nlmsg_len - NLMSG_HDRLEN;
}

static inline int nlmsg_ok(const struct nlmsghdr *h, int remaining)
{
	return NLMSG_OK(h, remaining);
}

static inline struct nlmsghdr *nlmsg_next(const struct nlmsghdr *h, int *remaining)
{
	int step = (int)NLMSG_ALIGN(h->nlmsg_len);

	*remaining -= step;
	return (struct nlmsghdr *)((char *)h + step);
}

static inline struct sk_buff *nlmsg_new(size_t payload, gfp_t gfp)
{
	return alloc_skb((unsigned int)nlmsg_total_size((int)payload), gfp);
}
#define nlmsg_free(skb) kfree_skb(skb)

/* NULL: there is no room for it. */
static inline struct nlmsghdr *nlmsg_put(struct sk_buff *skb, u32 portid, u32 seq, int type,
					 int payload, int flags)
{
	struct nlmsghdr *h;

	if (skb_tailroom(skb) < nlmsg_total_size(payload))
		return NULL;
	h = skb_put_zero(skb, (unsigned int)nlmsg_total_size(payload));
	h->nlmsg_len = (u32)nlmsg_msg_size(payload);
	h->nlmsg_type = (u16)type;
	h->nlmsg_flags = (u16)flags;
	h->nlmsg_seq = seq;
	h->nlmsg_pid = portid;
	return h;
}

static inline int nlmsg_end(struct sk_buff *skb, struct nlmsghdr *h)
{
	h->nlmsg_len = (u32)(skb->tail - (unsigned char *)h);
	return (int)skb->len;
}

#endif
