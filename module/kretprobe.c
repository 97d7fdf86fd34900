/*
 * Kretprobes: a module's function runs when a function of the kernel returns.
 *
 * OWNS     struct kretprobe_instance_view: one for each call whose return is waited for, made when the probe is registered.
 * WHY      at the function's first instruction its return address is exchanged for the address of a breakpoint. There the
 *          instance is found by the place of the return address on its stack, and says where to go on.
 * I1       an instance is free (of its probe), active (its call has not returned), or spent (it has, after the probe was
 *          unregistered). What is spent is freed at the next call that may sleep: traps cannot.
 * I2       a task's calls end innermost first. An active instance of the same task at or below a new one's place is of a call that
 *          was never finished: it is free again.
 * LOCKS    list_word, a raw lock with interrupts off: no function is called under it, so that no probe is met there.
 * CONTEXT  traps: any, interrupts off. The others: tasks; sleep.
 * FAILS    those of kprobe.c. A call too many is counted in nmissed.
 * SOURCES  Linux Documentation/trace/kprobes.rst.   TESTED BY  module_api (guest)
 */
#include "module/probe.h"

#include "arch/irqflags.h"
#include "arch/regs.h"
#include "base/config.h"
#include "base/errno.h"
#include "kernel/task.h"
#include "mm/slab.h"
#include "module/module_impl.h"
#include "sync/failpoint.h"
#include "sync/klog.h"

enum { LEAST_ACTIVE = 10 };

static int list_word;
static struct kretprobe_instance_view *active, *spent; /* under list_word */

static inline irqflags_t lists_lock(void)
{
	const irqflags_t flags = irq_save();

	while (__atomic_exchange_n(&list_word, 1, __ATOMIC_ACQUIRE))
		cpu_relax();
	return flags;
}

static inline void lists_unlock(irqflags_t flags)
{
	__atomic_store_n(&list_word, 0, __ATOMIC_RELEASE);
	irq_restore(flags);
}

/* To where it is kept when nobody waits for it. */
static inline void put_back(struct kretprobe_instance_view *ri)
{
	struct kretprobe_instance_view **to = ri->rp ? &ri->rp->free : &spent;

	ri->next = *to;
	*to = ri;
}

/* I2 */
static inline void drop_unfinished(const void *owner, const void *place)
{
	struct kretprobe_instance_view **at = &active, *ri;

	while ((ri = *at)) {
		if (ri->owner != owner || ri->fp > place) {
			at = &ri->next;
			continue;
		}
		*at = ri->next;
		put_back(ri);
	}
}

static inline struct kretprobe_instance_view *take(struct kretprobe_view *rp, const void *place)
{
	const irqflags_t flags = lists_lock();
	struct kretprobe_instance_view *ri;

	drop_unfinished(current_task(), place);
	ri = rp->free;
	if (ri)
		rp->free = ri->next;
	lists_unlock(flags);
	return ri;
}

/* The pre_handler of each. */
static noprobe int entered(struct kprobe_view *p, struct pt_regs *regs)
{
	struct kretprobe_view *rp = container_of(p, struct kretprobe_view, kp);
	unsigned long *place = regs_return_slot(regs);
	struct kretprobe_instance_view *ri = take(rp, place);
	irqflags_t flags;
	bool wanted;

	if (!ri) {
		rp->nmissed++;
		return 0;
	}
	ri->task = module_current();
	ri->owner = current_task();
	ri->fp = place;
	ri->ret_addr = (void *)*place;
	wanted = !rp->entry_handler || !rp->entry_handler(ri, regs);
	flags = lists_lock();
	if (wanted) {
		*place = (unsigned long)probe_return_here;
		ri->next = active;
		active = ri;
	} else {
		put_back(ri);
	}
	lists_unlock(flags);
	return 0;
}

