/*
 * The timer interrupt of each CPU, and the measurement that gives clock and timer their
 * frequencies.
 *
 * OWNS     the choice of timer (local APIC with TSC deadline, local APIC count-down, 8254) and its
 *          scale.
 * WHY      one-shot: a CPU with nothing to wait for is not woken. The three kinds differ in what is
 *          written to arm.
 * HOW      calibration: read (reference, TSC, APIC timer) right after a step of the reference
 *          counter, HALT a moment, read again. Halting costs no instructions (a loop over 1 ms is a
 *          million of them on an emulator that counts them as time), and waiting for a step makes
 *          the readings exact to the time of one port access, so that 250 us give 0.1 %. After a
 *          second of uptime the same start reading gives a span four thousand times longer: the
 *          rate of the clock is refined then, without a jump.
 * I1       an interrupt may come early (a counter has a limit of 4 s, the 8254 of 54 ms), never
 *          later than asked plus 1/4096 of the delay and the interrupt's latency.
 * I2       calibration ends on any machine: the halt is ended by the 8254 or, if its line is dead,
 *          by the APIC timer.
 * LOCKS    none: each CPU arms its own timer; the clock's rate is changed by the boot CPU.
 * CONTEXT  timer_arm_ns: interrupts off. time_init: boot CPU, interrupts off at call, on for a
 *          moment inside.
 * SOURCES  Intel SDM 3A "APIC Timer", "TSC-Deadline Mode"; measured: 1 GHz for both under QEMU
 *          -icount shift=0.
 */
#include "arch/acpi.h"
#include "arch/irqflags.h"
#include "arch/msr.h"
#include "arch/x86/entry/irq.h"
#include "arch/x86/hw/clock.h"
#include "arch/x86/hw/irqchip.h"
#include "sync/klog.h"
#include "sync/percpu.h"

enum {
	WINDOW_US = 250,	  /* calibration by the ACPI timer: 0.1 %, refined later */
	WINDOW_PIT_US = 5000,	  /* by the 8254, which wraps too soon for a refinement: 0.02 % */
	LAPIC_START = 20000000,	  /* APIC timer ticks until it ends the window: 20 ms at 1 GHz */
	EMULATED_HZ = 1000000000, /* QEMU, KVM; also when there is nothing to measure against */
	REFINE_MAX_S = 1000,	  /* later, the count of the reference's wraps would be uncertain */
	SAMPLE_TRIES = 3,
	MIN_DELTA_NS = 5000, /* longer than an interrupt: even a time past lets the CPU get on */
	SLACK_SHIFT = 12,    /* early costs a second interrupt: aim 1/4096 late */
};

enum timer_kind { TIMER_PIT, TIMER_LAPIC, TIMER_DEADLINE };

struct sample {
	uint32_t ref, lapic;
	uint64_t tsc;
};

static enum timer_kind kind;
static void (*handler)(void);
static uint32_t lapic_mult; /* APIC timer ticks per ns, << lapic_shift */
static unsigned lapic_shift;
static struct refclock refclock;
static struct sample boot_sample; /* for the refinement */
static bool refine_pending;

void timer_set_handler(void (*fn)(void))
{
	handler = fn;
}

static void lapic_arm(uint64_t delta)
{
	uint64_t count;

	if (delta > UINT32_MAX)
		delta = UINT32_MAX;
	delta += (delta >> SLACK_SHIFT) + 1;
	count = ((uint64_t)(uint32_t)delta * lapic_mult >> lapic_shift) + 1;
	lapic_timer_start(count > UINT32_MAX ? UINT32_MAX : (uint32_t)count);
}

static void pit_arm(uint64_t delta)
{
	uint64_t max_ns = (uint64_t)PIT_MAX_COUNT * NSEC_PER_SEC / PIT_HZ;

	if (delta > max_ns)
		delta = max_ns;
	pit_oneshot((unsigned)(delta * PIT_HZ / NSEC_PER_SEC) + 1);
}

