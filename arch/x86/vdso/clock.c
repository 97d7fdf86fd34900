/*
 * The clock in user mode: what the vDSO computes without entering the kernel.
 *
 * This code runs in every process, at whatever address its image was mapped, with the page before the
 * image readable: the kernel's clock (arch/vvar.h). It has no data of its own, calls nothing outside
 * the image, and uses no floating point.
 *
 * I1       the time it tells is the one the system call tells: same scale, same counter. A thread
 *          may alternate between the two and never see time go back.
 * I2       what the page cannot answer is asked of the kernel by the system call, errors included.
 * ORDER    lfence keeps the counter from being read before what precedes the call: else a thread
 *          could see a time earlier than one that another thread has told it.
 * COST     clock_gettime: about 40 instructions on x86_64, 70 on i386.
 * SOURCES  vdso(7), clock_gettime(2), getcpu(2); SDM volume 2, "RDTSC", "LSL".
 * TESTED BY  tests/guest/vdso.c.
 */
#include "arch/vvar.h"

#define HIDDEN __attribute__((visibility("hidden")))
#define EXPORT __attribute__((visibility("default")))

extern const struct vvar vdso_vvar HIDDEN; /* the linker script: one page before the image */

struct time_native {
	long sec, frac;
};
struct time_64 {
	int64_t sec, nsec;
};

enum {
	REALTIME,
	MONOTONIC,
	MONOTONIC_RAW = 4,
	REALTIME_COARSE,
	MONOTONIC_COARSE,
	BOOTTIME,
	TAI = 11
};

#ifdef __x86_64__
enum { SYS_GETTIMEOFDAY = 96, SYS_CLOCK_GETTIME = 228, SYS_CLOCK_GETRES = 229 };

static long kernel_call(long nr, long a, const void *b)
{
	long ret;

	__asm__ volatile("syscall" : "=a"(ret) : "0"(nr), "D"(a), "S"(b) : "rcx", "r11", "memory");
	return ret;
}
#else
enum {
	SYS_GETTIMEOFDAY = 78,
	SYS_CLOCK_GETTIME = 265,
	SYS_CLOCK_GETRES = 266,
	SYS_CLOCK_GETTIME64 = 403
};

static long kernel_call(long nr, long a, const void *b)
{
	long ret;

	/* %ebx may hold the address of the image's tables */
	__asm__ volatile("movl %%ebx, %%edx\n\t"
			 "movl %2, %%ebx\n\t"
			 "int $0x80\n\t"
			 "movl %%edx, %%ebx"
			 : "=a"(ret)
			 : "0"(nr), "S"(a), "c"(b)
			 : "edx", "memory");
	return ret;
}
#endif

static inline uint64_t counter(void)
{
	uint32_t lo, hi;

	if (vdso_vvar.flags & VVAR_LFENCE)
		__asm__ volatile("lfence" ::: "memory");
	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi)::"memory");
	return (uint64_t)hi << 32 | lo;
}

static inline uint64_t monotonic_ns(void)
{
	const struct clock_scale *s = &vdso_vvar.scale[READ_ONCE(vdso_vvar.current)];

	return s->ns0 + clock_scale_ticks(counter() - s->tsc0, s);
}

static inline uint64_t realtime_ns(void)
{
	return monotonic_ns() + read_whole_u64(&vdso_vvar.realtime_offset_ns);
}

/* Return: false when the kernel must be asked. */
static bool read_clock(int clock, uint64_t *ns)
{
	if (!(vdso_vvar.flags & VVAR_TSC))
		return false;
	switch (clock) {
	case REALTIME:
		*ns = realtime_ns();
		return true;
	case TAI:
		*ns = realtime_ns() + read_whole_u64(&vdso_vvar.tai_offset_ns);
		return true;
	case MONOTONIC:
	case MONOTONIC_RAW:
	case BOOTTIME:
		*ns = monotonic_ns();
		return true;
	case REALTIME_COARSE:
		*ns = read_whole_u64(&vdso_vvar.coarse_ns) +
		      read_whole_u64(&vdso_vvar.realtime_offset_ns);
		return true;
	case MONOTONIC_COARSE:
		*ns = read_whole_u64(&vdso_vvar.coarse_ns);
		return true;
	default:
		return false;
	}
}

