/* Interrupt flag of a virtual CPU: a variable, so that tests can assert it. */
#ifndef ARCH_IRQFLAGS_H
#define ARCH_IRQFLAGS_H

#include "arch/sim_local.h"
#include "base/types.h"

extern sim_local bool sim_irqs_on;
/* Let the deterministic scheduler run another coroutine (a spin loop would hang the world). */
void sim_relax(void);

static inline irqflags_t irq_save(void)
{
	irqflags_t f = sim_irqs_on;

	sim_irqs_on = false;
	return f;
}

static inline void irq_restore(irqflags_t f)
{
	sim_irqs_on = f;
}

static inline void irq_enable(void)
{
	sim_irqs_on = true;
}

static inline void irq_disable(void)
{
	sim_irqs_on = false;
}

static inline bool irqs_enabled(void)
{
	return sim_irqs_on;
}

static inline void cpu_relax(void)
{
	sim_relax();
}

static inline void cpu_idle_wait(void)
{
	sim_relax();
}

#endif
