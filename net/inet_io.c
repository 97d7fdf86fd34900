/*
 * Bytes through TCP connections.
 *
 *	send     user memory ── a block as lwIP allocates one for a segment ── tcp_write (core lock), which takes it
 *	receive  segments ── sock->queue ── user memory ── tcp_recved (core lock, now and then): the window opens
 *
 * WHY      user memory may fault and so is copied outside of the core lock: into a packet before lwIP has it, straight out of the
 *          packets out. Where lwIP wants memory of another size it copies out of the block.
 *          The peer hears of room in the window in steps of TELL bytes, so that small reads do not take the core lock.
 * I1       only who holds sock->receive takes messages off the queue of a socket that has a file.
 * I2       bytes that lwIP has taken are sent or die with the connection; what it has not is not counted in the result.
 * LOCKS    sock->receive (sleeps), then the core lock or sock->lock for a step.
 * FAILS    EPIPE with SIGPIPE, EAGAIN, ECONNRESET, ENOTCONN, EFAULT, ENOMEM, EINTR.
 * SOURCES  send(2), recv(2), tcp(7).   TESTED BY  tests/guest/net_inet.c
 */
#include "base/errno.h"
#include "mm/slab.h"
#include "net/inet_impl.h"
#include "sync/failpoint.h"

#include <lwip/priv/tcp_priv.h>

enum { TELL = 32768, SPACE_MIN = 512 };

/* ---- sending ---- */

static bool may_go_on(const struct sock *s)
{
	return inet_may_send(s) || READ_ONCE(s->err) || (READ_ONCE(s->shutdown) & SEND_SHUTDOWN);
}

static bool is_open(const struct sock *s)
{
	return READ_ONCE(s->state) != SS_CONNECTING || READ_ONCE(s->err) ||
	       (READ_ONCE(s->shutdown) & SEND_SHUTDOWN);
}

/* Until @s can take bytes, as far as its state says. 0, -EAGAIN, -EPIPE, -EINTR, or the socket's error. */
static int wait_room(struct sock *s, bool nonblock, uint64_t until)
{
	bool connecting = READ_ONCE(s->state) == SS_CONNECTING;
	int err = 0;

	if (nonblock && !(connecting ? is_open(s) : READ_ONCE(s->in.room) || may_go_on(s)))
		return -EAGAIN;
	if (connecting && !nonblock)
		err = wait_event_mode(&s->wait, is_open(s), PARK_INTERRUPTIBLE, until);
	if (!err && !nonblock)
		err = wait_event_mode(&s->wait, may_go_on(s), PARK_INTERRUPTIBLE, until);
	if (err)
		return sock_wait_error(READ_ONCE(s->sndtimeo), err);
	err = sock_take_error(s);
	if (err)
		return err;
	return READ_ONCE(s->state) != SS_CONNECTED || (READ_ONCE(s->shutdown) & SEND_SHUTDOWN)
		       ? -EPIPE
		       : 0;
}

struct sending {
	struct sock *s;
	bool nonblock;
	uint64_t until;
	long done;
};

/* What fits into the last segment that has not been sent; 0: a new one is better. */
static unsigned space_behind(const struct tcp_pcb *pcb)
{
	const struct tcp_seg *last = pcb->unsent;

	while (last && last->next)
		last = last->next;
	return last && last->len + SPACE_MIN <= pcb->mss ? (unsigned)pcb->mss - last->len : 0;
}

/* A full segment waits, though more is to come. A part of one goes with lwIP's slow clock, should nothing follow. */
static bool is_worth_sending(const struct tcp_pcb *pcb)
{
	const struct tcp_seg *first = pcb->unsent;

	return first && (first->next || first->len >= pcb->mss);
}

/* All @n bytes at @data to lwIP, or none. 0; -EAGAIN: not now; -EPIPE, -ENOBUFS. */
static int write_piece(struct sock *s, const char *data, size_t n, u8_t flags)
{
	struct tcp_pcb *pcb = s->in.tcp;

	if (!pcb || (s->shutdown & SEND_SHUTDOWN))
		return -EPIPE;
	if (n <= pcb->snd_buf && tcp_write(pcb, data, (u16_t)n, flags) == ERR_OK) {
		if (!(flags & TCP_WRITE_FLAG_MORE) || is_worth_sending(pcb))
			(void)tcp_output(pcb);
		WRITE_ONCE(s->in.room, pcb->snd_buf);
		WRITE_ONCE(s->in.space, space_behind(pcb));
		return 0;
	}
	WRITE_ONCE(s->in.room, 0);
	/* No memory for it, and nothing under way whose end could be waited for. */
	return pcb->unacked || pcb->unsent ? -EAGAIN : -ENOBUFS;
}

