/*
 * Signal frames: what kernel/signal.c hands down to arch/x86/hw/sigframe*.c, and what comes back at
 * sigreturn.
 */
#ifndef ARCH_SIGFRAME_H
#define ARCH_SIGFRAME_H

#include "arch/regs.h"
#include "base/compiler.h"
#include "base/types.h"

/* The alternate stack as sigaltstack(2) knows it; goes into uc_stack. */
struct sigframe_altstack {
	uaddr_t sp;
	unsigned long size;
	int flags; /* SS_ONSTACK 1, SS_DISABLE 2 */
};

/* siginfo_t of both ABIs; no kind of signal uses more than its beginning, the rest is zero (as in Linux). */
enum { SIGINFO_SIZE = 128, SIGINFO_KEPT = 48 };

struct sigframe_req {
	int sig;
	bool siginfo;	   /* SA_SIGINFO: the rt frame; x86_64 has no other */
	bool switch_stack; /* run on the alternate stack: SA_ONSTACK, and not on it already */
	uaddr_t handler;
	uaddr_t restorer; /* sa_restorer when SA_RESTORER is set, else 0 */
	uint64_t mask;	  /* blocked signals to restore, bit n-1 = signal n */
	struct sigframe_altstack altstack;
	unsigned char
		info[SIGINFO_SIZE]; /* siginfo_t in the user's layout; SIGINFO_KEPT bytes count */
};

/* What a frame held beside the registers. */
struct sigframe_saved {
	uint64_t mask;
	bool has_altstack; /* rt frames only */
	struct sigframe_altstack altstack;
};

/* The most that a signal takes from a program's stack, padding included: AT_MINSIGSTKSZ, getauxval(3). @is32: of i386. */
unsigned long sigframe_max_bytes(bool is32);

/**
 * sigframe_push - build @req's frame on the user stack and enter the handler.
 * @regs: the thread's user registers; changed only on success.
 * Return: 0, or -EFAULT when the stack cannot be written (the caller forces SIGSEGV).
 * Locks: none held.   Sleeps: yes (touches user memory).   See: sigaction(2), sigreturn(2).
 */
int must_check sigframe_push(struct pt_regs *regs, const struct sigframe_req *req);

/**
 * sigframe_pop - sigreturn(2) (@rt false: i386's old form), rt_sigreturn(2): back to the frame's
 * registers. Every privileged bit is replaced, so the frame may hold anything. The system call
 * returns (long)regs->ax.
 * Return: 0, or -EFAULT (the caller forces SIGSEGV).   Locks: none held.   Sleeps: yes.
 */
int must_check sigframe_pop(struct pt_regs *regs, bool rt, struct sigframe_saved *out);

#endif
