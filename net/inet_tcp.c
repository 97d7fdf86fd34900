/*
 * TCP connections: making, accepting and ending them, and what lwIP calls back.
 *
 *	listener  queue ── child ── child          lwIP's accept callback makes the child; accept() gives it a file
 *	connect   SS_CONNECTING ── connected ──> SS_CONNECTED
 *	                        └─ error ──> pcb gone, sock->err; the next connect() says it and starts anew
 *
 * OWNS     the pcb of a stream socket, from its first use until both ways are closed.
 * WHY      lwIP frees a control block in TIME-WAIT without a word: a socket lets go of its own as soon as FINs went both ways,
 *          and after that lives by what it remembers. lwIP ends the rest of the connection alone.
 * I1       sock->in.tcp is NULL once lwIP has freed it: its error callback says so, and we let go before it is silent.
 * I2       a child in a listener's queue has no file; its only reference is the queue's.
 * LOCKS    core lock; sock->lock for queues. Callbacks have the core lock.
 * FAILS    EADDRINUSE, EADDRNOTAVAIL, EALREADY, ECONNREFUSED, EINPROGRESS, EISCONN, ENETUNREACH, ENOTCONN, ETIMEDOUT, ENOMEM.
 * SOURCES  tcp(7), connect(2), listen(2), accept(2), shutdown(2).   TESTED BY  tests/guest/net_inet.c
 */
#include "base/errno.h"
#include "mm/slab.h"
#include "net/inet_impl.h"

#include <lwip/stats.h>

enum { BACKLOG_MAX = 255, QUEUE_SPARE = 16, ROOM_LOW = TCP_SND_BUF / 3 };

/* ---- control blocks ---- */

static size_t room_of(const struct tcp_pcb *pcb)
{
	return pcb->snd_queuelen + QUEUE_SPARE >= TCP_SND_QUEUELEN ? 0 : pcb->snd_buf;
}

bool inet_may_send(const struct sock *s)
{
	return READ_ONCE(s->in.room) >= ROOM_LOW;
}

/* Within this machine small segments cost nobody's line anything: they are not held back for an acknowledgement. */
static bool stays_here(const struct tcp_pcb *pcb)
{
	return ip_addr_cmp(&pcb->local_ip, &pcb->remote_ip) ||
	       (!IP_IS_V6_VAL(pcb->remote_ip) && ip_addr_isloopback(&pcb->remote_ip));
}

void inet_tcp_options(struct sock *s)
{
	struct tcp_pcb *pcb = s->in.tcp;
	unsigned flags = READ_ONCE(s->flags);

	if (!pcb)
		return;
	pcb->ttl = s->in.ttl;
	pcb->tos = s->in.tos;
	pcb->netif_idx = s->in.ifindex;
	if (flags & (SKF_REUSEADDR | SKF_REUSEPORT))
		ip_set_option(pcb, SOF_REUSEADDR);
	else
		ip_reset_option(pcb, SOF_REUSEADDR);
	if (flags & SKF_KEEPALIVE)
		ip_set_option(pcb, SOF_KEEPALIVE);
	else
		ip_reset_option(pcb, SOF_KEEPALIVE);
	if (pcb->state == LISTEN)
		return; /* a smaller structure, that ends here */
	if (s->in.no_delay || stays_here(pcb))
		tcp_nagle_disable(pcb);
	else
		tcp_nagle_enable(pcb);
	pcb->keep_idle = (u32_t)s->in.keep_idle * 1000;
	pcb->keep_intvl = (u32_t)s->in.keep_interval * 1000;
	pcb->keep_cnt = (u32_t)s->in.keep_count;
	if (pcb->state == CLOSED && !pcb->local_port)
		IP_SET_TYPE_VAL(pcb->local_ip, inet_ip_type(s));
}

static err_t on_recv(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err);
static err_t on_sent(void *arg, struct tcp_pcb *pcb, u16_t len);
static void on_err(void *arg, err_t err);

static void attach_pcb(struct sock *s, struct tcp_pcb *pcb)
{
	s->in.tcp = pcb;
	tcp_arg(pcb, s);
	tcp_recv(pcb, on_recv);
	tcp_sent(pcb, on_sent);
	tcp_err(pcb, on_err);
	inet_tcp_options(s);
}

/* lwIP has it for itself from now on. */
static struct tcp_pcb *detach_pcb(struct sock *s)
{
	struct tcp_pcb *pcb = s->in.tcp;

	s->in.tcp = NULL;
	WRITE_ONCE(s->in.room, TCP_SND_BUF);
	if (!pcb)
		return NULL;
	tcp_arg(pcb, NULL);
	if (pcb->state == LISTEN) {
		tcp_accept(pcb, NULL);
		return pcb;
	}
	tcp_recv(pcb, NULL);
	tcp_sent(pcb, NULL);
	tcp_err(pcb, NULL);
	return pcb;
}

