/*
 * Datagrams: UDP, and what raw IP (inet_raw.c) has in common with it.
 *
 * OWNS     the pcb of such a socket, from birth to release.
 * WHY      a datagram is copied into its packet straight from user memory, before the core lock is taken.
 * I1       what is queued is no more than SO_RCVBUF, each datagram counted with OVERHEAD; what does not fit is lost.
 * LOCKS    core lock; sock->receive for readers; sock->lock for the queue.
 * FAILS    EAGAIN, EDESTADDRREQ, EMSGSIZE, ENETUNREACH, EACCES, EPIPE, ECONNREFUSED, ENOBUFS, EFAULT.
 * SOURCES  udp(7), raw(7), ip(7).   TESTED BY  tests/guest/net_inet_dgram.c
 */
#include "base/errno.h"
#include "kernel/time.h"
#include "lib/string.h"
#include "net/inet_impl.h"

#include <lwip/prot/ip4.h>
#include <lwip/prot/ip6.h>

enum { RAW_MAX = 65515, OVERHEAD = 256 };

/* ---- what lwIP calls back ---- */

bool inet_has_room(struct sock *s, size_t n)
{
	size_t queued;

	spin_lock(&s->lock);
	queued = s->nr_bytes + s->nr_queued * (size_t)OVERHEAD + s->in.error_bytes;
	spin_unlock(&s->lock);
	return queued + n <= (size_t)READ_ONCE(s->rcvbuf);
}

void inet_note_way(const struct sock *s, struct inet_dgram *d)
{
	inet_end_set(&d->to, ip_current_dest_addr(), 0);
	d->ifindex = netif_get_index(ip_current_netif());
	if (ip_current_is_v6()) {
		d->ttl = IP6H_HOPLIM(ip6_current_header());
		d->tos = (uint8_t)IP6H_TC(ip6_current_header());
	} else {
		d->ttl = IPH_TTL(ip4_current_header());
		d->tos = IPH_TOS(ip4_current_header());
	}
	d->when = READ_ONCE(s->flags) & (SKF_TIMESTAMP | SKF_TIMESTAMPNS) ? realtime_ns() : 0;
}

unsigned inet_udp_lost;

bool inet_dgram_deliver(struct sock *s, struct pbuf *p, const ip_addr_t *addr, uint16_t port)
{
	struct inet_dgram *d = inet_has_room(s, p->tot_len) && !(s->shutdown & RCV_SHUTDOWN)
				       ? inet_malloc(sizeof(*d))
				       : NULL;

	if (!d) {
		pbuf_free(p);
		return false;
	}
	d->m = (struct inet_msg){ .p = p };
	inet_end_set(&d->m.from, addr, port);
	inet_note_way(s, d);
	inet_queue(s, &d->m);
	return true;
}

static void on_udp(void *arg, struct udp_pcb *pcb, struct pbuf *p, const ip_addr_t *addr,
		   u16_t port)
{
	(void)pcb;
	if (!inet_lite_refused(arg, p))
		inet_udp_lost += !inet_dgram_deliver(arg, p, addr, port);
}

/* ---- control blocks ---- */

int inet_dgram_open(struct sock *s)
{
	int err = -ENOMEM;

	inet_lock();
	if (!inet_hear_errors()) {
		s->in.udp = NULL;
	} else if (inet_is_udp(s)) {
		s->in.udp = udp_new_ip_type(inet_ip_type(s));
		if (s->in.udp)
			udp_recv(s->in.udp, on_udp, s);
		if (s->in.udp && inet_is_lite(s))
			udp_setflags(s->in.udp, UDP_FLAGS_UDPLITE);
	} else {
		s->in.raw = inet_raw_open(s);
	}
	if (s->in.udp) {
		s->in.udp->ttl = s->in.ttl;
		inet_errors_of(s);
		err = 0;
	}
	inet_unlock();
	return err;
}

int inet_dgram_bind(struct sock *s, const ip_addr_t *ip, uint16_t port)
{
	err_t e = inet_is_udp(s) ? udp_bind(s->in.udp, ip, port) : raw_bind(s->in.raw, ip);

	if (e == ERR_OK)
		inet_end_set(&s->in.local, ip, inet_is_udp(s) ? s->in.udp->local_port : 0);
	return inet_errno(e);
}

