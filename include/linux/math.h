/* Division of wide numbers, also on 32 bits; included by linux/kernel.h. */
#ifndef _LINUX_MATH_H
#define _LINUX_MATH_H

#include <linux/types.h>

/* @n becomes the quotient. Return: the remainder. */
#define do_div(n, base)                                                                            \
	({                                                                                         \
		u32 do_div_base_ = (base);                                                         \
		u32 do_div_rest_ = (u32)((u64)(n) % do_div_base_);                                 \
		(n) = (u64)(n) / do_div_base_;                                                     \
		do_div_rest_;                                                                      \
	})
#define div_u64(a, b)	((u64)(a) / (u32)(b))
#define div64_u64(a, b) ((u64)(a) / (u64)(b))
#define div64_ul(a, b)	((u64)(a) / (unsigned long)(b))
#define div_s64(a, b)	((s64)(a) / (s32)(b))
#define div64_s64(a, b) ((s64)(a) / (s64)(b))
#define div_u64_rem(a, b, rest)                                                                    \
	({                                                                                         \
		*(rest) = (u32)((u64)(a) % (u32)(b));                                              \
		div_u64(a, b);                                                                     \
	})
#define DIV_ROUND_CLOSEST(n, d) (((n) + (d) / 2) / (d))
#define DIV_ROUND_UP_ULL(n, d)	((u64)((n) + (d)-1) / (d))
#define mult_frac(x, n, d)	((x) / (d) * (n) + (x) % (d) * (n) / (d))

static inline unsigned long int_sqrt(unsigned long x)
{
	unsigned long root = 0, bit = 1UL << (8 * sizeof(x) - 2);

	for (; bit; bit >>= 2) {
		unsigned long with = root + bit;

		root >>= 1;
		if (x >= with) {
			x -= with;
			root += bit;
		}
	}
	return root;
}

static inline int ilog2(u64 n)
{
	return 63 - __builtin_clzll(n | 1);
}

#define order_base_2(n)		((n) > 1 ? ilog2((n)-1) + 1 : 0)
#define is_power_of_2(n)	((n) != 0 && ((n) & ((n)-1)) == 0)
#define roundup_pow_of_two(n)	((n) <= 1 ? 1UL : 1UL << (ilog2((n)-1) + 1))
#define rounddown_pow_of_two(n) (1UL << ilog2(n))

static inline unsigned long gcd(unsigned long a, unsigned long b)
{
	while (b) {
		unsigned long rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

static inline int hex_to_bin(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

#define mul_u32_u32(a, b) ((u64)(u32)(a) * (u32)(b))

#endif
