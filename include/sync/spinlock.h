/*
 * Ticket spinlocks. The kernel is not preemptible, so a plain lock needs no preemption count; a lock that an
 * interrupt handler also takes must be taken with the _irqsave form everywhere.
 */
#ifndef SYNC_SPINLOCK_H
#define SYNC_SPINLOCK_H

#include "base/compiler.h"
#include "base/config.h"
#include "base/types.h"
#include "sync/rank.h"

/* 4 bytes, so that one fits in a page-table page's struct page. Low half: now serving; high half: next. */
struct raw_spinlock {
	uint32_t tickets;
} lock_type_;

struct spinlock {
	struct raw_spinlock raw;
	uint8_t rank; /* enum lock_rank */
} lock_type_;

#define SPINLOCK_INIT(lock_rank_) { .raw = { 0 }, .rank = (lock_rank_) }

void spin_init(struct spinlock *l, enum lock_rank rank);
void spin_lock(struct spinlock *l) acquires(l);
void spin_unlock(struct spinlock *l) releases(l);
bool must_check spin_trylock(struct spinlock *l) try_acquires(true, l);
irqflags_t must_check spin_lock_irqsave(struct spinlock *l) acquires(l);
void spin_unlock_irqrestore(struct spinlock *l, irqflags_t flags) releases(l);
bool spin_is_locked(const struct spinlock *l);

/* Raw forms, for a lock whose rank is known at the call (the page-table lock). */
void raw_spin_lock(struct raw_spinlock *l, enum lock_rank rank) acquires(l);
void raw_spin_unlock(struct raw_spinlock *l, enum lock_rank rank) releases(l);

/* Lock-order checking, called by every lock type; empty when CFG_DEBUG is 0. @obj identifies the lock. */
void lockorder_acquire(const void *obj, enum lock_rank rank);
void lockorder_release(const void *obj, enum lock_rank rank);
/* Assert that the caller may sleep: no spinlock held, interrupts on. */
void might_sleep(void);

#endif
