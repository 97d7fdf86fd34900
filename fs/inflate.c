/*
 * Inflate: deflate data of gzip members, as a stream.
 *
 * I1       nr_bits bits are in `bits`; of them the last `phantom` do not exist in the input.
 * I2       the window holds the last 32 KiB put out; what is at and behind pos is older than what is before it.
 * I3       at most 7 bytes are read ahead of the bit that is decoded: always fewer than the 8 bytes of the trailer that
 *          follows, so the source ends exactly behind the member.
 * WHY      codes of up to 10 bits (nearly all) are one table look-up; longer ones walk the canonical code bit by bit.
 * CONTEXT  any that may call source and sink: no allocation, no lock.
 * COST     about 20 instructions per byte put out.
 * FAILS    -EINVAL, -EIO; never reads or writes outside its own arrays, whatever the input.
 * SOURCES  RFC 1951, RFC 1952; Huffman 1952; canonical codes: Schwartz and Kallick 1964.
 * TESTED BY inflate_test.c, sim/fuzz_inflate.c
 */
#include "fs/inflate.h"

#include "base/errno.h"
#include "lib/string.h"

enum {
	BITBUF = sizeof(unsigned long) * 8,
	END_OF_BLOCK = 256,
	WINDOW_MASK = INFLATE_WINDOW - 1,
	NR_LENGTH_CODES = 19
};

/* ---- CRC-32 of IEEE 802.3, reflected ---- */

static uint32_t crc_table[256];

static void crc_init(void)
{
	uint32_t n, c;
	int k;

	for (n = 0; n < 256; n++) {
		for (c = n, k = 0; k < 8; k++)
			c = c & 1 ? 0xedb88320U ^ c >> 1 : c >> 1;
		crc_table[n] = c;
	}
}

uint32_t crc32_update(uint32_t crc, const void *p, size_t len)
{
	const uint8_t *b = p;

	if (!crc_table[1])
		crc_init();
	crc = ~crc;
	while (len--)
		crc = crc_table[(crc ^ *b++) & 0xff] ^ crc >> 8;
	return ~crc;
}

/* ---- bits ---- */

/* At least BITBUF - 8 + 1 bits at hand; zeroes beyond the end of input. */
static inline void refill(struct inflate *z)
{
	while (z->nr_bits <= BITBUF - 8) {
		int c = source_byte(z->in);

		if (unlikely(c < 0)) {
			z->phantom += 8;
			c = 0;
		}
		z->bits |= (unsigned long)c << z->nr_bits;
		z->nr_bits += 8;
	}
}

static inline unsigned take(struct inflate *z, unsigned n)
{
	unsigned v = (unsigned)(z->bits & ((1UL << n) - 1));

	z->bits >>= n;
	z->nr_bits -= n;
	return v;
}

/* @n: 0..16 */
static inline unsigned get_bits(struct inflate *z, unsigned n)
{
	refill(z);
	return take(z, n);
}

/* Bits were used that the input does not have. */
static inline bool starved(const struct inflate *z)
{
	return z->phantom > z->nr_bits;
}

/* ---- output ---- */

static int flush(struct inflate *z)
{
	unsigned n = z->pos;

	z->crc = crc32_update(z->crc, z->window, n);
	z->pos = 0;
	return n ? z->sink(z->arg, z->window, n) : 0;
}

static inline int put_byte(struct inflate *z, uint8_t b)
{
	z->window[z->pos++] = b;
	z->total++;
	return unlikely(z->pos == INFLATE_WINDOW) ? flush(z) : 0;
}

/* Repeat @len bytes from @dist back; the two may overlap. */
static int put_match(struct inflate *z, unsigned dist, unsigned len)
{
	if (dist > z->total || dist > INFLATE_WINDOW)
		return -EINVAL;
	z->total += len;
	while (len) {
		unsigned from = (z->pos - dist) & WINDOW_MASK, n = len, i;
		int err;

		n = min_of(unsigned, n, INFLATE_WINDOW - from);
		n = min_of(unsigned, n, INFLATE_WINDOW - z->pos);
		for (i = 0; i < n; i++)
			z->window[z->pos + i] = z->window[from + i];
		z->pos += n;
		len -= n;
		err = z->pos == INFLATE_WINDOW ? flush(z) : 0;
		if (err)
			return err;
	}
	return 0;
}

