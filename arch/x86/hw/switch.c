/*
 * The machine's part of threads: birth, switch, exec.
 *
 * OWNS     struct arch_thread; the layout of a kernel stack:
 *
 *            kstack + KSTACK_SIZE   ---------------------------------
 *                                   FPU area, 512 bytes
 *                                   i386: where in the vDSO sysenter goes on (0: no vDSO), padded to KSTACK_TAG bytes
 *            kstack_top             ---------------------------------  TSS sp0: user entries push
 *                                   struct pt_regs
 *                                   ---------------------------------  a new thread starts here
 *                                   calls
 *            kstack                 ---------------------------------  guard page below
 *
 * I1       on each CPU current_arch_thread is the thread whose kernel stack is in use.
 * I2       user thread running: TSS sp0 == its kstack_top, the GDT holds its TLS entries, FS and GS
 *          bases are its own.
 * WHY      a kernel thread has no user state, so nothing of the above is touched when switching to
 *          one, and nothing is reloaded that did not change when the same user thread comes back.
 * CONTEXT  arch_switch (arch/switch.h): interrupts off, called by the scheduler with its run-queue lock held;
 *          returns when @prev is chosen again, on the CPU that chose it.
 * COST     kernel thread to kernel thread: about 40 instructions; user threads: 60, plus 2 with FPU
 *          state.
 * NOT HERE page tables (pt_activate), which thread is next (kernel/sched.c).
 */
#include "arch/switch.h"

#include "arch/irqflags.h"
#include "arch/machine.h"
#include "arch/percpu.h"
#include "arch/processor.h"
#include "arch/vdso.h"
#include "desc.h"
#include "fpu.h"
#include "lib/string.h"
#include "tls.h"
#include "watch.h"

section_("percpu") struct arch_thread *current_arch_thread;

/* switch.S */
void thread_start_kernel(void);
void thread_start_user(void);

/* The top of a new thread's stack: where it goes on takes the rest from it. */
struct start_frame {
	struct switch_frame f;
	unsigned long fn, arg;
};
_Static_assert(offsetof(struct arch_thread, sp) == 0, "arch_switch finds it there");

static void stack_init(struct arch_thread *t, void *kstack)
{
	memset(t, 0, sizeof(*t));
	t->kstack_top = (unsigned long)kstack + KSTACK_SIZE - FPU_AREA_SIZE - KSTACK_TAG;
	memset(thread_regs(t), 0, sizeof(struct pt_regs) + KSTACK_TAG);
}

static struct start_frame *frame_init(struct arch_thread *t, void (*go_on)(void))
{
	struct start_frame *f = (struct start_frame *)thread_regs(t) - 1;

	*f = (struct start_frame){ .f.go_on = go_on };
	t->sp = (unsigned long)f;
	return f;
}

static void set_entry_stack(const struct arch_thread *t)
{
#ifdef __x86_64__
	this_cpu(cpu_tss).sp[0] = t->kstack_top;
#else
	this_cpu(cpu_tss).stack[0].sp = t->kstack_top;
#endif
}

static void user_state_save(struct arch_thread *t)
{
#ifdef __x86_64__
	segments_save(t);
#else
	(void)t; /* selectors are in pt_regs */
#endif
}

/* Everything of @t that user mode sees and that is not in pt_regs. Interrupts off. */
static void user_state_load(const struct arch_thread *t)
{
	set_entry_stack(t);
#ifdef __x86_64__
	segments_load(t);
#else
	tls_load(t);
#endif
}

void arch_switch_state(struct arch_thread *prev, struct arch_thread *next)
{
	if (prev->is_user)
		user_state_save(prev);
	fpu_leave(prev);
	if (unlikely(watch_used) && (watch_is_special(prev) || watch_is_special(next)))
		watch_switch(prev, next);
	if (likely(next->is_user)) {
		fpu_enter(next);
		user_state_load(next);
	}
	this_cpu(current_arch_thread) = next;
}

struct stack_place arch_thread_place(const struct arch_thread *t)
{
	const struct switch_frame *f = (const struct switch_frame *)t->sp;

	return (struct stack_place){ f->bp, (unsigned long)(f + 1), (unsigned long)f->go_on };
}

void arch_thread_init_boot(struct arch_thread *t)
{
	memset(t, 0, sizeof(*t));
	this_cpu(current_arch_thread) = t;
}

void arch_thread_init_kernel(struct arch_thread *t, void *kstack, void (*fn)(void *), void *arg)
{
	struct start_frame *f;

	stack_init(t, kstack);
	f = frame_init(t, thread_start_kernel);
	f->fn = (unsigned long)fn;
	f->arg = (unsigned long)arg;
}

int arch_thread_fork(struct arch_thread *child, void *kstack, const struct arch_thread *parent,
		     unsigned long sp)
{
	struct pt_regs *regs;

	stack_init(child, kstack);
	regs = thread_regs(child);
	*regs = *thread_regs(parent);
	regs->ax = 0;
	if (sp)
		regs->sp = sp;
	memcpy(child->tls, parent->tls, sizeof(child->tls));
	child->tls_used = parent->tls_used;
	child->fsbase = parent->fsbase;
	child->gsbase = parent->gsbase;
	arch_thread_set_vdso(child, parent->vdso);
	child->is_user = true;
	child->no_tsc = parent->no_tsc;
	child->program32 = child->abi32 = parent->program32;
	user_state_save(child); /* the parent runs: its selectors are the CPU's */
	fpu_fork(child, parent);
	(void)frame_init(child, thread_start_user);
	return 0;
}

/* What a program of i386 finds in its data selectors on x86_64. */
#ifdef __x86_64__
static void set_program(struct arch_thread *t, struct pt_regs *regs, bool is32)
{
	t->program32 = t->abi32 = is32;
	t->selectors = is32 ? (uint64_t)SEL_USER_DS << 32 | (uint64_t)SEL_USER_DS << 48 : 0;
	regs->cs = is32 ? SEL_USER32_CS : SEL_USER_CS;
}
#else
static void set_program(struct arch_thread *t, struct pt_regs *regs, bool is32)
{
	(void)is32;
	t->selectors = 0;
	regs->cs = SEL_USER_CS;
	regs->ds = SEL_USER_DS;
	regs->es = SEL_USER_DS;
}
#endif

void arch_thread_exec(struct arch_thread *t, uaddr_t entry, uaddr_t sp, bool is32)
{
	struct pt_regs *regs = thread_regs(t);
	const unsigned long orig_ax = regs->orig_ax;
	irqflags_t flags;

	user_state_save(t); /* the registers are the old program's: the load below must know */
	memset(regs, 0, sizeof(*regs));
	regs->ip = entry;
	regs->flags = FLAG_FIXED | FLAG_IF | FLAG_RF; /* RF: leave the system call by iret */
	regs->sp = sp;
	regs->ss = SEL_USER_DS;
	set_program(t, regs, is32);
	regs->orig_ax = orig_ax; /* a tracer sees which call it was */
	memset(t->tls, 0, sizeof(t->tls));
	t->tls_used = 0;
	t->fsbase = 0;
	t->gsbase = 0;
	t->is_user = true;
	fpu_reset(t);
	flags = irq_save();
	user_state_load(t);
	irq_restore(flags);
}

void arch_thread_set_vdso(struct arch_thread *t, unsigned long vdso)
{
	t->vdso = vdso;
	if (KSTACK_TAG)
		WRITE_ONCE(*(unsigned long *)t->kstack_top, vdso ? vdso + vdso_offsets.landing : 0);
}

void arch_thread_free(struct arch_thread *t)
{
	t->fpu = NULL; /* the area goes with the stack */
}
