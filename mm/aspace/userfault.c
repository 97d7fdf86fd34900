/*
 * userfaultfd: threads that wait for a page that their program's monitor brings, and events that the monitor must see.
 *
 *   fault ─► registered? ─► waiter on uf->pending ─► look at the entry once more ─► mmap_lock dropped ─► park
 *              monitor:  read ─► uf->taken ─► COPY, ZEROPAGE, CONTINUE, WRITEPROTECT, WAKE ─► woken ─► fault again
 *
 *   event ─► prepared under mmap_lock (uf->changing > 0: no page is filled meanwhile) ─► mmap_lock dropped ─► uf->events
 *              ─► read by the monitor ─► the call that made it returns
 *
 * OWNS     struct userfault, waiters, events. A vma points to its userfault without a reference: userfault_release takes the
 *          pointers away before the last reference goes.
 * WHY      the waiter is on the list before the entry is looked at again, and whoever changes the entry wakes after changing:
 *          so no wake-up is lost, and none is needed for a page that has come meanwhile.
 * I1       no lock is held while a thread waits for the monitor: mmap_lock is the monitor's to take.
 * I2       a waiter leaves its lists under uf->lock, so a waker that has it in hand is done with it.
 * I3       a wait for a fault of user mode ends with any signal, of the kernel's accesses with a fatal one only.
 * I4       uf->changing is raised under mmap_lock before the change and lowered after its event was read or given up: who
 *          fills pages looks at it under mmap_lock.
 * LOCKS    mmap_lock; uf->lock (rank OBJECT), its holder parks and wakes nobody but by thread_unpark.
 * CONTEXT  threads; what waits sleeps for as long as the monitor likes.
 * FAILS    FAULT_BUS where nobody may wait: SIGBUS asked for, kernel access to a user-mode-only range, an exiting thread.
 * NOT HERE ranges and filling (userfault_range.c); descriptors (fs/userfaultfd.c).
 * SOURCES  userfaultfd(2), ioctl_userfaultfd(2).   TESTED BY tests/guest/mem_uffd.c, model_test.c
 */
#include "base/errno.h"
#include "mm/aspace/userfault_impl.h"
#include "mm/imports.h"
#include "mm/pt.h"
#include "mm/slab.h"
#include "sync/failpoint.h"
#include "sync/thread.h"

static const struct uffd_msg no_msg;

/* ---- life ---- */

static struct userfault *alloc_for(struct mm_struct *mm, bool user_mode_only, int features)
{
	struct userfault *uf = failpoint("userfault") ? NULL : kzalloc(sizeof(*uf), GFP_KERNEL);

	if (!uf)
		return NULL;
	atomic_set(&uf->refs, 1);
	atomic_set(&uf->features, features);
	uf->mm = mm;
	mmgrab(mm);
	uf->user_mode_only = user_mode_only;
	spin_init(&uf->lock, RANK_OBJECT);
	list_init(&uf->pending);
	list_init(&uf->taken);
	list_init(&uf->events);
	waitq_init(&uf->readable);
	return uf;
}

struct userfault *userfault_alloc(bool user_mode_only)
{
	return alloc_for(mm_ctx_current()->mm, user_mode_only, 0);
}

void userfault_get(struct userfault *uf)
{
	atomic_inc(&uf->refs);
}

void userfault_put(struct userfault *uf)
{
	if (!atomic_dec_and_test(&uf->refs))
		return;
	mmdrop(uf->mm);
	kfree(uf);
}

static bool wants(const struct userfault *uf, int feature)
{
	return uf && (atomic_read(&uf->features) & feature);
}

/* ---- waiting for a page ---- */

/* Is the entry still what sent the thread here? mmap_lock held. */
static bool must_wait(const struct fault_ctx *f, unsigned long reason)
{
	pte_t e = pt_peek_page(&f->mm->root, f->addr);

	if (!pte_present(e))
		return true;
	return reason == VM_UFFD_WP && !pte_write(e);
}

