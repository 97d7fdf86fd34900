/*
 * Modules that watch page tables of programs: Linux's MMU notifiers, of whole address spaces and of intervals.
 *
 *   struct mmu_watch, one for an mm_struct from its first watcher to its end ── first ─► notifiers, the newest first
 *                                                                            └─ intervals
 *
 * OWNS     struct mmu_watch; which notifiers there are. They themselves are modules'.
 * WHY      a device that reads a program's memory by itself must let go of pages before they are another's. mm/notify.h says when.
 * I1       a notifier whose function runs stays on the list, and is not given back to its module before.
 * I2       a range's end goes to those that heard its start: who registers in between is younger than the range (since, age).
 * I3       seq is odd while an interval is being invalidated. Then none comes or goes: `later` has those that are to. An interval
 *          whose own seq is the odd one is being invalidated, or came while one was: who reads its pages waits.
 * I4       mm->users of the view: it stays while something of a module watches it; the mm_struct, while mmgrab'ed for each.
 * LOCKS    watch->lock, all_lock (rank OBJECT, leaves), not held in a module's functions. Functions that may not sleep run with interrupts
 *          off: so a module's spinlock spins, and does not give way while the kernel has a table's lock.
 * CONTEXT  register, get, insert, remove: tasks, sleep. put: any.
 * COST     O(notifiers and intervals of the mm) for each range.
 * FAILS    -ENOMEM; -ESRCH: nobody uses the address space any more; -EOVERFLOW.
 * SOURCES  Linux 6.1 include/linux/mmu_notifier.h (interface).   TESTED BY  module_watch (guest)
 */
#include "base/errno.h"
#include "kernel/sched.h"
#include "mm/notify.h"
#include "mm/slab.h"
#include "module/api.h"
#include "module/mmu_view.h"
#include "module/module_impl.h"
#include "module/view_impl.h"
#include "sync/failpoint.h"
#include "sync/klog.h"
#include "sync/waitq.h"

enum { NOTIFY_RELEASE = 5 };

struct mmu_watch {
	struct mmu_notify face;
	struct spinlock lock;
	struct mmu_watch_view *first; /* l: lock */
	unsigned long age;	      /* l: registrations until now */
	struct list_head intervals;   /* l: by in_mm; changed with seq even only */
	struct list_head later; /* l: intervals to be put in or taken out when seq is even again */
	unsigned long seq, active; /* l: ranges between start and end */
	struct waitq even;
};

static struct spinlock all_lock = SPINLOCK_INIT(RANK_OBJECT);
static struct list_head all = LIST_HEAD_INIT(all); /* notifiers by link; a: all_lock */
static struct list_head all_intervals = LIST_HEAD_INIT(all_intervals); /* a */
static struct list_head gone = LIST_HEAD_INIT(gone);		       /* a: put, to be freed */
static struct waitq gone_empty = WAITQ_INIT(gone_empty);
static unsigned freeing; /* a: on gone, or being freed */

static struct mmu_watch *watch_of(const struct mm_struct *mm)
{
	return container_of(mm->notify, struct mmu_watch, face);
}

static struct mm_struct *real(const struct mm_view *v)
{
	return v->real;
}

/* ---- notifiers, one after the other ---- */

/* The one behind @n, the first for NULL, that runs from now on; @n does no more. No younger one than @age. */
static struct mmu_watch_view *next_of(struct mmu_watch *w, struct mmu_watch_view *n,
				      unsigned long age)
{
	irqflags_t flags = spin_lock_irqsave(&w->lock);
	struct mmu_watch_view *next = n ? n->next : w->first;

	if (n)
		n->running--;
	while (next && (!next->listed || next->since > age))
		next = next->next;
	if (next)
		next->running++;
	spin_unlock_irqrestore(&w->lock, flags);
	return next;
}

#define for_each_notifier(n, w, age)                                                               \
	for ((n) = next_of(w, NULL, age); (n); (n) = next_of(w, n, age))

static struct mmu_range_view range_view(const struct mmu_notify_range *r, struct mm_view *mm)
{
	return (struct mmu_range_view){ .mm = mm,
					.start = r->start,
					.end = r->end,
					.flags = r->blockable ? MMU_RANGE_BLOCKABLE_VIEW : 0,
					.event = r->event };
}

/* ---- intervals ---- */

static bool overlaps(const struct mmu_interval_view *n, uaddr_t start, uaddr_t end)
{
	return n->interval_tree.start < end && n->interval_tree.last >= start;
}

