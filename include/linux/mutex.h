/* Mutexes. */
#ifndef _LINUX_MUTEX_H
#define _LINUX_MUTEX_H

#include <linux/errno.h>
#include <linux/wait.h>

int module_mutex_lock(struct mutex *m, int mode);
bool module_mutex_trylock(struct mutex *m);
void module_mutex_unlock(struct mutex *m);

#define __MUTEX_INITIALIZER(name)                                                                  \
	{                                                                                          \
		.wait = WAITQ_VIEW_INIT((name).wait)                                               \
	}
#define DEFINE_MUTEX(name) struct mutex name = __MUTEX_INITIALIZER(name)
#define mutex_init(m)	   ((m)->owner = NULL, module_waitq_init(&(m)->wait))
#define mutex_destroy(m)   ((void)(m))
#define mutex_lock(m)	   ((void)module_mutex_lock(m, VIEW_PARK_UNINTERRUPTIBLE))
/* 0 or -EINTR. */
#define mutex_lock_interruptible(m) module_mutex_lock(m, VIEW_PARK_INTERRUPTIBLE)
#define mutex_lock_killable(m)	    module_mutex_lock(m, VIEW_PARK_KILLABLE)
#define mutex_lock_nested(m, c)	    mutex_lock(m)
#define mutex_trylock(m)	    module_mutex_trylock(m)
#define mutex_unlock(m)		    module_mutex_unlock(m)
#define mutex_is_locked(m)	    (READ_ONCE((m)->owner) != NULL)

#endif
