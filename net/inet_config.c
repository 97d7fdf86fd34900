/*
 * Changing interfaces: addresses, up and down, MTU, the gateway; by ioctl(2) (ifconfig, route) and by rtnetlink (ip).
 *
 * WHY      lwIP's interface has one IPv4 address with its mask, a few IPv6 ones and one gateway. What is asked for beyond that is refused,
 *          not forgotten.
 * I1       who changes an IPv4 address takes it out of DHCP's hands for good: the lease is given back. The gateway goes with it, as the
 *          routes of an address do on Linux.
 * LOCKS    core lock, of the callers.   CONTEXT  tasks.
 * FAILS    EINVAL, EADDRNOTAVAIL, EEXIST, ENODEV, ENETUNREACH, ESRCH; EOPNOTSUPP: lwIP has no place for it. Who may is the callers' part.
 * NOT HERE second IPv4 addresses, routes but the default one, names, hardware addresses, new interfaces.
 * SOURCES  netdevice(7), rtnetlink(7).   TESTED BY  tests/guest/net_config.c
 */
#include "base/errno.h"
#include "lib/string.h"
#include "net/inet_netlink.h"
#include "net/netdev.h"

#include <lwip/dhcp.h>

enum {
	RTM_NEWLINK = 16,
	RTM_SETLINK = 19,
	RTM_NEWADDR = 20,
	RTM_DELADDR = 21,
	RTM_DELROUTE = 25,
	NLM_F_REPLACE = 0x100,
	NLM_F_EXCL = 0x200,
	NLM_F_CREATE = 0x400
};
enum {
	IFLA_ADDRESS = 1,
	IFLA_IFNAME = 3,
	IFLA_MTU = 4,
	IFLA_LINKINFO = 18,
	IFA_ADDRESS = 1,
	IFA_LOCAL
};
enum { MTU_MIN = 68, MTU_LOOPBACK = 65536, PREFIX6 = 64, IFF_UP = 1 };

static bool is_loopback(const struct netif *n)
{
	return !n->state;
}

static uint32_t mask_of(unsigned prefix)
{
	return prefix ? lwip_htonl(0xffffffffU << (32 - prefix)) : 0;
}

/* ---- one interface ---- */

/* @addr 0: none any more. Both as in packets. */
static void set_ip4(struct netif *n, uint32_t addr, uint32_t mask)
{
	ip4_addr_t a = { addr }, m = { addr ? mask : 0 }, none = { 0 };

	if (netif_ip4_addr(n)->addr == a.addr && netif_ip4_netmask(n)->addr == m.addr)
		return;
	dhcp_release_and_stop(n);
	netif_set_addr(n, &a, &m, &none);
}

int inet_set_address(struct netif *n, uint32_t addr)
{
	uint32_t host = lwip_ntohl(addr);

	if (host >= 0xe0000000U && host != 0xffffffffU)
		return -EINVAL; /* of no class that interfaces have */
	set_ip4(n, addr, mask_of(host < 0x80000000U ? 8 : host < 0xc0000000U ? 16 : 24));
	return 0;
}

int inet_set_mask(struct netif *n, uint32_t mask)
{
	uint32_t host = ~lwip_ntohl(mask);

	if (!netif_ip4_addr(n)->addr)
		return -EADDRNOTAVAIL;
	if (host & (host + 1))
		return -EINVAL;
	set_ip4(n, netif_ip4_addr(n)->addr, mask);
	return 0;
}

void inet_set_up(struct netif *n, bool up)
{
	if (up)
		netif_set_up(n);
	else
		netif_set_down(n);
}

int inet_set_mtu(struct netif *n, long mtu)
{
	const struct netdev *d = n->state;

	if (is_loopback(n))
		return mtu == MTU_LOOPBACK ? 0 : -EINVAL;
	if (mtu < MTU_MIN || mtu > (long)d->mtu)
		return -EINVAL;
	n->mtu = (u16_t)mtu;
	return 0;
}

