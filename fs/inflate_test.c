/* Host tests of the gzip decoder: against what the gzip program makes, and against corrupt input. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/errno.h"
#include "fs/inflate.h"
#include "sim/pieces.h"

enum { MAX_OUT = 1 << 22 };

struct output {
	uint8_t *p;
	size_t len;
	size_t fail_at;
};

static struct inflate z;

static int store(void *arg, const void *p, size_t len)
{
	struct output *o = arg;

	if (o->len + len > MAX_OUT || (o->fail_at && o->len + len >= o->fail_at))
		return -ENOSPC;
	memcpy(o->p + o->len, p, len);
	o->len += len;
	return 0;
}

/* Decode; *rest gets the bytes behind the member. */
static int decode(const uint8_t *gz, size_t len, size_t piece, struct output *o, size_t *rest)
{
	struct input in = { .s.fill = next_piece, .p = gz, .left = len, .piece = piece };
	int err;

	o->len = 0;
	err = inflate_gzip(&z, &in.s, store, o);
	*rest = in.left + (size_t)(in.s.end - in.s.p);
	free(in.copy);
	return err;
}

/* Run gzip with @options over @data. Return: the compressed bytes. */
static uint8_t *compress(const char *options, const uint8_t *data, size_t len, size_t *out_len)
{
	char in[] = "/tmp/inflate_testXXXXXX", cmd[128];
	uint8_t *out = malloc(MAX_OUT);
	int fd = mkstemp(in);
	FILE *f;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), (ssize_t)len);
	close(fd);
	snprintf(cmd, sizeof(cmd), "gzip -c %s %s", options, in);
	f = popen(cmd, "r");
	assert_non_null(f);
	*out_len = fread(out, 1, MAX_OUT, f);
	assert_int_equal(pclose(f), 0);
	unlink(in);
	return out;
}

/* Text-like, random, constant, and sparse data in turn. */
static size_t sample(unsigned kind, uint8_t *p)
{
	size_t n = kind == 0 ? 0 : kind == 1 ? 1 : 200000 + kind * 7777, i;

	srand(kind + 1);
	for (i = 0; i < n; i++) {
		unsigned r = (unsigned)rand();

		if (kind % 4 == 0)
			p[i] = (uint8_t)("etaoin shrdlu\n"[r % 14]);
		else if (kind % 4 == 1)
			p[i] = (uint8_t)r;
		else if (kind % 4 == 2)
			p[i] = (uint8_t)(i > 40000 && r % 3 ? p[i - 32768 + (r & 1)] : r % 200);
		else
			p[i] = r % 100 ? 0 : (uint8_t)r;
	}
	return n;
}

static void what_gzip_makes_is_decoded(void **state)
{
	static const char *const options[] = { "-1", "-6", "-9", "-n9" };
	uint8_t *data = malloc(MAX_OUT);
	struct output o = { .p = malloc(MAX_OUT) };
	unsigned kind, opt;

	(void)state;
	for (kind = 0; kind < 9; kind++) {
		size_t n = sample(kind, data);

		for (opt = 0; opt < 4; opt++) {
			size_t len, rest;
			uint8_t *gz = compress(options[opt], data, n, &len);

			assert_int_equal(decode(gz, len, kind % 2 ? 4096 : 1, &o, &rest), 0);
			assert_int_equal(rest, 0);
			assert_int_equal(o.len, n);
			assert_memory_equal(o.p, data, n);
			free(gz);
		}
	}
	free(data);
	free(o.p);
}

static void bytes_behind_the_member_stay_in_the_source(void **state)
{
	uint8_t data[5000], *gz;
	struct output o = { .p = malloc(MAX_OUT) };
	size_t n, len, rest, extra;

	(void)state;
	for (n = 0; n < 60; n++) {
		memset(data, 'a' + (int)n, sizeof(data));
		data[n] = '!';
		gz = compress("-9", data, n * 80, &len);
		for (extra = 0; extra < 20; extra++) {
			memset(gz + len, 0x55, extra);
			assert_int_equal(decode(gz, len + extra, 4096, &o, &rest), 0);
			assert_int_equal(rest, extra);
		}
		free(gz);
	}
	free(o.p);
}

static void every_truncation_is_an_error(void **state)
{
	uint8_t *data = malloc(MAX_OUT), *gz;
	struct output o = { .p = malloc(MAX_OUT) };
	size_t n = sample(2, data), len, rest, cut;

	(void)state;
	gz = compress("-6", data, n < 3000 ? n : 3000, &len);
	for (cut = 0; cut < len; cut++)
		assert_int_equal(decode(gz, cut, 64, &o, &rest), -EIO);
	free(data);
	free(gz);
	free(o.p);
}

static void no_flipped_bit_goes_unnoticed(void **state)
{
	uint8_t *data = malloc(MAX_OUT), *gz;
	struct output o = { .p = malloc(MAX_OUT) };
	size_t len, rest, bit;

	(void)state;
	sample(4, data);
	gz = compress("-n6", data, 600, &len);
	for (bit = 10 * 8; bit < len * 8;
	     bit++) { /* behind the header, whose times and flags may be anything */
		int err;

		gz[bit / 8] ^= (uint8_t)(1u << bit % 8);
		err = decode(gz, len, 4096, &o, &rest);
		gz[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (err == 0) { /* only where two encodings mean the same bytes */
			assert_int_equal(o.len, 600);
			assert_memory_equal(o.p, data, 600);
		}
	}
	free(data);
	free(gz);
	free(o.p);
}

static void bad_headers_are_refused(void **state)
{
	uint8_t data[100] = "hello", *gz;
	struct output o = { .p = malloc(MAX_OUT) };
	size_t len, rest, i;

	(void)state;
	gz = compress("-n", data, 100, &len);
	for (i = 0; i < 3; i++) {
		gz[i] ^= 1;
		assert_int_equal(decode(gz, len, 4096, &o, &rest), -EINVAL);
		gz[i] ^= 1;
	}
	gz[3] = 0xe0;
	assert_int_equal(decode(gz, len, 4096, &o, &rest), -EINVAL);
	free(gz);
	free(o.p);
}

static void an_error_of_the_sink_ends_it(void **state)
{
	uint8_t *data = calloc(1, 300000), *gz;
	struct output o = { .p = malloc(MAX_OUT), .fail_at = 100000 };
	size_t len, rest;

	(void)state;
	gz = compress("-9", data, 300000, &len);
	assert_int_equal(decode(gz, len, 4096, &o, &rest), -ENOSPC);
	assert_true(o.len < 100000);
	free(data);
	free(gz);
	free(o.p);
}

static void crc_has_its_published_value(void **state)
{
	(void)state;
	assert_int_equal(crc32_update(0, "123456789", 9), 0xcbf43926u);
	assert_int_equal(crc32_update(crc32_update(0, "1234", 4), "56789", 5), 0xcbf43926u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(crc_has_its_published_value),
		cmocka_unit_test(what_gzip_makes_is_decoded),
		cmocka_unit_test(bytes_behind_the_member_stay_in_the_source),
		cmocka_unit_test(every_truncation_is_an_error),
		cmocka_unit_test(no_flipped_bit_goes_unnoticed),
		cmocka_unit_test(bad_headers_are_refused),
		cmocka_unit_test(an_error_of_the_sink_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
