/* Spinlocks, and the lock of the list of tasks. A lock of zeroes is free. */
#ifndef _LINUX_SPINLOCK_H
#define _LINUX_SPINLOCK_H

#include <linux/mm_types.h>
#include <linux/rcupdate.h>

void module_preempt_add(int n);
void module_spin_lock(spinlock_t *lock);
unsigned long module_spin_lock_irqsave(spinlock_t *lock);
bool module_spin_trylock(spinlock_t *lock);
void module_spin_unlock(spinlock_t *lock);
void module_read_lock(rwlock_t *lock);
void module_write_lock(rwlock_t *lock);
void module_rw_unlock(rwlock_t *lock);
unsigned long module_irq_save(void);
void module_irq_restore(unsigned long flags);

#define __SPIN_LOCK_UNLOCKED(name)                                                                 \
	{                                                                                          \
		0                                                                                  \
	}
#define SPIN_LOCK_UNLOCKED	    __SPIN_LOCK_UNLOCKED(old)
#define DEFINE_SPINLOCK(name)	    spinlock_t name = { 0 }
#define DEFINE_RAW_SPINLOCK(name)   raw_spinlock_t name = { 0 }
#define spin_lock_init(l)	    ((void)((l)->word = 0))
#define spin_lock(l)		    module_spin_lock(l)
#define spin_trylock(l)		    ((int)module_spin_trylock(l))
#define spin_unlock(l)		    module_spin_unlock(l)
#define spin_is_locked(l)	    ((int)(READ_ONCE((l)->word) != 0))
#define spin_lock_bh(l)		    (local_bh_disable(), module_spin_lock(l))
#define spin_unlock_bh(l)	    (module_spin_unlock(l), local_bh_enable())
#define spin_lock_irq(l)	    ((void)module_spin_lock_irqsave(l))
#define spin_unlock_irq(l)	    (module_spin_unlock(l), module_irq_restore(0x200))
#define spin_lock_irqsave(l, flags) ((flags) = module_spin_lock_irqsave(l))
#define spin_trylock_irqsave(l, flags)                                                             \
	((flags) = module_irq_save(), module_spin_trylock(l) ? 1 : (module_irq_restore(flags), 0))
#define spin_unlock_irqrestore(l, flags) (module_spin_unlock(l), module_irq_restore(flags))
#define raw_spin_lock_init		 spin_lock_init
#define raw_spin_lock			 spin_lock
#define raw_spin_unlock			 spin_unlock
#define raw_spin_lock_irqsave		 spin_lock_irqsave
#define raw_spin_unlock_irqrestore	 spin_unlock_irqrestore

#define local_irq_save(flags)	 ((flags) = module_irq_save())
#define local_irq_restore(flags) module_irq_restore(flags)
#define local_irq_disable()	 __asm__ volatile("cli" ::: "memory")
#define local_irq_enable()	 __asm__ volatile("sti" ::: "memory")
#define local_bh_disable()	 module_preempt_add(VIEW_BH_OFFSET)
#define local_bh_enable()	 module_preempt_add(-VIEW_BH_OFFSET)

/* ---- many readers or one writer ---- */
#define __RW_LOCK_UNLOCKED(name)                                                                   \
	{                                                                                          \
		0                                                                                  \
	}
#define DEFINE_RWLOCK(name) rwlock_t name = { 0 }
#define rwlock_init(l)	    ((void)((l)->word = 0))
#define read_lock(l)	    module_read_lock(l)
#define read_unlock(l)	    module_rw_unlock(l)
bool module_read_trylock(rwlock_t *l);
bool module_write_trylock(rwlock_t *l);
#define read_trylock(l)			  module_read_trylock(l)
#define write_trylock(l)		  module_write_trylock(l)
#define write_lock(l)			  module_write_lock(l)
#define write_unlock(l)			  module_rw_unlock(l)
#define read_lock_irq(l)		  module_read_lock(l)
#define read_unlock_irq(l)		  module_rw_unlock(l)
#define write_lock_irq(l)		  module_write_lock(l)
#define write_unlock_irq(l)		  module_rw_unlock(l)
#define read_lock_bh(l)			  (local_bh_disable(), module_read_lock(l))
#define read_unlock_bh(l)		  (module_rw_unlock(l), local_bh_enable())
#define write_lock_bh(l)		  (local_bh_disable(), module_write_lock(l))
#define write_unlock_bh(l)		  (module_rw_unlock(l), local_bh_enable())
#define read_lock_irqsave(l, flags)	  ((flags) = 0, module_read_lock(l))
#define read_unlock_irqrestore(l, flags)  ((void)(flags), module_rw_unlock(l))
#define write_lock_irqsave(l, flags)	  ((flags) = 0, module_write_lock(l))
#define write_unlock_irqrestore(l, flags) ((void)(flags), module_rw_unlock(l))

extern rwlock_t tasklist_lock; /* to read it is to look at the tasks */

/* The kernel is not preemptible: they only count. */
#define preempt_disable()	    module_preempt_add(1)
#define preempt_enable()	    module_preempt_add(-1)
#define preempt_enable_no_resched() preempt_enable()

#define lockdep_assert_held(l)	     ((void)(l))
#define lockdep_assert_held_write(l) ((void)(l))
#define lockdep_assert_held_read(l)  ((void)(l))

#endif
