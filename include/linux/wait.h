/* Wait queues: wait_event() and its family, and queueing by hand. */
#ifndef _LINUX_WAIT_H
#define _LINUX_WAIT_H

#include <linux/errno.h>
#include <linux/list.h>
#include <linux/spinlock.h>

typedef struct wait_queue_head wait_queue_head_t;
typedef struct wait_queue_entry wait_queue_entry_t, wait_queue_t;

void module_waitq_init(struct wait_queue_head *q);
void module_wait_add(struct wait_queue_head *q, struct wait_queue_entry *w);
void module_wait_del(struct wait_queue_head *q, struct wait_queue_entry *w);
int module_wait_park(int mode, unsigned long long deadline_ns);
void module_wake_one(struct wait_queue_head *q);
void module_wake_all(struct wait_queue_head *q);
void module_set_state(unsigned int state);
unsigned long long module_deadline(long timeout);
long module_left(unsigned long long deadline_ns);

#define __WAIT_QUEUE_HEAD_INITIALIZER(name)   WAITQ_VIEW_INIT(name)
#define DECLARE_WAIT_QUEUE_HEAD(name)	      struct wait_queue_head name = WAITQ_VIEW_INIT(name)
#define DECLARE_WAIT_QUEUE_HEAD_ONSTACK(name) DECLARE_WAIT_QUEUE_HEAD(name)
#define init_waitqueue_head(q)		      module_waitq_init(q)
#define waitqueue_active(q)		      (!list_empty(&(q)->waiters))
#define wq_has_sleeper(q)		      waitqueue_active(q)

#define wake_up(q)			 module_wake_one(q)
#define wake_up_nr(q, nr)		 module_wake_all(q)
#define wake_up_all(q)			 module_wake_all(q)
#define wake_up_locked(q)		 module_wake_one(q)
#define wake_up_interruptible(q)	 module_wake_one(q)
#define wake_up_interruptible_all(q)	 module_wake_all(q)
#define wake_up_interruptible_sync(q)	 module_wake_one(q)
#define wake_up_sync(q)			 module_wake_one(q)
#define wake_up_poll(q, events)		 module_wake_one(q)
#define wake_up_interruptible_poll(q, m) module_wake_one(q)

/* ---- until a condition holds: 0, or what ended the sleep ---- */
#define module_wait(q, cond, mode, deadline, alone)                                                \
	({                                                                                         \
		int wait_err_ = 0;                                                                 \
		if (!(cond)) {                                                                     \
			struct wait_queue_entry wait_w_ = { .exclusive = (alone) };                \
			module_wait_add(&(q), &wait_w_);                                           \
			while (!(cond)) {                                                          \
				wait_err_ = module_wait_park(mode, deadline);                      \
				if (cond)                                                          \
					wait_err_ = 0;                                             \
				if (wait_err_)                                                     \
					break;                                                     \
				module_wait_add(&(q), &wait_w_);                                   \
			}                                                                          \
			module_wait_del(&(q), &wait_w_);                                           \
		}                                                                                  \
		wait_err_;                                                                         \
	})

/* What wait_event_*timeout() return: ticks left; 0: none are; -ERESTARTSYS. */
static inline long module_wait_result(int err, unsigned long long deadline_ns)
{
	if (!err)
		return module_left(deadline_ns);
	return err == -ETIMEDOUT ? 0 : -ERESTARTSYS;
}

#define module_wait_signal(q, cond, mode, alone)                                                   \
	(module_wait(q, cond, mode, ~0ULL, alone) ? -ERESTARTSYS : 0)
#define module_wait_timeout(q, cond, mode, timeout)                                                \
	({                                                                                         \
		unsigned long long wait_end_ = module_deadline(timeout);                           \
		module_wait_result(module_wait(q, cond, mode, wait_end_, false), wait_end_);       \
	})
#define wait_event(q, cond) ((void)module_wait(q, cond, VIEW_PARK_UNINTERRUPTIBLE, ~0ULL, false))
#define wait_event_interruptible(q, cond)                                                          \
	module_wait_signal(q, cond, VIEW_PARK_INTERRUPTIBLE, false)
#define wait_event_killable(q, cond) module_wait_signal(q, cond, VIEW_PARK_KILLABLE, false)
#define wait_event_interruptible_exclusive(q, cond)                                                \
	module_wait_signal(q, cond, VIEW_PARK_INTERRUPTIBLE, true)
#define wait_event_timeout(q, cond, timeout)                                                       \
	module_wait_timeout(q, cond, VIEW_PARK_UNINTERRUPTIBLE, timeout)
#define wait_event_interruptible_timeout(q, cond, timeout)                                         \
	module_wait_timeout(q, cond, VIEW_PARK_INTERRUPTIBLE, timeout)
#define wait_event_killable_timeout(q, cond, timeout)                                              \
	module_wait_timeout(q, cond, VIEW_PARK_KILLABLE, timeout)
#define wait_event_freezable wait_event_interruptible
#define wait_event_cmd(q, cond, before, after)                                                     \
	do {                                                                                       \
		before;                                                                            \
		wait_event(q, cond);                                                               \
		after;                                                                             \
	} while (0)
uint64_t clock_ns(void);
/* A time in ns: 0, -ETIME, -ERESTARTSYS. */
#define module_wait_ns(q, cond, mode, ns)                                                          \
	({                                                                                         \
		unsigned long long wait_end_ = clock_ns() + (unsigned long long)(ns);              \
		int wait_ns_ = module_wait(q, cond, mode, wait_end_, false);                       \
		wait_ns_ == -ETIMEDOUT ? -ETIME : wait_ns_ ? -ERESTARTSYS : 0;                     \
	})
#define wait_event_hrtimeout(q, cond, ns) module_wait_ns(q, cond, VIEW_PARK_UNINTERRUPTIBLE, ns)
#define wait_event_interruptible_hrtimeout(q, cond, ns)                                            \
	module_wait_ns(q, cond, VIEW_PARK_INTERRUPTIBLE, ns)

/* ---- by hand: queue, set_current_state, test, schedule ---- */
#define DECLARE_WAITQUEUE(name, task)  struct wait_queue_entry name = { .thread = (void *)(task) }
#define DEFINE_WAIT(name)	       struct wait_queue_entry name = { .thread = NULL }
#define init_wait(w)		       ((void)(*(w) = (struct wait_queue_entry){ .thread = NULL }))
#define init_waitqueue_entry(w, task)  init_wait(w)
#define add_wait_queue(q, w)	       module_wait_add(q, w)
#define add_wait_queue_exclusive(q, w) ((w)->exclusive = true, module_wait_add(q, w))
#define remove_wait_queue(q, w)	       module_wait_del(q, w)
#define prepare_to_wait(q, w, state)   (module_wait_add(q, w), module_set_state(state))
#define prepare_to_wait_exclusive(q, w, state)                                                     \
	((w)->exclusive = true, module_wait_add(q, w), module_set_state(state))
#define finish_wait(q, w) (module_set_state(0), module_wait_del(q, w))

#endif
