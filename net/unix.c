/*
 * AF_UNIX sockets: connections between processes of one machine.
 *
 *	listener  queue ── embryo ── embryo       connect() makes the other end and puts it there; accept() gives it a file
 *	stream    s <───── peer ─────> s'         what one sends is appended to the other's queue
 *	dgram     s ─────> peer (or by name)      any may send to any whose peer is nobody or the sender
 *
 * OWNS     struct sock.
 * I1       a message belongs to one queue, in the order of sending; its memory counts in from->sent until it is read.
 * I2       the two ends of a connection are each other's peer until both are closed: the one that lives knows by SHUTDOWN
 *          that the other is gone. An embryo's only reference of its own is the listener's queue.
 * I3       who changes what somebody may wait for (state, bytes, room) wakes sock->wait after it.
 * LOCKS    unix_lock (u) > sock->lock (l), one sock->lock at a time. sock->receive is a reader's while it copies out.
 * CONTEXT  tasks; may sleep.
 * FAILS    as unix(7) and the man pages of the calls say.
 * NOT HERE bytes (unix_io.c), names (unix_name.c), files in messages (unix_scm.c), the file and its options (socket.c, sockopt.c).
 * SOURCES  unix(7), socket(2), connect(2), listen(2), accept(2), shutdown(2).   TESTED BY  tests/guest/net_unix.c
 */
#include "base/errno.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "net/unix_impl.h"
#include "sync/failpoint.h"

struct spinlock unix_lock = SPINLOCK_INIT(RANK_IPC);
struct list_head unix_sockets = LIST_HEAD_INIT(unix_sockets);

/* ---- life ---- */

static struct sock *unix_new(int type)
{
	struct sock *s = sock_new(&unix_ops, type);

	if (!s)
		return NULL;
	list_init(&s->bound);
	spin_lock(&unix_lock);
	list_add_tail(&s->all, &unix_sockets);
	spin_unlock(&unix_lock);
	return s;
}

static int unix_create(int type, int protocol, struct sock **out)
{
	if (protocol && protocol != AF_UNIX)
		return -EPROTONOSUPPORT;
	if (type == SOCK_RAW)
		type = SOCK_DGRAM;
	if (type != SOCK_STREAM && type != SOCK_DGRAM && type != SOCK_SEQPACKET)
		return -ESOCKTNOSUPPORT;
	*out = unix_new(type);
	return *out ? 0 : -ENOMEM;
}

static void unix_attach(struct sock *s, struct file *f)
{
	spin_lock(&unix_lock);
	s->file = f;
	spin_unlock(&unix_lock);
}

static void unix_free(struct sock *s)
{
	addr_put(s->addr);
}

struct sock *sock_peer(struct sock *s)
{
	struct sock *p;

	spin_lock(&s->lock);
	p = s->peer ? sock_get(s->peer) : NULL;
	spin_unlock(&s->lock);
	return p;
}

static void add_shutdown(struct sock *s, unsigned shutdown)
{
	spin_lock(&s->lock);
	s->shutdown |= shutdown;
	spin_unlock(&s->lock);
}

/* The other end of a connection has closed or died with @err. u held. */
static void peer_gone(struct sock *p, int err)
{
	add_shutdown(p, SHUTDOWN_BOTH);
	if (err)
		WRITE_ONCE(p->err, err);
	waitq_wake_all(&p->wait);
}

/* @s takes part in nothing any more: messages and embryos that it had go to @msgs and @embryos. u held. Return: its peer. */
static struct sock *detach(struct sock *s, struct list_head *msgs, struct list_head *embryos)
{
	struct sock *peer;
	bool listening, unread;

