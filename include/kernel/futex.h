/* futex(2): FUTEX_WAIT, WAKE, REQUEUE, CMP_REQUEUE, WAIT_BITSET, WAKE_BITSET, WAKE_OP; private and shared keys. */
#ifndef KERNEL_FUTEX_H
#define KERNEL_FUTEX_H

#include "base/types.h"

/* @timeout_ns: absolute on clock_ns, PARK_FOREVER for none. Errors as futex(2). */
long futex_wait(uaddr_t addr, bool shared, uint32_t val, uint32_t bitset, uint64_t timeout_ns);
long futex_wake(uaddr_t addr, bool shared, int nr, uint32_t bitset);
long futex_requeue(uaddr_t addr, bool shared, int nr_wake, int nr_requeue, uaddr_t addr2,
		   bool compare, uint32_t val);
long futex_wake_op(uaddr_t addr, bool shared, int nr_wake, int nr_wake2, uaddr_t addr2,
		   uint32_t op);
/* Thread exit: clear_child_tid and the robust list. */
struct task;
void futex_exit_thread(struct task *t);

#endif