/* A range begins. Return: the seq that invalidate is told. */
static unsigned long intervals_begin(struct mmu_watch *w, uaddr_t start, uaddr_t end)
{
	irqflags_t flags = spin_lock_irqsave(&w->lock);
	const struct mmu_interval_view *n;
	unsigned long seq;

	w->active++;
	list_for_each_entry (n, &w->intervals, in_mm)
		if (overlaps(n, start, end))
			w->seq |= 1;
	seq = w->seq;
	spin_unlock_irqrestore(&w->lock, flags);
	return seq;
}

/* What had to wait comes and goes. */
static void intervals_settle(struct mmu_watch *w)
{
	struct mmu_interval_view *n, *next;

	list_for_each_entry_safe (n, next, &w->later, later) {
		list_del(&n->later);
		list_init(&n->later);
		if (n->inside)
			list_del(&n->in_mm);
		else
			list_add(&n->in_mm, &w->intervals);
		n->inside = !n->inside;
	}
}

static void intervals_end(struct mmu_watch *w)
{
	irqflags_t flags = spin_lock_irqsave(&w->lock);
	bool settled = !--w->active && (w->seq & 1);

	if (settled) {
		w->seq++;
		intervals_settle(w);
	}
	spin_unlock_irqrestore(&w->lock, flags);
	if (settled)
		waitq_wake_all(&w->even);
}

/* Return: false: one would have to sleep. seq is odd, so none comes or goes. */
static bool intervals_tell(struct mmu_watch *w, const struct mmu_range_view *r, unsigned long seq)
{
	struct mmu_interval_view *n;
	struct mmu_range_view own;

	if (!(seq & 1))
		return true;
	list_for_each_entry (n, &w->intervals, in_mm) {
		own = *r;
		own.mm = n->mm;
		if (overlaps(n, r->start, r->end) && !n->ops->invalidate(n, &own, seq)) {
			if (!(r->flags & MMU_RANGE_BLOCKABLE_VIEW))
				return false;
			module_warn(__FILE__, __LINE__, NULL);
		}
	}
	return true;
}

/* ---- what mm/ calls ---- */

static void end_notifiers(struct mmu_watch *w, const struct mmu_notify_range *r,
			  const struct mmu_watch_view *stop)
{
	struct mmu_watch_view *n;
	struct mmu_range_view v;
	bool told = true;

	for_each_notifier (n, w, r->age) {
		told &= n != stop; /* who refused, and all behind it, have not begun */
		if (!told)
			continue;
		v = range_view(r, n->mm);
		if (n->ops->invalidate_range && !stop && !r->flushed)
			n->ops->invalidate_range(n, n->mm, r->start, r->end);
		if (n->ops->invalidate_range_end)
			n->ops->invalidate_range_end(n, &v);
	}
}

/* @n refused. */
static bool refusal_counts(const struct mmu_watch_view *n, const struct mmu_notify_range *r,
			   int err)
{
	pr_info("%ps callback failed with %d in %sblockable context.",
		(void *)n->ops->invalidate_range_start, err, r->blockable ? "" : "non-");
	return !r->blockable;
}

static int watch_start(struct mmu_notify_range *r)
{
	struct mmu_watch *w = watch_of(r->mm);
	struct mmu_watch_view *n, *refused = NULL;
	struct mmu_range_view v = range_view(r, NULL);

	r->age = READ_ONCE(w->age);
	if (!intervals_tell(w, &v, intervals_begin(w, r->start, r->end))) {
		intervals_end(w);
		return -EAGAIN;
	}
	for_each_notifier (n, w, r->age) {
		int err;

		if (refused || !n->ops->invalidate_range_start)
			continue;
		v = range_view(r, n->mm);
		err = n->ops->invalidate_range_start(n, &v);
		if (err && refusal_counts(n, r, err))
			refused = n;
	}
	if (!refused)
		return 0;
	end_notifiers(w, r, refused);
	intervals_end(w);
	return -EAGAIN;
}

static void watch_end(struct mmu_notify_range *r)
{
	struct mmu_watch *w = watch_of(r->mm);

	intervals_end(w);
	end_notifiers(w, r, NULL);
}

static void watch_flush(struct mm_struct *mm, uaddr_t start, uaddr_t end)
{
	struct mmu_watch *w = watch_of(mm);
	irqflags_t flags = irq_save();
	struct mmu_watch_view *n;

	for_each_notifier (n, w, ~0UL)
		if (n->ops->invalidate_range)
			n->ops->invalidate_range(n, n->mm, start, end);
	irq_restore(flags);
}

