/*
 * Signal frames of i386, and of its programs on x86_64: Linux's sigframe (plain handlers) and rt_sigframe (SA_SIGINFO), to
 * the byte.
 *
 *            old stack pointer
 *            FPU state: FSAVE layout, 112 bytes, then FXSAVE area, 512 bytes, 64-byte aligned;
 *            only if the thread has used the FPU
 *            8 bytes: the code of the sigreturn call
 *            sigframe: 624 unused bytes, sigcontext | rt_sigframe: ucontext, siginfo, their places
 *            signal number
 *   sp ->    return address: the restorer, or the vDSO's     (sp + 4 is 16-byte aligned)
 *
 * The FSAVE part is what programs of 1995 read; sigreturn takes the FXSAVE part, which holds all of
 * it, when the magic number between the two is intact, and the FSAVE part otherwise.
 *
 * RETURN   a handler without SA_RESTORER returns into the vDSO's trampolines. The 8 bytes are there
 *          for debuggers, which look for them; and for programs without a vDSO (vdso=0), where
 *          the handler returns into them: with NX (i386-pae) that is SIGSEGV, unless the program
 *          asked for an executable stack.
 * HOSTILE  as on x86_64: sigreturn's input may be anything. A data selector that cannot be loaded
 *          becomes null, an impossible code or stack selector is the program's fault at iret
 *          (entry/trap32.S).
 * CONTEXT  the running thread on its way to user mode; may sleep in the copies.
 * FAILS    -EFAULT with the registers unchanged.
 * SOURCES  Linux uapi asm/sigcontext.h, sigreturn(2); SDM volume 1, "x87 FPU State" and "FXSAVE".
 */
#include "sigframe_impl.h"

#include "arch/abi.h"
#include "arch/thread.h"
#include "arch/uaccess.h"
#include "arch/vdso.h"
#include "fpu.h"
#include "fpu_legacy.h"
#include "lib/string.h"
#include "tls.h"

struct sigcontext {
	uint32_t gs, fs, es,
		ds; /* of these, of cs and of ss the upper half is unused: 0, and not looked at */
	uint32_t di, si, bp, sp, bx, dx, cx, ax;
	uint32_t trapno, err, ip;
	uint32_t cs;
	uint32_t flags, sp_at_signal;
	uint32_t ss;
	uint32_t fpstate, oldmask, cr2;
};

struct fpstate_head {
	struct fsave legacy;
	uint16_t status, magic; /* FPSTATE_MAGIC: fx is there */
};

struct fpstate {
	struct fpstate_head head;
	struct fxsave fx;
};

struct ucontext {
	uint32_t flags, link;
	uint32_t ss_sp;
	int32_t ss_flags;
	uint32_t ss_size;
	struct sigcontext mc;
	uint64_t mask packed_;
};

/* The ends of the plain frame; the room between them stays as it is. */
struct sigframe_head {
	uint32_t pretcode;
	int32_t sig;
	struct sigcontext mc;
};

struct sigframe_tail {
	uint32_t mask_high;
	unsigned char retcode[8];
};

struct sigframe {
	struct sigframe_head head;
	unsigned char fpstate_unused[sizeof(struct fpstate)];
	struct sigframe_tail tail;
};

struct rt_sigframe {
	uint32_t pretcode;
	int32_t sig;
	uint32_t pinfo, puc;
	unsigned char info[SIGINFO_SIZE];
	struct ucontext uc;
	unsigned char retcode[8];
};

_Static_assert(sizeof(struct sigcontext) == 88, "sigcontext");
_Static_assert(sizeof(struct fpstate) == 624, "_fpstate");
_Static_assert(sizeof(struct ucontext) == 116, "ucontext");
_Static_assert(sizeof(struct sigframe) == 732, "sigframe");
_Static_assert(sizeof(struct rt_sigframe) == 268, "rt_sigframe");

enum {
	FPSTATE_MAGIC = 0
}; /* Linux's X86_FXSR_MAGIC; 0xffff: no FXSAVE part. uaccess.S knows it, too */

