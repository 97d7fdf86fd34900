/*
 * Traced threads: their registers for another thread, debug registers, the limit of call numbers.
 *
 * OWNS     t->watched, t->debug; per-CPU: call_limit, the debug registers.
 * WHY      a system call compares its number with the CPU's call_limit anyway: 0 there sends every call of a watched thread
 *          to the slow path, and others pay nothing.
 * I1       while a thread runs whose watched is 0, its CPU's DR7 is 0; call_limit may still be 0 if it has been set free
 *          since it came, until its next call (arch_trace_refresh).
 * I2       while a filtered thread runs call_limit is 0, also when it has become one on this CPU: who makes it one writes
 *          filtered and then the limit of every CPU, a switch writes the limit and then looks at filtered (restrict.c).
 * I3       what is in t->debug is harmless: user addresses, kinds that the processor knows, no "general detect".
 * CONTEXT  the running thread, or of one that is off its CPU; switches with interrupts off.
 * SOURCES  ptrace(2); Linux asm/user.h; SDM volume 3B, "Debug Registers".   TESTED BY  tests/guest/trace_basic.c
 */
#include "arch/ptrace.h"

#include "arch/irqflags.h"
#include "arch/percpu.h"
#include "arch/processor.h"
#include "arch/uaccess.h"
#include "base/errno.h"
#include "fpu.h"
#include "fpu_legacy.h"
#include "lib/string.h"
#include "watch.h"

extern const unsigned long sys_call_nr;
section_("percpu") unsigned long call_limit;
bool watch_used;

#define FLAGS_OF_USER 0x50dd5UL /* CF PF AF ZF SF TF DF OF RF AC */

/* ---- general registers ---- */

static bool bad_selector(unsigned long v)
{
	return v != 0 && (v & 3) != 3;
}

static int set_flags(struct pt_regs *regs, unsigned long v)
{
	const unsigned long mask = FLAGS_OF_USER | (sizeof(long) == 8 ? FLAG_NT : 0);

	regs->flags = (regs->flags & ~mask) | (v & mask);
	return 0;
}

#ifdef __x86_64__
enum { R_CS = 17, R_FLAGS = 18, R_SS = 20, R_FSBASE, R_GSBASE, R_DS, R_ES, R_FS, R_GS };

/* Where a data selector is in t->selectors. */
static unsigned selector_shift(unsigned n)
{
	return n == R_FS ? 0 : n == R_GS ? 16 : n == R_DS ? 32 : 48;
}

unsigned long arch_user_reg(const struct arch_thread *t, unsigned n)
{
	if (n <= R_SS)
		return ((const unsigned long *)thread_regs(t))[n];
	if (n == R_FSBASE)
		return t->fsbase;
	if (n == R_GSBASE)
		return t->gsbase;
	return t->selectors >> selector_shift(n) & 0xffff;
}

static int set_selector(struct arch_thread *t, unsigned n, unsigned long v)
{
	unsigned shift = selector_shift(n);

	if (bad_selector(v & 0xffff))
		return -EIO;
	t->selectors = (t->selectors & ~(0xffffULL << shift)) | (uint64_t)(v & 0xffff) << shift;
	return 0;
}

int arch_set_user_reg(struct arch_thread *t, unsigned n, unsigned long v)
{
	struct pt_regs *regs = thread_regs(t);

	switch (n) {
	case R_CS:
	case R_SS:
		if (!(v & 0xffff) || bad_selector(v & 0xffff))
			return -EIO;
		((unsigned long *)regs)[n] = v & 0xffff;
		return 0;
	case R_FLAGS:
		return set_flags(regs, v);
	case R_FSBASE:
	case R_GSBASE:
		if (v >= USER_TOP)
			return -EIO;
		*(n == R_FSBASE ? &t->fsbase : &t->gsbase) = v;
		return 0;
	case R_DS:
	case R_ES:
	case R_FS:
	case R_GS:
		return set_selector(t, n, v);
	}
	((unsigned long *)regs)[n] = v;
	return 0;
}
#else
enum { R_DS = 7, R_GS = 10, R_CS = 13, R_FLAGS = 14, R_SS = 16 };

unsigned long arch_user_reg(const struct arch_thread *t, unsigned n)
{
	unsigned long v = ((const unsigned long *)thread_regs(t))[n];

	return (n >= R_DS && n <= R_GS) || n == R_CS || n == R_SS ? v & 0xffff : v;
}

int arch_set_user_reg(struct arch_thread *t, unsigned n, unsigned long v)
{
	struct pt_regs *regs = thread_regs(t);

	if (n == R_FLAGS)
		return set_flags(regs, v);
	if (n == R_CS || n == R_SS || (n >= R_DS && n <= R_GS)) {
		v &= 0xffff;
		if (bad_selector(v) || (!v && (n == R_CS || n == R_SS)))
			return -EIO;
	}
	((unsigned long *)regs)[n] = v;
	return 0;
}
#endif

bool arch_trap_flag(const struct pt_regs *regs)
{
	return regs->flags & FLAG_TF;
}

void arch_set_trap_flag(struct pt_regs *regs, bool on)
{
	regs->flags = on ? regs->flags | FLAG_TF : regs->flags & ~(unsigned long)FLAG_TF;
}

/* ---- floating point ---- */

void arch_user_fxregs(const struct arch_thread *t, void *out)
{
	fpu_get(t, out);
}

int arch_set_user_fxregs(struct arch_thread *t, const void *in)
{
	return fpu_set(t, in);
}

