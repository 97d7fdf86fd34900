/* Decoder of gzip members (RFC 1952) with deflate data (RFC 1951). Pure: bytes come from a source and go to a sink. */
#ifndef FS_INFLATE_H
#define FS_INFLATE_H

#include "base/compiler.h"
#include "base/types.h"

/* Bytes [p, end) are at hand; fill gets the next ones. */
struct byte_source {
	const uint8_t *p, *end;
	/* Set p and end to fresh bytes. Return: false at the end of input. */
	bool (*fill)(struct byte_source *s);
};

/* The next byte, taken; -1 at the end. */
static inline int source_byte(struct byte_source *s)
{
	if (unlikely(s->p == s->end) && !s->fill(s))
		return -1;
	return *s->p++;
}

enum {
	INFLATE_WINDOW = 32768,
	INFLATE_ROOT_BITS = 10,
	INFLATE_MAX_BITS = 15,
	INFLATE_LITERALS = 288,
	INFLATE_DISTS = 30
};

/* One Huffman code: a table for short codes, counts and symbols in code order for the others. */
struct inflate_code {
	uint16_t root[1 << INFLATE_ROOT_BITS]; /* symbol << 4 | length; 0: longer than the table */
	uint16_t count[INFLATE_MAX_BITS + 1];
	uint16_t symbol[INFLATE_LITERALS];
};

struct inflate {
	struct byte_source *in;
	int (*sink)(void *arg, const void *p,
		    size_t len); /* 0, or a negative errno that ends decoding */
	void *arg;
	unsigned long bits; /* not yet used, the next one lowest */
	unsigned nr_bits;
	unsigned phantom; /* zero bits given out beyond the end of input */
	unsigned pos;	  /* next byte of the window to write */
	uint64_t total;	  /* bytes put out */
	uint32_t crc;
	uint8_t window[INFLATE_WINDOW];
	struct inflate_code literals, dists;
};

/**
 * inflate_gzip - decode one gzip member from @in, which stands at its first byte.
 * On success @in stands behind the member's last byte.
 * Return: 0; -EINVAL: not gzip, corrupt, wrong CRC or length; -EIO: input ended early; or what the sink returned.
 * What had been decoded before an error may have gone to the sink.
 */
int must_check inflate_gzip(struct inflate *z, struct byte_source *in,
			    int (*sink)(void *, const void *, size_t), void *arg);
uint32_t crc32_update(uint32_t crc, const void *p, size_t len); /* start with 0 */

#endif
