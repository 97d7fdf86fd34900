/* The processor's own random number generator, where it has one. */
#ifndef ARCH_RANDOM_H
#define ARCH_RANDOM_H

#include "arch/msr.h"

/* Mix-in for a generator: a hardware random number if possible, always the cycle counter. */
static inline unsigned long arch_entropy(void)
{
	unsigned long v = 0;
	unsigned char ok;

	if (cpuid(1, 0).c >> 30 & 1)
		__asm__ volatile("rdrand %0; setc %1" : "=r"(v), "=qm"(ok) : : "cc");
	return v ^ (unsigned long)rdtsc();
}

#endif