/* popl %eax; movl $119 (sigreturn), %eax; int $0x80 - and without popl for 173 (rt_sigreturn). */
static const unsigned char retcode_old[8] = { 0x58, 0xb8, 119, 0, 0, 0, 0xcd, 0x80 };
static const unsigned char retcode_rt[8] = { 0xb8, 173, 0, 0, 0, 0xcd, 0x80, 0 };

/* A null selector stays what it is, any other gets privilege 3. */
static unsigned long user_selector(uint32_t v)
{
	v &= 0xffff;
	return v & 0xfffc ? v | 3UL : v;
}

/* The data selectors: in pt_regs, or (x86_64) in the processor. */
#ifdef __x86_64__
#define PROGRAM_CS SEL_USER32_CS
#define SEGMENTS_OF(c)

static void segments_to_context(struct sigcontext *c, const struct pt_regs *r)
{
	(void)r;
	c->gs = (uint16_t)selector_read("gs");
	c->fs = (uint16_t)selector_read("fs");
	c->es = (uint16_t)selector_read("es");
	c->ds = (uint16_t)selector_read("ds");
}

static void segments_from_context(const struct sigcontext *c)
{
	segments_set(this_cpu(current_arch_thread),
		     user_selector(c->fs) | user_selector(c->gs) << 16 |
			     user_selector(c->ds) << 32 | user_selector(c->es) << 48);
}

static void segments_of_handler(struct pt_regs *regs)
{
	(void)regs;
	segments_set(this_cpu(current_arch_thread),
		     (uint16_t)selector_read("fs") | (uint64_t)(uint16_t)selector_read("gs") << 16 |
			     (uint64_t)SEL_USER_DS << 32 | (uint64_t)SEL_USER_DS << 48);
}
#else
#define PROGRAM_CS SEL_USER_CS
#define SEGMENTS_OF(c)                                                                             \
	.gs = user_selector((c)->gs), .fs = user_selector((c)->fs), .es = user_selector((c)->es),  \
	.ds = user_selector((c)->ds),

static inline void segments_to_context(struct sigcontext *c, const struct pt_regs *r)
{
	c->gs = (uint16_t)r->gs;
	c->fs = (uint16_t)r->fs;
	c->es = (uint16_t)r->es;
	c->ds = (uint16_t)r->ds;
}

static inline void segments_from_context(const struct sigcontext *c)
{
	(void)c;
}

static inline void segments_of_handler(struct pt_regs *regs)
{
	regs->ds = SEL_USER_DS;
	regs->es = SEL_USER_DS;
}
#endif

/* Everything but the FPU's place and the mask, field by field: all of it is stored once. */
static inline void regs_to_context(struct sigcontext *c, const struct pt_regs *r,
				   const struct arch_thread *t)
{
	segments_to_context(c, r);
	c->di = r->di;
	c->si = r->si;
	c->bp = r->bp;
	c->sp = r->sp;
	c->bx = r->bx;
	c->dx = r->dx;
	c->cx = r->cx;
	c->ax = r->ax;
	c->trapno = t->trap_nr;
	c->err = t->error_code;
	c->ip = r->ip;
	c->cs = (uint16_t)r->cs;
	c->flags = r->flags & ~(unsigned long)FLAG_RF;
	c->sp_at_signal = r->sp;
	c->ss = (uint16_t)r->ss;
	c->cr2 = t->cr2;
}

static void context_to_regs(struct pt_regs *r, const struct sigcontext *c)
{
	const unsigned long flags = sigframe_return_flags(r->flags, c->flags);

	*r = (struct pt_regs){
		SEGMENTS_OF(c).di = c->di,
		.si = c->si,
		.bp = c->bp,
		.sp = c->sp,
		.bx = c->bx,
		.dx = c->dx,
		.cx = c->cx,
		.ax = c->ax,
		.ip = c->ip,
		.cs = (uint16_t)c->cs | 3UL,
		.flags = flags,
		.ss = (uint16_t)c->ss | 3UL,
		.orig_ax = (unsigned long)-1,
	};
	segments_from_context(c);
}

