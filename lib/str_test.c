/* str.c: bounded copy, numbers and sizes. */
#include "base/errno.h"
#include "lib/string.h"
#include <setjmp.h>
#include <stdarg.h>
/* cmocka needs the headers above before it. */
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void str_copy_always_ends(void **state)
{
	char b[4];

	assert_int_equal(str_copy(b, "abcdef", sizeof(b)), 3);
	assert_string_equal(b, "abc");
	assert_int_equal(str_copy(b, "", sizeof(b)), 0);
	assert_string_equal(b, "");
	assert_int_equal(str_copy(b, "x", 0), 0);
}

static uint64_t number(const char *s)
{
	uint64_t n = 0;

	assert_int_equal(str_to_u64(s, &n), 0);
	return n;
}

static void str_numbers(void **state)
{
	uint64_t n = 7;

	assert_int_equal(number("0"), 0);
	assert_int_equal(number("123"), 123);
	assert_int_equal(number("0x1F"), 31);
	assert_int_equal(number("017"), 15);
	assert_int_equal(number("18446744073709551615"), UINT64_MAX);
	assert_int_equal(number("42\n"), 42);
	assert_int_equal(str_to_u64("18446744073709551616", &n), -ERANGE);
	assert_int_equal(str_to_u64("", &n), -EINVAL);
	assert_int_equal(str_to_u64("x", &n), -EINVAL);
	assert_int_equal(str_to_u64("12a", &n), -EINVAL);
	assert_int_equal(str_to_u64("0x", &n), -EINVAL);
	assert_int_equal(str_to_u64("-1", &n), -EINVAL);
	assert_int_equal(n, 7);
}

static void str_sizes(void **state)
{
	const char *end;

	assert_int_equal(str_to_size("64M", &end), 64 << 20);
	assert_int_equal(*end, 0);
	assert_int_equal(str_to_size("512K@0", &end), 512 << 10);
	assert_int_equal(*end, '@');
	assert_int_equal(str_to_size("2g", NULL), 2ULL << 30);
	assert_int_equal(str_to_size("4096", NULL), 4096);
	assert_int_equal(str_to_size("99999999999T", NULL), UINT64_MAX);
	assert_int_equal(str_to_size("", &end), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(str_copy_always_ends),
		cmocka_unit_test(str_numbers),
		cmocka_unit_test(str_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
