/*
 * Spinlocks: the waiting side; the uncontended paths are inline in the header.
 *
 *   bits   31..24        23..16         15..8   7..0
 *          next ticket   now serving    -       1: held
 *
 * OWNS     spin_fair.
 * WHY      two ways to wait. Fair: tickets serve CPUs in the order they came, so that none starves. But a CPU that is
 *          a thread of an emulator or hypervisor may be descheduled while it waits, and the lock then goes to a CPU that
 *          cannot run: every hand-over costs a time slice of the host (a fork bomb on 4 CPUs made 100 forks a second, 95 %
 *          of the time here). There, whoever runs takes the lock when it is free, as Linux does under a hypervisor.
 * I1       free, and nobody waits, exactly when the word is 0.
 * I2       the low byte is set by who takes the lock and cleared by a plain store of the owner; the rest changes by
 *          atomic operations on the whole word. The last waiter to get the lock clears the tickets.
 * I3       unfair: no tickets are ever drawn.
 * CONTEXT  any; a lock that interrupts take is taken with interrupts off.
 * COST     free: one compare-and-exchange. Held: spins, with cpu_relax() (in the simulator: lets another thread run).
 * SOURCES  Corbet, "Ticket spinlocks" (LWN 2008); Uhlig et al. 2004 (CPUs of a hypervisor).  TESTED BY spinlock_test.c
 */
#include "sync/spinlock.h"

bool spin_fair;

enum { SERVING_SHIFT = 16, NEXT_SHIFT = 24 };

static uint8_t serving(uint32_t word)
{
	return (uint8_t)(word >> SERVING_SHIFT);
}

static uint8_t next_ticket(uint32_t word)
{
	return (uint8_t)(word >> NEXT_SHIFT);
}

static bool change(struct raw_spinlock *l, uint32_t from, uint32_t to)
{
	return __atomic_compare_exchange_n(&l->word, &from, to, false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

/* The word with the lock held by ticket @mine, the first in the queue. */
static uint32_t taken_by(uint32_t word, uint8_t mine)
{
	uint8_t after = (uint8_t)(mine + 1);

	if (next_ticket(word) == after)
		return 1; /* nobody else waits */
	return (uint32_t)next_ticket(word) << NEXT_SHIFT | (uint32_t)after << SERVING_SHIFT | 1;
}

static void wait_in_turn(struct raw_spinlock *l)
{
	uint8_t mine =
		next_ticket(__atomic_fetch_add(&l->word, 1U << NEXT_SHIFT, __ATOMIC_RELAXED));

	for (;;) {
		uint32_t word = __atomic_load_n(&l->word, __ATOMIC_RELAXED);

		if (serving(word) == mine && !(word & 1) && change(l, word, taken_by(word, mine)))
			return;
		cpu_relax();
	}
}

void spin_wait(struct raw_spinlock *l)
{
	if (spin_fair) {
		wait_in_turn(l);
		return;
	}
	do {
		while (__atomic_load_n(&l->word, __ATOMIC_RELAXED))
			cpu_relax();
	} while (!spin_take_free(l));
}