static void fill_msg(struct userfault_waiter *w, const struct fault_ctx *f, unsigned long reason)
{
	w->msg = no_msg;
	w->msg.event = UFFD_EVENT_PAGEFAULT;
	w->msg.arg[0] = (f->access.write ? UFFD_PAGEFAULT_FLAG_WRITE : 0) |
			(reason == VM_UFFD_WP ? UFFD_PAGEFAULT_FLAG_WP : 0) |
			(reason == VM_UFFD_MINOR ? UFFD_PAGEFAULT_FLAG_MINOR : 0);
	w->msg.arg[1] = wants(w->uf, UFFD_FEATURE_EXACT_ADDRESS) ? f->exact : f->addr;
	w->msg.arg[2] = wants(w->uf, UFFD_FEATURE_THREAD_ID) ? (uint32_t)mm_ctx_current()->tid : 0;
}

int userfault_deliver(struct fault_ctx *f, unsigned long reason)
{
	struct userfault *uf = f->vma->userfault;
	struct userfault_waiter *w = f->waiter;

	if (!uf || !w || mm_ctx_current()->exiting || wants(uf, UFFD_FEATURE_SIGBUS) ||
	    (uf->user_mode_only && !f->access.user))
		return FAULT_BUS;
	w->uf = uf;
	w->woken = false;
	w->addr = f->addr;
	w->thread = thread_self();
	fill_msg(w, f, reason);
	userfault_get(uf);
	spin_lock(&uf->lock);
	list_add_tail(&w->link, &uf->pending);
	w->wait = !uf->released;
	spin_unlock(&uf->lock);
	w->wait = w->wait && must_wait(f, reason);
	return STAGE_WAIT;
}

int userfault_wait(struct fault_ctx *f)
{
	struct userfault_waiter *w = f->waiter;
	struct userfault *uf = w->uf;
	int err = 0;

	if (w->wait)
		waitq_wake_all(&uf->readable);
	while (w->wait && !READ_ONCE(w->woken) && !err)
		err = thread_park(f->access.user ? PARK_INTERRUPTIBLE : PARK_KILLABLE,
				  PARK_FOREVER);
	spin_lock(&uf->lock);
	if (!w->woken)
		list_del(&w->link);
	spin_unlock(&uf->lock);
	userfault_put(uf);
	return err;
}

/* Those of @list that wait for a page of [start, end). uf->lock held. */
static void wake_list(struct list_head *list, unsigned long start, unsigned long last)
{
	struct userfault_waiter *w, *next;

	list_for_each_entry_safe (w, next, list, link) {
		if (w->addr < start || w->addr > last)
			continue;
		list_del(&w->link);
		WRITE_ONCE(w->woken, true);
		thread_unpark(w->thread);
	}
}

void userfault_wake_range(struct userfault *uf, unsigned long start, unsigned long last)
{
	spin_lock(&uf->lock);
	wake_list(&uf->pending, start, last);
	wake_list(&uf->taken, start, last);
	spin_unlock(&uf->lock);
}

/* ---- the monitor reads ---- */

static void event_state(struct userfault_event *ev, int state)
{
	WRITE_ONCE(ev->state, state);
	if (state == EVENT_DONE)
		thread_unpark(ev->thread);
}

/* The first event that nobody has in hand. uf->lock held. 0 or -EAGAIN. */
static int take_event(struct userfault *uf, struct uffd_msg *msg, struct userfault **child)
{
	struct userfault_event *ev;

	list_for_each_entry (ev, &uf->events, link) {
		if (ev->state != EVENT_QUEUED)
			continue;
		*msg = ev->msg;
		*child = ev->child;
		if (!ev->child)
			list_del(&ev->link);
		event_state(ev, ev->child ? EVENT_TAKEN : EVENT_DONE); /* until userfault_forked */
		return 0;
	}
	return -EAGAIN;
}

int userfault_next(struct userfault *uf, struct uffd_msg *msg, struct userfault **child)
{
	int err = 0;

	*child = NULL;
	spin_lock(&uf->lock);
	if (!list_empty(&uf->pending)) {
		struct userfault_waiter *w =
			list_first(&uf->pending, struct userfault_waiter, link);

		*msg = w->msg;
		list_move_tail(&w->link, &uf->taken);
	} else {
		err = take_event(uf, msg, child);
	}
	spin_unlock(&uf->lock);
	return err;
}

