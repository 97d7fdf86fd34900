/*
 * Tasks and thread groups: making, finding, taking apart.
 *
 * OWNS     struct task, struct signal_struct, tasklist_lock, the counts of tasks.
 * WHY      a task is made in steps by sys/fork.c, invisible until task_publish, which cannot fail half-way.
 * I1       task->refs: 1 for the table (until reaped), 1 while it can run (until the next thread has put it away), and the
 *          finders'. The last put frees it with its references to cred, signal, sighand.
 * I2       signal->threads holds the published, not yet reaped threads; nr_threads counts them; the leader is first.
 * I3       the children of a group hang on signal->children; a child's parent is always a group's leader.
 * I4       signal and sighand of a task are valid as long as its struct; they lock before they look.
 * LOCKS    tasklist_lock (rank TASKLIST, irqsave) for table, lists, families; then sighand->lock (rank SIGHAND).
 * COST     publish and release O(1). group_times O(threads).
 * SOURCES  fork(2), clone(2), getrusage(2), getppid(2).
 */
#include "kernel/task.h"
#include "base/errno.h"
#include "kernel/kthread.h"
#include "kernel/task_impl.h"
#include "lib/string.h"
#include "mm/mempolicy.h"
#include "mm/mm.h"
#include "mm/slab.h"
#include "mm/vmalloc.h"
#include "mm/zone.h"
#include "sync/failpoint.h"
#include "sync/kassert.h"

enum { MIN_THREADS = 20 };

struct spinlock tasklist_lock = SPINLOCK_INIT(RANK_TASKLIST);
static struct kmem_cache *task_cache, *signal_cache;
static unsigned task_count, fork_count; /* t */
int max_threads;			/* from boot; sysctl */
static struct task *init_task;		/* i */

/* Linux's: kernel stacks of all threads take at most an eighth of memory. */
static void threads_limit_init(void)
{
	unsigned long n = totalram_pages() / (8 * (KSTACK_SIZE >> PAGE_SHIFT));

	max_threads = (int)max_of(unsigned long, MIN_THREADS, min_of(unsigned long, n, INT_MAX));
}

void tasks_init(void)
{
	threads_limit_init();
	task_cache = kmem_cache_create("task_struct", sizeof(struct task), 64, SLAB_PANIC, NULL);
	signal_cache = kmem_cache_create("signal_cache", sizeof(struct signal_struct), 0,
					 SLAB_PANIC, NULL);
	signals_init();
	pids_init();
}

/* ---- making ---- */

enum { TIMER_SLACK_DEFAULT = 50000 }; /* ns; prctl(2) PR_SET_TIMERSLACK */

struct task *task_alloc(const char *comm)
{
	struct task *t = failpoint("task") ? NULL : kmem_cache_zalloc(task_cache, GFP_KERNEL);

	if (!t)
		return NULL;
	t->thread.kstack = failpoint("kstack") ? NULL : kstack_alloc();
	if (!t->thread.kstack) {
		kmem_cache_free(task_cache, t);
		return NULL;
	}
	atomic_set(&t->refs, 1);
	str_copy(t->comm, comm, sizeof(t->comm));
	sigpending_init(&t->pending);
	list_init(&t->thread_link);
	list_init(&t->ptrace.link);
	t->altstack.ss_flags = SS_DISABLE;
	t->blocked =
		current_task()->restore_mask ? current_task()->saved_mask : current_task()->blocked;
	t->mm_ctx.personality = current_task()->mm_ctx.personality;
	t->ioprio = current_task()->ioprio;
	t->timer_slack_ns = current_task()->timer_slack_ns;
	t->loginuid_inv = current_task()->loginuid_inv;
	t->sessionid_inv = current_task()->sessionid_inv;
	if (!t->timer_slack_ns) /* the first of all */
		t->timer_slack_ns = TIMER_SLACK_DEFAULT;
	t->default_timer_slack_ns = t->timer_slack_ns;
	sched_fork(&t->thread);
	return t;
}

static void task_free(struct task *t)
{
	if (t->thread.kstack) {
		arch_thread_free(&t->thread.arch);
		kstack_free(t->thread.kstack);
	}
	mpol_exit(&t->mm_ctx);
	cred_put(t->cred);
	seccomp_free(t);
	user_account_put(t->account);
	if (t->signal)
		signal_put(t->signal);
	if (t->sighand)
		sighand_put(t->sighand);
	kmem_cache_free(task_cache, t);
}

