/* Arrays of bits as sets: what linux/bitops.h does not have. Bits behind the last do not count, and may be anything. */
#ifndef _LINUX_BITMAP_H
#define _LINUX_BITMAP_H

#include <linux/bitops.h>
#include <linux/errno.h>
#include <linux/slab.h>

#define bitmap_empty(a, bits)	 (find_first_bit(a, bits) == (bits))
#define bitmap_full(a, bits)	 (find_first_zero_bit(a, bits) == (bits))
#define bitmap_zalloc(bits, gfp) ((unsigned long *)kcalloc(BITS_TO_LONGS(bits), sizeof(long), gfp))
#define bitmap_alloc(bits, gfp)                                                                    \
	((unsigned long *)kmalloc_array(BITS_TO_LONGS(bits), sizeof(long), gfp))
#define bitmap_free(a) kfree(a)
#define bitmap_copy(to, from, bits)                                                                \
	((void)__builtin_memmove(to, from, BITS_TO_LONGS(bits) * sizeof(long)))
#define for_each_clear_bit(n, a, size)                                                             \
	for (n = find_first_zero_bit(a, size); n < (size); n = find_next_zero_bit(a, size, n + 1))

#define BITMAP_OPERATION(name, expression)                                                         \
	static inline bool name(unsigned long *to, const unsigned long *a, const unsigned long *b, \
				unsigned int bits)                                                 \
	{                                                                                          \
		for (unsigned int i = 0; i < BITS_TO_LONGS(bits); i++)                             \
			to[i] = (expression);                                                      \
		return !bitmap_empty(to, bits);                                                    \
	}
BITMAP_OPERATION(bitmap_and, a[i] & b[i])
BITMAP_OPERATION(bitmap_or, a[i] | b[i])
BITMAP_OPERATION(bitmap_xor, a[i] ^ b[i])
BITMAP_OPERATION(bitmap_andnot, a[i] & ~b[i])

static inline void bitmap_complement(unsigned long *to, const unsigned long *a, unsigned int bits)
{
	for (unsigned int i = 0; i < BITS_TO_LONGS(bits); i++)
		to[i] = ~a[i];
}

static inline bool bitmap_equal(const unsigned long *a, const unsigned long *b, unsigned int bits)
{
	for (unsigned int i = 0; i < bits; i++)
		if (test_bit(i, a) != test_bit(i, b))
			return false;
	return true;
}

static inline bool bitmap_subset(const unsigned long *a, const unsigned long *b, unsigned int bits)
{
	for (unsigned int i = 0; i < bits; i++)
		if (test_bit(i, a) && !test_bit(i, b))
			return false;
	return true;
}

static inline bool bitmap_intersects(const unsigned long *a, const unsigned long *b,
				     unsigned int bits)
{
	for (unsigned int i = 0; i < bits; i++)
		if (test_bit(i, a) && test_bit(i, b))
			return true;
	return false;
}

/* Of @n zeroes from @start on, where the first is aligned to @mask + 1; above @size: there are none. */
static inline unsigned long bitmap_find_next_zero_area(const unsigned long *a, unsigned long size,
						       unsigned long start, unsigned int n,
						       unsigned long mask)
{
	for (;;) {
		unsigned long one;

		start = (find_next_zero_bit(a, size, start) + mask) & ~mask;
		if (start + n > size)
			return start + n;
		one = find_next_bit(a, start + n, start);
		if (one >= start + n)
			return start;
		start = one + 1;
	}
}

/* "1-3,5" */
static inline int bitmap_parselist(const char *text, unsigned long *a, unsigned int bits)
{
	bitmap_zero(a, bits);
	while (*text && *text != '\n') {
		unsigned long first, last;
		char *end;

		first = last = simple_strtoul(text, &end, 10);
		if (end == text)
			return -EINVAL;
		if (*end == '-')
			last = simple_strtoul(end + 1, &end, 10);
		if (last < first)
			return -EINVAL;
		if (last >= bits)
			return -ERANGE;
		bitmap_set(a, (unsigned int)first, (unsigned int)(last - first + 1));
		text = *end == ',' ? end + 1 : end;
	}
	return 0;
}

#endif
