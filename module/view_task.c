/*
 * Tasks as modules see them: the whole family, linked as Linux links it.
 *
 *	init_task ─tasks─ pid 1 ─tasks─ pid 2 ─ ... ─ init_task        leaders of thread groups, by pid
 *	parent ─children─ sibling ─ sibling ─ parent
 *
 * OWNS     struct task_view, one for each task there is, as of the last time a module looked.
 * WHY      a module reads task->comm and walks task->children. Its looking is a call (current, pid_task, next_task, rcu_read_lock):
 *          then all views are brought up to date, and lists are linked anew only where the family has changed. A module
 *          between two calls reads what was true at the first; the kernel's own struct task pays nothing.
 * I1       a view holds its task. Of one that has ended only the view is kept, with what it was last, while a module may
 *          still point to it: those with counts, and the last DEAD_MAX.
 * LOCKS    the view lock: a sleeping one without a rank, because modules call with and without mmap_lock held; who has it may
 *          take it again. Under it
 *          mmap_lock is only tried, so the two cannot wait for each other.
 * CONTEXT  tasks; sleeps. current in an interrupt: the view as it is; in a probe's handler: one of the CPU's.
 * COST     O(tasks + their vmas) for each look.   FAILS  a task without memory for its view is not seen.
 * TESTED BY  module_labs (guest)
 */
#include "module/api.h"
#include "module/module_impl.h"
#include "module/uts_view.h"
#include "module/view_impl.h"

#include "arch/machine.h"
#include "arch/percpu.h"
#include "kernel/signal.h"
#include "kernel/task.h"
#include "lib/string.h"
#include "mm/mm.h"
#include "mm/slab.h"
#include "sync/failpoint.h"

enum { DEAD_MAX = 256 };

static struct waitq view_waiters = WAITQ_INIT(view_waiters);
static atomic_t view_word;		/* 1: somebody has the lock */
static const struct thread *view_owner; /* who: it may take it again */
static unsigned view_depth;		/* of the owner */
struct task_view module_init_task = {
	.tasks = LIST_HEAD_INIT(module_init_task.tasks),
	.children = LIST_HEAD_INIT(module_init_task.children),
	.sibling = LIST_HEAD_INIT(module_init_task.sibling),
	.thread_group = LIST_HEAD_INIT(module_init_task.thread_group),
	.thread_node = LIST_HEAD_INIT(module_init_task.thread_node),
	.group_leader = &module_init_task,
	.parent = &module_init_task,
	.real_parent = &module_init_task,
	.cred = &module_init_task.own_cred,
	.real_cred = &module_init_task.own_cred,
	.signal = &module_init_task.own_signal,
	.sighand = &module_init_task.own_sighand,
	.cpus_ptr = &module_init_task.cpus_mask,
	.thread_info.task = &module_init_task,
	.active_mm = &module_init_mm,
	.flags = VIEW_PF_KTHREAD,
	.prio = 120,
	.static_prio = 120,
	.normal_prio = 120,
	.comm = "swapper/0",
};

static struct list_head views = LIST_HEAD_INIT(views); /* by pid */
static struct list_head dead = LIST_HEAD_INIT(dead);   /* oldest first */
static unsigned nr_dead, round_nr;
section_("percpu") static struct task_view in_probe;
section_("percpu") static struct mm_view mm_in_probe;

void view_lock(void)
{
	if (READ_ONCE(view_owner) != thread_self()) {
		wait_event(&view_waiters, atomic_cmpxchg(&view_word, 0, 1));
		WRITE_ONCE(view_owner, thread_self());
	}
	view_depth++;
}

void view_unlock(void)
{
	if (--view_depth)
		return;
	WRITE_ONCE(view_owner, NULL);
	atomic_set(&view_word, 0);
	waitq_wake_all(&view_waiters);
}

static struct task_view *find_view(int pid)
{
	struct task_view *v;

	list_for_each_entry (v, &views, link)
		if (v->pid == pid)
			return v;
	return NULL;
}

