/*
 * A reference counter of known frequency, against which the others are measured.
 *
 * WHY      the ACPI timer is read with one port access and steps every 279 ns; the 8254 needs three
 *          and steps every 838 ns, but every PC has it. Waiting for a step makes a measurement as
 *          exact as the port access is fast.
 * I1       a counter that has not moved in STUCK_READS readings does not exist.
 * LOCKS    none; boot CPU.
 * SOURCES  ACPI 6.4, 4.8.2.1 "Power Management Timer"; Intel 8254 data sheet.
 */
#include "arch/io.h"
#include "arch/msr.h"
#include "arch/x86/hw/clock.h"
#include "arch/x86/hw/irqchip.h"

enum { STUCK_READS = 1000, PM_TIMER_HZ = 3579545, PM_TIMER_MASK = 0xffffff };

uint32_t refclock_read(const struct refclock *rc)
{
	if (rc->pm_port)
		return inl(rc->pm_port) & PM_TIMER_MASK;
	return ~pit_count() & PIT_MAX_COUNT;
}

uint32_t refclock_edge(const struct refclock *rc, uint64_t *uncertainty)
{
	uint32_t first = refclock_read(rc), now = first;
	uint64_t before = 0, after = 0;

	for (unsigned i = 0; now == first && i < STUCK_READS; i++) {
		before = rdtsc();
		now = refclock_read(rc);
		after = rdtsc();
	}
	*uncertainty = after - before;
	return now;
}

static bool counts(const struct refclock *rc)
{
	uint32_t first = refclock_read(rc);
	uint64_t ignored;

	return refclock_edge(rc, &ignored) != first || refclock_edge(rc, &ignored) != first;
}

bool refclock_open(struct refclock *rc, uint16_t pm_port)
{
	*rc = (struct refclock){ pm_port, PM_TIMER_HZ, PM_TIMER_MASK };
	if (pm_port && counts(rc))
		return true;
	*rc = (struct refclock){ 0, PIT_HZ, PIT_MAX_COUNT };
	pit_oneshot(PIT_MAX_COUNT);
	return counts(rc);
}
