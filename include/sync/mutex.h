/* Sleeping mutual exclusion: one owner, who alone unlocks. Not for interrupts. */
#ifndef SYNC_MUTEX_H
#define SYNC_MUTEX_H

#include "base/atomic.h"
#include "sync/waitq.h"

struct mutex {
	struct thread *owner; /* a: NULL when free */
	atomic_t nr_waiters;
	struct waitq waitq;
	uint8_t rank;
} lock_type_;

#define MUTEX_INIT(m, rank_)                                                                       \
	{                                                                                          \
		.waitq = WAITQ_INIT((m).waitq), .rank = (rank_)                                    \
	}

void mutex_init(struct mutex *m, enum lock_rank rank);
void mutex_lock(struct mutex *m) acquires(m);
/* Return: 0, or -EINTR when a signal came first (interruptible: any; killable: a fatal one). */
int must_check mutex_lock_interruptible(struct mutex *m) try_acquires(0, m);
bool must_check mutex_trylock(struct mutex *m) try_acquires(true, m);
void mutex_unlock(struct mutex *m) releases(m);
bool mutex_is_locked(const struct mutex *m);

#endif
