/*
 * NETLINK_ROUTE: interfaces, addresses, routes and neighbours in rtnetlink's form, as lwIP has them.
 *
 * WHY      one interface is a message; lists are short, so they go in one datagram.
 * LOCKS    core lock.   CONTEXT  tasks.
 * FAILS    ENODEV (no such interface), EINVAL (a request too short), EPERM (a change, without CAP_NET_ADMIN), EOPNOTSUPP.
 * NOT HERE the way to one destination (inet_route_find.c); changes (inet_config.c).
 * SOURCES  rtnetlink(7), ip-link(8), ip-address(8), ip-route(8), ip-neighbour(8).   TESTED BY  tests/guest/net_netlink.c,
 *          tests/guest/net_virtio.c
 */
#include "base/errno.h"
#include "lib/string.h"
#include "net/inet_netlink.h"
#include "net/netdev.h"

#include <lwip/etharp.h>
#include <lwip/priv/nd6_priv.h>

enum {
	RTM_NEWLINK = 16,
	RTM_GETLINK = 18,
	RTM_NEWADDR = 20,
	RTM_GETADDR = 22,
	RTM_NEWNEIGH = 28,
	RTM_GETNEIGH = 30
};
enum {
	IFLA_ADDRESS = 1,
	IFLA_BROADCAST,
	IFLA_IFNAME,
	IFLA_MTU,
	IFLA_QDISC = 6,
	IFLA_STATS,
	IFLA_TXQLEN = 13,
	IFLA_OPERSTATE = 16,
	IFLA_STATS64 = 23
};
enum { IFA_ADDRESS = 1, IFA_LOCAL, IFA_LABEL, IFA_BROADCAST, IFA_FLAGS = 8 };
enum {
	ARPHRD_ETHER = 1,
	ARPHRD_LOOPBACK = 772,
	IFF_LOWER_UP = 0x10000,
	OPER_UNKNOWN = 0,
	OPER_DOWN = 2,
	OPER_UP = 6
};
enum { IFA_F_PERMANENT = 0x80, SCOPE_UNIVERSE = 0, SCOPE_LINK = 253, SCOPE_HOST = 254 };
enum {
	LINK_BODY = 16,
	STATS = 24,
	STATS64 = 25
}; /* counts in an attribute, of those that there are the first */
enum {
	NDA_DST = 1,
	NDA_LLADDR,
	NUD_REACHABLE = 2,
	NUD_STALE = 4,
	NUD_DELAY = 8,
	NUD_PROBE = 16,
	NTF_ROUTER = 128
};

struct link_body {
	uint8_t family, pad;
	uint16_t type;
	int index;
	uint32_t flags, change;
};
struct addr_body {
	uint8_t family, prefix, flags, scope;
	uint32_t index;
};
struct neigh_body {
	uint8_t family, pad[3];
	int index;
	uint16_t state;
	uint8_t flags, type;
};

static bool is_loopback(const struct netif *n)
{
	return n->name[0] == 'l';
}

static void attr_text(struct nl_msg *m, unsigned type, const char *text)
{
	nl_attr(m, type, text, (unsigned)strlen(text) + 1);
}

static unsigned prefix_of(uint32_t mask)
{
	unsigned n = 0;

	for (mask = lwip_ntohl(mask); mask & 0x80000000U; mask <<= 1)
		n++;
	return n;
}

/* ---- interfaces ---- */

/* Packets and bytes that came and went; nothing else is counted. */
static void say_counts(struct nl_msg *m, const struct netif *n)
{
	const struct netdev *d = n->state ? n->state : inet_loop_counts();
	const uint64_t wide[STATS64] = { d->rx_frames, d->tx_frames, d->rx_bytes, d->tx_bytes };
	const uint32_t narrow[STATS] = { (uint32_t)wide[0], (uint32_t)wide[1], (uint32_t)wide[2],
					 (uint32_t)wide[3] };

	nl_attr(m, IFLA_STATS64, wide, sizeof(wide));
	nl_attr(m, IFLA_STATS, narrow, sizeof(narrow));
}

