/*
 * Spinlocks, fair where CPUs are real. The kernel is not preemptible, so a plain lock needs no preemption count; a lock that an
 * interrupt handler also takes must be taken with the _irqsave form everywhere. Uncontended paths are inline.
 */
#ifndef SYNC_SPINLOCK_H
#define SYNC_SPINLOCK_H

#include "arch/irqflags.h"
#include "base/compiler.h"
#include "base/config.h"
#include "base/types.h"
#include "sync/rank.h"

/* 4 bytes, so that one fits in a page-table page's struct page. 0: free, and nobody waits; spinlock.c has the rest. */
struct raw_spinlock {
	uint32_t word;
} lock_type_;

struct spinlock {
	struct raw_spinlock raw;
	uint8_t rank; /* enum lock_rank */
} lock_type_;

#define SPINLOCK_INIT(lock_rank_)                                                                  \
	{                                                                                          \
		.raw = { 0 }, .rank = (lock_rank_)                                                 \
	}

/* Lock-order checking, called by every lock type; empty when CFG_DEBUG is 0. @obj identifies the lock. */
void lockorder_acquire(const void *obj, enum lock_rank rank);
void lockorder_release(const void *obj, enum lock_rank rank);
/* The same for spinlocks, which also forbid sleeping; @try_only: no order is asserted. */
void lockorder_spin_acquire(const void *obj, enum lock_rank rank, bool try_only);
void lockorder_spin_release(const void *obj, enum lock_rank rank);
/* A sleeping lock got by a try: recorded, no order asserted. */
void lockorder_try_acquired(const void *obj, enum lock_rank rank);
/* Assert that the caller may sleep: no spinlock held, interrupts on. */
void might_sleep(void);

/* Waiters get the lock in the order they came. Set at boot, where the CPUs are not a hypervisor's. */
extern bool spin_fair;

/* The lock is taken, or others wait for it: wait, then take it. */
void spin_wait(struct raw_spinlock *l);

static inline bool spin_take_free(struct raw_spinlock *l)
{
	uint32_t free = 0;

	return __atomic_compare_exchange_n(&l->word, &free, 1, false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

static inline void spin_take(struct raw_spinlock *l)
{
	if (unlikely(!spin_take_free(l)))
		spin_wait(l);
}

/* The low byte is the owner's: a plain store is enough. */
static inline void spin_release(struct raw_spinlock *l)
{
	__atomic_store_n((uint8_t *)&l->word, 0, __ATOMIC_RELEASE);
}

/* Raw forms, for a lock whose rank is known at the call (the page-table lock). */
static inline void raw_spin_lock(struct raw_spinlock *l, enum lock_rank rank)
	acquires(l) no_lock_analysis
{
	if (CFG_DEBUG)
		lockorder_spin_acquire(l, rank, false);
	spin_take(l);
}

static inline void raw_spin_unlock(struct raw_spinlock *l, enum lock_rank rank)
	releases(l) no_lock_analysis
{
	spin_release(l);
	if (CFG_DEBUG)
		lockorder_spin_release(l, rank);
}

static inline void spin_init(struct spinlock *l, enum lock_rank rank)
{
	l->raw.word = 0;
	l->rank = (uint8_t)rank;
}

static inline void spin_lock(struct spinlock *l) acquires(l) no_lock_analysis
{
	raw_spin_lock(&l->raw, (enum lock_rank)l->rank);
}

static inline void spin_unlock(struct spinlock *l) releases(l) no_lock_analysis
{
	raw_spin_unlock(&l->raw, (enum lock_rank)l->rank);
}

static inline bool must_check spin_trylock(struct spinlock *l)
	try_acquires(true, l) no_lock_analysis
{
	if (!spin_take_free(&l->raw))
		return false;
	if (CFG_DEBUG)
		lockorder_spin_acquire(&l->raw, (enum lock_rank)l->rank, true);
	return true;
}

static inline irqflags_t must_check spin_lock_irqsave(struct spinlock *l)
	acquires(l) no_lock_analysis
{
	irqflags_t flags = irq_save();

	raw_spin_lock(&l->raw, (enum lock_rank)l->rank);
	return flags;
}

static inline void spin_unlock_irqrestore(struct spinlock *l, irqflags_t flags)
	releases(l) no_lock_analysis
{
	raw_spin_unlock(&l->raw, (enum lock_rank)l->rank);
	irq_restore(flags);
}

static inline bool spin_is_locked(const struct spinlock *l)
{
	return __atomic_load_n(&l->raw.word, __ATOMIC_RELAXED);
}

#endif
