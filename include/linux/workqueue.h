/* Work queues: functions that threads of the kernel call later. */
#ifndef _LINUX_WORKQUEUE_H
#define _LINUX_WORKQUEUE_H

#include <linux/timer.h>

struct workqueue_struct;
typedef void (*work_func_t)(struct work_struct *work);

struct workqueue_struct *module_workqueue_alloc(unsigned int max);
void destroy_workqueue(struct workqueue_struct *wq);
void flush_workqueue(struct workqueue_struct *wq);
/* False: it is queued already. */
bool queue_work(struct workqueue_struct *wq, struct work_struct *w);
bool queue_delayed_work(struct workqueue_struct *wq, struct delayed_work *d, unsigned long delay);
bool flush_work(struct work_struct *w);
bool flush_delayed_work(struct delayed_work *d);
bool module_cancel_work(struct work_struct *w, bool sync);
bool module_cancel_delayed_work(struct delayed_work *d, bool sync);
extern struct workqueue_struct *system_wq;

#define system_highpri_wq	  system_wq
#define system_long_wq		  system_wq
#define system_unbound_wq	  system_wq
#define system_freezable_wq	  system_wq
#define system_power_efficient_wq system_wq

enum {
	WQ_UNBOUND = 2,
	WQ_FREEZABLE = 4,
	WQ_MEM_RECLAIM = 8,
	WQ_HIGHPRI = 16,
	WQ_CPU_INTENSIVE = 32,
	WQ_SYSFS = 64,
	WQ_POWER_EFFICIENT = 128
};

#define __WORK_INITIALIZER(n, fn)                                                                  \
	{                                                                                          \
		.entry = LIST_HEAD_INIT((n).entry), .func = (fn)                                   \
	}
#define DECLARE_WORK(n, fn) struct work_struct n = __WORK_INITIALIZER(n, fn)
#define DECLARE_DELAYED_WORK(n, fn)                                                                \
	struct delayed_work n = { .work = __WORK_INITIALIZER((n).work, fn) }
#define WORK_FORM(a, b, c, d, ...) d
/* INIT_WORK(work, function), before Linux 2.6.20 with data. */
#define INIT_WORK(w, fn)                                                                           \
	do {                                                                                       \
		struct work_struct *work_new_ = (w);                                               \
		*work_new_ = (struct work_struct){ .func = (fn) };                                 \
		INIT_LIST_HEAD(&work_new_->entry);                                                 \
	} while (0)
#define INIT_DELAYED_WORK(d, fn)                                                                   \
	do {                                                                                       \
		struct delayed_work *delayed_new_ = (d);                                           \
		init_timer(&delayed_new_->timer);                                                  \
		INIT_WORK(&delayed_new_->work, fn);                                                \
	} while (0)
#define INIT_WORK_ONSTACK	 INIT_WORK
#define destroy_work_on_stack(w) ((void)(w))
#define INIT_DEFERRABLE_WORK	 INIT_DELAYED_WORK
#define PREPARE_WORK(w, fn)	 ((void)((w)->func = (fn)))
#define to_delayed_work(w)	 container_of(w, struct delayed_work, work)
#define work_pending(w)		 ((bool)READ_ONCE((w)->pending))
#define delayed_work_pending(d)	 work_pending(&(d)->work)

#define alloc_workqueue(name, flags, max, ...)	  module_workqueue_alloc((unsigned int)(max))
#define alloc_ordered_workqueue(name, flags, ...) module_workqueue_alloc(1)
#define create_workqueue(name)			  module_workqueue_alloc(1)
#define create_singlethread_workqueue(name)	  module_workqueue_alloc(1)
#define create_freezable_workqueue(name)	  module_workqueue_alloc(1)

#define schedule_work(w)		   queue_work(system_wq, w)
#define schedule_work_on(cpu, w)	   queue_work(system_wq, w)
#define queue_work_on(cpu, wq, w)	   queue_work(wq, w)
#define schedule_delayed_work(d, t)	   queue_delayed_work(system_wq, d, t)
#define schedule_delayed_work_on(c, d, t)  queue_delayed_work(system_wq, d, t)
#define queue_delayed_work_on(c, wq, d, t) queue_delayed_work(wq, d, t)
#define mod_delayed_work(wq, d, t)                                                                 \
	({                                                                                         \
		bool was_pending_ = module_cancel_delayed_work(d, false);                          \
		queue_delayed_work(wq, d, t);                                                      \
		was_pending_;                                                                      \
	})
#define work_busy(w)		    ((unsigned int)work_pending(w))
#define WORK_BUSY_PENDING	    1
#define WORK_BUSY_RUNNING	    2
#define flush_scheduled_work()	    flush_workqueue(system_wq)
#define drain_workqueue(wq)	    flush_workqueue(wq)
#define cancel_work(w)		    module_cancel_work(w, false)
#define cancel_work_sync(w)	    module_cancel_work(w, true)
#define cancel_delayed_work(d)	    module_cancel_delayed_work(d, false)
#define cancel_delayed_work_sync(d) module_cancel_delayed_work(d, true)

#endif
