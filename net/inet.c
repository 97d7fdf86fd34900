/*
 * AF_INET and AF_INET6 sockets over lwIP: what streams and datagrams share.
 *
 *	a call ── sock ── pcb of lwIP ── packets ── pcb ── its callback: message into a sock's queue, wake ──> a reader
 *
 * OWNS     the inet part of struct sock; inet_ops, inet6_ops.
 * WHY      an IPv6 socket is one of both kinds until IPV6_V6ONLY says otherwise: lwIP's "any type" control blocks are that.
 * I1       a pcb's callback argument is its sock, and the sock's pcb is that one; either both or none, changed under the core lock.
 * I2       messages are queued by callbacks and taken by who holds sock->receive, or by release.
 * I3       addresses are kept in the sock (local, remote): they outlive the pcb.
 * LOCKS    core lock (c), then sock->lock (l). sock->receive before both.
 * CONTEXT  tasks; may sleep.
 * FAILS    as ip(7), ipv6(7), tcp(7), udp(7) say.
 * NOT HERE connections (inet_tcp.c), bytes (inet_io.c), datagrams (inet_dgram.c), options (inet_opt.c), interfaces (inet_if.c).
 * SOURCES  ip(7), ipv6(7).   TESTED BY  tests/guest/net_inet.c
 */
#include "base/errno.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "net/inet_impl.h"
#include "sync/failpoint.h"

struct sockaddr_in_k {
	uint16_t family;
	uint16_t port; /* network order, as addresses */
	uint32_t addr;
	uint8_t zero[8];
};
struct sockaddr_in6_k {
	uint16_t family;
	uint16_t port;
	uint32_t flow;
	uint32_t addr[4];
	uint32_t scope;
};
enum { SIN6_LEN_MIN = 24, DEFAULT_TTL = 64, KEEP_IDLE = 7200, KEEP_INTERVAL = 75, KEEP_COUNT = 9 };
enum {
	TCP_SNDBUF = 16384,
	TCP_RCVBUF = 131072
}; /* what SO_SNDBUF and SO_RCVBUF say at first, as on Linux */

/* ---- addresses ---- */

bool inet_is_mapped(const uint32_t a[4])
{
	return !a[0] && !a[1] && a[2] == lwip_htonl(0xffff);
}

void inet_end_set(struct inet_end *e, const ip_addr_t *ip, uint16_t port)
{
	*e = (struct inet_end){ .port = port };
	if (IP_IS_V6(ip)) {
		memcpy(e->addr, ip_2_ip6(ip)->addr, sizeof(e->addr));
		return;
	}
	if (IP_IS_ANY_TYPE_VAL(*ip))
		return;
	e->addr[2] = lwip_htonl(0xffff);
	e->addr[3] = ip_2_ip4(ip)->addr;
}

void inet_show(const struct sock *s, const struct inet_end *e, struct sock_addr *out)
{
	memset(out, 0, sizeof(*out));
	if (inet_is_v6(s)) {
		struct sockaddr_in6_k *a = (void *)out->bytes;

		a->family = AF_INET6;
		a->port = lwip_htons(e->port);
		memcpy(a->addr, e->addr, sizeof(a->addr));
		out->len = sizeof(*a);
	} else {
		struct sockaddr_in_k *a = (void *)out->bytes;

		a->family = AF_INET;
		a->port = lwip_htons(e->port);
		a->addr = e->addr[3];
		out->len = sizeof(*a);
	}
}

uint8_t inet_ip_type(const struct sock *s)
{
	if (!inet_is_v6(s))
		return IPADDR_TYPE_V4;
	return s->in.v6only ? IPADDR_TYPE_V6 : IPADDR_TYPE_ANY;
}

static int parse_v4(const struct sock_addr *a, ip_addr_t *ip, uint16_t *port)
{
	const struct sockaddr_in_k *in = (const void *)a->bytes;

	if (a->len < (int)sizeof(*in))
		return -EINVAL;
	if (in->family != AF_INET && !(in->family == AF_UNSPEC && !in->addr))
		return -EAFNOSUPPORT;
	ip_addr_set_zero_ip4(ip);
	ip_2_ip4(ip)->addr = in->addr;
	*port = lwip_ntohs(in->port);
	return 0;
}

static int parse_v6(const struct sock *s, const struct sock_addr *a, ip_addr_t *ip, uint16_t *port)
{
	const struct sockaddr_in6_k *in = (const void *)a->bytes;

	if (a->len < SIN6_LEN_MIN)
		return -EINVAL;
	if (in->family != AF_INET6)
		return -EAFNOSUPPORT;
	*port = lwip_ntohs(in->port);
	if (inet_is_mapped(in->addr)) {
		if (s->in.v6only)
			return -ENETUNREACH;
		ip_addr_set_zero_ip4(ip);
		ip_2_ip4(ip)->addr = in->addr[3];
		return 0;
	}
	ip_addr_set_zero_ip6(ip);
	memcpy(ip_2_ip6(ip)->addr, in->addr, sizeof(in->addr));
	if (ip_addr_isany_val(*ip))
		IP_SET_TYPE_VAL(*ip, inet_ip_type(s));
	return 0;
}

