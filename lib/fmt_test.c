/* fmt.c against the host's snprintf. */
#include "lib/fmt.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* cmocka needs the headers above before it. */
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define SAME(size, ...)                                                                            \
	do {                                                                                       \
		char a[128], b[128];                                                               \
		memset(a, '#', sizeof(a));                                                         \
		memset(b, '#', sizeof(b));                                                         \
		assert_int_equal(fmt_snprintf(a, size, __VA_ARGS__),                               \
				 snprintf(b, size, __VA_ARGS__));                                  \
		assert_memory_equal(a, b, sizeof(a));                                              \
	} while (0)

#pragma GCC diagnostic ignored "-Wpragmas"
#pragma GCC diagnostic ignored "-Wunknown-warning-option"
#pragma GCC diagnostic ignored "-Wformat"
#pragma GCC diagnostic ignored "-Wformat-truncation"
#pragma GCC diagnostic ignored "-Wformat-security"
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

static void fmt_plain_and_strings(void **state)
{
	SAME(128, "plain");
	SAME(128, "%s|%10s|%-10s|%.3s|%10.2s|%-8.2s|", "abc", "abc", "abc", "abcdef", "abcdef",
	     "abcdef");
	SAME(128, "%c|%5c|%-5c|%%", 'x', 'y', 'z');
	SAME(128, "%*s|%-*s|%.*s", 7, "ab", 7, "cd", 2, "efgh");
	SAME(128, "%*s|%.*s", -7, "ab", -1, "cd");
	SAME(128, "%p", (void *)0x123456789abcdef0);
}

static void fmt_truncates_like_snprintf(void **state)
{
	size_t size;

	for (size = 0; size < 20; size++)
		SAME(size, "%s %d %x", "hello", 12345, 0xabcd);
}

static void fmt_lengths(void **state)
{
	SAME(128, "%hhd %hhu %hd %hu", 300, 300, 70000, 70000);
	SAME(128, "%ld %lu %lx %lo", -5L, 5UL, 0xffffffffffUL, 0777UL);
	SAME(128, "%lld %llu %llx", INT64_MIN, UINT64_MAX, UINT64_MAX);
	SAME(128, "%zu %zx %jd", (size_t)123456, (size_t)0xabc, (intmax_t)-1);
}

/* Every combination of flags, widths and precisions over numbers of all sizes. */
static void fmt_numbers_all_flags(void **state)
{
	static const int64_t values[] = { 0,
					  1,
					  -1,
					  9,
					  10,
					  4095,
					  -4096,
					  2147483647,
					  -2147483648LL,
					  4294967296LL,
					  1234567890123LL,
					  INT64_MAX,
					  INT64_MIN };
	const char *convs = "diuxXo";
	unsigned v, flags, width, precision, c;

	for (v = 0; v < sizeof(values) / sizeof(*values); v++)
		for (c = 0; convs[c]; c++)
			for (flags = 0; flags < 32; flags++)
				for (width = 0; width < 30; width += 7)
					for (precision = 0; precision < 5; precision++) {
						char f[32];
						int n = sprintf(
							f, "<%%%s%s%s%s%s", flags & 1 ? "-" : "",
							flags & 2 ? "+" : "", flags & 4 ? " " : "",
							flags & 8 ? "#" : "",
							flags & 16 ? "0" : "");
						if (width)
							n += sprintf(f + n, "%u", width);
						if (precision)
							n += sprintf(f + n, ".%u",
								     (precision - 1) * 5);
						sprintf(f + n, "ll%c>", convs[c]);
						SAME(128, f, (long long)values[v]);
					}
}

static void fmt_scnprintf_returns_what_is_stored(void **state)
{
	char b[5];

	assert_int_equal(fmt_scnprintf(b, sizeof(b), "%d", 123456), 4);
	assert_string_equal(b, "1234");
	assert_int_equal(fmt_scnprintf(b, 0, "x"), 0);
	assert_int_equal(fmt_scnprintf(b, sizeof(b), "ab"), 2);
}

static void fmt_null_string(void **state)
{
	const char *volatile format = "%s";
	char b[16];

	fmt_snprintf(b, sizeof(b), format, (char *)NULL);
	assert_string_equal(b, "(null)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fmt_plain_and_strings),
		cmocka_unit_test(fmt_truncates_like_snprintf),
		cmocka_unit_test(fmt_lengths),
		cmocka_unit_test(fmt_numbers_all_flags),
		cmocka_unit_test(fmt_null_string),
		cmocka_unit_test(fmt_scnprintf_returns_what_is_stored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
