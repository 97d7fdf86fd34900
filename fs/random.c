/*
 * Random bytes: ChaCha20 with fast key erasure.
 *
 * OWNS     one 256-bit key, a small stock of bytes.
 * WHY      each request turns the key into a new key and a key of its own; the bytes come from that one, without the
 *          lock, and are forgotten. Who reads the memory later cannot compute earlier output.
 * I1       the key is used once: a request replaces it before it is released.
 * I2       small requests (exec's) are served from a stock, made of one key; what has been handed out is zero there. Who
 *          mixes in something is not served from bytes that are older.
 * LOCKS    random_lock (rank OBJECT) around key and stock.
 * CONTEXT  any that may take a spinlock; never sleeps, never fails.
 * COST     one block (20 rounds) per request and one per 64 bytes; of at most 64 bytes: five blocks for 256 bytes.
 * SOURCES  Bernstein 2008 (ChaCha), RFC 8439 section 2.3, Bernstein 2017 (fast-key-erasure generators), random(4).
 */
#include "fs/random.h"

#include "arch/random.h"
#include "kernel/time.h"
#include "lib/string.h"
#include "sync/spinlock.h"
#include "sync/thread.h"
#include "vfs_impl.h"

enum { KEY_WORDS = 8, BLOCK_WORDS = 16, BLOCK_BYTES = 64 };
enum { STOCK_BYTES = 4 * BLOCK_BYTES, STOCK_TAKE_MAX = BLOCK_BYTES };

static struct spinlock random_lock = SPINLOCK_INIT(RANK_OBJECT);
static uint32_t key[KEY_WORDS];
static uint64_t requests;
static uint32_t stock[STOCK_BYTES / sizeof(uint32_t)]; /* its first stock_left bytes are good */
static unsigned stock_left;

static inline uint32_t rotl(uint32_t v, unsigned n)
{
	return v << n | v >> (32 - n);
}

static always_inline_ void quarter(uint32_t *s, unsigned a, unsigned b, unsigned c, unsigned d)
{
	s[a] += s[b];
	s[d] = rotl(s[d] ^ s[a], 16);
	s[c] += s[d];
	s[b] = rotl(s[b] ^ s[c], 12);
	s[a] += s[b];
	s[d] = rotl(s[d] ^ s[a], 8);
	s[c] += s[d];
	s[b] = rotl(s[b] ^ s[c], 7);
}

static void chacha_block(const uint32_t k[KEY_WORDS], uint64_t counter, uint64_t nonce,
			 uint32_t out[BLOCK_WORDS])
{
	uint32_t in[BLOCK_WORDS] = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 };
	unsigned i;

	memcpy(in + 4, k, KEY_WORDS * sizeof(*k));
	in[12] = (uint32_t)counter;
	in[13] = (uint32_t)(counter >> 32);
	in[14] = (uint32_t)nonce;
	in[15] = (uint32_t)(nonce >> 32);
	memcpy(out, in, sizeof(in));
	for (i = 0; i < 10; i++) {
		quarter(out, 0, 4, 8, 12);
		quarter(out, 1, 5, 9, 13);
		quarter(out, 2, 6, 10, 14);
		quarter(out, 3, 7, 11, 15);
		quarter(out, 0, 5, 10, 15);
		quarter(out, 1, 6, 11, 12);
		quarter(out, 2, 7, 8, 13);
		quarter(out, 3, 4, 9, 14);
	}
	for (i = 0; i < BLOCK_WORDS; i++)
		out[i] += in[i];
}

/* Replace the key; @fresh gets a key for one use. */
static void next_key(uint32_t fresh[KEY_WORDS]) must_hold(random_lock)
{
	uint32_t block[BLOCK_WORDS];

	chacha_block(key, requests++, arch_entropy(), block);
	memcpy(key, block, sizeof(key));
	memcpy(fresh, block + KEY_WORDS, sizeof(key));
}

/* Fill the stock from a key of its own. */
static void stock_fill(void) must_hold(random_lock)
{
	uint32_t own[KEY_WORDS];

	next_key(own);
	for (unsigned i = 0; i < STOCK_BYTES / BLOCK_BYTES; i++)
		chacha_block(own, i, 0, stock + i * BLOCK_WORDS);
	stock_left = STOCK_BYTES;
}

/* What is handed out is forgotten here. */
static void stock_take(void *buf, size_t len)
{
	char *from;

	spin_lock(&random_lock);
	if (stock_left < len)
		stock_fill();
	stock_left -= (unsigned)len;
	from = (char *)stock + stock_left;
	memcpy(buf, from, len);
	memset(from, 0, len);
	spin_unlock(&random_lock);
}

void random_bytes(void *buf, size_t len)
{
	uint32_t own[KEY_WORDS], block[BLOCK_WORDS];
	uint64_t counter = 0;
	char *out = buf;

	if (len <= STOCK_TAKE_MAX) {
		stock_take(buf, len);
		return;
	}
	spin_lock(&random_lock);
	next_key(own);
	spin_unlock(&random_lock);
	while (len) {
		size_t n = min_of(size_t, len, BLOCK_BYTES);

		chacha_block(own, counter++, 0, block);
		memcpy(out, block, n);
		out += n;
		len -= n;
	}
}

void random_mix(const void *data, size_t len)
{
	const unsigned char *p = data;
	uint32_t unused[KEY_WORDS];
	size_t i;

	spin_lock(&random_lock);
	for (i = 0; i < len; i++) {
		key[i / 4 % KEY_WORDS] ^= (uint32_t)p[i] << i % 4 * 8;
		if (i % sizeof(key) == sizeof(key) - 1)
			next_key(unused);
	}
	next_key(unused);
	stock_left = 0;
	spin_unlock(&random_lock);
}

void random_init(void)
{
	uint64_t seed[8];
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(seed); i++)
		seed[i] = (uint64_t)arch_entropy() << 32 ^ arch_entropy() ^ clock_ns();
	seed[0] ^= realtime_ns();
	random_mix(seed, sizeof(seed));
}