/* ---- filling ---- */

/* Threads of work queues are known by their names, which the kernel gives. */
static unsigned flags_of(const struct task *t)
{
	unsigned flags = t->exiting ? VIEW_PF_EXITING : 0;

	if (!t->thread.is_kthread)
		return flags;
	return flags | VIEW_PF_KTHREAD | (strncmp(t->comm, "kworker/", 8) ? 0 : VIEW_PF_WQ_WORKER);
}

static void fill_state(struct task_view *v, struct task *t)
{
	char letter = thread_state_letter(&t->thread);

	v->state = letter == 'R' ? 0 : letter == 'S' ? 1 : letter == 'T' ? 4 : 2;
	if (t->exit_state)
		v->state = 0x80;
	v->__state = (unsigned)v->state;
	v->exit_state = t->exit_state == EXIT_ZOMBIE ? 0x20 : t->exit_state ? 0x10 : 0;
	v->exit_code = t->exit_code;
	v->exit_signal = t->signal->exit_signal;
	v->on_cpu = t->thread.on_cpu;
	v->cpu = (int)t->thread.cpu;
	v->flags = flags_of(t);
	v->policy = (unsigned)t->thread.policy;
	v->rt_priority = (unsigned)t->thread.rt_priority;
	v->static_prio = 120 + t->thread.nice;
	v->prio = v->normal_prio = v->rt_priority ? 99 - t->thread.rt_priority : v->static_prio;
}

static void fill_times(struct task_view *v, struct task *t)
{
	thread_times(&t->thread, &v->utime, &v->stime);
	v->se.sum_exec_runtime = thread_exec_ns(&t->thread);
	v->se.vruntime = t->thread.vruntime;
	v->start_time = v->real_start_time = v->start_boottime = t->thread.start_ns;
	v->min_flt = t->mm_ctx.min_flt;
	v->maj_flt = t->mm_ctx.maj_flt;
	v->nvcsw = t->thread.nvcsw;
	v->nivcsw = t->thread.nivcsw;
}

static void fill_cred(struct task_view *v, struct task *t)
{
	irqflags_t flags = spin_lock_irqsave(&tasklist_lock);
	struct cred *c = cred_get(t->cred);

	spin_unlock_irqrestore(&tasklist_lock, flags);
	v->own_cred.uid.val = c->uid;
	v->own_cred.euid.val = c->euid;
	v->own_cred.suid.val = c->suid;
	v->own_cred.fsuid.val = c->fsuid;
	v->own_cred.gid.val = c->gid;
	v->own_cred.egid.val = c->egid;
	v->own_cred.sgid.val = c->sgid;
	v->own_cred.fsgid.val = c->fsgid;
	memcpy(&v->own_cred.cap_inheritable, &c->cap_inheritable, 8);
	memcpy(&v->own_cred.cap_permitted, &c->cap_permitted, 8);
	memcpy(&v->own_cred.cap_effective, &c->cap_effective, 8);
	memcpy(&v->own_cred.cap_bset, &c->cap_bounding, 8);
	memcpy(&v->own_cred.cap_ambient, &c->cap_ambient, 8);
	v->own_cred.securebits = c->securebits;
	cred_put(c);
}

/* What waits for the whole process counts as the thread's: who asks wants to know whether to go on sleeping. */
static void fill_signals(struct task_view *v, struct task *t)
{
	sigset_k own, shared, blocked, ignored, caught;

	signal_sets(t, &own, &shared, &blocked, &ignored, &caught);
	own |= shared;
	memcpy(v->pending.signal.sig, &own, sizeof(own));
	memcpy(v->blocked.sig, &blocked, sizeof(blocked));
	memcpy(v->own_signal.shared_pending.signal.sig, &shared, sizeof(shared));
}