/* ---- codes ---- */

/* Enter the codes short enough for it into the root table: every index whose low bits are the code, reversed. */
static void fill_root(struct inflate_code *c, const uint8_t *length, unsigned nr)
{
	uint16_t next[INFLATE_MAX_BITS + 2];
	unsigned code = 0, len, s, i;

	memset(c->root, 0, sizeof(c->root));
	for (len = 1; len <= INFLATE_MAX_BITS; len++) {
		code = (code + (len > 1 ? c->count[len - 1] : 0)) << 1;
		next[len] = (uint16_t)code;
	}
	for (s = 0; s < nr; s++) {
		unsigned rev = 0;

		len = length[s];
		if (!len)
			continue;
		code = next[len]++;
		if (len > INFLATE_ROOT_BITS)
			continue;
		for (i = 0; i < len; i++)
			rev |= (code >> i & 1) << (len - 1 - i);
		for (; rev < 1 << INFLATE_ROOT_BITS; rev += 1U << len)
			c->root[rev] = (uint16_t)(s << 4 | len);
	}
}

/* From code lengths. Return: 0; -EINVAL: more codes than fit, or (but for a single one) fewer. */
static int build_code(struct inflate_code *c, const uint8_t *length, unsigned nr)
{
	uint16_t offset[INFLATE_MAX_BITS + 1];
	unsigned used = 0, len, s;
	int left = 1;

	memset(c->count, 0, sizeof(c->count));
	for (s = 0; s < nr; s++)
		c->count[length[s]]++;
	used = nr - c->count[0];
	c->count[0] = 0;
	for (len = 1; len <= INFLATE_MAX_BITS; len++) {
		left = left * 2 - c->count[len];
		if (left < 0)
			return -EINVAL;
	}
	if (left > 0 && used > 1)
		return -EINVAL;
	for (offset[1] = 0, len = 1; len < INFLATE_MAX_BITS; len++)
		offset[len + 1] = (uint16_t)(offset[len] + c->count[len]);
	for (s = 0; s < nr; s++)
		if (length[s])
			c->symbol[offset[length[s]]++] = (uint16_t)s;
	fill_root(c, length, nr);
	return 0;
}

/* A code longer than the root table, or none: bit by bit. Return: symbol or -1. */
static int decode_long(struct inflate *z, const struct inflate_code *c)
{
	int code = 0, first = 0, index = 0;
	unsigned len;

	for (len = 1; len <= INFLATE_MAX_BITS; len++) {
		int count = c->count[len];

		code |= (int)(z->bits >> (len - 1) & 1);
		if (code - first < count) {
			(void)take(z, len);
			return c->symbol[index + code - first];
		}
		index += count;
		first = (first + count) << 1;
		code <<= 1;
	}
	return -1;
}

/* 15 bits at hand are enough. */
static inline int decode(struct inflate *z, const struct inflate_code *c)
{
	unsigned e = c->root[z->bits & ((1U << INFLATE_ROOT_BITS) - 1)];

	if (unlikely(!e))
		return decode_long(z, c);
	(void)take(z, e & 15);
	return (int)(e >> 4);
}

/* ---- blocks ---- */

static const uint16_t length_base[29] = { 3,  4,  5,  6,   7,	8,   9,	  10,  11, 13,
					  15, 17, 19, 23,  27,	31,  35,  43,  51, 59,
					  67, 83, 99, 115, 131, 163, 195, 227, 258 };
static const uint8_t length_extra[29] = { 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
					  2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0 };
static const uint16_t dist_base[INFLATE_DISTS] = { 1,	 2,    3,    4,	    5,	   7,	 9,    13,
						   17,	 25,   33,   49,    65,	   97,	 129,  193,
						   257,	 385,  513,  769,   1025,  1537, 2049, 3073,
						   4097, 6145, 8193, 12289, 16385, 24577 };