struct piece {
	char *block; /* lwIP may take it for a packet of its own: else it is freed */
	size_t head, n;
};

static int write_block(struct sock *s, const struct piece *p, bool more)
{
	size_t size = p->head + LWIP_MEM_ALIGN_SIZE(p->n);
	int err;

	inet_lock();
	/* What goes into the last packet's spare room is copied last of all: not out of a block that has become a packet. */
	if (s->in.tcp && s->in.tcp->unsent_oversize)
		size = 0;
	inet_offer(p->block, size);
	err = write_piece(s, p->block + p->head, p->n,
			  TCP_WRITE_FLAG_COPY | (more ? TCP_WRITE_FLAG_MORE : 0));
	if (!inet_taken())
		kfree(p->block);
	inet_unlock();
	return err;
}

/* As much of @m as goes into one packet, as far as can be seen without the lock. 0, -EFAULT, -ENOMEM. */
static int read_piece(const struct sending *w, struct sock_msg *m, struct piece *p)
{
	unsigned space = READ_ONCE(w->s->in.space);

	p->head = inet_packet_head(space);
	p->n = min_of(size_t, m->data.left, space ? space : TCP_MSS);
	if (w->nonblock)
		p->n = min_of(size_t, p->n, READ_ONCE(w->s->in.room));
	p->block = failpoint("inet_send")
			   ? NULL
			   : kmalloc(p->head + LWIP_MEM_ALIGN_SIZE(p->n), GFP_KERNEL);
	if (!p->block)
		return -ENOMEM;
	if (!iter_read(&m->data, p->block + p->head, p->n))
		return 0;
	kfree(p->block);
	return -EFAULT;
}

/* The next piece of @m. 0 or -errno. */
static int send_piece(struct sending *w, struct sock_msg *m)
{
	struct sock_iter before = m->data;
	struct piece p;
	int err = wait_room(w->s, w->nonblock, w->until);

	if (!err)
		err = read_piece(w, m, &p);
	if (err)
		return err;
	err = write_block(w->s, &p,
			  m->data.left || (m->flags & MSG_MORE) || READ_ONCE(w->s->in.cork));
	if (!err)
		w->done += (long)p.n;
	else
		m->data = before;
	return err == -EAGAIN && !w->nonblock ? 0 : err;
}

long inet_tcp_send(struct sock *s, struct sock_msg *m, bool nonblock)
{
	struct sending w = { .s = s,
			     .nonblock = nonblock,
			     .until = sock_deadline(READ_ONCE(s->sndtimeo), nonblock) };
	int err = 0;

	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (!m->data.left)
		err = wait_room(s, nonblock, w.until);
	if (err == -EAGAIN)
		return 0;
	while (!err && m->data.left)
		err = send_piece(&w, m);
	if (err == -EPIPE && !w.done && !(m->flags & MSG_NOSIGNAL))
		signal_send_thread(current_task(), SIGPIPE, NULL);
	return w.done ? w.done : err;
}

/* ---- receiving ---- */

/* The message behind @after (NULL: the first); NULL: none. */
static struct inet_msg *next_msg(struct sock *s, struct inet_msg *after)
{
	struct list_head *n;
	struct inet_msg *m;

	spin_lock(&s->lock);
	n = after ? after->link.next : s->queue.next;
	m = n == &s->queue ? NULL : container_of(n, struct inet_msg, link);
	spin_unlock(&s->lock);
	return m;
}

/* @n bytes have been read: lwIP may let the peer send as many more. */
static void tell_read(struct sock *s, size_t n)
{
	s->in.unrecved += n;
	if (s->in.unrecved < TELL)
		return;
	inet_lock();
	for (; s->in.unrecved; s->in.unrecved -= n) {
		n = min_of(size_t, s->in.unrecved, 0xffff);
		if (s->in.tcp && s->state == SS_CONNECTED)
			tcp_recved(s->in.tcp, (u16_t)n);
	}
	inet_unlock();
}

