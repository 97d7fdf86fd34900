/* What the lock-order check remembers of one context (a thread, or a CPU's interrupt level). Debug builds only. */
#ifndef SYNC_LOCKORDER_H
#define SYNC_LOCKORDER_H

#include "base/config.h"
#include "base/types.h"

enum { LOCKORDER_DEPTH = 24 };

struct lockorder_held {
	uint8_t nr, nr_spin; /* entries; spinlocks among them */
	uint8_t rank[LOCKORDER_DEPTH];
	const void *obj[LOCKORDER_DEPTH];
};

/*
 * Import of floor 3 (kernel/env.c, sim/sched.c): the record of the running context, zeroed at its birth. NULL: do
 * not check (before the scheduler runs). The default in sync/lockorder.c returns NULL. Any context.
 */
struct lockorder_held *lockorder_current(void);

#endif
