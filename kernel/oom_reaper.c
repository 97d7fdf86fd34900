/*
 * oom_reaper: a thread that takes the memory of who was killed for want of it and does not end.
 *
 * OWNS     the thread. It is made at boot: when it is needed there is no memory for one.
 * WHY      a victim may wait for long (for a lock, a device) with all its memory; who asks for memory has locks of its own and
 *          must not take the victim's. The thread has none.
 * I1       it holds lazy references only, so a program's end is never its affair: who waits for a process finds its memory free.
 * CONTEXT  oom_reaper_wake: any.
 * FAILS    a victim that shares its memory with somebody who is not killed, or that holds its lock for write, keeps it.
 * NOT HERE whom, when and why (mm/reclaim/oom.c), how (mm/reclaim/reap.c).
 * SOURCES  the line in the log is Linux's.   TESTED BY tests/guest/module_stuck.c
 */
#include "kernel/oom_reaper.h"

#include "base/errno.h"
#include "kernel/kthread.h"
#include "kernel/task_impl.h"
#include "lib/string.h"
#include "mm/mm.h"
#include "mm/oom.h"
#include "sync/kassert.h"
#include "sync/klog.h"

enum { COMM_LEN = 16 }; /* task->comm */

static struct task *reaper; /* i after boot */

/* Whose it is: a process that has @mm still. Return: its id; 0: none. */
static int owner_of(const struct mm_struct *mm, char comm[COMM_LEN])
{
	irqflags_t flags = spin_lock_irqsave(&tasklist_lock);
	int nr, pid = 0;
	struct task *t;

	for (nr = 1; !pid && (t = pid_next_task(&nr)); nr++) {
		if (t->mm_ctx.mm != mm)
			continue;
		pid = t->signal->leader->pid;
		str_copy(comm, t->signal->leader->comm, COMM_LEN);
	}
	spin_unlock_irqrestore(&tasklist_lock, flags);
	return pid;
}

static void reap(struct mm_struct *mm)
{
	char comm[COMM_LEN] = "";
	int pid = owner_of(mm, comm);

	if (!pid || !mm_is_dying(mm) || !mm_try_reap(mm))
		return;
	pr_info("oom_reaper: reaped process %d (%s), now anon-rss:%lukB, file-rss:%lukB, shmem-rss:%lukB",
		pid, comm, mm_rss_kb(mm, MM_ANONPAGES), mm_rss_kb(mm, MM_FILEPAGES),
		mm_rss_kb(mm, MM_SHMEMPAGES));
	WRITE_ONCE(mm->oom_done, true);
}

static void oom_reaper(void *unused)
{
	for (;;) {
		uint64_t next;
		struct mm_struct *mm = oom_stuck_victim(&next);

		if (!mm) {
			(void)thread_park(PARK_UNINTERRUPTIBLE, next);
			continue;
		}
		reap(mm);
		mmdrop(mm);
	}
}

void oom_reaper_wake(void)
{
	thread_unpark(&reaper->thread);
}

void oom_reaper_start(void)
{
	reaper = kthread_run(oom_reaper, NULL, "oom_reaper");
	boot_need(reaper ? 0 : -ENOMEM, "thread ", "oom_reaper");
}
