/* Waiting for something to be done. */
#ifndef _LINUX_COMPLETION_H
#define _LINUX_COMPLETION_H

#include <linux/wait.h>

bool module_completion_try(struct completion *c);
int module_completion_wait(struct completion *c, int mode, unsigned long long deadline_ns);
void module_complete(struct completion *c, bool all);

#define COMPLETION_INITIALIZER(name)                                                               \
	{                                                                                          \
		.wait = WAITQ_VIEW_INIT((name).wait)                                               \
	}
#define DECLARE_COMPLETION(name)	 struct completion name = COMPLETION_INITIALIZER(name)
#define DECLARE_COMPLETION_ONSTACK(name) DECLARE_COMPLETION(name)
#define init_completion(c)		 ((c)->done = 0, (c)->guard = 0, module_waitq_init(&(c)->wait))
#define reinit_completion(c)		 ((void)((c)->done = 0))
#define INIT_COMPLETION(c)		 ((void)((c).done = 0))
#define complete(c)			 module_complete(c, false)
#define complete_all(c)			 module_complete(c, true)
#define try_wait_for_completion(c)	 module_completion_try(c)
#define completion_done(c)		 (READ_ONCE((c)->done) != 0)
#define wait_for_completion(c)		 ((void)module_completion_wait(c, VIEW_PARK_UNINTERRUPTIBLE, ~0ULL))
#define wait_for_completion_io(c)	 wait_for_completion(c)
/* 0 or -ERESTARTSYS. */
#define wait_for_completion_interruptible(c)                                                       \
	(module_completion_wait(c, VIEW_PARK_INTERRUPTIBLE, ~0ULL) ? -ERESTARTSYS : 0)
#define wait_for_completion_killable(c)                                                            \
	(module_completion_wait(c, VIEW_PARK_KILLABLE, ~0ULL) ? -ERESTARTSYS : 0)
/* What is left of the time, 0: it is over; -ERESTARTSYS. */
#define wait_for_completion_timeout(c, timeout)                                                    \
	((unsigned long)wait_for_completion_mode(c, VIEW_PARK_UNINTERRUPTIBLE, timeout))
#define wait_for_completion_interruptible_timeout(c, timeout)                                      \
	wait_for_completion_mode(c, VIEW_PARK_INTERRUPTIBLE, timeout)
#define wait_for_completion_killable_timeout(c, timeout)                                           \
	wait_for_completion_mode(c, VIEW_PARK_KILLABLE, timeout)

static inline long wait_for_completion_mode(struct completion *c, int mode, unsigned long timeout)
{
	unsigned long long deadline = module_deadline((long)timeout);

	return module_wait_result(module_completion_wait(c, mode, deadline), deadline);
}

#endif