void task_free_unpublished(struct task *t)
{
	kassert(!t->pid && atomic_read(&t->refs) == 1);
	task_free(t);
}

void task_get(struct task *t)
{
	atomic_inc(&t->refs);
}

void task_put(struct task *t)
{
	if (atomic_dec_and_test(&t->refs))
		task_free(t);
}

static void set_default_limits(struct rlimit64 *rlim)
{
	unsigned i;

	for (i = 0; i < RLIM_NLIMITS; i++)
		rlim[i] = (struct rlimit64){ RLIM64_INFINITY, RLIM64_INFINITY };
	rlim[RLIMIT_STACK].rlim_cur = MIB(8);
	rlim[RLIMIT_CORE].rlim_cur = 0;
	rlim[RLIMIT_NOFILE] = (struct rlimit64){ 1024, 4096 };
	rlim[RLIMIT_MEMLOCK] = (struct rlimit64){ MIB(8), MIB(8) };
	rlim[RLIMIT_NPROC].rlim_cur = rlim[RLIMIT_NPROC].rlim_max = (uint64_t)max_threads / 2;
	rlim[RLIMIT_SIGPENDING] = rlim[RLIMIT_NPROC];
	rlim[RLIMIT_MSGQUEUE] = (struct rlimit64){ 819200, 819200 };
	rlim[RLIMIT_NICE] = (struct rlimit64){ 0, 0 };
	rlim[RLIMIT_RTPRIO] = (struct rlimit64){ 0, 0 };
}

static unsigned long limit_bytes(uint64_t limit)
{
	return limit > ULONG_MAX ? ULONG_MAX : (unsigned long)limit;
}

void signal_limits_changed(struct signal_struct *sig)
{
	const struct rlimit64 *r = sig->rlim;

	sig->mm_limits = (struct mm_limits){ .as = limit_bytes(r[RLIMIT_AS].rlim_cur),
					     .data = limit_bytes(r[RLIMIT_DATA].rlim_cur),
					     .data_max = limit_bytes(r[RLIMIT_DATA].rlim_max),
					     .stack = limit_bytes(r[RLIMIT_STACK].rlim_cur),
					     .memlock = limit_bytes(r[RLIMIT_MEMLOCK].rlim_cur) };
}

struct signal_struct *signal_dup(struct task *parent, int exit_signal)
{
	struct signal_struct *sig =
		failpoint("signal") ? NULL : kmem_cache_zalloc(signal_cache, GFP_KERNEL);
	const struct signal_struct *from = parent->signal;

	if (!sig)
		return NULL;
	atomic_set(&sig->refs, 1);
	list_init(&sig->threads);
	list_init(&sig->children);
	list_init(&sig->tracees);
	list_init(&sig->sibling);
	list_init(&sig->pgrp_link);
	sigpending_init(&sig->shared_pending);
	waitq_init(&sig->wait_child);
	waitq_init(&sig->wait_ended);
	sig->exit_signal = exit_signal;
	sig->start_ns = clock_ns();
	if (!from) {
		sig->dumpable = SUID_DUMP_USER;
		set_default_limits(sig->rlim);
		signal_limits_changed(sig);
	} else {
		memcpy(sig->rlim, from->rlim, sizeof(sig->rlim));
		sig->mm_limits = from->mm_limits;
		sig->oom_score_adj = from->oom_score_adj;
		sig->oom_score_adj_min = from->oom_score_adj_min;
		sig->dumpable = from->dumpable;
	}
	return sig;
}

struct signal_struct *signal_get(struct signal_struct *sig)
{
	atomic_inc(&sig->refs);
	return sig;
}

void signal_put(struct signal_struct *sig)
{
	if (!atomic_dec_and_test(&sig->refs))
		return;
	sigpending_flush(&sig->shared_pending);
	kfree(sig->itimer);
	posix_timers_free(sig);
	kmem_cache_free(signal_cache, sig);
}

struct task *signal_leader_get(struct signal_struct *sig)
{
	irqflags_t flags = spin_lock_irqsave(&tasklist_lock);
	struct task *t = sig->nr_threads ? sig->leader : NULL;

	if (t)
		task_get(t);
	spin_unlock_irqrestore(&tasklist_lock, flags);
	return t;
}

