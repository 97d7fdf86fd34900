/* Changes of interfaces, asked by rtnetlink: each returns what the kernel acknowledges, 0 or -errno. */
#ifndef GUEST_CONFIG_H
#define GUEST_CONFIG_H

#include "tap.h"

#include <sys/socket.h>

enum { RTM_NEWLINK = 16, RTM_NEWADDR = 20, RTM_DELADDR, RTM_NEWROUTE = 24, RTM_DELROUTE };

static int nl_ask(int type, const void *body, size_t len)
{
	struct {
		uint32_t len;
		uint16_t type, flags;
		uint32_t seq, pid;
		char body[64];
	} q = {
		16 + (uint32_t)len, (uint16_t)type, 0x605, 1, 0, { 0 }
	}; /* REQUEST, ACK, EXCL, CREATE */
	struct {
		uint32_t len;
		uint16_t type, flags;
		uint32_t seq, pid;
		int error;
		char rest[256];
	} a = { .error = 1 };
	int s = socket(16, SOCK_RAW, 0);

	if (type == RTM_DELADDR || type == RTM_DELROUTE || type == RTM_NEWLINK)
		q.flags = 5;
	memcpy(q.body, body, len);
	if (send(s, &q, q.len, 0) != (ssize_t)q.len || recv(s, &a, sizeof(a), 0) < 20 ||
	    a.type != 2)
		a.error = 1;
	close(s);
	return a.error;
}

static int nl_link(int index, unsigned flags, unsigned change)
{
	struct {
		uint8_t family, pad;
		uint16_t type;
		int index;
		uint32_t flags, change;
	} b = { .index = index, .flags = flags, .change = change };

	return nl_ask(RTM_NEWLINK, &b, sizeof(b));
}

/* @addr NULL: the request lacks it. */
static int nl_address(int type, int index, int family, const void *addr, int prefix)
{
	struct {
		uint8_t family, prefix, flags, scope;
		uint32_t index;
		uint16_t len, attr;
		char addr[16];
	} b = { .family = (uint8_t)family, .prefix = (uint8_t)prefix, .index = (uint32_t)index };
	size_t n = family == AF_INET ? 4 : 16;

	if (!addr)
		return nl_ask(type, &b, 8);
	b.len = (uint16_t)(4 + n);
	b.attr = 2;
	memcpy(b.addr, addr, n);
	return nl_ask(type, &b, 12 + n);
}

/* The default route by that gateway. */
static int nl_gateway(int type, const void *gateway)
{
	struct {
		uint8_t family, dst_len, src_len, tos, table, protocol, scope, type;
		uint32_t flags;
		uint16_t len, attr;
		char addr[4];
	} b = { .family = AF_INET, .table = 254, .protocol = 3, .type = 1, .len = 8, .attr = 5 };

	memcpy(b.addr, gateway, 4);
	return nl_ask(type, &b, sizeof(b));
}

#endif
