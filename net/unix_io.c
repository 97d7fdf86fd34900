/*
 * Bytes through AF_UNIX sockets: messages from a sender into a receiver's queue, and out of it.
 *
 * WHY      the sender's memory is limited (SO_SNDBUF), the receiver's queue is not, but for the number of datagrams: as on
 *          Linux. Who sends waits on its own socket for bytes to be read; for datagrams, on the receiver's as well.
 * I1       a stream's messages are read whole or in part; bytes of messages with other credentials (where those are asked
 *          for) or behind files are not read in the same call.
 * I2       only who holds sock->receive takes messages off a queue while the socket has a file.
 * LOCKS    sock->receive (sleeps), then sock->lock for a step; user memory is copied under receive alone.
 * FAILS    EPIPE with SIGPIPE (streams), EAGAIN, EMSGSIZE, ENOTCONN, ECONNREFUSED, ECONNRESET, EPERM, ENOMEM, EFAULT.
 * SOURCES  send(2), recv(2), unix(7).   TESTED BY  tests/guest/net_unix.c
 */
#include "arch/uaccess.h"
#include "base/errno.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "mm/vmalloc.h"
#include "net/unix_impl.h"
#include "sync/failpoint.h"

enum { CHUNK = 32768, OVERHEAD = 256 };

/* ---- where bytes come from and go to ---- */

static size_t piece(struct sock_iter *it, size_t n, uaddr_t *at)
{
	while (it->iov->len == it->skip) {
		it->iov++;
		it->skip = 0;
	}
	*at = it->iov->base + it->skip;
	return min_of(size_t, n, it->iov->len - it->skip);
}

static void advance(struct sock_iter *it, size_t n)
{
	it->skip += n;
	it->left -= n;
}

int iter_read(struct sock_iter *it, void *to, size_t n)
{
	while (n) {
		uaddr_t at;
		size_t step = n;

		if (it->kernel) {
			memcpy(to, it->kernel + it->skip, n);
		} else {
			step = piece(it, n, &at);
			if (copy_from_user(to, at, step))
				return -EFAULT;
		}
		advance(it, step);
		to = (char *)to + step;
		n -= step;
	}
	return 0;
}

int iter_write(struct sock_iter *it, const void *from, size_t n)
{
	while (n) {
		uaddr_t at;
		size_t step = n;

		if (it->kernel) {
			memcpy(it->kernel + it->skip, from, n);
		} else {
			step = piece(it, n, &at);
			if (copy_to_user(at, from, step))
				return -EFAULT;
		}
		advance(it, step);
		from = (const char *)from + step;
		n -= step;
	}
	return 0;
}

/* ---- messages ---- */

void msg_free(struct unix_msg *m)
{
	kassert(!m->files);
	(void)atomic_long_add(&m->from->sent, -(long)m->charge);
	waitq_wake_all(&m->from->wait);
	sock_put(m->from);
	addr_put(m->addr);
	kvfree(m->data);
	kfree(m);
}

static void *data_alloc(size_t n)
{
	if (failpoint("unix_message"))
		return NULL;
	return n <= CHUNK ? kmalloc(n ? n : 1, GFP_KERNEL) : vmalloc(n);
}

static bool has_room(const struct sock *s)
{
	return atomic_long_read(&s->sent) < READ_ONCE(s->sndbuf) || READ_ONCE(s->err) ||
	       (READ_ONCE(s->shutdown) & SEND_SHUTDOWN);
}

/* Until @s may send more. 0, -EPIPE, -EAGAIN, -EINTR, -ERESTARTSYS, or the error of the socket. */
static int wait_room(struct sock *s, bool nonblock)
{
	uint64_t timeo = READ_ONCE(s->sndtimeo);
	int err = 0;

	if (!has_room(s)) {
		if (nonblock)
			return -EAGAIN;
		err = wait_event_mode(&s->wait, has_room(s), PARK_INTERRUPTIBLE,
				      sock_deadline(timeo, false));
	}
	if (err)
		return sock_wait_error(timeo, err);
	err = sock_take_error(s);
	if (err)
		return err;
	return READ_ONCE(s->shutdown) & SEND_SHUTDOWN ? -EPIPE : 0;
}

/* The next @n bytes of @in as a message of @s. 0 or -errno. */
static int msg_make(struct sock *s, struct sock_msg *in, size_t n, bool nonblock,
		    struct unix_msg **out)
{
	struct unix_msg *m;
	int err = wait_room(s, nonblock);