static void deadline_arm(uint64_t delta)
{
	if (delta > 1000 * NSEC_PER_SEC)
		delta = 1000 * NSEC_PER_SEC; /* so that the product below stays in 64 bits */
	wrmsr(MSR_TSC_DEADLINE, rdtsc() + delta * tsc_khz / 1000000 + 1);
}

static void timer_stop(void)
{
	if (kind == TIMER_PIT)
		pit_stop();
	else if (kind == TIMER_LAPIC)
		lapic_timer_start(0);
	else
		wrmsr(MSR_TSC_DEADLINE, 0);
}

void timer_arm_ns(uint64_t when_ns)
{
	uint64_t now;

	if (when_ns == UINT64_MAX) {
		timer_stop();
		return;
	}
	now = clock_ns();
	now = when_ns > now + MIN_DELTA_NS ? when_ns - now : MIN_DELTA_NS;
	if (kind == TIMER_LAPIC)
		lapic_arm(now);
	else if (kind == TIMER_DEADLINE)
		deadline_arm(now);
	else
		pit_arm(now);
}

/* The best of a few readings: one that was not held up (by an emulator's host) between counter and
 * TSC. */
static void take_sample(struct sample *s)
{
	uint64_t best = UINT64_MAX;

	for (unsigned i = 0; i < SAMPLE_TRIES; i++) {
		uint64_t uncertainty;
		struct sample now;

		now.ref = refclock_edge(&refclock, &uncertainty);
		now.tsc = rdtsc();
		now.lapic = lapic_attached() ? lapic_timer_left() : 0;
		if (uncertainty < best)
			*s = now;
		best = min_of(uint64_t, best, uncertainty);
	}
}

/* Rate of the TSC over the whole time since boot, once that is long enough to beat the first
 * measurement. */
static void refine(void)
{
	uint64_t elapsed_ns = clock_ns(), ticks, tsc_ticks, hz;
	struct sample now;
	uint32_t delta;

	refine_pending = false;
	if (elapsed_ns > REFINE_MAX_S * NSEC_PER_SEC)
		return;
	take_sample(&now);
	tsc_ticks = now.tsc - boot_sample.tsc;
	delta = (now.ref - boot_sample.ref) & refclock.mask;
	ticks = tsc_ticks / tsc_khz *
		(refclock.hz /
		 1000); /* about; the counter has wrapped an unknown number of times */
	ticks = ((ticks - delta + refclock.mask / 2) & ~(uint64_t)refclock.mask) + delta;
	if (!ticks)
		return;
	hz = tsc_ticks / ticks * refclock.hz + tsc_ticks % ticks * refclock.hz / ticks;
	if (hz / 1000 > tsc_khz - tsc_khz / 128 && hz / 1000 < tsc_khz + tsc_khz / 128)
		clock_set_rate(hz);
}

void timer_interrupt(void)
{
	if (refine_pending && cpu_id() == 0 && clock_ns() > NSEC_PER_SEC)
		refine();
	if (handler)
		handler();
}

static void window_end(void *arg)
{
	*(volatile bool *)arg = true;
}

static unsigned window_us(void)
{
	return refclock.pm_port ? WINDOW_US : WINDOW_PIT_US;
}

/* Let the 8254 end a halt after the window. Return: false when the window must be polled. */
static bool window_begin(volatile bool *ended)
{
	if (!refclock.pm_port && !lapic_attached())
		return false; /* only the 8254: not every emulator lets it be read past zero */
	if (irq_request(0, window_end, (void *)ended, "timer"))
		return false;
	pit_oneshot((unsigned)((uint64_t)window_us() * PIT_HZ / 1000000));
	return true;
}

static void window_halt(volatile bool *ended)
{
	while (!*ended && (!lapic_attached() || lapic_timer_left())) {
		cpu_idle_wait();
		irq_disable();
	}
}

