/* Atomic integers. Plain names are sequentially consistent; _relaxed ones order nothing. */
#ifndef BASE_ATOMIC_H
#define BASE_ATOMIC_H

#include "base/types.h"

typedef struct {
	int v;
} atomic_t;

typedef struct {
	long v;
} atomic_long_t;

static inline int atomic_read(const atomic_t *a)
{
	return __atomic_load_n(&a->v, __ATOMIC_RELAXED);
}

/* What was done before the value became this one is seen: for who takes apart what a counter has kept. */
static inline int atomic_read_acquire(const atomic_t *a)
{
	return __atomic_load_n(&a->v, __ATOMIC_ACQUIRE);
}

static inline void atomic_set(atomic_t *a, int v)
{
	__atomic_store_n(&a->v, v, __ATOMIC_RELAXED);
}

static inline void atomic_inc(atomic_t *a)
{
	(void)__atomic_fetch_add(&a->v, 1, __ATOMIC_SEQ_CST);
}

static inline void atomic_dec(atomic_t *a)
{
	(void)__atomic_fetch_sub(&a->v, 1, __ATOMIC_SEQ_CST);
}

static inline void atomic_add(atomic_t *a, int n)
{
	(void)__atomic_fetch_add(&a->v, n, __ATOMIC_SEQ_CST);
}

static inline void atomic_sub(atomic_t *a, int n)
{
	(void)__atomic_fetch_sub(&a->v, n, __ATOMIC_SEQ_CST);
}

/* Return: the value after the addition. */
static inline int atomic_add_return(atomic_t *a, int n)
{
	return __atomic_add_fetch(&a->v, n, __ATOMIC_SEQ_CST);
}

static inline bool atomic_dec_and_test(atomic_t *a)
{
	return __atomic_sub_fetch(&a->v, 1, __ATOMIC_SEQ_CST) == 0;
}

/* Add one unless the value is zero. Return: true if added. For lookups that race with the last put. */
static inline bool atomic_inc_not_zero(atomic_t *a)
{
	int old = atomic_read(a);

	while (old) {
		if (__atomic_compare_exchange_n(&a->v, &old, old + 1, false, __ATOMIC_SEQ_CST,
						__ATOMIC_RELAXED))
			return true;
	}
	return false;
}

/* Return: true and the new value stored when the old one was @old. */
static inline bool atomic_cmpxchg(atomic_t *a, int old, int new_value)
{
	return __atomic_compare_exchange_n(&a->v, &old, new_value, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_RELAXED);
}

static inline long atomic_long_read(const atomic_long_t *a)
{
	return __atomic_load_n(&a->v, __ATOMIC_RELAXED);
}

static inline void atomic_long_set(atomic_long_t *a, long v)
{
	__atomic_store_n(&a->v, v, __ATOMIC_RELAXED);
}

static inline void atomic_long_add(atomic_long_t *a, long n)
{
	(void)__atomic_fetch_add(&a->v, n, __ATOMIC_RELAXED);
}

static inline long atomic_long_add_return(atomic_long_t *a, long n)
{
	return __atomic_add_fetch(&a->v, n, __ATOMIC_SEQ_CST);
}

/* Bit operations on an unsigned long that several CPUs change. */
static inline void atomic_set_bit(unsigned nr, unsigned long *word)
{
	(void)__atomic_fetch_or(word, 1UL << nr, __ATOMIC_SEQ_CST);
}

static inline void atomic_clear_bit(unsigned nr, unsigned long *word)
{
	(void)__atomic_fetch_and(word, ~(1UL << nr), __ATOMIC_SEQ_CST);
}

/* Return: the bit's old value. */
static inline bool atomic_test_and_set_bit(unsigned nr, unsigned long *word)
{
	return __atomic_fetch_or(word, 1UL << nr, __ATOMIC_SEQ_CST) >> nr & 1;
}

static inline bool atomic_test_and_clear_bit(unsigned nr, unsigned long *word)
{
	return __atomic_fetch_and(word, ~(1UL << nr), __ATOMIC_SEQ_CST) >> nr & 1;
}

static inline bool test_bit(unsigned nr, const unsigned long *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED) >> nr & 1;
}

#endif
