/*
 * What ICMP says of packets that were sent: a socket's error, and, for who has asked (IP_RECVERR), a queue of reports.
 *
 *	ICMP: [IP][type, code][ IP | UDP header | first data ]  ── of whom? ── sock->err; with IP_RECVERR also:
 *	                        └ the packet that failed           in.errors ── recvmsg(MSG_ERRQUEUE): data, IP_RECVERR, for whom
 *
 * OWNS     the ears for ICMP; struct inet_error; the list of the sockets that may have sent something.
 * WHY      the stack hears ICMP for its TCP alone, so two raw control blocks hear it for the others.
 * I1       a UDP socket that is connected hears of hard errors unasked; who asked hears of all, connected or not. Raw sockets do, too.
 * I2       reports count as what is queued for SO_RCVBUF; one without room, or without memory, is lost, the error itself is not.
 * I3       as long as reports are there, sock->err is that of the next one, once one was taken.
 * LOCKS    core lock for the list; sock->lock for a socket's reports.   CONTEXT  core lock held; receiving: tasks.
 * FAILS    EAGAIN: no report; ENOMEM, EFAULT: it is lost.
 * SOURCES  ip(7), ipv6(7), udp(7), RFC 792, RFC 4443.   TESTED BY  tests/guest/net_inet_error.c
 */
#include "base/errno.h"
#include "lib/string.h"
#include "net/inet_impl.h"

#include <lwip/prot/icmp.h>
#include <lwip/prot/icmp6.h>
#include <lwip/prot/ip4.h>
#include <lwip/prot/ip6.h>
#include <lwip/prot/udp.h>

enum { SOL_IP = 0, SOL_IPV6 = 41, IP_RECVERR = 11, IPV6_RECVERR = 25 };
enum { ORIGIN_ICMP = 2, ORIGIN_ICMP6 = 3 };
enum { NEEDS_FRAGMENTS = 4, ICMP_PARAMETER = 12, TYPE6_MAX = ICMP6_TYPE_PP, OVERHEAD = 256 };

/* struct sock_extended_err */
struct extended_err {
	uint32_t err;
	uint8_t origin, type, code, pad;
	uint32_t info, data;
};

struct inet_error {
	struct list_head link; /* sock->lock */
	struct inet_dgram way; /* of the ICMP message: who sent it, how it came */
	struct inet_end to;    /* whom the packet was for */
	struct extended_err says;
	unsigned len;
	char data[]; /* of the packet, behind its headers */
};

/* What an ICMP message says, and of which packet. */
struct report {
	struct pbuf *p;
	const ip_addr_t *sender;
	u16_t packet, payload; /* in @p: the packet's IP header, and what is behind it */
	ip_addr_t from, to;    /* the packet's */
	uint8_t protocol;
	uint16_t from_port, to_port; /* UDP's */
	struct extended_err says;
	bool hard; /* no use in trying again */
};

static struct list_head hearing = LIST_HEAD_INIT(hearing); /* c */

/* ---- for whom ---- */

static bool is_of(const ip_addr_t *mine, const ip_addr_t *theirs)
{
	return ip_addr_isany(mine) || ip_addr_cmp(mine, theirs);
}

static bool is_sender(const struct sock *s, const struct report *r)
{
	const struct udp_pcb *u = s->in.udp; /* a raw one begins alike, but for ports */

	if (r->protocol != s->in.protocol || (IP_IS_V6(&r->to) && !inet_is_v6(s)) ||
	    (!IP_IS_V6(&r->to) && s->in.v6only))
		return false;
	if (inet_is_udp(s) && u->local_port != r->from_port)
		return false;
	if (s->state == SS_CONNECTED)
		return ip_addr_cmp(&u->remote_ip, &r->to) &&
		       (!inet_is_udp(s) || u->remote_port == r->to_port);
	return is_of(&u->local_ip, &r->from);
}

static void queue_report(struct sock *s, const struct report *r)
{
	bool v6 = IP_IS_V6(&r->to);
	u16_t at = inet_is_udp(s) ? (u16_t)(r->payload + sizeof(struct udp_hdr)) : r->payload;
	unsigned len;
	struct inet_error *e;

	if (!inet_is_udp(s) && !v6 && raw_is_flag_set(s->in.raw, RAW_FLAGS_HDRINCL))
		at = r->packet;
	len = r->p->tot_len > at ? (unsigned)(r->p->tot_len - at) : 0;
	e = inet_has_room(s, len + OVERHEAD) ? inet_malloc(sizeof(*e) + len) : NULL;
	if (!e)
		return;
	memset(e, 0, sizeof(*e));
	e->says = r->says;
	e->len = pbuf_copy_partial(r->p, e->data, (u16_t)len, at);
	inet_end_set(&e->to, &r->to, inet_is_udp(s) ? r->to_port : 0);
	inet_end_set(&e->way.m.from, r->sender, 0);
	inet_note_way(s, &e->way);
	spin_lock(&s->lock);
	list_add_tail(&e->link, &s->in.errors);
	s->in.error_bytes += e->len + OVERHEAD;
	spin_unlock(&s->lock);
}