	if (err)
		return err;
	m = kzalloc(sizeof(*m), GFP_KERNEL);
	if (!m)
		return -ENOMEM;
	m->data = data_alloc(n);
	if (!m->data) {
		kfree(m);
		return -ENOMEM;
	}
	m->from = sock_get(s);
	m->len = n;
	m->charge = n + OVERHEAD;
	(void)atomic_long_add(&s->sent, (long)m->charge);
	m->addr = sock_addr_ref(s);
	m->creds = in->scm && in->scm->has_creds ? in->scm->creds : socket_caller();
	err = iter_read(&in->data, m->data, n);
	if (!err && in->scm && in->scm->nr)
		err = scm_attach(m, in->scm);
	if (err) {
		msg_free(m);
		return err;
	}
	*out = m;
	return 0;
}

/* A message that could not be delivered. */
static void msg_drop(struct unix_msg *m)
{
	struct list_head one = LIST_HEAD_INIT(one);

	list_add(&m->link, &one);
	msgs_bury(&one);
}

/* The lock of @to is held. */
static void append(struct sock *to, struct unix_msg *m)
{
	list_add_tail(&m->link, &to->queue);
	to->nr_queued++;
	to->nr_bytes += m->len;
}

/* ---- sending ---- */

static int deliver_stream(struct sock *s, struct unix_msg *m)
{
	struct sock *to = sock_peer(s);
	bool ok = false;

	if (to) {
		spin_lock(&to->lock);
		ok = to->state != SS_DEAD && !(to->shutdown & RCV_SHUTDOWN);
		if (ok)
			append(to, m);
		spin_unlock(&to->lock);
		if (ok)
			waitq_wake_all(&to->wait);
		sock_put(to);
	}
	if (!ok)
		msg_drop(m);
	return ok ? 0 : -EPIPE;
}

