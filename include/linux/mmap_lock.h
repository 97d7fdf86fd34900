/* The lock of an address space, by its new and its old name. While a module has it, mm->mmap is exactly the vmas there are. */
#ifndef _LINUX_MMAP_LOCK_H
#define _LINUX_MMAP_LOCK_H

#include <linux/rwsem.h>

void mmap_read_lock(struct mm_struct *mm);
bool mmap_read_trylock(struct mm_struct *mm);
void mmap_read_unlock(struct mm_struct *mm);
void mmap_write_lock(struct mm_struct *mm);
bool mmap_write_trylock(struct mm_struct *mm);
void mmap_write_unlock(struct mm_struct *mm);

static inline int mmap_read_lock_killable(struct mm_struct *mm)
{
	mmap_read_lock(mm);
	return 0;
}

static inline int mmap_write_lock_killable(struct mm_struct *mm)
{
	mmap_write_lock(mm);
	return 0;
}

#define mmap_assert_locked(mm)	     ((void)(mm))
#define mmap_assert_write_locked(mm) ((void)(mm))

#endif