static void tell(struct sock *s, const struct report *r)
{
	if (s->in.tell & (IP_IS_V6(&r->to) ? TELL_ERRORS6 : TELL_ERRORS))
		queue_report(s, r);
	else if (!r->hard || s->state != SS_CONNECTED)
		return;
	WRITE_ONCE(s->err, (int)r->says.err);
	waitq_wake_all(&s->wait);
}

/* All raw sockets of the protocol hear of it, and one of UDP's: who is connected, before others. */
static void deliver(const struct report *r)
{
	struct sock *s, *best = NULL;

	list_for_each_entry (s, &hearing, in.hears) {
		if (!is_sender(s, r))
			continue;
		if (!inet_is_udp(s))
			tell(s, r);
		else if (!best || (s->state == SS_CONNECTED && best->state != SS_CONNECTED))
			best = s;
	}
	if (best)
		tell(best, r);
}

/* ---- what it says ---- */

/* False: nothing that a sender is to know. */
static bool read_v4(struct report *r, const struct icmp_echo_hdr *icmp)
{
	static const struct {
		uint8_t err;
		bool hard;
	} unreachable[] = {
		{ ENETUNREACH, false },	 { EHOSTUNREACH, false }, { ENOPROTOOPT, true },
		{ ECONNREFUSED, true },	 { EMSGSIZE, true },	  { EOPNOTSUPP, false },
		{ ENETUNREACH, true },	 { EHOSTDOWN, true },	  { ENONET, true },
		{ ENETUNREACH, true },	 { EHOSTUNREACH, true },  { ENETUNREACH, false },
		{ EHOSTUNREACH, false }, { EHOSTUNREACH, true },  { EHOSTUNREACH, true },
		{ EHOSTUNREACH, true },
	};
	unsigned code = icmp->code;

	r->says = (struct extended_err){
		.err = EHOSTUNREACH, .origin = ORIGIN_ICMP, .type = icmp->type, .code = icmp->code
	};
	if (icmp->type == ICMP_TE)
		return true;
	if (icmp->type == ICMP_DUR && code < ARRAY_SIZE(unreachable)) {
		r->says.err = unreachable[code].err;
		r->says.info = code == NEEDS_FRAGMENTS ? lwip_ntohs(icmp->seqno) : 0; /* the MTU */
		r->hard = unreachable[code].hard;
		return true;
	}
	r->says.err = EPROTO;
	r->says.info = lwip_ntohs(icmp->id) >> 8U; /* where */
	r->hard = true;
	return icmp->type == ICMP_PARAMETER;
}

static bool read_v6(struct report *r, const struct icmp6_hdr *icmp)
{
	static const uint8_t unreachable[] = { ENETUNREACH,  EACCES, EHOSTUNREACH, EHOSTUNREACH,
					       ECONNREFUSED, EACCES, EACCES },
			     others[] = { 0, 0, EMSGSIZE, EHOSTUNREACH, EPROTO };

	if (!icmp->type || icmp->type > TYPE6_MAX ||
	    (icmp->type == ICMP6_TYPE_DUR && icmp->code >= ARRAY_SIZE(unreachable)))
		return false;
	r->says =
		(struct extended_err){ .err = icmp->type == ICMP6_TYPE_DUR ? unreachable[icmp->code]
									   : others[icmp->type],
				       .origin = ORIGIN_ICMP6,
				       .type = icmp->type,
				       .code = icmp->code };
	if (icmp->type == ICMP6_TYPE_PTB || icmp->type == ICMP6_TYPE_PP)
		r->says.info = lwip_ntohl(icmp->data);
	r->hard = r->says.err != ENETUNREACH && r->says.err != EHOSTUNREACH;
	return true;
}

/* The ports of the packet, and whose it is. */
static void find_sender(struct report *r)
{
	struct udp_hdr udp;

	if (r->protocol == IP_PROTO_NUMBER_UDP || r->protocol == IP_PROTO_NUMBER_LITE) {
		if (pbuf_copy_partial(r->p, &udp, sizeof(udp), r->payload) != sizeof(udp))
			return;
		r->from_port = lwip_ntohs(udp.src);
		r->to_port = lwip_ntohs(udp.dest);
	}
	deliver(r);
}

/* ---- the ears ---- */

static u8_t on_icmp(void *arg, struct raw_pcb *raw, struct pbuf *p, const ip_addr_t *addr)
{
	struct report r = { .p = p, .sender = addr };
	struct icmp_echo_hdr icmp;
	struct ip_hdr of;
	u16_t at = ip_current_header_tot_len();

	(void)arg;
	(void)raw;
	r.packet = (u16_t)(at + sizeof(icmp));
	if (pbuf_copy_partial(p, &icmp, sizeof(icmp), at) != sizeof(icmp) || !read_v4(&r, &icmp) ||
	    pbuf_copy_partial(p, &of, sizeof(of), r.packet) != sizeof(of) ||
	    IPH_HL_BYTES(&of) < sizeof(of))
		return 0;
	r.payload = (u16_t)(r.packet + IPH_HL_BYTES(&of));
	r.protocol = IPH_PROTO(&of);
	ip_addr_copy_from_ip4(r.from, of.src);
	ip_addr_copy_from_ip4(r.to, of.dest);
	find_sender(&r);
	return 0;
}

