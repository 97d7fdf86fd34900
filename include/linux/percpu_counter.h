/* Counters that many write and few read. Here a plain one. */
#ifndef _LINUX_PERCPU_COUNTER_H
#define _LINUX_PERCPU_COUNTER_H

#include <linux/atomic.h>
#include <linux/gfp.h>

struct percpu_counter {
	atomic64_t count;
};

#define percpu_counter_destroy(c)	   ((void)(c))
#define percpu_counter_set(c, n)	   atomic64_set(&(c)->count, n)
#define percpu_counter_add(c, n)	   atomic64_add(n, &(c)->count)
#define percpu_counter_add_batch(c, n, by) percpu_counter_add(c, n)
#define percpu_counter_sub(c, n)	   percpu_counter_add(c, -(s64)(n))
#define percpu_counter_inc(c)		   percpu_counter_add(c, 1)
#define percpu_counter_dec(c)		   percpu_counter_add(c, -1)
#define percpu_counter_read(c)		   atomic64_read(&(c)->count)
#define percpu_counter_sum(c)		   percpu_counter_read(c)
#define percpu_counter_sum_positive(c)	   percpu_counter_read_positive(c)
#define percpu_counter_compare(c, n)                                                               \
	(percpu_counter_read(c) > (n) ? 1 : percpu_counter_read(c) < (n) ? -1 : 0)

#define percpu_counter_init(c, n, ...) module_counter_init(c, n)
static inline int module_counter_init(struct percpu_counter *c, s64 n)
{
	atomic64_set(&c->count, n);
	return 0;
}

static inline s64 percpu_counter_read_positive(struct percpu_counter *c)
{
	s64 n = percpu_counter_read(c);

	return n < 0 ? 0 : n;
}

#endif
