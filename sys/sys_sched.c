/*
 * System calls on scheduling: policies, priorities, affinity.
 *
 * LOCKS    none held across a call down.   CONTEXT  a task in a system call; may sleep.
 * SOURCES  sched(7), sched_setscheduler(2), sched_setaffinity(2), getpriority(2), getcpu(2), nice(2).
 */
#include "sys/sys.h"

#include "mm/numa.h"
#include "sync/percpu.h"

SYS(sched_yield)
{
	sched_yield_current();
	return 0;
}

static bool may_schedule(struct task *t)
{
	const struct cred *c = current_task()->cred, *o = t->cred;

	return c->euid == o->euid || c->euid == o->uid || capable(CAP_SYS_NICE);
}

static long do_setscheduler(int pid, int policy, uaddr_t uparam)
{
	struct task *t;
	int prio;
	long ret;

	if (pid < 0 || !uparam)
		return -EINVAL;
	if (get_user(&prio, uparam))
		return -EFAULT;
	t = task_or_self(pid);
	if (!t)
		return -ESRCH;
	if (policy == -1)
		policy = t->thread.policy;
	if (!may_schedule(t) || (prio > 0 && !capable(CAP_SYS_NICE)))
		ret = -EPERM;
	else
		ret = sched_set_policy(&t->thread, policy, prio);
	task_put(t);
	return ret;
}

SYS(sched_setscheduler)
{
	return (int)a1 < 0 ? -EINVAL : do_setscheduler((int)a0, (int)a1, a2);
}

SYS(sched_setparam)
{
	return do_setscheduler((int)a0, -1, a1);
}

SYS(sched_getscheduler)
{
	struct task *t = (int)a0 < 0 ? NULL : task_or_self((int)a0);
	long ret;

	if (!t)
		return (int)a0 < 0 ? -EINVAL : -ESRCH;
	ret = t->thread.policy;
	task_put(t);
	return ret;
}

SYS(sched_getparam)
{
	struct task *t = (int)a0 < 0 || !a1 ? NULL : task_or_self((int)a0);
	int prio;

	if (!t)
		return (int)a0 < 0 || !a1 ? -EINVAL : -ESRCH;
	prio = t->thread.rt_priority;
	task_put(t);
	return put_user(a1, &prio);
}

static bool policy_is_rt(int policy)
{
	return policy == SCHED_FIFO || policy == SCHED_RR;
}

static bool policy_known(int policy)
{
	return policy_is_rt(policy) || policy == SCHED_OTHER || policy == SCHED_BATCH ||
	       policy == SCHED_IDLE;
}

SYS(sched_get_priority_max)
{
	return !policy_known((int)a0) ? -EINVAL : policy_is_rt((int)a0) ? 99 : 0;
}

SYS(sched_get_priority_min)
{
	return !policy_known((int)a0) ? -EINVAL : policy_is_rt((int)a0) ? 1 : 0;
}

SYS(sched_setaffinity)
{
	unsigned long mask = 0;
	struct task *t;
	long ret;

	if (copy_from_user(&mask, a2, min_of(size_t, a1, sizeof(mask))))
		return -EFAULT;
	t = task_or_self((int)a0);
	if (!t)
		return -ESRCH;
	ret = may_schedule(t) ? sched_set_affinity(&t->thread, mask) : -EPERM;
	task_put(t);
	return ret;
}

SYS(sched_getaffinity)
{
	struct task *t;
	unsigned long mask = 0;
	unsigned cpu;

	if (a1 < sizeof(mask) || a1 % sizeof(mask))
		return -EINVAL;
	t = task_or_self((int)a0);
	if (!t)
		return -ESRCH;
	for_each_online_cpu (cpu)
		mask |= t->thread.cpus_allowed & 1UL << cpu;
	task_put(t);
	return put_user(a2, &mask) ? -EFAULT : (long)sizeof(mask);
}

SYS(getcpu)
{
	uint32_t cpu = cpu_id(), node = (uint32_t)numa_node_id();

	if ((a0 && put_user(a0, &cpu)) || (a1 && put_user(a1, &node)))
		return -EFAULT;
	return 0;
}

enum { PRIO_PROCESS, PRIO_PGRP, PRIO_USER };

/* Does @t belong to what setpriority(2) names? */
static bool prio_matches(const struct task *t, int which, int who)
{
	const struct task *self = current_task();

	if (which == PRIO_PROCESS)
		return t->pid == (who ? who : self->pid);
	if (which == PRIO_PGRP)
		return t->signal->pgrp == (who ? who : self->signal->pgrp);
	return t->cred->uid == (who ? (uint32_t)who : self->cred->uid);
}

SYS(getpriority)
{
	long best = -ESRCH;
	int pid = 0;
	struct task *t;

	if (a0 > PRIO_USER)
		return -EINVAL;
	for (; (t = task_next(&pid, false)); pid++) {
		if (prio_matches(t, (int)a0, (int)a1))
			best = max_of(long, best, 20 - t->thread.nice);
		task_put(t);
	}
	return best;
}

SYS(setpriority)
{
	int nice = max_of(int, -20, min_of(int, 19, (int)a2)), pid = 0;
	long ret = -ESRCH;
	struct task *t;

	if (a0 > PRIO_USER)
		return -EINVAL;
	for (; (t = task_next(&pid, false)); pid++) {
		if (!prio_matches(t, (int)a0, (int)a1)) {
			task_put(t);
			continue;
		}
		if (!may_schedule(t)) {
			ret = -EPERM;
		} else if (nice < t->thread.nice && !capable(CAP_SYS_NICE) &&
			   (uint64_t)(20 - nice) > t->signal->rlim[RLIMIT_NICE].rlim_cur) {
			ret = -EACCES;
		} else {
			sched_set_nice(&t->thread, nice);
			ret = ret == -ESRCH ? 0 : ret;
		}
		task_put(t);
	}
	return ret;
}

SYS(nice)
{
	int nice = current_task()->thread.nice + max_of(int, -40, min_of(int, 40, (int)a0));

	nice = max_of(int, -20, min_of(int, 19, nice));
	if (nice < current_task()->thread.nice && !capable(CAP_SYS_NICE))
		return -EPERM;
	sched_set_nice(&current_task()->thread, nice);
	return 0;
}

/* What a thread may run before another of its class gets the CPU; a fair thread's share among two. */
static long rr_interval(int pid, uaddr_t uts, bool time64)
{
	struct task *t = pid < 0 ? NULL : task_or_self(pid);
	uint64_t ns = FAIR_SLICE_NS;

	if (!t)
		return pid < 0 ? -EINVAL : -ESRCH;
	if (t->thread.policy == SCHED_RR)
		ns = RR_SLICE_NS;
	else if (t->thread.policy == SCHED_FIFO)
		ns = 0;
	task_put(t);
	return put_timespec(uts, time64, ns);
}

SYS(sched_rr_get_interval)
{
	return rr_interval((int)a0, a1, false);
}

SYS(sched_rr_get_interval_time64)
{
	return rr_interval((int)a0, a1, true);
}
