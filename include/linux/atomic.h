/* Integers changed in one step. */
#ifndef _LINUX_ATOMIC_H
#define _LINUX_ATOMIC_H

#include <linux/mm_types.h>

#define ATOMIC_INIT(n)                                                                             \
	{                                                                                          \
		n                                                                                  \
	}
#define ATOMIC_LONG_INIT(n)                                                                        \
	{                                                                                          \
		n                                                                                  \
	}
#define atomic_read(a)		__atomic_load_n(&(a)->counter, __ATOMIC_RELAXED)
#define atomic_set(a, n)	__atomic_store_n(&(a)->counter, n, __ATOMIC_RELAXED)
#define atomic_add_return(n, a) __atomic_add_fetch(&(a)->counter, n, __ATOMIC_SEQ_CST)
#define atomic_sub_return(n, a) __atomic_sub_fetch(&(a)->counter, n, __ATOMIC_SEQ_CST)
#define atomic_add(n, a)	((void)atomic_add_return(n, a))
#define atomic_sub(n, a)	((void)atomic_sub_return(n, a))
#define atomic_inc(a)		atomic_add(1, a)
#define atomic_dec(a)		atomic_sub(1, a)
#define atomic_inc_return(a)	atomic_add_return(1, a)
#define atomic_dec_return(a)	atomic_sub_return(1, a)
#define atomic_dec_and_test(a)	(atomic_dec_return(a) == 0)
#define atomic_long_read(a)	atomic_read(a)
#define atomic_long_set(a, n)	atomic_set(a, n)
#define atomic_long_inc(a)	atomic_inc(a)
#define atomic_long_dec(a)	atomic_dec(a)
#define atomic_long_add(n, a)	atomic_add(n, a)

#endif
