/* Who waits for whom: locks with owners, and the priority that waiters lend. Private to the futex files. */
#ifndef KERNEL_PI_H
#define KERNEL_PI_H

#include "base/compiler.h"
#include "lib/list.h"
#include "sync/spinlock.h"

struct task;

/* Guards all that is marked p. Taken behind a futex bucket's lock. */
extern struct spinlock pi_mutex;

/* A lock that somebody waits for; whoever leaves as its last waiter frees it. */
struct pi_lock {
	struct task *owner;	  /* p: who is to free it */
	struct list_head waiters; /* p: by falling priority, then by time */
	struct list_head owned;	  /* p: owner->futex.owned */
	bool died; /* p: the owner before died, and the word does not say yet who has it */
};

/* On the waiter's stack. */
struct pi_waiter {
	struct task *task;     /* i */
	struct pi_lock *lock;  /* p: NULL: does not wait */
	struct pi_lock *spent; /* p: to be freed by the waiter */
	struct list_head link; /* p: lock->waiters */
	int prio;	       /* p: its place there */
	bool granted, died;    /* p: it has the lock; from an owner that died */
};

/* All with pi_mutex held. */
/* @w->task waits for @l from now on and lends its priority. 0, or -EDEADLK: the owner waits for it. */
int must_check pi_block(struct pi_lock *l, struct pi_waiter *w);
/* @w waits no longer, and has not been given the lock. */
void pi_unblock(struct pi_waiter *w);
/* The lock goes from its owner to the first waiter, which wakes up. @died: because the owner ends. */
void pi_hand_over(struct pi_lock *l, bool died);
struct pi_waiter *pi_first(const struct pi_lock *l);
/* A new lock of @owner that nobody waits for yet. -ESRCH: the owner has ended. */
int must_check pi_lock_start(struct pi_lock *l, struct task *owner);

#endif
