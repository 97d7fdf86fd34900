/* rseq(2): restartable sequences. */
#ifndef KERNEL_RSEQ_H
#define KERNEL_RSEQ_H

#include "base/types.h"

struct task;
struct pt_regs;

/* A task's registration; its own, but for cpu's being read by its parent's fork. */
struct task_rseq {
	uaddr_t addr; /* of the thread's struct rseq; 0: none */
	uint32_t len, sig;
	int cpu; /* as written there; -1: not yet */
};

/* On the way to user mode, after the thread has been off its CPU. A program error is SIGSEGV. Sleeps. */
void rseq_resume(struct pt_regs *regs);
/* Before a signal's frame is made: the handler's caller is the abort handler, not the sequence. Sleeps. */
void rseq_signal(struct pt_regs *regs);
/* @child has its own copy of @parent's memory. */
void rseq_fork(struct task *child, const struct task *parent);
/* rseq(2). */
long rseq_register(uaddr_t addr, uint32_t len, uint32_t sig);
long rseq_unregister(uaddr_t addr, uint32_t len, uint32_t sig);

enum { RSEQ_FEATURE_SIZE = 28, RSEQ_ALIGN = 32 }; /* getauxval(3) AT_RSEQ_* */

#endif
