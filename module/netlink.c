/*
 * Modules' ends of netlink: programs send to a function of theirs, they send to programs.
 *
 *   program: sendmsg ── net/inet_netlink_unit.c ── an skb ── cfg.input(skb)         netlink_unicast(skb) ── the program's queue
 *
 * OWNS     the ends that modules have made; the buffers until they are freed.
 * I1       no end has a function of a module that has gone: what it forgets is removed, with a warning.
 * LOCKS    ends_lock (a mutex) for the list.   CONTEXT  threads; sleep. input: the sender's task.
 * FAILS    NULL, -ECONNREFUSED, -EAGAIN, -ESRCH, -ENOBUFS, -ENOMEM.
 * NOT HERE attributes and generic netlink; who may send.
 * SOURCES  netlink(7), Linux Documentation/userspace-api/netlink/intro.rst.   TESTED BY  module_course (guest)
 */
#include "module/api.h"
#include "module/module_impl.h"
#include "module/skb_view.h"

#include "base/config.h"
#include "base/errno.h"
#include "kernel/task.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "net/netlink_unit.h"
#include "sync/failpoint.h"
#include "sync/klog.h"

struct netlink_end {
	struct sock_view face; /* first: what the module has */
	struct netlink_unit unit;
	struct list_head link; /* m: ends_lock */
	void (*input)(struct skb_view *skb);
};

enum { SKB_MOST = 1 << 20 };

_Static_assert(sizeof(struct netlink_parms_view) <= sizeof(((struct skb_view *)0)->cb), "cb");

static struct mutex ends_lock = MUTEX_INIT(ends_lock, RANK_MODULE_PARAM);
static struct list_head ends = LIST_HEAD_INIT(ends); /* m */

/* ---- buffers ---- */

struct skb_view *module_alloc_skb(unsigned size, unsigned gfp)
{
	struct skb_view *skb = size > SKB_MOST || failpoint("alloc_skb")
				       ? NULL
				       : kzalloc(sizeof(*skb) + size, gfp);

	if (!skb)
		return NULL;
	skb->users = 1;
	skb->truesize = (unsigned)sizeof(*skb) + size;
	skb->head = skb->data = skb->tail = (unsigned char *)(skb + 1);
	skb->end = skb->head + size;
	return skb;
}

void module_kfree_skb(struct skb_view *skb)
{
	if (skb && __atomic_sub_fetch(&skb->users, 1, __ATOMIC_ACQ_REL) == 0)
		kfree(skb);
}

void module_skb_over(const struct skb_view *skb, unsigned len)
{
	panic("skb: %u bytes do not fit: len %u, room before %u, behind %u", len, skb->len,
	      (unsigned)(skb->data - skb->head), (unsigned)(skb->end - skb->tail));
}

/* ---- ends ---- */

static int end_input(struct netlink_unit *u, const void *data, unsigned len, uint32_t port)
{
	struct netlink_end *e = container_of(u, struct netlink_end, unit);
	struct skb_view *skb = module_alloc_skb(len, GFP_KERNEL);
	const struct task *me = current_task();

	if (!skb)
		return -ENOBUFS;
	memcpy(skb->data, data, len);
	skb->tail += len;
	skb->len = len;
	*(struct netlink_parms_view *)(void *)skb->cb = (struct netlink_parms_view){
		.creds = { .pid = me->tgid, .uid.val = me->cred->uid, .gid.val = me->cred->gid },
		.portid = port
	};
	module_entered();
	e->input(skb);
	module_kfree_skb(skb);
	return 0;
}

struct netlink_end *module_netlink_create(int protocol, const struct netlink_cfg_view *cfg)
{
	struct netlink_end *e;

	if (!cfg || !cfg->input)
		return NULL;
	e = failpoint("netlink_end") ? NULL : kzalloc(sizeof(*e), GFP_KERNEL);
	if (!e)
		return NULL;
	e->unit.protocol = protocol;
	e->unit.input = end_input;
	e->input = cfg->input;
	e->face.sk_socket = e;
	if (!CFG_INET || netlink_unit_add(&e->unit)) {
		kfree(e);
		return NULL;
	}
	mutex_lock(&ends_lock);
	list_add(&e->link, &ends);
	mutex_unlock(&ends_lock);
	return e;
}

static void end_remove(struct netlink_end *e)
{
	if (CFG_INET)
		netlink_unit_remove(&e->unit);
	kfree(e);
}

void module_netlink_release(struct netlink_end *e)
{
	if (!e)
		return;
	mutex_lock(&ends_lock);
	list_del(&e->link);
	mutex_unlock(&ends_lock);
	end_remove(e);
}

int module_netlink_unicast(struct netlink_end *e, struct skb_view *skb, unsigned port)
{
	int len = (int)skb->len, err = -ECONNREFUSED;

	if (CFG_INET)
		err = netlink_unit_send(e->unit.protocol, port, skb->data, skb->len);
	module_kfree_skb(skb);
	return err ? err : len;
}

int module_netlink_broadcast(struct netlink_end *e, struct skb_view *skb, unsigned except,
			     unsigned group)
{
	int err = -ESRCH;

	if (CFG_INET && group >= 1 && group <= NETLINK_GROUPS)
		err = netlink_unit_tell(e->unit.protocol, group, except, skb->data, skb->len);
	module_kfree_skb(skb);
	return err;
}

bool module_netlink_has_listeners(const struct netlink_end *e, unsigned group)
{
	return CFG_INET && group >= 1 && group <= NETLINK_GROUPS &&
	       netlink_unit_listeners(e->unit.protocol, group);
}

void module_netlinks_left(const struct module *mod)
{
	struct netlink_end *e, *found;

	do {
		found = NULL;
		mutex_lock(&ends_lock);
		list_for_each_entry (e, &ends, link)
			if (module_has(mod, (kaddr_t)e->input))
				found = e;
		if (found)
			list_del(&found->link);
		mutex_unlock(&ends_lock);
		if (found) {
			pr_warn("%s: netlink protocol %d was left behind; removed", mod->name,
				found->unit.protocol);
			end_remove(found);
		}
	} while (found);
}
