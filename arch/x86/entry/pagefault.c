/*
 * Page faults: what the CPU reports becomes a question to mm, and mm's answer a signal or a fix-up.
 *
 * USER     handle_mm_fault decides. MAPERR and ACCERR are SIGSEGV, BUS and HWPOISON SIGBUS; KILLED means that a
 *          fatal signal is pending already, which the return to user mode acts on. OOM asks
 *          mm/reclaim/oom.c for memory: the access is made again, or the process ends.
 * KERNEL   three cases are legal, and all other kernel faults are bugs:
 *            a user address, in the copy routines (hw/uaccess.S), paging allowed: as above, failing
 *            to the fix-up; the same, paging not allowed (a nofault copy, or interrupts were off):
 *            the fix-up; kernel_peek, which looks where there may be nothing: the fix-up. And a module that reads a
 *            program's memory by its address, without a copy routine, gets what is there, as on Linux without SMAP.
 * ERROR    the thread keeps number, code and address for the signal frame. For a kernel address the
 *          program sees "protection" set whatever is mapped there, as in Linux: it must not learn
 *          the kernel's map.
 * CONTEXT  entered with interrupts off; on while mm works, if they were on at the fault. Sleeps
 *          (user addresses only).
 * LOCKS    none here; handle_mm_fault takes mmap_lock.
 * COST     15-25 instructions beside handle_mm_fault.
 * NOT HERE which page (mm/aspace/fault.c).
 * SOURCES  SDM volume 3A, "Page-Fault Exceptions".
 */
#include "trap.h"

#include "arch/irqflags.h"
#include "arch/machine.h"
#include "arch/thread.h"
#include "arch/x86/hw/extable.h"
#include "mm/imports.h"
#include "mm/mm.h"
#include "mm/oom.h"
#include "module/notify.h"
#include "pt_geom.h"
#include "sync/trace.h"
#include "uapi/signal.h"

/* No memory for a fault: has a module some, or does a process end? */
static noinline_ bool make_room(void)
{
	return module_notify_oom() || out_of_memory();
}

/* By the error code without its PF_PRESENT: W, U, reserved bits, I. */
#define ACCESS(i)                                                                                  \
	{                                                                                          \
		.write = (i)*2 & PF_WRITE, .user = (i)*2 & PF_USER, .exec = (i)*2 & PF_FETCH       \
	}
#define ACCESS_4(i) ACCESS(i), ACCESS((i) + 1), ACCESS((i) + 2), ACCESS((i) + 3)
static const struct fault_access access_of[16] = { ACCESS_4(0), ACCESS_4(4), ACCESS_4(8),
						   ACCESS_4(12) };

static inline void decode(struct fault_info *info, unsigned long error, uaddr_t addr)
{
	info->addr = addr;
	info->access = access_of[error >> 1 & 15];
}

/* The running thread's last fault, for sigcontext. */
static void fault_record(unsigned long error, uaddr_t addr)
{
	struct arch_thread *t = this_cpu(current_arch_thread);

	t->trap_nr = TRAP_PF;
	t->error_code = error | PF_USER | (addr >= USER_TOP ? PF_PRESENT : 0);
	t->cr2 = addr;
}

static noinline_ void trace_fault(enum tracepoint_id id, const struct pt_regs *regs,
				  unsigned long error, uaddr_t addr)
{
	const unsigned long arg[TRACEPOINT_ARGS] = { addr, regs->ip, error };

	trace(TRACE_FAULT, addr, error & PF_WRITE);
	if (READ_ONCE(tracepoints[id].on))
		tracepoint_record(id, arg);
}

static noinline_ void fault_signal(enum fault_result result, unsigned long error, uaddr_t addr)
{
	if (result == FAULT_OK || result == FAULT_KILLED)
		return;
	fault_record(error, addr);
	if (result == FAULT_MAPERR)
		trap_signal(SIGSEGV, SEGV_MAPERR, addr);
	else if (result == FAULT_ACCERR)
		trap_signal(SIGSEGV, SEGV_ACCERR, addr);
	else if (result == FAULT_BUS)
		trap_signal(SIGBUS, BUS_ADRERR, addr);
	else if (result == FAULT_HWPOISON)
		trap_signal(SIGBUS, BUS_MCEERR_AR, addr);
	else
		trap_signal(SIGKILL, SI_KERNEL, 0);
}

void page_fault_user(struct pt_regs *regs, unsigned long error, uaddr_t addr)
{
	struct mm_struct *mm = mm_ctx_current()->mm;
	enum fault_result result = FAULT_MAPERR;
	struct fault_info info;

	irq_enable();
	if (unlikely(trace_on))
		trace_fault(TP_page_fault_user, regs, error, addr);
	if (likely(addr < USER_TOP)) {
		decode(&info, error, addr);
		result = handle_mm_fault(mm, &info);
		if (likely(result == FAULT_OK) || (result == FAULT_OOM && make_room()))
			return;
	}
	fault_signal(result, error, addr);
}

static bool in_user_copy(unsigned long ip)
{
	return ip >= (unsigned long)uaccess_text_start && ip < (unsigned long)uaccess_text_end;
}

/* May a fault at @addr, in a user copy, bring a page in? */
static bool may_page_in(const struct pt_regs *regs, const struct mm_ctx *ctx)
{
	return ctx->mm && !(ctx->scoped & MM_CTX_NOFAULT) && !this_cpu(uaccess_nofault) &&
	       (regs->flags & FLAG_IF);
}

/* A fault of a user copy. Return: whether the access can be made again. */
static bool page_in(struct mm_struct *mm, unsigned long error, uaddr_t addr)
{
	enum fault_result result;
	struct fault_info info;

	decode(&info, error, addr);
	irq_enable();
	result = handle_mm_fault(mm, &info);
	if (unlikely(result == FAULT_OOM) && make_room())
		result = FAULT_OK;
	irq_disable();
	return result == FAULT_OK;
}

void page_fault_kernel(struct pt_regs *regs, unsigned long error, uaddr_t addr)
{
	struct mm_ctx *ctx = mm_ctx_current();
	unsigned long fixup;

	if (unlikely(trace_on))
		trace_fault(TP_page_fault_kernel, regs, error, addr);
	if (addr < USER_TOP && (in_user_copy(regs->ip) || module_code_has(regs->ip)) &&
	    may_page_in(regs, ctx) && page_in(ctx->mm, error, addr))
		return;
	fixup = extable_find(regs->ip);
	if (!fixup || (addr >= USER_TOP && in_user_copy(regs->ip)))
		trap_die_fault(regs, trap_kernel_sp(regs), error, addr);
	regs->ip = fixup;
}
