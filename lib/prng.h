/* A small deterministic random generator for tests and models (xorshift64*, Vigna 2016). Not for secrets. */
#ifndef LIB_PRNG_H
#define LIB_PRNG_H

#include "base/types.h"

struct prng {
	uint64_t state; /* never 0 */
};

static inline void prng_seed(struct prng *p, uint64_t seed)
{
	p->state = seed * 0x9e3779b97f4a7c15ULL + 1;
	if (!p->state)
		p->state = 1;
}

static inline uint64_t prng_next(struct prng *p)
{
	p->state ^= p->state >> 12;
	p->state ^= p->state << 25;
	p->state ^= p->state >> 27;
	return p->state * 0x2545f4914f6cdd1dULL;
}

/* 0..n-1, n > 0. The bias is below n / 2^32. */
static inline uint32_t prng_below(struct prng *p, uint32_t n)
{
	return (uint32_t)((prng_next(p) >> 32) % n);
}

#endif