/* Room of @frame_size below the old stack or on the alternate one; *fpstate: see x86_64. */
static uaddr_t frame_place(const struct pt_regs *regs, const struct sigframe_req *req, bool has_fpu,
			   size_t frame_size, uaddr_t *fpstate)
{
	uaddr_t sp = regs->sp;

	if (req->switch_stack)
		sp = req->altstack.sp + req->altstack.size;
	*fpstate = 0;
	if (has_fpu) {
		sp = (sp - FPU_AREA_SIZE) & ~63UL;
		sp -= offsetof(struct fpstate, fx);
		*fpstate = sp;
	}
	sp -= frame_size;
	return ((sp + 4) & ~15UL) - 4;
}

/* What the handler returns to. */
static uint32_t return_address(const struct sigframe_req *req, uint32_t vdso_offset,
			       uaddr_t retcode)
{
	const unsigned long vdso = this_cpu(current_arch_thread)->vdso;

	if (req->restorer)
		return req->restorer;
	return vdso ? vdso + vdso_offset : retcode;
}

static int old_push(const struct pt_regs *regs, const struct sigframe_req *req, uaddr_t frame,
		    uaddr_t fpstate)
{
	const uaddr_t tail = frame + offsetof(struct sigframe, tail);
	struct sigframe_head h;
	struct sigframe_tail t;

	h.pretcode = return_address(req, vdso_offsets.sigreturn,
				    tail + offsetof(struct sigframe_tail, retcode));
	h.sig = req->sig;
	regs_to_context(&h.mc, regs, this_cpu(current_arch_thread));
	h.mc.fpstate = fpstate;
	h.mc.oldmask = (uint32_t)req->mask;
	t.mask_high = (uint32_t)(req->mask >> 32);
	memcpy(t.retcode, retcode_old, sizeof(t.retcode));
	return put_user(frame, &h) || put_user(tail, &t) ? -EFAULT : 0;
}

static int rt_push(const struct pt_regs *regs, const struct sigframe_req *req, uaddr_t frame,
		   uaddr_t fpstate)
{
	struct rt_sigframe f;

	f.pretcode = return_address(req, vdso_offsets.rt_sigreturn,
				    frame + offsetof(struct rt_sigframe, retcode));
	f.sig = req->sig;
	f.pinfo = frame + offsetof(struct rt_sigframe, info);
	f.puc = frame + offsetof(struct rt_sigframe, uc);
	if (ABI_32)
		sigframe_info(f.info, req);
	else
		siginfo_narrow(f.info, (const struct siginfo_k *)(const void *)req->info);
	f.uc.flags = 0;
	f.uc.link = 0;
	f.uc.ss_sp = req->altstack.sp;
	f.uc.ss_flags = req->altstack.flags;
	f.uc.ss_size = req->altstack.size;
	regs_to_context(&f.uc.mc, regs, this_cpu(current_arch_thread));
	f.uc.mc.fpstate = fpstate;
	f.uc.mc.oldmask = (uint32_t)req->mask;
	f.uc.mask = req->mask;
	memcpy(f.retcode, retcode_rt, sizeof(f.retcode));
	return copy_to_user(frame, &f, sizeof(f)) ? -EFAULT : 0;
}

static void handler_enter(struct pt_regs *regs, const struct sigframe_req *req, uaddr_t frame)
{
	regs->ax = (unsigned long)req->sig;
	regs->dx = req->siginfo ? frame + offsetof(struct rt_sigframe, info) : 0;
	regs->cx = req->siginfo ? frame + offsetof(struct rt_sigframe, uc) : 0;
	regs->ip = req->handler;
	regs->sp = frame;
	regs->cs = PROGRAM_CS;
	regs->ss = SEL_USER_DS;
	segments_of_handler(regs);
	regs->flags = sigframe_handler_flags(regs->flags);
}

/* Both images; the registers do not survive it. */
static int fpu_push(uaddr_t fpstate)
{
#ifdef __x86_64__
	struct fxsave fx aligned_(16);
	struct fpstate_head h = { .magic = FPSTATE_MAGIC };

	fpu_regs_save32(&fx);
	fsave_take_fxsave(&h.legacy, &fx);
	h.status = fx.sw;
	return put_user(fpstate, &h) || put_user(fpstate + offsetof(struct fpstate, fx), &fx)
		       ? -EFAULT
		       : 0;
#else
	return fpu_save_to_user(fpstate + offsetof(struct fpstate, fx), fpstate);
#endif
}

