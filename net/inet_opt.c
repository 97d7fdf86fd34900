/*
 * Options of the levels IP, IPv6, TCP and UDP.
 *
 * WHY      what lwIP has no counterpart of (congestion control, path MTU) is kept and given back where a program only asks for speed
 *          (kept_options), and refused (ENOPROTOOPT) where it would rely on it.
 * LOCKS    core lock for what is set.   CONTEXT  tasks.   FAILS  ENOPROTOOPT, EINVAL, EFAULT.
 * SOURCES  ip(7), ipv6(7), tcp(7), udp(7).   TESTED BY  tests/guest/net_inet.c, tests/guest/net_inet_cmsg.c
 */
#include "arch/uaccess.h"
#include "base/errno.h"
#include "lib/string.h"
#include "net/inet_impl.h"

#include <lwip/priv/tcp_priv.h>

enum { SOL_IP = 0, SOL_TCP = 6, SOL_UDP = 17, SOL_IPV6 = 41, SOL_UDPLITE = 136, SOL_RAW = 255 };
enum {
	OPT_TOS = 1,
	OPT_TTL = 2,
	OPT_PKTINFO = 8,
	OPT_MTU_DISCOVER = 10,
	OPT_RECVERR = 11,
	OPT_RECVTTL = 12,
	OPT_RECVTOS = 13,
	OPT_FREEBIND = 15,
	OPT_NO_PORT = 24,
	OPT_MULTICAST_TTL = 33,
	OPT_MULTICAST_LOOP = 34,
	OPT_MULTICAST_ALL = 49
};
enum {
	OPT6_UNICAST_HOPS = 16,
	OPT6_MULTICAST_HOPS = 18,
	OPT6_MULTICAST_LOOP = 19,
	OPT6_MTU_DISCOVER = 23,
	OPT6_RECVERR = 25,
	OPT6_V6ONLY = 26,
	OPT6_RECVPKTINFO = 49,
	OPT6_RECVHOPLIMIT = 51,
	OPT6_RECVTCLASS = 66,
	OPT6_TCLASS = 67
};
enum {
	OPT_NODELAY = 1,
	OPT_MAXSEG,
	OPT_CORK,
	OPT_KEEPIDLE,
	OPT_KEEPINTVL,
	OPT_KEEPCNT,
	OPT_SYNCNT,
	OPT_LINGER2,
	OPT_DEFER_ACCEPT,
	OPT_WINDOW_CLAMP,
	OPT_INFO,
	OPT_QUICKACK,
	OPT_CONGESTION,
	OPT_USER_TIMEOUT = 18,
	OPT_FASTOPEN = 23
};
enum { OPT_UDP_CORK = 1 };
enum {
	KEEP_TIME_MAX = 32767,
	KEEP_COUNT_MAX = 127,
	SEGMENT_MIN = 88,
	SEGMENT_MAX = 32767,
	SO_BINDTODEVICE = 25
};
#define CONGESTION "reno"

/* ---- what is kept and given back, and no more ---- */

static const struct kept_option {
	int level, name, min, max, first;
} kept_options[] = {
	{ SOL_TCP, OPT_SYNCNT, 1, 127, 6 },
	{ SOL_TCP, OPT_LINGER2, INT_MIN, INT_MAX, 60 },
	{ SOL_TCP, OPT_DEFER_ACCEPT, INT_MIN, INT_MAX, 0 },
	{ SOL_TCP, OPT_WINDOW_CLAMP, INT_MIN, INT_MAX, 0 },
	{ SOL_TCP, OPT_USER_TIMEOUT, 0, INT_MAX, 0 },
	{ SOL_TCP, OPT_FASTOPEN, 0, INT_MAX, 0 },
	{ SOL_IP, OPT_MTU_DISCOVER, 0, 5, 1 },
	{ SOL_IP, OPT_FREEBIND, INT_MIN, INT_MAX, 0 },
	{ SOL_IP, OPT_NO_PORT, INT_MIN, INT_MAX, 0 },
	{ SOL_IP, OPT_MULTICAST_TTL, -1, 255, 1 },
	{ SOL_IP, OPT_MULTICAST_LOOP, INT_MIN, INT_MAX, 1 },
	{ SOL_IP, OPT_MULTICAST_ALL, 0, 1, 1 },
	{ SOL_IPV6, OPT6_MULTICAST_HOPS, -1, 255, 1 },
	{ SOL_IPV6, OPT6_MULTICAST_LOOP, 0, 1, 1 },
	{ SOL_IPV6, OPT6_MTU_DISCOVER, 0, 5, 1 },
};
_Static_assert(ARRAY_SIZE(kept_options) <= INET_KEPT_MAX, "the room of struct inet_part");

