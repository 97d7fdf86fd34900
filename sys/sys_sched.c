/*
 * System calls on scheduling: policies, priorities, affinity.
 *
 * LOCKS    none held across a call down.   CONTEXT  a task in a system call; may sleep.
 * SOURCES  sched(7), sched_setscheduler(2), sched_setattr(2), sched_setaffinity(2), getpriority(2), ioprio_set(2), getcpu(2),
 *          nice(2).   TESTED BY  tests/guest/sched_attr.c
 */
#include "sys/sys.h"

#include "lib/string.h"
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

/* May the caller give @t this policy and priority? */
static bool may_set(struct task *t, int prio)
{
	return may_schedule(t) && (prio <= 0 || capable(CAP_SYS_NICE));
}

static long set_policy(struct task *t, int policy, int prio)
{
	int err = sched_set_policy(&t->thread, policy, prio);

	if (!err)
		pi_priority_changed(t);
	return err;
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
	ret = may_set(t, prio) ? set_policy(t, policy, prio) : -EPERM;
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
	ret = t->thread.policy | (t->thread.reset_on_fork ? SCHED_RESET_ON_FORK : 0);
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

	if (a1 < abi_word() || a1 % abi_word() || nr_cpus > 8 * a1)
		return -EINVAL;
	t = task_or_self((int)a0);
	if (!t)
		return -ESRCH;
	for_each_online_cpu (cpu)
		mask |= t->thread.cpus_allowed & 1UL << cpu;
	task_put(t);
	a1 = min_of(size_t, a1, sizeof(mask));
	return copy_to_user(a2, &mask, a1) ? -EFAULT : (long)a1;
}

SYS(getcpu)
{
	uint32_t cpu = cpu_id(), node = (uint32_t)numa_node_id();

	if ((a0 && put_user(a0, &cpu)) || (a1 && put_user(a1, &node)))
		return -EFAULT;
	return 0;
}

