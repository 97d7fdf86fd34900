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

struct sock *sock_alloc(int type)
{
	struct sock *s = failpoint("socket") ? NULL : kzalloc(sizeof(*s), GFP_KERNEL);

	if (!s)
		return NULL;
	atomic_set(&s->refs, 1);
	s->type = type;
	s->lock = (struct spinlock)SPINLOCK_INIT(RANK_OBJECT);
	waitq_init(&s->wait);
	mutex_init(&s->receive, RANK_FS_FILE);
	list_init(&s->queue);
	list_init(&s->bound);
	list_init(&s->accept);
	s->rcvtimeo = s->sndtimeo = PARK_FOREVER;
	s->sndbuf = READ_ONCE(net_wmem_default);
	s->rcvbuf = READ_ONCE(net_rmem_default);
	s->rcvlowat = 1;
	spin_lock(&unix_lock);
	list_add_tail(&s->all, &unix_sockets);
	spin_unlock(&unix_lock);
	return s;
}

struct sock *sock_get(struct sock *s)
{
	atomic_inc(&s->refs);
	return s;
}

void sock_put(struct sock *s)
{
	if (!s || !atomic_dec_and_test(&s->refs))
		return;
	kassert(s->state == SS_DEAD && list_empty(&s->queue));
	addr_put(s->addr);
	kfree(s);
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

void sock_release(struct sock *s)
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

/* ---- waiting ---- */

uint64_t sock_deadline(uint64_t timeo, bool nonblock)
{
	uint64_t now = clock_ns();

	if (nonblock)
		return 0;
	return timeo >= PARK_FOREVER - now ? PARK_FOREVER : now + timeo;
}

int sock_wait_error(uint64_t timeo, int err)
{
	if (err == -ETIMEDOUT)
		return -EAGAIN;
	return timeo == PARK_FOREVER ? -ERESTARTSYS : -EINTR;
}

int sock_take_error(struct sock *s)
{
	return -__atomic_exchange_n(&s->err, 0, __ATOMIC_SEQ_CST);
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
	struct sock *l, *embryo = sock_alloc(s->type);
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

int socket_connect(struct file *f, const struct sock_addr *a)
{
	struct sock *s = sock_of(f);

	if (a->len < 2)
		return -EINVAL;
	if ((s->flags & SOF_PASSCRED) && !READ_ONCE(s->addr)) {
		int err = unix_autobind(s);

		if (err)
			return err;
	}
	return sock_has_connections(s) ? connect_stream(s, a, f->flags & O_NONBLOCK)
				       : connect_dgram(s, a);
}

int socket_listen(struct file *f, int backlog)
{
	struct sock *s = sock_of(f);
	int err = 0;

	if (!sock_has_connections(s))
		return -EOPNOTSUPP;
	if ((unsigned)backlog > (unsigned)READ_ONCE(net_somaxconn))
		backlog = READ_ONCE(net_somaxconn);
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

struct sock *unix_accept(struct sock *l, struct file *f)
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

int socket_shutdown(struct file *f, int how)
{
	struct sock *s = sock_of(f), *p;
	unsigned mode = (unsigned)how + 1, theirs;

	if (how < 0 || how > 2)
		return -EINVAL;
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

int socket_name(struct file *f, bool peer, struct sock_addr *out)
{
	struct sock *s = sock_of(f), *of = peer ? sock_peer(s) : sock_get(s);
	struct unix_addr *a;

	if (!of)
		return -ENOTCONN;
	a = sock_addr_ref(of);
	addr_show(a, out);
	addr_put(a);
	sock_put(of);
	return 0;
}
