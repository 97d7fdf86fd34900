/* What is running: a thread, or what Linux would run in an interrupt. */
#ifndef _LINUX_PREEMPT_H
#define _LINUX_PREEMPT_H

#include <linux/spinlock.h>

bool module_in_softirq(void);
int module_preempt_count(void);

#define PREEMPT_MASK	     0xffUL
#define SOFTIRQ_MASK	     0xff00UL
#define preempt_count()	     module_preempt_count()
#define softirq_count()	     ((unsigned long)preempt_count() & SOFTIRQ_MASK)
#define irq_count()	     softirq_count()
#define in_interrupt()	     irq_count()
#define in_softirq()	     softirq_count()
#define in_serving_softirq() ((unsigned long)module_in_softirq())
#define in_irq()	     0UL
#define in_hardirq()	     0UL
#define in_nmi()	     0UL
#define in_task()	     (!module_in_softirq())
#define in_atomic()	     ((int)(preempt_count() != 0))
#define preemptible()	     (preempt_count() == 0 && !irqs_disabled())
#define irqs_disabled()                                                                            \
	({                                                                                         \
		unsigned long flags_of_cpu_;                                                       \
		__asm__ volatile("pushf; pop %0" : "=r"(flags_of_cpu_));                           \
		!(flags_of_cpu_ & 0x200);                                                          \
	})

#define local_save_flags(flags) ((void)((flags) = module_flags()))
#define raw_local_save_flags(f) local_save_flags(f)
#define irqs_disabled_flags(f)	(!((f)&0x200))

static inline unsigned long module_flags(void)
{
	unsigned long flags;

	__asm__ volatile("pushf; pop %0" : "=r"(flags)::"memory");
	return flags;
}

#endif
