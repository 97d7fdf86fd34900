/* Protocols of AF_NETLINK beside routes, whose other end is in the kernel: modules have them. */
#ifndef NET_NETLINK_UNIT_H
#define NET_NETLINK_UNIT_H

#include "base/compiler.h"
#include "base/types.h"
#include "lib/list.h"

enum { NETLINK_UNITS = 32, NETLINK_GROUPS = 32 };

struct netlink_unit {
	struct list_head link; /* the list of units has it */
	int protocol;	       /* i: 1 to 31 */
	unsigned users;	       /* calls of input that run */
	/* The @len bytes that the socket numbered @port has sent; its task runs this, and may sleep. 0 or -errno for the sender. */
	int (*input)(struct netlink_unit *u, const void *data, unsigned len, uint32_t port);
};

/* Programs may open sockets of u->protocol from now on. 0, -EADDRINUSE, -EPROTONOSUPPORT: no such number, or no such sockets here. */
int must_check netlink_unit_add(struct netlink_unit *u);
/* Returns when no input runs. What is sent from now on is refused; sockets stay. Sleeps. */
void netlink_unit_remove(struct netlink_unit *u);
/* A datagram for the socket numbered @port. 0; -ECONNREFUSED: there is none; -EAGAIN: it is full; -ENOMEM. Sleeps. */
int must_check netlink_unit_send(int protocol, uint32_t port, const void *data, unsigned len);
/*
 * A datagram for all sockets but @except that listen to @group, 1 to 32. 0; -ESRCH: nobody does; -ENOBUFS: not all got it.
 * Sleeps.
 */
int must_check netlink_unit_tell(int protocol, unsigned group, uint32_t except, const void *data,
				 unsigned len);
/* How many sockets listen to @group. */
unsigned netlink_unit_listeners(int protocol, unsigned group);

#endif
