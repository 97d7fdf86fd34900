/*
 * Options of the levels IP, IPv6, TCP and UDP.
 *
 * WHY      what lwIP has no counterpart of (corks, congestion control, path MTU) is accepted where a program only asks for speed, and
 *          refused (ENOPROTOOPT) where it would rely on it.
 * LOCKS    core lock for what is set.   CONTEXT  tasks.   FAILS  ENOPROTOOPT, EINVAL, EFAULT.
 * SOURCES  ip(7), ipv6(7), tcp(7), udp(7).   TESTED BY  tests/guest/net_inet.c
 */
#include "arch/uaccess.h"
#include "base/errno.h"
#include "lib/string.h"
#include "net/inet_impl.h"

#include <lwip/priv/tcp_priv.h>

enum { SOL_IP = 0, SOL_TCP = 6, SOL_UDP = 17, SOL_IPV6 = 41 };
enum {
	OPT_TOS = 1,
	OPT_TTL = 2,
	OPT_RECVERR = 11,
	OPT_MTU_DISCOVER = 10,
	OPT_PKTINFO = 8,
	OPT_RECVTTL = 12,
	OPT_MULTICAST_IF = 32,
	OPT_MULTICAST_TTL,
	OPT_MULTICAST_LOOP,
	OPT_FREEBIND = 15
};
enum {
	OPT6_UNICAST_HOPS = 16,
	OPT6_MULTICAST_HOPS = 18,
	OPT6_MTU_DISCOVER = 23,
	OPT6_RECVERR = 25,
	OPT6_V6ONLY = 26,
	OPT6_RECVPKTINFO = 49,
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
enum { KEEP_TIME_MAX = 32767, KEEP_COUNT_MAX = 127 };

/* ---- set ---- */

static bool in_range(int v, int min, int max)
{
	return v >= min && v <= max;
}

static int set_tcp(struct inet_part *in, int name, int v)
{
	switch (name) {
	case OPT_NODELAY:
		in->no_delay = v;
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
	case OPT_CORK:
	case OPT_SYNCNT:
	case OPT_LINGER2:
	case OPT_DEFER_ACCEPT:
	case OPT_WINDOW_CLAMP:
	case OPT_QUICKACK:
	case OPT_USER_TIMEOUT:
		return 0;
	default:
		return -ENOPROTOOPT;
	}
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
	case OPT_RECVERR:
	case OPT_MTU_DISCOVER:
	case OPT_FREEBIND:
	case OPT_MULTICAST_TTL:
	case OPT_MULTICAST_LOOP:
		return 0;
	default:
		return -ENOPROTOOPT;
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
	case OPT6_MULTICAST_HOPS:
	case OPT6_MTU_DISCOVER:
	case OPT6_RECVERR:
		return 0;
	default:
		return -ENOPROTOOPT;
	}
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

int inet_set_option(struct sock *s, int level, int name, uaddr_t value, int len)
{
	int v, err;

	if (level == SOL_TCP && inet_is_tcp(s) && name == OPT_CONGESTION)
		return 0;
	if (level != SOL_IP && level != SOL_TCP && level != SOL_IPV6)
		return -ENOPROTOOPT;
	if ((level == SOL_TCP && !inet_is_tcp(s)) || (level == SOL_IPV6 && !inet_is_v6(s)))
		return -ENOPROTOOPT;
	err = number_in(level, value, len, &v);
	if (err)
		return err;
	inet_lock();
	if (level == SOL_TCP)
		err = set_tcp(&s->in, name, v);
	else
		err = level == SOL_IP ? set_ip(&s->in, name, v) : set_ipv6(s, name, v);
	if (!err)
		apply(s);
	inet_unlock();
	return err;
}

/* ---- get ---- */

static int max_segment(struct sock *s)
{
	struct tcp_pcb *pcb = s->in.tcp;

	return pcb && s->state == SS_CONNECTED ? pcb->mss : 536;
}

static int get_tcp(struct sock *s, int name, int *v)
{
	const struct inet_part *in = &s->in;

	switch (name) {
	case OPT_NODELAY:
		*v = in->no_delay;
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
	case OPT_CORK:
	case OPT_DEFER_ACCEPT:
	case OPT_WINDOW_CLAMP:
	case OPT_USER_TIMEOUT:
		*v = 0;
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

static int get_ip(const struct sock *s, int level, int name, int *v)
{
	*v = 0;
	if (level == SOL_IPV6) {
		if (name == OPT6_V6ONLY)
			*v = s->in.v6only;
		else if (name == OPT6_UNICAST_HOPS)
			*v = s->in.ttl;
		else if (name == OPT6_TCLASS)
			*v = s->in.tos;
		else if (name != OPT6_MTU_DISCOVER && name != OPT6_RECVERR)
			return -ENOPROTOOPT;
		return 0;
	}
	if (name == OPT_TTL)
		*v = s->in.ttl;
	else if (name == OPT_TOS)
		*v = s->in.tos;
	else if (name == OPT_MULTICAST_TTL || name == OPT_MULTICAST_LOOP)
		*v = 1;
	else if (name != OPT_MTU_DISCOVER && name != OPT_RECVERR && name != OPT_FREEBIND)
		return -ENOPROTOOPT;
	return 0;
}

/* The first fields of Linux's struct tcp_info. */
struct tcp_info_k {
	uint8_t state, ca_state, retransmits, probes, backoff, options, wscale, flags;
	uint32_t rto, ato, snd_mss, rcv_mss, unacked, sacked, lost, retrans, fackets;
	uint32_t last_data_sent, last_ack_sent, last_data_recv, last_ack_recv;
	uint32_t pmtu, rcv_ssthresh, rtt, rttvar, snd_ssthresh, snd_cwnd, advmss, reordering;
};

int inet_tcp_state(const struct sock *s)
{
	static const uint8_t of_lwip[] = { 7, 10, 2, 3, 1, 4, 5, 8, 11, 9, 6 };

	if (s->in.tcp)
		return of_lwip[s->in.tcp->state];
	return 7;
}

static void tcp_info(struct sock *s, struct tcp_info_k *out)
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
}

union value {
	int number;
	struct tcp_info_k info;
	char name[16];
};

/* Return: bytes of @v, or -ENOPROTOOPT. */
static int value_of(struct sock *s, int level, int name, union value *v)
{
	int err;

	memset(v, 0, sizeof(*v));
	if (level == SOL_TCP && !inet_is_tcp(s))
		return -ENOPROTOOPT;
	if (level == SOL_TCP && name == OPT_INFO) {
		tcp_info(s, &v->info);
		return sizeof(v->info);
	}
	if (level == SOL_TCP && name == OPT_CONGESTION) {
		(void)str_copy(v->name, "reno", sizeof(v->name));
		return sizeof(v->name);
	}
	if (level == SOL_TCP)
		err = get_tcp(s, name, &v->number);
	else if (level == SOL_IP || (level == SOL_IPV6 && inet_is_v6(s)))
		err = get_ip(s, level, name, &v->number);
	else
		err = -ENOPROTOOPT;
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
