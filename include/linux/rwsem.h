/* Reader-writer semaphores, and mm->mmap_sem, which is one. */
#ifndef _LINUX_RWSEM_H
#define _LINUX_RWSEM_H

#include <linux/wait.h>

bool module_rwsem_try(struct rw_semaphore *s, bool write);
void module_rwsem_down(struct rw_semaphore *s, bool write);
void module_rwsem_up(struct rw_semaphore *s, bool write);
void module_rwsem_downgrade(struct rw_semaphore *s);

#define __RWSEM_INITIALIZER(name)                                                                  \
	{                                                                                          \
		.wait = WAITQ_VIEW_INIT((name).wait)                                               \
	}
#define DECLARE_RWSEM(name) struct rw_semaphore name = __RWSEM_INITIALIZER(name)
#define init_rwsem(s)	    ((s)->mm = NULL, (s)->word = 0, module_waitq_init(&(s)->wait))
#define rwsem_is_locked(s)  ((s)->word != 0)

static inline void down_read(struct rw_semaphore *s)
{
	module_rwsem_down(s, false);
}

static inline int down_read_trylock(struct rw_semaphore *s)
{
	return module_rwsem_try(s, false);
}

static inline void up_read(struct rw_semaphore *s)
{
	module_rwsem_up(s, false);
}

static inline void down_write(struct rw_semaphore *s)
{
	module_rwsem_down(s, true);
}

static inline int down_write_trylock(struct rw_semaphore *s)
{
	return module_rwsem_try(s, true);
}

static inline void up_write(struct rw_semaphore *s)
{
	module_rwsem_up(s, true);
}

static inline void downgrade_write(struct rw_semaphore *s)
{
	module_rwsem_downgrade(s);
}

static inline int down_read_killable(struct rw_semaphore *s)
{
	module_rwsem_down(s, false);
	return 0;
}

static inline int down_write_killable(struct rw_semaphore *s)
{
	module_rwsem_down(s, true);
	return 0;
}
#define down_read_interruptible down_read_killable

#endif