static void forget_peer(struct sock *s)
{
	inet_lock();
	if (inet_is_udp(s)) {
		udp_disconnect(s->in.udp);
		inet_end_set(&s->in.local, &s->in.udp->local_ip, s->in.udp->local_port);
	} else {
		raw_disconnect(s->in.raw);
	}
	s->in.remote = (struct inet_end){ .port = 0 };
	WRITE_ONCE(s->state, SS_UNCONNECTED);
	inet_unlock();
}

static int set_peer(struct sock *s, ip_addr_t *ip, uint16_t port)
{
	ip_addr_t from;
	int err;
	err_t e;

	ip_addr_copy(from, s->in.udp->local_ip);
	err = inet_route(s, ip, &from);
	if (err)
		return err;
	if (inet_is_udp(s)) {
		e = udp_connect(s->in.udp, ip, port);
		inet_end_set(&s->in.local, &from, s->in.udp->local_port);
	} else {
		e = raw_connect(s->in.raw, ip);
	}
	if (e != ERR_OK)
		return inet_errno(e);
	inet_end_set(&s->in.remote, ip, port);
	WRITE_ONCE(s->state, SS_CONNECTED);
	return 0;
}

int inet_dgram_connect(struct sock *s, const struct sock_addr *a)
{
	ip_addr_t ip;
	uint16_t port;
	int err;

	if (a->family == AF_UNSPEC) {
		forget_peer(s);
		return 0;
	}
	err = inet_parse(s, a, &ip, &port);
	if (err)
		return err;
	inet_lock();
	err = set_peer(s, &ip, port);
	inet_unlock();
	return err;
}

/* ---- sending ---- */

/* From a port of its own, should it have none. */
static int send_udp(struct sock *s, struct pbuf *p, const ip_addr_t *to, uint16_t port,
		    struct netif *n, const ip_addr_t *from)
{
	struct udp_pcb *pcb = s->in.udp;
	err_t e = pcb->local_port ? ERR_OK : udp_bind(pcb, &pcb->local_ip, 0);

	if (!s->in.local.port)
		s->in.local.port = pcb->local_port;
	if (e == ERR_OK)
		e = udp_sendto_if_src(pcb, p, to, port, n, from);
	return e == ERR_VAL ? -EACCES : inet_errno(e);
}

/* The broadcast address asks for SO_BROADCAST. */
static void broadcast_as_asked(struct sock *s)
{
	if (READ_ONCE(s->flags) & SKF_BROADCAST)
		ip_set_option(s->in.udp, SOF_BROADCAST);
	else
		ip_reset_option(s->in.udp, SOF_BROADCAST);
}

/* The interface and the address that a packet to @to leaves by. 0, -ENETUNREACH, -ENODEV, -EINVAL. */
static int way_out(const struct sock *s, const struct inet_how *how, ip_addr_t *to, ip_addr_t *from,
		   struct netif **n)
{
	u8_t index;
	int err;

	ip_addr_copy(*from, s->in.udp->local_ip);
	if (how->has_from && !inet_is_ours(&how->from))
		return -EINVAL;
	if (how->has_from)
		ip_addr_copy(*from, how->from);
	err = inet_route(s, to, from);
	if (err)
		return err;
	if (IP_IS_V6(to) != IP_IS_V6_VAL(*from))
		return -EINVAL;
	if (how->ifindex > (int)UINT8_MAX)
		return -ENODEV;
	index = how->ifindex ? (u8_t)how->ifindex : s->in.ifindex;
	*n = index ? netif_get_by_index(index) : ip_route(from, to);
	return *n ? 0 : index ? -ENODEV : -ENETUNREACH;
}

int inet_dgram_out(struct sock *s, struct pbuf *p, const struct inet_how *how, ip_addr_t *to,
		   uint16_t port)
{
	struct udp_pcb *pcb = s->in.udp;
	struct netif *n;
	ip_addr_t from;
	int err = way_out(s, how, to, &from, &n);

	if (err)
		return err;
	broadcast_as_asked(s);
	if (how->ttl >= 0)
		pcb->ttl = (u8_t)how->ttl;
	if (how->tos >= 0)
		pcb->tos = (u8_t)how->tos;
	if (inet_is_udp(s))
		err = send_udp(s, p, to, port, n, &from);
	else
		err = inet_raw_send(s, p, to, n, &from);
	pcb->ttl = s->in.ttl;
	pcb->tos = s->in.tos;
	return err;
}

