/* Host tests of 9P messages: what goes out comes back, and what a bad server sends is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/errno.h"
#include "fs/p9_wire.h"

static void letters_both_ways(void **state)
{
	uint8_t mem[64];
	struct p9_buf out = { mem, 0, sizeof(mem), false }, in;
	struct p9_str name = { "a name", 6 }, back;
	uint8_t b;
	uint16_t w;
	uint32_t d;
	uint64_t q;

	p9_begin(&out, P9_WALK, 3);
	p9_put(&out, "bwdqs", 0xfe, 0xfedc, 0xfedcba98U, (uint64_t)0xfedcba9876543210ULL, &name);
	p9_end(&out, 0);
	assert_false(out.bad);
	assert_int_equal(out.at, 7 + 1 + 2 + 4 + 8 + 8);
	assert_int_equal(mem[0], 30);
	assert_int_equal(mem[4], P9_WALK);
	mem[4]++; /* as an answer */
	in = (struct p9_buf){ mem, 0, sizeof(mem), false };
	assert_int_equal(p9_check(&in, 30, P9_WALK, 3), 0);
	assert_int_equal(p9_get(&in, "bwdqs", &b, &w, &d, &q, &back), 0);
	assert_true(b == 0xfe && w == 0xfedc && d == 0xfedcba98U && q == 0xfedcba9876543210ULL);
	assert_int_equal(back.len, 6);
	assert_memory_equal(back.s, "a name", 6);
	assert_int_equal(p9_get(&in, "b", &b), -EIO); /* nothing is left */
}

static void room_ends(void **state)
{
	uint8_t mem[16] = { 0 };
	struct p9_buf out = { mem, 0, 12, false };
	struct p9_str name = { "long", 4 };

	p9_begin(&out, P9_CLUNK, 1);
	p9_put(&out, "s", &name);
	assert_true(out.bad);
	assert_int_equal(mem[12], 0);
}

static struct p9_buf answer(uint8_t *mem, uint32_t size, unsigned type, unsigned tag)
{
	const uint8_t head[] = { (uint8_t)size, (uint8_t)(size >> 8), 0, 0, (uint8_t)type,
				 (uint8_t)tag,	(uint8_t)(tag >> 8) };

	memcpy(mem, head, sizeof(head));
	return (struct p9_buf){ mem, 0, 16, false };
}

static void answers_that_are_none(void **state)
{
	uint8_t mem[16] = { 0 };
	struct p9_buf b = answer(mem, 7, P9_CLUNK + 1, 5);

	assert_int_equal(p9_check(&b, 7, P9_CLUNK, 5), 0);
	b = answer(mem, 7, P9_CLUNK + 1, 5);
	assert_int_equal(p9_check(&b, 6, P9_CLUNK, 5), -EIO); /* shorter than a header */
	b = answer(mem, 8, P9_CLUNK + 1, 5);
	assert_int_equal(p9_check(&b, 7, P9_CLUNK, 5), -EIO); /* says more than came */
	b = answer(mem, 3, P9_CLUNK + 1, 5);
	assert_int_equal(p9_check(&b, 7, P9_CLUNK, 5), -EIO); /* says less than a header */
	b = answer(mem, 7, P9_CLUNK + 1, 6);
	assert_int_equal(p9_check(&b, 7, P9_CLUNK, 5), -EIO); /* of another request */
	b = answer(mem, 7, P9_WALK + 1, 5);
	assert_int_equal(p9_check(&b, 7, P9_CLUNK, 5), -EIO);
	b = answer(mem, 7, P9_CLUNK, 5);
	assert_int_equal(p9_check(&b, 7, P9_CLUNK, 5), -EIO); /* a request */
}

static void errors_of_the_server(void **state)
{
	uint8_t mem[16] = { 0 };
	struct p9_buf b = answer(mem, 11, P9_RLERROR, 1);

	mem[7] = ENOENT;
	assert_int_equal(p9_check(&b, 11, P9_WALK, 1), -ENOENT);
	b = answer(mem, 11, P9_RLERROR, 1);
	mem[7] = 0;
	assert_int_equal(p9_check(&b, 11, P9_WALK, 1), -EIO); /* no error */
	b = answer(mem, 11, P9_RLERROR, 1);
	mem[8] = 0x10; /* 4096 */
	assert_int_equal(p9_check(&b, 11, P9_WALK, 1), -EIO);
	b = answer(mem, 10, P9_RLERROR, 1);
	assert_int_equal(p9_check(&b, 10, P9_WALK, 1), -EIO); /* cut */
}

static void strings_end_in_the_message(void **state)
{
	uint8_t mem[16] = { 0 };
	struct p9_buf b = answer(mem, 12, P9_READLINK + 1, 1);
	struct p9_str s;

	mem[7] = 4; /* bytes of which three came */
	assert_int_equal(p9_check(&b, 12, P9_READLINK, 1), 0);
	assert_int_equal(p9_get(&b, "s", &s), -EIO);
	assert_int_equal(s.len, 0);
	b = answer(mem, 12, P9_READLINK + 1, 1);
	mem[7] = 3;
	assert_int_equal(p9_check(&b, 12, P9_READLINK, 1), 0);
	assert_int_equal(p9_get(&b, "s", &s), 0);
	assert_int_equal(s.len, 3);
}

static void names(void **state)
{
	char big[300];
	struct p9_str n = { "file", 4 };

	memset(big, 'x', sizeof(big));
	assert_true(p9_name_ok(&n));
	n.len = 0;
	assert_false(p9_name_ok(&n));
	n = (struct p9_str){ "a/b", 3 };
	assert_false(p9_name_ok(&n));
	n = (struct p9_str){ "a\0b", 3 };
	assert_false(p9_name_ok(&n));
	n = (struct p9_str){ big, 255 };
	assert_true(p9_name_ok(&n));
	n.len = 256;
	assert_false(p9_name_ok(&n));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(letters_both_ways),
		cmocka_unit_test(room_ends),
		cmocka_unit_test(answers_that_are_none),
		cmocka_unit_test(errors_of_the_server),
		cmocka_unit_test(strings_end_in_the_message),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
