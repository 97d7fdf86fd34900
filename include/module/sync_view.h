/*
 * Wait queues, locks that sleep, timers and work of modules: the layouts that both sides know. include/linux gives them
 * Linux's names; the calls are those of module/{sync,kthread,later,work}.c.
 */
#ifndef MODULE_SYNC_VIEW_H
#define MODULE_SYNC_VIEW_H

#include "base/types.h"
#include "lib/list.h"
#include "sync/rank.h"

/* What preempt_count() has: disablings of preemption, in the next byte the softirq that runs, and disablings of softirqs. */
enum { VIEW_SOFTIRQ_OFFSET = 0x100, VIEW_BH_OFFSET = 0x200 };

struct waitq_view { /* struct waitq */
	unsigned int word;
	unsigned char rank;
	struct list_head waiters;
};

#define WAITQ_VIEW_INIT(q)                                                                         \
	{                                                                                          \
		.rank = RANK_WAITQ, .waiters = LIST_HEAD_INIT((q).waiters)                         \
	}

struct waiter_view { /* struct waiter; link.prev is itself while it is in no queue */
	struct list_head link;
	void *thread;
	void *wake;
	bool exclusive, woken;
};

enum { VIEW_PARK_UNINTERRUPTIBLE, VIEW_PARK_KILLABLE, VIEW_PARK_INTERRUPTIBLE };

struct mutex_view {
	void *owner; /* a: the thread that has it */
	struct waitq_view wait;
};

struct sema_view {
	int count; /* a */
	struct waitq_view wait;
};

struct completion_view {
	unsigned int done;  /* a */
	unsigned int guard; /* held while it is completed: who waited may then free it */
	struct waitq_view wait;
};

struct rwlock_view {
	int word; /* a: readers; -1: a writer */
};

/* Something that the thread of timers is to do at a time. */
struct later_view {
	struct list_head link; /* q: the queue's lock */
	unsigned long long when_ns;
	void (*run)(struct later_view *l);
	bool queued; /* q */
};

struct timer_view { /* struct timer_list */
	struct later_view later;
	unsigned long expires; /* jiffies */
	void *function; /* of (struct timer_list *), before Linux 4.15 of (unsigned long): given @data */
	unsigned long data;
	unsigned int flags;
};

struct hrtimer_view {
	struct later_view later; /* when_ns is when it expires, on the monotonic clock */
	void *function;
	int clock;
};

struct tasklet_view {
	struct later_view later;
	void *func; /* given @data: of the new form, the tasklet itself */
	unsigned long data;
	int disabled; /* a: depth */
	bool missed;  /* due while it was disabled */
};

struct work_view {		/* struct work_struct */
	struct list_head entry; /* w: the lock of all work */
	void (*func)(struct work_view *w);
	unsigned long long seq; /* w: in the order of being queued */
	bool pending;		/* w */
};

struct delayed_work_view {
	struct work_view work;
	struct timer_view timer;
	void *queue;
};

#endif
