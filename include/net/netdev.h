/*
 * An Ethernet device, as its driver gives it to the TCP/IP stack (net/inet_dev.c). Where the kernel has no stack (CFG_INET 0) nobody
 * calls any of this.
 */
#ifndef NET_NETDEV_H
#define NET_NETDEV_H

#include "base/compiler.h"
#include "base/types.h"

enum { FRAME_MAX = 1514 };

struct netdev;

/* All are called with the stack's lock held, one at a time. */
struct netdev_ops {
	/* Room for a frame of @len bytes, to be filled; NULL: none now. netdev_ops.send sends it. */
	void *(*room)(struct netdev *dev);
	void (*send)(struct netdev *dev, unsigned len);
	/* The next frame that came: its bytes in *frame until netdev_ops.done. Return: its length; 0: none. */
	unsigned (*receive)(struct netdev *dev, const void **frame);
	void (*done)(struct netdev *dev);
};

struct netdev {
	const struct netdev_ops *ops;
	uint8_t mac[6];
	unsigned mtu;
	unsigned long rx_frames, rx_bytes, tx_frames, tx_bytes; /* the stack's */
};

/* eth0 and on; @dev lives for ever. Address by the boot word ip=, else by DHCP. 0, -ENOMEM. */
int must_check netdev_add(struct netdev *dev);
/* Frames have come, or there is room again. Any context. */
void netdev_wake(void);

#endif
