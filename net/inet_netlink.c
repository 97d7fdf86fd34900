/*
 * AF_NETLINK: NETLINK_ROUTE, what C libraries and ip(8) ask about interfaces, addresses and routes; and protocols that modules have
 * (inet_netlink_unit.c).
 *
 *   send: each request ── route_answer ── one datagram of all messages | NLMSG_DONE, or NLMSG_ERROR ── queue ── receive
 *
 * OWNS     netlink sockets: their numbers, their queues.
 * WHY      a request is answered before send returns: nothing is asked for that takes time.
 * I1       a socket's number is no other's of its protocol: the process's, or one above all processes'.
 * LOCKS    nl_lock for the list of numbers; the socket's lock for its queue; the core lock while lwIP's lists are read.
 * CONTEXT  tasks; may sleep.
 * FAILS    ENOBUFS, ENOMEM, EPROTONOSUPPORT (other families), EADDRINUSE, EINVAL.
 * I2       a note (net/netlink_note.h) finds room whatever is queued; none is made for a socket that is full, so they are few more.
 * NOT HERE what is said (inet_route.c); groups of routes: nobody is told of changes; datagrams from program to program.
 * SOURCES  netlink(7), rtnetlink(7).   TESTED BY  tests/guest/net_netlink.c
 */
#include "net/inet_netlink.h"

#include "arch/uaccess.h"
#include "base/errno.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "net/netlink_unit.h"
#include "sync/failpoint.h"

enum { QUEUE_MOST = 64, REQUEST_MOST = 4096, UNIT_REQUEST_MOST = 32768, OWN_NUMBERS = 0x40000000 };
enum { NETLINK_ADD_MEMBERSHIP = 1, NETLINK_DROP_MEMBERSHIP };

struct sockaddr_nl {
	uint16_t family, pad;
	uint32_t pid, groups;
};

static struct spinlock nl_lock = SPINLOCK_INIT(RANK_OBJECT);
static struct list_head numbered = LIST_HEAD_INIT(numbered); /* by accept */
static uint32_t last_number = OWN_NUMBERS;		     /* n: nl_lock */

/* ---- messages ---- */

static unsigned aligned(unsigned n)
{
	return (n + 3) & ~3U;
}

static void put(struct nl_msg *m, const void *data, unsigned len)
{
	if (m->full || aligned(len) > NL_MESSAGE - m->len) {
		m->full = true;
		return;
	}
	memcpy(m->data + m->len, data, len);
	memset(m->data + m->len + len, 0, aligned(len) - len);
	m->len += aligned(len);
}

unsigned nl_begin(struct nl_msg *m, const struct nl_header *q, unsigned type, const void *body,
		  unsigned len)
{
	const struct nl_header h = { .type = (uint16_t)type,
				     .flags = (q->flags & NLM_F_DUMP) == NLM_F_DUMP ? NLM_F_MULTI
										    : 0,
				     .seq = q->seq,
				     .pid = q->pid };
	unsigned start = m->len;

	put(m, &h, sizeof(h));
	put(m, body, len);
	return start;
}

void nl_attr(struct nl_msg *m, unsigned type, const void *value, unsigned len)
{
	const uint16_t head[2] = { (uint16_t)(sizeof(head) + len), (uint16_t)type };

	put(m, head, sizeof(head));
	put(m, value, len);
}

void nl_attr32(struct nl_msg *m, unsigned type, uint32_t v)
{
	nl_attr(m, type, &v, sizeof(v));
}

const char *nl_find(const char *body, unsigned len, unsigned at, unsigned type, unsigned *size)
{
	while (at + 4 <= len) {
		uint16_t head[2];

		memcpy(head, body + at, sizeof(head));
		if (head[0] < sizeof(head) || head[0] > len - at)
			return NULL;
		*size = head[0] - (unsigned)sizeof(head);
		if (head[1] == type)
			return body + at + sizeof(head);
		at += aligned(head[0]);
	}
	return NULL;
}

/* One that had no room is taken back. */
void nl_end(struct nl_msg *m, unsigned start)
{
	uint32_t len = m->len - start;

	if (m->full)
		m->len = start;
	else
		memcpy(m->data + start, &len, sizeof(len));
}

/* ---- the queue ---- */

static struct nl_msg *msg_new(void)
{
	struct nl_msg *m = failpoint("nl_msg") ? NULL : kmalloc(sizeof(*m), GFP_KERNEL);

	if (m) {
		m->len = 0;
		m->full = false;
		m->to = NULL;
		m->group = 0;
	}
	return m;
}