int inet_parse(const struct sock *s, const struct sock_addr *a, ip_addr_t *ip, uint16_t *port)
{
	return inet_is_v6(s) ? parse_v6(s, a, ip, port) : parse_v4(a, ip, port);
}

/* Is the address one of this machine's, or of nobody's in particular? */
bool inet_is_ours(const ip_addr_t *ip)
{
	if (IP_IS_ANY_TYPE_VAL(*ip) || ip_addr_isany(ip) || ip_addr_ismulticast(ip))
		return true;
	if (!IP_IS_V6(ip) && ip4_addr_isloopback(ip_2_ip4(ip)))
		return true;
	for (struct netif *n = netif_list; n; n = n->next) {
		if (IP_IS_V6(ip) && netif_get_ip6_addr_match(n, ip_2_ip6(ip)) >= 0)
			return true;
		if (!IP_IS_V6(ip) && (ip4_addr_cmp(ip_2_ip4(ip), netif_ip4_addr(n)) ||
				      ip4_addr_isbroadcast(ip_2_ip4(ip), n)))
			return true;
	}
	return false;
}

int inet_route(const struct sock *s, ip_addr_t *to, ip_addr_t *from)
{
	const ip_addr_t *mine;
	struct netif *n;

	if (IP_IS_ANY_TYPE_VAL(*to) || ip_addr_isany(to)) {
		if (inet_is_v6(s))
			ip_addr_copy_from_ip6(*to, *netif_ip6_addr(netif_get_by_index(1), 0));
		else
			ip_addr_set_loopback(false, to);
	}
	n = ip_route(from, to);
	mine = n ? ip_netif_get_local_ip(n, to) : NULL;
	if (!mine)
		return -ENETUNREACH;
	if (IP_IS_ANY_TYPE_VAL(*from) || ip_addr_isany(from))
		ip_addr_copy(*from, *mine);
	return 0;
}

/* ---- messages ---- */

/* A packet of several parts may have one in common with its sender (inet_loop.c). */
static void msg_free(struct inet_msg *m)
{
	bool shared = m->p->next;

	if (shared)
		inet_lock();
	(void)pbuf_free(m->p);
	if (shared)
		inet_unlock();
	kfree(m);
}

void inet_msgs_free(struct list_head *msgs)
{
	while (!list_empty(msgs)) {
		struct inet_msg *m = list_first(msgs, struct inet_msg, link);

		list_del(&m->link);
		msg_free(m);
	}
}

void inet_queue(struct sock *s, struct inet_msg *m)
{
	spin_lock(&s->lock);
	list_add_tail(&m->link, &s->queue);
	s->nr_queued++;
	s->nr_bytes += m->p->tot_len;
	spin_unlock(&s->lock);
	waitq_wake_all(&s->wait);
}

bool inet_may_read(const struct sock *s)
{
	return READ_ONCE(s->nr_queued) || READ_ONCE(s->err) ||
	       (READ_ONCE(s->shutdown) & RCV_SHUTDOWN);
}

/* @n bytes of the message from @off on. 0 or -EFAULT. */
int inet_copy_out(const struct inet_msg *m, unsigned off, struct sock_iter *to, size_t n)
{
	const struct pbuf *p = m->p;

	for (; n && p; p = p->next) {
		size_t step;

		if (off >= p->len) {
			off -= p->len;
			continue;
		}
		step = min_of(size_t, n, (size_t)p->len - off);
		if (iter_write(to, (const char *)p->payload + off, step))
			return -EFAULT;
		n -= step;
		off = 0;
	}
	return 0;
}

/* ---- life ---- */

struct sock *inet_alloc(const struct sock_ops *ops, int type, int protocol)
{
	struct sock *s = sock_new(ops, type);

	if (!s)
		return NULL;
	s->in.protocol = protocol;
	s->in.ttl = DEFAULT_TTL;
	s->in.keep_idle = KEEP_IDLE;
	s->in.keep_interval = KEEP_INTERVAL;
	s->in.keep_count = KEEP_COUNT;
	s->in.room = TCP_SND_BUF;
	inet_errors_init(s);
	if (type == SOCK_STREAM) {
		s->sndbuf = TCP_SNDBUF;
		s->rcvbuf = TCP_RCVBUF;
	}
	return s;
}