/* Lower than it is only with the right to, or within RLIMIT_NICE. */
static bool may_nice(struct task *t, int nice)
{
	return nice >= t->thread.nice || capable(CAP_SYS_NICE) ||
	       (uint64_t)(20 - nice) <= t->signal->rlim[RLIMIT_NICE].rlim_cur;
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
		} else if (!may_nice(t, nice)) {
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

/* ---- sched_setattr(2): everything in one structure that grows ---- */

enum {
	ATTR_SIZE_FIRST = 48, /* of the first version, without the clamps */
	ATTR_RESET_ON_FORK = 1,
	ATTR_KEEP_POLICY = 8,
	ATTR_KEEP_PARAMS = 16,
	ATTR_CLAMPS = 0x60,
	ATTR_FLAGS = 0x7f
};

struct sched_attr {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
	uint32_t util_min, util_max;
};

/* -E2BIG tells the caller the size that is known here. */
static long read_attr(struct sched_attr *attr, uaddr_t from)
{
	uint32_t size, known = sizeof(*attr);
	long ret;

	if (get_user(&size, from))
		return -EFAULT;
	if (!size)
		size = ATTR_SIZE_FIRST;
	ret = size < ATTR_SIZE_FIRST || size > PAGE_SIZE ? -E2BIG
							 : user_rest_is_zero(from, known, size);
	if (ret)
		return ret == -E2BIG && put_user(from, &known) ? -EFAULT : ret;
	memset(attr, 0, sizeof(*attr));
	if (copy_from_user(attr, from, min_of(size_t, size, sizeof(*attr))))
		return -EFAULT;
	return (attr->flags & ATTR_CLAMPS) && size < sizeof(*attr) ? -EINVAL : 0;
}

static long set_attr(struct task *t, const struct sched_attr *attr)
{
	int policy = attr->flags & ATTR_KEEP_POLICY ? t->thread.policy : (int)attr->policy;
	int prio = attr->flags & ATTR_KEEP_PARAMS ? t->thread.rt_priority : (int)attr->priority;
	int nice = max_of(int, -20, min_of(int, 19, attr->nice));
	bool set_nice = !policy_is_rt(policy) && !(attr->flags & ATTR_KEEP_PARAMS);
	long ret;

	if (!may_set(t, prio) || (set_nice && !may_nice(t, nice)))
		return -EPERM;
	if (attr->flags & ATTR_RESET_ON_FORK)
		policy |= SCHED_RESET_ON_FORK;
	ret = set_policy(t, policy, prio);
	if (!ret && set_nice)
		sched_set_nice(&t->thread, nice);
	return ret;
}

SYS(sched_setattr)
{
	struct sched_attr attr;
	struct task *t;
	long ret;

	if (!a1 || (int)a0 < 0 || a2)
		return -EINVAL;
	ret = read_attr(&attr, a1);
	if (ret)
		return ret;
	if ((int)attr.policy < 0 || (attr.flags & ~(uint64_t)ATTR_FLAGS))
		return -EINVAL;
	if (attr.flags & ATTR_CLAMPS)
		return -EOPNOTSUPP; /* as a Linux without clamps */
	t = task_or_self((int)a0);
	if (!t)
		return -ESRCH;
	ret = set_attr(t, &attr);
	task_put(t);
	return ret;
}

SYS(sched_getattr)
{
	struct sched_attr attr = { 0 };
	struct task *t;

	if (!a1 || (int)a0 < 0 || a2 > PAGE_SIZE || a2 < ATTR_SIZE_FIRST || a3)
		return -EINVAL;
	t = task_or_self((int)a0);
	if (!t)
		return -ESRCH;
	attr.size = min_of(uint32_t, (uint32_t)a2, sizeof(attr));
	attr.policy = (uint32_t)t->thread.policy;
	attr.flags = t->thread.reset_on_fork ? ATTR_RESET_ON_FORK : 0;
	if (policy_is_rt(t->thread.policy))
		attr.priority = (uint32_t)t->thread.rt_priority;
	else
		attr.nice = t->thread.nice;
	task_put(t);
	return copy_to_user(a1, &attr, attr.size) ? -EFAULT : 0;
}

/* ---- ioprio_set(2): kept and told; requests are served in the order they come, whoever asks ---- */

enum { IO_NONE, IO_RT, IO_BE, IO_IDLE, IO_CLASS_SHIFT = 13, IO_LEVELS = 8 };

long check_ioprio(unsigned prio)
{
	unsigned class = prio >> IO_CLASS_SHIFT, level = prio & ((1U << IO_CLASS_SHIFT) - 1);

	if (class > IO_IDLE || (class == IO_NONE && level))
		return -EINVAL;
	if ((class == IO_RT || class == IO_BE) && level >= IO_LEVELS)
		return -EINVAL;
	if (class == IO_RT && !capable(CAP_SYS_ADMIN) && !capable(CAP_SYS_NICE))
		return -EPERM;
	return 0;
}

/* Who has set none gets what fits the policy and nice value. */
static unsigned effective_ioprio(const struct task *t)
{
	unsigned class = policy_is_rt(t->thread.policy)	  ? IO_RT
			 : t->thread.policy == SCHED_IDLE ? IO_IDLE
							  : IO_BE;

	if (t->ioprio >> IO_CLASS_SHIFT)
		return t->ioprio;
	return class << IO_CLASS_SHIFT | (unsigned)(t->thread.nice + 20) / 5;
}

SYS(ioprio_set)
{
	long ret = check_ioprio((unsigned)a2), one;
	struct task *t;
	int pid = 0;

	if (ret)
		return ret;
	if (a0 - 1 > PRIO_USER)
		return -EINVAL;
	ret = -ESRCH;
	for (; (t = task_next(&pid, false)); pid++) {
		if (prio_matches(t, (int)a0 - 1, (int)a1)) {
			one = may_schedule(t) ? 0 : -EPERM;
			if (!one)
				t->ioprio = (uint16_t)a2;
			ret = ret == -ESRCH || one ? one : ret;
		}
		task_put(t);
		if (ret == -EPERM)
			break;
	}
	return ret;
}

SYS(ioprio_get)
{
	long best = -ESRCH, one;
	struct task *t;
	int pid = 0;

	if (a0 - 1 > PRIO_USER)
		return -EINVAL;
	for (; (t = task_next(&pid, false)); pid++) {
		if (prio_matches(t, (int)a0 - 1, (int)a1)) {
			one = a0 - 1 == PRIO_PROCESS ? t->ioprio : (long)effective_ioprio(t);
			best = best < 0 ? one : min_of(long, best, one);
		}
		task_put(t);
	}
	return best;
}
