/* Queues of pending signals; private to the files on signals. sighand->lock held by the caller. */
#ifndef KERNEL_SIGQUEUE_H
#define KERNEL_SIGQUEUE_H

#include "kernel/signal.h"

/* @info NULL: from the kernel. Charged to @t's user. Return: 0, also when it pends already; -EAGAIN: RLIMIT_SIGPENDING.
 * @timer: of a POSIX timer, which has been charged: one more even if it pends; -EAGAIN: no memory. */
int must_check sigpending_add(struct sigpending *p, struct task *t, int sig,
			      const struct siginfo_k *info, bool timer);
/* The signal of a fault of @t itself, in the place of one that pends. */
void sigpending_force(struct sigpending *p, struct task *t, const struct siginfo_k *info);
void sigpending_remove(struct sigpending *p, sigset_k mask);
/* Of several signals in @ready, some that belong to the instruction that just ran go first. 0: none. */
static inline int signal_first(sigset_k ready)
{
	const uint32_t synchronous =
		(uint32_t)(sigmask(SIGSEGV) | sigmask(SIGBUS) | sigmask(SIGILL) | sigmask(SIGTRAP) |
			   sigmask(SIGFPE) | sigmask(SIGSYS));
	uint32_t low = (uint32_t)ready, high = (uint32_t)(ready >> 32);

	if (low)
		return __builtin_ctz(low & synchronous ? low & synchronous : low) + 1;
	return high ? __builtin_ctz(high) + 33 : 0;
}

/* Take @sig, which pends: the first SIGINFO_KEPT bytes of @info, unless it is NULL. */
void sigpending_take(struct sigpending *p, int sig, struct siginfo_k *info);

#endif
