/*
 * NETLINK_ROUTE: which way a packet to one destination would take (RTM_GETROUTE, `ip route get`).
 *
 * WHY      asked of lwIP as it asks itself when it sends; addresses of our own go by the loopback.
 * LOCKS    core lock, of the caller.   CONTEXT  tasks.
 * FAILS    EINVAL (too short), ERANGE (an address too short), ENODEV, ENETUNREACH; EOPNOTSUPP (another family, or what comes in
 *          by an interface).
 * SOURCES  rtnetlink(7), ip-route(8).   TESTED BY  tests/guest/net_netlink.c
 */
#include "base/errno.h"
#include "lib/string.h"
#include "net/inet_netlink.h"

#include <lwip/ip.h>
#include <lwip/priv/nd6_priv.h>

enum { RTM_F_CLONED = 0x200 };
enum { RTCF_BROADCAST = 0x10000000, RTCF_MULTICAST = 0x20000000 };
#define RTCF_LOCAL 0x80000000U

struct way {
	struct netif *by;
	unsigned type;
	const void *src, *gateway; /* 4 or 16 bytes; NULL: none */
	unsigned size;		   /* of an address */
};

static struct netif *loopback(void)
{
	return netif_get_by_index(1);
}

/* ---- IPv4 ---- */

static bool is_ours(const ip4_addr_t *a)
{
	struct netif *n;

	NETIF_FOREACH(n)
	{
		if (ip4_addr_cmp(netif_ip4_addr(n), a))
			return true;
	}
	return false;
}

static int find4(const ip4_addr_t *to, struct netif *only, struct way *w)
{
	struct netif *n = only ? only : ip4_route(to);
	bool lo = ip4_addr_isloopback(to) || ip4_addr_isany(to); /* to nobody: to oneself */

	if (lo || is_ours(to)) {
		w->by = loopback();
		w->type = RTN_LOCAL;
		w->src = lo ? netif_ip4_addr(w->by) : to;
		return 0;
	}
	if (!n || ip4_addr_isany(netif_ip4_addr(n)))
		return -ENETUNREACH;
	w->by = n;
	w->src = netif_ip4_addr(n);
	w->type = ip4_addr_ismulticast(to)	? RTN_MULTICAST
		  : ip4_addr_isbroadcast(to, n) ? RTN_BROADCAST
						: RTN_UNICAST;
	if (w->type != RTN_UNICAST || ip4_addr_netcmp(to, netif_ip4_addr(n), netif_ip4_netmask(n)))
		return 0;
	if (n == loopback())
		return 0;
	if (ip4_addr_isany(netif_ip4_gw(n)))
		return only ? 0 : -ENETUNREACH;
	w->gateway = netif_ip4_gw(n);
	return 0;
}

/* ---- IPv6 ---- */

static bool is_ours6(const ip6_addr_t *a)
{
	struct netif *n;

	NETIF_FOREACH(n)
	{
		if (netif_get_ip6_addr_match(n, a) >= 0)
			return true;
	}
	return false;
}

static bool is_on_link(const ip6_addr_t *a, const struct netif *n)
{
	if (ip6_addr_islinklocal(a) || ip6_addr_ismulticast(a))
		return true;
	for (int i = 0; i < LWIP_ND6_NUM_PREFIXES; i++) {
		const struct nd6_prefix_list_entry *p = &prefix_list[i];

		if (p->netif == n && p->invalidation_timer && ip6_addr_netcmp(&p->prefix, a))
			return true;
	}
	return false;
}

static const ip6_addr_t *router_of(const struct netif *n)
{
	for (int i = 0; i < LWIP_ND6_NUM_ROUTERS; i++) {
		const struct nd6_router_list_entry *r = &default_router_list[i];

		if (r->neighbor_entry && r->neighbor_entry->netif == n && r->invalidation_timer)
			return &r->neighbor_entry->next_hop_address;
	}
	return NULL;
}

