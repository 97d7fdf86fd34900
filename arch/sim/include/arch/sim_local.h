/* What differs when virtual CPUs are threads of the host (arch/sim/include_threads has the other one): here they take turns. */
#ifndef ARCH_SIM_LOCAL_H
#define ARCH_SIM_LOCAL_H

#include <stddef.h>

#define sim_local /* storage of what each virtual CPU has for itself */

/* Around what the simulated hardware does in one piece. */
static inline void sim_hw_lock(void)
{
}

static inline void sim_hw_unlock(void)
{
}

/* Bytes that programs and hardware may be changing at the same time. */
static inline void sim_copy_bytes(void *dst, const void *src, size_t n)
{
	__builtin_memcpy(dst, src, n);
}

static inline void sim_zero_bytes(void *dst, size_t n)
{
	__builtin_memset(dst, 0, n);
}

#endif
