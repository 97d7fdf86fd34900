/* Spinlocks, and the lock of the list of tasks. A lock of zeroes is free. */
#ifndef _LINUX_SPINLOCK_H
#define _LINUX_SPINLOCK_H

#include <linux/mm_types.h>
#include <linux/rcupdate.h>

void module_spin_lock(spinlock_t *lock);
void module_spin_unlock(spinlock_t *lock);
unsigned long module_irq_save(void);
void module_irq_restore(unsigned long flags);

#define __SPIN_LOCK_UNLOCKED(name)                                                                 \
	{                                                                                          \
		0                                                                                  \
	}
#define DEFINE_SPINLOCK(name)		 spinlock_t name = { 0 }
#define spin_lock_init(l)		 ((void)((l)->word = 0))
#define spin_lock(l)			 module_spin_lock(l)
#define spin_unlock(l)			 module_spin_unlock(l)
#define spin_lock_bh(l)			 module_spin_lock(l)
#define spin_unlock_bh(l)		 module_spin_unlock(l)
#define spin_lock_irqsave(l, flags)	 ((flags) = module_irq_save(), module_spin_lock(l))
#define spin_unlock_irqrestore(l, flags) (module_spin_unlock(l), module_irq_restore(flags))
#define local_irq_save(flags)		 ((flags) = module_irq_save())
#define local_irq_restore(flags)	 module_irq_restore(flags)
/* read_lock(&tasklist_lock) before Linux exported nothing of it: a look at the tasks. */
extern spinlock_t module_tasklist_lock;
#define read_lock(l)	  ((void)(l), module_look())
#define read_unlock(l)	  ((void)(l))
#define preempt_disable() barrier()
#define preempt_enable()  barrier()

#endif