/* Its place in in->kept (as a difference from what it is at first); -1: none. */
static int kept_place(int level, int name)
{
	for (unsigned i = 0; i < ARRAY_SIZE(kept_options); i++) {
		if (kept_options[i].level == level && kept_options[i].name == name)
			return (int)i;
	}
	return -1;
}

static int set_kept(struct inet_part *in, int level, int name, int v)
{
	int i = kept_place(level, name);

	if (i < 0)
		return -ENOPROTOOPT;
	if (v < kept_options[i].min || v > kept_options[i].max)
		return -EINVAL;
	in->kept[i] = (int)((unsigned)v - (unsigned)kept_options[i].first);
	return 0;
}

static int get_kept(const struct inet_part *in, int level, int name, int *v)
{
	int i = kept_place(level, name);

	if (i < 0)
		return -ENOPROTOOPT;
	*v = (int)((unsigned)in->kept[i] + (unsigned)kept_options[i].first);
	return 0;
}

/* ---- what comes with datagrams ---- */

/* 0: none of them. */
static unsigned tell_of(int level, int name)
{
	static const struct {
		int level, name;
		unsigned tell;
	} all[] = {
		{ SOL_IP, OPT_PKTINFO, TELL_PKTINFO },
		{ SOL_IP, OPT_RECVERR, TELL_ERRORS },
		{ SOL_IP, OPT_RECVTTL, TELL_TTL },
		{ SOL_IP, OPT_RECVTOS, TELL_TOS },
		{ SOL_IPV6, OPT6_RECVPKTINFO, TELL_PKTINFO6 },
		{ SOL_IPV6, OPT6_RECVERR, TELL_ERRORS6 },
		{ SOL_IPV6, OPT6_RECVHOPLIMIT, TELL_HOPLIMIT6 },
		{ SOL_IPV6, OPT6_RECVTCLASS, TELL_TCLASS6 },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(all); i++) {
		if (all[i].level == level && all[i].name == name)
			return all[i].tell;
	}
	return 0;
}

/* ---- set ---- */

static bool is_of_udp(int level)
{
	return level == SOL_UDP || level == SOL_UDPLITE;
}

static bool in_range(int v, int min, int max)
{
	return v >= min && v <= max;
}

static int set_tcp(struct sock *s, int name, int v)
{
	struct inet_part *in = &s->in;

	switch (name) {
	case OPT_NODELAY:
		in->no_delay = v;
		return 0;
	case OPT_CORK:
		in->cork = v;
		if (!v && in->tcp && s->state == SS_CONNECTED)
			(void)tcp_output(in->tcp);
		return 0;
	case OPT_MAXSEG:
		if (v && !in_range(v, SEGMENT_MIN, SEGMENT_MAX))
			return -EINVAL;
		in->max_segment = v;
		return 0;
	case OPT_KEEPIDLE:
		if (!in_range(v, 1, KEEP_TIME_MAX))
			return -EINVAL;
		in->keep_idle = v;
		return 0;
	case OPT_KEEPINTVL:
		if (!in_range(v, 1, KEEP_TIME_MAX))
			return -EINVAL;
		in->keep_interval = v;
		return 0;
	case OPT_KEEPCNT:
		if (!in_range(v, 1, KEEP_COUNT_MAX))
			return -EINVAL;
		in->keep_count = v;
		return 0;
	case OPT_QUICKACK:
		return 0;
	default:
		return set_kept(in, SOL_TCP, name, v);
	}
}

