/* The hash of futex waiters; private to the futex files. */
#ifndef KERNEL_FUTEX_IMPL_H
#define KERNEL_FUTEX_IMPL_H

#include "kernel/futex.h"
#include "sync/spinlock.h"
#include "sync/thread.h"

struct pi_waiter;
struct pi_lock;
struct task;

#define FUTEX_WAITERS	 0x80000000U
#define FUTEX_OWNER_DIED 0x40000000U
#define FUTEX_TID_MASK	 0x3fffffffU

struct futex_key {
	const void *space;   /* mm_struct or address_space */
	unsigned long place; /* address, or page offset in the mapping */
	unsigned offset;     /* in the page; bit 0: shared */
};

struct futex_waiter {
	struct list_head link; /* b: bucket->lock */
	struct thread *thread;
	struct futex_key key;  /* b: a requeue changes it */
	struct bucket *bucket; /* b */
	uint32_t bitset;
	int prio;	      /* b: real-time priority when queued */
	struct pi_waiter *pi; /* i: it is to have a lock; NULL: an ordinary waiter */
	const struct futex_key
		*target; /* b: which lock, when it has been requeued; NULL: it waits there */
};

struct bucket {
	struct spinlock lock;
	struct list_head waiters; /* next NULL: not initialised */
};

struct bucket *futex_bucket(const struct futex_key *k);
irqflags_t futex_lock_bucket(struct bucket *b) no_lock_analysis;
void futex_unlock_bucket(struct bucket *b, irqflags_t flags) no_lock_analysis;
/* In order of their addresses; they may be the same. */
irqflags_t futex_lock_buckets(struct bucket *a, struct bucket *b) no_lock_analysis;
void futex_unlock_buckets(struct bucket *a, struct bucket *b, irqflags_t flags) no_lock_analysis;
/* The bucket of a waiter that a requeue may move, locked. */
struct bucket *futex_lock_home(struct futex_waiter *w, irqflags_t *flags) no_lock_analysis;

/* 0; -EINVAL: not aligned; -EFAULT. Sleeps. */
int must_check futex_key_of(uaddr_t addr, bool shared, struct futex_key *k);

static inline bool futex_same_key(const struct futex_key *a, const struct futex_key *b)
{
	return a->space == b->space && a->place == b->place && a->offset == b->offset;
}

/* Bucket locked. */
void futex_queue(struct bucket *b, struct futex_waiter *w);
/* Compare and queue. 0 when queued; -EAGAIN: the word differs; -EFAULT: it must be faulted in first. */
int must_check futex_enqueue(uaddr_t addr, uint32_t val, struct futex_waiter *w);
/* The waiter may return as soon as its link points to itself and the bucket is unlocked. Bucket locked. */
void futex_wake_one(struct futex_waiter *w);

/* ---- futex_pi.c ---- */

/* One try to get the lock at @addr for @task, or to find out whom to wait for. */
struct pi_attempt {
	uaddr_t addr;
	struct futex_key key;
	struct task *task;
	bool mark;	     /* set FUTEX_WAITERS when it is got */
	struct task *holder; /* by the word as it was before the locks; referenced */
	uint32_t seen;	     /* that word */
	struct pi_lock *spare;
};
enum { PI_WAIT, PI_ACQUIRED, PI_RETRY };

/* What an attempt needs, got before the locks. 0, -EINVAL, -EFAULT, -ENOMEM. Sleeps. */
int must_check pi_attempt_begin(struct pi_attempt *a, bool shared);
/*
 * The attempt. Bucket of a->key and pi_mutex locked. PI_ACQUIRED; PI_WAIT: *lock is to be waited for (a->spare, if there was
 * none); PI_RETRY; -EFAULT: the word must be faulted in; else as futex(2).
 */
int must_check pi_attempt_do(struct pi_attempt *a, struct bucket *b, struct pi_lock **lock);
/* Behind the locks: what it means, with the word faulted in if it was missing. */
int must_check pi_attempt_end(struct pi_attempt *a, int ret);
/* @w waits for @lock, in bucket @b. Both locked. 0, -EDEADLK. */
int must_check pi_attempt_wait(struct pi_attempt *a, struct pi_lock *lock, struct futex_waiter *w,
			       struct bucket *b);
/* The waiter's sleep is over: @err 0: it has the lock. Return: 0, @err, -EFAULT. */
long pi_wait_end(struct futex_waiter *w, uaddr_t addr, long err);

#endif
