/*
 * oom_reaper: a thread that takes the memory of who was killed for want of it, without waiting for its end.
 *
 * OWNS     pending: the victim that waits for the thread, with a reference of the address space.
 * WHY      a victim may wait for long (for a lock, a device, its turn) with all its memory; who asks has locks of its own and
 *          must not take the victim's. The thread has none. It is made at boot: when it is needed there is no memory for one.
 * I1       one victim waits at most: they come one at a time (mm/reclaim/oom.c), and who comes later is the one that counts.
 * LOCKS    pending_lock, a leaf.   CONTEXT  oom_reaper_wake: any, tasklist_lock not held.
 * FAILS    a victim that ends by itself, or that shares its memory with somebody who is not killed, keeps it.
 * NOT HERE whom and why (mm/reclaim/oom.c), how (mm/reclaim/reap.c).
 */
#include "kernel/oom_reaper.h"

#include "kernel/kthread.h"
#include "kernel/task_calls.h"
#include "kernel/task_impl.h"
#include "mm/mm.h"
#include "mm/oom.h"
#include "sync/kassert.h"
#include "sync/klog.h"

static struct spinlock pending_lock = SPINLOCK_INIT(RANK_OBJECT);
static struct oom_reaped pending; /* mm NULL: none */
static struct task *reaper;

/* What waits becomes @next. Return: what it was. */
static struct oom_reaped exchange(struct oom_reaped next)
{
	irqflags_t flags = spin_lock_irqsave(&pending_lock);
	struct oom_reaped was = pending;

	pending = next;
	spin_unlock_irqrestore(&pending_lock, flags);
	return was;
}

static unsigned long kilobytes(const struct mm_struct *mm, enum mm_counter c)
{
	long pages = atomic_long_read(&mm->rss_stat[c]);

	return pages > 0 ? (unsigned long)pages << (PAGE_SHIFT - 10) : 0;
}

static void reap(const struct oom_reaped *r)
{
	struct mm_struct *mm = r->mm;

	if (!mmget_not_zero(mm))
		return;
	if (mm_is_dying(mm) && !mm_reap(mm))
		pr_info("oom_reaper: reaped process %d (%s), now anon-rss:%lukB, file-rss:%lukB, shmem-rss:%lukB",
			r->pid, r->comm, kilobytes(mm, MM_ANONPAGES), kilobytes(mm, MM_FILEPAGES),
			kilobytes(mm, MM_SHMEMPAGES));
	mmput(mm);
}

static void oom_reaper(void *unused)
{
	for (;;) {
		struct oom_reaped r = exchange((struct oom_reaped){ .mm = NULL });

		if (!r.mm) {
			(void)thread_park(PARK_UNINTERRUPTIBLE, PARK_FOREVER);
			continue;
		}
		reap(&r);
		mmdrop(r.mm);
	}
}

void oom_reaper_wake(const struct oom_reaped *victim)
{
	struct oom_reaped was;

	mmgrab(victim->mm);
	was = exchange(*victim);
	if (was.mm)
		mmdrop(was.mm);
	thread_unpark(&reaper->thread);
}

void oom_reaper_start(void)
{
	reaper = kthread_run(oom_reaper, NULL, "oom_reaper");
	must(reaper != NULL);
}
