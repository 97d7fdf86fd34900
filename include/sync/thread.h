/*
 * What sync needs from a scheduler: the imports of floor 3. The kernel (kernel/env.c) gives real threads,
 * the simulator (sim/sched.c) coroutines in virtual time.
 */
#ifndef SYNC_THREAD_H
#define SYNC_THREAD_H

#include "arch/self.h" /* struct thread *thread_self(void): the calling thread; never NULL once the scheduler runs */
#include "base/types.h"

struct thread; /* opaque here; the kernel's is the first member of struct task */

enum park_mode {
	PARK_UNINTERRUPTIBLE, /* state D: only unpark or the deadline ends it */
	PARK_KILLABLE,	      /* a fatal signal ends it too */
	PARK_INTERRUPTIBLE,   /* any deliverable signal ends it too */
};

#define PARK_FOREVER UINT64_MAX

/**
 * thread_park - sleep until thread_unpark(self), the deadline, or (by @mode) a signal.
 * An unpark that came since the last park is kept as a token: park then returns at once, so
 * "queue yourself, test, park" cannot lose a wake-up. Spurious returns are legal; callers loop.
 * @deadline_ns: absolute, on clock_ns(); PARK_FOREVER for none.
 * Return: 0, -ETIMEDOUT, or -EINTR.   Locks: none held.   Sleeps: yes.
 */
int thread_park(enum park_mode mode, uint64_t deadline_ns);

/* Wake @t or leave it a token. Any context, interrupts included. @t must not be freed concurrently. */
void thread_unpark(struct thread *t);

/*
 * May a lock that @owner holds be waited for awake: it runs on another CPU now (NULL: it is about to), and nobody else wants
 * this one? @owner may have ended: it is compared, not looked at. Threads that may sleep.
 */
bool thread_may_spin_for(const struct thread *owner);

/* Monotonic time since boot in ns. Any context. */
uint64_t clock_ns(void);

#endif
