/*
 * Signal frames of x86_64: Linux's rt_sigframe, to the byte, because programs (and every libc's
 * unwinder) read it.
 *
 *            old stack pointer
 *            128 bytes the compiler may be using (the red zone)
 *            FXSAVE area, 512 bytes, 64-byte aligned; only if the thread has used the FPU
 *            siginfo, 128 bytes
 *            ucontext: flags, link, alternate stack, sigcontext, mask
 *   sp ->    return address: the restorer, which calls rt_sigreturn     (sp + 8 is 16-byte aligned)
 *
 * WHY      without FPU state sigcontext.fpstate is 0 and sigreturn resets the FPU: the state the
 *          handler interrupted.
 * SS       a handler keeps the stack segment it interrupted if that is one to write to, because DOSEMU
 *          looks at the register; the frame tells whether the interrupted code was 64-bit
 *          (UC_STRICT_RESTORE_SS): if not, sigreturn to 64-bit code mends an impossible SS.
 * HOSTILE  sigreturn takes its input from the user's stack. Selectors get privilege 3, flags only
 *          the bits a program may set, MXCSR only bits the CPU has. What is then still impossible
 *          makes iret fault, and that fault is the program's (entry/trap64.S).
 * CONTEXT  the running thread on its way to user mode; may sleep in the copies.
 * FAILS    -EFAULT with the registers unchanged.
 * NOT HERE which signal, masks, restart of system calls (kernel/signal.c).
 * SOURCES  Linux uapi asm/sigcontext.h, asm-generic/ucontext.h; System V ABI AMD64, "Stack Frame".
 */
#ifdef __x86_64__
#include "sigframe_impl.h"

#include "arch/thread.h"
#include "arch/uaccess.h"
#include "fpu.h"
#include "lib/string.h"

struct sigcontext {
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t di, si, bp, bx, dx, ax, cx, sp, ip, flags;
	uint16_t cs, gs, fs, ss;
	uint64_t err, trapno, oldmask, cr2;
	uint64_t fpstate;
	uint64_t reserved[8];
};

struct uc_stack {
	uint64_t sp;
	int32_t flags, unused;
	uint64_t size;
};

struct ucontext {
	uint64_t flags, link;
	struct uc_stack stack;
	struct sigcontext mc;
	uint64_t mask;
};

struct rt_sigframe {
	uint64_t pretcode;
	struct ucontext uc;
	unsigned char info[SIGINFO_SIZE];
};

_Static_assert(sizeof(struct sigcontext) == 256, "sigcontext");
_Static_assert(sizeof(struct ucontext) == 304, "ucontext");
_Static_assert(sizeof(struct rt_sigframe) == 440, "rt_sigframe");

/* lar: present, ring 3, code or data; data, writable; the direction and the Accessed bit do not matter. */
enum { LAR_STACK_MASK = 0xfa00, LAR_STACK = 0xf200 };
enum { UC_SIGCONTEXT_SS = 2, UC_STRICT_RESTORE_SS = 4, RED_ZONE = 128 };

/* Everything but the FPU's place and the mask, field by field: all of it is stored once. */
static inline void regs_to_context(struct sigcontext *c, const struct pt_regs *r,
				   const struct arch_thread *t)
{
	c->r8 = r->r8;
	c->r9 = r->r9;
	c->r10 = r->r10;
	c->r11 = r->r11;
	c->r12 = r->r12;
	c->r13 = r->r13;
	c->r14 = r->r14;
	c->r15 = r->r15;
	c->di = r->di;
	c->si = r->si;
	c->bp = r->bp;
	c->bx = r->bx;
	c->dx = r->dx;
	c->ax = r->ax;
	c->cx = r->cx;
	c->sp = r->sp;
	c->ip = r->ip;
	c->flags = r->flags & ~(unsigned long)FLAG_RF;
	c->cs = (uint16_t)r->cs;
	c->gs = 0;
	c->fs = 0;
	c->ss = (uint16_t)r->ss;
	c->err = t->error_code;
	c->trapno = t->trap_nr;
	c->cr2 = t->cr2;
	for (unsigned i = 0; i < ARRAY_SIZE(c->reserved); i++)
		c->reserved[i] = 0;
}

/* Is @selector a present data segment of ring 3 that can be written? */
static bool stack_selector_valid(unsigned selector)
{
	uint32_t rights;
	bool ok;

	__asm__("larl %2, %0" : "=r"(rights), "=@ccz"(ok) : "r"(selector));
	return ok && (rights & LAR_STACK_MASK) == LAR_STACK;
}

static void stack_selector_mend(struct pt_regs *r)
{
	if (r->ss != SEL_USER_DS && !stack_selector_valid((uint16_t)r->ss))
		r->ss = SEL_USER_DS;
}