void group_set_pgrp(struct signal_struct *sig, struct pid *pgrp)
{
	struct pid *old = sig->pgrp_pid;

	if (old)
		list_del_init(&sig->pgrp_link);
	sig->pgrp_pid = pid_ref(pgrp);
	sig->pgrp = pgrp->nr;
	list_add_tail(&sig->pgrp_link, &pgrp->groups);
	if (old)
		pid_unref(old);
}

void group_set_session(struct signal_struct *sig, struct pid *session)
{
	struct pid *old = sig->session_pid;

	sig->session_pid = pid_ref(session);
	sig->session = session->nr;
	if (old)
		pid_unref(old);
}

void group_link_child(struct signal_struct *sig, struct task *parent)
{
	sig->parent = parent;
	WRITE_ONCE(sig->parent_tgid, parent ? parent->tgid : 0);
	if (parent)
		list_add_tail(&sig->sibling, &parent->signal->children);
}

/* @t starts a new process, in @parent's group and session; 0 (the kernel's) if it has none. */
static void link_leader(struct task *t, struct task *parent)
{
	struct signal_struct *sig = t->signal, *from = parent ? parent->signal : NULL;

	t->tgid = t->pid;
	sig->leader = t;
	sig->maker_tid = current_task()->pid;
	group_link_child(sig, parent);
	if (!from)
		return;
	if (from->pgrp_pid)
		group_set_pgrp(sig, from->pgrp_pid);
	if (from->session_pid) /* a group of its own may be in the kernel's session */
		group_set_session(sig, from->session_pid);
	sig->tty = from->tty;
}

static void link_task(struct task *t, struct task *parent, struct pid *p, bool thread)
{
	p->task = t;
	t->pid_entry = p;
	t->pid = p->nr;
	t->mm_ctx.tid = p->nr;
	seccomp_fork(t);
	if (thread)
		t->tgid = current_task()->tgid;
	else
		link_leader(t, parent);
	list_add_tail(&t->thread_link, &t->signal->threads);
	t->signal->nr_threads++;
	t->signal->nr_live++;
	user_account_add_task(t->account, 1);
	task_count++;
	fork_count++;
}

/* Whose child a new process is. @parent NULL: the caller's own parent (CLONE_PARENT); of the boot code: nobody's. */
static struct task *real_parent(struct task *parent)
{
	if (parent)
		return parent->signal->leader;
	return current_task()->thread.is_idle ? NULL : current_task()->signal->parent;
}

int task_publish(struct task *t, struct task *parent, bool thread, int nr)
{
	struct task *me = current_task();
	struct pid *p;
	irqflags_t flags;

	t->account = me->account && me->cred->uid == t->cred->uid ? user_account_ref(me->account)
								  : user_account_get(t->cred->uid);
	if (!t->account)
		return -ENOMEM;
	t->mm_ctx.limits = &t->signal->mm_limits;
	t->mm_ctx.caps = cred_mm_caps(t->cred);
	p = pid_new();
	if (!p)
		return -ENOMEM;
	flags = spin_lock_irqsave(&tasklist_lock);
	/* A signal that came before the child exists goes to the parent first; a group that ends takes no new thread. */
	nr = !me->thread.is_kthread && sched_work_seen(WORK_SIGNAL) ? -ERESTARTNOINTR
								    : pid_take_number(p, nr);
	if (nr > 0)
		link_task(t, real_parent(parent), p, thread);
	spin_unlock_irqrestore(&tasklist_lock, flags);
	if (nr > 0)
		return 0;
	pid_discard(p);
	return nr;
}

static void release_group(struct signal_struct *sig)
{
	if (sig->parent)
		list_del_init(&sig->sibling);
	list_del_init(&sig->pgrp_link);
	if (sig->pgrp_pid)
		pid_unref(sig->pgrp_pid);
	if (sig->session_pid)
		pid_unref(sig->session_pid);
	sig->pgrp_pid = NULL;
	sig->session_pid = NULL;
}

void task_release_locked(struct task *t)
{
	struct signal_struct *sig = t->signal;
	uint64_t utime, stime;

	thread_times(&t->thread, &utime, &stime);
	sig->utime_ns += utime;
	sig->stime_ns += stime;
	sig->exec_ns += t->thread.sum_exec_ns;
	task_io_add(&sig->io, t);
	sig->nvcsw += t->thread.nvcsw;
	sig->nivcsw += t->thread.nivcsw;
	sig->min_flt += t->mm_ctx.min_flt;
	sig->maj_flt += t->mm_ctx.maj_flt;
	spin_lock(&t->sighand->lock);
	sigpending_flush(&t->pending);
	if (unlikely(t->ptrace.tracer))
		ptrace_unlink_locked(t);
	spin_unlock(&t->sighand->lock);
	list_del_init(&t->thread_link);
	t->pid_entry->task = NULL;
	pid_unref(t->pid_entry);
	t->pid_entry = NULL;
	t->exit_state = EXIT_DEAD;
	user_account_add_task(t->account, -1);
	task_count--;
	if (--sig->nr_threads == 0)
		release_group(sig);
}