#ifndef __x86_64__
unsigned long sigframe_max_bytes(bool is32)
{
	(void)is32;
	return sigframe32_max_bytes();
}
#endif

unsigned long sigframe32_max_bytes(void)
{
	return round_up_pow2(sizeof(struct sigframe) + 15 + sizeof(struct fpstate) + 63, 16UL);
}

int sigframe32_push(struct pt_regs *regs, const struct sigframe_req *req)
{
	struct arch_thread *t = this_cpu(current_arch_thread);
	const bool has_fpu = t->fpu;
	uaddr_t frame, fpstate;
	int err;

	frame = frame_place(regs, req, has_fpu,
			    req->siginfo ? sizeof(struct rt_sigframe) : sizeof(struct sigframe),
			    &fpstate);
	err = req->siginfo ? rt_push(regs, req, frame, fpstate)
			   : old_push(regs, req, frame, fpstate);
	if (err)
		return err;
	if (has_fpu) { /* last: the registers do not survive it */
		if (fpu_push(fpstate))
			return -EFAULT;
		fpu_reset(t);
	}
	handler_enter(regs, req, frame);
	return 0;
}

/* @fpstate is not 0. */
static int fpu_restore(struct arch_thread *t, uaddr_t fpstate)
{
	const uaddr_t user_fx = fpstate + offsetof(struct fpstate, fx);
	struct fpstate_head h;
	struct fxsave *fx;

	if (ABI_32 && likely(fpu_load_from_user(t, user_fx, fpstate)))
		return 0;
	if (get_user(&h, fpstate))
		return -EFAULT;
	fx = fpu_area_open(t);
	if (h.magic != FPSTATE_MAGIC)
		memset(fx, 0, sizeof(*fx));
	else if (copy_from_user(fx, user_fx, sizeof(*fx)))
		return -EFAULT;
	/* The old form is the one programs change. */
	fxsave_take_fsave(fx, &h.legacy, h.magic != FPSTATE_MAGIC);
	fpu_area_load(t);
	return 0;
}

/*
 * After the handler's ret the stack pointer is past pretcode; the old trampoline has popped the
 * signal number too.
 */
static int old_pop(const struct pt_regs *regs, struct sigcontext *mc, struct sigframe_saved *out)
{
	const uaddr_t frame = regs->sp - 2 * sizeof(uint32_t);
	uint32_t high;

	if (copy_from_user(mc, frame + offsetof(struct sigframe, head.mc), sizeof(*mc)) ||
	    get_user(&high, frame + offsetof(struct sigframe, tail.mask_high)))
		return -EFAULT;
	out->mask = mc->oldmask | (uint64_t)high << 32;
	out->has_altstack = false;
	return 0;
}

static int rt_pop(const struct pt_regs *regs, struct sigcontext *mc, struct sigframe_saved *out)
{
	const uaddr_t frame = regs->sp - sizeof(uint32_t);
	struct ucontext uc;

	if (copy_from_user(&uc, frame + offsetof(struct rt_sigframe, uc), sizeof(uc)))
		return -EFAULT;
	*mc = uc.mc;
	out->mask = uc.mask;
	out->has_altstack = true;
	out->altstack = (struct sigframe_altstack){ uc.ss_sp, uc.ss_size, uc.ss_flags };
	return 0;
}

int sigframe32_pop(struct pt_regs *regs, bool rt, struct sigframe_saved *out)
{
	struct sigcontext mc;
	const int err = rt ? rt_pop(regs, &mc, out) : old_pop(regs, &mc, out);

	if (err)
		return err;
	if (!mc.fpstate)
		fpu_reset(this_cpu(current_arch_thread));
	else if (fpu_restore(this_cpu(current_arch_thread), mc.fpstate))
		return -EFAULT;
	context_to_regs(regs, &mc);
	return 0;
}
