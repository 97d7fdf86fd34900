/*
 * Raw IP: who hears which packets, headers made by the program, options of the levels RAW, ICMP and ICMPv6.
 *
 * WHY      every raw socket has a copy of what comes, and so has the stack: raw packets are few. ICMP filters are looked at
 *          before the copy is made.
 * I1       a packet that lwIP is to sum has the place of the sum in it: lwIP takes that for granted.
 * LOCKS    core lock.
 * FAILS    ENOPROTOOPT, EINVAL, EFAULT; a packet for which there is no memory is lost.
 * SOURCES  raw(7), ip(7), RFC 3542 (3).   TESTED BY  tests/guest/net_inet_raw.c
 */
#include "arch/uaccess.h"
#include "base/errno.h"
#include "fs/random.h"
#include "lib/string.h"
#include "net/inet_impl.h"

#include <lwip/inet_chksum.h>
#include <lwip/prot/icmp.h>
#include <lwip/prot/ip4.h>
#include <lwip/stats.h>

enum { SOL_IP = 0, SOL_IPV6 = 41, SOL_ICMPV6 = 58, SOL_RAW = 255 };
enum { ICMP_FILTER = 1, ICMP6_FILTER = 1, IPV6_CHECKSUM = 7, IP_HDRINCL = 3 };
enum { PROTO_ICMP = 1, PROTO_ICMPV6 = 58, PROTO_RAW = 255, ICMP6_SUM_AT = 2, TYPES_OF_V4 = 32 };

/* ---- receiving ---- */

/* Has the socket said that it does not want this kind of ICMP message? @p begins with the IP header. */
static bool is_filtered(const struct sock *s, struct pbuf *p)
{
	uint8_t type;
	u16_t at = ip_current_header_tot_len();

	if (s->in.protocol != (inet_is_v6(s) ? PROTO_ICMPV6 : PROTO_ICMP) ||
	    pbuf_copy_partial(p, &type, 1, at) != 1)
		return false;
	if (!inet_is_v6(s) && type >= TYPES_OF_V4)
		return false;
	return s->in.icmp_filter[type / 32] >> type % 32 & 1;
}

static u8_t on_raw(void *arg, struct raw_pcb *pcb, struct pbuf *p, const ip_addr_t *addr)
{
	struct sock *s = arg;
	struct pbuf *copy = is_filtered(s, p) ? NULL : pbuf_clone(PBUF_RAW, PBUF_RAM, p);

	(void)pcb;
	/* IPv6's headers are not shown. */
	if (copy && inet_is_v6(s))
		(void)pbuf_remove_header(copy, ip_current_header_tot_len());
	if (copy)
		inet_dgram_deliver(s, copy, addr, 0);
	return 0;
}

struct raw_pcb *inet_raw_open(struct sock *s)
{
	struct raw_pcb *pcb = raw_new_ip_type(inet_ip_type(s), (u8_t)s->in.protocol);

	if (!pcb)
		return NULL;
	raw_recv(pcb, on_raw, s);
	if (inet_is_v6(s) && s->in.protocol == PROTO_ICMPV6) {
		pcb->chksum_reqd = 1;
		pcb->chksum_offset = ICMP6_SUM_AT;
	}
	if (!inet_is_v6(s) && s->in.protocol == PROTO_RAW)
		raw_set_flags(pcb, RAW_FLAGS_HDRINCL);
	return pcb;
}

/* ---- sending ---- */

/* What the program has left out of its IP header. */
static int complete_header(struct pbuf *p, const ip_addr_t *from)
{
	struct ip_hdr *h = p->payload;
	uint16_t id;

	if (p->len < sizeof(*h) || IPH_HL_BYTES(h) < sizeof(*h) || IPH_HL_BYTES(h) > p->len)
		return -EINVAL;
	if (!h->src.addr)
		h->src.addr = ip_2_ip4(from)->addr;
	if (!IPH_ID(h)) {
		random_bytes(&id, sizeof(id));
		IPH_ID_SET(h, id);
	}
	IPH_LEN_SET(h, lwip_htons(p->tot_len));
	IPH_CHKSUM_SET(h, 0);
	IPH_CHKSUM_SET(h, inet_chksum(h, IPH_HL_BYTES(h)));
	return 0;
}