void vfork_release(struct task *t)
{
	irqflags_t flags = spin_lock_irqsave(&tasklist_lock);

	if (t->vfork_done) {
		*t->vfork_flag = true;
		waitq_wake_all(t->vfork_done);
		t->vfork_done = NULL;
		t->vfork_flag = NULL;
	}
	spin_unlock_irqrestore(&tasklist_lock, flags);
}

/* ---- finding ---- */

struct task *task_find(int pid)
{
	irqflags_t flags = spin_lock_irqsave(&tasklist_lock);
	struct pid *p = pid_find(pid);
	struct task *t = p ? p->task : NULL;

	if (t)
		task_get(t);
	spin_unlock_irqrestore(&tasklist_lock, flags);
	return t;
}

struct task *task_find_leader(int tgid)
{
	struct task *t = task_find(tgid);

	if (!t || t->tgid == tgid)
		return t;
	task_put(t);
	return NULL;
}

struct task *task_next(int *pid, bool leaders)
{
	irqflags_t flags = spin_lock_irqsave(&tasklist_lock);
	struct task *t = pid_next_task(pid);

	while (t && leaders && t->tgid != t->pid) {
		(*pid)++;
		t = pid_next_task(pid);
	}
	if (t)
		task_get(t);
	spin_unlock_irqrestore(&tasklist_lock, flags);
	return t;
}

struct task *task_next_thread(struct task *leader, int *pid)
{
	irqflags_t flags = spin_lock_irqsave(&tasklist_lock);
	struct task *t, *best = NULL;

	list_for_each_entry (t, &leader->signal->threads, thread_link)
		if (t->pid >= *pid && (!best || t->pid < best->pid))
			best = t;
	if (best) {
		task_get(best);
		*pid = best->pid;
	}
	spin_unlock_irqrestore(&tasklist_lock, flags);
	return best;
}

unsigned nr_tasks(void)
{
	return READ_ONCE(task_count);
}

unsigned nr_processes_forked(void)
{
	return READ_ONCE(fork_count);
}

unsigned nr_running_tasks(void)
{
	return sched_nr_running();
}

struct task *task_init(void)
{
	return init_task;
}

int signal_parent_pid(struct signal_struct *sig)
{
	return READ_ONCE(sig->parent_tgid);
}

struct mm_struct *task_mm_get(struct task *t)
{
	irqflags_t flags = spin_lock_irqsave(&tasklist_lock);
	struct mm_struct *mm = t->mm_ctx.mm;

	if (mm && !mmget_not_zero(mm))
		mm = NULL;
	spin_unlock_irqrestore(&tasklist_lock, flags);
	return mm;
}

struct mm_struct *task_mm_grab(struct task *t)
{
	irqflags_t flags = spin_lock_irqsave(&tasklist_lock);
	struct mm_struct *mm = t->mm_ctx.mm;

	if (mm)
		mmgrab(mm);
	spin_unlock_irqrestore(&tasklist_lock, flags);
	return mm;
}

bool mm_is_dying(const struct mm_struct *mm)
{
	irqflags_t flags = spin_lock_irqsave(&tasklist_lock);
	bool dying = true;
	struct task *t;
	int nr;

	for (nr = 1; dying && (t = pid_next_task(&nr)); nr++) {
		if (t->mm_ctx.mm == mm && !t->exiting)
			dying = READ_ONCE(t->mm_ctx.fatal_signal);
	}
	spin_unlock_irqrestore(&tasklist_lock, flags);
	return dying;
}

/* ---- the first processes ---- */

struct task *task_create_init(void (*fn)(void *), void *arg)
{
	init_task = kthread_make(fn, arg, "init", NULL);
	boot_need(init_task ? 0 : -ENOMEM, "thread ", "init");
	must(init_task->pid == 1);
	init_task->signal->unkillable = true;
	kthreadd_start();
	sched_start(&init_task->thread);
	return init_task;
}
