/*
 * Protocols of AF_NETLINK beside NETLINK_ROUTE: a program's socket here, a module's function there.
 *
 *   send: nl_unit_input ── the unit's function, in the sender's task      netlink_unit_send, _tell ── queue ── receive
 *
 * OWNS     the list of units.
 * I1       a unit whose function runs has users, and is not removed until it has none.
 * LOCKS    units_lock; not held in a unit's function, nor with nl_lock.   CONTEXT  tasks; may sleep.
 * FAILS    ENOMEM, EAGAIN, ECONNREFUSED, ESRCH, ENOBUFS.
 * SOURCES  netlink(7).   TESTED BY  tests/guest/module_course.c
 */
#include "net/inet_netlink.h"

#include "base/errno.h"
#include "kernel/task.h"
#include "mm/slab.h"
#include "net/netlink_unit.h"

static struct spinlock units_lock = SPINLOCK_INIT(RANK_OBJECT);
static struct list_head units = LIST_HEAD_INIT(units);

static struct netlink_unit *find_unit(int protocol) must_hold(units_lock)
{
	struct netlink_unit *u;

	list_for_each_entry (u, &units, link)
		if (u->protocol == protocol)
			return u;
	return NULL;
}

int netlink_unit_add(struct netlink_unit *u)
{
	int err = -EPROTONOSUPPORT;

	if (u->protocol <= 0 || u->protocol >= NETLINK_UNITS)
		return err;
	spin_lock(&units_lock);
	err = find_unit(u->protocol) ? -EADDRINUSE : 0;
	if (!err) {
		u->users = 0;
		list_add(&u->link, &units);
	}
	spin_unlock(&units_lock);
	return err;
}

void netlink_unit_remove(struct netlink_unit *u)
{
	spin_lock(&units_lock);
	list_del(&u->link);
	while (u->users) {
		spin_unlock(&units_lock);
		sched_yield_current();
		spin_lock(&units_lock);
	}
	spin_unlock(&units_lock);
}

bool nl_unit_known(int protocol)
{
	bool known;

	spin_lock(&units_lock);
	known = find_unit(protocol) != NULL;
	spin_unlock(&units_lock);
	return known;
}

int nl_unit_input(struct sock *s, const void *data, unsigned len)
{
	struct netlink_unit *u;
	int err;

	spin_lock(&units_lock);
	u = find_unit(s->in.protocol);
	if (u)
		u->users++;
	spin_unlock(&units_lock);
	if (!u)
		return -ECONNREFUSED;
	err = u->input(u, data, len, s->in.local.addr[0]);
	spin_lock(&units_lock);
	u->users--;
	spin_unlock(&units_lock);
	return err;
}

int netlink_unit_send(int protocol, uint32_t port, const void *data, unsigned len)
{
	struct sock *s = nl_find_socket(protocol, port);
	int err;

	if (!s)
		return -ECONNREFUSED;
	err = nl_datagram(s, data, len, 0);
	sock_put(s);
	return err;
}

unsigned netlink_unit_listeners(int protocol, unsigned group)
{
	return nl_listeners(protocol, group, NULL, 0);
}

/* Who begins to listen meanwhile may miss it. */
int netlink_unit_tell(int protocol, unsigned group, uint32_t except, const void *data, unsigned len)
{
	const unsigned max = netlink_unit_listeners(protocol, group);
	unsigned n, told = 0;
	struct sock **all;
	int err = 0;

	if (!max)
		return -ESRCH;
	all = kcalloc(max, sizeof(all[0]), GFP_KERNEL);
	if (!all)
		return -ENOBUFS;
	n = min_of(unsigned, nl_listeners(protocol, group, all, max), max);
	for (unsigned i = 0; i < n; i++) {
		if (!except || all[i]->in.local.addr[0] != except) {
			told++;
			if (nl_datagram(all[i], data, len, group))
				err = -ENOBUFS;
		}
		sock_put(all[i]);
	}
	kfree(all);
	return err ? err : told ? 0 : -ESRCH;
}
