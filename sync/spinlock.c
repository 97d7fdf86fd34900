/*
 * Ticket spinlocks: the waiting side; the uncontended paths are inline in the header.
 *
 * WHY      tickets serve CPUs in the order they came, so no CPU starves; 4 bytes fit in a table page's descriptor.
 * I1       free exactly when both halves of the word are equal.
 * I2       the low half is written by the owner only, the high half by atomic addition only.
 * CONTEXT  any; a lock that interrupts take is taken with interrupts off.
 * COST     free: one atomic addition. Held: spins, with cpu_relax() (in the simulator: lets another thread run).
 */
#include "sync/spinlock.h"

void spin_wait_ticket(struct raw_spinlock *l, uint16_t mine)
{
	while (__atomic_load_n((const uint16_t *)&l->tickets, __ATOMIC_ACQUIRE) != mine)
		cpu_relax();
}
