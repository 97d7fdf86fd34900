/* Sleeping reader-writer lock. Uncontended read lock and unlock are one atomic operation each. */
#ifndef SYNC_RWSEM_H
#define SYNC_RWSEM_H

#include "base/atomic.h"
#include "sync/waitq.h"

enum { RWSEM_WRITER = 1, RWSEM_WAITING = 2, RWSEM_FAIR = 4, RWSEM_READER = 8 };

struct rwsem {
	atomic_long_t
		count; /* a: RWSEM_WRITER, RWSEM_WAITING, RWSEM_FAIR, then the number of readers */
	struct thread *owner; /* the writer's, read by anybody */
	struct waitq waitq;
	bool waking; /* waitq.lock: the writer at the queue's head has been woken and has not looked yet */
	uint8_t rank;
} lock_type_;

void rwsem_init(struct rwsem *s, enum lock_rank rank);
void rwsem_down_read(struct rwsem *s) acquires_shared(s);
void rwsem_down_write(struct rwsem *s) acquires(s);
/* Return: 0, or -EINTR when a fatal signal came first. */
int must_check rwsem_down_read_killable(struct rwsem *s)
	ts_attr_(try_acquire_shared_capability(0, s));
int must_check rwsem_down_write_killable(struct rwsem *s) try_acquires(0, s);
bool must_check rwsem_try_read(struct rwsem *s) ts_attr_(try_acquire_shared_capability(true, s));
bool must_check rwsem_try_write(struct rwsem *s) try_acquires(true, s);
void rwsem_up_read(struct rwsem *s) releases_shared(s);
void rwsem_up_write(struct rwsem *s) releases(s);
/* Held for write becomes held for read, without a gap. */
void rwsem_downgrade(struct rwsem *s) no_lock_analysis;
bool rwsem_is_write_locked(const struct rwsem *s);

#endif
