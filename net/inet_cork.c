/*
 * UDP_CORK and MSG_MORE: one datagram of what several calls send.
 *
 * OWNS     sock->in.corked, a datagram that has not gone: until the cork is drawn, a call without MSG_MORE, an error or release.
 * WHY      the first call says whom it is for and how it goes; the others add bytes, whatever they say of that, as on Linux.
 * COST     it is one packet in one piece: each addition copies what was there (64 KiB at most). A chain of pieces would be
 *          walked as often, and could take a thousand times the memory of its bytes.
 * LOCKS    core lock.   CONTEXT  tasks.
 * FAILS    ENOBUFS, EMSGSIZE and what sending says: the datagram is dropped then.
 * SOURCES  udp(7), send(2).   TESTED BY  tests/guest/net_inet_dgram.c
 */
#include "base/errno.h"
#include "net/inet_impl.h"

struct inet_corked {
	struct pbuf *p;
	ip_addr_t to;
	uint16_t port;
	struct inet_how how;
};

static void corked_free(struct inet_corked *c)
{
	if (!c)
		return;
	(void)pbuf_free(c->p);
	inet_free(c);
}

void inet_cork_drop(struct sock *s)
{
	struct inet_corked *c = s->in.corked;

	WRITE_ONCE(s->in.corked, NULL);
	corked_free(c);
}

bool inet_corked_for(struct sock *s, ip_addr_t *to, uint16_t *port)
{
	const struct inet_corked *c;

	if (!READ_ONCE(s->in.corked))
		return false;
	inet_lock();
	c = s->in.corked;
	if (c) {
		ip_addr_copy(*to, c->to);
		*port = c->port;
	}
	inet_unlock();
	return c;
}

int inet_uncork(struct sock *s)
{
	struct inet_corked *c = s->in.corked;
	int err = 0;

	WRITE_ONCE(s->in.corked, NULL);
	if (c)
		err = inet_dgram_out(s, c->p, &c->how, &c->to, c->port);
	corked_free(c);
	return err;
}

/* The first part of a datagram. 0 or -ENOBUFS. */
static int begin(struct sock *s, struct pbuf *p, const struct inet_how *how, const ip_addr_t *to,
		 uint16_t port)
{
	struct inet_corked *c = inet_malloc(sizeof(*c));

	if (!c)
		return -ENOBUFS;
	pbuf_ref(p);
	*c = (struct inet_corked){ .p = p, .to = *to, .port = port, .how = *how };
	WRITE_ONCE(s->in.corked, c);
	return 0;
}

/* 0, -EMSGSIZE, -ENOBUFS. */
static int add(struct inet_corked *c, const struct pbuf *p)
{
	struct pbuf *both;

	if (c->p->tot_len + p->tot_len > UDP_MAX)
		return -EMSGSIZE;
	both = pbuf_alloc(PBUF_TRANSPORT, (u16_t)(c->p->tot_len + p->tot_len), PBUF_RAM);
	if (!both)
		return -ENOBUFS;
	(void)pbuf_copy_partial(c->p, both->payload, c->p->tot_len, 0);
	(void)pbuf_copy_partial(p, (char *)both->payload + c->p->tot_len, p->tot_len, 0);
	(void)pbuf_free(c->p);
	c->p = both;
	return 0;
}

int inet_cork(struct sock *s, struct pbuf *p, const struct inet_how *how, ip_addr_t *to,
	      uint16_t port, bool more)
{
	int err;

	if (!s->in.corked && !more)
		return inet_dgram_out(s, p, how, to, port);
	err = s->in.corked ? add(s->in.corked, p) : begin(s, p, how, to, port);
	if (err)
		inet_cork_drop(s);
	return err || more ? err : inet_uncork(s);
}
