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

#endif