static bool is_behind(const struct netif *n, uint32_t gateway)
{
	uint32_t mask = netif_ip4_netmask(n)->addr;

	return netif_is_up(n) && netif_ip4_addr(n)->addr && !is_loopback(n) &&
	       !((gateway ^ netif_ip4_addr(n)->addr) & mask);
}

static bool has_gateway(void)
{
	return netif_default && netif_ip4_gw(netif_default)->addr;
}

int inet_set_gateway(struct netif *n, uint32_t gateway, bool replace)
{
	ip4_addr_t gw = { gateway };

	if (!gateway)
		return -EOPNOTSUPP;
	for (struct netif *i = netif_list; i && !n; i = i->next) {
		if (is_behind(i, gateway))
			n = i;
	}
	if (!n || !is_behind(n, gateway))
		return -ENETUNREACH;
	if (has_gateway() && !replace)
		return -EEXIST;
	if (has_gateway())
		netif_set_gw(netif_default, IP4_ADDR_ANY4);
	netif_set_gw(n, &gw);
	netif_set_default(n);
	return 0;
}

int inet_drop_gateway(const struct netif *n, uint32_t gateway)
{
	if (!has_gateway() || (n && n != netif_default) ||
	    (gateway && gateway != netif_ip4_gw(netif_default)->addr))
		return -ESRCH;
	netif_set_gw(netif_default, IP4_ADDR_ANY4);
	return 0;
}

/* ---- rtnetlink ---- */

static const void *value_of(const char *body, unsigned len, unsigned at, unsigned type,
			    unsigned size)
{
	unsigned has;
	const char *v = nl_find(body, len, at, type, &has);

	return v && has >= size ? v : NULL;
}

static struct netif *by_index(int index)
{
	return index > 0 && index <= (int)UINT8_MAX ? netif_get_by_index((u8_t)index) : NULL;
}

static struct netif *by_name(const char *body, unsigned len, unsigned at)
{
	unsigned size;
	const char *v = nl_find(body, len, at, IFLA_IFNAME, &size);
	char name[16] = { 0 };

	if (!v || !size)
		return NULL;
	memcpy(name, v, min_of(unsigned, size, sizeof(name) - 1));
	return inet_if_find(name);
}

static int change_link(const struct nl_header *q, const char *body, unsigned len)
{
	static const uint8_t refused[] = { IFLA_ADDRESS, IFLA_LINKINFO };
	struct {
		uint8_t family, pad;
		uint16_t type;
		int index;
		uint32_t flags, change;
	} b;
	struct netif *n;
	const void *v;
	uint32_t mtu;
	unsigned size;
	int err = 0;

	if (len < sizeof(b))
		return -EINVAL;
	memcpy(&b, body, sizeof(b));
	n = b.index ? by_index(b.index) : by_name(body, len, sizeof(b));
	if (!n)
		return q->flags & NLM_F_CREATE ? -EOPNOTSUPP : -ENODEV;
	if (q->flags & NLM_F_EXCL)
		return -EEXIST;
	for (unsigned i = 0; i < ARRAY_SIZE(refused); i++) {
		if (nl_find(body, len, sizeof(b), refused[i], &size))
			return -EOPNOTSUPP;
	}
	if (nl_find(body, len, sizeof(b), IFLA_IFNAME, &size) && by_name(body, len, sizeof(b)) != n)
		return -EOPNOTSUPP;
	v = value_of(body, len, sizeof(b), IFLA_MTU, sizeof(mtu));
	if (v) {
		memcpy(&mtu, v, sizeof(mtu));
		err = inet_set_mtu(n, (long)mtu);
	}
	if (!err && (b.change ? b.change & IFF_UP : b.flags))
		inet_set_up(n, b.flags & IFF_UP);
	return err;
}

struct addr_body {
	uint8_t family, prefix, flags, scope;
	uint32_t index;
};