struct tcp_pcb *inet_tcp_pcb(struct sock *s)
{
	struct tcp_pcb *pcb;

	if (s->in.tcp)
		return s->in.tcp;
	pcb = tcp_new_ip_type(inet_ip_type(s));
	if (pcb)
		attach_pcb(s, pcb);
	return pcb;
}

static void show_ends(struct sock *s)
{
	const struct tcp_pcb *pcb = s->in.tcp;

	inet_end_set(&s->in.local, &pcb->local_ip, pcb->local_port);
	inet_end_set(&s->in.remote, &pcb->remote_ip, pcb->remote_port);
}

static void add_shutdown(struct sock *s, unsigned mode)
{
	spin_lock(&s->lock);
	s->shutdown |= mode;
	spin_unlock(&s->lock);
}

/* ---- what lwIP calls back ---- */

static void got_fin(struct sock *s)
{
	s->in.got_fin = true;
	add_shutdown(s, RCV_SHUTDOWN);
	if (s->in.sent_fin)
		(void)!detach_pcb(s);
	waitq_wake_all(&s->wait);
}

static err_t on_recv(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err)
{
	struct sock *s = arg;
	struct inet_msg *m;

	(void)pcb;
	(void)err;
	if (!p) {
		got_fin(s);
		return ERR_OK;
	}
	/* Small, and lwIP has acknowledged the bytes: it cannot be refused. */
	m = kmalloc(sizeof(*m), GFP_NOIO | __GFP_NOFAIL);
	*m = (struct inet_msg){ .p = p };
	inet_queue(s, m);
	return ERR_OK;
}

static err_t on_sent(void *arg, struct tcp_pcb *pcb, u16_t len)
{
	struct sock *s = arg;
	size_t before = s->in.room;

	(void)len;
	WRITE_ONCE(s->in.room, room_of(pcb));
	if (before < ROOM_LOW && s->in.room >= ROOM_LOW)
		waitq_wake_all(&s->wait);
	return ERR_OK;
}

static int error_of(const struct sock *s, err_t err)
{
	if (err == ERR_CLSD)
		return 0;
	if (err != ERR_RST)
		return ETIMEDOUT;
	if (s->state == SS_CONNECTING)
		return ECONNREFUSED;
	return s->in.got_fin ? EPIPE : ECONNRESET;
}

/* The pcb is gone. */
static void on_err(void *arg, err_t err)
{
	struct sock *s = arg;
	int error = error_of(s, err);

	s->in.tcp = NULL;
	if (s->state == SS_CONNECTING && err == ERR_RST)
		MIB2_STATS_INC(
			mib2.tcpattemptfails); /* lwIP counts those that it gives up itself */
	if (error)
		WRITE_ONCE(s->err, error);
	add_shutdown(s, SHUTDOWN_BOTH);
	waitq_wake_all(&s->wait);
}

static err_t on_connected(void *arg, struct tcp_pcb *pcb, err_t err)
{
	struct sock *s = arg;

	(void)pcb;
	(void)err;
	inet_tcp_options(s);
	WRITE_ONCE(s->state, SS_CONNECTED);
	waitq_wake_all(&s->wait);
	return ERR_OK;
}

/* A connection is as its listener says. */
static void inherit(struct sock *s, const struct sock *l)
{
	s->flags = l->flags;
	s->sndbuf = l->sndbuf;
	s->rcvbuf = l->rcvbuf;
	s->rcvlowat = l->rcvlowat;
	s->linger = l->linger;
	s->rcvtimeo = l->rcvtimeo;
	s->sndtimeo = l->sndtimeo;
	s->in = l->in;
	inet_errors_init(s);
	s->in.tcp = NULL;
	s->in.connecting = s->in.got_fin = s->in.sent_fin = false;
	s->in.room = TCP_SND_BUF;
	s->in.space = 0;
	s->in.unrecved = 0;
}

static err_t on_accept(void *arg, struct tcp_pcb *pcb, err_t err)
{
	struct sock *l = arg, *s;

	if (err != ERR_OK || !pcb || !l)
		return ERR_VAL;
	l = inet_port_listener(l, pcb);
	s = inet_alloc(l->ops, SOCK_STREAM, l->in.protocol);
	if (!s)
		return ERR_MEM;
	inherit(s, l);
	s->state = SS_CONNECTED;
	attach_pcb(s, pcb);
	show_ends(s);
	tcp_backlog_delayed(pcb);
	spin_lock(&l->lock);
	list_add_tail(&s->accept, &l->queue);
	l->nr_queued++;
	spin_unlock(&l->lock);
	waitq_wake_one(&l->wait);
	return ERR_OK;
}

/* ---- listening ---- */