static int find6(const ip6_addr_t *to, struct netif *only, struct way *w)
{
	struct netif *n = only ? only : ip6_route(IP6_ADDR_ANY6, to);
	const ip_addr_t *src;

	if (is_ours6(to)) {
		w->by = loopback();
		w->type = RTN_LOCAL;
		w->src = to;
		return 0;
	}
	src = n && n != loopback() ? ip6_select_source_address(n, to) : NULL;
	if (!src)
		return -ENETUNREACH;
	w->by = n;
	w->src = ip_2_ip6(src);
	w->type = ip6_addr_ismulticast(to) ? RTN_MULTICAST : RTN_UNICAST;
	if (is_on_link(to, n))
		return 0;
	w->gateway = router_of(n);
	return w->gateway ? 0 : -ENETUNREACH;
}

/* ---- the answer ---- */

static void say_way(struct nl_msg *m, const struct nl_header *q, const struct route_body *asked,
		    const void *to, const struct way *w)
{
	static const uint32_t flags[] = { [RTN_LOCAL] = RTCF_LOCAL,
					  [RTN_BROADCAST] = RTCF_BROADCAST,
					  [RTN_MULTICAST] = RTCF_MULTICAST };
	static const uint32_t no_cache[8];
	unsigned start;
	struct route_body b = { .family = asked->family,
				.dst_len = (uint8_t)(w->size * 8),
				.tos = asked->tos,
				.table = RT_TABLE_MAIN,
				.type = (uint8_t)w->type,
				.flags = flags[w->type] | RTM_F_CLONED };

	if (b.family == AF_INET6) {
		b.flags = 0;
		b.protocol = w->gateway ? RTPROT_RA : RTPROT_KERNEL;
	}
	start = nl_begin(m, q, RTM_NEWROUTE, &b, sizeof(b));
	nl_attr32(m, RTA_TABLE, RT_TABLE_MAIN);
	nl_attr(m, RTA_DST, to, w->size);
	nl_attr32(m, RTA_OIF, netif_get_index(w->by));
	nl_attr(m, RTA_PREFSRC, w->src, w->size);
	if (w->gateway)
		nl_attr(m, RTA_GATEWAY, w->gateway, w->size);
	if (b.family == AF_INET)
		nl_attr32(m, RTA_UID, current_task()->cred->uid);
	nl_attr(m, RTA_CACHEINFO, no_cache, sizeof(no_cache));
	nl_end(m, start);
}

/* The interface that the request asks for: 0 and NULL for any, -ENODEV. */
static int wanted_if(const char *body, unsigned len, struct netif **out)
{
	unsigned size;
	const char *oif = nl_find(body, len, sizeof(struct route_body), RTA_OIF, &size);
	uint32_t index = 0;

	if (oif && size == sizeof(index))
		memcpy(&index, oif, sizeof(index));
	*out = index && index < 255 ? netif_get_by_index((u8_t)index) : NULL;
	return index && !*out ? -ENODEV : 0;
}

int route_find(struct nl_msg *m, const struct nl_header *q, const char *body, unsigned len)
{
	struct way w = { .size = 4 };
	struct route_body asked;
	struct netif *only;
	unsigned size;
	ip6_addr_t to6 = { { 0 } };
	ip4_addr_t to4 = { 0 };
	const char *to;
	int err;

	if (len < sizeof(asked))
		return -EINVAL;
	memcpy(&asked, body, sizeof(asked));
	if (asked.family != AF_INET && asked.family != AF_INET6)
		return -EOPNOTSUPP;
	if (nl_find(body, len, sizeof(asked), RTA_IIF, &size))
		return -EOPNOTSUPP;
	w.size = asked.family == AF_INET ? 4 : 16;
	err = wanted_if(body, len, &only);
	to = nl_find(body, len, sizeof(asked), RTA_DST, &size);
	if (to && size < w.size)
		return -ERANGE;
	if (to)
		memcpy(w.size == 4 ? (void *)&to4 : (void *)to6.addr, to, w.size);
	if (!err)
		err = w.size == 4 ? find4(&to4, only, &w) : find6(&to6, only, &w);
	if (!err)
		say_way(m, q, &asked, w.size == 4 ? (void *)&to4 : (void *)to6.addr, &w);
	return err;
}
