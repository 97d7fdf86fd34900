/* div64.c against the host's own 64-bit division. */
#include "lib/div64.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
/* cmocka needs the four headers above before it. */
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define __udivdi3    k_udivdi3
#define __umoddi3    k_umoddi3
#define __divdi3     k_divdi3
#define __moddi3     k_moddi3
#define __udivmoddi4 k_udivmoddi4
#define __divmoddi4  k_divmoddi4
#undef LIB_DIV64_H
#include "lib/div64.c"
#include "lib/div64.h"

static void check(uint64_t n, uint64_t d)
{
	int64_t sn = (int64_t)n, sd = (int64_t)d;
	uint64_t rem;

	if (!d)
		return;
	assert_int_equal(k_udivdi3(n, d), n / d);
	assert_int_equal(k_umoddi3(n, d), n % d);
	assert_int_equal(k_udivmoddi4(n, d, &rem), n / d);
	assert_int_equal(rem, n % d);
	if (sn == INT64_MIN && sd == -1)
		return;
	assert_int_equal(k_divdi3(sn, sd), sn / sd);
	assert_int_equal(k_moddi3(sn, sd), sn % sd);
}

static void div64_equals_hardware_on_edges(void **state)
{
	static const uint64_t edge[] = { 0,
					 1,
					 2,
					 3,
					 10,
					 0x7fffffff,
					 0x80000000,
					 0xffffffff,
					 0x100000000,
					 0x100000001,
					 0x1ffffffff,
					 0x7fffffffffffffff,
					 0x8000000000000000,
					 0x8000000000000001,
					 0xfffffffffffffffe,
					 0xffffffffffffffff };
	unsigned i, j;

	for (i = 0; i < ARRAY_SIZE(edge); i++)
		for (j = 0; j < ARRAY_SIZE(edge); j++)
			check(edge[i], edge[j]);
}

static uint64_t random64(void)
{
	uint64_t r = (uint64_t)random() << 42 ^ (uint64_t)random() << 21 ^ (uint64_t)random();

	return r >> (random() % 64);
}

static void div64_equals_hardware_on_random(void **state)
{
	unsigned i;

	srandom(1);
	for (i = 0; i < 1000000; i++)
		check(random64(), random64());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(div64_equals_hardware_on_edges),
		cmocka_unit_test(div64_equals_hardware_on_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