/* The protocol that a type stands for. Return: it, -EPROTONOSUPPORT, -ESOCKTNOSUPPORT, -EPERM. */
static int protocol_of(int type, int protocol)
{
	if (type == SOCK_STREAM)
		return !protocol || protocol == IP_PROTO_NUMBER_TCP ? IP_PROTO_NUMBER_TCP
								    : -EPROTONOSUPPORT;
	if (type == SOCK_DGRAM)
		return !protocol || protocol == IP_PROTO_NUMBER_UDP ? IP_PROTO_NUMBER_UDP
		       : protocol == IP_PROTO_NUMBER_LITE	    ? IP_PROTO_NUMBER_LITE
								    : -EPROTONOSUPPORT;
	if (type != SOCK_RAW)
		return -ESOCKTNOSUPPORT;
	if (protocol <= 0 || protocol > 255)
		return -EPROTONOSUPPORT;
	return capable(CAP_NET_RAW) ? protocol : -EPERM;
}

static int create(const struct sock_ops *ops, int type, int protocol, struct sock **out)
{
	int err;

	if (protocol < 0 || protocol > 262)
		return -EINVAL;
	protocol = protocol_of(type, protocol);
	if (protocol < 0)
		return protocol;
	err = inet_start();
	if (err)
		return err;
	*out = inet_alloc(ops, type, protocol);
	if (!*out)
		return -ENOMEM;
	if (type == SOCK_STREAM)
		return 0;
	err = inet_dgram_open(*out);
	if (err) {
		(*out)->state = SS_DEAD;
		sock_put(*out);
	}
	return err;
}

static int create_v4(int type, int protocol, struct sock **out)
{
	return create(&inet_ops, type, protocol, out);
}

static int create_v6(int type, int protocol, struct sock **out)
{
	return create(&inet6_ops, type, protocol, out);
}

static void inet_attach(struct sock *s, struct file *f)
{
	inet_lock();
	s->file = f;
	inet_unlock();
}

static void inet_part_free(struct sock *s)
{
	(void)s;
}

/* Connections that nobody accepted, on a list by their accept links: what is left of them. */
void inet_bury(struct list_head *embryos)
{
	while (!list_empty(embryos)) {
		struct sock *e = list_first(embryos, struct sock, accept);

		list_del_init(&e->accept);
		inet_msgs_free(&e->queue);
		sock_put(e);
	}
}

static void inet_release(struct sock *s)
{
	struct list_head embryos = LIST_HEAD_INIT(embryos);

	inet_lock();
	if (inet_is_tcp(s))
		inet_tcp_end(s, &embryos);
	else if (inet_is_udp(s))
		udp_remove(s->in.udp);
	else
		raw_remove(s->in.raw);
	inet_cork_drop(s);
	inet_errors_end(s);
	s->file = NULL;
	WRITE_ONCE(s->state, SS_DEAD);
	inet_unlock();
	inet_bury(&embryos);
	inet_msgs_free(&s->queue);
	inet_errors_drop(s);
	sock_put(s);
}

/* ---- names ---- */

static int bind_tcp(struct sock *s, const ip_addr_t *ip, uint16_t port)
{
	struct tcp_pcb *pcb = inet_tcp_pcb(s);

	if (port && inet_port_taken(s, ip, port))
		return -EADDRINUSE;
	return pcb ? inet_errno(tcp_bind(pcb, ip, port)) : -ENOMEM;
}

static int bind_locked(struct sock *s, const ip_addr_t *ip, uint16_t port)
{
	int err;

	if (s->in.local.port || s->state != SS_UNCONNECTED)
		return -EINVAL;
	if (!inet_is_ours(ip))
		return -EADDRNOTAVAIL;
	if (!inet_is_tcp(s))
		return inet_dgram_bind(s, ip, port);
	err = bind_tcp(s, ip, port);
	if (!err)
		inet_end_set(&s->in.local, ip, s->in.tcp->local_port);
	return err;
}

static int inet_bind(struct sock *s, const struct sock_addr *a)
{
	ip_addr_t ip;
	uint16_t port;
	int err = inet_parse(s, a, &ip, &port);

	if (err)
		return err == -ENETUNREACH ? -EINVAL : err;
	if (port && port < 1024 && !capable(CAP_NET_BIND_SERVICE))
		return -EACCES;
	inet_lock();
	err = bind_locked(s, &ip, port);
	inet_unlock();
	return err;
}

static int inet_connect(struct sock *s, const struct sock_addr *a, bool nonblock)
{
	return inet_is_tcp(s) ? inet_tcp_connect(s, a, nonblock) : inet_dgram_connect(s, a);
}

static int inet_listen(struct sock *s, int backlog)
{
	return inet_is_tcp(s) ? inet_tcp_listen(s, backlog) : -EOPNOTSUPP;
}

