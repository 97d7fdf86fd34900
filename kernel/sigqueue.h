/* Queues of pending signals; private to the files on signals. sighand->lock held by the caller. */
#ifndef KERNEL_SIGQUEUE_H
#define KERNEL_SIGQUEUE_H

#include "kernel/signal.h"

/* @info NULL: from the kernel. Charged to @t's user. Return: 0, also when it pends already; -EAGAIN: RLIMIT_SIGPENDING.
 * @timer: of a POSIX timer, which has been charged: one more even if it pends; -EAGAIN: no memory. */
int must_check sigpending_add(struct sigpending *p, struct task *t, int sig,
			      const struct siginfo_k *info, bool timer);
void sigpending_remove(struct sigpending *p, sigset_k mask);
/* Take the next one outside @blocked: the first SIGINFO_KEPT bytes of @info. Return: its number, 0 when there is none. */
int must_check sigpending_take(struct sigpending *p, sigset_k blocked, struct siginfo_k *info);

#endif
