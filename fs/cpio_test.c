/* Host tests of the cpio parser: archives made here by hand, fed in pieces of every size, and broken ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/errno.h"
#include "fs/cpio.h"

struct archive {
	char bytes[65536];
	size_t len;
};

/* What the parser reported, as text. */
struct record {
	char text[65536];
	size_t len;
	int fail_at, calls;
};

static int note(struct record *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	r->len += (size_t)vsnprintf(r->text + r->len, sizeof(r->text) - r->len, fmt, ap);
	va_end(ap);
	return ++r->calls == r->fail_at ? -ENOSPC : 0;
}

static int on_begin(void *arg, const struct cpio_entry *e)
{
	return note(arg, "[%s %o %llu ino%u n%u %u:%u]", e->name, e->mode,
		    (unsigned long long)e->size, e->ino, e->nlink, e->rmajor, e->rminor);
}

static int on_data(void *arg, const void *p, size_t len)
{
	struct record *r = arg;

	memcpy(r->text + r->len, p, len);
	r->len += len;
	r->text[r->len] = '\0';
	return 0;
}

static int on_end(void *arg)
{
	return note(arg, ";");
}

static int on_trailer(void *arg)
{
	return note(arg, "END");
}

static const struct cpio_ops ops = { on_begin, on_data, on_end, on_trailer };

static void add(struct archive *a, const char *name, unsigned mode, const char *data, unsigned ino,
		unsigned nlink)
{
	size_t n = strlen(name) + 1, size = strlen(data);

	a->len += (size_t)sprintf(
		a->bytes + a->len, "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X",
		ino, mode, 0, 0, nlink, 77, (unsigned)size, 8, 1, 5, 6, (unsigned)n, 0);
	memcpy(a->bytes + a->len, name, n);
	a->len += n;
	while (a->len % 4)
		a->bytes[a->len++] = 0;
	memcpy(a->bytes + a->len, data, size);
	a->len += size;
	while (a->len % 4)
		a->bytes[a->len++] = 0;
}

static void make(struct archive *a)
{
	a->len = 0;
	add(a, ".", 040755, "", 1, 2);
	add(a, "init", 0100755, "#!/bin/sh\n", 2, 1);
	add(a, "dev/console", 020600, "", 3, 1);
	add(a, "link", 0120777, "init", 4, 1);
	add(a, "empty", 0100644, "", 5, 1);
	add(a, "TRAILER!!!", 0, "", 0, 1);
}

static const char expected[] = "[. 40755 0 ino1 n2 5:6];[init 100755 10 ino2 n1 5:6]#!/bin/sh\n;"
			       "[dev/console 20600 0 ino3 n1 5:6];[link 120777 4 ino4 n1 5:6]init;"
			       "[empty 100644 0 ino5 n1 5:6];END";

/* Feed @len bytes in pieces of @piece; Return: the parser's verdict. */
static int feed(struct cpio *c, const char *p, size_t len, size_t piece, size_t *total)
{
	size_t used = 0;
	int err = 0;

	*total = 0;
	while (*total < len && !err) {
		size_t n = len - *total < piece ? len - *total : piece;
		char *copy = malloc(n); /* exact size: the sanitizer sees every byte too far */

		memcpy(copy, p + *total, n);
		err = cpio_feed(c, copy, n, &used);
		free(copy);
		*total += used;
		if (!err && used < n)
			break;
	}
	return err;
}

static struct archive arch;
static struct record rec;
static struct cpio cpio;

static void reset(void)
{
	memset(&rec, 0, sizeof(rec));
	cpio_init(&cpio, &ops, &rec);
}

static void whole_archive_in_pieces_of_every_size(void **state)
{
	size_t piece, total;

	(void)state;
	make(&arch);
	for (piece = 1; piece <= arch.len; piece++) {
		reset();
		assert_int_equal(feed(&cpio, arch.bytes, arch.len, piece, &total), 0);
		assert_int_equal(total, arch.len);
		assert_string_equal(rec.text, expected);
		assert_true(cpio_idle(&cpio));
	}
}

