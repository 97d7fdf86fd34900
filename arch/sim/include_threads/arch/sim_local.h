/* Virtual CPUs are threads of the host: each has its own, and the hardware is one at a time. */
#ifndef ARCH_SIM_LOCAL_H
#define ARCH_SIM_LOCAL_H

#include <stddef.h>

#define sim_local _Thread_local

/* The sanitizer must not see this lock: it would order accesses of the kernel that hardware does not order. */
void sim_hw_lock(void);
void sim_hw_unlock(void);

/* Contents of pages: two programs may write one at the same time, which is their affair. So no call that the sanitizer sees. */
static inline void sim_copy_bytes(void *dst, const void *src, size_t n)
{
	__asm__ volatile("rep movsb" : "+D"(dst), "+S"(src), "+c"(n) : : "memory");
}

static inline void sim_zero_bytes(void *dst, size_t n)
{
	__asm__ volatile("rep stosb" : "+D"(dst), "+c"(n) : "a"(0) : "memory");
}

#endif
