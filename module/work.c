/*
 * Work queues of modules.
 *
 * OWNS     struct workqueue and its threads; a work that is queued, until its function begins: then the function may free it.
 * WHY      as on Linux a work that sleeps does not hold up the next: a queue has as many threads as it needs, up to its limit,
 *          1 for an ordered one. The system's queue has its first thread while any module is there.
 * I1       w->pending exactly while w is on a queue's list, or its timer is armed (delayed).
 * I2       what is flushed: all that was queued with a smaller number than the flush itself has.
 * LOCKS    works_lock (rank OBJECT) for all of it.   CONTEXT  threads; sleeps.
 * FAILS    alloc_workqueue: NULL. Queueing never: without memory for one more thread those there do it.
 * SOURCES  Linux Documentation/core-api/workqueue.rst.   TESTED BY  module_api (guest)
 */
#include "module/api.h"
#include "module/module_impl.h"

#include "base/errno.h"
#include "kernel/kthread.h"
#include "kernel/task.h"
#include "lib/fmt.h"
#include "mm/slab.h"
#include "sync/failpoint.h"

enum { WORKERS_MAX = 8 };

struct worker {
	struct workqueue *queue;
	struct task *task;	     /* referenced */
	const struct work_view *now; /* w: only compared */
	unsigned long long seq;	     /* w: of it */
};

struct workqueue {
	struct list_head link;	/* w: of all */
	struct list_head works; /* w: works_lock */
	struct worker workers[WORKERS_MAX];
	unsigned nr, idle, max; /* w */
	bool ends;		/* w */
	struct waitq more;
	struct later_view growing; /* by the thread of timers: whoever queues may not sleep */
};

static struct spinlock works_lock = SPINLOCK_INIT(RANK_OBJECT);
static struct waitq works_done = WAITQ_INIT(works_done);
static struct list_head queues = LIST_HEAD_INIT(queues); /* w */
static unsigned long long next_seq;			 /* w */
static unsigned next_name;
struct workqueue *module_system_wq;

/* ---- the threads ---- */

/* The next work, which the caller runs now; NULL: none. */
static struct work_view *take(struct worker *me)
{
	struct workqueue *q = me->queue;
	struct work_view *w = NULL;

	spin_lock(&works_lock);
	if (!list_empty(&q->works)) {
		w = list_first(&q->works, struct work_view, entry);
		list_del_init(&w->entry);
		w->pending = false;
		me->seq = w->seq;
	}
	me->now = w;
	spin_unlock(&works_lock);
	return w;
}

static void done(struct worker *me)
{
	spin_lock(&works_lock);
	me->now = NULL;
	spin_unlock(&works_lock);
	waitq_wake_all(&works_done);
}

/* The thread ends inside a work: nobody waits for that. */
void module_worker_crashed(void)
{
	struct workqueue *q;

	spin_lock(&works_lock);
	list_for_each_entry (q, &queues, link)
		for (unsigned i = 0; i < q->nr; i++)
			if (q->workers[i].task == current_task())
				q->workers[i].now = NULL;
	spin_unlock(&works_lock);
	waitq_wake_all(&works_done);
}

static bool has_works(struct workqueue *q)
{
	bool has;

	spin_lock(&works_lock);
	has = !list_empty(&q->works);
	spin_unlock(&works_lock);
	return has;
}

static void count_idle(struct workqueue *q, int n)
{
	spin_lock(&works_lock);
	q->idle += (unsigned)n;
	spin_unlock(&works_lock);
}

static void worker_main(void *arg);

/* One thread more, unless one idles or there are enough. */
static void grow(struct workqueue *q)
{
	struct worker *me = NULL;
	struct task *kthreadd;
	char name[16];

	spin_lock(&works_lock);
	if (!q->idle && q->nr < q->max)
		me = &q->workers[q->nr++];
	spin_unlock(&works_lock);
	if (!me)
		return;
	(void)fmt_snprintf(name, sizeof(name), "kworker/u16:%u", next_name++ % 1000);
	kthreadd = task_find(2);
	me->queue = q;
	me->now = NULL;
	me->task = kthreadd ? kthread_make(worker_main, me, name, kthreadd) : NULL;
	if (kthreadd)
		task_put(kthreadd);
	if (!me->task)
		return; /* its place stays empty */
	task_get(me->task);
	sched_start(&me->task->thread);
}

static void grow_later(struct later_view *l)
{
	grow(container_of(l, struct workqueue, growing));
}

static void worker_main(void *arg)
{
	struct worker *me = arg;
	struct workqueue *q = me->queue;
	struct work_view *w;

	for (;;) {
		while ((w = take(me))) {
			if (has_works(q))
				grow(q); /* this one may sleep */
			w->func(w);
			done(me);
		}
		if (READ_ONCE(q->ends))
			break;
		count_idle(q, 1);
		(void)wait_event_interruptible(&q->more, READ_ONCE(q->ends) || has_works(q));
		count_idle(q, -1);
	}
}

struct workqueue *module_workqueue_alloc(unsigned max)
{
	struct workqueue *q =
		failpoint("module_workqueue") ? NULL : kzalloc(sizeof(*q), GFP_KERNEL);

