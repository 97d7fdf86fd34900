/*
 * 64-bit division for the 32-bit builds, out of the CPU's 64-by-32 division.
 *
 * WHY      the compiler calls these functions for `/` and `%` of 64-bit operands; the kernel links no compiler library.
 * HOW      a divisor of 32 bits: two chained divisions. A larger one: divide both operands, shifted right until the
 *          divisor has 32 bits; the estimate is the quotient or one too much, which one multiplication tells
 *          (Knuth, The Art of Computer Programming vol. 2, 4.3.1, for two digits).
 * CONTEXT  any; pure. A zero divisor traps as the CPU's own division does.
 */
#include "lib/div64.h"
#include "base/compiler.h"

/* hi:lo / d, where hi < d. */
static always_inline_ uint32_t div_step(uint32_t hi, uint32_t lo, uint32_t d, uint32_t *rem)
{
	uint32_t q;

	__asm__("divl %4" : "=a"(q), "=d"(*rem) : "a"(lo), "d"(hi), "rm"(d) : "cc");
	return q;
}

static uint64_t div_by_32(uint64_t n, uint32_t d, uint64_t *rem)
{
	uint32_t hi = (uint32_t)(n >> 32), q_hi = 0, q_lo, r;

	if (hi >= d)
		q_hi = div_step(0, hi, d, &hi);
	q_lo = div_step(hi, (uint32_t)n, d, &r);
	*rem = r;
	return (uint64_t)q_hi << 32 | q_lo;
}

static uint64_t div_by_64(uint64_t n, uint64_t d, uint64_t *rem)
{
	unsigned shift = 32 - (unsigned)__builtin_clz((uint32_t)(d >> 32));
	uint64_t scaled = n >> shift, q, unused;

	q = div_by_32(scaled, (uint32_t)(d >> shift), &unused);
	if (q)
		q--;
	n -= q * d;
	if (n >= d) {
		n -= d;
		q++;
	}
	*rem = n;
	return q;
}

uint64_t __udivmoddi4(uint64_t n, uint64_t d, uint64_t *rem)
{
	uint64_t r, q;

	q = d >> 32 ? div_by_64(n, d, &r) : div_by_32(n, (uint32_t)d, &r);
	if (rem)
		*rem = r;
	return q;
}

uint64_t __udivdi3(uint64_t n, uint64_t d)
{
	return __udivmoddi4(n, d, NULL);
}

uint64_t __umoddi3(uint64_t n, uint64_t d)
{
	uint64_t r;

	(void)__udivmoddi4(n, d, &r);
	return r;
}

static uint64_t magnitude(int64_t v)
{
	return v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
}

int64_t __divmoddi4(int64_t n, int64_t d, int64_t *rem)
{
	uint64_t r, q = __udivmoddi4(magnitude(n), magnitude(d), &r);

	if (rem)
		*rem = (int64_t)(n < 0 ? 0 - r : r);
	return (int64_t)((n < 0) != (d < 0) ? 0 - q : q);
}

int64_t __divdi3(int64_t n, int64_t d)
{
	return __divmoddi4(n, d, NULL);
}

int64_t __moddi3(int64_t n, int64_t d)
{
	int64_t r;

	(void)__divmoddi4(n, d, &r);
	return r;
}

/* Trailing zeroes of a value that is not 0. */
int __ctzdi2(int64_t n)
{
	uint32_t low = (uint32_t)n;

	return low ? __builtin_ctz(low) : 32 + __builtin_ctz((uint32_t)((uint64_t)n >> 32));
}