static void say_link(struct nl_msg *m, const struct nl_header *q, const struct netif *n)
{
	static const uint8_t all_ones[6] = { 255, 255, 255, 255, 255, 255 }, none[6];
	unsigned flags = inet_if_flags(n), start;
	bool up = netif_is_up(n) && netif_is_link_up(n), lo = is_loopback(n);
	uint8_t oper = lo ? OPER_UNKNOWN : up ? OPER_UP : OPER_DOWN;
	const struct link_body b = { .type = lo ? ARPHRD_LOOPBACK : ARPHRD_ETHER,
				     .index = netif_get_index(n),
				     .flags = up ? flags | IFF_LOWER_UP : flags };
	char name[16];

	inet_if_name(n, name);
	start = nl_begin(m, q, RTM_NEWLINK, &b, sizeof(b));
	attr_text(m, IFLA_IFNAME, name);
	nl_attr32(m, IFLA_TXQLEN, 1000);
	nl_attr(m, IFLA_OPERSTATE, &oper, 1);
	nl_attr32(m, IFLA_MTU, lo ? 65536 : n->mtu);
	attr_text(m, IFLA_QDISC, "noqueue");
	nl_attr(m, IFLA_ADDRESS, lo ? none : n->hwaddr, 6);
	nl_attr(m, IFLA_BROADCAST, lo ? none : all_ones, 6);
	say_counts(m, n);
	nl_end(m, start);
}

/* The name that an attribute behind the body of a request asks for; NULL. */
static const char *wanted_name(const char *body, unsigned len)
{
	unsigned size;
	const char *name = nl_find(body, len, LINK_BODY, IFLA_IFNAME, &size);

	return name && size && !name[size - 1] ? name : NULL;
}

static bool is_wanted(const struct netif *n, int index, const char *name)
{
	char mine[16];

	inet_if_name(n, mine);
	return index > 0 ? netif_get_index(n) == index : name && !strcmp(name, mine);
}

static int say_links(struct nl_msg *m, const struct nl_header *q, const char *body, unsigned len)
{
	bool list = (q->flags & NLM_F_DUMP) == NLM_F_DUMP;
	struct link_body b = { 0 };
	const char *name = NULL;

	if (len >= sizeof(b)) {
		memcpy(&b, body, sizeof(b));
		name = wanted_name(body, len);
	} else if (!list) {
		return -EINVAL;
	}
	for (unsigned i = 1; i < 255; i++) {
		struct netif *n = netif_get_by_index((u8_t)i);

		if (!n)
			break;
		if (list || is_wanted(n, b.index, name))
			say_link(m, q, n);
	}
	return list || m->len ? 0 : -ENODEV;
}

/* ---- addresses ---- */

static void say_v4(struct nl_msg *m, const struct nl_header *q, const struct netif *n)
{
	uint32_t addr = netif_ip4_addr(n)->addr, mask = netif_ip4_netmask(n)->addr;
	const struct addr_body b = { .family = AF_INET,
				     .prefix = (uint8_t)prefix_of(mask),
				     .flags = IFA_F_PERMANENT,
				     .scope = is_loopback(n) ? SCOPE_HOST : SCOPE_UNIVERSE,
				     .index = netif_get_index(n) };
	char name[16];
	unsigned start;

	if (!addr)
		return;
	inet_if_name(n, name);
	start = nl_begin(m, q, RTM_NEWADDR, &b, sizeof(b));
	nl_attr32(m, IFA_ADDRESS, addr);
	nl_attr32(m, IFA_LOCAL, addr);
	if (!is_loopback(n))
		nl_attr32(m, IFA_BROADCAST, addr | ~mask);
	attr_text(m, IFA_LABEL, name);
	nl_attr32(m, IFA_FLAGS, IFA_F_PERMANENT);
	nl_end(m, start);
}

