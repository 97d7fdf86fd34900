/*
 * Interrupts of modules: request_irq and its like.
 *
 * OWNS     the handlers of those ISA lines that no driver of the kernel has.
 * WHY      a handler of a module may look at tasks, print, and take any lock of a module, so it does not run in the interrupt: that
 *          makes the line silent and wakes the thread of timers (later.c), which runs the handlers and lets the line speak again, as
 *          Linux does with threaded interrupts. For the handler in_interrupt() says yes; an IRQ_WAKE_THREAD goes to a work queue.
 * I1       the kernel's line is requested exactly while it has an action.
 * I2       a line is masked while it is pending or disabled (depth).
 * LOCKS    irq_actions_lock (rank OBJECT); never taken in the interrupt. pending: atomic bits.
 * CONTEXT  tasks; noticed(): the interrupt.
 * FAILS    -EINVAL (no such line, no handler, shared without a cookie), -EBUSY (a driver's, or one of the two does not share), -ENOMEM.
 * SOURCES  Linux Documentation/core-api/genericirq.rst.   TESTED BY  module_api (guest)
 */
#include "module/api.h"
#include "module/irq_view.h"
#include "module/module_impl.h"
#include "module/strings.h"

#include "arch/machine.h"
#include "base/errno.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "sync/failpoint.h"
#include "sync/klog.h"
#include "sync/waitq.h"

enum { NR_LINES = 16, NAMES_LEN = 64, SHARERS_MAX = 8, NO_LINE = -1 };
enum { LINE_TIMER = 0, LINE_CASCADE = 2 }; /* the machine's own */

struct action {
	struct list_head link; /* l: irq_actions_lock */
	int (*handler)(int irq, void *dev);
	int (*thread_fn)(int irq, void *dev);
	unsigned long flags;
	const char *name;
	void *dev;
	int irq;
	struct work_view work; /* thread_fn */
};

static struct spinlock irq_actions_lock = SPINLOCK_INIT(RANK_OBJECT);
static struct line {
	struct list_head actions; /* l; next NULL: none was there yet */
	unsigned nr;		  /* l */
	unsigned depth;		  /* l: how often it is disabled */
	char names[NAMES_LEN];	  /* l to write; /proc/interrupts reads it as it is */
} lines[NR_LINES];
static unsigned long pending;	   /* a: a bit for each line that has spoken */
static int running_line = NO_LINE; /* l: whose handlers run */
static struct waitq line_done = WAITQ_INIT(line_done);

/* The interrupt itself. */
static void noticed(void *arg)
{
	const unsigned n = (unsigned)((struct line *)arg - lines);

	irq_mask(n, true);
	(void)__atomic_fetch_or(&pending, 1UL << n, __ATOMIC_SEQ_CST);
	module_later_kick();
}

static void name_line(struct line *l) must_hold(irq_actions_lock)
{
	struct action *a;

	l->names[0] = '\0';
	list_for_each_entry (a, &l->actions, link) {
		if (l->names[0])
			(void)module_strlcat(l->names, ", ", NAMES_LEN);
		(void)module_strlcat(l->names, a->name, NAMES_LEN);
	}
}

static bool may_share(const struct line *l, unsigned long flags) must_hold(irq_actions_lock)
{
	const struct action *first;

	if (!l->nr)
		return true;
	first = list_first(&l->actions, struct action, link);
	return flags & first->flags & VIEW_IRQF_SHARED && l->nr < SHARERS_MAX;
}

static int add_action(struct action *a)
{
	struct line *l = &lines[a->irq];
	int err = 0;

	spin_lock(&irq_actions_lock);
	if (!l->actions.next)
		list_init(&l->actions);
	if (!may_share(l, a->flags))
		err = -EBUSY;
	else if (!l->nr)
		err = irq_request((unsigned)a->irq, noticed, l, l->names);
	if (!err) {
		list_add_tail(&a->link, &l->actions);
		l->nr++;
		name_line(l);
	}
	spin_unlock(&irq_actions_lock);
	return err;
}

static void run_thread_fn(struct work_view *w)
{
	struct action *a = container_of(w, struct action, work);

	(void)a->thread_fn(a->irq, a->dev);
}

int module_request_irq(unsigned irq, int (*handler)(int irq, void *dev),
		       int (*thread_fn)(int irq, void *dev), unsigned long flags, const char *name,
		       void *dev)
{
	struct action *a;
	int err;

	if (irq >= NR_LINES || (!handler && !thread_fn) || (flags & VIEW_IRQF_SHARED && !dev))
		return -EINVAL;
	if (irq == LINE_TIMER || irq == LINE_CASCADE)
		return -EBUSY;
	a = failpoint("module_irq") ? NULL : kmalloc(sizeof(*a), GFP_KERNEL | __GFP_ZERO);
	if (!a)
		return -ENOMEM;
	*a = (struct action){ .handler = handler,
			      .thread_fn = thread_fn,
			      .flags = flags,
			      .name = name ? name : "",
			      .dev = dev,
			      .irq = (int)irq };
	a->work.func = run_thread_fn;
	err = add_action(a);
	if (err)
		kfree(a);
	return err;
}