static void window_poll(uint32_t start)
{
	uint32_t span = (uint32_t)((uint64_t)window_us() * refclock.hz / 1000000);

	while (((refclock_read(&refclock) - start) & refclock.mask) < span)
		cpu_relax();
}

/* An emulated APIC timer that measures nearly as its nominal rate has exactly that. */
static uint64_t nominal_lapic_hz(uint64_t hz)
{
	bool near = hz > EMULATED_HZ - EMULATED_HZ / 64 && hz < EMULATED_HZ + EMULATED_HZ / 64;

	return near && cpuid(1, 0).c >> 31 ? EMULATED_HZ : hz;
}

static void set_lapic_rate(uint64_t hz)
{
	hz = nominal_lapic_hz(hz);
	lapic_shift = 32;
	while (lapic_shift && (hz << (lapic_shift - 1)) / NSEC_PER_SEC > UINT32_MAX / 2)
		lapic_shift--;
	lapic_mult = (uint32_t)((hz << lapic_shift) / NSEC_PER_SEC);
}

/* Find what is not known of the two rates; either pointer's value 0 on entry means unknown. */
static void measure(uint64_t *tsc_hz, uint64_t *lapic_hz)
{
	volatile bool ended = false;
	bool halt = window_begin(&ended);
	struct sample a, b;
	uint64_t ticks;

	if (lapic_attached()) {
		lapic_timer_oneshot_mode();
		lapic_timer_start(LAPIC_START);
	}
	take_sample(&a);
	if (halt)
		window_halt(&ended);
	else
		window_poll(a.ref);
	take_sample(&b);
	if (lapic_attached())
		lapic_timer_start(0);
	if (halt)
		irq_free(0);
	pit_stop();
	ticks = (b.ref - a.ref) & refclock.mask;
	if (!*lapic_hz)
		*lapic_hz = (uint64_t)(a.lapic - b.lapic) * refclock.hz / ticks;
	if (*tsc_hz)
		return;
	*tsc_hz = (b.tsc - a.tsc) * refclock.hz / ticks;
	boot_sample = a;
	refine_pending = refclock.pm_port;
}

static void find_rates(uint64_t *tsc_hz, uint64_t *lapic_hz)
{
	*tsc_hz = tsc_stated_hz(lapic_hz);
	if (*tsc_hz && (*lapic_hz || kind != TIMER_LAPIC))
		return;
	if (refclock_open(&refclock, acpi.pm_timer_port)) {
		measure(tsc_hz, lapic_hz);
		return;
	}
	pr_warn("time: no counter to measure against, assuming 1 GHz");
	*tsc_hz = *tsc_hz ? *tsc_hz : EMULATED_HZ;
	*lapic_hz = *lapic_hz ? *lapic_hz : EMULATED_HZ;
}

void timer_init_secondary(void)
{
	if (kind == TIMER_DEADLINE)
		lapic_timer_deadline_mode();
	else if (kind == TIMER_LAPIC)
		lapic_timer_oneshot_mode();
}

static void pit_interrupt(void *arg)
{
	(void)arg;
	timer_interrupt();
}

void time_init(void)
{
	static const char *const names[] = { "PIT", "local APIC", "TSC deadline" };
	uint64_t tsc_hz, lapic_hz;
	bool deadline = cpuid(1, 0).c >> 24 & 1;

	clock_start();
	kind = !lapic_attached() ? TIMER_PIT : deadline ? TIMER_DEADLINE : TIMER_LAPIC;
	find_rates(&tsc_hz, &lapic_hz);
	if (!lapic_hz)
		lapic_hz = EMULATED_HZ;
	clock_set_rate(tsc_hz ? tsc_hz : EMULATED_HZ);
	set_lapic_rate(lapic_hz);
	timer_init_secondary();
	if (kind == TIMER_PIT && irq_request(0, pit_interrupt, NULL, "timer"))
		pr_err("time: no timer interrupt");
	pr_info("time: TSC %u.%03u MHz, timer %s", tsc_khz / 1000, tsc_khz % 1000, names[kind]);
}