/* @n bytes of @m have been read; the last: it goes. */
static void consume(struct sock *s, struct inet_msg *m, size_t n)
{
	struct list_head gone = LIST_HEAD_INIT(gone);

	spin_lock(&s->lock);
	s->nr_bytes -= n;
	m->off += (unsigned)n;
	if (m->off == m->p->tot_len) {
		list_del(&m->link);
		list_add(&m->link, &gone);
		s->nr_queued--;
	}
	spin_unlock(&s->lock);
	inet_msgs_free(&gone);
	tell_read(s, n);
}

struct reading {
	unsigned flags;
	bool nonblock;
	uint64_t until;
	size_t target;
	struct inet_msg *last; /* peek: the one before */
	long done;
};

static bool enough_there(const struct sock *s, size_t want)
{
	return READ_ONCE(s->nr_bytes) >= want || READ_ONCE(s->err) ||
	       (READ_ONCE(s->shutdown) & RCV_SHUTDOWN);
}

/* sock->receive is held and let go of while it waits. 0: look again; 1: no more will come; or -errno. */
static int wait_bytes(struct sock *s, const struct reading *r) no_lock_analysis
{
	size_t want = r->target - (size_t)r->done;
	int err;

	if (next_msg(s, r->flags & MSG_PEEK ? r->last : NULL))
		return 0;
	if (r->done && (size_t)r->done >= r->target)
		return 1;
	if (READ_ONCE(s->err))
		return r->done ? 1 : sock_take_error(s);
	if (READ_ONCE(s->shutdown) & RCV_SHUTDOWN)
		return !next_msg(s, r->flags & MSG_PEEK ? r->last : NULL);
	if (READ_ONCE(s->state) != SS_CONNECTED && READ_ONCE(s->state) != SS_CONNECTING)
		return -ENOTCONN;
	if (r->nonblock)
		return -EAGAIN;
	/* One message that is there wakes; more are waited for where that is known to be possible. */
	if (r->flags & MSG_PEEK)
		want += (size_t)r->done;
	want = min_of(size_t, want, TCP_WND / 4);
	mutex_unlock(&s->receive);
	err = wait_event_mode(&s->wait, enough_there(s, want), PARK_INTERRUPTIBLE, r->until);
	mutex_lock(&s->receive);
	return err ? sock_wait_error(READ_ONCE(s->rcvtimeo), err) : 0;
}

/* One message, or a part of it. 0: go on; 1: enough; or -errno. */
static int read_some(struct sock *s, struct sock_msg *out, struct reading *r)
{
	bool peek = r->flags & MSG_PEEK;
	struct inet_msg *m = next_msg(s, peek ? r->last : NULL);
	size_t n;

	if (!m)
		return wait_bytes(s, r);
	n = min_of(size_t, out->data.left, m->p->tot_len - m->off);
	if (r->flags & MSG_TRUNC) /* tcp(7): thrown away */
		out->data.left -= n;
	else if (inet_copy_out(m, m->off, &out->data, n))
		return -EFAULT;
	r->done += (long)n;
	if (peek)
		r->last = m;
	else
		consume(s, m, n);
	return !out->data.left;
}

long inet_tcp_receive(struct sock *s, struct sock_msg *out, bool nonblock)
{
	size_t low = out->flags & MSG_WAITALL ? out->data.left : (size_t)READ_ONCE(s->rcvlowat);
	struct reading r = { .flags = out->flags,
			     .nonblock = nonblock,
			     .until = sock_deadline(READ_ONCE(s->rcvtimeo), nonblock) };
	int ret = 0;

	if (out->flags & MSG_OOB)
		return -EINVAL;
	if (READ_ONCE(s->state) == SS_LISTENING)
		return -ENOTCONN;
	out->flags = 0;
	if (out->addr)
		out->addr->len = 0;
	r.target = min_of(size_t, low ? low : 1, out->data.left);
	mutex_lock(&s->receive);
	while (!ret && out->data.left)
		ret = read_some(s, out, &r);
	mutex_unlock(&s->receive);
	return r.done ? r.done : ret < 0 ? ret : 0;
}
