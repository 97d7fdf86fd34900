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

/* ---- 64 bits: by compare and exchange, which 32-bit processors have for them, too ---- */
static inline s64 atomic64_cmpxchg(atomic64_t *a, s64 old, s64 n)
{
	return __sync_val_compare_and_swap(&a->counter, old, n);
}

static inline s64 atomic64_read(const atomic64_t *a)
{
	return sizeof(long) == 8 ? *(const volatile s64 *)&a->counter
				 : atomic64_cmpxchg((atomic64_t *)a, 0, 0);
}

static inline s64 atomic64_xchg(atomic64_t *a, s64 n)
{
	s64 old, seen = atomic64_read(a);

	do {
		old = seen;
		seen = atomic64_cmpxchg(a, old, n);
	} while (seen != old);
	return old;
}

static inline s64 atomic64_fetch_add(s64 n, atomic64_t *a)
{
	s64 old, seen = atomic64_read(a);

	do {
		old = seen;
		seen = atomic64_cmpxchg(a, old, old + n);
	} while (seen != old);
	return old;
}

static inline bool atomic64_inc_not_zero(atomic64_t *a)
{
	s64 old, seen = atomic64_read(a);

	do {
		old = seen;
		if (!old)
			return false;
		seen = atomic64_cmpxchg(a, old, old + 1);
	} while (seen != old);
	return true;
}
#define atomic64_set(a, n)	  ((void)atomic64_xchg(a, n))
#define atomic64_add(n, a)	  ((void)atomic64_fetch_add(n, a))
#define atomic64_sub(n, a)	  ((void)atomic64_fetch_add(-(s64)(n), a))
#define atomic64_inc(a)		  atomic64_add(1, a)
#define atomic64_dec(a)		  atomic64_sub(1, a)
#define atomic64_add_return(n, a) (atomic64_fetch_add(n, a) + (n))
#define atomic64_sub_return(n, a) (atomic64_fetch_add(-(s64)(n), a) - (n))
#define atomic64_inc_return(a)	  atomic64_add_return(1, a)
#define atomic64_dec_return(a)	  atomic64_sub_return(1, a)
#define atomic64_dec_and_test(a)  (atomic64_dec_return(a) == 0)
#define atomic64_inc_and_test(a)  (atomic64_inc_return(a) == 0)

#endif