static void fill_handlers(struct task_view *v, struct task *t)
{
	irqflags_t flags = spin_lock_irqsave(&tasklist_lock);
	const struct sighand_struct *sh = t->sighand;

	if (sh)
		v->own_sighand.count.counter = atomic_read(&sh->refs);
	for (unsigned i = 0; sh && i < VIEW_SIGNALS; i++) {
		v->own_sighand.action[i].sa.sa_handler = (void (*)(int))sh->action[i].handler;
		v->own_sighand.action[i].sa.sa_flags = sh->action[i].flags;
		memcpy(&v->own_sighand.action[i].sa.sa_mask, &sh->action[i].mask,
		       sizeof(sh->action[i].mask));
	}
	spin_unlock_irqrestore(&tasklist_lock, flags);
}

static void fill_group(struct task_view *v, struct task *t)
{
	const struct signal_struct *s = t->signal;

	v->own_signal.nr_threads = s->nr_threads;
	v->own_signal.live.counter = s->nr_live;
	v->own_signal.sigcnt.counter = s->nr_threads;
	v->own_signal.pgrp = s->pgrp;
	v->own_signal.session = s->session;
	v->own_signal.leader = s->is_session_leader;
	for (unsigned i = 0; i < VIEW_RLIMITS; i++) {
		v->own_signal.rlim[i].rlim_cur = min_of(uint64_t, s->rlim[i].rlim_cur, ULONG_MAX);
		v->own_signal.rlim[i].rlim_max = min_of(uint64_t, s->rlim[i].rlim_max, ULONG_MAX);
	}
}

static struct nsproxy_view the_namespaces;

static void fill_cpus(struct task_view *v, const struct task *t)
{
	v->cpus_mask.bits[0] = v->cpus_allowed.bits[0] = t->thread.cpus_allowed;
	v->nr_cpus_allowed = 0;
	for (unsigned long m = t->thread.cpus_allowed; m; m &= m - 1)
		v->nr_cpus_allowed++;
	v->thread_info.cpu = t->thread.cpu;
	the_namespaces.uts_ns = (struct uts_ns_view *)module_utsname();
	the_namespaces.count.counter = 1;
	v->nsproxy = &the_namespaces;
}

static void fill_mm(struct task_view *v, struct task *t)
{
	struct mm_struct *mm = task_mm_get(t);

	v->mm = mm ? view_mm_get(mm) : NULL;
	v->active_mm = v->mm ? v->mm : &module_init_mm;
	if (v->mm) {
		v->mm->seen = round_nr;
		v->mm->owner = v;
		view_mm_fill(v->mm);
		v->mm->mm_users.counter--; /* ours */
	}
	if (mm)
		mmput(mm);
}

static void fill(struct task_view *v, struct task *t)
{
	v->stack = t->thread.kstack;
	v->pid = v->face.nr = t->pid;
	v->tgid = t->tgid;
	str_copy(v->comm, t->comm, sizeof(v->comm));
	fill_state(v, t);
	fill_times(v, t);
	fill_cred(v, t);
	fill_signals(v, t);
	fill_mm(v, t);
	fill_group(v, t);
	fill_handlers(v, t);
	fill_cpus(v, t);
	v->ptrace = t->ptrace.tracer != NULL;
	view_files_fill(v, t);
	v->usage.counter = atomic_read(&t->refs);
}

/* ---- the family ---- */

static void view_free(struct task_view *v)
{
	list_del(&v->link);
	view_files_free(v);
	kfree(v);
}

/* It has ended: out of the lists; walkers that stand on it find their way on. */
static void bury(struct task_view *v)
{
	struct task_view *oldest;

	list_del(&v->link);
	list_del(&v->tasks);
	list_del(&v->sibling);
	list_del(&v->thread_group);
	v->mm = NULL;
	view_files_free(v);
	v->state = 0x80;
	v->exit_state = 0x10;
	task_put(v->real);
	v->real = NULL;
	list_add_tail(&v->link, &dead);
	if (++nr_dead <= DEAD_MAX)
		return;
	oldest = list_first(&dead, struct task_view, link);
	if (!oldest->face.count.counter) {
		view_free(oldest);
		nr_dead--;
	}
}