static void queue(struct sock *s, struct nl_msg *m)
{
	bool room, dead;

	spin_lock(&s->lock);
	dead = READ_ONCE(s->state) ==
	       SS_DEAD; /* nl_release empties the queue after it has said so */
	room = !dead && (m->to || s->nr_queued < QUEUE_MOST);
	if (room) {
		list_add_tail(&m->link, &s->queue);
		s->nr_queued++;
		s->nr_bytes += m->len;
	} else if (!dead) {
		s->err = ENOBUFS;
	}
	spin_unlock(&s->lock);
	if (!room)
		kfree(m);
	waitq_wake_all(&s->wait);
}

static struct nl_msg *first(struct sock *s, bool take)
{
	struct nl_msg *m = NULL;

	spin_lock(&s->lock);
	if (!list_empty(&s->queue)) {
		m = list_entry(s->queue.next, struct nl_msg, link);
		if (take) {
			list_del(&m->link);
			s->nr_queued--;
			s->nr_bytes -= m->len;
		}
	}
	spin_unlock(&s->lock);
	return m;
}

int nl_datagram(struct sock *s, const void *data, unsigned len, unsigned group)
{
	struct nl_msg *m;

	if (!group && READ_ONCE(s->nr_queued) >= QUEUE_MOST)
		return -EAGAIN;
	m = failpoint("nl_datagram") ? NULL
				     : kmalloc(offsetof(struct nl_msg, data) + len, GFP_KERNEL);
	if (!m)
		return -ENOMEM;
	m->len = len;
	m->full = false;
	m->to = NULL;
	m->group = group;
	memcpy(m->data, data, len);
	queue(s, m);
	return 0;
}

/* ---- notes of the kernel's ---- */

int nl_note_make(struct sock *s, const void *text, unsigned len, struct nl_msg **out)
{
	struct nl_msg *m;

	if (READ_ONCE(s->nr_queued) >= QUEUE_MOST)
		return -EAGAIN;
	m = msg_new();
	if (!m)
		return -ENOMEM;
	memcpy(m->data, text, len);
	m->len = len;
	m->group = 0;
	m->to = sock_get(s);
	*out = m;
	return 0;
}

void nl_note_send(struct nl_msg *note, char last)
{
	struct sock *s = note->to;

	note->data[note->len - 1] = last;
	queue(s, note);
	sock_put(s);
}

void nl_note_drop(struct nl_msg *note)
{
	sock_put(note->to);
	kfree(note);
}

/* ---- numbers ---- */

static struct sock *numbered_so(int protocol, uint32_t n) must_hold(nl_lock)
{
	struct sock *s;

	list_for_each_entry (s, &numbered, accept) {
		if (s->in.local.addr[0] == n && s->in.protocol == protocol)
			return s;
	}
	return NULL;
}

struct sock *nl_find_socket(int protocol, uint32_t port)
{
	struct sock *s;

	spin_lock(&nl_lock);
	s = port ? numbered_so(protocol, port) : NULL;
	if (s)
		sock_get(s);
	spin_unlock(&nl_lock);
	return s;
}

unsigned nl_listeners(int protocol, unsigned group, struct sock **out, unsigned max)
{
	struct sock *s;
	unsigned n = 0;

	spin_lock(&nl_lock);
	list_for_each_entry (s, &numbered, accept) {
		if (s->in.protocol != protocol || !(s->in.groups >> (group - 1) & 1))
			continue;
		if (n < max)
			out[n] = sock_get(s);
		n++;
	}
	spin_unlock(&nl_lock);
	return n;
}

/* @n 0: any. */
static int number_take(struct sock *s, uint32_t n)
{
	int err = 0;

	spin_lock(&nl_lock);
	if (s->in.local.addr[0]) {
		err = n && n != s->in.local.addr[0] ? -EINVAL : 0;
	} else {
		if (!n)
			for (n = (uint32_t)current_task()->tgid; numbered_so(s->in.protocol, n);)
				n = ++last_number;
		err = numbered_so(s->in.protocol, n) ? -EADDRINUSE : 0;
		if (!err) {
			s->in.local.addr[0] = n;
			list_add(&s->accept, &numbered);
		}
	}
	spin_unlock(&nl_lock);
	return err;
}

/* ---- calls ---- */

static int nl_create(int type, int protocol, struct sock **out)
{
	int err;

	if (type != SOCK_RAW && type != SOCK_DGRAM)
		return -ESOCKTNOSUPPORT;
	if (protocol && !nl_unit_known(protocol)) /* NETLINK_ROUTE is 0 */
		return -EPROTONOSUPPORT;
	err = inet_start();
	if (err)
		return err;
	*out = sock_new(&netlink_ops, type);
	if (!*out)
		return -ENOMEM;
	(*out)->in.protocol = protocol;
	return 0;
}

