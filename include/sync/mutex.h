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
/* Return: 0, or -EINTR when a signal came first (interruptible: any; killable: a fatal one). */
int must_check mutex_lock_interruptible(struct mutex *m) try_acquires(0, m);
bool must_check mutex_trylock(struct mutex *m) try_acquires(true, m);
bool mutex_is_locked(const struct mutex *m);

/* The other halves of the two calls below; debug kernels have all of them there. */
void mutex_lock_slow(struct mutex *m);
void mutex_unlock_slow(struct mutex *m);

/* Before there are threads @me is NULL: then nobody else is there, either. */
static inline bool mutex_take(struct mutex *m, struct thread *me)
{
	struct thread *expected = NULL;

	return __atomic_compare_exchange_n(&m->owner, &expected, me, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_RELAXED);
}

static inline void mutex_lock(struct mutex *m) acquires(m) no_lock_analysis
{
	if (CFG_DEBUG || unlikely(!mutex_take(m, thread_self())))
		mutex_lock_slow(m);
}

static inline void mutex_unlock(struct mutex *m) releases(m) no_lock_analysis
{
	if (CFG_DEBUG) {
		mutex_unlock_slow(m);
		return;
	}
	(void)__atomic_exchange_n(&m->owner, NULL, __ATOMIC_SEQ_CST);
	if (unlikely(atomic_read(&m->nr_waiters)))
		mutex_unlock_slow(m);
}

#endif