static long send_stream(struct sock *s, struct sock_msg *in, bool nonblock)
{
	long done = 0;
	int err = 0;

	if (in->flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (in->addr)
		return READ_ONCE(s->state) == SS_CONNECTED ? -EISCONN : -EOPNOTSUPP;
	if (READ_ONCE(s->state) != SS_CONNECTED)
		return -ENOTCONN;
	if (READ_ONCE(s->shutdown) & SEND_SHUTDOWN)
		err = -EPIPE;
	while (!err && in->data.left) {
		size_t n = min_of(size_t, in->data.left, CHUNK);
		struct unix_msg *m;

		err = msg_make(s, in, n, nonblock, &m);
		if (!err)
			err = deliver_stream(s, m);
		if (!err)
			done += (long)n;
	}
	if (err == -EPIPE && !done && !(in->flags & MSG_NOSIGNAL))
		signal_send_thread(current_task(), SIGPIPE, NULL);
	return done ? done : err;
}

static bool too_many(const struct sock *to)
{
	return (int)READ_ONCE(to->nr_queued) > READ_ONCE(unix_max_dgram_qlen);
}

/* 0, -EAGAIN: its queue is full, -ECONNREFUSED: it is gone, -EPIPE, -EPERM. */
static int try_deliver(struct sock *s, struct sock *to, struct unix_msg *m)
{
	int err = 0;

	spin_lock(&to->lock);
	if (to->state == SS_DEAD)
		err = -ECONNREFUSED;
	else if (to->shutdown & RCV_SHUTDOWN)
		err = -EPIPE;
	else if (!sock_has_connections(s) && to->peer && to->peer != s)
		err = -EPERM;
	else if (to->peer != s && too_many(to))
		err = -EAGAIN;
	else
		append(to, m);
	spin_unlock(&to->lock);
	return err;
}

static int deliver_datagram(struct sock *s, struct sock *to, struct unix_msg *m, bool nonblock)
{
	uint64_t timeo = READ_ONCE(s->sndtimeo), until = sock_deadline(timeo, nonblock);
	int err;

	while ((err = try_deliver(s, to, m)) == -EAGAIN && !nonblock) {
		err = wait_event_mode(&to->wait,
				      !too_many(to) || READ_ONCE(to->state) == SS_DEAD ||
					      (READ_ONCE(to->shutdown) & RCV_SHUTDOWN),
				      PARK_INTERRUPTIBLE, until);
		if (err) {
			err = sock_wait_error(timeo, err);
			break;
		}
	}
	if (err)
		msg_drop(m);
	else
		waitq_wake_all(&to->wait);
	return err;
}

/* Whom the message is for, referenced in *to. */
static int destination(struct sock *s, const struct sock_msg *in, struct sock **to)
{
	if (in->addr && !sock_has_connections(s))
		return unix_find(in->addr, s->type, to);
	*to = sock_peer(s);
	return *to ? 0 : -ENOTCONN;
}

static void forget_peer(struct sock *s, struct sock *dead)
{
	bool mine;

	spin_lock(&unix_lock);
	spin_lock(&s->lock);
	mine = s->peer == dead && s->state == SS_CONNECTED;
	if (mine) {
		s->peer = NULL;
		s->state = SS_UNCONNECTED;
	}
	spin_unlock(&s->lock);
	spin_unlock(&unix_lock);
	if (mine)
		sock_put(dead);
}

static long send_datagram(struct sock *s, struct sock_msg *in, bool nonblock)
{
	size_t n = in->data.left;
	struct unix_msg *m;
	struct sock *to;
	int err;

	if (in->flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (sock_has_connections(s) && READ_ONCE(s->state) != SS_CONNECTED)
		return -ENOTCONN;
	if ((s->flags & SKF_PASSCRED) && !READ_ONCE(s->addr)) {
		err = unix_autobind(s);
		if (err)
			return err;
	}
	if (n + 32 > (size_t)READ_ONCE(s->sndbuf))
		return -EMSGSIZE;
	err = destination(s, in, &to);
	if (err)
		return err;
	err = msg_make(s, in, n, nonblock, &m);
	if (!err)
		err = deliver_datagram(s, to, m, nonblock);
	if (err == -ECONNREFUSED && !sock_has_connections(s))
		forget_peer(s, to);
	else if (err == -ECONNREFUSED)
		err = -EPIPE;
	sock_put(to);
	return err ? err : (long)n;
}

long unix_send(struct sock *s, struct sock_msg *m, bool nonblock)
{
	return sock_is_stream(s) ? send_stream(s, m, nonblock) : send_datagram(s, m, nonblock);
}

/* ---- receiving ---- */

static bool something_there(const struct sock *s)
{
	return !list_empty(&s->queue) || READ_ONCE(s->err) ||
	       (READ_ONCE(s->shutdown) & RCV_SHUTDOWN);
}

/* The message behind @after (NULL: the first); NULL: none. */
static struct unix_msg *next_msg(struct sock *s, struct unix_msg *after)
{
	struct list_head *n;
	struct unix_msg *m;

	spin_lock(&s->lock);
	n = after ? after->link.next : s->queue.next;
	m = n == &s->queue ? NULL : container_of(n, struct unix_msg, link);
	spin_unlock(&s->lock);
	return m;
}

/* @n bytes of @m have been read; all: it goes. */
static void consume(struct sock *s, struct unix_msg *m, size_t n, bool all)
{
	spin_lock(&s->lock);
	s->nr_bytes -= n;
	m->off += n;
	if (all) {
		list_del(&m->link);
		s->nr_queued--;
	}
	spin_unlock(&s->lock);
	if (!all)
		return;
	if (!sock_is_stream(s))
		waitq_wake_all(
			&s->wait); /* who sends may have waited for the queue to be shorter */
	msg_free(m);
}

/* sock->receive is held and let go of while it waits. 0: look again; 1: the end; or -errno. */
static int wait_message(struct sock *s, bool nonblock, uint64_t until) no_lock_analysis
{
	int err = sock_take_error(s);

	if (err)
		return err;
	if (!next_msg(s, NULL) && (READ_ONCE(s->shutdown) & RCV_SHUTDOWN))
		return next_msg(s, NULL) ? 0 : 1;
	if (nonblock)
		return next_msg(s, NULL) ? 0 : -EAGAIN;
	mutex_unlock(&s->receive);
	err = wait_event_mode(&s->wait, something_there(s), PARK_INTERRUPTIBLE, until);
	mutex_lock(&s->receive);
	return err ? sock_wait_error(READ_ONCE(s->rcvtimeo), err) : 0;
}

static void show_sender(const struct sock_msg *out, const struct unix_msg *m)
{
	if (!out->addr)
		return;
	if (m->addr)
		addr_show(m->addr, out->addr);
	else
		out->addr->len = 0;
}

/* What comes with @m goes to the receiver. */
static void take_extras(struct sock *s, struct sock_msg *out, struct unix_msg *m, bool peek)
{
	if (s->flags & SKF_PASSCRED) {
		out->scm->has_creds = true;
		out->scm->creds = m->creds;
	}
	if (READ_ONCE(m->files))
		scm_take(m, out->scm, peek);
}

static bool same_sender(const struct sock *s, const struct scm *scm, const struct unix_msg *m)
{
	if (scm->nr)
		return false; /* nothing is glued to files */
	return !(s->flags & SKF_PASSCRED) || !scm->has_creds ||
	       !memcmp(&scm->creds, &m->creds, sizeof(m->creds));
}

struct reading {
	bool peek, nonblock;
	uint64_t until;
	size_t target;
	struct unix_msg *last; /* peek: the one before */
	long done;
};

/* One message, or a part of it. 0: go on; 1: enough; or -errno. */
static int read_some(struct sock *s, struct sock_msg *out, struct reading *r)
{
	struct unix_msg *m = next_msg(s, r->peek ? r->last : NULL);
	size_t n;
	bool files;

	if (!m)
		return (size_t)r->done >= r->target || (r->peek && r->last)
			       ? 1
			       : wait_message(s, r->nonblock, r->until);
	if (r->done && !same_sender(s, out->scm, m))
		return 1;
	if (!r->done)
		show_sender(out, m);
	n = min_of(size_t, out->data.left, m->len - m->off);
	if (iter_write(&out->data, m->data + m->off, n))
		return -EFAULT;
	files = READ_ONCE(m->files);
	take_extras(s, out, m, r->peek);
	r->done += (long)n;
	if (r->peek)
		r->last = m;
	else
		consume(s, m, n, m->off + n == m->len);
	return files || !out->data.left;
}

static long receive_stream(struct sock *s, struct sock_msg *out, bool nonblock)
{
	size_t low = out->flags & MSG_WAITALL ? out->data.left : (size_t)READ_ONCE(s->rcvlowat);
	struct reading r = { .peek = out->flags & MSG_PEEK,
			     .nonblock = nonblock,
			     .until = sock_deadline(READ_ONCE(s->rcvtimeo), nonblock) };
	int ret = 0;

	if (READ_ONCE(s->state) != SS_CONNECTED)
		return -EINVAL;
	if (out->flags & MSG_OOB)
		return -EOPNOTSUPP;
	out->flags = 0;
	r.target = min_of(size_t, low ? low : 1, out->data.left);
	mutex_lock(&s->receive);
	while (!ret && out->data.left)
		ret = read_some(s, out, &r);
	mutex_unlock(&s->receive);
	return r.done ? r.done : ret < 0 ? ret : 0;
}

/* Until a message is there, in *m. 0, 1: no more will come, -errno. */
static int first_message(struct sock *s, bool nonblock, struct unix_msg **m)
{
	uint64_t until = sock_deadline(READ_ONCE(s->rcvtimeo), nonblock);
	int ret = 0;

	while (!(*m = next_msg(s, NULL)) && !ret)
		ret = wait_message(s, nonblock, until);
	return *m ? 0 : ret;
}

static long read_datagram(struct sock *s, struct sock_msg *out, struct unix_msg *m)
{
	unsigned flags = out->flags;
	size_t n = min_of(size_t, out->data.left, m->len);

	show_sender(out, m);
	if (iter_write(&out->data, m->data, n))
		return -EFAULT;
	out->flags = n < m->len ? MSG_TRUNC : 0;
	take_extras(s, out, m, flags & MSG_PEEK);
	if (flags & MSG_TRUNC)
		n = m->len;
	if (!(flags & MSG_PEEK))
		consume(s, m, m->len, true);
	return (long)n;
}

static long receive_datagram(struct sock *s, struct sock_msg *out, bool nonblock)
{
	struct unix_msg *m;
	long ret;

	if (sock_has_connections(s) && READ_ONCE(s->state) != SS_CONNECTED)
		return -ENOTCONN;
	if (out->flags & MSG_OOB)
		return -EOPNOTSUPP;
	mutex_lock(&s->receive);
	ret = first_message(s, nonblock, &m);
	if (!ret) {
		ret = read_datagram(s, out, m);
	} else {
		out->flags = 0;
		ret = ret < 0 ? ret : 0;
	}
	mutex_unlock(&s->receive);
	return ret;
}

long unix_receive(struct sock *s, struct sock_msg *m, bool nonblock)
{
	return sock_is_stream(s) ? receive_stream(s, m, nonblock)
				 : receive_datagram(s, m, nonblock);
}