void userfault_forked(struct userfault *uf, struct userfault *child, bool ok)
{
	struct userfault_event *ev;

	spin_lock(&uf->lock);
	list_for_each_entry (ev, &uf->events, link) {
		if (ev->child != child)
			continue;
		if (ok)
			list_del(&ev->link);
		event_state(ev, ok ? EVENT_DONE : EVENT_QUEUED);
		break;
	}
	spin_unlock(&uf->lock);
}

static bool has_event(const struct userfault *uf)
{
	const struct userfault_event *ev;

	list_for_each_entry (ev, &uf->events, link) {
		if (ev->state == EVENT_QUEUED)
			return true;
	}
	return false;
}

bool userfault_readable(struct userfault *uf)
{
	bool yes;

	spin_lock(&uf->lock);
	yes = !list_empty(&uf->pending) || has_event(uf);
	spin_unlock(&uf->lock);
	return yes;
}

void userfault_count(struct userfault *uf, unsigned long *pending, unsigned long *total)
{
	struct userfault_waiter *w;

	*pending = 0;
	*total = 0;
	spin_lock(&uf->lock);
	list_for_each_entry (w, &uf->pending, link)
		(*pending)++;
	list_for_each_entry (w, &uf->taken, link)
		(*total)++;
	spin_unlock(&uf->lock);
	*total += *pending;
}

/* ---- events ---- */

static void event_hold(struct userfault_event *ev)
{
	userfault_get(ev->uf);
	atomic_inc(&ev->uf->changing);
}

static void event_drop(struct userfault_event *ev)
{
	atomic_dec(&ev->uf->changing);
	userfault_put(ev->uf);
}

/* For @uf, whose reference and share of changing the event has from now on. NULL: no memory. */
static struct userfault_event *event_alloc(struct userfault *uf, unsigned type)
{
	struct userfault_event *ev =
		failpoint("userfault_event") ? NULL : kzalloc(sizeof(*ev), GFP_KERNEL);

	if (!ev)
		return NULL;
	ev->uf = uf;
	ev->msg.event = (uint8_t)type;
	event_hold(ev);
	return ev;
}

static void event_free(struct userfault_event *ev)
{
	event_drop(ev);
	kfree(ev);
}

static bool gave_up(const struct userfault_event *ev)
{
	return ev->state == EVENT_QUEUED &&
	       (READ_ONCE(ev->uf->released) || mm_ctx_current()->fatal_signal);
}

/* Wait until the monitor has read @ev. No lock held. */
static void event_wait(struct userfault_event *ev)
{
	struct userfault *uf = ev->uf, *orphan = NULL;

	ev->thread = thread_self();
	spin_lock(&uf->lock);
	list_add_tail(&ev->link, &uf->events);
	while (ev->state != EVENT_DONE && !gave_up(ev)) {
		spin_unlock(&uf->lock);
		waitq_wake_all(&uf->readable);
		(void)thread_park(ev->state == EVENT_TAKEN ? PARK_UNINTERRUPTIBLE : PARK_KILLABLE,
				  PARK_FOREVER);
		spin_lock(&uf->lock);
	}
	if (ev->state != EVENT_DONE) {
		list_del(&ev->link);
		orphan = ev->child;
	}
	spin_unlock(&uf->lock);
	if (orphan) /* nobody will ever read of it: its vmas belong to nobody */
		userfault_release(orphan);
}

static void send_all(struct list_head *list)
{
	while (!list_empty(list)) {
		struct userfault_event *ev = list_first(list, struct userfault_event, link);

		list_del(&ev->link);
		event_wait(ev);
		event_free(ev);
	}
}

void userfault_send(struct mm_struct *mm) no_lock_analysis
{
	struct list_head events;

	list_init(&events);
	list_splice_tail_init(&mm->userfault_events, &events);
	rwsem_up_write(&mm->mmap_lock);
	send_all(&events);
}

void userfault_cancel(struct mm_struct *mm)
{
	while (!list_empty(&mm->userfault_events)) {
		struct userfault_event *ev =
			list_first(&mm->userfault_events, struct userfault_event, link);

		list_del(&ev->link);
		if (ev->child)
			userfault_put(ev->child);
		event_free(ev);
	}
}

static bool is_prepared(struct mm_struct *mm, const struct userfault *uf, unsigned long start,
			unsigned long end)
{
	struct userfault_event *ev;

	list_for_each_entry (ev, &mm->userfault_events, link) {
		if (ev->uf == uf && ev->msg.event == UFFD_EVENT_UNMAP && ev->msg.arg[0] == start &&
		    ev->msg.arg[1] == end)
			return true;
	}
	return false;
}