static void context_to_regs(struct pt_regs *r, const struct sigcontext *c)
{
	const unsigned long flags = sigframe_return_flags(r->flags, c->flags);

	*r = (struct pt_regs){
		.r8 = c->r8,
		.r9 = c->r9,
		.r10 = c->r10,
		.r11 = c->r11,
		.r12 = c->r12,
		.r13 = c->r13,
		.r14 = c->r14,
		.r15 = c->r15,
		.di = c->di,
		.si = c->si,
		.bp = c->bp,
		.bx = c->bx,
		.dx = c->dx,
		.ax = c->ax,
		.cx = c->cx,
		.sp = c->sp,
		.ip = c->ip,
		.flags = flags,
		.cs = c->cs | 3,
		.ss = c->ss | 3,
		.orig_ax = (unsigned long)-1,
	};
}

/* Where the frame goes; *fpstate gets the address of the FPU area, 0 when @has_fpu is false. */
static uaddr_t frame_place(const struct pt_regs *regs, const struct sigframe_req *req, bool has_fpu,
			   uaddr_t *fpstate)
{
	uaddr_t sp = regs->sp - RED_ZONE;

	if (req->switch_stack)
		sp = req->altstack.sp + req->altstack.size;
	*fpstate = 0;
	if (has_fpu) {
		sp = (sp - FPU_AREA_SIZE) & ~63UL;
		*fpstate = sp;
	}
	sp -= sizeof(struct rt_sigframe);
	return (sp & ~15UL) - 8;
}

static void handler_enter(struct pt_regs *regs, const struct sigframe_req *req, uaddr_t frame)
{
	regs->di = (unsigned long)req->sig;
	regs->si = frame + offsetof(struct rt_sigframe, info);
	regs->dx = frame + offsetof(struct rt_sigframe, uc);
	regs->ax = 0; /* no vector registers in a variadic call */
	regs->ip = req->handler;
	regs->sp = frame;
	regs->cs = SEL_USER_CS;
	stack_selector_mend(regs);
	regs->flags = sigframe_handler_flags(regs->flags);
}

unsigned long sigframe_max_bytes(bool is32)
{
	if (is32)
		return sigframe32_max_bytes();
	/* Linux's sum: frame, alignment of the frame, FPU area, alignment of that. */
	return round_up_pow2(sizeof(struct rt_sigframe) + 15 + FPU_AREA_SIZE + 63, 16UL);
}

int sigframe_push(struct pt_regs *regs, const struct sigframe_req *req)
{
	struct arch_thread *t = this_cpu(current_arch_thread);
	const bool has_fpu = t->fpu;
	struct rt_sigframe f;
	uaddr_t frame, fpstate;

	if (unlikely(t->program32))
		return sigframe32_push(regs, req);
	if (!req->restorer)
		return -EFAULT; /* x86_64 demands SA_RESTORER */
	frame = frame_place(regs, req, has_fpu, &fpstate);
	if (has_fpu && fpu_save_to_user(fpstate, fpstate))
		return -EFAULT;
	f.pretcode = req->restorer;
	f.uc.flags = UC_SIGCONTEXT_SS;
	if (regs->cs == SEL_USER_CS)
		f.uc.flags |= UC_STRICT_RESTORE_SS;
	f.uc.link = 0;
	f.uc.stack =
		(struct uc_stack){ req->altstack.sp, req->altstack.flags, 0, req->altstack.size };
	regs_to_context(&f.uc.mc, regs, t);
	f.uc.mc.oldmask = req->mask;
	f.uc.mc.fpstate = fpstate;
	f.uc.mask = req->mask;
	if (req->siginfo) /* else a program must not look at it, and finds what was there (as on Linux) */
		sigframe_info(f.info, req);
	if (copy_to_user(frame, &f, req->siginfo ? sizeof(f) : offsetof(struct rt_sigframe, info)))
		return -EFAULT;
	if (has_fpu)
		fpu_reset(t);
	handler_enter(regs, req, frame);
	return 0;
}

static int fpu_restore(struct arch_thread *t, uaddr_t fpstate)
{
	if (!fpstate) {
		fpu_reset(t);
		return 0;
	}
	if (likely(fpu_load_from_user(t, fpstate, fpstate)))
		return 0;
	if (copy_from_user(fpu_area_open(t), fpstate, FPU_AREA_SIZE))
		return -EFAULT;
	fpu_area_load(t);
	return 0;
}

int sigframe_pop(struct pt_regs *regs, bool rt, struct sigframe_saved *out)
{
	const uaddr_t frame =
		regs->sp - sizeof(uint64_t); /* the handler's ret has popped pretcode */
	struct ucontext uc;

	if (unlikely(this_cpu(current_arch_thread)->program32))
		return sigframe32_pop(regs, rt, out);
	if (!rt || copy_from_user(&uc, frame + offsetof(struct rt_sigframe, uc), sizeof(uc)))
		return -EFAULT;
	if (fpu_restore(this_cpu(current_arch_thread), uc.mc.fpstate))
		return -EFAULT;
	context_to_regs(regs, &uc.mc);
	if (!(uc.flags & UC_STRICT_RESTORE_SS) && regs->cs == SEL_USER_CS)
		stack_selector_mend(regs);
	out->mask = uc.mask;
	out->has_altstack = true;
	out->altstack = (struct sigframe_altstack){ uc.stack.sp, uc.stack.size, uc.stack.flags };
	return 0;
}
#endif
