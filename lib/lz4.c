/*
 * LZ4 blocks.
 *
 *   block = sequence ...;  sequence = token │ more literals' length │ literals │ offset (2 bytes) │ more match length
 *           token: high half literals' length, low half match length - 4; 15: bytes follow, each added, 255: another follows
 *           the last sequence ends after its literals
 *
 * WHY      a page is compressed in some ten thousand instructions and expanded in a few thousand: less than a disk's interrupt.
 *          One candidate per hash, no search: that is the design.
 * I1       the last 5 bytes are literals, and no match begins in the last 12: others' decoders rely on it.
 * I2       the decoder reads nothing outside [src, src + n) and writes nothing outside [dst, dst + cap).
 * COST     compress: one table look-up a position; steps grow where nothing is found.
 * FAILS    compress: 0, the output does not fit. decompress: -1.
 * SOURCES  LZ4 Block Format Description (Collet).   TESTED BY lz4_test.c
 */
#include "lib/lz4.h"
#include "lib/string.h"

enum { MIN_MATCH = 4, LAST_LITERALS = 5, MATCH_LIMIT = 12, SKIP_SHIFT = 5, HASH_BITS = 11 };
_Static_assert(1 << HASH_BITS == LZ4_TABLE, "table");

static uint32_t load32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static unsigned hash(uint32_t v)
{
	return v * 2654435761U >> (32 - HASH_BITS);
}

/* What is left of the output; p: where it goes on. NULL: it was not enough. */
struct out {
	uint8_t *p, *end;
};

static void put(struct out *o, unsigned byte)
{
	if (o->p && o->p < o->end)
		*o->p++ = (uint8_t)byte;
	else
		o->p = NULL;
}

/* The part of a length that is not in the token. */
static void put_length(struct out *o, size_t len)
{
	if (len < 15)
		return;
	for (len -= 15; len >= 255; len -= 255)
		put(o, 255);
	put(o, (unsigned)len);
}

static void put_literals(struct out *o, const uint8_t *from, size_t n)
{
	if (!o->p || (size_t)(o->end - o->p) < n) {
		o->p = NULL;
		return;
	}
	memcpy(o->p, from, n);
	o->p += n;
}

static unsigned nibble(size_t len)
{
	return len < 15 ? (unsigned)len : 15;
}

/* @match 0: the last one. */
static void put_sequence(struct out *o, const uint8_t *from, size_t literals, size_t offset,
			 size_t match)
{
	put(o, nibble(literals) << 4 | (match ? nibble(match - MIN_MATCH) : 0));
	put_length(o, literals);
	put_literals(o, from, literals);
	if (!match)
		return;
	put(o, offset & 255);
	put(o, (unsigned)(offset >> 8));
	put_length(o, match - MIN_MATCH);
}

static size_t match_length(const uint8_t *a, const uint8_t *b, const uint8_t *limit)
{
	const uint8_t *start = a;

	while (a < limit && *a == *b) {
		a++;
		b++;
	}
	return (size_t)(a - start);
}

size_t lz4_compress(const uint8_t *src, size_t n, uint8_t *dst, size_t cap, uint16_t *table)
{
	struct out o = { dst, dst + cap };
	size_t at = 0, anchor = 0, misses = 1 << SKIP_SHIFT;

	memset(table, 0, LZ4_TABLE * sizeof(*table));
	while (n >= MATCH_LIMIT && at <= n - MATCH_LIMIT && o.p) {
		uint32_t v = load32(src + at);
		uint16_t *slot = &table[hash(v)];
		size_t from = *slot, len;

		*slot = (uint16_t)at;
		if (from >= at || load32(src + from) != v) {
			at += misses++ >> SKIP_SHIFT;
			continue;
		}
		len = MIN_MATCH + match_length(src + at + MIN_MATCH, src + from + MIN_MATCH,
					       src + n - LAST_LITERALS);
		put_sequence(&o, src + anchor, at - anchor, at - from, len);
		at += len;
		anchor = at;
		misses = 1 << SKIP_SHIFT;
	}
	put_sequence(&o, src + anchor, n - anchor, 0, 0);
	return o.p ? (size_t)(o.p - dst) : 0;
}

/* ---- the way back ---- */

struct in {
	const uint8_t *p, *end;
};

/* A length that began with @len in the token. -1: the input ends. */
static long get_length(struct in *in, unsigned len)
{
	unsigned long sum = len;
	uint8_t byte;

	if (len < 15)
		return (long)len;
	do {
		if (in->p == in->end || sum > LZ4_MAX_INPUT)
			return -1;
		byte = *in->p++;
		sum += byte;
	} while (byte == 255);
	return (long)sum;
}

static bool get_literals(struct in *in, struct out *o, size_t n)
{
	if ((size_t)(in->end - in->p) < n || (size_t)(o->end - o->p) < n)
		return false;
	memcpy(o->p, in->p, n);
	in->p += n;
	o->p += n;
	return true;
}

static bool get_match(struct in *in, struct out *o, const uint8_t *start, unsigned token)
{
	size_t offset;
	long len;

	if (in->end - in->p < 2)
		return false;
	offset = (size_t)in->p[0] | (size_t)in->p[1] << 8;
	in->p += 2;
	len = get_length(in, token);
	if (len < 0 || !offset || offset > (size_t)(o->p - start))
		return false;
	len += MIN_MATCH;
	if (o->end - o->p < len)
		return false;
	if (offset >= (size_t)len) {
		memcpy(o->p, o->p - offset, (size_t)len);
		o->p += len;
	} else {
		for (; len; len--, o->p++) /* what is written repeats itself */
			*o->p = *(o->p - offset);
	}
	return true;
}

long lz4_decompress(const uint8_t *src, size_t n, uint8_t *dst, size_t cap)
{
	struct in in = { src, src + n };
	struct out o = { dst, dst + cap };

	while (in.p < in.end) {
		unsigned token = *in.p++;
		long literals = get_length(&in, token >> 4);

		if (literals < 0 || !get_literals(&in, &o, (size_t)literals))
			return -1;
		if (in.p == in.end)
			return o.p - dst;
		if (!get_match(&in, &o, dst, token & 15))
			return -1;
	}
	return -1;
}
