/*
 * Control messages of datagrams: where and how one came, when; from where and how one is to go.
 *
 * LOCKS    none: a message is its reader's; sock->in.tell and flags are single words.
 * CONTEXT  tasks.   FAILS  -ENOMEM, -EINVAL (a control message that is none of ours, or of another length).
 * SOURCES  ip(7), ipv6(7), socket(7), RFC 3542.   TESTED BY  tests/guest/net_inet_cmsg.c
 */
#include "arch/abi.h"
#include "base/errno.h"
#include "kernel/time.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "net/inet_impl.h"
#include "sync/failpoint.h"

enum { SOL_IP = 0, SOL_IPV6 = 41 };
enum { IP_TOS = 1, IP_TTL = 2, IP_PKTINFO = 8 };
enum { IPV6_PKTINFO = 50, IPV6_HOPLIMIT = 52, IPV6_TCLASS = 67 };
enum {
	SO_TIMESTAMP_OLD = 29,
	SO_TIMESTAMPNS_OLD = 35,
	SO_TIMESTAMP_NEW = 63,
	SO_TIMESTAMPNS_NEW = 64,
	STAMPS = SKF_TIMESTAMP | SKF_TIMESTAMPNS
};

struct in_pktinfo_k {
	int ifindex;
	uint32_t spec_dst, addr;
};
struct in6_pktinfo_k {
	uint32_t addr[4];
	int ifindex;
};

/* ---- to the reader ---- */

static void add(struct scm *scm, int level, int type, const void *data, unsigned len)
{
	struct scm_item *item = &scm->items->item[scm->items->nr++];

	item->level = level;
	item->type = type;
	item->len = len;
	memcpy(item->bytes, data, len);
}

static void add_time(unsigned flags, uint64_t ns, struct scm *scm)
{
	bool fine = flags & SKF_TIMESTAMPNS, wide = flags & SKF_WIDE_TIME;
	uint64_t sec = ns / NSEC_PER_SEC, rest = ns - sec * NSEC_PER_SEC;
	int64_t t[2] = { (int64_t)sec, (int64_t)(fine ? rest : rest / NSEC_PER_USEC) };
	int32_t narrow[2] = { (int32_t)t[0], (int32_t)t[1] };
	int type = fine ? SO_TIMESTAMPNS_OLD : SO_TIMESTAMP_OLD;

	if (wide)
		type = fine ? SO_TIMESTAMPNS_NEW : SO_TIMESTAMP_NEW;
	if (!wide && abi_word() == sizeof(narrow[0]))
		add(scm, SOL_SOCKET, type, narrow, sizeof(narrow));
	else
		add(scm, SOL_SOCKET, type, t, sizeof(t));
}

static void add_v4(unsigned tell, const struct inet_dgram *d, struct scm *scm)
{
	struct in_pktinfo_k info = { d->ifindex, d->to.addr[3], d->to.addr[3] };
	int ttl = d->ttl;

	if (tell & TELL_PKTINFO)
		add(scm, SOL_IP, IP_PKTINFO, &info, sizeof(info));
	if (tell & TELL_TTL)
		add(scm, SOL_IP, IP_TTL, &ttl, sizeof(ttl));
	if (tell & TELL_TOS)
		add(scm, SOL_IP, IP_TOS, &d->tos, sizeof(d->tos));
}

static void add_v6(unsigned tell, const struct inet_dgram *d, struct scm *scm)
{
	struct in6_pktinfo_k info = { .ifindex = d->ifindex };
	int ttl = d->ttl, tos = d->tos;

	memcpy(info.addr, d->to.addr, sizeof(info.addr));
	if (tell & TELL_PKTINFO6)
		add(scm, SOL_IPV6, IPV6_PKTINFO, &info, sizeof(info));
	if (tell & TELL_HOPLIMIT6)
		add(scm, SOL_IPV6, IPV6_HOPLIMIT, &ttl, sizeof(ttl));
	if (tell & TELL_TCLASS6)
		add(scm, SOL_IPV6, IPV6_TCLASS, &tos, sizeof(tos));
}

