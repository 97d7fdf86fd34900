/*
 * READ_ONCE and WRITE_ONCE in the sanitizer's eyes: accesses that may race with their like, and with no other.
 *
 * WHY      the compiler announces a volatile access (-mllvm -tsan-distinguish-volatile) and leaves it to the run time what to
 *          think of it. A relaxed atomic access of the same size is what it is: it orders nothing, but a plain access
 *          to the same data on another CPU is a report.
 * I1       the write is announced before it happens, so the announcement must not change the data: it adds 0, atomically.
 * TESTED BY sim/threads/race_test.c
 */
#include "base/types.h"

#define ANNOUNCE(bytes, bits)                                                                      \
	uint##bits##_t __tsan_atomic##bits##_load(const volatile uint##bits##_t *p, int order);    \
	uint##bits##_t __tsan_atomic##bits##_fetch_add(volatile uint##bits##_t *p,                 \
						       uint##bits##_t n, int order);               \
	void __tsan_volatile_read##bytes(void *p);                                                 \
	void __tsan_volatile_write##bytes(void *p);                                                \
	void __tsan_volatile_read##bytes(void *p)                                                  \
	{                                                                                          \
		(void)__tsan_atomic##bits##_load(p, __ATOMIC_RELAXED);                             \
	}                                                                                          \
	void __tsan_volatile_write##bytes(void *p)                                                 \
	{                                                                                          \
		(void)__tsan_atomic##bits##_fetch_add(p, 0, __ATOMIC_RELAXED);                     \
	}

ANNOUNCE(1, 8)
ANNOUNCE(2, 16)
ANNOUNCE(4, 32)
ANNOUNCE(8, 64)
