/*
 * The clock as user programs read it: one page, mapped read-only into every process as [vvar]. Shared by
 * the kernel, which writes it, and the code of the vDSO (arch/x86/vdso/clock.c), which is all that reads it
 * there: the layout may change at will, but both sides are built from this file.
 */
#ifndef ARCH_VVAR_H
#define ARCH_VVAR_H

#include "base/compiler.h"
#include "base/types.h"

/* ns = ns0 + (tsc - tsc0) * (whole + frac / 2^32) */
struct clock_scale {
	uint64_t tsc0, ns0;
	uint32_t frac, whole; /* one 64-bit number, too */
};

enum {
	VVAR_TSC = 1,	 /* the clock runs from the time-stamp counter; else ask the kernel */
	VVAR_LFENCE = 2, /* the CPU has lfence */
};

struct vvar {
	uint32_t flags;		     /* i: VVAR_*; 0 until the clock has a rate */
	uint32_t current;	     /* a: the slot in use; the other may be changed */
	struct clock_scale scale[2]; /* see arch/x86/hw/tsc.c I1 */
	uint64_t
		realtime_offset_ns; /* time of day less monotonic clock; offset_lock of kernel/time.c */
	uint64_t coarse_ns;	    /* monotonic, of the last tick; coarse_lock there */
	uint64_t tai_offset_ns;	    /* CLOCK_TAI less time of day; offset_lock */
};

static inline uint64_t clock_scale_ticks(uint64_t ticks, const struct clock_scale *s)
{
	uint64_t hi = (uint64_t)(uint32_t)(ticks >> 32) * s->frac;
	uint64_t lo = (uint64_t)(uint32_t)ticks * s->frac;

	return ticks * s->whole + hi + (lo >> 32);
}

/*
 * A 64-bit value read without a lock: twice the same is not torn (a writer stores less often than we
 * read).
 */
static inline uint64_t read_whole_u64(const uint64_t *p)
{
	uint64_t v = READ_ONCE(*p), again;

	while (sizeof(long) < sizeof(v) && (again = READ_ONCE(*p)) != v)
		v = again;
	return v;
}

/*
 * The page. Before vdso_init() it is a struct of the boot CPU's; who writes asks for it each time.
 */
extern struct vvar *vvar;

#endif