/* NULL: no memory. */
static struct scm_items *items_of(struct scm *scm)
{
	if (!scm->items)
		scm->items =
			failpoint("inet_tell") ? NULL : kzalloc(sizeof(*scm->items), GFP_KERNEL);
	return scm->items;
}

int inet_tell_more(struct scm *scm, int level, int type, const void *data, unsigned len)
{
	if (!items_of(scm))
		return -ENOMEM;
	add(scm, level, type, data, len);
	return 0;
}

int inet_tell(const struct sock *s, const struct inet_dgram *d, struct scm *scm)
{
	unsigned tell = READ_ONCE(s->in.tell), flags = READ_ONCE(s->flags);

	if (!(tell & TELL_WAY) && !(flags & STAMPS))
		return 0;
	if (!items_of(scm))
		return -ENOMEM;
	if (flags & STAMPS)
		add_time(flags, d->when ? d->when : realtime_ns(), scm);
	if (inet_is_v6(s))
		add_v6(tell, d, scm);
	else
		add_v4(tell, d, scm);
	return 0;
}

/* ---- from the sender ---- */

static bool number_in(const struct scm_item *item, int min, int max, int *out)
{
	if (item->len != sizeof(*out))
		return false;
	memcpy(out, item->bytes, sizeof(*out));
	return *out >= min && *out <= max;
}

static bool v4_pktinfo(const struct scm_item *item, struct inet_how *how)
{
	struct in_pktinfo_k info;

	if (item->len != sizeof(info))
		return false;
	memcpy(&info, item->bytes, sizeof(info));
	how->ifindex = info.ifindex;
	how->has_from = info.spec_dst;
	ip_addr_set_zero_ip4(&how->from);
	ip_2_ip4(&how->from)->addr = info.spec_dst;
	return info.ifindex >= 0;
}

static bool v6_pktinfo(const struct scm_item *item, struct inet_how *how)
{
	struct in6_pktinfo_k info;

	if (item->len != sizeof(info))
		return false;
	memcpy(&info, item->bytes, sizeof(info));
	how->ifindex = info.ifindex;
	how->has_from = info.addr[0] || info.addr[1] || info.addr[2] || info.addr[3];
	if (inet_is_mapped(info.addr)) {
		ip_addr_set_zero_ip4(&how->from);
		ip_2_ip4(&how->from)->addr = info.addr[3];
	} else {
		ip_addr_set_zero_ip6(&how->from);
		memcpy(ip_2_ip6(&how->from)->addr, info.addr, sizeof(info.addr));
	}
	return info.ifindex >= 0;
}

static bool told_v4(const struct scm_item *item, struct inet_how *how)
{
	switch (item->type) {
	case IP_PKTINFO:
		return v4_pktinfo(item, how);
	case IP_TTL:
		return number_in(item, 1, 255, &how->ttl);
	case IP_TOS:
		if (item->len != 1)
			return number_in(item, 0, 255, &how->tos);
		how->tos = (uint8_t)item->bytes[0];
		return true;
	default:
		return false;
	}
}

static bool told_v6(const struct scm_item *item, struct inet_how *how)
{
	switch (item->type) {
	case IPV6_PKTINFO:
		return v6_pktinfo(item, how);
	case IPV6_HOPLIMIT:
		return number_in(item, -1, 255, &how->ttl);
	case IPV6_TCLASS:
		return number_in(item, -1, 255, &how->tos);
	default:
		return false;
	}
}

int inet_told(const struct scm *scm, struct inet_how *how)
{
	memset(how, 0, sizeof(*how));
	how->ttl = how->tos = -1;
	if (!scm || !scm->items)
		return 0;
	for (unsigned i = 0; i < scm->items->nr; i++) {
		const struct scm_item *item = &scm->items->item[i];

		if (item->level == SOL_IP && !told_v4(item, how))
			return -EINVAL;
		if (item->level == SOL_IPV6 && !told_v6(item, how))
			return -EINVAL;
	}
	return 0;
}