static void nl_attach(struct sock *s, struct file *f)
{
	s->file = f;
}

static void nl_free(struct sock *s)
{
	(void)s;
}

static void nl_release(struct sock *s)
{
	struct nl_msg *m;

	spin_lock(&nl_lock);
	if (s->in.local.addr[0])
		list_del_init(&s->accept);
	spin_unlock(&nl_lock);
	s->file = NULL;
	WRITE_ONCE(s->state, SS_DEAD);
	while ((m = first(s, true)) != NULL)
		kfree(m);
	sock_put(s);
}

static void set_groups(struct sock *s, uint32_t with, uint32_t without)
{
	spin_lock(&nl_lock);
	s->in.groups = (s->in.groups & ~without) | with;
	spin_unlock(&nl_lock);
}

static int nl_bind(struct sock *s, const struct sock_addr *a)
{
	struct sockaddr_nl nl;
	int err;

	memcpy(&nl, a->bytes, sizeof(nl));
	if (a->len < (int)sizeof(nl) || nl.family != AF_NETLINK)
		return -EINVAL;
	err = number_take(s, nl.pid);
	if (!err)
		set_groups(s, nl.groups, ~0U);
	return err;
}

/* The kernel is number 0; who sends to another hears that nobody is there. */
static int nl_connect(struct sock *s, const struct sock_addr *a, bool nonblock)
{
	struct sockaddr_nl nl;

	memcpy(&nl, a->bytes, sizeof(nl));
	if (a->len < (int)sizeof(nl) || nl.family != AF_NETLINK)
		return -EINVAL;
	s->in.remote.addr[0] = nl.pid;
	return number_take(s, 0);
}

static int nl_listen(struct sock *s, int backlog)
{
	return -EOPNOTSUPP;
}

static struct sock *nl_accept(struct sock *l, struct file *f)
{
	return NULL;
}

static int nl_shutdown(struct sock *s, unsigned how)
{
	return -EOPNOTSUPP;
}

static void set_addr(struct sock_addr *a, uint32_t pid, uint32_t groups)
{
	const struct sockaddr_nl nl = { .family = AF_NETLINK, .pid = pid, .groups = groups };

	memcpy(a->bytes, &nl, sizeof(nl));
	a->len = sizeof(nl);
}

static int nl_name(struct sock *s, bool peer, struct sock_addr *out)
{
	set_addr(out, peer ? s->in.remote.addr[0] : s->in.local.addr[0], peer ? 0 : s->in.groups);
	return 0;
}

void nl_close_answer(struct nl_msg *m, const struct nl_header *q, int err, const void *rest,
		     unsigned len)
{
	bool list = (q->flags & NLM_F_DUMP) == NLM_F_DUMP && !err;
	struct {
		int error;
		struct nl_header of;
	} body = { err, *q };

	unsigned start;

	if (list)
		start = nl_begin(m, q, NLMSG_DONE, &body.error, sizeof(body.error));
	else
		start = nl_begin(m, q, NLMSG_ERROR, &body, sizeof(body));
	if (err && len <= NL_MESSAGE - m->len)
		put(m, rest, len);
	nl_end(m, start);
}

static int answer(struct sock *s, const struct nl_header *q, const void *body, unsigned len)
{
	struct nl_msg *m = msg_new(), *end = msg_new();
	int err = m && end ? 0 : -ENOMEM;

	if (err) {
		kfree(m);
		kfree(end);
		return err;
	}
	err = route_answer(m, q, body, len);
	if (!err && m->len)
		queue(s, m);
	else
		kfree(m);
	if (err || (q->flags & NLM_F_ACK) || (q->flags & NLM_F_DUMP) == NLM_F_DUMP) {
		nl_close_answer(end, q, err, body, len);
		queue(s, end);
	} else {
		kfree(end);
	}
	return 0;
}

static int answer_all(struct sock *s, const char *data, size_t len)
{
	int err = 0;

	while (len >= NL_HEADER && !err) {
		struct nl_header q;
		size_t step;

		memcpy(&q, data, sizeof(q));
		if (q.len < NL_HEADER || q.len > len)
			break;
		q.pid = s->in.local.addr[0];
		if ((q.flags & NLM_F_REQUEST) && q.type > NLMSG_DONE)
			err = answer(s, &q, data + NL_HEADER, q.len - NL_HEADER);
		step = aligned(q.len);
		step = min_of(size_t, step, len);
		data += step;
		len -= step;
	}
	return err;
}

