/*
 * Wait queues.
 *
 * OWNS     nothing: queue and waiters belong to their users; the waiter lies on its thread's stack.
 * WHY      "queue yourself, test, park" with the park token loses no wake-up and needs no thread state here.
 * I1       a waiter is linked or its link points to itself.                        [waitq_del may come twice]
 * I2       plain and callback waiters stand before exclusive ones.
 * I3       each waitq_wake_one takes the exclusive waiter it picks off the queue: two wake-ups never fall on one sleeper while
 *          another sleeps on.
 * I4       a waker's last access to a waiter it takes off is the store of link.prev; a waiter that sees it point to itself may
 *          forget the queue without its lock.
 * LOCKS    waitq->lock (rank WAITQ), interrupts off. thread_unpark is called under it, so a waiter that has left the
 *          queue is touched by nobody. A callback may wake another queue (an epoll set's), never its own.
 * COST     add, del: O(1). wake_all: O(waiters). wake_one: O(plain waiters).
 */
#include "sync/waitq.h"

void waitq_init(struct waitq *q)
{
	spin_init(&q->lock, RANK_WAITQ);
	list_init(&q->waiters);
}

static void enqueue(struct waitq *q, struct waiter *w, bool exclusive)
{
	irqflags_t flags;

	w->exclusive = exclusive;
	w->woken = false;
	flags = spin_lock_irqsave(&q->lock);
	if (exclusive)
		list_add_tail(&w->link, &q->waiters);
	else
		list_add(&w->link, &q->waiters);
	spin_unlock_irqrestore(&q->lock, flags);
	/* The caller's test of its condition must not move before the queueing (see waitq_active). */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void waitq_add(struct waitq *q, struct waiter *w)
{
	w->thread = thread_self();
	w->wake = NULL;
	enqueue(q, w, false);
}

void waitq_add_exclusive(struct waitq *q, struct waiter *w)
{
	w->thread = thread_self();
	w->wake = NULL;
	enqueue(q, w, true);
}

void waitq_add_callback(struct waitq *q, struct waiter *w)
{
	w->thread = NULL;
	enqueue(q, w, false);
}

void waitq_rearm(struct waitq *q, struct waiter *w)
{
	irqflags_t flags = spin_lock_irqsave(&q->lock);

	w->woken = false;
	if (list_empty(&w->link))
		list_add_tail(&w->link, &q->waiters);
	spin_unlock_irqrestore(&q->lock, flags);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void waitq_del_queued(struct waitq *q, struct waiter *w)
{
	irqflags_t flags = spin_lock_irqsave(&q->lock);

	if (!list_empty(&w->link))
		list_del_init(&w->link);
	spin_unlock_irqrestore(&q->lock, flags);
}

static void wake(struct waiter *w)
{
	if (w->wake)
		w->wake(w);
	else
		thread_unpark(w->thread);
}

/* The thread may be running already when it is off the queue: see I4. */
static void wake_and_remove(struct waiter *w)
{
	w->woken = true;
	thread_unpark(w->thread);
	list_del(&w->link);
	w->link.next = &w->link;
	__atomic_store_n(&w->link.prev, &w->link, __ATOMIC_RELEASE);
}

void waitq_wake_all(struct waitq *q)
{
	struct waiter *w, *tmp;
	irqflags_t flags = spin_lock_irqsave(&q->lock);

	list_for_each_entry_safe (w, tmp, &q->waiters, link)
		wake(w);
	spin_unlock_irqrestore(&q->lock, flags);
}

void waitq_wake_one(struct waitq *q)
{
	struct waiter *w, *tmp;
	irqflags_t flags = spin_lock_irqsave(&q->lock);

	list_for_each_entry_safe (w, tmp, &q->waiters, link) {
		if (w->exclusive) {
			wake_and_remove(w);
			break;
		}
		wake(w);
	}
	spin_unlock_irqrestore(&q->lock, flags);
}