static u8_t on_icmp6(void *arg, struct raw_pcb *raw, struct pbuf *p, const ip_addr_t *addr)
{
	struct report r = { .p = p, .sender = addr };
	struct icmp6_hdr icmp;
	struct ip6_hdr of;
	u16_t at = ip_current_header_tot_len();

	(void)arg;
	(void)raw;
	r.packet = (u16_t)(at + sizeof(icmp));
	r.payload = (u16_t)(r.packet + sizeof(of));
	if (pbuf_copy_partial(p, &icmp, sizeof(icmp), at) != sizeof(icmp) || !read_v6(&r, &icmp) ||
	    pbuf_copy_partial(p, &of, sizeof(of), r.packet) != sizeof(of))
		return 0;
	r.protocol = IP6H_NEXTH(&of);
	ip_addr_copy_from_ip6_packed(r.from, of.src);
	ip_addr_copy_from_ip6_packed(r.to, of.dest);
	find_sender(&r);
	return 0;
}

bool inet_hear_errors(void)
{
	static struct raw_pcb *ear, *ear6; /* c */

	if (!ear) {
		ear = raw_new(IP_PROTO_ICMP);
		if (ear)
			raw_recv(ear, on_icmp, NULL);
	}
	if (!ear6) {
		ear6 = raw_new_ip_type(IPADDR_TYPE_V6, IP6_NEXTH_ICMP6);
		if (ear6)
			raw_recv(ear6, on_icmp6, NULL);
	}
	return ear && ear6;
}

void inet_errors_init(struct sock *s)
{
	list_init(&s->in.errors);
	list_init(&s->in.hears);
}

void inet_errors_of(struct sock *s)
{
	list_add_tail(&s->in.hears, &hearing);
}

void inet_errors_end(struct sock *s)
{
	list_del_init(&s->in.hears);
}

/* ---- reading ---- */

bool inet_has_errors(struct sock *s)
{
	return READ_ONCE(s->in.error_bytes) != 0;
}

/* The next report, its reader's alone; NULL: none. */
static struct inet_error *take(struct sock *s)
{
	struct inet_error *e = NULL;
	bool more = false;

	spin_lock(&s->lock);
	if (!list_empty(&s->in.errors)) {
		e = list_first(&s->in.errors, struct inet_error, link);
		list_del(&e->link);
		s->in.error_bytes -= e->len + OVERHEAD;
		more = !list_empty(&s->in.errors);
		WRITE_ONCE(s->err,
			   more ? (int)list_first(&s->in.errors, struct inet_error, link)->says.err
				: 0);
	}
	spin_unlock(&s->lock);
	if (more)
		waitq_wake_all(&s->wait);
	return e;
}

void inet_errors_drop(struct sock *s)
{
	struct list_head gone = LIST_HEAD_INIT(gone);

	spin_lock(&s->lock);
	list_splice_tail_init(&s->in.errors, &gone);
	s->in.error_bytes = 0;
	spin_unlock(&s->lock);
	while (!list_empty(&gone)) {
		struct inet_error *e = list_first(&gone, struct inet_error, link);

		list_del(&e->link);
		inet_free(e);
	}
}

/* struct sock_extended_err, and behind it who said so. 0, -ENOMEM. */
static int tell_what(const struct sock *s, const struct inet_error *e, struct scm *scm)
{
	struct sock_addr offender;
	char bytes[SCM_ITEM_BYTES];
	bool v6 = inet_is_v6(s);

	inet_show(s, &e->way.m.from, &offender);
	memcpy(bytes, &e->says, sizeof(e->says));
	memcpy(bytes + sizeof(e->says), offender.bytes, (size_t)offender.len);
	return inet_tell_more(scm, v6 ? SOL_IPV6 : SOL_IP, v6 ? IPV6_RECVERR : IP_RECVERR, bytes,
			      (unsigned)sizeof(e->says) + (unsigned)offender.len);
}

long inet_error_receive(struct sock *s, struct sock_msg *m)
{
	struct inet_error *e = take(s);
	size_t n;
	int err;

	if (!e)
		return -EAGAIN;
	n = min_of(size_t, m->data.left, e->len);
	m->flags = MSG_ERRQUEUE | (n < e->len ? MSG_TRUNC : 0);
	err = n ? iter_write(&m->data, e->data, n) : 0;
	if (!err)
		err = inet_tell(s, &e->way, m->scm);
	if (!err)
		err = tell_what(s, e, m->scm);
	if (m->addr)
		inet_show(s, &e->to, m->addr);
	inet_free(e);
	return err ? err : (long)n;
}
