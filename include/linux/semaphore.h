/* Counting semaphores. */
#ifndef _LINUX_SEMAPHORE_H
#define _LINUX_SEMAPHORE_H

#include <linux/errno.h>
#include <linux/wait.h>

bool module_sema_try(struct semaphore *s);
int module_sema_down(struct semaphore *s, int mode, unsigned long long deadline_ns);
void module_sema_up(struct semaphore *s);

#define __SEMAPHORE_INITIALIZER(name, n)                                                           \
	{                                                                                          \
		.count = (n), .wait = WAITQ_VIEW_INIT((name).wait)                                 \
	}
/* DEFINE_SEMAPHORE(name), or from Linux 6.4 on (name, count). */
#define DEFINE_SEMAPHORE_1(name)     struct semaphore name = __SEMAPHORE_INITIALIZER(name, 1)
#define DEFINE_SEMAPHORE_2(name, n)  struct semaphore name = __SEMAPHORE_INITIALIZER(name, n)
#define SEMAPHORE_FORM(a, b, c, ...) c
#define DEFINE_SEMAPHORE(...)                                                                      \
	SEMAPHORE_FORM(__VA_ARGS__, DEFINE_SEMAPHORE_2, DEFINE_SEMAPHORE_1)(__VA_ARGS__)
#define DECLARE_MUTEX(name)   DEFINE_SEMAPHORE_1(name)
#define sema_init(s, n)	      ((s)->count = (n), module_waitq_init(&(s)->wait))
#define init_MUTEX(s)	      sema_init(s, 1)
#define down(s)		      ((void)module_sema_down(s, VIEW_PARK_UNINTERRUPTIBLE, ~0ULL))
#define down_interruptible(s) module_sema_down(s, VIEW_PARK_INTERRUPTIBLE, ~0ULL)
#define down_killable(s)      module_sema_down(s, VIEW_PARK_KILLABLE, ~0ULL)
#define down_timeout(s, jiffies_)                                                                  \
	(module_sema_down(s, VIEW_PARK_UNINTERRUPTIBLE, module_deadline(jiffies_)) ? -ETIME : 0)
#define down_trylock(s) (!module_sema_try(s)) /* 0: got it */
#define up(s)		module_sema_up(s)

#endif