	spin_lock(&s->lock);
	listening = s->state == SS_LISTENING;
	unread = !list_empty(&s->queue);
	s->state = SS_DEAD;
	s->shutdown = SHUTDOWN_BOTH;
	list_splice_tail_init(&s->queue, listening ? embryos : msgs);
	s->nr_queued = 0;
	s->nr_bytes = 0;
	peer = s->peer;
	s->peer = NULL;
	spin_unlock(&s->lock);
	if (peer && sock_has_connections(s))
		peer_gone(peer, (!listening && unread) || s->listener ? ECONNRESET : 0);
	s->listener = NULL;
	s->file = NULL;
	list_del(&s->all);
	return peer;
}

/* Ends @s. Its embryos are ended by the caller. */
static void end(struct sock *s, struct list_head *embryos)
{
	struct list_head msgs = LIST_HEAD_INIT(msgs);
	struct path_ref path = { 0 };
	struct sock *peer;

	spin_lock(&unix_lock);
	unix_unbind(s, &path);
	peer = detach(s, &msgs, embryos);
	spin_unlock(&unix_lock);
	waitq_wake_all(&s->wait);
	msgs_bury(&msgs);
	if (path.dentry)
		path_put(&path);
	sock_put(peer);
	sock_put(s);
}

static void unix_release(struct sock *s)
{
	struct list_head embryos = LIST_HEAD_INIT(embryos), none = LIST_HEAD_INIT(none);

	end(s, &embryos);
	while (!list_empty(&embryos)) {
		struct sock *e = list_first(&embryos, struct sock, accept);

		list_del_init(&e->accept);
		end(e, &none);
	}
	scm_collect();
}

/* ---- connections ---- */

struct ucred socket_caller(void)
{
	struct task *t = current_task();

	return (struct ucred){ t->tgid, t->cred->euid, t->cred->egid };
}

/* Two sockets that nobody else knows, or that unix_lock keeps as they are, are each other's. */
static void join(struct sock *a, struct sock *b)
{
	spin_lock(&a->lock);
	a->peer = sock_get(b);
	a->state = SS_CONNECTED;
	spin_unlock(&a->lock);
	spin_lock(&b->lock);
	b->peer = sock_get(a);
	b->state = SS_CONNECTED;
	spin_unlock(&b->lock);
}

void unix_join_pair(struct sock *a, struct sock *b)
{
	spin_lock(&unix_lock);
	join(a, b);
	a->peer_cred = b->peer_cred = socket_caller();
	spin_unlock(&unix_lock);
}

static bool accepts(const struct sock *l)
{
	return READ_ONCE(l->state) == SS_LISTENING && !(READ_ONCE(l->shutdown) & RCV_SHUTDOWN);
}

static bool is_full(const struct sock *l)
{
	return (int)READ_ONCE(l->nr_queued) > READ_ONCE(l->backlog);
}

/* u held. 0, -EAGAIN (no room), -ECONNREFUSED, -EISCONN, -EINVAL. */
static int try_connect(struct sock *s, struct sock *l, struct sock *embryo)
{
	int err = 0;

	if (s->state != SS_UNCONNECTED)
		return s->state == SS_CONNECTED ? -EISCONN : -EINVAL;
	spin_lock(&l->lock);
	if (!accepts(l))
		err = -ECONNREFUSED;
	else if (is_full(l))
		err = -EAGAIN;
	else
		list_add_tail(&embryo->accept, &l->queue);
	l->nr_queued += !err;
	spin_unlock(&l->lock);
	if (err)
		return err;
	embryo->listener = l;
	embryo->addr = addr_get(l->addr);
	embryo->peer_cred = socket_caller();
	s->peer_cred = l->peer_cred;
	join(s, embryo);
	return 0;
}

/* An embryo that came to nothing. */
static void drop_embryo(struct sock *e)
{
	struct list_head none = LIST_HEAD_INIT(none);

	end(e, &none);
}

