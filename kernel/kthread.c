/*
 * Kernel threads.
 *
 * OWNS     kthreadd (pid 2): the parent of all kernel threads; it ignores SIGCHLD, so they vanish when they end. All ignore
 *          every signal: one that is pending would keep a thread from ever waiting again.
 * CONTEXT  kthread_run: a thread that may sleep, after task_create_init.
 * NOT HERE init's kernel half: it is made by the same function but executes a program later.
 */
#include "kernel/kthread.h"
#include "base/errno.h"
#include "kernel/task_impl.h"
#include "mm/slab.h"
#include "sync/failpoint.h"
#include "sync/kassert.h"

static struct task *kthreadd;

struct start {
	void (*fn)(void *);
	void *arg;
};

static void run(void *arg)
{
	struct start s = *(struct start *)arg;

	kfree(arg);
	s.fn(s.arg);
	task_exit_finish(0);
}

/* Everything a kernel thread has of a process: root's rights, the caller's or no limits. init has no @parent, and takes signals. */
static bool give_process_parts(struct task *t, const struct task *parent)
{
	struct task *from = current_task();

	t->cred = cred_get(&init_cred);
	t->signal = signal_dup(from, SIGCHLD);
	t->sighand = sighand_dup(NULL);
	if (t->sighand && parent)
		signal_ignore_all(t);
	return t->signal && t->sighand;
}

struct task *kthread_make(void (*fn)(void *), void *arg, const char *name, struct task *parent)
{
	struct start *s = failpoint("kthread") ? NULL : kmalloc(sizeof(*s), GFP_KERNEL);
	struct task *t = s ? task_alloc(name) : NULL;

	if (!t) {
		kfree(s);
		return NULL;
	}
	s->fn = fn;
	s->arg = arg;
	t->thread.is_kthread = true;
	t->thread.policy = SCHED_OTHER;
	t->thread.rt_priority = t->thread.rt_effective = 0;
	t->thread.cpus_allowed = ~0UL;
	t->blocked = 0;
	arch_thread_init_kernel(&t->thread.arch, t->thread.kstack, run, s);
	if (!give_process_parts(t, parent) || task_publish(t, parent, false, 0)) {
		kfree(s);
		task_free_unpublished(t);
		return NULL;
	}
	return t;
}

struct task *kthread_run(void (*fn)(void *), void *arg, const char *name)
{
	struct task *t = kthread_make(fn, arg, name, kthreadd);

	if (t)
		sched_start(&t->thread);
	return t;
}

void kthread_daemon_wake(struct kthread_daemon *d)
{
	struct task *t = READ_ONCE(d->task);

	if (t) {
		thread_unpark(&t->thread);
		return;
	}
	if (!atomic_cmpxchg(&d->started, 0, 1))
		return;
	t = kthread_run(d->fn, NULL, d->name);
	WRITE_ONCE(d->task, t);
	if (!t)
		atomic_set(&d->started, 0);
}

static void kthreadd_main(void *unused)
{
	for (;;)
		(void)thread_park(PARK_INTERRUPTIBLE, PARK_FOREVER);
}

void kthreadd_start(void)
{
	kthreadd = kthread_make(kthreadd_main, NULL, "kthreadd", NULL);
	boot_need(kthreadd ? 0 : -ENOMEM, "thread ", "kthreadd");
	must(kthreadd->pid == 2);
	signal_ignore_all(kthreadd);
	sched_start(&kthreadd->thread);
}
