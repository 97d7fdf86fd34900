/* The lock of an address space, by its new and its old name. While a module has it, mm->mmap is exactly the vmas there are. */
#ifndef _LINUX_MMAP_LOCK_H
#define _LINUX_MMAP_LOCK_H

#include <linux/mm_types.h>

void mmap_read_lock(struct mm_struct *mm);
bool mmap_read_trylock(struct mm_struct *mm);
void mmap_read_unlock(struct mm_struct *mm);
void mmap_write_lock(struct mm_struct *mm);
void mmap_write_unlock(struct mm_struct *mm);

static inline int mmap_read_lock_killable(struct mm_struct *mm)
{
	mmap_read_lock(mm);
	return 0;
}

/* Of mm->mmap_sem. */
static inline void down_read(struct rw_semaphore *sem)
{
	mmap_read_lock(sem->mm);
}

static inline int down_read_trylock(struct rw_semaphore *sem)
{
	return mmap_read_trylock(sem->mm);
}

static inline void up_read(struct rw_semaphore *sem)
{
	mmap_read_unlock(sem->mm);
}

static inline void down_write(struct rw_semaphore *sem)
{
	mmap_write_lock(sem->mm);
}

static inline void up_write(struct rw_semaphore *sem)
{
	mmap_write_unlock(sem->mm);
}

#endif