static int change_address4(const struct nl_header *q, struct netif *n, const struct addr_body *b,
			   const void *v)
{
	uint32_t has = netif_ip4_addr(n)->addr, addr;
	bool same;

	if (b->prefix > 32)
		return -EINVAL;
	memcpy(&addr, v, sizeof(addr));
	same = has == addr && netif_ip4_netmask(n)->addr == mask_of(b->prefix);
	if (q->type == RTM_DELADDR) {
		if (!same)
			return -EADDRNOTAVAIL;
		set_ip4(n, 0, 0);
		return 0;
	}
	if (same)
		return q->flags & NLM_F_REPLACE ? 0 : -EEXIST;
	if (has)
		return -EOPNOTSUPP;
	set_ip4(n, addr, mask_of(b->prefix));
	return 0;
}

static int change_address6(const struct nl_header *q, struct netif *n, const struct addr_body *b,
			   const void *v)
{
	ip6_addr_t a = { 0 };
	s8_t i;

	if (b->prefix > 128)
		return -EINVAL;
	memcpy(a.addr, v, sizeof(a.addr));
	i = netif_get_ip6_addr_match(n, &a);
	if (q->type == RTM_DELADDR) {
		if (i < 0)
			return -EADDRNOTAVAIL;
		netif_ip6_addr_set_state(n, i, IP6_ADDR_INVALID);
		return 0;
	}
	if (i >= 0)
		return q->flags & NLM_F_REPLACE ? 0 : -EEXIST;
	if (b->prefix != PREFIX6 || netif_add_ip6_address(n, &a, &i) != ERR_OK)
		return -EOPNOTSUPP;
	netif_ip6_addr_set_state(n, i, IP6_ADDR_PREFERRED);
	return 0;
}

static int change_address(const struct nl_header *q, const char *body, unsigned len)
{
	struct addr_body b;
	struct netif *n;
	unsigned size;
	const void *v;

	if (len < sizeof(b))
		return -EINVAL;
	memcpy(&b, body, sizeof(b));
	if (b.family != AF_INET && b.family != AF_INET6)
		return -EOPNOTSUPP;
	size = b.family == AF_INET ? 4 : 16;
	v = value_of(body, len, sizeof(b), IFA_LOCAL, size);
	if (!v)
		v = value_of(body, len, sizeof(b), IFA_ADDRESS, size);
	if (!v)
		return -EINVAL;
	n = by_index((int)b.index);
	if (!n)
		return -ENODEV;
	return b.family == AF_INET ? change_address4(q, n, &b, v) : change_address6(q, n, &b, v);
}

static int change_route(const struct nl_header *q, const char *body, unsigned len)
{
	struct route_body b;
	struct netif *n = NULL;
	uint32_t gateway = 0;
	const void *v;
	int index;

	if (len < sizeof(b))
		return -EINVAL;
	memcpy(&b, body, sizeof(b));
	if (b.family != AF_INET || b.dst_len)
		return q->type == RTM_DELROUTE && b.family == AF_INET ? -ESRCH : -EOPNOTSUPP;
	v = value_of(body, len, sizeof(b), RTA_OIF, sizeof(index));
	if (v) {
		memcpy(&index, v, sizeof(index));
		n = by_index(index);
		if (!n)
			return -ENODEV;
	}
	v = value_of(body, len, sizeof(b), RTA_GATEWAY, sizeof(gateway));
	if (v)
		memcpy(&gateway, v, sizeof(gateway));
	if (q->type == RTM_DELROUTE)
		return inet_drop_gateway(n, gateway);
	return inet_set_gateway(n, gateway, !(q->flags & NLM_F_EXCL));
}

int route_change(const struct nl_header *q, const char *body, unsigned len)
{
	switch (q->type) {
	case RTM_NEWLINK:
	case RTM_SETLINK:
		return change_link(q, body, len);
	case RTM_NEWADDR:
	case RTM_DELADDR:
		return change_address(q, body, len);
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		return change_route(q, body, len);
	default:
		return -EOPNOTSUPP;
	}
}