int userfault_unmap_prepare(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct vm_area_struct *vma;

	if (likely(!mm->has_userfault))
		return 0;
	for (vma = find_vma(mm, start); vma && vma->vm_start < end; vma = vma_next(mm, vma)) {
		struct userfault_event *ev;

		if (!wants(vma->userfault, UFFD_FEATURE_EVENT_UNMAP) ||
		    is_prepared(mm, vma->userfault, start, end))
			continue;
		ev = event_alloc(vma->userfault, UFFD_EVENT_UNMAP);
		if (!ev)
			return -ENOMEM;
		ev->msg.arg[0] = start;
		ev->msg.arg[1] = end;
		list_add_tail(&ev->link, &mm->userfault_events);
	}
	return 0;
}

bool userfault_follows(const struct vm_area_struct *vma)
{
	return wants(vma->userfault, UFFD_FEATURE_EVENT_REMAP);
}

int userfault_remap_prepare(struct vm_area_struct *vma, unsigned long from, unsigned long to,
			    unsigned long len)
{
	struct userfault_event *ev;

	if (!userfault_follows(vma))
		return 0;
	ev = event_alloc(vma->userfault, UFFD_EVENT_REMAP);
	if (!ev)
		return -ENOMEM;
	ev->msg.arg[0] = from;
	ev->msg.arg[1] = to;
	ev->msg.arg[2] = len;
	list_add_tail(&ev->link, &vma->vm_mm->userfault_events);
	return 0;
}

bool userfault_remove(struct vm_area_struct *vma, unsigned long start,
		      unsigned long end) no_lock_analysis
{
	struct mm_struct *mm = vma->vm_mm;
	struct userfault_event ev = { .uf = vma->userfault };

	if (!wants(ev.uf, UFFD_FEATURE_EVENT_REMOVE))
		return false;
	ev.msg.event = UFFD_EVENT_REMOVE;
	ev.msg.arg[0] = start;
	ev.msg.arg[1] = end;
	event_hold(&ev);
	rwsem_up_read(&mm->mmap_lock);
	event_wait(&ev);
	event_drop(&ev);
	rwsem_down_read(&mm->mmap_lock);
	return true;
}

/* ---- fork ---- */

static struct userfault *child_of(struct mm_struct *old, const struct userfault *uf)
{
	struct userfault_event *ev;

	list_for_each_entry (ev, &old->userfault_events, link) {
		if (ev->uf == uf && ev->child)
			return ev->child;
	}
	return NULL;
}

int userfault_fork(struct mm_struct *child, const struct vm_area_struct *vma,
		   struct userfault **out)
{
	struct userfault *uf = vma->userfault;
	struct userfault_event *ev;

	*out = NULL;
	if (!wants(uf, UFFD_FEATURE_EVENT_FORK))
		return 0;
	*out = child_of(vma->vm_mm, uf);
	if (*out)
		return 0;
	ev = event_alloc(uf, UFFD_EVENT_FORK);
	if (!ev)
		return -ENOMEM;
	ev->child = alloc_for(child, uf->user_mode_only, atomic_read(&uf->features));
	if (!ev->child) {
		event_free(ev);
		return -ENOMEM;
	}
	list_add_tail(&ev->link, &vma->vm_mm->userfault_events);
	child->has_userfault = true;
	*out = ev->child;
	return 0;
}

/* ---- the end ---- */

/* Whoever waits for an event to be read gives it up. */
static void wake_events(struct userfault *uf)
{
	struct userfault_event *ev;

	spin_lock(&uf->lock);
	list_for_each_entry (ev, &uf->events, link)
		thread_unpark(ev->thread);
	spin_unlock(&uf->lock);
}

void userfault_release(struct userfault *uf)
{
	spin_lock(&uf->lock);
	uf->released = true;
	spin_unlock(&uf->lock);
	if (mmget_not_zero(uf->mm)) {
		userfault_unregister_all(uf);
		mmput(uf->mm);
	}
	userfault_wake_range(uf, 0, ULONG_MAX);
	wake_events(uf);
	waitq_wake_all(&uf->readable);
	userfault_put(uf);
}
