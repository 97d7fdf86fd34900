/* Structures of both ABIs against what a compiler makes of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "lib/layout32.h"

struct wide {
	int a;
	long b;
	short c;
	unsigned long d;
	uint64_t q;
	char e[3];
	long f[2];
};

struct __attribute__((packed, aligned(4))) narrow {
	int32_t a;
	int32_t b;
	int16_t c;
	int16_t pad;
	uint32_t d;
	uint64_t q;
	char e[3];
	char pad2;
	int32_t f[2];
};

static const char layout[] = "ilspq3b2l";

static void sizes(void **state)
{
	assert_int_equal(layout32_size(layout), sizeof(struct narrow));
	assert_int_equal(layout32_size("2l"), 8);
	assert_int_equal(layout32_size("iq"), 12);
	assert_int_equal(layout32_size("qi"), 12);
	assert_int_equal(layout32_size("is"), 8);
	assert_int_equal(layout32_size(""), 0);
}

static void widens(void **state)
{
	struct narrow n = { -1, -2, -3, 99, 0xfffffffe, 1ULL << 40, { 1, 2, 3 }, 9, { -5, 6 } };
	struct wide w;

	memset(&w, 0xaa, sizeof(w));
	layout32_widen(&w, &n, layout);
	assert_int_equal(w.a, -1);
	assert_true(w.b == -2); /* a long has a sign */
	assert_int_equal(w.c, -3);
	assert_true(w.d == 0xfffffffe); /* a pointer has none */
	assert_true(w.q == 1ULL << 40);
	assert_memory_equal(w.e, n.e, 3);
	assert_true(w.f[0] == -5 && w.f[1] == 6);
}

static void narrows(void **state)
{
	struct wide w = { -1, -2, -3, 0x1fffffffe, 1ULL << 40, { 1, 2, 3 }, { -5, 6 } };
	struct narrow want = { -1, -2, -3, 0, 0xfffffffe, 1ULL << 40, { 1, 2, 3 }, 0, { -5, 6 } },
		      got;

	memset(&got, 0xaa, sizeof(got));
	layout32_narrow(&got, &w, layout);
	assert_memory_equal(&got, &want, sizeof(got));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes),
		cmocka_unit_test(widens),
		cmocka_unit_test(narrows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
