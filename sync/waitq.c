/*
 * Wait queues.
 *
 * OWNS     nothing: queue and waiters belong to their users; the waiter lies on its thread's stack.
 * WHY      "queue yourself, test, park" with the park token loses no wake-up and needs no thread state here.
 * I1       a waiter is linked or its link points to itself.                        [waitq_del may come twice]
 * I2       plain and callback waiters stand before exclusive ones.
 * I3       each waitq_wake_one picks an exclusive waiter that no earlier call picked, while there is one: two wake-ups
 *          never fall on one sleeper while another sleeps on.
 * LOCKS    waitq->lock (rank WAITQ), interrupts off. thread_unpark is called under it, so a waiter that has left the
 *          queue is touched by nobody. A callback may wake another queue (an epoll set's), never its own.
 * COST     add, del: O(1). wake_all: O(waiters). wake_one: O(plain waiters + chosen ones that have not run yet).
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
	spin_unlock_irqrestore(&q->lock, flags);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void waitq_del(struct waitq *q, struct waiter *w)
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

void waitq_wake_all(struct waitq *q)
{
	struct waiter *w, *tmp;
	irqflags_t flags = spin_lock_irqsave(&q->lock);

	list_for_each_entry_safe(w, tmp, &q->waiters, link)
		wake(w);
	spin_unlock_irqrestore(&q->lock, flags);
}

void waitq_wake_one(struct waitq *q)
{
	struct waiter *w, *tmp;
	irqflags_t flags = spin_lock_irqsave(&q->lock);

	list_for_each_entry_safe(w, tmp, &q->waiters, link) {
		if (w->exclusive && w->woken)
			continue;
		w->woken = true;
		wake(w);
		if (w->exclusive)
			break;
	}
	spin_unlock_irqrestore(&q->lock, flags);
}