static int inet_name(struct sock *s, bool peer, struct sock_addr *out)
{
	struct inet_end e;
	bool has;

	inet_lock();
	e = peer ? s->in.remote : s->in.local;
	has = !peer || (s->state == SS_CONNECTED && (!inet_is_tcp(s) || s->in.tcp));
	inet_unlock();
	if (!has)
		return -ENOTCONN;
	inet_show(s, &e, out);
	return 0;
}

static int inet_shutdown(struct sock *s, unsigned mode)
{
	int err = -ENOTCONN;

	if (inet_is_tcp(s))
		return inet_tcp_shutdown(s, mode);
	inet_lock();
	if (s->state == SS_CONNECTED) {
		WRITE_ONCE(s->shutdown, s->shutdown | mode);
		err = 0;
	}
	inet_unlock();
	waitq_wake_all(&s->wait);
	return err;
}

/* ---- bytes ---- */

static long inet_send(struct sock *s, struct sock_msg *m, bool nonblock)
{
	return inet_is_tcp(s) ? inet_tcp_send(s, m, nonblock) : inet_dgram_send(s, m, nonblock);
}

static long inet_receive(struct sock *s, struct sock_msg *m, bool nonblock)
{
	if (m->flags & MSG_ERRQUEUE)
		return inet_error_receive(s, m);
	return inet_is_tcp(s) ? inet_tcp_receive(s, m, nonblock)
			      : inet_dgram_receive(s, m, nonblock);
}

static int inet_bytes_to_read(struct sock *s)
{
	size_t n = 0;

	spin_lock(&s->lock);
	if (inet_is_tcp(s))
		n = s->nr_bytes;
	else if (!list_empty(&s->queue))
		n = list_first(&s->queue, struct inet_msg, link)->p->tot_len;
	spin_unlock(&s->lock);
	return (int)n;
}

static int inet_bytes_to_send(struct sock *s)
{
	int n = 0;

	if (!inet_is_tcp(s))
		return 0;
	inet_lock();
	if (s->in.tcp && s->state == SS_CONNECTED)
		n = (int)(TCP_SND_BUF - s->in.tcp->snd_buf);
	inet_unlock();
	return n;
}

/* ---- poll ---- */

static unsigned poll_tcp(const struct sock *s, enum sock_state state, unsigned shutdown)
{
	unsigned ready = 0;

	if (shutdown == SHUTDOWN_BOTH || state == SS_UNCONNECTED)
		ready |= POLLHUP;
	if (state == SS_CONNECTING && shutdown != SHUTDOWN_BOTH)
		return ready;
	if ((shutdown & SEND_SHUTDOWN) || inet_may_send(s))
		ready |= POLLOUT | POLLWRNORM;
	return ready;
}

static unsigned inet_poll(struct sock *s, struct poll_table *pt)
{
	unsigned ready = 0, shutdown;
	enum sock_state state;
	size_t low;

	poll_wait(pt, &s->wait);
	spin_lock(&s->lock);
	shutdown = s->shutdown;
	state = s->state;
	low = inet_is_tcp(s) && state == SS_CONNECTED ? (size_t)s->rcvlowat : 0;
	if (!list_empty(&s->queue) && s->nr_bytes >= low)
		ready |= POLLIN | POLLRDNORM;
	spin_unlock(&s->lock);
	if (READ_ONCE(s->err) || inet_has_errors(s))
		ready |= POLLERR;
	if (state == SS_LISTENING)
		return ready;
	if (shutdown & RCV_SHUTDOWN)
		ready |= POLLRDHUP | POLLIN | POLLRDNORM;
	if (inet_is_tcp(s))
		return ready | poll_tcp(s, state, shutdown);
	return ready | POLLOUT | POLLWRNORM | POLLWRBAND |
	       (shutdown == SHUTDOWN_BOTH ? POLLHUP : 0);
}

#define INET_OPS(number, create_fn)                                                                \
	{                                                                                          \
		.family = (number), .create = (create_fn), .attach = inet_attach,                  \
		.release = inet_release, .free = inet_part_free, .bind = inet_bind,                \
		.connect = inet_connect, .listen = inet_listen, .accept = inet_accept,             \
		.name = inet_name, .shutdown = inet_shutdown, .send = inet_send,                   \
		.receive = inet_receive, .poll = inet_poll, .set_option = inet_set_option,         \
		.get_option = inet_get_option, .flags_changed = inet_flags_changed,                \
		.bytes_to_read = inet_bytes_to_read, .bytes_to_send = inet_bytes_to_send,          \
	}
const struct sock_ops inet_ops = INET_OPS(AF_INET, create_v4);
const struct sock_ops inet6_ops = INET_OPS(AF_INET6, create_v6);

void inet_init(void)
{
	inet_proc_init();
	inet_snmp_init();
	inet_diag_init();
	boot_need(inet_sysfs_add(0), "/sys/", "class/net/lo");
}