static noprobe struct kretprobe_instance_view *find_returned(const unsigned long *place)
{
	const irqflags_t flags = lists_lock();
	struct kretprobe_instance_view **at = &active, *ri;

	while ((ri = *at) && ri->fp != place)
		at = &ri->next;
	if (ri)
		*at = ri->next;
	lists_unlock(flags);
	return ri;
}

noprobe bool module_probe_returned(struct pt_regs *regs)
{
	struct kretprobe_instance_view *ri = find_returned(regs_return_slot(regs) - 1);
	struct kretprobe_view *rp;
	irqflags_t flags;

	if (!ri)
		return false;
	regs->ip = (unsigned long)ri->ret_addr;
	rp = READ_ONCE(ri->rp);
	if (rp && rp->handler && !(rp->kp.flags & PROBE_DISABLED)) {
		struct kprobe_view *outer = module_probe_begin(&rp->kp);

		if (!outer) {
			ri->task = module_current();
			(void)rp->handler(ri, regs);
		} else {
			rp->kp.nmissed++;
		}
		(void)module_probe_begin(outer);
	}
	flags = lists_lock();
	put_back(ri);
	lists_unlock(flags);
	return true;
}

/* ---- what modules call ---- */

static void free_list(struct kretprobe_instance_view *ri)
{
	while (ri) {
		struct kretprobe_instance_view *next = ri->next;

		kfree(ri);
		ri = next;
	}
}

static void free_spent(void)
{
	const irqflags_t flags = lists_lock();
	struct kretprobe_instance_view *all = spent;

	spent = NULL;
	lists_unlock(flags);
	free_list(all);
}

static int make_instances(struct kretprobe_view *rp)
{
	rp->free = NULL;
	for (int i = 0; i < rp->maxactive; i++) {
		struct kretprobe_instance_view *ri =
			failpoint("kretprobe") ? NULL
					       : kzalloc(sizeof(*ri) + rp->data_size, GFP_KERNEL);

		if (!ri) {
			free_list(rp->free);
			return -ENOMEM;
		}
		ri->rp = rp;
		ri->next = rp->free;
		rp->free = ri;
	}
	return 0;
}

int module_register_kretprobe(struct kretprobe_view *rp)
{
	int err;

	if (rp->data_size > PAGE_SIZE)
		return -E2BIG;
	free_spent();
	if (rp->maxactive <= 0)
		rp->maxactive = max_of(int, LEAST_ACTIVE, 2 * CFG_NR_CPUS);
	rp->nmissed = 0;
	err = make_instances(rp);
	if (err)
		return err;
	rp->kp.pre_handler = entered;
	rp->kp.post_handler = NULL;
	err = module_register_kprobe(&rp->kp);
	if (err)
		free_list(rp->free);
	return err;
}

/* The probe itself is gone; calls that it has seen may still run. */
static void disown(struct kretprobe_view *rp)
{
	struct kretprobe_instance_view *ri, *unused;
	const irqflags_t flags = lists_lock();

	for (ri = active; ri; ri = ri->next)
		if (ri->rp == rp)
			WRITE_ONCE(ri->rp, NULL);
	unused = rp->free;
	rp->free = NULL;
	lists_unlock(flags);
	free_list(unused);
}

void module_unregister_kretprobe(struct kretprobe_view *rp)
{
	module_unregister_kprobe(&rp->kp);
	disown(rp);
	module_probes_settle(); /* a handler that had begun has ended; what it used came back to rp->free */
	disown(rp);
	free_spent();
}

/* Of a module that has forgotten them: the probes have gone with kprobe.c. */
void module_kretprobes_left(const struct module *mod)
{
	struct kretprobe_instance_view *ri;
	irqflags_t flags;

	free_spent();
	do {
		struct kretprobe_view *rp = NULL;

		flags = lists_lock();
		for (ri = active; ri && !rp; ri = ri->next)
			if (ri->rp && module_has(mod, (kaddr_t)ri->rp))
				rp = ri->rp;
		lists_unlock(flags);
		if (!rp)
			return;
		module_unregister_kretprobe(rp);
	} while (true);
}
