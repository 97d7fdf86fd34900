/*
 * Ticket spinlocks. The kernel is not preemptible, so a plain lock needs no preemption count; a lock that an
 * interrupt handler also takes must be taken with the _irqsave form everywhere. Uncontended paths are inline.
 */
#ifndef SYNC_SPINLOCK_H
#define SYNC_SPINLOCK_H

#include "arch/irqflags.h"
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

/* Wait until ticket @mine is served. */
void spin_wait_ticket(struct raw_spinlock *l, uint16_t mine);

static inline void ticket_lock(struct raw_spinlock *l)
{
	uint32_t old = __atomic_fetch_add(&l->tickets, 1U << 16, __ATOMIC_ACQUIRE);

	if (unlikely((uint16_t)old != (uint16_t)(old >> 16)))
		spin_wait_ticket(l, (uint16_t)(old >> 16));
}

/* Only the owner changes the low half, so a plain store is enough. */
static inline void ticket_unlock(struct raw_spinlock *l)
{
	uint16_t *serving = (uint16_t *)&l->tickets;

	__atomic_store_n(serving, (uint16_t)(__atomic_load_n(serving, __ATOMIC_RELAXED) + 1),
			 __ATOMIC_RELEASE);
}

static inline bool ticket_trylock(struct raw_spinlock *l)
{
	uint32_t old = __atomic_load_n(&l->tickets, __ATOMIC_RELAXED);

	return (uint16_t)old == (uint16_t)(old >> 16) &&
	       __atomic_compare_exchange_n(&l->tickets, &old, old + (1U << 16), false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

/* Raw forms, for a lock whose rank is known at the call (the page-table lock). */
static inline void raw_spin_lock(struct raw_spinlock *l, enum lock_rank rank)
	acquires(l) no_lock_analysis
{
	if (CFG_DEBUG)
		lockorder_spin_acquire(l, rank, false);
	ticket_lock(l);
}

static inline void raw_spin_unlock(struct raw_spinlock *l, enum lock_rank rank)
	releases(l) no_lock_analysis
{
	ticket_unlock(l);
	if (CFG_DEBUG)
		lockorder_spin_release(l, rank);
}

static inline void spin_init(struct spinlock *l, enum lock_rank rank)
{
	l->raw.tickets = 0;
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
	if (!ticket_trylock(&l->raw))
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
	uint32_t t = __atomic_load_n(&l->raw.tickets, __ATOMIC_RELAXED);

	return (uint16_t)t != (uint16_t)(t >> 16);
}

#endif