static int set_udp(struct sock *s, int name, int v)
{
	if (name != OPT_UDP_CORK)
		return inet_lite_set(s, name, v);
	WRITE_ONCE(s->in.cork, v);
	if (!v)
		(void)inet_uncork(s);
	return 0;
}

static int set_ip(struct inet_part *in, int name, int v)
{
	switch (name) {
	case OPT_TTL:
		if (v != -1 && !in_range(v, 1, 255))
			return -EINVAL;
		in->ttl = v == -1 ? 64 : (uint8_t)v;
		return 0;
	case OPT_TOS:
		in->tos = (uint8_t)v;
		return 0;
	default:
		return set_kept(in, SOL_IP, name, v);
	}
}

static int set_ipv6(struct sock *s, int name, int v)
{
	switch (name) {
	case OPT6_V6ONLY:
		if (s->in.local.port || s->state != SS_UNCONNECTED)
			return -EINVAL;
		s->in.v6only = v;
		if (s->in.tcp && !inet_is_tcp(s))
			IP_SET_TYPE_VAL(s->in.udp->local_ip, inet_ip_type(s));
		return 0;
	case OPT6_UNICAST_HOPS:
		return set_ip(&s->in, OPT_TTL, v);
	case OPT6_TCLASS:
		return set_ip(&s->in, OPT_TOS, v == -1 ? 0 : v);
	default:
		return set_kept(&s->in, SOL_IPV6, name, v);
	}
}

static int set_number(struct sock *s, int level, int name, int v)
{
	unsigned tell = tell_of(level, name);

	if (tell) {
		s->in.tell = v ? s->in.tell | tell : s->in.tell & ~tell;
		if (!v && (tell & (TELL_ERRORS | TELL_ERRORS6)))
			inet_errors_drop(s);
		return 0;
	}
	if (level == SOL_TCP)
		return set_tcp(s, name, v);
	if (is_of_udp(level))
		return set_udp(s, name, v);
	return level == SOL_IP ? set_ip(&s->in, name, v) : set_ipv6(s, name, v);
}

/* To the control block. */
static void apply(struct sock *s)
{
	if (inet_is_tcp(s)) {
		inet_tcp_options(s);
		return;
	}
	s->in.udp->ttl = s->in.ttl;
	s->in.udp->tos = s->in.tos;
	s->in.udp->netif_idx = s->in.ifindex;
	if (READ_ONCE(s->flags) & (SKF_REUSEADDR | SKF_REUSEPORT))
		ip_set_option(s->in.udp, SOF_REUSEADDR);
	else
		ip_reset_option(s->in.udp, SOF_REUSEADDR);
}

void inet_flags_changed(struct sock *s)
{
	inet_lock();
	apply(s);
	inet_unlock();
}

/* A number of four bytes, or (IP's options) of one. */
static int number_in(int level, uaddr_t value, int len, int *v)
{
	uint8_t byte;

	if (len >= (int)sizeof(*v))
		return get_user(v, value) ? -EFAULT : 0;
	if (level != SOL_IP || len < 1)
		return -EINVAL;
	if (get_user(&byte, value))
		return -EFAULT;
	*v = byte;
	return 0;
}