static int connect_stream(struct sock *s, const struct sock_addr *a, bool nonblock)
{
	uint64_t timeo = READ_ONCE(s->sndtimeo), until = sock_deadline(timeo, nonblock);
	struct sock *l, *embryo = unix_new(s->type);
	int err;

	if (!embryo)
		return -ENOMEM;
	for (;;) {
		err = unix_find(a, s->type, &l);
		if (err)
			break;
		spin_lock(&unix_lock);
		err = try_connect(s, l, embryo);
		spin_unlock(&unix_lock);
		if (err == -EAGAIN && !nonblock) {
			err = wait_event_mode(&l->wait, !is_full(l) || !accepts(l),
					      PARK_INTERRUPTIBLE, until);
			err = err ? sock_wait_error(timeo, err) : 1;
		}
		if (!err)
			waitq_wake_all(&l->wait);
		sock_put(l);
		if (err <= 0)
			break;
	}
	if (err)
		drop_embryo(embryo);
	return err;
}

/* Whom a datagram socket sends to, and hears from alone; NULL: nobody and all. */
static int set_dgram_peer(struct sock *s, struct sock *peer)
{
	struct sock *old;
	int err = 0;

	spin_lock(&unix_lock);
	if (peer && peer->peer && peer->peer != s)
		err = -EPERM;
	spin_lock(&s->lock);
	old = s->peer;
	if (!err) {
		s->peer = peer ? sock_get(peer) : NULL;
		s->state = peer ? SS_CONNECTED : SS_UNCONNECTED;
	}
	spin_unlock(&s->lock);
	spin_unlock(&unix_lock);
	if (!err && old) {
		waitq_wake_all(&old->wait);
		sock_put(old);
	}
	return err;
}

static int connect_dgram(struct sock *s, const struct sock_addr *a)
{
	struct sock *peer;
	int err;

	if (a->family == AF_UNSPEC)
		return set_dgram_peer(s, NULL);
	err = unix_find(a, s->type, &peer);
	if (err)
		return err;
	err = set_dgram_peer(s, peer);
	sock_put(peer);
	return err;
}

static int unix_connect(struct sock *s, const struct sock_addr *a, bool nonblock)
{
	if ((s->flags & SKF_PASSCRED) && !READ_ONCE(s->addr)) {
		int err = unix_autobind(s);

		if (err)
			return err;
	}
	return sock_has_connections(s) ? connect_stream(s, a, nonblock) : connect_dgram(s, a);
}

static int unix_listen(struct sock *s, int backlog)
{
	int err = 0;

	if (!sock_has_connections(s))
		return -EOPNOTSUPP;
	spin_lock(&unix_lock);
	spin_lock(&s->lock);
	if (!s->addr || (s->state != SS_UNCONNECTED && s->state != SS_LISTENING))
		err = -EINVAL;
	if (!err) {
		s->state = SS_LISTENING;
		s->backlog = backlog;
		s->peer_cred = socket_caller();
	}
	spin_unlock(&s->lock);
	spin_unlock(&unix_lock);
	waitq_wake_all(&s->wait); /* there may be more room */
	return err;
}

static struct sock *unix_accept(struct sock *l, struct file *f)
{
	struct sock *s = NULL;

	spin_lock(&unix_lock);
	spin_lock(&l->lock);
	if (l->state == SS_LISTENING && !list_empty(&l->queue)) {
		s = list_first(&l->queue, struct sock, accept);
		list_del_init(&s->accept);
		l->nr_queued--;
	}
	spin_unlock(&l->lock);
	if (s) {
		s->listener = NULL;
		s->file = f;
	}
	spin_unlock(&unix_lock);
	if (s)
		waitq_wake_all(&l->wait);
	return s;
}

static int unix_shutdown(struct sock *s, unsigned mode)
{
	struct sock *p;
	unsigned theirs;

	theirs = (mode & RCV_SHUTDOWN ? SEND_SHUTDOWN : 0) |
		 (mode & SEND_SHUTDOWN ? RCV_SHUTDOWN : 0);
	spin_lock(&unix_lock);
	add_shutdown(s, mode);
	p = sock_has_connections(s) ? s->peer : NULL;
	if (p) {
		add_shutdown(p, theirs);
		waitq_wake_all(&p->wait);
	}
	spin_unlock(&unix_lock);
	waitq_wake_all(&s->wait);
	return 0;
}

