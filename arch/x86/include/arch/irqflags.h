/* Interrupt flag, pause and halt on x86. */
#ifndef ARCH_IRQFLAGS_H
#define ARCH_IRQFLAGS_H

#include "base/compiler.h"
#include "base/types.h"

static inline irqflags_t irq_save(void)
{
	irqflags_t f;

	__asm__ volatile("pushf; pop %0; cli" : "=rm"(f)::"memory");
	return f;
}

static inline void irq_restore(irqflags_t f)
{
	if (__builtin_expect(f & 0x200, 0x200))
		__asm__ volatile("sti" ::: "memory");
}

static inline void irq_enable(void)
{
	__asm__ volatile("sti" ::: "memory");
}

static inline void irq_disable(void)
{
	__asm__ volatile("cli" ::: "memory");
}

static inline bool irqs_enabled(void)
{
	irqflags_t f;

	__asm__ volatile("pushf; pop %0" : "=rm"(f));
	return f & 0x200;
}

static inline void cpu_relax(void)
{
	__asm__ volatile("pause" ::: "memory");
}

/* Enable interrupts and halt until one comes, atomically. */
static inline void cpu_idle_wait(void)
{
	__asm__ volatile("sti; hlt" ::: "memory");
}

#endif
