/* string.c under other names, against the host's C library. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define memmove k_memmove
#define memchr	k_memchr
#define strlen	k_strlen
#define strnlen k_strnlen
#define strcmp	k_strcmp
#define strncmp k_strncmp
#define strchr	k_strchr
#define strrchr k_strrchr
#define strstr	k_strstr
#include "lib/string.h"
#undef memcpy
#undef memset
#undef memcmp
#define memcpy k_memcpy
#define memset k_memset
#define memcmp k_memcmp
void *k_memcpy(void *dst, const void *src, size_t n);
void *k_memset(void *dst, int c, size_t n);
int k_memcmp(const void *x, const void *y, size_t n);
#include "lib/string.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef memchr
#undef strlen
#undef strnlen
#undef strcmp
#undef strncmp
#undef strchr
#undef strrchr
#undef strstr

enum { AREA = 700 };
static unsigned char a[AREA], b[AREA];

static void fill(void)
{
	unsigned i;

	for (i = 0; i < AREA; i++)
		a[i] = b[i] = (unsigned char)random();
}

static void string_memcpy_all_lengths(void **state)
{
	size_t n, shift;

	for (n = 0; n < 300; n++)
		for (shift = 0; shift < 9; shift++) {
			fill();
			assert_ptr_equal(k_memcpy(a + 350 + shift, a + 1, n), a + 350 + shift);
			memcpy(b + 350 + shift, b + 1, n);
			assert_memory_equal(a, b, AREA);
		}
}

static void string_memmove_overlaps(void **state)
{
	unsigned i;

	for (i = 0; i < 40000; i++) {
		size_t n = (size_t)random() % 300, d = (size_t)random() % 350,
		       s = d + 40 - (size_t)random() % 80;

		if (s > 350)
			continue;
		fill();
		assert_ptr_equal(k_memmove(a + d, a + s, n), a + d);
		memmove(b + d, b + s, n);
		assert_memory_equal(a, b, AREA);
	}
}

static void string_memset_all_lengths(void **state)
{
	size_t n, shift;

	for (n = 0; n < 300; n++)
		for (shift = 0; shift < 9; shift++) {
			fill();
			k_memset(a + 100 + shift, 0xa5, n);
			memset(b + 100 + shift, 0xa5, n);
			assert_memory_equal(a, b, AREA);
		}
}

static int sign(int n)
{
	return (n > 0) - (n < 0);
}

static void string_compare(void **state)
{
	static const char *const words[] = { "",  "a",	  "ab",	    "abc",   "abd",
					     "b", "\x80", "abcabc", "abcabd" };
	size_t i, j, n;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		for (j = 0; j < ARRAY_SIZE(words); j++) {
			assert_int_equal(sign(k_strcmp(words[i], words[j])),
					 sign(strcmp(words[i], words[j])));
			for (n = 0; n < 8; n++)
				assert_int_equal(sign(k_strncmp(words[i], words[j], n)),
						 sign(strncmp(words[i], words[j], n)));
			assert_ptr_equal(k_strstr(words[i], words[j]), strstr(words[i], words[j]));
		}
	fill();
	for (n = 0; n < 64; n++) {
		assert_int_equal(k_memcmp(a, b, 64), 0);
		b[n] ^= 0x40;
		assert_int_equal(sign(k_memcmp(a, b, 64)), sign(memcmp(a, b, 64)));
		b[n] ^= 0x40;
	}
}

static void string_search(void **state)
{
	const char *s = "a path/with/parts";

	assert_int_equal(k_strlen(s), strlen(s));
	assert_int_equal(k_strnlen(s, 5), 5);
	assert_int_equal(k_strnlen("ab", 5), 2);
	assert_ptr_equal(k_strchr(s, '/'), strchr(s, '/'));
	assert_ptr_equal(k_strrchr(s, '/'), strrchr(s, '/'));
	assert_ptr_equal(k_strchr(s, 0), strchr(s, 0));
	assert_ptr_equal(k_strrchr(s, 0), strrchr(s, 0));
	assert_null(k_strchr(s, 'z'));
	assert_null(k_strrchr(s, 'z'));
	assert_ptr_equal(k_memchr(s, 'w', 17), memchr(s, 'w', 17));
	assert_null(k_memchr(s, 'w', 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(string_memcpy_all_lengths),
		cmocka_unit_test(string_memmove_overlaps),
		cmocka_unit_test(string_memset_all_lengths),
		cmocka_unit_test(string_compare),
		cmocka_unit_test(string_search),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