static int unix_sockname(struct sock *s, bool peer, struct sock_addr *out)
{
	struct sock *of = peer ? sock_peer(s) : sock_get(s);
	struct unix_addr *a;

	if (!of)
		return -ENOTCONN;
	a = sock_addr_ref(of);
	addr_show(a, out);
	addr_put(a);
	sock_put(of);
	return 0;
}

/* ---- poll ---- */

static void keep(struct waitq *q)
{
	sock_get(container_of(q, struct sock, wait));
}

static void unkeep(struct waitq *q)
{
	sock_put(container_of(q, struct sock, wait));
}

static const struct poll_keeper keeper = { keep, unkeep };

/* May a datagram be sent to the peer? It is asked, and waited for, when it is what stands in the way. */
static bool peer_has_room(struct sock *s, struct poll_table *pt)
{
	struct sock *p = sock_has_connections(s) ? NULL : sock_peer(s);
	bool room = true;

	if (p && READ_ONCE(p->peer) != s) {
		poll_wait_kept(pt, &p->wait, POLLOUT | POLLWRNORM, &keeper);
		room = (int)READ_ONCE(p->nr_queued) <= READ_ONCE(unix_max_dgram_qlen);
	}
	sock_put(p);
	return room;
}

static unsigned unix_poll(struct sock *s, struct poll_table *pt)
{
	unsigned ready = 0, shutdown;
	enum sock_state state;

	poll_wait(pt, &s->wait);
	spin_lock(&s->lock);
	shutdown = s->shutdown;
	state = s->state;
	if (!list_empty(&s->queue))
		ready |= POLLIN | POLLRDNORM;
	spin_unlock(&s->lock);
	if (READ_ONCE(s->err))
		ready |= POLLERR;
	if (shutdown == SHUTDOWN_BOTH)
		ready |= POLLHUP;
	if (shutdown & RCV_SHUTDOWN)
		ready |= POLLRDHUP | POLLIN | POLLRDNORM;
	if (state == SS_LISTENING)
		return ready;
	if (sock_has_connections(s) && state == SS_UNCONNECTED)
		ready |= POLLHUP;
	if (4 * atomic_long_read(&s->sent) <= READ_ONCE(s->sndbuf) && peer_has_room(s, pt))
		ready |= POLLOUT | POLLWRNORM | POLLWRBAND;
	return ready;
}

/* ---- bytes that wait ---- */

static int unix_bytes_to_read(struct sock *s)
{
	struct unix_msg *m;
	size_t n = 0;

	spin_lock(&s->lock);
	if (sock_is_stream(s)) {
		n = s->nr_bytes;
	} else {
		list_for_each_entry (m, &s->queue, link) {
			n += m->len;
			if (s->type == SOCK_DGRAM) /* the next one; of packets in order all */
				break;
		}
	}
	spin_unlock(&s->lock);
	return (int)n;
}

static int unix_bytes_to_send(struct sock *s)
{
	return (int)atomic_long_read(&s->sent);
}

const struct sock_ops unix_ops = {
	.family = AF_UNIX,
	.create = unix_create,
	.attach = unix_attach,
	.release = unix_release,
	.free = unix_free,
	.bind = unix_bind,
	.connect = unix_connect,
	.listen = unix_listen,
	.accept = unix_accept,
	.name = unix_sockname,
	.shutdown = unix_shutdown,
	.send = unix_send,
	.receive = unix_receive,
	.poll = unix_poll,
	.bytes_to_read = unix_bytes_to_read,
	.bytes_to_send = unix_bytes_to_send,
};
