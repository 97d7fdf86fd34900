/*
 * Per-CPU bookkeeping: how many CPUs there are, and which of them run.
 *
 * OWNS     nr_cpus (written once at boot, before the second CPU starts), the online mask.
 * LOCKS    none: the mask only gains bits, by atomic operations.
 * NOT HERE the copies of section "percpu" themselves (arch).
 */
#include "sync/percpu.h"
#include "base/atomic.h"

unsigned nr_cpus = 1;
static unsigned long online_mask = 1;

bool cpu_is_online(unsigned cpu)
{
	return test_bit(cpu, &online_mask);
}

void cpu_set_online(unsigned cpu)
{
	atomic_set_bit(cpu, &online_mask);
}

unsigned long cpu_online_mask(void)
{
	return READ_ONCE(online_mask);
}
