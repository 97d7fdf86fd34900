/*
 * Kernel threads of modules, and sleeping by hand: kthread_run, kthread_stop; set_current_state, schedule, wake_up_process.
 *
 * OWNS     struct module_kthread, one for each thread that a module has made, until it is stopped or its module goes.
 * WHY      Linux's kthread returns a value to whoever stops it, and may wait to be woken for the first time. After the module's
 *          function nothing of the module runs in the thread, and kthread_stop returns when the thread's stack is free: the
 *          module may be unloaded then, and not a page is missing.
 * I1       a record pins its task and the task's view, so a module may stop a thread that has ended by itself.
 * LOCKS    kthreads_lock for the list and flags.   CONTEXT  threads; sleeps.
 * FAILS    ERR_PTR(-ENOMEM).   SOURCES  Linux include/linux/kthread.h's contracts, kernel-api.   TESTED BY  module_api (guest)
 */
#include "module/api.h"
#include "module/module_impl.h"
#include "module/view_impl.h"

#include "base/errno.h"
#include "kernel/kthread.h"
#include "kernel/task.h"
#include "kernel/time.h"
#include "mm/slab.h"
#include "module/text.h"
#include "sync/failpoint.h"
#include "sync/klog.h"

struct module_kthread {
	struct list_head link;	/* k: kthreads_lock */
	struct task *task;	/* i: referenced */
	struct task_view *view; /* i: counted */
	int (*fn)(void *data);
	void *data;
	bool started, stop, ended; /* k */
	int result;		   /* set before ended */
};

static struct spinlock kthreads_lock = SPINLOCK_INIT(RANK_OBJECT);
static struct list_head kthreads = LIST_HEAD_INIT(kthreads); /* k */
static struct waitq ended_wait = WAITQ_INIT(ended_wait);

/* The one for which @task or @view is; NULL: none. */
static struct module_kthread *find(const struct task *task, const struct task_view *view)
{
	struct module_kthread *k, *found = NULL;

	spin_lock(&kthreads_lock);
	list_for_each_entry (k, &kthreads, link)
		if (k->task == task || (view && k->view == view))
			found = k;
	spin_unlock(&kthreads_lock);
	return found;
}

static bool is_set(const bool *flag)
{
	bool set;

	spin_lock(&kthreads_lock);
	set = *flag;
	spin_unlock(&kthreads_lock);
	return set;
}

/* The calling thread's last act on @k. */
static void end(struct module_kthread *k, int result)
{
	spin_lock(&kthreads_lock);
	k->result = result;
	k->ended = true;
	spin_unlock(&kthreads_lock);
	waitq_wake_all(&ended_wait);
}

static void run(void *arg)
{
	struct module_kthread *k = arg;

	module_entered();
	end(k, is_set(&k->stop) ? -EINTR : k->fn(k->data));
}

void module_do_exit(long code)
{
	struct module_kthread *k = find(current_task(), NULL);

	if (!k)
		panic("a module ends a thread that is not its own");
	end(k, (int)code);
	task_exit_finish(0);
}

/* Its thread ends where it is. */
void module_kthread_crashed(void)
{
	struct module_kthread *k = find(current_task(), NULL);

	if (k)
		end(k, 0);
}

/* Until the task's stack is free. */
void module_task_wait_gone(struct task *t)
{
	wait_event(&t->signal->wait_ended, signal_group_ended(t->signal));
	sched_wait_gone(&t->thread);
	task_put(t);
}

static void free_kthread(struct module_kthread *k)
{
	module_task_wait_gone(k->task);
	if (k->view)
		(void)__atomic_fetch_sub(&k->view->face.count.counter, 1, __ATOMIC_SEQ_CST);
	kfree(k);
}

static void start(struct module_kthread *k)
{
	bool first;

	spin_lock(&kthreads_lock);
	first = !k->started;
	k->started = true;
	spin_unlock(&kthreads_lock);
	if (first)
		sched_start(&k->task->thread);
	else
		thread_unpark(&k->task->thread);
}

/* It is off the list. */
static int stop(struct module_kthread *k)
{
	int result;

	spin_lock(&kthreads_lock);
	k->stop = true;
	spin_unlock(&kthreads_lock);
	start(k);
	wait_event(&ended_wait, is_set(&k->ended));
	result = k->result;
	spin_lock(&kthreads_lock);
	list_del(&k->link);
	spin_unlock(&kthreads_lock);
	free_kthread(k);
	return result;
}

static struct module_kthread *make(const char *name)
{
	struct module_kthread *k =
		failpoint("module_kthread") ? NULL : kzalloc(sizeof(*k), GFP_KERNEL);
	struct task *parent = k ? task_find(2) : NULL;