	if (!q)
		return NULL;
	list_init(&q->works);
	waitq_init(&q->more);
	q->growing.run = grow_later;
	q->max = max && max < WORKERS_MAX ? max : WORKERS_MAX;
	grow(q);
	if (!q->workers[0].task) {
		kfree(q);
		return NULL;
	}
	spin_lock(&works_lock);
	list_add_tail(&q->link, &queues);
	spin_unlock(&works_lock);
	return q;
}

/* What is queued is done first. */
void module_workqueue_destroy(struct workqueue *q)
{
	module_workqueue_flush(q);
	(void)module_later_cancel(&q->growing, true);
	spin_lock(&works_lock);
	q->ends = true;
	list_del(&q->link);
	spin_unlock(&works_lock);
	waitq_wake_all(&q->more);
	for (unsigned i = 0; i < q->nr; i++)
		if (q->workers[i].task)
			module_task_wait_gone(q->workers[i].task);
	kfree(q);
}

int module_work_start(void)
{
	module_system_wq = module_workqueue_alloc(0);
	return module_system_wq ? 0 : -ENOMEM;
}

void module_work_stop(void)
{
	module_workqueue_destroy(module_system_wq);
	module_system_wq = NULL;
}

/* ---- queueing ---- */

static void add(struct workqueue *q, struct work_view *w) must_hold(works_lock)
{
	w->seq = ++next_seq;
	list_add_tail(&w->entry, &q->works);
}

static void tell(struct workqueue *q)
{
	if (irqs_enabled())
		grow(q);
	else
		(void)module_later_arm(&q->growing, 0);
	waitq_wake_all(&q->more);
}

/* False: it is queued already. */
bool module_queue_work(struct workqueue *q, struct work_view *w)
{
	bool fresh;

	spin_lock(&works_lock);
	fresh = !w->pending;
	w->pending = true;
	if (fresh)
		add(q, w);
	spin_unlock(&works_lock);
	if (fresh)
		tell(q);
	return fresh;
}

static void delay_is_over(struct later_view *l)
{
	struct delayed_work_view *d = container_of(l, struct delayed_work_view, timer.later);
	struct workqueue *q = d->queue;

	spin_lock(&works_lock);
	add(q, &d->work);
	spin_unlock(&works_lock);
	tell(q);
}

bool module_queue_delayed_work(struct workqueue *q, struct delayed_work_view *d,
			       unsigned long delay)
{
	bool fresh;

	if (!delay)
		return module_queue_work(q, &d->work);
	spin_lock(&works_lock);
	fresh = !d->work.pending;
	d->work.pending = true;
	spin_unlock(&works_lock);
	if (!fresh)
		return false;
	d->queue = q;
	d->timer.later.run = delay_is_over;
	d->timer.expires = module_jiffies() + delay;
	(void)module_later_arm(&d->timer.later, module_jiffies_ns(d->timer.expires));
	return true;
}

/* ---- waiting, cancelling ---- */

static bool runs(const struct work_view *w) must_hold(works_lock)
{
	const struct workqueue *q;

	list_for_each_entry (q, &queues, link)
		for (unsigned i = 0; i < q->nr; i++)
			if (q->workers[i].now == w)
				return true;
	return false;
}

static bool is_idle(const struct work_view *w, bool pending_too)
{
	bool idle;

	spin_lock(&works_lock);
	idle = !(pending_too && w->pending) && !runs(w);
	spin_unlock(&works_lock);
	return idle;
}

/* Return: there was something to wait for. */
bool module_flush_work(struct work_view *w)
{
	bool busy = !is_idle(w, true);

	wait_event(&works_done, is_idle(w, true));
	return busy;
}

static bool withdraw(struct work_view *w)
{
	bool was;

	spin_lock(&works_lock);
	was = w->pending;
	if (was)
		list_del_init(&w->entry);
	w->pending = false;
	spin_unlock(&works_lock);
	return was;
}

/* On return it is not queued, and with @sync it does not run. Return: it was queued. */
bool module_cancel_work(struct work_view *w, bool sync)
{
	bool was = withdraw(w);

	if (sync)
		wait_event(&works_done, is_idle(w, false));
	return withdraw(w) || was; /* it may have queued itself again */
}

bool module_cancel_delayed_work(struct delayed_work_view *d, bool sync)
{
	bool timed = module_later_cancel(&d->timer.later, sync);

	if (!timed)
		return module_cancel_work(&d->work, sync);
	spin_lock(&works_lock);
	d->work.pending = false;
	spin_unlock(&works_lock);
	if (sync)
		wait_event(&works_done, is_idle(&d->work, false));
	return true;
}

bool module_flush_delayed_work(struct delayed_work_view *d)
{
	if (module_later_cancel(&d->timer.later, true))
		delay_is_over(&d->timer.later);
	return module_flush_work(&d->work);
}

static bool flushed(struct workqueue *q, unsigned long long seq)
{
	const struct work_view *w;
	bool none = true;

	spin_lock(&works_lock);
	list_for_each_entry (w, &q->works, entry)
		none &= w->seq > seq;
	for (unsigned i = 0; i < q->nr; i++)
		none &= !q->workers[i].now || q->workers[i].seq > seq;
	spin_unlock(&works_lock);
	return none;
}

void module_workqueue_flush(struct workqueue *q)
{
	unsigned long long seq;

	spin_lock(&works_lock);
	seq = next_seq;
	spin_unlock(&works_lock);
	wait_event(&works_done, flushed(q, seq));
}