static const uint8_t dist_extra[INFLATE_DISTS] = { 0, 0, 0,  0,	 1,  1,	 2,  2,	 3,  3,
						   4, 4, 5,  5,	 6,  6,	 7,  7,	 8,  8,
						   9, 9, 10, 10, 11, 11, 12, 12, 13, 13 };

/* The distance that follows the length symbol @sym, and the copy. */
static int match(struct inflate *z, int sym)
{
	unsigned len, dist;
	int d;

	sym -= END_OF_BLOCK + 1;
	if (sym >= 29)
		return -EINVAL;
	len = length_base[sym] + take(z, length_extra[sym]);
	refill(z);
	d = decode(z, &z->dists);
	if (d < 0 || d >= INFLATE_DISTS)
		return -EINVAL;
	dist = dist_base[d] + get_bits(z, dist_extra[d]);
	return put_match(z, dist, len);
}

static int huffman_block(struct inflate *z)
{
	int err = 0, sym;

	while (!err) {
		refill(z);
		sym = decode(z, &z->literals);
		if (sym == END_OF_BLOCK)
			return 0;
		if (sym < 0)
			err = -EINVAL;
		else if (sym < END_OF_BLOCK)
			err = put_byte(z, (uint8_t)sym);
		else
			err = match(z, sym);
		if (unlikely(starved(z)))
			err = -EIO;
	}
	return err;
}

static int stored_block(struct inflate *z)
{
	unsigned len, inverse;
	int err = 0;

	(void)take(z, z->nr_bits & 7);
	len = get_bits(z, 16);
	inverse = get_bits(z, 16);
	if (starved(z))
		return -EIO;
	if ((len ^ inverse) != 0xffff)
		return -EINVAL;
	while (len-- && !err) {
		err = put_byte(z, (uint8_t)get_bits(z, 8));
		if (starved(z))
			err = -EIO;
	}
	return err;
}

static int fixed_codes(struct inflate *z)
{
	uint8_t length[INFLATE_LITERALS];
	unsigned s;

	for (s = 0; s < INFLATE_LITERALS; s++)
		length[s] = s < 144 ? 8 : s < 256 ? 9 : s < 280 ? 7 : 8;
	if (build_code(&z->literals, length, INFLATE_LITERALS))
		return -EINVAL;
	memset(length, 5, INFLATE_DISTS + 2);
	return build_code(&z->dists, length, INFLATE_DISTS + 2);
}

/* The code lengths of both codes, themselves coded (RFC 1951, 3.2.7). */
static int read_lengths(struct inflate *z, uint8_t *length, unsigned nr)
{
	unsigned n = 0;

	while (n < nr) {
		unsigned repeat, value = 0;
		int sym;

		refill(z);
		sym = decode(z, &z->literals);
		if (sym < 0 || starved(z))
			return sym < 0 ? -EINVAL : -EIO;
		if (sym < 16) {
			length[n++] = (uint8_t)sym;
			continue;
		}
		if (sym == 16) {
			if (n == 0)
				return -EINVAL;
			value = length[n - 1];
			repeat = 3 + get_bits(z, 2);
		} else {
			repeat = sym == 17 ? 3 + get_bits(z, 3) : 11 + get_bits(z, 7);
		}
		if (repeat > nr - n)
			return -EINVAL;
		memset(length + n, (int)value, repeat);
		n += repeat;
	}
	return 0;
}

static int dynamic_codes(struct inflate *z)
{
	static const uint8_t order[NR_LENGTH_CODES] = { 16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
							11, 4,	12, 3, 13, 2, 14, 1, 15 };
	uint8_t length[INFLATE_LITERALS + 32] = { 0 };
	unsigned nlit = get_bits(z, 5) + 257, ndist = get_bits(z, 5) + 1,
		 ncode = get_bits(z, 4) + 4, i;
	int err;

	if (nlit > 286 || ndist > INFLATE_DISTS)
		return -EINVAL;
	for (i = 0; i < ncode; i++)
		length[order[i]] = (uint8_t)get_bits(z, 3);
	err = build_code(&z->literals, length, NR_LENGTH_CODES);
	if (!err)
		err = read_lengths(z, length, nlit + ndist);
	if (err)
		return err;
	if (!length[END_OF_BLOCK])
		return -EINVAL;
	err = build_code(&z->dists, length + nlit, ndist);
	return err ? err : build_code(&z->literals, length, nlit);
}

