/* The hash "lookup3" (Bob Jenkins, 2006, in the public domain), with Linux's names and its start. */
#ifndef _LINUX_JHASH_H
#define _LINUX_JHASH_H

#include <linux/string.h>
#include <linux/types.h>

#define JHASH_INITVAL	 0xdeadbeef
#define jhash_size(n)	 ((u32)1 << (n))
#define jhash_mask(n)	 (jhash_size(n) - 1)
#define JHASH_ROL(x, by) ((x) << (by) | (x) >> (32 - (by)))

struct jhash_state {
	u32 a, b, c;
};

static inline void jhash_mix_state(struct jhash_state *s)
{
	static const unsigned char by[2][3] = { { 4, 6, 8 }, { 16, 19, 4 } };

	for (int i = 0; i < 2; i++) {
		s->a = (s->a - s->c) ^ JHASH_ROL(s->c, by[i][0]);
		s->c += s->b;
		s->b = (s->b - s->a) ^ JHASH_ROL(s->a, by[i][1]);
		s->a += s->c;
		s->c = (s->c - s->b) ^ JHASH_ROL(s->b, by[i][2]);
		s->b += s->a;
	}
}

static inline u32 jhash_end(struct jhash_state *s)
{
	s->c = (s->c ^ s->b) - JHASH_ROL(s->b, 14);
	s->a = (s->a ^ s->c) - JHASH_ROL(s->c, 11);
	s->b = (s->b ^ s->a) - JHASH_ROL(s->a, 25);
	s->c = (s->c ^ s->b) - JHASH_ROL(s->b, 16);
	s->a = (s->a ^ s->c) - JHASH_ROL(s->c, 4);
	s->b = (s->b ^ s->a) - JHASH_ROL(s->a, 14);
	s->c = (s->c ^ s->b) - JHASH_ROL(s->b, 24);
	return s->c;
}

/* Of @len bytes. */
static inline u32 jhash(const void *key, u32 len, u32 initval)
{
	const u8 *at = (const u8 *)key;
	u32 start = JHASH_INITVAL + len + initval, word[3];
	struct jhash_state s = { start, start, start };

	for (; len > 12; len -= 12, at += 12) {
		memcpy(word, at, sizeof(word));
		s = (struct jhash_state){ s.a + word[0], s.b + word[1], s.c + word[2] };
		jhash_mix_state(&s);
	}
	if (!len)
		return s.c;
	memset(word, 0, sizeof(word));
	memcpy(word, at, len);
	s = (struct jhash_state){ s.a + word[0], s.b + word[1], s.c + word[2] };
	return jhash_end(&s);
}

/* Of @n words: that of their bytes. */
static inline u32 jhash2(const u32 *key, u32 n, u32 initval)
{
	u32 start = JHASH_INITVAL + (n << 2) + initval;
	struct jhash_state s = { start, start, start };

	for (; n > 3; n -= 3, key += 3) {
		s = (struct jhash_state){ s.a + key[0], s.b + key[1], s.c + key[2] };
		jhash_mix_state(&s);
	}
	if (!n)
		return s.c;
	s.a += key[0];
	s.b += n > 1 ? key[1] : 0;
	s.c += n > 2 ? key[2] : 0;
	return jhash_end(&s);
}

static inline u32 jhash_words(u32 a, u32 b, u32 c, u32 start)
{
	struct jhash_state s = { a + start, b + start, c + start };

	return jhash_end(&s);
}
#define jhash_3words(a, b, c, initval) jhash_words(a, b, c, (initval) + JHASH_INITVAL + (3 << 2))
#define jhash_2words(a, b, initval)    jhash_words(a, b, 0, (initval) + JHASH_INITVAL + (2 << 2))
#define jhash_1word(a, initval)	       jhash_words(a, 0, 0, (initval) + JHASH_INITVAL + (1 << 2))

#endif