static void say_v6(struct nl_msg *m, const struct nl_header *q, const struct netif *n)
{
	bool lo = is_loopback(n);

	for (int i = 0; i < LWIP_IPV6_NUM_ADDRESSES; i++) {
		const ip6_addr_t *a = netif_ip6_addr(n, i);
		const struct addr_body b = { .family = AF_INET6,
					     .prefix = lo ? 128 : 64,
					     .flags = IFA_F_PERMANENT,
					     .scope = lo			? SCOPE_HOST
						      : ip6_addr_islinklocal(a) ? SCOPE_LINK
										: SCOPE_UNIVERSE,
					     .index = netif_get_index(n) };
		unsigned start;

		if (!ip6_addr_isvalid(netif_ip6_addr_state(n, i)))
			continue;
		start = nl_begin(m, q, RTM_NEWADDR, &b, sizeof(b));
		nl_attr(m, IFA_ADDRESS, a->addr, 16);
		nl_attr32(m, IFA_FLAGS, IFA_F_PERMANENT);
		nl_end(m, start);
	}
}

/* ---- routes ---- */

static void say_routes(struct nl_msg *m, const struct nl_header *q, const struct netif *n)
{
	uint32_t addr = netif_ip4_addr(n)->addr, mask = netif_ip4_netmask(n)->addr;
	struct route_body b = { .family = AF_INET,
				.table = RT_TABLE_MAIN,
				.protocol = RTPROT_BOOT,
				.type = RTN_UNICAST };
	unsigned start;

	if (is_loopback(n) || !addr)
		return;
	if (n == netif_default && netif_ip4_gw(n)->addr) {
		start = nl_begin(m, q, RTM_NEWROUTE, &b, sizeof(b));
		nl_attr32(m, RTA_TABLE, RT_TABLE_MAIN);
		nl_attr32(m, RTA_GATEWAY, netif_ip4_gw(n)->addr);
		nl_attr32(m, RTA_OIF, netif_get_index(n));
		nl_end(m, start);
	}
	b.dst_len = (uint8_t)prefix_of(mask);
	b.protocol = RTPROT_KERNEL;
	b.scope = SCOPE_LINK;
	start = nl_begin(m, q, RTM_NEWROUTE, &b, sizeof(b));
	nl_attr32(m, RTA_TABLE, RT_TABLE_MAIN);
	nl_attr32(m, RTA_DST, addr & mask);
	nl_attr32(m, RTA_PREFSRC, addr);
	nl_attr32(m, RTA_OIF, netif_get_index(n));
	nl_end(m, start);
}

static void say_route6(struct nl_msg *m, const struct nl_header *q, const struct netif *n,
		       const ip6_addr_t *to, const ip6_addr_t *by)
{
	const struct route_body b = { .family = AF_INET6,
				      .dst_len = to ? 64 : 0,
				      .table = RT_TABLE_MAIN,
				      .protocol = by ? RTPROT_RA : RTPROT_KERNEL,
				      .type = RTN_UNICAST };
	unsigned start = nl_begin(m, q, RTM_NEWROUTE, &b, sizeof(b));

	nl_attr32(m, RTA_TABLE, RT_TABLE_MAIN);
	if (to)
		nl_attr(m, RTA_DST, to->addr, 16);
	if (by)
		nl_attr(m, RTA_GATEWAY, by->addr, 16);
	nl_attr32(m, RTA_OIF, netif_get_index(n));
	nl_end(m, start);
}

/* Prefixes on the link, as a router has said, the link's own, and the routers. */
static void say_routes6(struct nl_msg *m, const struct nl_header *q, const struct netif *n)
{
	ip6_addr_t local = { .addr = { PP_HTONL(0xfe800000) } };

	if (is_loopback(n))
		return;
	for (int i = 0; i < LWIP_ND6_NUM_PREFIXES; i++) {
		const struct nd6_prefix_list_entry *p = &prefix_list[i];

		if (p->netif == n && p->invalidation_timer)
			say_route6(m, q, n, &p->prefix, NULL);
	}
	if (ip6_addr_isvalid(netif_ip6_addr_state(n, 0)))
		say_route6(m, q, n, &local, NULL);
	for (int i = 0; i < LWIP_ND6_NUM_ROUTERS; i++) {
		const struct nd6_router_list_entry *r = &default_router_list[i];

		if (r->neighbor_entry && r->neighbor_entry->netif == n && r->invalidation_timer)
			say_route6(m, q, n, NULL, &r->neighbor_entry->next_hop_address);
	}
}

/* ---- neighbours ---- */

