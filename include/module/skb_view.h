/* A buffer of the network and a kernel's end of netlink, as Linux's modules see them. */
#ifndef MODULE_SKB_VIEW_H
#define MODULE_SKB_VIEW_H

#include "base/types.h"

struct skb_view { /* struct sk_buff: one block with its bytes behind it */
	struct skb_view *next, *prev;
	void *sk;
	unsigned len, data_len, truesize;
	int users;
	char cb[48] __attribute__((aligned(8)));
	unsigned char *head, *data, *tail, *end;
};

struct netlink_parms_view { /* struct netlink_skb_parms: what is in cb */
	struct {
		int pid;
		struct {
			unsigned val;
		} uid, gid;
	} creds;
	unsigned portid, dst_group, flags;
	void *sk;
};

struct netlink_cfg_view { /* struct netlink_kernel_cfg */
	unsigned groups, flags;
	void (*input)(struct skb_view *skb);
	void *cb_mutex;
	int (*bind)(void *net, int group);
	void (*unbind)(void *net, int group);
	bool (*compare)(void *net, void *sk);
};

struct sock_view { /* struct sock */
	void *sk_socket, *sk_user_data;
};

#endif
