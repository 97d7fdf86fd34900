/* Time counters and the clock made of them. Used by arch/x86 only; the public calls are in
 * arch/machine.h. */
#ifndef HW_CLOCK_H
#define HW_CLOCK_H

#include "base/compiler.h"
#include "base/types.h"

/* ---- the clock (tsc.c) ---- */
void clock_start(void);		      /* clock zero is now; it stands still until a rate is set */
void clock_set_rate(uint64_t tsc_hz); /* without a jump; one caller at a time */
/* Frequency stated by the processor or the hypervisor, 0 if none. *lapic_hz likewise for the local
 * APIC timer. */
uint64_t tsc_stated_hz(uint64_t *lapic_hz);

/* ---- a counter of known frequency (refclock.c): the ACPI timer, else the 8254 ---- */
struct refclock {
	uint16_t pm_port; /* 0: the 8254's channel 0, armed by pit_oneshot() */
	uint32_t hz, mask;
};
/* Return: false when neither counts. Arms the 8254 if it must serve. */
bool must_check refclock_open(struct refclock *rc, uint16_t pm_port);
uint32_t refclock_read(const struct refclock *rc); /* rising, modulo mask + 1 */
/* Wait for the counter's next step: so readings that follow at once are exact to well under its
 * period.
 * *uncertainty: TSC ticks that the reading which saw the step took. */
uint32_t refclock_edge(const struct refclock *rc, uint64_t *uncertainty);

#endif