	if (parent) {
		k->task = kthread_make(run, k, name, parent);
		task_put(parent);
	}
	if (!k || !k->task) {
		kfree(k);
		return NULL;
	}
	task_get(k->task);
	return k;
}

/* A thread that waits for wake_up_process. */
struct task_view *module_kthread_create(int (*fn)(void *data), void *data, const char *fmt, ...)
{
	struct task_view *view;
	struct module_kthread *k;
	char name[16];
	va_list ap;

	va_start(ap, fmt);
	(void)module_vsnprintf(name, sizeof(name), fmt, ap);
	va_end(ap);
	k = make(name);
	if (!k)
		return (struct task_view *)-ENOMEM;
	k->fn = fn;
	k->data = data;
	spin_lock(&kthreads_lock);
	list_add_tail(&k->link, &kthreads);
	spin_unlock(&kthreads_lock);
	view = module_find_task(k->task->pid);
	if (!view) {
		(void)stop(k);
		return (struct task_view *)-ENOMEM;
	}
	(void)__atomic_fetch_add(&view->face.count.counter, 1, __ATOMIC_SEQ_CST);
	k->view = view;
	return view;
}

int module_kthread_stop(struct task_view *view)
{
	struct module_kthread *k = find(NULL, view);

	return k ? stop(k) : -EINTR;
}

bool module_kthread_should_stop(void)
{
	struct module_kthread *k = find(current_task(), NULL);

	return k && is_set(&k->stop);
}

void module_kthread_bind(struct task_view *view, unsigned cpu)
{
	struct module_kthread *k = find(NULL, view);

	if (k && sched_set_affinity(&k->task->thread, 1UL << cpu))
		pr_warn("kthread_bind: no CPU %u", cpu);
}

static bool is_of(const struct module_kthread *k, const struct module *mod)
{
	return (kaddr_t)k->fn - (kaddr_t)mod->core.base < mod->core.size ||
	       (kaddr_t)k->fn - (kaddr_t)mod->init.base < mod->init.size;
}

void module_kthreads_left(const struct module *mod)
{
	struct module_kthread *k, *found;

	do {
		found = NULL;
		spin_lock(&kthreads_lock);
		list_for_each_entry (k, &kthreads, link)
			if (is_of(k, mod))
				found = k;
		spin_unlock(&kthreads_lock);
		if (found && !is_set(&found->ended))
			pr_warn("%s: thread %s was left running; told to stop", mod->name,
				found->task->comm);
		if (found)
			(void)stop(found);
	} while (found);
}

/* ---- sleeping by hand ---- */

/* TASK_*: 0 runs, 1 interruptible, 2 not, 0x100 killable. A wake-up from before does not count. */
void module_set_state(unsigned state)
{
	if (state)
		(void)thread_park(PARK_UNINTERRUPTIBLE, 0);
	current_task()->module_state = (uint16_t)state;
}

unsigned module_get_state(void)
{
	return current_task()->module_state;
}

/* Sleep as the state says, until woken or @deadline_ns. */
static void sleep_as_said(uint64_t deadline_ns)
{
	struct task *me = current_task();
	unsigned state = me->module_state;

	if (state)
		(void)thread_park(state & 1	  ? PARK_INTERRUPTIBLE
				  : state & 0x100 ? PARK_KILLABLE
						  : PARK_UNINTERRUPTIBLE,
				  deadline_ns);
	else
		sched_yield_current();
	me->module_state = 0;
	module_tick();
}

void module_schedule(void)
{
	sleep_as_said(PARK_FOREVER);
}

long module_schedule_timeout(long timeout)
{
	uint64_t deadline = module_deadline(timeout);

	sleep_as_said(deadline);
	return clock_ns() >= deadline ? 0 : module_left(deadline);
}

int module_wake_up_process(struct task_view *view)
{
	struct module_kthread *k = find(NULL, view);
	struct task *t;
	bool locked;

	if (k) {
		start(k);
		return 1;
	}
	locked = irqs_enabled();
	if (locked)
		view_lock();
	t = view->real;
	if (t)
		thread_unpark(&t->thread);
	if (locked)
		view_unlock();
	return t != NULL;
}

/* ---- signals ---- */

bool module_signal_pending(struct task_view *view)
{
	return view->real == current_task() && signal_pending();
}

void module_allow_signal(int sig, int allowed)
{
	if (sig >= 1 && sig <= NSIG)
		signal_allow(sig, allowed);
}

int module_send_sig(int sig, struct task_view *view)
{
	int err = -ESRCH;

	view_lock();
	if (view->real)
		err = signal_send_group(view->real, sig, NULL);
	view_unlock();
	return err;
}