static void watch_change(struct mm_struct *mm, uaddr_t addr, pte_t e)
{
	struct mmu_watch *w = watch_of(mm);
	irqflags_t flags = irq_save();
	struct mmu_watch_view *n;

	for_each_notifier (n, w, ~0UL)
		if (n->ops->change_pte)
			n->ops->change_pte(n, n->mm, addr, e);
	irq_restore(flags);
}

static bool young_one(struct mmu_watch_view *n, uaddr_t start, uaddr_t end,
		      enum mmu_notify_young how)
{
	if (how == MMU_TEST_YOUNG)
		return n->ops->test_young && n->ops->test_young(n, n->mm, start);
	if (how == MMU_CLEAR_YOUNG)
		return n->ops->clear_young && n->ops->clear_young(n, n->mm, start, end);
	return n->ops->clear_flush_young && n->ops->clear_flush_young(n, n->mm, start, end);
}

static bool watch_young(struct mm_struct *mm, uaddr_t start, uaddr_t end, enum mmu_notify_young how)
{
	struct mmu_watch *w = watch_of(mm);
	irqflags_t flags = irq_save();
	struct mmu_watch_view *n;
	bool young = false;

	for_each_notifier (n, w, ~0UL)
		if (how != MMU_TEST_YOUNG || !young)
			young |= young_one(n, start, end, how);
	irq_restore(flags);
	return young;
}

/* Off the list, which it leaves when none of its functions runs. */
static void take_off(struct mmu_watch_view *n)
{
	struct mmu_watch *w = watch_of(real(n->mm));
	bool off = false;

	while (!off) {
		irqflags_t flags = spin_lock_irqsave(&w->lock);
		struct mmu_watch_view **at = &w->first;

		n->listed = false; /* nobody begins any more */
		off = !n->running;
		while (off && *at && *at != n)
			at = &(*at)->next;
		if (off && *at)
			*at = n->next;
		spin_unlock_irqrestore(&w->lock, flags);
		if (!off)
			sched_yield_current();
	}
}

static void release_intervals(struct mmu_watch *w)
{
	const struct mmu_range_view all_of_it = { .end = ~0UL,
						  .flags = MMU_RANGE_BLOCKABLE_VIEW,
						  .event = NOTIFY_RELEASE };

	(void)intervals_tell(w, &all_of_it, intervals_begin(w, 0, ~0UL));
	intervals_end(w);
}

/* They hear nothing after that, and may be unregistered or not. */
static void watch_release(struct mm_struct *mm)
{
	struct mmu_watch *w = watch_of(mm);
	struct mmu_watch_view *n;

	release_intervals(w);
	for_each_notifier (n, w, ~0UL)
		if (n->ops->release)
			n->ops->release(n, n->mm);
	for_each_notifier (n, w, ~0UL) {
		irqflags_t flags = spin_lock_irqsave(&w->lock);

		n->listed = false;
		spin_unlock_irqrestore(&w->lock, flags);
	}
}

static void watch_destroy(struct mm_struct *mm)
{
	kfree(watch_of(mm));
}

static const struct mmu_notify_ops watch_ops = { .start = watch_start,
						 .end = watch_end,
						 .flush = watch_flush,
						 .change = watch_change,
						 .young = watch_young,
						 .release = watch_release,
						 .destroy = watch_destroy };

/* ---- coming ---- */

/* The watch of @mm, which has one from now on. mmap_lock held for write. NULL: no memory. */
static struct mmu_watch *watch_get(struct mm_struct *mm)
{
	struct mmu_watch *w;

	if (mm->notify)
		return watch_of(mm);
	w = failpoint("mmu_watch") ? NULL : kzalloc(sizeof(*w), GFP_KERNEL);
	if (!w)
		return NULL;
	w->face.ops = &watch_ops;
	spin_init(&w->lock, RANK_OBJECT);
	list_init(&w->intervals);
	list_init(&w->later);
	w->seq = 2;
	waitq_init(&w->even);
	mmu_notify_attach(mm, &w->face);
	return w;
}

static void view_hold(struct mm_view *v, int n)
{
	view_lock();
	v->watched += n;
	view_unlock();
}

/* The address space and its view stay until let_go. */
static void hold(struct mm_view *v)
{
	mmgrab(real(v));
	view_hold(v, 1);
}

static void let_go(struct mm_view *v)
{
	struct mm_struct *mm = real(v);

	view_hold(v, -1);
	mmdrop(mm);
}

static void list_it(struct list_head *link, struct list_head *in)
{
	irqflags_t flags = spin_lock_irqsave(&all_lock);

	list_add(link, in);
	spin_unlock_irqrestore(&all_lock, flags);
}

