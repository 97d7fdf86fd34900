/* RCU by domains: as linux/rcupdate.h, nothing has to be kept out. */
#ifndef _LINUX_SRCU_H
#define _LINUX_SRCU_H

#include <linux/rcupdate.h>
#include <linux/types.h>

struct srcu_struct {
	int nesting;
};

#define DEFINE_SRCU(name)	   struct srcu_struct name
#define DEFINE_STATIC_SRCU(name)   static struct srcu_struct name
#define init_srcu_struct(s)	   ((s)->nesting = 0)
#define cleanup_srcu_struct(s)	   ((void)(s))
#define srcu_dereference(p, s)	   READ_ONCE(p)
#define synchronize_srcu(s)	   ((void)(s))
#define synchronize_srcu_expedited synchronize_srcu
#define srcu_barrier(s)		   ((void)(s))
#define call_srcu(s, head, fn)	   (fn)(head)

static inline int srcu_read_lock(struct srcu_struct *s)
{
	return __atomic_fetch_add(&s->nesting, 1, __ATOMIC_SEQ_CST) & 1;
}

static inline void srcu_read_unlock(struct srcu_struct *s, int index)
{
	(void)index;
	(void)__atomic_fetch_sub(&s->nesting, 1, __ATOMIC_SEQ_CST);
}

#endif