/* Seconds of @ns, which becomes the rest. */
static inline uint64_t take_seconds(uint64_t *ns)
{
#ifdef __x86_64__
	uint64_t sec = *ns / NSEC_PER_SEC;

	*ns -= sec * NSEC_PER_SEC;
	return sec;
#else
	/* Two divisions of 64 by 32 bits: the compiler would call a library for one of 64 by 64. */
	uint32_t hi = (uint32_t)(*ns >> 32), lo = (uint32_t)*ns, rest = 0;

	__asm__("divl %4" : "=a"(hi), "=d"(rest) : "0"(hi), "1"(rest), "r"((uint32_t)NSEC_PER_SEC));
	__asm__("divl %4" : "=a"(lo), "=d"(rest) : "0"(lo), "1"(rest), "r"((uint32_t)NSEC_PER_SEC));
	*ns = rest;
	return (uint64_t)hi << 32 | lo;
#endif
}

EXPORT int __vdso_clock_gettime(int clock, struct time_native *ts);
EXPORT int __vdso_clock_getres(int clock, struct time_native *ts);
EXPORT int __vdso_gettimeofday(struct time_native *tv, int *tz);
EXPORT long __vdso_time(long *t);

int __vdso_clock_gettime(int clock, struct time_native *ts)
{
	uint64_t ns;

	if (!read_clock(clock, &ns))
		return (int)kernel_call(SYS_CLOCK_GETTIME, clock, ts);
	ts->sec = (long)take_seconds(&ns);
	ts->frac = (long)ns;
	return 0;
}

int __vdso_gettimeofday(struct time_native *tv, int *tz)
{
	uint64_t ns;

	if (tz || !read_clock(REALTIME, &ns))
		return (int)kernel_call(SYS_GETTIMEOFDAY, (long)tv, tz);
	if (!tv)
		return 0;
	tv->sec = (long)take_seconds(&ns);
	tv->frac = (long)((uint32_t)ns / (uint32_t)NSEC_PER_USEC);
	return 0;
}

long __vdso_time(long *t)
{
	struct time_native now;

	(void)__vdso_gettimeofday(&now, NULL);
	if (t)
		*t = now.sec;
	return now.sec;
}

int __vdso_clock_getres(int clock, struct time_native *ts)
{
	return (int)kernel_call(SYS_CLOCK_GETRES, clock, ts);
}

#ifdef __x86_64__
EXPORT long __vdso_getcpu(unsigned *cpu, unsigned *node, void *unused);

/* The limit of a segment that differs from CPU to CPU (hw/gdt.c): 12 bits of CPU, then the node. */
long __vdso_getcpu(unsigned *cpu, unsigned *node, void *unused)
{
	unsigned long limit;

	(void)unused;
	__asm__ volatile("lsl %1, %0" : "=r"(limit) : "r"(0x7bUL));
	if (cpu)
		*cpu = limit & 0xfff;
	if (node)
		*node = (unsigned)(limit >> 12);
	return 0;
}

#define ALIAS(name)                                                                                \
	extern __typeof__(__vdso_##name) name __attribute__((weak, alias("__vdso_" #name))) EXPORT
ALIAS(clock_gettime);
ALIAS(clock_getres);
ALIAS(gettimeofday);
ALIAS(time);
ALIAS(getcpu);
#else
EXPORT int __vdso_clock_gettime64(int clock, struct time_64 *ts);

int __vdso_clock_gettime64(int clock, struct time_64 *ts)
{
	uint64_t ns;

	if (!read_clock(clock, &ns))
		return (int)kernel_call(SYS_CLOCK_GETTIME64, clock, ts);
	ts->sec = (int64_t)take_seconds(&ns);
	ts->nsec = (int64_t)ns;
	return 0;
}
#endif
