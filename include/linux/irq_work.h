/* What is to be done where interrupts are served: here, as a tasklet, by the thread that stands for softirqs. */
#ifndef _LINUX_IRQ_WORK_H
#define _LINUX_IRQ_WORK_H

#include <linux/interrupt.h>

struct irq_work {
	struct tasklet_struct tasklet;
	void (*func)(struct irq_work *work);
};

static inline void module_irq_work_run(struct tasklet_struct *t)
{
	struct irq_work *work = container_of(t, struct irq_work, tasklet);

	work->func(work);
}

static inline void init_irq_work(struct irq_work *work, void (*func)(struct irq_work *work))
{
	tasklet_setup(&work->tasklet, module_irq_work_run);
	work->func = func;
}

static inline bool irq_work_queue(struct irq_work *work)
{
	tasklet_schedule(&work->tasklet);
	return true;
}
#define irq_work_sync(work) tasklet_kill(&(work)->tasklet)

#endif
