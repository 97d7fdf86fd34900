/*
 * The kernel's own trees and processors, in the form in which Linux's modules use them.
 *
 * OWNS     what module_utsname gives: written by each call, with the same text unless a name was changed.
 * WHY      Linux's rb_link_node hangs a node before the tree is balanced, the kernel's insertion does both: the node is
 *          taken off again for a moment. A function that is to run on another processor is brought there by the caller's going
 *          there itself: it is a thread, and needs no interrupt.
 * CONTEXT  threads.   FAILS  -ENXIO: no such processor.   TESTED BY  module_api (guest)
 */
#include "module/adapt.h"
#include "arch/abi.h"
#include "base/errno.h"
#include "base/version.h"
#include "kernel/task.h"
#include "kernel/uts.h"
#include "lib/rbtree.h"
#include "lib/string.h"
#include "mm/swap.h"
#include "module/page_view.h"
#include "module/uts_view.h"
#include "sync/percpu.h"

/* ---- red-black trees ---- */

void module_rb_insert_color(struct rb_node *n, struct rb_root_view *root)
{
	struct rb_root t = { .node = (void *)root->rb_node };
	struct rb_node *parent = rb_parent(n);
	int side = parent && parent->child[1] == n;

	if (parent)
		parent->child[side] = NULL;
	else
		t.node = NULL;
	rbtree_insert(&t, parent, side, n);
	root->rb_node = (void *)t.node;
}

void module_rb_erase(struct rb_node *n, struct rb_root_view *root)
{
	struct rb_root t = { .node = (void *)root->rb_node };

	rbtree_remove(&t, n);
	root->rb_node = (void *)t.node;
}

void module_rb_replace_node(struct rb_node *old, struct rb_node *fresh, struct rb_root_view *root)
{
	struct rb_root t = { .node = (void *)root->rb_node };

	rbtree_replace(&t, old, fresh);
	root->rb_node = (void *)t.node;
}

/* The next in order to @side: 1 upwards, 0 downwards. */
static struct rb_node *neighbour(const struct rb_node *n, int side)
{
	struct rb_node *p = n->child[side];

	if (p) {
		while (p->child[!side])
			p = p->child[!side];
		return p;
	}
	for (p = rb_parent(n); p && p->child[side] == n; p = rb_parent(n))
		n = p;
	return p;
}

struct rb_node *module_rb_next(const struct rb_node *n)
{
	return neighbour(n, 1);
}

struct rb_node *module_rb_prev(const struct rb_node *n)
{
	return neighbour(n, 0);
}

/* ---- processors ---- */

unsigned module_cpu_id(void)
{
	return cpu_id();
}

unsigned long module_cpus_online(void)
{
	return cpu_online_mask();
}

int module_on_cpu(unsigned cpu, void (*fn)(void *info), void *info)
{
	struct thread *me = thread_self();
	unsigned long before = me->cpus_allowed;
	irqflags_t flags;

	if (cpu >= CFG_NR_CPUS || sched_set_affinity(me, 1UL << cpu))
		return -ENXIO;
	while (cpu_id() != cpu)
		schedule();
	flags = irq_save();
	fn(info);
	irq_restore(flags);
	return sched_set_affinity(me, before);
}

/* ---- names of the system ---- */

struct uts_view *module_utsname(void)
{
	static struct uts_view u = { .sysname = "Linux",
				     .release = KERNEL_RELEASE,
				     .version = KERNEL_BUILD };

	uts_get(UTS_HOSTNAME, u.nodename);
	uts_get(UTS_DOMAINNAME, u.domainname);
	str_copy(u.machine, ABI_MACHINE, sizeof(u.machine));
	return &u;
}

/* ---- swap ---- */

void module_si_swapinfo(struct sysinfo_view *s)
{
	s->totalswap = total_swap_pages();
	s->freeswap = swap_pages_free();
}
