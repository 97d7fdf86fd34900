/* Integers changed in one step. */
#ifndef _LINUX_ATOMIC_H
#define _LINUX_ATOMIC_H

#include <linux/mm_types.h>

typedef struct {
	s64 counter;
} atomic64_t;

#define ATOMIC_INIT(n)                                                                             \
	{                                                                                          \
		n                                                                                  \
	}
#define ATOMIC_LONG_INIT(n) ATOMIC_INIT(n)
#define ATOMIC64_INIT(n)    ATOMIC_INIT(n)

#define smp_mb()		__atomic_thread_fence(__ATOMIC_SEQ_CST)
#define smp_rmb()		__atomic_thread_fence(__ATOMIC_ACQUIRE)
#define smp_wmb()		__atomic_thread_fence(__ATOMIC_RELEASE)
#define mb()			smp_mb()
#define rmb()			smp_mb()
#define wmb()			smp_mb()
#define smp_load_acquire(p)	__atomic_load_n(p, __ATOMIC_ACQUIRE)
#define smp_store_release(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)
#define smp_mb__before_atomic() barrier()
#define smp_mb__after_atomic()	barrier()
#define smp_store_mb(var, v)	((void)__atomic_exchange_n(&(var), v, __ATOMIC_SEQ_CST))
#define xchg(p, v)		__atomic_exchange_n(p, v, __ATOMIC_SEQ_CST)
/* The old value. */
#define cmpxchg(p, old, fresh)                                                                     \
	({                                                                                         \
		__typeof__(*(p)) cmpxchg_old_ = (old);                                             \
		(void)__atomic_compare_exchange_n(p, &cmpxchg_old_, fresh, false,                  \
						  __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);             \
		cmpxchg_old_;                                                                      \
	})

#define atomic_read(a)		  __atomic_load_n(&(a)->counter, __ATOMIC_RELAXED)
#define atomic_set(a, n)	  __atomic_store_n(&(a)->counter, n, __ATOMIC_RELAXED)
#define atomic_add_return(n, a)	  __atomic_add_fetch(&(a)->counter, n, __ATOMIC_SEQ_CST)
#define atomic_sub_return(n, a)	  __atomic_sub_fetch(&(a)->counter, n, __ATOMIC_SEQ_CST)
#define atomic_fetch_add(n, a)	  __atomic_fetch_add(&(a)->counter, n, __ATOMIC_SEQ_CST)
#define atomic_fetch_sub(n, a)	  __atomic_fetch_sub(&(a)->counter, n, __ATOMIC_SEQ_CST)
#define atomic_fetch_inc(a)	  atomic_fetch_add(1, a)
#define atomic_fetch_dec(a)	  atomic_fetch_sub(1, a)
#define atomic_add(n, a)	  ((void)atomic_add_return(n, a))
#define atomic_sub(n, a)	  ((void)atomic_sub_return(n, a))
#define atomic_inc(a)		  atomic_add(1, a)
#define atomic_dec(a)		  atomic_sub(1, a)
#define atomic_inc_return(a)	  atomic_add_return(1, a)
#define atomic_dec_return(a)	  atomic_sub_return(1, a)
#define atomic_dec_and_test(a)	  (atomic_dec_return(a) == 0)
#define atomic_inc_and_test(a)	  (atomic_inc_return(a) == 0)
#define atomic_sub_and_test(n, a) (atomic_sub_return(n, a) == 0)
#define atomic_add_negative(n, a) (atomic_add_return(n, a) < 0)
#define atomic_and(n, a)	  ((void)__atomic_and_fetch(&(a)->counter, n, __ATOMIC_SEQ_CST))
#define atomic_or(n, a)		  ((void)__atomic_or_fetch(&(a)->counter, n, __ATOMIC_SEQ_CST))
#define atomic_xor(n, a)	  ((void)__atomic_xor_fetch(&(a)->counter, n, __ATOMIC_SEQ_CST))
#define atomic_xchg(a, n)	  xchg(&(a)->counter, n)
#define atomic_cmpxchg(a, old, n) cmpxchg(&(a)->counter, old, n)
/* Add @n unless it is @u. Return: has it been done? */
#define atomic_add_unless(a, n, u)                                                                 \
	({                                                                                         \
		__typeof__((a)->counter) now_ = atomic_read(a);                                    \
		while (now_ != (u) &&                                                              \
		       !__atomic_compare_exchange_n(&(a)->counter, &now_, now_ + (n), false,       \
						    __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))           \
			;                                                                          \
		now_ != (u);                                                                       \
	})
#define atomic_inc_not_zero(a) atomic_add_unless(a, 1, 0)
#define atomic_dec_if_positive(a)                                                                  \
	({                                                                                         \
		__typeof__((a)->counter) was_ = atomic_read(a);                                    \
		while (was_ > 0 &&                                                                 \
		       !__atomic_compare_exchange_n(&(a)->counter, &was_, was_ - 1, false,         \
						    __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))           \
			;                                                                          \
		was_ - 1;                                                                          \
	})

#include <linux/atomic_wide.h>

#endif
