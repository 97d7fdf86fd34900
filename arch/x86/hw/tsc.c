/*
 * The clock: nanoseconds since boot, from the time-stamp counter.
 *
 * OWNS     the conversion ns = ns0 + (tsc - tsc0) * 1e9 / hz, as a 32.32 fixed-point factor.
 * WHY      one instruction reads it, in any context, without a lock; on 32 bits the conversion is
 *          four multiplications.
 * I1       a slot is never changed while scale points to it; the rate changes at most twice
 *          (calibration, refinement), so that a reader would have to sleep through two changes to
 *          see a torn slot.
 * I2       a change of rate keeps the value at the moment of the change: the clock never jumps.
 * I3       tsc0 is the boot value in both slots, so that tsc - tsc0 cannot be negative; ns0 may be
 *          (modulo 2^64).
 * USER     programs read the same scale in the page vvar points to (vdso_init switches it).
 * LOCKS    none to read; clock_set_rate is called by the boot CPU only.
 * CONTEXT  any.
 * COST     13 instructions on x86_64, 25 on i386.
 * NOT HERE finding the frequency (timer.c, refclock.c); making several TSCs equal (smp.c).
 * SOURCES  Intel SDM 3B "Time-Stamp Counter"; CPUID leaves 15H, 16H; hypervisor leaf 40000010H
 *          (VMware, KVM).
 */
#include "arch/io.h"
#include "arch/irqflags.h"
#include "arch/machine.h"
#include "arch/msr.h"
#include "arch/vvar.h"
#include "arch/x86/hw/clock.h"

static struct clock_scale slots[2];
static struct clock_scale *scale = &slots[0]; /* a */
static struct vvar boot_vvar;
struct vvar *vvar = &boot_vvar; /* the page from vdso_init() on */
unsigned tsc_khz;		/* i after time_init */

/* scale->ns0 + clock_scale_ticks(now - scale->tsc0, scale), in the instructions the processor has for it: every switch asks. */
#ifdef __x86_64__
uint64_t clock_ns(void)
{
	const struct clock_scale *s = READ_ONCE(scale);
	uint64_t low, high;

	__asm__("mulq %3"
		: "=a"(low), "=d"(high)
		: "0"(rdtsc() - s->tsc0), "r"((uint64_t)s->whole << 32 | s->frac)
		: "cc");
	return (high << 32 | low >> 32) + s->ns0;
}
#else
_Static_assert(offsetof(struct clock_scale, tsc0) == 0 && offsetof(struct clock_scale, ns0) == 8 &&
		       offsetof(struct clock_scale, frac) == 16 &&
		       offsetof(struct clock_scale, whole) == 20,
	       "the offsets below");

/* As a whole, for a compiler keeps a frame around it. low and high: of the ticks. */
__attribute__((naked)) uint64_t clock_ns(void)
{
	__asm__("movl %0, %%ecx\n\t"
		"pushl %%ebx\n\tpushl %%esi\n\t"
		"rdtsc\n\t"
		"subl (%%ecx), %%eax\n\tsbbl 4(%%ecx), %%edx\n\t"
		"pushl %%eax\n\tmovl %%edx, %%esi\n\t"
		"mull 16(%%ecx)\n\tmovl %%edx, %%ebx\n\t" /* low by the fraction: its high word */
		"movl %%esi, %%eax\n\tmull 16(%%ecx)\n\taddl %%eax, %%ebx\n\tadcl $0, %%edx\n\t"
		"imull 20(%%ecx), %%esi\n\taddl %%edx, %%esi\n\t" /* high by both: %esi:%ebx */
		"popl %%eax\n\tmull 20(%%ecx)\n\taddl %%ebx, %%eax\n\tadcl %%esi, %%edx\n\t"
		"addl 8(%%ecx), %%eax\n\tadcl 12(%%ecx), %%edx\n\t"
		"popl %%esi\n\tpopl %%ebx\n\t"
		"ret"
		:
		: "m"(scale));
}
#endif

void clock_start(void)
{
	slots[0] = (struct clock_scale){ .tsc0 = rdtsc() };
	scale = &slots[0];
}

void clock_set_rate(uint64_t tsc_hz)
{
	const struct clock_scale *old = scale;
	struct clock_scale *s = old == &slots[0] ? &slots[1] : &slots[0];
	uint64_t ticks = rdtsc() - old->tsc0;

	s->tsc0 = old->tsc0;
	s->whole = (uint32_t)(NSEC_PER_SEC / tsc_hz);
	s->frac = (uint32_t)((NSEC_PER_SEC % tsc_hz << 32) / tsc_hz);
	/* The clock stood still before the first rate: count the time since clock_start(). */
	s->ns0 = tsc_khz ? old->ns0 + clock_scale_ticks(ticks, old) - clock_scale_ticks(ticks, s)
			 : 0;
	__atomic_store_n(&scale, s, __ATOMIC_RELEASE);
	vvar->scale[s - slots] = *s;
	__atomic_store_n(&vvar->current, (uint32_t)(s - slots), __ATOMIC_RELEASE);
	vvar->flags |= VVAR_TSC;
	tsc_khz = (unsigned)(tsc_hz / 1000);
}

uint64_t tsc_stated_hz(uint64_t *lapic_hz)
{
	struct cpuid_regs r;

	*lapic_hz = 0;
	if (cpuid(1, 0).c >> 31) { /* under a hypervisor */
		r = cpuid(0x40000000, 0);
		if (r.a >= 0x40000010 && r.a < 0x40010000) {
			r = cpuid(0x40000010, 0);
			*lapic_hz = (uint64_t)r.b * 1000;
			return (uint64_t)r.a * 1000;
		}
	}
	if (cpuid(0, 0).a < 0x15)
		return 0;
	r = cpuid(0x15, 0);
	if (!r.a || !r.b || !r.c)
		return 0;
	*lapic_hz = r.c;
	return (uint64_t)r.c * r.b / r.a;
}

void udelay(unsigned us)
{
	uint64_t start = rdtsc();
	uint64_t ticks = (uint64_t)us * tsc_khz / 1000;

	if (!tsc_khz) { /* not calibrated: a write to unused port 80h takes about 1 us */
		while (us--)
			outb(0x80, 0);
		return;
	}
	while (rdtsc() - start < ticks)
		cpu_relax();
}