static int inflate_blocks(struct inflate *z)
{
	unsigned last = 0;
	int err = 0;

	while (!last && !err) {
		unsigned type;

		last = get_bits(z, 1);
		type = get_bits(z, 2);
		if (type == 3)
			err = -EINVAL;
		else if (type == 0)
			err = stored_block(z);
		else
			err = type == 1 ? fixed_codes(z) : dynamic_codes(z);
		if (!err && type)
			err = huffman_block(z);
		if (starved(z))
			err = -EIO;
	}
	return err;
}

/* ---- the gzip member around it ---- */

enum { GZ_HCRC = 2, GZ_EXTRA = 4, GZ_NAME = 8, GZ_COMMENT = 16, GZ_RESERVED = 0xe0 };

static int skip_bytes(struct byte_source *in, unsigned n)
{
	while (n--)
		if (source_byte(in) < 0)
			return -EIO;
	return 0;
}

static int skip_string(struct byte_source *in)
{
	int c;

	do {
		c = source_byte(in);
	} while (c > 0);
	return c < 0 ? -EIO : 0;
}

static int skip_extra(struct byte_source *in)
{
	int lo = source_byte(in), hi = source_byte(in);

	return lo < 0 || hi < 0 ? -EIO : skip_bytes(in, (unsigned)(lo | hi << 8));
}

static int gzip_header(struct byte_source *in)
{
	int id1 = source_byte(in), id2 = source_byte(in), method = source_byte(in),
	    flags = source_byte(in);
	int err;

	if (flags < 0)
		return -EIO;
	if (id1 != 0x1f || id2 != 0x8b || method != 8 || (flags & GZ_RESERVED))
		return -EINVAL;
	err = skip_bytes(in, 6);
	if (!err && (flags & GZ_EXTRA))
		err = skip_extra(in);
	if (!err && (flags & GZ_NAME))
		err = skip_string(in);
	if (!err && (flags & GZ_COMMENT))
		err = skip_string(in);
	if (!err && (flags & GZ_HCRC))
		err = skip_bytes(in, 2);
	return err;
}

/* Eight bits without reading ahead: what follows the member is not ours. */
static unsigned get_byte(struct inflate *z)
{
	if (z->nr_bits < 8) {
		int c = source_byte(z->in);

		if (c < 0) {
			z->phantom += 8;
			c = 0;
		}
		z->bits |= (unsigned long)c << z->nr_bits;
		z->nr_bits += 8;
	}
	return take(z, 8);
}

static uint32_t get_u32(struct inflate *z)
{
	uint32_t v = 0;
	unsigned shift;

	for (shift = 0; shift < 32; shift += 8)
		v |= (uint32_t)get_byte(z) << shift;
	return v;
}

static int gzip_trailer(struct inflate *z)
{
	uint32_t crc, size;

	(void)take(z, z->nr_bits & 7);
	crc = get_u32(z);
	size = get_u32(z);
	if (starved(z))
		return -EIO;
	return crc == z->crc && size == (uint32_t)z->total ? 0 : -EINVAL;
}

int inflate_gzip(struct inflate *z, struct byte_source *in,
		 int (*sink)(void *, const void *, size_t), void *arg)
{
	int err = gzip_header(in);

	if (err)
		return err;
	z->in = in;
	z->sink = sink;
	z->arg = arg;
	z->bits = 0;
	z->nr_bits = z->phantom = z->pos = 0;
	z->total = 0;
	z->crc = 0;
	err = inflate_blocks(z);
	if (!err)
		err = flush(z);
	return err ? err : gzip_trailer(z);
}