static void say_neigh(struct nl_msg *m, const struct nl_header *q, const struct neigh_body *b,
		      const void *addr, const void *mac)
{
	unsigned start = nl_begin(m, q, RTM_NEWNEIGH, b, sizeof(*b));

	nl_attr(m, NDA_DST, addr, b->family == AF_INET ? 4 : 16);
	nl_attr(m, NDA_LLADDR, mac, 6);
	nl_end(m, start);
}

static void say_arp(struct nl_msg *m, const struct nl_header *q)
{
	struct eth_addr *mac;
	ip4_addr_t *ip;
	struct netif *n;

	for (size_t i = 0; i < ARP_TABLE_SIZE; i++) {
		struct neigh_body b = { .family = AF_INET,
					.state = NUD_REACHABLE,
					.type = RTN_UNICAST };

		if (!etharp_get_entry(i, &ip, &n, &mac))
			continue;
		b.index = netif_get_index(n);
		say_neigh(m, q, &b, &ip->addr, mac);
	}
}

static void say_nd(struct nl_msg *m, const struct nl_header *q)
{
	static const uint8_t states[] = { [ND6_REACHABLE] = NUD_REACHABLE,
					  [ND6_STALE] = NUD_STALE,
					  [ND6_DELAY] = NUD_DELAY,
					  [ND6_PROBE] = NUD_PROBE };

	for (int i = 0; i < LWIP_ND6_NUM_NEIGHBORS; i++) {
		const struct nd6_neighbor_cache_entry *e = &neighbor_cache[i];
		struct neigh_body b = { .family = AF_INET6, .type = RTN_UNICAST };

		if (e->state >= ARRAY_SIZE(states) || !states[e->state])
			continue; /* none, or one whose address is not known yet */
		b.index = netif_get_index(e->netif);
		b.state = states[e->state];
		b.flags = e->isrouter ? NTF_ROUTER : 0;
		say_neigh(m, q, &b, e->next_hop_address.addr, e->lladdr);
	}
}

static void say_list(struct nl_msg *m, const struct nl_header *q, unsigned family)
{
	for (unsigned i = 1; i < 255; i++) {
		struct netif *n = netif_get_by_index((u8_t)i);

		if (!n)
			break;
		if (family != AF_INET6 && q->type == RTM_GETADDR)
			say_v4(m, q, n);
		if (family != AF_INET && q->type == RTM_GETADDR)
			say_v6(m, q, n);
		if (family != AF_INET6 && q->type == RTM_GETROUTE)
			say_routes(m, q, n);
		if (family != AF_INET && q->type == RTM_GETROUTE)
			say_routes6(m, q, n);
	}
	if (q->type == RTM_GETNEIGH && (family == AF_UNSPEC || family == AF_INET))
		say_arp(m, q);
	if (q->type == RTM_GETNEIGH && (family == AF_UNSPEC || family == AF_INET6))
		say_nd(m, q);
}

static int say(struct nl_msg *m, const struct nl_header *q, const void *body, unsigned len)
{
	if (q->type == RTM_GETLINK)
		return say_links(m, q, body, len);
	if ((q->flags & NLM_F_DUMP) == NLM_F_DUMP) {
		say_list(m, q, len ? *(const uint8_t *)body : AF_UNSPEC);
		return 0;
	}
	return q->type == RTM_GETROUTE ? route_find(m, q, body, len) : -EOPNOTSUPP;
}

int route_answer(struct nl_msg *m, const struct nl_header *q, const void *body, unsigned len)
{
	int err;

	if (q->type != RTM_GETLINK && q->type != RTM_GETADDR && q->type != RTM_GETROUTE &&
	    q->type != RTM_GETNEIGH) {
		if (q->type % 4 == 2 && (q->flags & NLM_F_DUMP) == NLM_F_DUMP)
			return 0; /* lists of what we do not have are empty */
		if (q->type % 4 == 2)
			return -EOPNOTSUPP;
		if (!capable(CAP_NET_ADMIN))
			return -EPERM;
		err = inet_start();
		if (err)
			return err;
		inet_lock();
		err = route_change(q, body, len);
		inet_unlock();
		return err;
	}
	inet_lock();
	err = say(m, q, body, len);
	inet_unlock();
	return err;
}
