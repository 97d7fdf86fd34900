/*
 * NETLINK_SOCK_DIAG: TCP and UDP sockets as ss(8) asks for them.
 *
 *	request ── core lock: one message for each socket, in datagrams ── without it: the datagrams, NLMSG_DONE, to who asked
 *
 * WHY      the lists are those of /proc/net/tcp and udp (inet_proc.c); only the form is another.
 * I1       memory is asked for under the core lock as lwIP asks for it: without waiting for reclaim.
 * LOCKS    core lock.   CONTEXT  tasks; may sleep.
 * FAILS    ENOENT: a family or protocol that is not told this way (unix, packet, raw: ss then reads /proc/net); EOPNOTSUPP: one socket,
 *          or its end; EINVAL; ENOBUFS: more sockets than a netlink socket has room for, ENOMEM.
 * SOURCES  sock_diag(7).   TESTED BY  tests/guest/net_diag.c
 */
#include "base/errno.h"
#include "fs/file.h"
#include "fs/inode.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "net/inet_netlink.h"
#include "net/netlink_unit.h"
#include "sync/failpoint.h"

enum { NETLINK_SOCK_DIAG = 4, TCPDIAG_GETSOCK = 18, DCCPDIAG_GETSOCK, SOCK_DIAG_BY_FAMILY };
enum {
	REQUEST_PROTOCOL = 3,
	DIAG_INFO = 2,
	DIAG_SHUTDOWN = 8,
	DIAG_V6ONLY = 11,
	MESSAGE_MOST = 384
};
enum { AF_MAX = 46, STATE_CLOSE = 7, STATE_LISTEN = 10 };

struct diag_id {
	uint16_t sport, dport; /* in network order, as the addresses */
	uint32_t src[4], dst[4];
	uint32_t ifindex, cookie[2];
};
struct diag_request {
	uint8_t family, protocol, ext, pad;
	uint32_t states;
	struct diag_id id;
};
struct diag_body {
	uint8_t family, state, timer, retrans;
	struct diag_id id;
	uint32_t expires, rqueue, wqueue, uid, inode;
};
_Static_assert(sizeof(struct diag_body) == 72 && sizeof(struct diag_request) == 56, "Linux's");

/* A list under way. */
struct dump {
	const struct nl_header *q;
	struct diag_request want;
	struct list_head datagrams; /* struct nl_msg */
	int err;
};

static struct nl_msg *new_datagram(struct dump *d)
{
	struct nl_msg *m = failpoint("diag_msg")
				   ? NULL
				   : kmalloc(sizeof(*m), GFP_NOIO | __GFP_NORETRY | __GFP_NOWARN);

	if (!m) {
		d->err = -ENOMEM;
		return NULL;
	}
	m->len = 0;
	m->full = false;
	list_add_tail(&m->link, &d->datagrams);
	return m;
}

/* An address is four words; IPv4's is the first. */
static void set_address(uint32_t to[4], const struct inet_end *e, bool v6)
{
	if (v6)
		memcpy(to, e->addr, sizeof(e->addr));
	else
		to[0] = e->addr[3];
}

static void say_socket(void *arg, const struct inet_line *l)
{
	struct dump *d = arg;
	bool v6 = d->want.family == AF_INET6;
	const struct file *f = l->s ? l->s->file : NULL;
	struct diag_body b = { .family = d->want.family,
			       .state = (uint8_t)l->state,
			       .id = { .sport = lwip_htons(l->local.port),
				       .dport = lwip_htons(l->remote.port),
				       .ifindex = l->s ? l->s->in.ifindex : 0,
				       .cookie = { UINT32_MAX, UINT32_MAX } },
			       .rqueue = l->rx,
			       .wqueue = l->state == STATE_LISTEN ? l->backlog : l->tx,
			       .uid = f ? f->inode->uid : 0,
			       .inode = f ? (uint32_t)f->inode->ino : 0 };
	struct nl_msg *m;
	uint8_t byte;
	unsigned start;

	if (d->err || !(d->want.states >> l->state & 1))
		return;
	m = list_empty(&d->datagrams) ? NULL : list_last(&d->datagrams, struct nl_msg, link);
	if (!m || NL_MESSAGE - m->len < MESSAGE_MOST)
		m = new_datagram(d);
	if (!m)
		return;
	set_address(b.id.src, &l->local, v6);
	set_address(b.id.dst, &l->remote, v6);
	start = nl_begin(m, d->q, SOCK_DIAG_BY_FAMILY, &b, sizeof(b));
	byte = l->s ? (uint8_t)l->s->shutdown : 0;
	nl_attr(m, DIAG_SHUTDOWN, &byte, sizeof(byte));
	byte = l->s && l->s->in.v6only;
	if (v6 && (l->state == STATE_LISTEN || l->state == STATE_CLOSE))
		nl_attr(m, DIAG_V6ONLY, &byte, sizeof(byte));
	if (l->s && inet_is_tcp(l->s) && (d->want.ext & 1U << (DIAG_INFO - 1))) {
		struct tcp_info_k info;

		inet_tcp_info(l->s, &info);
		nl_attr(m, DIAG_INFO, &info, sizeof(info));
	}
	nl_end(m, start);
}

