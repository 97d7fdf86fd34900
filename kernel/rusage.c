/*
 * What a process has used.
 *
 * LOCKS    tasklist_lock for the sums of a group.
 * COST     O(threads of the group).
 * SOURCES  getrusage(2), getrlimit(2), times(2).
 */
#include "kernel/task_impl.h"
#include "mm/mm.h"

uint64_t rlimit_cur(unsigned which)
{
	const uint64_t *cur = &current_task()->signal->rlim[which].rlim_cur;
	irqflags_t flags;
	uint64_t v;

	if (sizeof(long) == sizeof(v))
		return READ_ONCE(*cur);
	flags = spin_lock_irqsave(&tasklist_lock); /* 64 bits tear on 32-bit CPUs */
	v = *cur;
	spin_unlock_irqrestore(&tasklist_lock, flags);
	return v;
}

void task_times(const struct task *t, uint64_t *utime_ns, uint64_t *stime_ns)
{
	thread_times((struct thread *)(uintptr_t)&t->thread, utime_ns, stime_ns);
}

void group_times_locked(struct signal_struct *sig, uint64_t *utime_ns, uint64_t *stime_ns)
{
	struct task *t;

	*utime_ns = sig->utime_ns;
	*stime_ns = sig->stime_ns;
	list_for_each_entry (t, &sig->threads, thread_link) {
		uint64_t u, s;

		task_times(t, &u, &s);
		*utime_ns += u;
		*stime_ns += s;
	}
}

uint64_t group_exec_ns_locked(struct signal_struct *sig)
{
	uint64_t ns = sig->exec_ns;
	struct task *t;

	list_for_each_entry (t, &sig->threads, thread_link)
		ns += thread_exec_ns(&t->thread);
	return ns;
}

void group_times(struct task *t, uint64_t *utime_ns, uint64_t *stime_ns)
{
	irqflags_t flags = spin_lock_irqsave(&tasklist_lock);

	group_times_locked(t->signal, utime_ns, stime_ns);
	spin_unlock_irqrestore(&tasklist_lock, flags);
}

void task_io_add(struct task_io *sum, const struct task *t)
{
	sum->rchar += t->io.rchar;
	sum->wchar += t->io.wchar;
	sum->syscr += t->io.syscr;
	sum->syscw += t->io.syscw;
	sum->disk_read += t->mm_ctx.disk_read;
	sum->disk_dirtied += t->mm_ctx.disk_dirtied;
	sum->disk_dropped += t->mm_ctx.disk_dropped;
}

void group_io(struct task *t, struct task_io *out)
{
	irqflags_t flags = spin_lock_irqsave(&tasklist_lock);
	struct task *thread;

	*out = t->signal->io;
	list_for_each_entry (thread, &t->signal->threads, thread_link)
		task_io_add(out, thread);
	spin_unlock_irqrestore(&tasklist_lock, flags);
}

static struct timeval_k timeval_of(uint64_t ns)
{
	uint64_t us = ns / NSEC_PER_USEC;

	return (struct timeval_k){ (long)(us / 1000000), (long)(us % 1000000) };
}

static void add_thread(struct rusage_k *ru, const struct task *t)
{
	ru->ru_minflt += (long)t->mm_ctx.min_flt;
	ru->ru_majflt += (long)t->mm_ctx.maj_flt;
	ru->ru_inblock += (long)(t->mm_ctx.disk_read / 512);
	ru->ru_oublock += (long)(t->mm_ctx.disk_dirtied / 512);
	ru->ru_nvcsw += (long)t->thread.nvcsw;
	ru->ru_nivcsw += (long)t->thread.nivcsw;
}

void group_usage_locked(struct signal_struct *sig, struct rusage_k *ru)
{
	uint64_t utime, stime;
	struct task *t;

	group_times_locked(sig, &utime, &stime);
	ru->ru_utime = timeval_of(utime);
	ru->ru_stime = timeval_of(stime);
	ru->ru_maxrss = (long)sig->maxrss;
	ru->ru_minflt = (long)sig->min_flt;
	ru->ru_inblock = (long)(sig->io.disk_read / 512);
	ru->ru_oublock = (long)(sig->io.disk_dirtied / 512);
	ru->ru_majflt = (long)sig->maj_flt;
	ru->ru_nvcsw = (long)sig->nvcsw;
	ru->ru_nivcsw = (long)sig->nivcsw;
	list_for_each_entry (t, &sig->threads, thread_link)
		add_thread(ru, t);
}

static void usage_of_children(const struct signal_struct *sig, struct rusage_k *ru)
{
	ru->ru_utime = timeval_of(sig->cutime_ns);
	ru->ru_stime = timeval_of(sig->cstime_ns);
	ru->ru_maxrss = (long)sig->cmaxrss;
	ru->ru_minflt = (long)sig->cmin_flt;
	ru->ru_inblock = (long)(sig->cdisk_read / 512);
	ru->ru_oublock = (long)(sig->cdisk_dirtied / 512);
	ru->ru_majflt = (long)sig->cmaj_flt;
	ru->ru_nvcsw = (long)sig->cnvcsw;
	ru->ru_nivcsw = (long)sig->cnivcsw;
}

static void usage_of_thread(struct task *t, struct rusage_k *ru)
{
	uint64_t utime, stime;

	task_times(t, &utime, &stime);
	ru->ru_utime = timeval_of(utime);
	ru->ru_stime = timeval_of(stime);
	add_thread(ru, t);
}

/* The largest resident set so far, KiB. */
static long own_maxrss(const struct task *t)
{
	struct mm_struct *mm = t->mm_ctx.mm;

	if (!mm)
		return 0;
	mm_update_hiwater(mm);
	return (long)(mm->hiwater_rss * (PAGE_SIZE / 1024));
}

void group_rusage(int who, struct rusage_k *ru)
{
	struct task *me = current_task();
	long rss = who == RUSAGE_CHILDREN_K ? 0 : own_maxrss(me);
	irqflags_t flags;

	*ru = (struct rusage_k){ { 0, 0 }, { 0, 0 }, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
	flags = spin_lock_irqsave(&tasklist_lock);
	if (who == RUSAGE_CHILDREN_K)
		usage_of_children(me->signal, ru);
	else if (who == RUSAGE_THREAD_K)
		usage_of_thread(me, ru);
	else
		group_usage_locked(me->signal, ru);
	spin_unlock_irqrestore(&tasklist_lock, flags);
	if (rss > ru->ru_maxrss)
		ru->ru_maxrss = rss;
}