/* Whom the datagram is for. 0 or -errno. */
static int destination(struct sock *s, const struct sock_msg *m, ip_addr_t *to, uint16_t *port)
{
	int err = -EDESTADDRREQ;

	if (inet_is_udp(s) && inet_corked_for(s, to, port))
		return 0;
	if (m->addr)
		return inet_parse(s, m->addr, to, port);
	inet_lock();
	if (s->state == SS_CONNECTED) {
		ip_addr_copy(*to, s->in.udp->remote_ip);
		*port = s->in.remote.port;
		err = 0;
	}
	inet_unlock();
	if (inet_is_udp(s) && IP_IS_V6(to) && !inet_is_v6(s))
		err = -EAFNOSUPPORT;
	return err;
}

long inet_dgram_send(struct sock *s, struct sock_msg *m, bool nonblock)
{
	size_t n = m->data.left;
	ip_addr_t to = { 0 };
	uint16_t port = 0;
	struct inet_how how;
	bool more = (m->flags & MSG_MORE) || READ_ONCE(s->in.cork);
	struct pbuf *p;
	int err;

	(void)nonblock;
	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (n > (inet_is_udp(s) ? UDP_MAX : RAW_MAX))
		return -EMSGSIZE;
	err = destination(s, m, &to, &port);
	if (!err)
		err = inet_told(m->scm, &how);
	if (!err && READ_ONCE(s->err))
		err = sock_take_error(s);
	if (!err && (READ_ONCE(s->shutdown) & SEND_SHUTDOWN))
		err = -EPIPE;
	if (!err && inet_is_udp(s) && !port)
		err = -EINVAL;
	if (err)
		return err;
	p = pbuf_alloc(inet_is_udp(s) ? PBUF_TRANSPORT : PBUF_IP, (u16_t)n, PBUF_RAM);
	err = p ? iter_read(&m->data, p->payload, n) : -ENOBUFS;
	inet_lock();
	if (err)
		inet_cork_drop(s);
	else if (inet_is_udp(s))
		err = inet_cork(s, p, &how, &to, port, more);
	else
		err = inet_dgram_out(s, p, &how, &to, port);
	inet_unlock();
	if (p)
		pbuf_free(p);
	return err ? err : (long)n;
}

/* ---- receiving ---- */

/* sock->receive is held and let go of while it waits. 0: a message is there; 1: none will come; or -errno. */
static int wait_message(struct sock *s, bool nonblock) no_lock_analysis
{
	uint64_t timeo = READ_ONCE(s->rcvtimeo), until = sock_deadline(timeo, nonblock);
	int err;

	while (!READ_ONCE(s->nr_queued)) {
		err = sock_take_error(s);
		if (err)
			return err;
		if (READ_ONCE(s->shutdown) & RCV_SHUTDOWN)
			return 1;
		if (nonblock)
			return -EAGAIN;
		mutex_unlock(&s->receive);
		err = wait_event_mode(&s->wait, inet_may_read(s), PARK_INTERRUPTIBLE, until);
		mutex_lock(&s->receive);
		if (err)
			return sock_wait_error(timeo, err);
	}
	return 0;
}

static void take_off(struct sock *s, struct inet_msg *m)
{
	struct list_head gone = LIST_HEAD_INIT(gone);

	spin_lock(&s->lock);
	list_del(&m->link);
	list_add(&m->link, &gone);
	s->nr_queued--;
	s->nr_bytes -= m->p->tot_len;
	spin_unlock(&s->lock);
	inet_msgs_free(&gone);
}

static long read_datagram(struct sock *s, struct sock_msg *out)
{
	struct inet_msg *m = list_first(&s->queue, struct inet_msg, link);
	unsigned flags = out->flags;
	size_t len = m->p->tot_len, n = min_of(size_t, out->data.left, len);

	if (inet_tell(s, container_of(m, struct inet_dgram, m), out->scm))
		return -ENOMEM;
	if (out->addr)
		inet_show(s, &m->from, out->addr);
	out->flags = n < len ? MSG_TRUNC : 0;
	if (inet_copy_out(m, 0, &out->data, n))
		return -EFAULT;
	if (flags & MSG_TRUNC)
		n = len;
	if (!(flags & MSG_PEEK))
		take_off(s, m);
	return (long)n;
}

long inet_dgram_receive(struct sock *s, struct sock_msg *out, bool nonblock)
{
	long ret;

	if (out->flags & MSG_OOB)
		return -EOPNOTSUPP;
	mutex_lock(&s->receive);
	ret = wait_message(s, nonblock);
	if (!ret) {
		ret = read_datagram(s, out);
	} else {
		out->flags = 0;
		if (out->addr)
			out->addr->len = 0;
		ret = ret < 0 ? ret : 0;
	}
	mutex_unlock(&s->receive);
	return ret;
}
