/* Interrupts of modules: the calls of module/irq.c as both sides know them. */
#ifndef MODULE_IRQ_VIEW_H
#define MODULE_IRQ_VIEW_H

#include "base/types.h"

enum { VIEW_IRQ_NONE, VIEW_IRQ_HANDLED, VIEW_IRQ_WAKE_THREAD };
enum { VIEW_IRQF_SHARED = 0x80 };

/* @handler NULL: only the thread's function. 0, -EINVAL, -EBUSY, -ENOMEM. */
int module_request_irq(unsigned int irq, int (*handler)(int irq, void *dev),
		       int (*thread_fn)(int irq, void *dev), unsigned long flags, const char *name,
		       void *dev);
/* Return: the device's name; NULL: it has no handler there. None of its handlers runs any more. */
const void *module_free_irq(unsigned int irq, void *dev);
void module_irq_enable(unsigned int irq, bool on); /* disabling nests */
void module_irq_synchronize(unsigned int irq);

#endif