static void several_archives_with_padding(void **state)
{
	struct archive *two = calloc(1, sizeof(*two));
	size_t total, gap;

	(void)state;
	make(&arch);
	for (gap = 0; gap < 9; gap++) {
		memcpy(two->bytes, arch.bytes, arch.len);
		memset(two->bytes + arch.len, 0, gap);
		memcpy(two->bytes + arch.len + gap, arch.bytes, arch.len);
		reset();
		assert_int_equal(feed(&cpio, two->bytes, 2 * arch.len + gap, 7, &total), 0);
		assert_int_equal(rec.len, 2 * (sizeof(expected) - 1));
		assert_int_equal(total, 2 * arch.len + gap);
	}
	free(two);
}

static void other_bytes_after_the_trailer_are_left(void **state)
{
	size_t used;

	(void)state;
	make(&arch);
	memset(arch.bytes + arch.len, 0, 512);
	memcpy(arch.bytes + arch.len + 512, "\x1f\x8b", 2);
	reset();
	assert_int_equal(cpio_feed(&cpio, arch.bytes, arch.len + 514, &used), 0);
	assert_int_equal(used, arch.len + 512);
	assert_true(cpio_idle(&cpio));
}

static void truncated_archive_is_not_idle(void **state)
{
	size_t len, total;

	(void)state;
	make(&arch);
	for (len = 1; len < arch.len - 3; len++) {
		reset();
		assert_int_equal(feed(&cpio, arch.bytes, len, 13, &total), 0);
		assert_false(cpio_idle(&cpio));
	}
}

static void broken_headers_are_refused(void **state)
{
	size_t i, used;

	(void)state;
	for (i = 0; i < CPIO_HEADER; i++) {
		make(&arch);
		arch.bytes[i] = 'x';
		reset();
		if (i == 0)
			continue; /* not cpio at all: left to the caller */
		assert_int_equal(cpio_feed(&cpio, arch.bytes, arch.len, &used), -EINVAL);
		assert_int_equal(cpio_feed(&cpio, arch.bytes, arch.len, &used), -EINVAL);
		assert_int_equal(rec.calls, 0);
	}
}

static void names_too_long_or_without_end_are_refused(void **state)
{
	static const char *const lengths[] = { "00000000", "00001001", "FFFFFFFF" };
	size_t i, used;

	(void)state;
	for (i = 0; i < 3; i++) {
		make(&arch);
		memcpy(arch.bytes + 94, lengths[i], 8);
		reset();
		assert_int_equal(cpio_feed(&cpio, arch.bytes, arch.len, &used), -EINVAL);
	}
	make(&arch);
	arch.bytes[111] = 'x'; /* the NUL of "." */
	reset();
	assert_int_equal(cpio_feed(&cpio, arch.bytes, arch.len, &used), -EINVAL);
}

static void an_error_of_the_callback_ends_it(void **state)
{
	size_t used;
	int n;

	(void)state;
	make(&arch);
	for (n = 1; n <= 11; n++) {
		reset();
		rec.fail_at = n;
		assert_int_equal(cpio_feed(&cpio, arch.bytes, arch.len, &used), -ENOSPC);
		assert_int_equal(rec.calls, n);
		assert_int_equal(cpio_feed(&cpio, arch.bytes, arch.len, &used), -EINVAL);
		assert_int_equal(rec.calls, n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_archive_in_pieces_of_every_size),
		cmocka_unit_test(several_archives_with_padding),
		cmocka_unit_test(other_bytes_after_the_trailer_are_left),
		cmocka_unit_test(truncated_archive_is_not_idle),
		cmocka_unit_test(broken_headers_are_refused),
		cmocka_unit_test(names_too_long_or_without_end_are_refused),
		cmocka_unit_test(an_error_of_the_callback_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
