/* futex(2): all operations, private and shared keys; futex_waitv(2); what ends with a thread. */
#ifndef KERNEL_FUTEX_H
#define KERNEL_FUTEX_H

#include "base/types.h"
#include "lib/list.h"

struct task;
struct pi_waiter;

/* A task's part. o: its own; p: pi_mutex (kernel/pi.c). */
struct task_futex {
	uaddr_t robust;		      /* o: set_robust_list(2) */
	size_t robust_len;	      /* o */
	struct list_head owned;	      /* p: locks that others wait for; next NULL: never any */
	struct pi_waiter *blocked_on; /* p */
	bool exited;		      /* p: it has no locks and gets none any more */
};

/* @timeout_ns: absolute on clock_ns, PARK_FOREVER for none. Errors as futex(2). */
long futex_wait(uaddr_t addr, bool shared, uint32_t val, uint32_t bitset, uint64_t timeout_ns);
long futex_wake(uaddr_t addr, bool shared, int nr, uint32_t bitset);
long futex_requeue(uaddr_t addr, bool shared, int nr_wake, int nr_requeue, uaddr_t addr2,
		   bool compare, uint32_t val);
long futex_wake_op(uaddr_t addr, bool shared, int nr_wake, int nr_wake2, uaddr_t addr2,
		   uint32_t op);

enum { FUTEX_WAITV_MAX = 128 };
struct futex_wait_one {
	uaddr_t addr;
	uint32_t val;
	bool shared;
};
/* Wait until one of @nr words is woken. Return: its number, or an error as futex_waitv(2). Sleeps. */
long futex_wait_many(const struct futex_wait_one *one, unsigned nr, uint64_t timeout_ns);

/* Locks with priority inheritance. */
long futex_lock_pi(uaddr_t addr, bool shared, bool try_only, uint64_t timeout_ns);
long futex_unlock_pi(uaddr_t addr, bool shared);
long futex_wait_requeue_pi(uaddr_t addr, bool shared, uint32_t val, uint64_t timeout_ns,
			   uaddr_t addr2);
long futex_cmp_requeue_pi(uaddr_t addr, bool shared, int nr_wake, int nr_requeue, uaddr_t addr2,
			  uint32_t val);
/* The priority of @t has been set: what it lends follows. */
void pi_priority_changed(struct task *t);
/* Whoever waits for @t's locks gets them. @for_good: it ends. */
void pi_task_exit(struct task *t, bool for_good);

/* clear_child_tid, the robust list and locks. @for_good: the thread ends; else only its program does (execve). */
void futex_exit_thread(struct task *t, bool for_good);

#endif