/* May @s send there? To the kernel, that is. */
static int check_target(const struct sock *s, const struct sock_addr *a)
{
	struct sockaddr_nl nl = { .family = AF_NETLINK, .pid = s->in.remote.addr[0] };

	if (a && s->in.protocol) {
		memcpy(&nl, a->bytes, sizeof(nl));
		if (a->len < (int)sizeof(nl) || nl.family != AF_NETLINK)
			return -EINVAL;
		if (nl.groups)
			return -EPERM;
	}
	return nl.pid && (!a || s->in.protocol) ? -ECONNREFUSED : 0;
}

static long nl_send(struct sock *s, struct sock_msg *m, bool nonblock)
{
	size_t len = m->data.left;
	char *buf;
	int err;

	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (len > (s->in.protocol ? UNIT_REQUEST_MOST : REQUEST_MOST))
		return -EMSGSIZE;
	if (!len && s->in.protocol)
		return -ENODATA;
	err = check_target(s, m->addr);
	if (!err)
		err = number_take(s, 0);
	if (err)
		return err;
	buf = failpoint("nl_request") ? NULL : kmalloc(len + 1, GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	err = iter_read(&m->data, buf, len);
	if (!err && s->in.protocol)
		err = nl_unit_input(s, buf, (unsigned)len);
	else if (!err)
		err = answer_all(s, buf, len);
	kfree(buf);
	return err ? err : (long)len;
}

static long read_msg(struct sock *s, struct sock_msg *out)
{
	unsigned flags = out->flags;
	struct nl_msg *m = first(s, false);
	size_t n = min_of(size_t, m->len, out->data.left), len = m->len;
	int err = iter_write(&out->data, m->data, n);

	if (out->addr)
		set_addr(out->addr, 0, m->group ? 1U << (m->group - 1) : 0);
	out->flags = n < len ? MSG_TRUNC : 0;
	if (!(flags & MSG_PEEK))
		kfree(first(s, true));
	return err ? err : (long)(flags & MSG_TRUNC ? len : n);
}

static long nl_receive(struct sock *s, struct sock_msg *out, bool nonblock)
{
	uint64_t timeo = READ_ONCE(s->rcvtimeo), until = sock_deadline(timeo, nonblock);
	long ret;

	if (out->flags & MSG_OOB)
		return -EOPNOTSUPP;
	mutex_lock(&s->receive);
	ret = sock_take_error(s);
	if (!ret && nonblock && list_empty(&s->queue))
		ret = -EAGAIN;
	else if (!ret)
		ret = wait_event_mode(&s->wait, !list_empty(&s->queue), PARK_INTERRUPTIBLE, until);
	if (ret && ret != -EAGAIN && ret != -ENOBUFS)
		ret = sock_wait_error(timeo, (int)ret);
	if (!ret)
		ret = read_msg(s, out);
	mutex_unlock(&s->receive);
	return ret;
}

static unsigned nl_poll(struct sock *s, struct poll_table *pt)
{
	unsigned ready = POLLOUT | POLLWRNORM | POLLWRBAND;

	poll_wait(pt, &s->wait);
	if (READ_ONCE(s->nr_queued))
		ready |= POLLIN | POLLRDNORM;
	return READ_ONCE(s->err) ? ready | POLLERR : ready;
}

/* Packet information, strict checks, groups of routes: taken, as nothing comes of them. */
static int nl_set_option(struct sock *s, int level, int name, uaddr_t value, int len)
{
	unsigned group;

	if (level != SOL_NETLINK || name < 1 || name > 12)
		return -ENOPROTOOPT;
	if (name > NETLINK_DROP_MEMBERSHIP || !s->in.protocol)
		return 0;
	if (len < (int)sizeof(group))
		return -EINVAL;
	if (copy_from_user(&group, value, sizeof(group)))
		return -EFAULT;
	if (!group || group > NETLINK_GROUPS)
		return -EINVAL;
	set_groups(s, name == NETLINK_ADD_MEMBERSHIP ? 1U << (group - 1) : 0, 1U << (group - 1));
	return 0;
}

static int nl_bytes_to_read(struct sock *s)
{
	return (int)READ_ONCE(s->nr_bytes);
}

static int nl_bytes_to_send(struct sock *s)
{
	return 0;
}

const struct sock_ops netlink_ops = {
	.family = AF_NETLINK,
	.create = nl_create,
	.attach = nl_attach,
	.release = nl_release,
	.free = nl_free,
	.bind = nl_bind,
	.connect = nl_connect,
	.listen = nl_listen,
	.accept = nl_accept,
	.name = nl_name,
	.shutdown = nl_shutdown,
	.send = nl_send,
	.receive = nl_receive,
	.poll = nl_poll,
	.set_option = nl_set_option,
	.bytes_to_read = nl_bytes_to_read,
	.bytes_to_send = nl_bytes_to_send,
};
