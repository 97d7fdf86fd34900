/* Multiplicative hashing by the golden ratio (Knuth, The Art of Computer Programming, 6.4). */
#ifndef _LINUX_HASH_H
#define _LINUX_HASH_H

#include <linux/types.h>

#define GOLDEN_RATIO_32 0x61C88647
#define GOLDEN_RATIO_64 0x61C8864680B583EBull

/* The upper @bits of the product are the best mixed. */
static inline u32 hash_32(u32 v, unsigned int bits)
{
	return v * (u32)GOLDEN_RATIO_32 >> (32 - bits);
}

static inline u32 hash_64(u64 v, unsigned int bits)
{
	return (u32)(v * GOLDEN_RATIO_64 >> (64 - bits));
}

static inline u32 hash_long(unsigned long v, unsigned int bits)
{
	return sizeof(v) == 4 ? hash_32((u32)v, bits) : hash_64(v, bits);
}

#define hash_ptr(p, bits) hash_long((unsigned long)(p), bits)

#define GOLDEN_RATIO_PRIME                                                                         \
	(sizeof(long) == 8 ? (unsigned long)GOLDEN_RATIO_64 : (unsigned long)GOLDEN_RATIO_32)

#endif