/* What was gathered goes to the socket numbered @port. */
static int send_all(struct dump *d, uint32_t port)
{
	int err = d->err;

	while (!list_empty(&d->datagrams)) {
		struct nl_msg *m = list_first(&d->datagrams, struct nl_msg, link);

		list_del(&m->link);
		if (!err)
			err = netlink_unit_send(NETLINK_SOCK_DIAG, port, m->data, m->len);
		kfree(m);
	}
	return err == -EAGAIN ? -ENOBUFS : err;
}

/* The protocol that is asked for: an attribute has room for the numbers from 256 on. */
static unsigned protocol_of(const struct diag_request *want, const char *body, unsigned len)
{
	unsigned size;
	const char *value = nl_find(body, len, sizeof(*want), REQUEST_PROTOCOL, &size);
	uint32_t v = want->protocol;

	if (value && size == sizeof(v))
		memcpy(&v, value, sizeof(v));
	return v;
}

/* An error before the list begins; what comes of the list itself is *done, and stands in its NLMSG_DONE. */
static int list_sockets(const struct nl_header *q, const char *body, unsigned len, uint32_t port,
			int *done)
{
	struct dump d = { .q = q, .datagrams = LIST_HEAD_INIT(d.datagrams) };
	unsigned protocol;
	bool v6;

	if (q->type == TCPDIAG_GETSOCK || q->type == DCCPDIAG_GETSOCK)
		return -EOPNOTSUPP; /* of ss before 2012 */
	if (q->type != SOCK_DIAG_BY_FAMILY || !len)
		return -EINVAL;
	if (body[0] != AF_INET && body[0] != AF_INET6)
		return (uint8_t)body[0] < AF_MAX ? -ENOENT : -EINVAL;
	if (len < sizeof(d.want))
		return -EINVAL;
	memcpy(&d.want, body, sizeof(d.want));
	protocol = protocol_of(&d.want, body, len);
	if ((q->flags & NLM_F_DUMP) != NLM_F_DUMP)
		return -EOPNOTSUPP;
	if (protocol != IP_PROTO_NUMBER_TCP && protocol != IP_PROTO_NUMBER_UDP &&
	    protocol != IP_PROTO_NUMBER_LITE) {
		*done = -ENOENT;
		return 0;
	}
	v6 = d.want.family == AF_INET6;
	inet_lock();
	if (protocol == IP_PROTO_NUMBER_TCP)
		inet_each_tcp(v6, say_socket, &d);
	else
		inet_each_udp(v6, (int)protocol, say_socket, &d);
	inet_unlock();
	*done = send_all(&d, port);
	return 0;
}

static int answer(const struct nl_header *q, const char *body, unsigned len, uint32_t port)
{
	int done = 0, err = list_sockets(q, body, len, port, &done);
	struct nl_msg *end = failpoint("diag_end") ? NULL : kmalloc(sizeof(*end), GFP_KERNEL);

	if (!end)
		return -ENOMEM;
	end->len = 0;
	end->full = false;
	if (err)
		nl_close_answer(end, q, err, body, len);
	else
		nl_end(end, nl_begin(end, q, NLMSG_DONE, &done, sizeof(done)));
	err = netlink_unit_send(NETLINK_SOCK_DIAG, port, end->data, end->len);
	kfree(end);
	return err;
}

static int diag_input(struct netlink_unit *u, const void *data, unsigned len, uint32_t port)
{
	const char *p = data;
	int err = 0;

	(void)u;
	while (len >= NL_HEADER && !err) {
		struct nl_header q;
		unsigned step;

		memcpy(&q, p, sizeof(q));
		if (q.len < NL_HEADER || q.len > len)
			break;
		q.pid = port;
		if ((q.flags & NLM_F_REQUEST) && q.type > NLMSG_DONE)
			err = answer(&q, p + NL_HEADER, q.len - NL_HEADER, port);
		step = min_of(unsigned, (q.len + 3) & ~3U, len);
		p += step;
		len -= step;
	}
	return err;
}

void inet_diag_init(void)
{
	static struct netlink_unit unit = { .protocol = NETLINK_SOCK_DIAG, .input = diag_input };

	must(netlink_unit_add(&unit) == 0);
}
