/* Wider ones; included by linux/atomic.h. */
#ifndef _LINUX_ATOMIC_WIDE_H
#define _LINUX_ATOMIC_WIDE_H

#include <linux/atomic.h>

#define atomic_long_read(a)	     atomic_read(a)
#define atomic_long_set(a, n)	     atomic_set(a, n)
#define atomic_long_inc(a)	     atomic_inc(a)
#define atomic_long_dec(a)	     atomic_dec(a)
#define atomic_long_add(n, a)	     atomic_add(n, a)
#define atomic_long_sub(n, a)	     atomic_sub(n, a)
#define atomic_long_inc_return(a)    atomic_inc_return(a)
#define atomic_long_dec_return(a)    atomic_dec_return(a)
#define atomic_long_add_return(n, a) atomic_add_return(n, a)
#define atomic_long_sub_return(n, a) atomic_sub_return(n, a)
#define atomic_long_dec_and_test(a)  atomic_dec_and_test(a)
#define atomic_long_inc_not_zero(a)  atomic_inc_not_zero(a)
#define atomic_long_xchg(a, n)	     atomic_xchg(a, n)
#define atomic_long_fetch_add(n, a)  atomic_fetch_add(n, a)
#define atomic_long_cmpxchg(a, o, n) atomic_cmpxchg(a, o, n)
#define atomic64_read(a)	     atomic_read(a)
#define atomic64_set(a, n)	     atomic_set(a, n)
#define atomic64_inc(a)		     atomic_inc(a)
#define atomic64_dec(a)		     atomic_dec(a)
#define atomic64_add(n, a)	     atomic_add(n, a)
#define atomic64_sub(n, a)	     atomic_sub(n, a)
#define atomic64_inc_return(a)	     atomic_inc_return(a)
#define atomic64_dec_return(a)	     atomic_dec_return(a)
#define atomic64_add_return(n, a)    atomic_add_return(n, a)
#define atomic64_sub_return(n, a)    atomic_sub_return(n, a)
#define atomic64_dec_and_test(a)     atomic_dec_and_test(a)
#define atomic64_inc_not_zero(a)     atomic_inc_not_zero(a)
#define atomic64_xchg(a, n)	     atomic_xchg(a, n)
#define atomic64_fetch_add(n, a)     atomic_fetch_add(n, a)
#define atomic64_cmpxchg(a, o, n)    atomic_cmpxchg(a, o, n)

#endif