/* RFC 1213 counts messages, and the questions among them. */
static void count_sent(const struct sock *s, const struct pbuf *p)
{
	if (inet_is_v6(s) || s->in.protocol != PROTO_ICMP || !p->len)
		return;
	MIB2_STATS_INC(mib2.icmpoutmsgs);
	if (*(const uint8_t *)p->payload == ICMP_ECHO)
		MIB2_STATS_INC(mib2.icmpoutechos);
}

int inet_raw_send(struct sock *s, struct pbuf *p, const ip_addr_t *to, struct netif *n,
		  const ip_addr_t *from)
{
	struct raw_pcb *pcb = s->in.raw;
	err_t e;
	int err = 0;

	if (raw_is_flag_set(pcb, RAW_FLAGS_HDRINCL))
		err = complete_header(p, from);
	else if (pcb->chksum_reqd && p->len < pcb->chksum_offset + 2U)
		err = -EINVAL;
	if (err)
		return err;
	if (!raw_is_flag_set(pcb, RAW_FLAGS_HDRINCL))
		count_sent(s, p);
	e = raw_sendto_if_src(pcb, p, to, n, from);
	return e == ERR_VAL ? -EACCES : inet_errno(e);
}

/* ---- options ---- */

/* The filter of the socket's own level; 0: it has none there. */
static unsigned filter_size(const struct sock *s, int level, int name)
{
	bool v6 = inet_is_v6(s);

	if (s->in.protocol != (v6 ? PROTO_ICMPV6 : PROTO_ICMP) ||
	    level != (v6 ? SOL_ICMPV6 : SOL_RAW))
		return 0;
	if (name != (v6 ? ICMP6_FILTER : ICMP_FILTER))
		return 0;
	return v6 ? sizeof(s->in.icmp_filter) : sizeof(s->in.icmp_filter[0]);
}

static bool is_sum_option(const struct sock *s, int level, int name)
{
	return inet_is_v6(s) && name == IPV6_CHECKSUM && (level == SOL_RAW || level == SOL_IPV6);
}

static bool is_header_option(const struct sock *s, int level, int name)
{
	return !inet_is_v6(s) && level == SOL_IP && name == IP_HDRINCL;
}

bool inet_raw_has_option(const struct sock *s, int level, int name)
{
	return s->type == SOCK_RAW &&
	       (filter_size(s, level, name) || is_sum_option(s, level, name) ||
		is_header_option(s, level, name));
}

static int set_sum(struct sock *s, int level, int at)
{
	struct raw_pcb *pcb = s->in.raw;

	if (s->in.protocol == PROTO_ICMPV6 && level == SOL_IPV6)
		return -EINVAL; /* always there */
	if (at > 0 && ((at & 1) || at > (int)UINT16_MAX - 2))
		return -EINVAL;
	pcb->chksum_reqd = at >= 0;
	pcb->chksum_offset = at >= 0 ? (u16_t)at : 0;
	return 0;
}

int inet_raw_set_option(struct sock *s, int level, int name, uaddr_t value, int len)
{
	uint32_t filter[ARRAY_SIZE(s->in.icmp_filter)] = { 0 };
	unsigned size = filter_size(s, level, name);
	int v, err = 0;

	if (size) {
		size = min_of(unsigned, size, (unsigned)len);
		if (copy_from_user(filter, value, size))
			return -EFAULT;
		inet_lock();
		memcpy(s->in.icmp_filter, filter, size);
		inet_unlock();
		return 0;
	}
	if (len < (int)sizeof(v))
		return -EINVAL;
	if (get_user(&v, value))
		return -EFAULT;
	inet_lock();
	if (is_sum_option(s, level, name))
		err = set_sum(s, level, v);
	else if (v)
		raw_set_flags(s->in.raw, RAW_FLAGS_HDRINCL);
	else
		raw_clear_flags(s->in.raw, RAW_FLAGS_HDRINCL);
	inet_unlock();
	return err;
}

int inet_raw_value(const struct sock *s, int level, int name, void *out)
{
	unsigned size = filter_size(s, level, name);
	const struct raw_pcb *pcb = s->in.raw;
	int v;

	if (size) {
		memcpy(out, s->in.icmp_filter, size);
		return (int)size;
	}
	if (is_sum_option(s, level, name))
		v = pcb->chksum_reqd ? pcb->chksum_offset : -1;
	else
		v = raw_is_flag_set(pcb, RAW_FLAGS_HDRINCL) != 0;
	memcpy(out, &v, sizeof(v));
	return sizeof(v);
}
