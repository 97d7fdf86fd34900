/* Readers of lists. What a module walks is its view of the kernel, made when it looks; nothing has to be kept out. */
#ifndef _LINUX_RCUPDATE_H
#define _LINUX_RCUPDATE_H

#include <linux/types.h>

void module_look(void);
#define rcu_read_lock()		 module_look()
#define rcu_read_unlock()	 ((void)0)
#define rcu_dereference(p)	 READ_ONCE(p)
#define rcu_assign_pointer(p, v) WRITE_ONCE(p, v)
#define synchronize_rcu()	 ((void)0)

#define rcu_barrier()			((void)0)
#define synchronize_rcu_expedited()	((void)0)
#define call_rcu(head, fn)		(fn)(head) /* nobody reads any more: see above */
#define kfree_rcu(p, ...)		kfree(p)
#define kvfree_rcu(p, ...)		kvfree(p)
#define rcu_dereference_protected(p, c) (p)
#define rcu_dereference_raw(p)		READ_ONCE(p)
#define rcu_dereference_check(p, c)	READ_ONCE(p)
#define rcu_access_pointer(p)		READ_ONCE(p)
#define RCU_INIT_POINTER(p, v)		WRITE_ONCE(p, v)
#define rcu_replace_pointer(p, v, c)	__atomic_exchange_n(&(p), v, __ATOMIC_SEQ_CST)
#define rcu_read_lock_held()		1
#define rcu_read_lock_bh()		rcu_read_lock()
#define rcu_read_unlock_bh()		rcu_read_unlock()
#define rcu_read_lock_sched()		rcu_read_lock()
#define rcu_read_unlock_sched()		rcu_read_unlock()

#endif
