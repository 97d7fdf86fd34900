/* A thread that does works in turn: kthread_worker, kthread_work. Included by linux/kthread.h. */
#ifndef _LINUX_KTHREAD_WORKER_H
#define _LINUX_KTHREAD_WORKER_H

#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/slab.h>
#include <linux/wait.h>

struct kthread_work;
typedef void (*kthread_work_func_t)(struct kthread_work *work);
struct kthread_worker {
	spinlock_t lock;
	struct list_head work_list;
	struct task_struct *task;
	struct kthread_work *current_work; /* its function runs */
	wait_queue_head_t changed;
};
struct kthread_work {
	struct list_head node;
	kthread_work_func_t func;
	struct kthread_worker *worker; /* where it was queued last */
};

#define KTHREAD_WORK_INIT(work, fn)                                                                \
	{                                                                                          \
		.node = LIST_HEAD_INIT((work).node), .func = (fn)                                  \
	}
#define DEFINE_KTHREAD_WORK(work, fn) struct kthread_work work = KTHREAD_WORK_INIT(work, fn)
#define kthread_init_work(work, fn)                                                                \
	do {                                                                                       \
		*(work) = (struct kthread_work){ .func = (fn) };                                   \
		INIT_LIST_HEAD(&(work)->node);                                                     \
	} while (0)
#define init_kthread_work(work, fn) kthread_init_work(work, fn)

static inline void kthread_init_worker(struct kthread_worker *worker)
{
	*worker = (struct kthread_worker){ .task = NULL };
	INIT_LIST_HEAD(&worker->work_list);
	init_waitqueue_head(&worker->changed);
}
#define init_kthread_worker(worker) kthread_init_worker(worker)

static inline struct kthread_work *module_worker_next(struct kthread_worker *worker)
{
	struct kthread_work *work;

	spin_lock(&worker->lock);
	work = list_first_entry_or_null(&worker->work_list, struct kthread_work, node);
	if (work)
		list_del_init(&work->node);
	worker->current_work = work;
	spin_unlock(&worker->lock);
	return work;
}

static inline int kthread_worker_fn(void *data)
{
	struct kthread_worker *worker = data;

	worker->task = current;
	for (;;) {
		struct kthread_work *work = module_worker_next(worker);

		if (work) {
			work->func(work);
			spin_lock(&worker->lock);
			worker->current_work = NULL;
			spin_unlock(&worker->lock);
			wake_up_all(&worker->changed);
			continue;
		}
		if (kthread_should_stop())
			return 0;
		wait_event_interruptible(worker->changed,
					 !list_empty(&worker->work_list) || kthread_should_stop());
	}
}

#define kthread_create_worker(flags, ...)                                                          \
	({                                                                                         \
		struct kthread_worker *worker_ = kzalloc(sizeof(*worker_), GFP_KERNEL);            \
		struct task_struct *worker_task_ = ERR_PTR(-ENOMEM);                               \
		if (worker_) {                                                                     \
			kthread_init_worker(worker_);                                              \
			worker_task_ = kthread_run(kthread_worker_fn, worker_, __VA_ARGS__);       \
		}                                                                                  \
		if (IS_ERR(worker_task_)) {                                                        \
			kfree(worker_);                                                            \
			worker_ = ERR_CAST(worker_task_);                                          \
		} else {                                                                           \
			worker_->task = worker_task_;                                              \
		}                                                                                  \
		worker_;                                                                           \
	})
#define kthread_run_worker kthread_create_worker

/* False: it waits there already. */
static inline bool kthread_queue_work(struct kthread_worker *worker, struct kthread_work *work)
{
	bool fresh;

	spin_lock(&worker->lock);
	fresh = list_empty(&work->node);
	if (fresh) {
		work->worker = worker;
		list_add_tail(&work->node, &worker->work_list);
	}
	spin_unlock(&worker->lock);
	wake_up_all(&worker->changed);
	return fresh;
}
#define queue_kthread_work(worker, work) kthread_queue_work(worker, work)

static inline void kthread_flush_work(struct kthread_work *work)
{
	struct kthread_worker *worker = work->worker;

	if (worker)
		wait_event(worker->changed,
			   list_empty(&work->node) && READ_ONCE(worker->current_work) != work);
}
#define kthread_flush_worker(w)                                                                    \
	wait_event((w)->changed, list_empty(&(w)->work_list) && !READ_ONCE((w)->current_work))

static inline void kthread_destroy_worker(struct kthread_worker *worker)
{
	kthread_flush_worker(worker);
	kthread_stop(worker->task);
	kfree(worker);
}

#endif