/* Before @next in the order of pids. Consumes the reference of @t. NULL: no memory. */
static struct task_view *view_new(struct task *t, struct list_head *next)
{
	struct task_view *v = failpoint("task_view") ? NULL : kzalloc(sizeof(*v), GFP_KERNEL);

	if (!v) {
		task_put(t);
		return NULL;
	}
	v->real = t;
	v->cred = v->real_cred = &v->own_cred;
	v->signal = &v->own_signal;
	v->sighand = &v->own_sighand;
	v->cpus_ptr = &v->cpus_mask;
	v->thread_info.task = v;
	list_init(&v->tasks);
	list_init(&v->children);
	list_init(&v->sibling);
	list_init(&v->thread_group);
	list_init(&v->thread_node);
	list_add_tail(&v->link, next);
	return v;
}

/* Links to leader and parent, and places in their lists. All views are there. */
static void link_view(struct task_view *v)
{
	int ppid = signal_parent_pid(((struct task *)v->real)->signal);
	struct task_view *up = ppid ? find_view(ppid) : NULL;

	v->group_leader = v->pid == v->tgid ? v : find_view(v->tgid);
	if (!v->group_leader)
		v->group_leader = v;
	if (!up)
		up = &module_init_task;
	v->parent = v->real_parent = up;
	if (v->group_leader == v) {
		if (list_empty(&v->tasks))
			list_add_tail(&v->tasks, &module_init_task.tasks);
		if (v->up != up) {
			list_del(&v->sibling);
			list_add_tail(&v->sibling, &up->children);
			v->up = up;
		}
	} else if (list_empty(&v->thread_group)) {
		list_add_tail(&v->thread_group, &v->group_leader->thread_group);
	}
}

/* Bring every view up to date. */
static void look(void)
{
	struct task_view *v = list_first(&views, struct task_view, link), *gone;
	struct task *t;
	int pid = 1;

	if (view_depth > 1)
		return; /* it is under way (view_files.c) */
	round_nr += round_nr == UINT_MAX ? 2 : 1;
	for (; (t = task_next(&pid, false)); pid++) {
		while (&v->link != &views && (v->pid < pid || (v->pid == pid && v->real != t))) {
			gone = v;
			v = list_first(&v->link, struct task_view, link);
			bury(gone);
		}
		if (&v->link != &views && v->real == t) {
			task_put(t);
			fill(v, t);
			v = list_first(&v->link, struct task_view, link);
		} else {
			struct task_view *fresh = view_new(t, &v->link);

			if (fresh)
				fill(fresh, t);
		}
	}
	while (&v->link != &views) {
		gone = v;
		v = list_first(&v->link, struct task_view, link);
		bury(gone);
	}
	list_for_each_entry (v, &views, link)
		link_view(v);
	view_mm_sweep(round_nr);
}

void module_views_drop(void)
{
	struct task_view *v, *next;

	view_lock();
	list_for_each_entry_safe (v, next, &views, link) {
		task_put(v->real);
		view_free(v);
	}
	list_for_each_entry_safe (v, next, &dead, link)
		view_free(v);
	nr_dead = 0;
	list_init(&module_init_task.tasks);
	list_init(&module_init_task.children);
	view_mm_sweep(0);
	view_unlock();
}

/* ---- what modules call ---- */

void module_look(void)
{
	view_lock();
	look();
	view_unlock();
}

static bool init_task_is_used; /* set for ever by the first module that names it */

void module_uses_init_task(void)
{
	WRITE_ONCE(init_task_is_used, true);
}

void module_entered(void)
{
	if (READ_ONCE(init_task_is_used))
		module_look();
}

/* In a probe's handler no lock may be had: as much as the running task says of itself, true until the handler returns. */
static struct task_view *current_in_probe(void)
{
	struct task_view *v = this_cpu_ptr(&in_probe);
	struct mm_view *mm = this_cpu_ptr(&mm_in_probe);
	const struct task *t = current_task();
	const bool has_mm = !t->thread.is_kthread && t->mm_ctx.mm;

