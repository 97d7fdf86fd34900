/* Bits of words and of arrays of words. */
#ifndef _LINUX_BITOPS_H
#define _LINUX_BITOPS_H

#include <linux/kernel.h>

#define BITS_PER_BYTE	     8
#define BITS_PER_LONG	     (8 * (int)sizeof(long))
#define BITS_PER_LONG_LONG   64
#define BIT_MASK(n)	     (1UL << ((n) % BITS_PER_LONG))
#define BIT_WORD(n)	     ((n) / BITS_PER_LONG)
#define BITS_TO_LONGS(n)     DIV_ROUND_UP(n, BITS_PER_LONG)
#define GENMASK(h, l)	     ((~0UL << (l)) & (~0UL >> (BITS_PER_LONG - 1 - (h))))
#define GENMASK_ULL(h, l)    ((~0ULL << (l)) & (~0ULL >> (63 - (h))))
#define DECLARE_BITMAP(n, b) unsigned long n[BITS_TO_LONGS(b)]

#define BIT_PLACE(n, a)	 ((unsigned long *)(a) + BIT_WORD(n))
#define set_bit(n, a)	 ((void)__atomic_or_fetch(BIT_PLACE(n, a), BIT_MASK(n), __ATOMIC_SEQ_CST))
#define clear_bit(n, a)	 ((void)__atomic_and_fetch(BIT_PLACE(n, a), ~BIT_MASK(n), __ATOMIC_SEQ_CST))
#define change_bit(n, a) ((void)__atomic_xor_fetch(BIT_PLACE(n, a), BIT_MASK(n), __ATOMIC_SEQ_CST))
#define test_bit(n, a)                                                                             \
	((int)(*(const volatile unsigned long *)((const unsigned long *)(a) + BIT_WORD(n)) >>      \
		       ((n) % BITS_PER_LONG) &                                                     \
	       1))
#define test_and_set_bit(n, a)                                                                     \
	((int)(__atomic_fetch_or(BIT_PLACE(n, a), BIT_MASK(n), __ATOMIC_SEQ_CST) >>                \
		       ((n) % BITS_PER_LONG) &                                                     \
	       1))
#define test_and_clear_bit(n, a)                                                                   \
	((int)(__atomic_fetch_and(BIT_PLACE(n, a), ~BIT_MASK(n), __ATOMIC_SEQ_CST) >>              \
		       ((n) % BITS_PER_LONG) &                                                     \
	       1))
#define test_and_change_bit(n, a)                                                                  \
	((int)(__atomic_fetch_xor(BIT_PLACE(n, a), BIT_MASK(n), __ATOMIC_SEQ_CST) >>               \
		       ((n) % BITS_PER_LONG) &                                                     \
	       1))
#define __set_bit(n, a)	  set_bit(n, a)
#define __clear_bit(n, a) clear_bit(n, a)

#define __ffs(w)    ((unsigned long)__builtin_ctzl(w))
#define __fls(w)    ((unsigned long)(BITS_PER_LONG - 1 - __builtin_clzl(w)))
#define ffz(w)	    __ffs(~(w))
#define ffs(w)	    __builtin_ffs((int)(w))
#define fls(w)	    ((w) ? 32 - __builtin_clz((unsigned int)(w)) : 0)
#define fls64(w)    ((w) ? 64 - __builtin_clzll((u64)(w)) : 0)
#define fls_long(w) ((w) ? (int)__fls(w) + 1 : 0)

static inline unsigned int hweight64(u64 w)
{
	unsigned int n;

	for (n = 0; w; n++)
		w &= w - 1;
	return n;
}
#define hweight32(w)	hweight64((u32)(w))
#define hweight16(w)	hweight64((u16)(w))
#define hweight8(w)	hweight64((u8)(w))
#define hweight_long(w) hweight64((unsigned long)(w))

static inline unsigned long find_next_bit(const unsigned long *a, unsigned long size,
					  unsigned long from)
{
	while (from < size && !test_bit(from, a))
		from++;
	return from < size ? from : size;
}

static inline unsigned long find_next_zero_bit(const unsigned long *a, unsigned long size,
					       unsigned long from)
{
	while (from < size && test_bit(from, a))
		from++;
	return from < size ? from : size;
}
#define find_first_bit(a, size)	     find_next_bit(a, size, 0)
#define find_first_zero_bit(a, size) find_next_zero_bit(a, size, 0)
#define for_each_set_bit(n, a, size)                                                               \
	for (n = find_first_bit(a, size); n < (size); n = find_next_bit(a, size, n + 1))
#define bitmap_zero(a, bits) ((void)__builtin_memset(a, 0, BITS_TO_LONGS(bits) * sizeof(long)))
#define bitmap_fill(a, bits) ((void)__builtin_memset(a, 255, BITS_TO_LONGS(bits) * sizeof(long)))

static inline unsigned int bitmap_weight(const unsigned long *a, unsigned int bits)
{
	unsigned int n = 0, i;

	for (i = 0; i < bits; i++)
		n += (unsigned int)test_bit(i, a);
	return n;
}

static inline void bitmap_set(unsigned long *map, unsigned int start, unsigned int n)
{
	for (; n; n--, start++)
		set_bit(start, map);
}

static inline void bitmap_clear(unsigned long *map, unsigned int start, unsigned int n)
{
	for (; n; n--, start++)
		clear_bit(start, map);
}

#define rol32(w, n) ((u32)(w) << ((n)&31) | (u32)(w) >> (-(n)&31))
#define ror32(w, n) ((u32)(w) >> ((n)&31) | (u32)(w) << (-(n)&31))
#define rol64(w, n) ((u64)(w) << ((n)&63) | (u64)(w) >> (-(n)&63))
#define ror64(w, n) ((u64)(w) >> ((n)&63) | (u64)(w) << (-(n)&63))
#define rol8(w, n)  ((u8)((u8)(w) << ((n)&7) | (u8)(w) >> (-(n)&7)))
#define ror8(w, n)  ((u8)((u8)(w) >> ((n)&7) | (u8)(w) << (-(n)&7)))

#endif
