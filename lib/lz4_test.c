/* LZ4 blocks: what others wrote is read, what is written is read back, and no input does harm. */
#include "lib/lz4.h"
#include "lib/prng.h"
#include "lib/string.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { N = 4096 };
static uint16_t table[LZ4_TABLE];

static size_t round_trip(const uint8_t *src, size_t n)
{
	static uint8_t packed[2 * N], back[N + 1];
	size_t len = lz4_compress(src, n, packed, sizeof(packed), table);

	assert_true(len > 0);
	memset(back, 0xa5, sizeof(back));
	assert_int_equal(lz4_decompress(packed, len, back, n), n);
	assert_memory_equal(back, src, n);
	assert_int_equal(back[n], 0xa5);
	assert_int_equal(lz4_compress(src, n, packed, len - 1, table), 0);
	assert_int_equal(lz4_compress(src, n, packed, len, table), len);
	return len;
}

static void there_and_back(void **state)
{
	static uint8_t src[N];
	struct prng r;

	(void)state;
	prng_seed(&r, 7);
	for (unsigned kind = 1; kind <= 256; kind *= 2) {
		for (size_t i = 0; i < N; i++)
			src[i] = (uint8_t)(prng_below(&r, 4) ? prng_below(&r, kind) : i / 8);
		for (size_t n = 0; n < 40; n++)
			(void)round_trip(src, n);
		(void)round_trip(src, N);
		(void)round_trip(src, N - 3);
	}
	memset(src, 9, N);
	assert_in_range(round_trip(src, N), 10, 40);
	for (size_t i = 0; i < N; i++)
		src[i] = (uint8_t)("the quick brown fox "[i % 20] + i / 400);
	assert_in_range(round_trip(src, N), 40, 600);
}

/* "abcd" eight times, and "tail!" behind: by hand, after the description of the format. */
static void a_block_of_others(void **state)
{
	static const uint8_t block[] = { 0x4f, 'a',  'b', 'c', 'd', 4,	 0,
					 9,    0x50, 't', 'a', 'i', 'l', '!' };
	uint8_t out[64];

	(void)state;
	assert_int_equal(lz4_decompress(block, sizeof(block), out, sizeof(out)), 37);
	assert_memory_equal(out, "abcdabcdabcdabcdabcdabcdabcdabcdtail!", 37);
	assert_int_equal(lz4_decompress(block, sizeof(block), out, 36), -1);
	for (size_t n = 0; n < sizeof(block); n++)
		(void)lz4_decompress(block, n, out, sizeof(out));
}

static void any_input_is_safe(void **state)
{
	struct prng r;
	uint8_t in[64], out[128];

	(void)state;
	prng_seed(&r, 3);
	for (unsigned i = 0; i < 200000; i++) {
		size_t n = prng_below(&r, sizeof(in));

		for (size_t k = 0; k < n; k++)
			in[k] = (uint8_t)(prng_below(&r, 3) ? prng_below(&r, 256)
							    : prng_below(&r, 4) * 85);
		assert_true(lz4_decompress(in, n, out, sizeof(out)) <= (long)sizeof(out));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(a_block_of_others),
		cmocka_unit_test(any_input_is_safe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