/* Whom an option's level speaks to. 0; -EOPNOTSUPP: nobody, as IPv4 says; -ENOPROTOOPT: as IPv6 does. */
static int level_error(const struct sock *s, int level)
{
	if (level == SOL_IP || (level == SOL_IPV6 && inet_is_v6(s)))
		return 0;
	if (inet_is_tcp(s) ? level == SOL_TCP : inet_is_udp(s) && is_of_udp(level))
		return 0;
	if (inet_is_v6(s) || (level == SOL_RAW && !inet_is_udp(s) && !inet_is_tcp(s)))
		return -ENOPROTOOPT;
	return -EOPNOTSUPP;
}

static int user_text(uaddr_t value, int len, char out[16])
{
	memset(out, 0, 16);
	return copy_from_user(out, value, (size_t)min_of(int, len, 15)) ? -EFAULT : 0;
}

/* The interface that a socket keeps to; none: any. */
static int set_device(struct sock *s, uaddr_t value, int len)
{
	char name[16];
	struct netif *n = NULL;
	int err = user_text(value, len, name);

	if (err)
		return err;
	inet_lock();
	if (name[0])
		n = inet_if_find(name);
	if (n || !name[0])
		s->in.ifindex = n ? netif_get_index(n) : 0;
	else
		err = -ENODEV;
	apply(s);
	inet_unlock();
	return err;
}

static int set_congestion(uaddr_t value, int len)
{
	char name[16];
	int err = len < 1 ? -EINVAL : user_text(value, len, name);

	return err ? err : strcmp(name, CONGESTION) ? -ENOENT : 0;
}

int inet_set_option(struct sock *s, int level, int name, uaddr_t value, int len)
{
	int v, err;

	if (level == SOL_SOCKET)
		return name == SO_BINDTODEVICE ? set_device(s, value, len) : -ENOPROTOOPT;
	if (inet_raw_has_option(s, level, name))
		return inet_raw_set_option(s, level, name, value, len);
	if (level_error(s, level))
		return -ENOPROTOOPT; /* only who asks hears whose fault it is */
	if (level == SOL_TCP && name == OPT_CONGESTION)
		return set_congestion(value, len);
	err = number_in(level, value, len, &v);
	if (err)
		return err;
	inet_lock();
	err = set_number(s, level, name, v);
	if (!err)
		apply(s);
	inet_unlock();
	return err;
}

/* ---- get ---- */

static int max_segment(struct sock *s)
{
	struct tcp_pcb *pcb = s->in.tcp;

	if (pcb && s->state == SS_CONNECTED)
		return pcb->mss;
	return s->in.max_segment ? s->in.max_segment : 536;
}

static int get_tcp(struct sock *s, int name, int *v)
{
	const struct inet_part *in = &s->in;

	switch (name) {
	case OPT_NODELAY:
		*v = in->no_delay;
		return 0;
	case OPT_CORK:
		*v = in->cork;
		return 0;
	case OPT_MAXSEG:
		*v = max_segment(s);
		return 0;
	case OPT_KEEPIDLE:
		*v = in->keep_idle;
		return 0;
	case OPT_KEEPINTVL:
		*v = in->keep_interval;
		return 0;
	case OPT_KEEPCNT:
		*v = in->keep_count;
		return 0;
	case OPT_QUICKACK:
		*v = 1;
		return 0;
	default:
		return get_kept(in, SOL_TCP, name, v);
	}
}

static int get_udp(const struct sock *s, int name, int *v)
{
	if (name != OPT_UDP_CORK)
		return inet_lite_get(s, name, v);
	*v = s->in.cork;
	return 0;
}

static int get_ip(const struct sock *s, int level, int name, int *v)
{
	unsigned tell = tell_of(level, name);
	bool v6 = level == SOL_IPV6;

	if (tell)
		*v = (s->in.tell & tell) != 0;
	else if (v6 && name == OPT6_V6ONLY)
		*v = s->in.v6only;
	else if (name == (v6 ? OPT6_UNICAST_HOPS : OPT_TTL))
		*v = s->in.ttl;
	else if (name == (v6 ? OPT6_TCLASS : OPT_TOS))
		*v = s->in.tos;
	else
		return get_kept(&s->in, level, name, v);
	return 0;
}