void module_irq_synchronize(unsigned irq)
{
	if (!module_in_softirq())
		wait_event(&line_done, READ_ONCE(running_line) != (int)irq);
}

/* Out of its line's list, which is given back when it was the last. */
static struct action *take_action(unsigned irq, const void *dev)
{
	struct line *l = &lines[irq];
	struct action *a, *found = NULL;

	spin_lock(&irq_actions_lock);
	for (struct list_head *p = l->nr ? l->actions.next : &l->actions; p != &l->actions;
	     p = p->next) {
		a = container_of(p, struct action, link);
		if (a->dev == dev && !found)
			found = a;
	}
	if (found) {
		list_del(&found->link);
		name_line(l);
		if (!--l->nr) {
			irq_free(irq);
			l->depth = 0;
		}
	}
	spin_unlock(&irq_actions_lock);
	return found;
}

const void *module_free_irq(unsigned irq, void *dev)
{
	struct action *a = irq < NR_LINES ? take_action(irq, dev) : NULL;
	const char *name;

	if (!a) {
		pr_warn("Trying to free already-free IRQ %u", irq);
		return NULL;
	}
	module_irq_synchronize(irq);
	(void)module_cancel_work(&a->work, true);
	name = a->name;
	kfree(a);
	return name;
}

void module_irq_enable(unsigned irq, bool on)
{
	struct line *l = &lines[irq % NR_LINES];

	if (irq >= NR_LINES)
		return;
	spin_lock(&irq_actions_lock);
	if (on && l->nr && !l->depth) {
		pr_warn("Unbalanced enable for IRQ %u", irq);
	} else if (l->nr) {
		l->depth += on ? -1U : 1U;
		irq_mask(irq, l->depth || __atomic_load_n(&pending, __ATOMIC_SEQ_CST) >> irq & 1);
	}
	spin_unlock(&irq_actions_lock);
}

/* @now: copies of what is to be called, so that a handler may free its own. */
static void run_actions(struct action *const *all, const struct action *now, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		int ret = now[i].handler ? now[i].handler(now[i].irq, now[i].dev)
					 : VIEW_IRQ_WAKE_THREAD;

		if (ret == VIEW_IRQ_WAKE_THREAD && now[i].thread_fn)
			(void)module_queue_work(module_system_wq, &all[i]->work);
	}
}

static void run_line(unsigned irq)
{
	struct line *l = &lines[irq];
	struct action now[SHARERS_MAX], *all[SHARERS_MAX], *a;
	unsigned n = 0;

	spin_lock(&irq_actions_lock);
	if (l->nr)
		list_for_each_entry (a, &l->actions, link) {
			all[n] = a;
			now[n++] = *a;
		}
	running_line = (int)irq;
	spin_unlock(&irq_actions_lock);
	run_actions(all, now, n);
	spin_lock(&irq_actions_lock);
	running_line = NO_LINE;
	if (l->nr && !l->depth)
		irq_mask(irq, false);
	spin_unlock(&irq_actions_lock);
	waitq_wake_all(&line_done);
}

void module_irq_run_pending(void)
{
	unsigned long now = __atomic_load_n(&pending, __ATOMIC_RELAXED);

	if (!now)
		return;
	now = __atomic_exchange_n(&pending, 0, __ATOMIC_SEQ_CST);
	for (unsigned irq = 0; irq < NR_LINES; irq++)
		if (now >> irq & 1)
			run_line(irq);
}

/* One action whose code is @mod's. */
static bool find_left(const struct module *mod, unsigned *irq, void **dev)
{
	struct action *a;
	bool found = false;

	spin_lock(&irq_actions_lock);
	for (unsigned n = 0; n < NR_LINES; n++) {
		if (!lines[n].nr)
			continue;
		list_for_each_entry (a, &lines[n].actions, link)
			if (module_has(mod, (kaddr_t)(a->handler ? a->handler : a->thread_fn))) {
				*irq = n;
				*dev = a->dev;
				found = true;
			}
	}
	spin_unlock(&irq_actions_lock);
	return found;
}

void module_irqs_left(const struct module *mod)
{
	unsigned irq;
	void *dev;

	while (find_left(mod, &irq, &dev)) {
		pr_warn("%s: it has not freed IRQ %u", mod->name, irq);
		(void)module_free_irq(irq, dev);
	}
}