static void unlist(struct list_head *link)
{
	irqflags_t flags = spin_lock_irqsave(&all_lock);

	list_del(link);
	spin_unlock_irqrestore(&all_lock, flags);
}

int module_mmu_register_locked(struct mmu_watch_view *n, struct mm_view *v)
{
	struct mmu_watch *w;
	irqflags_t flags;

	if (atomic_read(&real(v)->mm_users) <= 0)
		return -ESRCH;
	w = watch_get(real(v));
	if (!w)
		return -ENOMEM;
	hold(v);
	n->mm = v;
	n->users = 1;
	n->running = 0;
	list_it(&n->link, &all);
	flags = spin_lock_irqsave(&w->lock);
	n->since = ++w->age;
	n->listed = true;
	n->next = w->first;
	w->first = n;
	spin_unlock_irqrestore(&w->lock, flags);
	return 0;
}

int module_mmu_register(struct mmu_watch_view *n, struct mm_view *v)
{
	int err;

	rwsem_down_write(&real(v)->mmap_lock);
	err = module_mmu_register_locked(n, v);
	rwsem_up_write(&real(v)->mmap_lock);
	return err;
}

static struct mmu_watch_view *find(const struct mmu_ops_view *ops, const struct mm_struct *mm)
{
	struct mmu_watch_view *n;
	struct mmu_watch *w;
	irqflags_t flags;

	if (!mm->notify)
		return NULL;
	w = watch_of(mm);
	flags = spin_lock_irqsave(&w->lock);
	for (n = w->first; n && !(n->listed && n->ops == ops && n->users); n = n->next)
		;
	if (n)
		n->users++;
	spin_unlock_irqrestore(&w->lock, flags);
	return n;
}

static void *error_pointer(int err)
{
	return (void *)(intptr_t)err;
}

struct mmu_watch_view *module_mmu_get_locked(const struct mmu_ops_view *ops, struct mm_view *v)
{
	struct mmu_watch_view *n = find(ops, real(v));
	int err;

	if (n)
		return n;
	n = ops->alloc_notifier(v);
	if ((unsigned long)n >= (unsigned long)-4095)
		return n;
	n->ops = ops;
	err = module_mmu_register_locked(n, v);
	if (!err)
		return n;
	ops->free_notifier(n);
	return error_pointer(err);
}

struct mmu_watch_view *module_mmu_get(const struct mmu_ops_view *ops, struct mm_view *v)
{
	struct mmu_watch_view *n;

	rwsem_down_write(&real(v)->mmap_lock);
	n = module_mmu_get_locked(ops, v);
	rwsem_up_write(&real(v)->mmap_lock);
	return n;
}

/* ---- going ---- */

static void forget(struct mmu_watch_view *n)
{
	take_off(n);
	unlist(&n->link);
	let_go(n->mm);
}

void module_mmu_unregister(struct mmu_watch_view *n, struct mm_view *v)
{
	if (READ_ONCE(n->listed) && n->ops->release)
		n->ops->release(n, v);
	forget(n);
}

static void free_gone(struct later_view *l);
static struct later_view gone_later = { .run = free_gone };

/* One that is to be freed; NULL: there is none. */
static struct mmu_watch_view *take_gone(void)
{
	irqflags_t flags = spin_lock_irqsave(&all_lock);
	struct mmu_watch_view *n =
		list_empty(&gone) ? NULL : list_first(&gone, struct mmu_watch_view, link);

	if (n)
		list_del(&n->link);
	spin_unlock_irqrestore(&all_lock, flags);
	return n;
}

static void free_gone(struct later_view *l)
{
	struct mmu_watch_view *n;

	(void)l;
	while ((n = take_gone())) {
		struct mm_view *v = n->mm;
		irqflags_t flags;

		take_off(n);
		n->ops->free_notifier(n);
		let_go(v);
		flags = spin_lock_irqsave(&all_lock);
		freeing--;
		spin_unlock_irqrestore(&all_lock, flags);
	}
	waitq_wake_all(&gone_empty);
}

void module_mmu_put(struct mmu_watch_view *n)
{
	struct mmu_watch *w = watch_of(real(n->mm));
	irqflags_t flags = spin_lock_irqsave(&w->lock);
	bool last = !--n->users;

	if (last)
		n->listed = false;
	spin_unlock_irqrestore(&w->lock, flags);
	if (!last)
		return;
	flags = spin_lock_irqsave(&all_lock);
	list_del(&n->link);
	list_add_tail(&n->link, &gone);
	freeing++;
	spin_unlock_irqrestore(&all_lock, flags);
	(void)module_later_arm(&gone_later, 0);
}