int inet_tcp_state(const struct sock *s)
{
	static const uint8_t of_lwip[] = { 7, 10, 2, 3, 1, 4, 5, 8, 11, 9, 6 };

	if (s->in.tcp)
		return of_lwip[s->in.tcp->state];
	return 7;
}

void inet_tcp_info(const struct sock *s, struct tcp_info_k *out)
{
	const struct tcp_pcb *pcb = s->in.tcp;

	*out = (struct tcp_info_k){ .state = (uint8_t)inet_tcp_state(s) };
	if (!pcb || pcb->state == LISTEN)
		return;
	out->retransmits = pcb->nrtx;
	out->rto = (uint32_t)pcb->rto * TCP_SLOW_INTERVAL * 1000;
	out->snd_mss = out->rcv_mss = out->advmss = pcb->mss;
	out->rtt = (uint32_t)(pcb->sa >> 3) * TCP_SLOW_INTERVAL * 1000;
	out->snd_cwnd = pcb->mss ? pcb->cwnd / pcb->mss : 0;
	out->snd_ssthresh = pcb->mss ? pcb->ssthresh / pcb->mss : 0;
	out->unacked = pcb->snd_queuelen;
	out->probes = pcb->persist_probe;
	out->backoff = pcb->persist_backoff;
	if (pcb->flags & TF_WND_SCALE) {
		out->options |= TCPI_WSCALE;
		out->wscale = (uint8_t)(pcb->snd_scale | pcb->rcv_scale << 4);
	}
	out->max_pacing_rate = UINT64_MAX; /* none */
	out->notsent_bytes = pcb->snd_lbb - pcb->snd_nxt;
	out->snd_wnd = pcb->snd_wnd;
}

union value {
	int number;
	struct tcp_info_k info;
	char name[16];
	char bytes[32];
};

/* The device's name with its end, or nothing. Return: bytes. */
static int device_name(const struct sock *s, char name[16])
{
	const struct netif *n = s->in.ifindex ? netif_get_by_index(s->in.ifindex) : NULL;

	if (!n)
		return 0;
	inet_if_name(n, name);
	return (int)strlen(name) + 1;
}

/* Return: bytes of @v, or -errno. */
static int value_of(struct sock *s, int level, int name, union value *v)
{
	int err;

	memset(v, 0, sizeof(*v));
	if (level == SOL_SOCKET)
		return name == SO_BINDTODEVICE ? device_name(s, v->name) : -ENOPROTOOPT;
	if (inet_raw_has_option(s, level, name))
		return inet_raw_value(s, level, name, v->bytes);
	err = level_error(s, level);
	if (err)
		return err;
	if (level == SOL_TCP && name == OPT_INFO) {
		inet_tcp_info(s, &v->info);
		return sizeof(v->info);
	}
	if (level == SOL_TCP && name == OPT_CONGESTION) {
		(void)str_copy(v->name, CONGESTION, sizeof(v->name));
		return sizeof(v->name);
	}
	if (level == SOL_TCP)
		err = get_tcp(s, name, &v->number);
	else if (is_of_udp(level))
		err = get_udp(s, name, &v->number);
	else
		err = get_ip(s, level, name, &v->number);
	return err ? err : (int)sizeof(v->number);
}

int inet_get_option(struct sock *s, int level, int name, uaddr_t value, uaddr_t ulen)
{
	union value v;
	int len, n;

	if (get_user(&len, ulen))
		return -EFAULT;
	if (len < 0)
		return -EINVAL;
	inet_lock();
	n = value_of(s, level, name, &v);
	inet_unlock();
	if (n < 0)
		return n;
	if (len > n)
		len = n;
	if (copy_to_user(value, &v, (size_t)len))
		return -EFAULT;
	return put_user(ulen, &len);
}
