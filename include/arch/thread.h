/*
 * The machine's part of a thread. struct pt_regs (arch/regs.h) lies at the top of the kernel stack.
 * Calls that build or read it are in arch/x86/hw; the simulator has none (floors above mm do not
 * run there).
 */
#ifndef ARCH_THREAD_H
#define ARCH_THREAD_H

#include "arch/percpu.h"
#include "arch/regs.h"
#include "base/compiler.h"
#include "base/types.h"

#ifdef __x86_64__
#define KSTACK_SIZE (4 * PAGE_SIZE)
#else
#define KSTACK_SIZE (2 * PAGE_SIZE)
#endif
#define TLS_ENTRIES 3 /* GDT entries 6-8 on i386, 12-14 on x86_64 */

/* Debug registers as the tracer has set them; status: why the last debug exception came. */
struct arch_debug {
	unsigned long addr[4], status, control;
};

struct arch_thread {
	unsigned long sp;	      /* first: saved kernel stack pointer while not running */
	unsigned long kstack_top;     /* pt_regs end here; above: hw/switch.c */
	void *fpu;		      /* FXSAVE area above pt_regs; NULL until used */
	uint64_t tls[TLS_ENTRIES];    /* descriptors loaded into the GDT at switch */
	unsigned long fsbase, gsbase; /* x86_64 user bases */
	/* x86_64: user FS GS DS ES, 16 bits each (i386 keeps them in pt_regs) */
	uint64_t selectors;
	bool is_user;	    /* has user state: set by arch_thread_fork and _exec */
	uint8_t tls_used;   /* those of tls from this one on are 0 */
	bool fpu_clean;	    /* the FPU area has nothing that is another's */
	unsigned long vdso; /* the image of the program's mm; 0: none */
	unsigned long trap_nr, error_code, cr2; /* last user fault, for the signal frame */
	uint8_t watched; /* a traced thread: arch/ptrace.h; not 0: its switches do more */
	bool filtered;	 /* its calls are watched for good */
	bool no_tsc;	 /* it may not read the time-stamp counter */
	bool program32;	 /* x86_64: its program is one of i386 */
	bool abi32;	 /* and so is the system call that it is in: arch/abi.h */
	struct arch_debug debug;
};

/* User registers of a thread that entered from user mode, at the top of its kernel stack. */
static inline struct pt_regs *thread_regs(const struct arch_thread *t)
{
	return (struct pt_regs *)t->kstack_top - 1;
}

/* Per-CPU: the running thread's, kept by arch_switch. */
extern struct arch_thread *current_arch_thread;

/* User registers of the running thread. */
static inline struct pt_regs *current_regs(void)
{
	return thread_regs(this_cpu(current_arch_thread));
}

/* arch_switch(prev, next), the switch to another thread, is in arch/switch.h: for the scheduler. */

/*
 * The thread that runs already (boot, idle): makes it current on this CPU. It never enters user
 * mode.
 */
void arch_thread_init_boot(struct arch_thread *t);
/*
 * First run of a thread: on a fresh kernel stack, call ret_from_fork(), turn interrupts on, call
 * fn(arg), which does not return (it ends in exit or in arch_enter_user). @kstack: KSTACK_SIZE
 * bytes, 64-byte aligned.
 */
void arch_thread_init_kernel(struct arch_thread *t, void *kstack, void (*fn)(void *), void *arg);
/*
 * A child that returns to user mode as a copy of @parent's user state with result 0; @sp 0 keeps
 * the stack. The first thing it does on its stack is call ret_from_fork() (kernel/sched.c: finish
 * the switch). @parent is the caller. Return: 0.
 */
int must_check arch_thread_fork(struct arch_thread *child, void *kstack,
				const struct arch_thread *parent, unsigned long sp);
/* From a kernel thread that has called arch_thread_exec: first entry to user mode. */
noreturn_ void arch_enter_user(void);
/* Fresh user state for exec: everything zero, FPU reset, TLS cleared, entry point and stack set. @is32: of i386. */
void arch_thread_exec(struct arch_thread *t, uaddr_t entry, uaddr_t sp, bool is32);
/* The vDSO of the thread's program is at @vdso now (exec, mremap); its next sysenter sees it. @t has its kernel stack: it is
 * the caller, new, or has an address space under tasklist_lock. */
void arch_thread_set_vdso(struct arch_thread *t, unsigned long vdso);
void arch_thread_free(struct arch_thread *t); /* FPU area */
/* Where code is, or goes on: its frame pointer (debug kernels have them), its stack pointer, its instruction. */
struct stack_place {
	unsigned long bp, sp, ip;
};
/* Here, in the words of the instruction @at. */
#define STACK_PLACE(at)                                                                            \
	((struct stack_place){ (unsigned long)__builtin_frame_address(0),                          \
			       (unsigned long)__builtin_frame_address(0), at })
/* Where a thread that does not run goes on; it must not start to run meanwhile. */
struct stack_place arch_thread_place(const struct arch_thread *t);

/*
 * clone(2) CLONE_SETTLS on x86_64, on a child that has not run; nothing on i386 (arch_set_tls
 * there).
 */
void arch_set_fsbase(struct arch_thread *t, unsigned long base);

/*
 * set_thread_area(2)/get_thread_area(2), arch_prctl(2): on the calling thread, effective at once.
 */
struct user_desc; /* uapi */
int must_check arch_set_tls(struct arch_thread *t, struct user_desc *d, bool can_allocate);
int must_check arch_get_tls(const struct arch_thread *t, struct user_desc *d);
/*
 * arch_prctl(2): ARCH_SET_GS 0x1001, SET_FS 0x1002, GET_FS 0x1003, GET_GS 0x1004 (x86_64),
 * GET_CPUID 0x1011, SET_CPUID 0x1012. Return: a result, -EPERM, -EINVAL, -EFAULT, -ENODEV.
 */
long arch_prctl(struct arch_thread *t, int code, uaddr_t addr);

#endif