static int listen_locked(struct sock *s, uint8_t backlog)
{
	struct tcp_pcb *pcb = inet_tcp_pcb(s), *l;
	err_t e = ERR_OK;

	if (!pcb)
		return -ENOMEM;
	if (!s->in.local.port) {
		ip_addr_t any = { 0 };

		IP_SET_TYPE_VAL(any, inet_ip_type(s));
		e = tcp_bind(pcb, &any, 0);
		if (e != ERR_OK)
			return -EADDRINUSE;
		inet_end_set(&s->in.local, &any, pcb->local_port);
	}
	if (inet_port_taken(s, &pcb->local_ip, pcb->local_port))
		return -EADDRINUSE;
	ip_reset_option(pcb, SOF_REUSEADDR); /* with it lwIP would ask the same, and know less */
	l = tcp_listen_with_backlog_and_err(pcb, backlog, &e);
	if (!l) {
		inet_tcp_options(s);
		return e == ERR_MEM ? -ENOMEM : inet_errno(e);
	}
	s->in.tcp = l;
	inet_tcp_options(s);
	tcp_accept(l, on_accept);
	WRITE_ONCE(s->shutdown, 0);
	WRITE_ONCE(s->state, SS_LISTENING);
	return 0;
}

int inet_tcp_listen(struct sock *s, int backlog)
{
	/* One more than is said may wait, as on Linux. */
	uint8_t n = (uint8_t)min_of(int, backlog < 0 ? BACKLOG_MAX : backlog, BACKLOG_MAX - 1) + 1;
	int err = 0;

	inet_lock();
	if (s->state == SS_LISTENING)
		tcp_backlog_set(s->in.tcp, n);
	else if (s->state == SS_UNCONNECTED)
		err = listen_locked(s, n);
	else
		err = -EINVAL;
	if (!err)
		s->backlog = backlog;
	inet_unlock();
	return err;
}

struct sock *inet_accept(struct sock *l, struct file *f)
{
	struct sock *s = NULL;

	if (!READ_ONCE(l->nr_queued))
		return NULL;
	inet_lock();
	spin_lock(&l->lock);
	if (l->state == SS_LISTENING && !list_empty(&l->queue)) {
		s = list_first(&l->queue, struct sock, accept);
		list_del_init(&s->accept);
		l->nr_queued--;
	}
	spin_unlock(&l->lock);
	if (s) {
		s->file = f;
		if (s->in.tcp)
			tcp_backlog_accepted(s->in.tcp);
	}
	inet_unlock();
	return s;
}

/* ---- ending ---- */

static void drop_connection(struct sock *s)
{
	struct tcp_pcb *pcb = detach_pcb(s);

	if (pcb)
		tcp_abort(pcb);
	add_shutdown(s, SHUTDOWN_BOTH);
}

/* Nobody listens any more: connections that nobody has accepted are reset, and the caller's. */
static void stop_listening(struct sock *s, struct list_head *embryos)
{
	struct tcp_pcb *pcb = detach_pcb(s);
	struct sock *e;

	if (pcb)
		(void)tcp_close(pcb);
	spin_lock(&s->lock);
	list_splice_tail_init(&s->queue, embryos);
	s->nr_queued = 0;
	spin_unlock(&s->lock);
	list_for_each_entry (e, embryos, accept) {
		drop_connection(e);
		WRITE_ONCE(e->state, SS_DEAD);
	}
}

void inet_tcp_end(struct sock *s, struct list_head *embryos)
{
	bool reset = s->nr_queued || !s->linger;
	struct tcp_pcb *pcb;

	if (s->state == SS_LISTENING) {
		stop_listening(s, embryos);
		return;
	}
	pcb = s->in.tcp;
	if (!pcb)
		return;
	if (s->state == SS_CONNECTED && reset) {
		drop_connection(s);
		return;
	}
	/* What has been read is not to look as if it had not. */
	if (s->state == SS_CONNECTED && s->in.unrecved)
		tcp_recved(pcb, (u16_t)s->in.unrecved);
	(void)!detach_pcb(s);
	(void)tcp_close(pcb);
}

static int shutdown_connection(struct sock *s, unsigned mode)
{
	add_shutdown(s, mode);
	if (!(mode & SEND_SHUTDOWN) || !s->in.tcp || s->in.sent_fin)
		return 0;
	s->in.sent_fin = true;
	(void)tcp_shutdown(s->in.tcp, 0, 1);
	if (s->in.got_fin)
		(void)!detach_pcb(s);
	return 0;
}

