/* Tasklets, old form (a number for the function) and new (the tasklet itself). */
#ifndef _LINUX_INTERRUPT_H
#define _LINUX_INTERRUPT_H

#include <linux/preempt.h>
#include <linux/timer.h>

void module_tasklet_schedule(struct tasklet_struct *t);
void tasklet_kill(struct tasklet_struct *t);
void tasklet_enable(struct tasklet_struct *t);

#define TASKLET_FORM(a, b, c, d, ...) d
#define TASKLET_VIEW(name, fn, arg, off)                                                           \
	struct tasklet_struct name = { .func = (void *)(fn),                                       \
				       .data = (unsigned long)(arg),                               \
				       .disabled = (off) }
#define DECLARE_TASKLET_2(name, fn)	 TASKLET_VIEW(name, fn, &name, 0)
#define DECLARE_TASKLET_3(name, fn, arg) TASKLET_VIEW(name, fn, arg, 0)
#define DECLARE_TASKLET(...)                                                                       \
	TASKLET_FORM(__VA_ARGS__, DECLARE_TASKLET_3, DECLARE_TASKLET_2, )(__VA_ARGS__)
#define DECLARE_TASKLET_OLD(name, fn)		  TASKLET_VIEW(name, fn, 0, 0)
#define DECLARE_TASKLET_DISABLED_OLD(name, fn)	  TASKLET_VIEW(name, fn, 0, 1)
#define DECLARE_TASKLET_DISABLED_2(name, fn)	  TASKLET_VIEW(name, fn, &name, 1)
#define DECLARE_TASKLET_DISABLED_3(name, fn, arg) TASKLET_VIEW(name, fn, arg, 1)
#define DECLARE_TASKLET_DISABLED(...)                                                              \
	TASKLET_FORM(__VA_ARGS__, DECLARE_TASKLET_DISABLED_3, DECLARE_TASKLET_DISABLED_2, )        \
	(__VA_ARGS__)

static inline void tasklet_init(struct tasklet_struct *t, void (*fn)(unsigned long),
				unsigned long data)
{
	*t = (struct tasklet_struct){ .func = (void *)fn, .data = data };
}

static inline void tasklet_setup(struct tasklet_struct *t, void (*fn)(struct tasklet_struct *))
{
	*t = (struct tasklet_struct){ .func = (void *)fn, .data = (unsigned long)t };
}

#define from_tasklet(var, tasklet, member) container_of(tasklet, __typeof__(*(var)), member)
#define tasklet_schedule(t)		   module_tasklet_schedule(t)
#define tasklet_hi_schedule(t)		   module_tasklet_schedule(t)
#define tasklet_disable(t)		   ((void)__atomic_add_fetch(&(t)->disabled, 1, __ATOMIC_SEQ_CST))
#define tasklet_disable_nosync(t)	   tasklet_disable(t)

#endif
