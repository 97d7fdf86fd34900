/* Wait queues: threads waiting for a condition that another thread or an interrupt makes true. */
#ifndef SYNC_WAITQ_H
#define SYNC_WAITQ_H

#include "lib/list.h"
#include "sync/spinlock.h"
#include "sync/thread.h"

struct waitq {
	struct spinlock lock; /* irqsave; rank WAITQ */
	struct list_head waiters;
};

struct waiter {
	struct list_head link; /* w: waitq->lock */
	struct thread *thread; /* i; used when wake is NULL */
	/* Other than a thread (poll, epoll): called under waitq->lock, must not sleep. */
	void (*wake)(struct waiter *w);
	bool exclusive; /* i: waitq_wake_one stops after one such waiter */
	bool woken;	/* w: exclusive and chosen by a wake_one since it was queued */
};

#define WAITQ_INIT(q)                                                                              \
	{                                                                                          \
		.lock = SPINLOCK_INIT(RANK_WAITQ), .waiters = LIST_HEAD_INIT((q).waiters)          \
	}

void waitq_init(struct waitq *q);
/*
 * Queue @w for the calling thread (exclusive waiters at the tail). Then test the condition, then park. waitq_wake_one
 * takes the exclusive waiter that it chooses off the queue: one that was woken in vain queues itself again (waitq_rearm)
 * before it tests again, and one that gives up after being chosen (w.woken) passes the wake-up on with waitq_wake_one;
 * wait_event_exclusive does both.
 */
void waitq_add(struct waitq *q, struct waiter *w);
void waitq_add_exclusive(struct waitq *q, struct waiter *w);
void waitq_rearm(struct waitq *q, struct waiter *w);
/* Queue a callback waiter; the caller has set w->wake. */
void waitq_add_callback(struct waitq *q, struct waiter *w);
void waitq_del_queued(struct waitq *q, struct waiter *w);
/* Leave the queue; harmless when a wake-up has removed @w already. On return no waker touches @w. */
static inline void waitq_del(struct waitq *q, struct waiter *w)
{
	/* A waker's last act on @w is to make its prev point to itself. */
	if (__atomic_load_n(&w->link.prev, __ATOMIC_ACQUIRE) != &w->link)
		waitq_del_queued(q, w);
}
/* Wake all / one exclusive and all others. All but the chosen one stay queued until they leave. Any context. */
void waitq_wake_all(struct waitq *q);
void waitq_wake_one(struct waitq *q);
static inline bool waitq_active(const struct waitq *q)
{
	return !list_empty(&q->waiters);
}

/* Sleep until @cond. Return: 0, or -EINTR / -ETIMEDOUT as thread_park. @cond is evaluated many times. */
#define wait_event_mode(q, cond, mode, deadline_ns)                                                \
	({                                                                                         \
		int wait_err_ = 0;                                                                 \
		if (!(cond)) {                                                                     \
			struct waiter wait_w_;                                                     \
			waitq_add((q), &wait_w_);                                                  \
			while (!(cond)) {                                                          \
				wait_err_ = thread_park((mode), (deadline_ns));                    \
				if (wait_err_) {                                                   \
					if (cond)                                                  \
						wait_err_ = 0;                                     \
					break;                                                     \
				}                                                                  \
			}                                                                          \
			waitq_del((q), &wait_w_);                                                  \
		}                                                                                  \
		wait_err_;                                                                         \
	})
/* The same as an exclusive waiter: waitq_wake_one wakes one such thread per call. */
#define wait_event_exclusive(q, cond, mode, deadline_ns)                                           \
	({                                                                                         \
		int wait_err_ = 0;                                                                 \
		if (!(cond)) {                                                                     \
			struct waiter wait_w_;                                                     \
			waitq_add_exclusive((q), &wait_w_);                                        \
			while (!(cond)) {                                                          \
				wait_err_ = thread_park((mode), (deadline_ns));                    \
				if (cond) {                                                        \
					wait_err_ = 0;                                             \
					break;                                                     \
				}                                                                  \
				if (wait_err_)                                                     \
					break;                                                     \
				waitq_rearm((q), &wait_w_);                                        \
			}                                                                          \
			waitq_del((q), &wait_w_);                                                  \
			if (wait_err_ && wait_w_.woken)                                            \
				waitq_wake_one(q);                                                 \
		}                                                                                  \
		wait_err_;                                                                         \
	})
#define wait_event(q, cond)		  ((void)wait_event_mode(q, cond, PARK_UNINTERRUPTIBLE, PARK_FOREVER))
#define wait_event_killable(q, cond)	  wait_event_mode(q, cond, PARK_KILLABLE, PARK_FOREVER)
#define wait_event_interruptible(q, cond) wait_event_mode(q, cond, PARK_INTERRUPTIBLE, PARK_FOREVER)

#endif
