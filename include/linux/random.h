/* Random numbers. */
#ifndef _LINUX_RANDOM_H
#define _LINUX_RANDOM_H

#include <linux/types.h>

void get_random_bytes(void *buf, size_t n);

static inline u32 get_random_u32(void)
{
	u32 v;

	get_random_bytes(&v, sizeof(v));
	return v;
}

static inline u64 get_random_u64(void)
{
	u64 v;

	get_random_bytes(&v, sizeof(v));
	return v;
}
#define get_random_int()	  ((unsigned int)get_random_u32())
#define get_random_long()	  ((unsigned long)get_random_u64())
#define prandom_u32()		  get_random_u32()
#define get_random_u8()		  ((u8)get_random_u32())
#define get_random_u16()	  ((u16)get_random_u32())
#define prandom_u32_max(ceiling)  ((u32)(((u64)get_random_u32() * (u32)(ceiling)) >> 32))
#define get_random_u32_below(top) prandom_u32_max(top)

#endif