void module_mmu_synchronize(void)
{
	wait_event(&gone_empty, !READ_ONCE(freeing));
}

int module_mm_has_notifiers(struct mm_view *v)
{
	return real(v)->notify != NULL;
}

/* ---- intervals of modules ---- */

int module_mmu_interval_insert_locked(struct mmu_interval_view *n, struct mm_view *v,
				      unsigned long start, unsigned long length,
				      const struct mmu_interval_ops_view *ops)
{
	struct mmu_watch *w;
	irqflags_t flags;

	if (!length || start + (length - 1) < start)
		return -EOVERFLOW;
	if (atomic_read(&real(v)->mm_users) <= 0)
		return -ESRCH;
	w = watch_get(real(v));
	if (!w)
		return -ENOMEM;
	hold(v);
	n->ops = ops;
	n->mm = v;
	n->interval_tree.start = start;
	n->interval_tree.last = start + (length - 1);
	n->inside = false;
	list_init(&n->later);
	list_it(&n->link, &all_intervals);
	flags = spin_lock_irqsave(&w->lock);
	if (w->active && (w->seq & 1)) {
		list_add(&n->later, &w->later);
	} else {
		w->seq |= w->active ? 1 : 0; /* it waits for the ranges that have begun */
		list_add(&n->in_mm, &w->intervals);
		n->inside = true;
	}
	n->invalidate_seq = w->active ? w->seq : w->seq - 1;
	spin_unlock_irqrestore(&w->lock, flags);
	return 0;
}

int module_mmu_interval_insert(struct mmu_interval_view *n, struct mm_view *v, unsigned long start,
			       unsigned long length, const struct mmu_interval_ops_view *ops)
{
	int err;

	rwsem_down_write(&real(v)->mmap_lock);
	err = module_mmu_interval_insert_locked(n, v, start, length, ops);
	rwsem_up_write(&real(v)->mmap_lock);
	return err;
}

static bool has_settled(struct mmu_watch *w, unsigned long seq)
{
	return READ_ONCE(w->seq) != seq;
}

void module_mmu_interval_remove(struct mmu_interval_view *n)
{
	struct mmu_watch *w = watch_of(real(n->mm));
	irqflags_t flags = spin_lock_irqsave(&w->lock);
	const unsigned long seq = w->seq;
	bool waits = n->inside && w->active && (seq & 1);

	if (waits)
		list_add(&n->later, &w->later);
	else if (n->inside)
		list_del(&n->in_mm);
	else
		list_del(&n->later);
	spin_unlock_irqrestore(&w->lock, flags);
	if (waits)
		wait_event(&w->even, has_settled(w, seq));
	unlist(&n->link);
	let_go(n->mm);
}

unsigned long module_mmu_interval_read_begin(struct mmu_interval_view *n)
{
	struct mmu_watch *w = watch_of(real(n->mm));
	irqflags_t flags = spin_lock_irqsave(&w->lock);
	const unsigned long seq = READ_ONCE(n->invalidate_seq);
	bool busy = seq == w->seq;

	spin_unlock_irqrestore(&w->lock, flags);
	if (busy)
		wait_event(&w->even, has_settled(w, seq));
	return seq;
}

/* ---- unloading ---- */

static void *left_of(const struct module *mod, bool intervals)
{
	irqflags_t flags = spin_lock_irqsave(&all_lock);
	struct mmu_interval_view *i;
	struct mmu_watch_view *n;
	void *found = NULL;

	if (intervals)
		list_for_each_entry (i, &all_intervals, link)
			found = module_has(mod, (kaddr_t)i) || module_has(mod, (kaddr_t)i->ops)
					? i
					: found;
	else
		list_for_each_entry (n, &all, link)
			found = module_has(mod, (kaddr_t)n) || module_has(mod, (kaddr_t)n->ops)
					? n
					: found;
	spin_unlock_irqrestore(&all_lock, flags);
	return found;
}

void module_mmu_notifiers_left(const struct module *mod)
{
	void *n;

	module_mmu_synchronize();
	while ((n = left_of(mod, false))) {
		pr_warn("%s: an mmu notifier was left behind; removed", mod->name);
		forget(n);
	}
	while ((n = left_of(mod, true))) {
		pr_warn("%s: an mmu interval notifier was left behind; removed", mod->name);
		module_mmu_interval_remove(n);
	}
}
