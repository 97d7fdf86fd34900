/*
 * Floating-point and SSE state.
 *
 * OWNS     the FPU registers of each CPU; t->fpu and the 512 bytes it points to, KSTACK_TAG above kstack_top.
 * STATES   t->fpu NULL: the thread has not used the FPU since exec; while it runs CR0.TS is set,
 *          and its first use traps (#NM) and loads the initial state. t->fpu set: while it runs the
 *          registers hold its state and TS is clear; while it does not, the area does.
 *
 *            exec -> unused --#NM--> used --switch out: fxsave, in: fxrstor--> used
 *                       ^--- signal handler entered, sigreturn without state ---'
 *
 * WHY      eager after the first use: programs that use SSE at all use it in every memcpy, so a
 *          trap per switch would cost forty times the two instructions it saves; and no thread's
 *          registers lie about for another to guess. Threads that never use it cost one test.
 * I1       on each CPU: fpu_trap == CR0.TS.
 * I2       running user thread: fpu_trap == !t->fpu. (Kernel threads leave it as it was: the kernel
 *          has no FPU code.)
 * WHERE    the area is part of the kernel stack's pages, above pt_regs, 64-byte aligned: no
 *          allocation, nothing to fail, nothing to free.
 * LOCKS    none: only the thread's own CPU touches it, interrupts off at a switch. Calls named
 *          _current may be interrupted and even switched away: the switch saves and reloads the
 *          same registers.
 * I3       fpu_clean: the area's reserved bytes, which FXSAVE leaves as they are, were zero or the program's own at
 *          the first use of the FPU, so nobody else's: they may be shown to the user.
 * SOURCES  SDM volume 1, "Operation of FXSAVE"; volume 3A, "Configuring the x87 FPU Environment".
 */
#include "fpu.h"

#include "arch/irqflags.h"
#include "arch/percpu.h"
#include "arch/processor.h"
#include "arch/uaccess.h"
#include "base/errno.h"
#include "cpu.h"
#include "lib/string.h"
#include "uapi/signal.h"

section_("percpu") bool fpu_trap;
section_("percpu") static uint32_t mxcsr_mask; /* bits of MXCSR that this CPU knows */

/* FNINIT and the reset value of MXCSR: all exceptions masked. */
static const struct fxsave fpu_initial aligned_(64) = { .cw = 0x37f, .mxcsr = 0x1f80 };

enum { MXCSR_MASK_DEFAULT = 0xffbf };

static struct fxsave *thread_area(const struct arch_thread *t)
{
	return (struct fxsave *)(t->kstack_top + KSTACK_TAG);
}

/* @t's area for a state that begins. */
static struct fxsave *thread_area_clean(struct arch_thread *t)
{
	struct fxsave *area = thread_area(t);

	if (!t->fpu_clean)
		memset(area, 0, sizeof(*area));
	t->fpu_clean = true;
	return area;
}

void fpu_init_cpu(void)
{
	struct fxsave now aligned_(64); /* more than a stack is: the compiler sees to it */

	this_cpu(fpu_trap) = true;
	fpu_trap_off();
	now.mxcsr_mask = 0; /* an old CPU leaves it as it is */
	fpu_regs_save(&now);
	this_cpu(mxcsr_mask) = now.mxcsr_mask ? now.mxcsr_mask : MXCSR_MASK_DEFAULT;
	fpu_trap_on();
}

void fpu_first_use(struct arch_thread *t)
{
	const irqflags_t flags = irq_save();

	t->fpu = thread_area_clean(t);
	fpu_trap_off();
	fpu_regs_load(&fpu_initial);
	irq_restore(flags);
}

void fpu_fork(struct arch_thread *child, const struct arch_thread *parent)
{
	child->fpu = NULL;
	if (!parent->fpu)
		return;
	child->fpu = thread_area_clean(child);
	fpu_regs_save(child->fpu);
}

void fpu_reset(struct arch_thread *t)
{
	const irqflags_t flags = irq_save();

	t->fpu = NULL;
	fpu_trap_on();
	irq_restore(flags);
}

/* The running thread's registers into its area. Return: the area, or NULL when it has no state. */
static const struct fxsave *fpu_save_current(struct arch_thread *t)
{
	struct fxsave *area = t->fpu;

	if (!area)
		return NULL;
	fpu_regs_save(area);
	return area;
}

struct fxsave *fpu_area_open(struct arch_thread *t)
{
	fpu_reset(t); /* a switch leaves the area alone from here on */
	return thread_area_clean(t);
}

void fpu_area_load(struct arch_thread *t)
{
	struct fxsave *area = thread_area(t);
	const irqflags_t flags = irq_save();

	fpu_trap_off();
	area->mxcsr &= this_cpu(mxcsr_mask);
	fpu_regs_load(area);
	t->fpu = area;
	irq_restore(flags);
}

/* uaccess.S; ranges checked. */
int user_fxsave(uaddr_t to, uaddr_t legacy);
int user_fpu_load(uaddr_t fx, uint32_t mxcsr_refused, uaddr_t legacy);

int fpu_save_to_user(uaddr_t to, uaddr_t legacy)
{
	/* A page that comes in meanwhile: a switch keeps the registers. */
	if (!access_ok(to, FPU_AREA_SIZE) || !access_ok(legacy, FPU_AREA_SIZE))
		return -EFAULT;
	return user_fxsave(to, legacy);
}

bool fpu_load_from_user(struct arch_thread *t, uaddr_t from, uaddr_t legacy)
{
	irqflags_t flags;
	bool ok;

	if (!access_ok(from, FPU_AREA_SIZE) || !access_ok(legacy, FPU_AREA_SIZE))
		return false;
	/* Interrupts off: nothing pages in, so that half a state is never switched away. */
	flags = irq_save();
	fpu_trap_off();
	ok = !user_fpu_load(from, ~this_cpu(mxcsr_mask), legacy);
	t->fpu = ok ? thread_area_clean(t) : NULL;
	if (unlikely(!ok))
		fpu_trap_on();
	irq_restore(flags);
	return ok;
}

void fpu_get(const struct arch_thread *t, struct fxsave *out)
{
	*out = t->fpu ? *(const struct fxsave *)t->fpu : fpu_initial;
	out->mxcsr_mask = this_cpu(mxcsr_mask);
}

int fpu_set(struct arch_thread *t, const struct fxsave *in)
{
	if (in->mxcsr & ~this_cpu(mxcsr_mask))
		return -EINVAL;
	*thread_area(t) = *in;
	t->fpu_clean = true;
	t->fpu = thread_area(t);
	return 0;
}

int fpu_exception_code(struct arch_thread *t, bool sse)
{
	const struct fxsave *area = fpu_save_current(t);
	unsigned pending;

	if (!area)
		return FPE_FLTINV;
	pending = sse ? ~(area->mxcsr >> 7) & area->mxcsr : ~(unsigned)area->cw & area->sw;
	if (pending & 0x01)
		return FPE_FLTINV;
	if (pending & 0x04)
		return FPE_FLTDIV;
	if (pending & 0x08)
		return FPE_FLTOVF;
	if (pending & 0x12)
		return FPE_FLTUND;
	return pending & 0x20 ? FPE_FLTRES : 0;
}