	*v = (struct task_view){ .pid = t->pid,
				 .tgid = t->tgid,
				 .face.nr = t->pid,
				 .stack = t->thread.kstack,
				 .cpu = (int)t->thread.cpu,
				 .on_cpu = 1,
				 .flags = t->thread.is_kthread ? VIEW_PF_KTHREAD : 0,
				 .static_prio = 120 + t->thread.nice,
				 .group_leader = v,
				 .parent = &module_init_task,
				 .real_parent = &module_init_task,
				 .mm = has_mm ? mm : NULL,
				 .active_mm = has_mm ? mm : &module_init_mm,
				 .own_cred = { .uid.val = t->cred->uid,
					       .euid.val = t->cred->euid,
					       .gid.val = t->cred->gid,
					       .egid.val = t->cred->egid },
				 .cred = &v->own_cred,
				 .real_cred = &v->own_cred,
				 .signal = &v->own_signal };
	str_copy(v->comm, t->comm, sizeof(v->comm));
	if (has_mm)
		view_mm_figures(mm, t->mm_ctx.mm);
	return v;
}

struct task_view *module_current(void)
{
	struct task_view *v;

	if (module_in_probe())
		return current_in_probe();
	if (module_in_softirq())
		return &module_init_task;
	if (in_interrupt() || !irqs_enabled()) {
		v = find_view(current_task()->pid);
		return v ? v : &module_init_task;
	}
	view_lock();
	look();
	v = find_view(current_task()->pid);
	view_unlock();
	return v ? v : &module_init_task;
}

struct task_view *module_find_task(int pid)
{
	struct task_view *v;

	view_lock();
	look();
	v = find_view(pid);
	view_unlock();
	return v;
}

struct task_view *module_first_task(void)
{
	module_look();
	return &module_init_task;
}

struct pid_view *module_find_pid(int nr)
{
	struct task_view *v = module_find_task(nr);

	return v ? &v->face : NULL;
}

struct pid_view *module_find_get_pid(int nr)
{
	struct pid_view *p = module_find_pid(nr);

	if (p)
		(void)__atomic_fetch_add(&p->count.counter, 1, __ATOMIC_SEQ_CST);
	return p;
}

void module_put_pid(struct pid_view *p)
{
	if (p)
		(void)__atomic_fetch_sub(&p->count.counter, 1, __ATOMIC_SEQ_CST);
}

struct task_view *module_pid_task(struct pid_view *p)
{
	struct task_view *v = p ? container_of(p, struct task_view, face) : NULL;

	module_look();
	return v && v->real ? v : NULL;
}

_Static_assert(VIEW_STACK_PAGES *PAGE_SIZE == KSTACK_SIZE, "THREAD_SIZE");

/* As of now; of a kernel thread, and of one that has ended, zeroes. */
struct pt_regs *module_task_regs(struct task_view *v)
{
	_Static_assert(sizeof(struct pt_regs) <= sizeof(v->regs), "room for registers");
	struct pt_regs *regs = (void *)v->regs;
	const struct task *t;

	view_lock();
	t = v->real;
	memset(regs, 0, sizeof(*regs));
	if (t && !t->thread.is_kthread)
		*regs = *thread_regs(&t->thread.arch);
	view_unlock();
	return regs;
}

/* Its address space, with a user more; NULL: a kernel thread's, or it has ended. */
struct mm_view *module_get_task_mm(struct task_view *v)
{
	struct mm_struct *mm = v->real ? task_mm_get(v->real) : NULL;
	struct mm_view *view;

	if (!mm)
		return NULL;
	view_lock();
	view = view_mm_get(mm);
	if (view) {
		v->mm = view;
		view_mm_fill(view);
	}
	view_unlock();
	if (!view)
		mmput(mm);
	return view;
}