int inet_tcp_shutdown(struct sock *s, unsigned mode)
{
	struct list_head embryos = LIST_HEAD_INIT(embryos);
	int err = -ENOTCONN;

	inet_lock();
	if (s->state == SS_CONNECTED && s->in.tcp) {
		err = shutdown_connection(s, mode);
	} else if (s->state == SS_LISTENING) {
		err = 0;
		if (mode & RCV_SHUTDOWN) {
			stop_listening(s, &embryos);
			WRITE_ONCE(s->state, SS_UNCONNECTED);
		}
	} else if (s->state == SS_CONNECTING && s->in.tcp) {
		err = 0;
		drop_connection(s);
	}
	inet_unlock();
	waitq_wake_all(&s->wait);
	inet_bury(&embryos);
	return err;
}

/* connect(AF_UNSPEC): as if nothing had been. */
static int disconnect(struct sock *s)
{
	struct list_head embryos = LIST_HEAD_INIT(embryos), msgs = LIST_HEAD_INIT(msgs);

	mutex_lock(&s->receive);
	inet_lock();
	if (s->state == SS_LISTENING)
		stop_listening(s, &embryos);
	else
		drop_connection(s);
	spin_lock(&s->lock);
	list_splice_tail_init(&s->queue, &msgs);
	s->nr_queued = 0;
	s->nr_bytes = 0;
	s->state = SS_UNCONNECTED;
	spin_unlock(&s->lock);
	s->in.local = s->in.remote = (struct inet_end){ .port = 0 };
	s->in.connecting = s->in.got_fin = s->in.sent_fin = false;
	s->in.unrecved = 0;
	WRITE_ONCE(s->err, 0);
	inet_unlock();
	mutex_unlock(&s->receive);
	waitq_wake_all(&s->wait);
	inet_msgs_free(&msgs);
	inet_bury(&embryos);
	return 0;
}

/* ---- connecting ---- */

static int start_connection(struct sock *s, ip_addr_t *ip, uint16_t port)
{
	struct tcp_pcb *pcb = inet_tcp_pcb(s);
	ip_addr_t from;
	err_t e;
	int err;

	if (!pcb)
		return -ENOMEM;
	ip_addr_copy(from, pcb->local_ip);
	err = inet_route(s, ip, &from);
	if (err)
		return err;
	e = tcp_connect(pcb, ip, port, on_connected);
	if (e != ERR_OK)
		return e == ERR_USE || e == ERR_BUF ? -EADDRNOTAVAIL : inet_errno(e);
	show_ends(s);
	s->in.connecting = true;
	WRITE_ONCE(s->err, 0);
	WRITE_ONCE(s->shutdown, 0);
	WRITE_ONCE(s->state, SS_CONNECTING);
	return 1;
}

/* How a connection that was begun stands: 1: under way; 0: it is there; or what came of it. */
static int connection_state(struct sock *s)
{
	int err;

	if (s->state == SS_CONNECTED) {
		err = s->in.connecting ? 0 : -EISCONN;
		s->in.connecting = false;
		return err;
	}
	if (s->in.tcp)
		return 1;
	err = sock_take_error(s);
	s->in.connecting = false;
	s->in.local = s->in.remote = (struct inet_end){ .port = 0 };
	WRITE_ONCE(s->in.room, TCP_SND_BUF);
	WRITE_ONCE(s->shutdown, 0);
	WRITE_ONCE(s->state, SS_UNCONNECTED);
	return err ? err : -ECONNABORTED;
}

static int connect_step(struct sock *s, ip_addr_t *ip, uint16_t port, bool nonblock)
{
	int ret;

	if (s->state == SS_LISTENING)
		return -EISCONN;
	if (s->state == SS_UNCONNECTED) {
		ret = start_connection(s, ip, port);
		return ret == 1 && nonblock ? -EINPROGRESS : ret;
	}
	ret = connection_state(s);
	return ret == 1 && nonblock ? -EALREADY : ret;
}

static bool is_settled(const struct sock *s)
{
	return READ_ONCE(s->state) != SS_CONNECTING || READ_ONCE(s->err) ||
	       READ_ONCE(s->shutdown) == SHUTDOWN_BOTH;
}

int inet_tcp_connect(struct sock *s, const struct sock_addr *a, bool nonblock)
{
	uint64_t timeo = READ_ONCE(s->sndtimeo), until = sock_deadline(timeo, nonblock);
	ip_addr_t ip;
	uint16_t port;
	int err;

	if (a->family == AF_UNSPEC)
		return disconnect(s);
	err = inet_parse(s, a, &ip, &port);
	if (err)
		return err;
	inet_lock();
	err = connect_step(s, &ip, port, nonblock);
	inet_unlock();
	if (err != 1)
		return err;
	err = wait_event_mode(&s->wait, is_settled(s), PARK_INTERRUPTIBLE, until);
	if (err)
		return err == -ETIMEDOUT ? -EINPROGRESS : sock_wait_error(timeo, err);
	inet_lock();
	err = connection_state(s);
	inet_unlock();
	return err == 1 ? -ECONNABORTED : err;
}
