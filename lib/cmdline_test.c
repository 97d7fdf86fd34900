/* Command-line words: Linux's quoting and precedence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/cmdline.h"
#include "lib/string.h"

static void word_with_and_without_value(void **state)
{
	char v[8];

	(void)state;
	assert_true(cmdline_get("quiet console=ttyS0 x=", "quiet", v, sizeof(v)));
	assert_string_equal(v, "");
	assert_true(cmdline_get("quiet console=ttyS0 x=", "console", v, sizeof(v)));
	assert_string_equal(v, "ttyS0");
	assert_true(cmdline_get("quiet console=ttyS0 x=", "x", v, sizeof(v)));
	assert_string_equal(v, "");
	assert_false(cmdline_get("quiet console=ttyS0", "cons", v, sizeof(v)));
	assert_false(cmdline_get("quiet console=ttyS0", "consoles", v, sizeof(v)));
	assert_false(cmdline_get("", "x", v, sizeof(v)));
}

static void last_one_wins_and_value_is_truncated(void **state)
{
	char v[4] = "";

	(void)state;
	assert_true(cmdline_get("a=1 b a=23456", "a", v, sizeof(v)));
	assert_string_equal(v, "234");
	assert_true(cmdline_get("a=1", "a", NULL, 0));
}

static void quotes_group_and_double_dash_ends(void **state)
{
	char v[32];

	(void)state;
	assert_true(cmdline_get("foo=\"a b\" c", "foo", v, sizeof(v)));
	assert_string_equal(v, "a b");
	assert_true(cmdline_get("\"foo=a b\" c", "foo", v, sizeof(v)));
	assert_string_equal(v, "a b");
	assert_false(cmdline_get("x -- foo=1", "foo", v, sizeof(v)));
	assert_true(cmdline_get("debug-exit", "debug_exit", v, sizeof(v)));
	assert_false(cmdline_get("foo=\"open foo2", "foo2", v, sizeof(v)));
}

static void numbers(void **state)
{
	(void)state;
	assert_int_equal(cmdline_get_u64("maxcpus=2", "maxcpus", 9), 2);
	assert_int_equal(cmdline_get_u64("maxcpus=0x10", "maxcpus", 9), 16);
	assert_int_equal(cmdline_get_u64("maxcpus=two", "maxcpus", 9), 9);
	assert_int_equal(cmdline_get_u64("", "maxcpus", 9), 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(word_with_and_without_value),
		cmocka_unit_test(last_one_wins_and_value_is_truncated),
		cmocka_unit_test(quotes_group_and_double_dash_ends),
		cmocka_unit_test(numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
