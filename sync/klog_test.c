/* The kernel log: numbering, overflow, reading, the console's level; and failpoints. */
#include "base/config.h"
#include "sync/failpoint.h"
#include "sync/klog.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
/* cmocka needs the headers above before it. */
#include <cmocka.h>

static char console[4096];

static void sink(const char *text, size_t len)
{
	strncat(console, text, len);
}

static void klog_records_keep_their_numbers(void **state)
{
	uint64_t seq = klog_end_seq(), first = seq;
	struct klog_record r;

	pr_info("one %d", 1);
	klog(KLOG_ERR, "two\n");
	assert_true(klog_next(&seq, &r));
	assert_int_equal(r.seq, first);
	assert_int_equal(r.level, KLOG_INFO);
	assert_int_equal(r.len, 5);
	assert_memory_equal(r.text, "one 1", 5);
	assert_true(klog_next(&seq, &r));
	assert_int_equal(r.seq, first + 1);
	assert_memory_equal(r.text, "two", 3);
	assert_int_equal(r.len, 3);
	assert_false(klog_next(&seq, &r));
	assert_int_equal(seq, klog_end_seq());
}

/* Lengths of all sizes, several times round the ring: what is left is the newest, whole and in order. */
static void klog_I1_I2_ring_keeps_the_newest(void **state)
{
	char line[600];
	struct klog_record r;
	uint64_t seq, end, expect;
	unsigned i, kept = 0;

	memset(line, 'x', sizeof(line));
	for (i = 0; i < 3000; i++)
		pr_info("%u %.*s", i, (int)(i * 7 % 520), line);
	end = klog_end_seq();
	seq = klog_first_seq();
	for (expect = seq; klog_next(&seq, &r); expect++, kept++) {
		char want[600];

		assert_int_equal(r.seq, expect);
		i = 3000 - (unsigned)(end - r.seq);
		snprintf(want, 480, "%u %.*s", i, (int)(i * 7 % 520), line);
		assert_int_equal(r.len, strlen(want));
		assert_memory_equal(r.text, want, r.len);
	}
	assert_int_equal(expect, end);
	assert_true(kept > 150 && kept < CFG_KLOG_SIZE / 16);
}

static void klog_old_number_gives_the_oldest(void **state)
{
	struct klog_record r;
	uint64_t seq = 0;

	assert_true(klog_next(&seq, &r));
	assert_int_equal(r.seq, klog_first_seq());
	klog_clear();
	assert_int_equal(klog_first_seq(), klog_end_seq());
}

static void klog_console_level_filters(void **state)
{
	klog_set_sink(sink);
	klog_set_console_level(KLOG_INFO);
	console[0] = '\0';
	pr_info("hidden");
	pr_err("shown");
	klog_set_sink(NULL);
	assert_null(strstr(console, "hidden"));
	assert_non_null(strstr(console, "] shown\n"));
	assert_int_equal(klog_console_level(), KLOG_INFO);
}

static void piece(const char *text, bool cont, bool ends)
{
	klog_piece(KLOG_ERR, text, strlen(text), cont, ends);
}

static void read_is(uint64_t *seq, const char *want)
{
	struct klog_record r;

	assert_true(klog_next(seq, &r));
	assert_int_equal(r.len, strlen(want));
	assert_memory_equal(r.text, want, r.len);
}

/* I3: neither read nor printed before it has ended, or somebody else has written. */
static void klog_I3_a_line_in_pieces_is_one_record(void **state)
{
	char line[481] = "";
	struct klog_record r;
	uint64_t seq = klog_end_seq(), first = seq;

	klog_set_sink(sink);
	console[0] = '\0';
	piece("one", false, false);
	piece(" two", true, false);
	assert_false(klog_next(&seq, &r));
	assert_int_equal(klog_end_seq(), first);
	assert_string_equal(console, "");
	piece(" three", true, true);
	read_is(&seq, "one two three");
	assert_non_null(strstr(console, "] one two three\n"));
	piece("alone", true, true); /* the line before has ended */
	read_is(&seq, "alone");
	piece("left", false, false);
	pr_err("other");
	piece("late", true, false);
	piece("next", false, false);
	read_is(&seq, "left");
	read_is(&seq, "other");
	read_is(&seq, "late");
	assert_false(klog_next(&seq, &r));
	klog_clear(); /* not what is still to come */
	assert_int_equal(klog_first_seq(), seq);
	memset(line, 'x', 477);
	piece(line, true, false); /* would be one character too long */
	read_is(&seq, "next");
	piece("yyy", true, true);
	strcat(line, "yyy");
	read_is(&seq, line);
	klog_set_sink(NULL);
	assert_int_equal(klog_end_seq(), first + 7);
}

/* A line that grows while the ring is full and its end is near throws away what is oldest, and nothing else. */
static void klog_I1_I3_growing_lines_round_the_ring(void **state)
{
	struct klog_record r;
	uint64_t seq;
	unsigned n = 0;

	for (unsigned i = 0; i < 2000; i++) {
		piece("0123456789", false, false);
		for (unsigned k = 0; k < i % 40; k++)
			piece("0123456789", true, false);
		piece("", true, true);
	}
	for (seq = klog_first_seq(); klog_next(&seq, &r); n++) {
		assert_int_equal(r.len % 10, 0);
		for (unsigned k = 0; k < r.len; k++)
			assert_int_equal(r.text[k], '0' + k % 10);
	}
	assert_true(n > 100);
	assert_int_equal(seq, klog_end_seq());
}

static void failpoint_fails_the_nth_once(void **state)
{
	failpoint_arm(3);
	assert_false(failpoint("a"));
	assert_false(failpoint("b"));
	assert_false(failpoint_fired());
	assert_true(failpoint("c"));
	assert_true(failpoint_fired());
	assert_false(failpoint("d"));
	assert_int_equal(failpoint_count(), 4);
	failpoint_arm(0);
	assert_false(failpoint("e"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(klog_records_keep_their_numbers),
		cmocka_unit_test(klog_I1_I2_ring_keeps_the_newest),
		cmocka_unit_test(klog_old_number_gives_the_oldest),
		cmocka_unit_test(klog_console_level_filters),
		cmocka_unit_test(klog_I3_a_line_in_pieces_is_one_record),
		cmocka_unit_test(klog_I1_I3_growing_lines_round_the_ring),
		cmocka_unit_test(failpoint_fails_the_nth_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