void arch_user_fpregs(const struct arch_thread *t, void *out)
{
	struct fxsave fx;

	fpu_get(t, &fx);
	if (sizeof(long) == 8)
		memcpy(out, &fx, sizeof(fx));
	else
		fsave_take_fxsave(out, &fx);
}

int arch_set_user_fpregs(struct arch_thread *t, const void *in)
{
	struct fxsave fx;

	if (sizeof(long) == 8)
		return fpu_set(t, in);
	fpu_get(t, &fx);
	fxsave_take_fsave(&fx, in, false);
	return fpu_set(t, &fx);
}

/* ---- debug registers ---- */

enum { DR_STATUS = 6, DR_CONTROL = 7, DR_EXECUTE = 0, DR_PORT = 2 };

static unsigned kind_of(unsigned long dr7, unsigned n)
{
	return dr7 >> (16 + 4 * n) & 3;
}

static unsigned length_of(unsigned long dr7, unsigned n)
{
	static const uint8_t bytes[] = { 1, 2, 8, 4 };

	return bytes[dr7 >> (18 + 4 * n) & 3];
}

static bool enabled(unsigned long dr7, unsigned n)
{
	return dr7 >> 2 * n & 3;
}

static bool may_watch(const struct arch_thread *t, unsigned long dr7, unsigned n)
{
	unsigned kind = kind_of(dr7, n), len = length_of(dr7, n);

	if (kind == DR_PORT || (kind == DR_EXECUTE && len != 1) || len > sizeof(long))
		return false;
	return !(t->debug.addr[n] & (len - 1));
}

static int set_control(struct arch_thread *t, unsigned long dr7)
{
	bool any = false;

	for (unsigned n = 0; n < 4; n++) {
		if (!enabled(dr7, n))
			continue;
		any = true;
		if (!may_watch(t, dr7, n))
			return -EINVAL;
	}
	t->debug.control = dr7;
	if (any)
		WRITE_ONCE(watch_used, true);
	t->watched = (uint8_t)((t->watched & ~WATCH_DEBUG) | (any ? WATCH_DEBUG : 0));
	return 0;
}

unsigned long arch_debug_reg(const struct arch_thread *t, unsigned n)
{
	if (n < 4)
		return t->debug.addr[n];
	return n == DR_STATUS ? t->debug.status : n == DR_CONTROL ? t->debug.control : 0;
}

int arch_set_debug_reg(struct arch_thread *t, unsigned n, unsigned long v)
{
	if (n == 4 || n == 5)
		return -EIO;
	if (n == DR_CONTROL)
		return set_control(t, v);
	if (n == DR_STATUS) {
		t->debug.status = v;
		return 0;
	}
	if (v >= USER_TOP - sizeof(long))
		return -EINVAL;
	if (enabled(t->debug.control, n) && (v & (length_of(t->debug.control, n) - 1)))
		return -EINVAL;
	t->debug.addr[n] = v;
	return 0;
}

/* Those of DR7 that are enabled, and nothing else of it. */
static unsigned long hardware_control(unsigned long dr7)
{
	unsigned long out = 0;

	for (unsigned n = 0; n < 4; n++) {
		if (enabled(dr7, n))
			out |= 1UL << 2 * n | (dr7 & 0xfUL << (16 + 4 * n));
	}
	return out ? out | DR7_FIXED : 0;
}

static void load_debug(const struct arch_thread *t)
{
	const struct arch_debug *d = &t->debug;

	__asm__ volatile("mov %0, %%dr0" ::"r"(d->addr[0]));
	__asm__ volatile("mov %0, %%dr1" ::"r"(d->addr[1]));
	__asm__ volatile("mov %0, %%dr2" ::"r"(d->addr[2]));
	__asm__ volatile("mov %0, %%dr3" ::"r"(d->addr[3]));
	__asm__ volatile("mov %0, %%dr7" ::"r"(hardware_control(d->control)));
}

/* ---- the running thread ---- */

/* The limit is written first, and filtered looked at again: arch_filter_fence and arch_filter_cpu do it the other way round (restrict.c). */
static void set_call_limit(const struct arch_thread *t)
{
	this_cpu(call_limit) = t->watched & WATCH_CALLS || t->filtered ? 0 : sys_call_nr;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (READ_ONCE(t->filtered))
		this_cpu(call_limit) = 0;
}

void watch_switch(const struct arch_thread *prev, const struct arch_thread *next)
{
	set_call_limit(next);
	if (next->watched & WATCH_DEBUG)
		load_debug(next);
	else if (prev->watched & WATCH_DEBUG)
		__asm__ volatile("mov %0, %%dr7" ::"r"(0UL));
	if (prev->no_tsc != next->no_tsc)
		watch_load_tsc(next->no_tsc);
}

void watch_init_cpu(void)
{
	this_cpu(call_limit) = sys_call_nr;
}

void arch_trace_calls(struct arch_thread *t, bool on)
{
	if (on)
		WRITE_ONCE(watch_used, true);
	t->watched = (uint8_t)((t->watched & ~WATCH_CALLS) | (on ? WATCH_CALLS : 0));
}

void arch_trace_refresh(void)
{
	irqflags_t flags = irq_save();
	const struct arch_thread *me = this_cpu(current_arch_thread);

	watch_switch(me, me);
	irq_restore(flags);
}

void arch_trace_exec(struct arch_thread *t)
{
	irqflags_t flags;

	if (likely(!(t->watched & WATCH_DEBUG)))
		return;
	flags = irq_save();
	t->watched &= (uint8_t)~WATCH_DEBUG;
	memset(&t->debug, 0, sizeof(t->debug));
	__asm__ volatile("mov %0, %%dr7" ::"r"(0UL));
	irq_restore(flags);
}
