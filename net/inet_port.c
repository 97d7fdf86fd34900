/*
 * TCP ports that several sockets have: SO_REUSEADDR and SO_REUSEPORT.
 *
 * WHY      lwIP lets all share a port that have its one option, and refuses a second listener for the same address. Linux: sockets with
 *          SO_REUSEADDR share it as long as none of them listens; those of one user with SO_REUSEPORT always do, and the connections
 *          that come are spread over such listeners.
 * COST     bind, listen: the listeners and the bound sockets are walked; a connection to a listener with SO_REUSEPORT: the listeners.
 * LOCKS    core lock.   SOURCES  socket(7), ip(7).   TESTED BY  tests/guest/net_inet.c
 */
#include "fs/file.h"
#include "fs/inode.h"
#include "net/inet_impl.h"

#include <lwip/priv/tcp_priv.h>

static bool overlap(const ip_addr_t *a, const ip_addr_t *b)
{
	if (IP_IS_ANY_TYPE_VAL(*a) || IP_IS_ANY_TYPE_VAL(*b))
		return true;
	if (IP_IS_V6(a) != IP_IS_V6(b))
		return false;
	return ip_addr_isany(a) || ip_addr_isany(b) || ip_addr_cmp(a, b);
}

static bool may_share(const struct sock *s, const struct sock *o, bool listens)
{
	unsigned both = READ_ONCE(s->flags) & READ_ONCE(o->flags);

	if ((both & SKF_REUSEADDR) && !listens)
		return true;
	return (both & SKF_REUSEPORT) && s->file && o->file &&
	       s->file->inode->uid == o->file->inode->uid;
}

static bool taken_by(const struct tcp_pcb *list, const struct sock *s, const ip_addr_t *ip,
		     uint16_t port)
{
	for (const struct tcp_pcb *p = list; p; p = p->next) {
		const struct sock *o = p->callback_arg;

		if (p->local_port == port && o && o != s && overlap(ip, &p->local_ip) &&
		    !may_share(s, o, p->state == LISTEN))
			return true;
	}
	return false;
}

bool inet_port_taken(const struct sock *s, const ip_addr_t *ip, uint16_t port)
{
	return taken_by(tcp_listen_pcbs.pcbs, s, ip, port) || taken_by(tcp_bound_pcbs, s, ip, port);
}

/* Listeners that connections to @l are spread over, @l among them: the one behind @skip others; NULL: there are no more. */
static struct sock *one_of(const struct sock *l, unsigned skip)
{
	for (const struct tcp_pcb *p = tcp_listen_pcbs.pcbs; p; p = p->next) {
		struct sock *o = p->callback_arg;

		if (p->local_port == l->in.tcp->local_port && o && o->ops == l->ops &&
		    (READ_ONCE(o->flags) & SKF_REUSEPORT) &&
		    ip_addr_cmp(&p->local_ip, &l->in.tcp->local_ip) && !skip--)
			return o;
	}
	return NULL;
}

struct sock *inet_port_listener(struct sock *l, struct tcp_pcb *child)
{
	struct tcp_pcb_listen *listener;
	struct sock *o;
	unsigned n = 0;

	if (!(READ_ONCE(l->flags) & SKF_REUSEPORT))
		return l;
	while (one_of(l, n))
		n++;
	o = n > 1 ? one_of(l, child->remote_port % n) : l;
	listener = (struct tcp_pcb_listen *)o->in.tcp;
	if (o == l || listener->accepts_pending >= listener->backlog)
		return l; /* whose backlog has room: lwIP has asked */
	child->listener = listener;
	return o;
}
