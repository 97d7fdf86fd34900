/* Handlers of interrupts, which a thread runs; tasklets, old form (a number for the function) and new (the tasklet itself). */
#ifndef _LINUX_INTERRUPT_H
#define _LINUX_INTERRUPT_H

#include <linux/preempt.h>
#include <linux/timer.h>

#include "module/irq_view.h"

typedef int irqreturn_t;
#define irqreturn	int
#define IRQ_NONE	VIEW_IRQ_NONE
#define IRQ_HANDLED	VIEW_IRQ_HANDLED
#define IRQ_WAKE_THREAD VIEW_IRQ_WAKE_THREAD
#define IRQ_RETVAL(x)	((x) ? IRQ_HANDLED : IRQ_NONE)
typedef irqreturn_t (*irq_handler_t)(int irq, void *dev);

#define IRQF_TRIGGER_NONE    0x00000000
#define IRQF_TRIGGER_RISING  0x00000001
#define IRQF_TRIGGER_FALLING 0x00000002
#define IRQF_TRIGGER_HIGH    0x00000004
#define IRQF_TRIGGER_LOW     0x00000008
#define IRQF_SHARED	     VIEW_IRQF_SHARED
#define IRQF_PROBE_SHARED    0x00000100
#define IRQF_ONESHOT	     0x00002000
#define IRQF_NO_SUSPEND	     0x00004000
#define IRQF_DISABLED	     0x00000020 /* before Linux 4.1 */
#define SA_SHIRQ	     IRQF_SHARED
#define SA_INTERRUPT	     IRQF_DISABLED

#define request_irq(irq, fn, flags, name, dev) module_request_irq(irq, fn, NULL, flags, name, dev)
#define request_threaded_irq(irq, fn, thread, flags, name, dev)                                    \
	module_request_irq(irq, fn, thread, flags, name, dev)
#define free_irq(irq, dev)	module_free_irq(irq, dev)
#define enable_irq(irq)		module_irq_enable(irq, true)
#define disable_irq(irq)	(module_irq_enable(irq, false), module_irq_synchronize(irq))
#define disable_irq_nosync(irq) module_irq_enable(irq, false)
#define synchronize_irq(irq)	module_irq_synchronize(irq)

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
