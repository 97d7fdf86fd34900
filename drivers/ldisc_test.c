/* The line discipline: one behaviour of termios(3) per test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "drivers/ldisc.h"
#include "lib/string.h"

static struct ldisc l;

static int setup(void **state)
{
	(void)state;
	ldisc_init(&l);
	return 0;
}

static unsigned type(const char *s)
{
	return ldisc_receive(&l, (const uint8_t *)s, strlen(s));
}

/* Read with a buffer of @size; expect exactly @want. */
static void expect_read_n(const char *want, size_t size)
{
	char buf[64];
	bool done;
	size_t n = ldisc_read(&l, (uint8_t *)buf, size, &done);

	buf[n] = 0;
	assert_string_equal(buf, want);
}

static void expect_read(const char *want)
{
	expect_read_n(want, 63);
}

static void expect_output(const char *want)
{
	char buf[256];
	const uint8_t *run;
	size_t n = 0, k;

	while ((k = ldisc_output(&l, &run)) != 0) {
		memcpy(buf + n, run, k);
		n += k;
		ldisc_output_sent(&l, k);
	}
	buf[n] = 0;
	assert_string_equal(buf, want);
}

static void set_flags(uint32_t set_l, uint32_t clear_l)
{
	struct termios_k t = l.t;

	t.c_lflag = (t.c_lflag | set_l) & ~clear_l;
	ldisc_set_termios(&l, &t);
}

static void set_iflag(uint32_t set, uint32_t clear)
{
	struct termios_k t = l.t;

	t.c_iflag = (t.c_iflag | set) & ~clear;
	ldisc_set_termios(&l, &t);
}

static void set_oflag(uint32_t set, uint32_t clear)
{
	struct termios_k t = l.t;

	t.c_oflag = (t.c_oflag | set) & ~clear;
	ldisc_set_termios(&l, &t);
}

static void line_is_readable_only_when_ended(void **state)
{
	type("ls");
	assert_false(ldisc_readable(&l));
	assert_int_equal(ldisc_pending(&l), 0);
	type("\r");
	assert_true(ldisc_readable(&l));
	assert_int_equal(ldisc_pending(&l), 3);
	expect_output("ls\r\n");
	expect_read("ls\n");
	assert_false(ldisc_readable(&l));
}

static void one_line_per_read_and_rest_stays(void **state)
{
	type("one\ntwo\n");
	expect_read_n("on", 2);
	expect_read("e\n");
	expect_read("two\n");
}

static void eof_ends_line_without_byte(void **state)
{
	bool done;
	uint8_t c;

	type("ab\4");
	assert_int_equal(ldisc_pending(&l), 2);
	expect_read("ab");
	assert_false(ldisc_readable(&l));
	type("\4");
	assert_true(ldisc_readable(&l));
	assert_int_equal(ldisc_read(&l, &c, 1, &done), 0);
	assert_true(done);
	expect_output("ab");
}

static void eof_behind_full_buffer_is_taken(void **state)
{
	type("ab\4");
	expect_read_n("ab", 2);
	assert_false(ldisc_readable(&l));
}

static void erase_removes_last_char_and_its_echo(void **state)
{
	type("ab\177\177\177c\n");
	expect_output("ab\b \b\b \bc\r\n");
	expect_read("c\n");
}

static void erase_of_control_char_takes_two_columns(void **state)
{
	type("\001\177\n");
	expect_output("^A\b \b\b \b\r\n");
	expect_read("\n");
}

static void erase_of_tab_goes_back_to_its_start(void **state)
{
	ldisc_write(&l, (const uint8_t *)"$ ", 2);
	type("a\t\177");
	expect_output("$ a\t\b\b\b\b\b");
	type("\n");
	expect_read("a\n");
}

static void erase_of_utf8_takes_the_whole_sequence(void **state)
{
	set_iflag(IUTF8, 0);
	type("x\303\244\177\n");
	expect_output("x\303\244\b \b\r\n");
	expect_read("x\n");
}

static void kill_erases_line(void **state)
{
	type("one\n");
	expect_output("one\r\n");
	type("abc\025d\n");
	expect_output("abc\b \b\b \b\b \bd\r\n");
	expect_read("one\n");
	expect_read("d\n");
}

static void kill_without_echoke_starts_new_line(void **state)
{
	set_flags(0, ECHOKE);
	type("abc\025d\n");
	expect_output("abc^U\r\nd\r\n");
	expect_read("d\n");
}

static void word_erase_stops_at_word_boundary(void **state)
{
	type("cd foo-bar  \027\n");
	expect_read("cd foo-\n");
}

static void literal_next_quotes_a_control_char(void **state)
{
	assert_int_equal(type("a\026\003b\n"), 0);
	expect_output("a^\b^Cb\r\n");
	expect_read("a\003b\n");
}

static void reprint_shows_line_again(void **state)
{
	type("ab\022c\n");
	expect_output("ab^R\r\nabc\r\n");
	expect_read("abc\n");
}

static void interrupt_flushes_and_signals(void **state)
{
	assert_int_equal(type("abc\003"), LDISC_SIGINT);
	expect_output("^C"); /* the echo of abc was not sent yet and is flushed with the output */
	type("d\n");
	expect_read("d\n");
	assert_int_equal(type("\034"), LDISC_SIGQUIT);
	assert_int_equal(type("\032"), LDISC_SIGTSTP);
}

static void noflsh_keeps_input(void **state)
{
	set_flags(NOFLSH, 0);
	assert_int_equal(type("ab\003c\n"), LDISC_SIGINT);
	expect_read("abc\n");
}

static void signals_off_without_isig(void **state)
{
	set_flags(0, ISIG);
	assert_int_equal(type("\003\n"), 0);
	expect_read("\003\n");
}

static void disabled_cc_matches_nothing_I4(void **state)
{
	struct termios_k t = l.t;

	t.c_cc[VINTR] = 0;
	ldisc_set_termios(&l, &t);
	assert_int_equal(ldisc_receive(&l, (const uint8_t *)"\0\n", 2), 0);
	assert_int_equal(ldisc_pending(&l), 2);
}

static void stop_and_start_hold_output(void **state)
{
	type("\023");
	ldisc_write(&l, (const uint8_t *)"x", 1);
	expect_output("");
	assert_int_equal(ldisc_output_pending(&l), 1);
	type("\021");
	expect_output("x");
	set_iflag(0, IXON);
	type("\023\n");
	expect_read("\023\n");
}

static void ixany_restarts(void **state)
{
	set_iflag(IXANY, 0);
	type("\023a");
	expect_output("a");
}

static void input_translations(void **state)
{
	set_iflag(IGNCR, 0);
	type("a\rb\n");
	expect_read("ab\n");
	set_iflag(INLCR, IGNCR | ICRNL);
	type("a\nb\4");
	expect_read("a\rb");
	set_iflag(ISTRIP | IUCLC, INLCR);
	type("\xc1\n");
	expect_read("a\n");
}

static void output_translations(void **state)
{
	ldisc_write(&l, (const uint8_t *)"a\nb", 3);
	expect_output("a\r\nb");
	set_oflag(XTABS | OLCUC, 0);
	ldisc_write(&l, (const uint8_t *)"\tx", 2);
	expect_output("       X");
	set_oflag(OCRNL, ONLCR);
	ldisc_write(&l, (const uint8_t *)"\r", 1);
	expect_output("\n");
	set_oflag(0, OPOST);
	ldisc_write(&l, (const uint8_t *)"a\n\r", 3);
	expect_output("a\n\r");
}

static void onocr_drops_return_at_column_0(void **state)
{
	set_oflag(ONOCR, 0);
	ldisc_write(&l, (const uint8_t *)"\ra\r", 3);
	expect_output("a\r");
}

static void no_echo(void **state)
{
	set_flags(0, ECHO);
	type("secret\n");
	expect_output("");
	set_flags(ECHONL, 0);
	type("secret\n");
	expect_output("\r\n");
}

static void raw_mode_gives_bytes_at_once(void **state)
{
	set_flags(0, ICANON | ECHO | ISIG);
	type("a\177\4");
	assert_int_equal(ldisc_pending(&l), 3);
	expect_read("a\177\4");
	expect_output("");
}

static void switching_icanon_keeps_input_I1(void **state)
{
	type("abc");
	set_flags(0, ICANON);
	assert_true(ldisc_readable(&l));
	expect_read_n("a", 1);
	set_flags(ICANON, 0);
	assert_true(ldisc_readable(&l));
	expect_read("bc");
	assert_false(ldisc_readable(&l));
}

static void full_line_can_be_ended_I3(void **state)
{
	static uint8_t buf[LDISC_IN + 1];
	bool done;

	for (int i = 0; i < LDISC_IN + 100; i++)
		type("x");
	assert_int_equal(ldisc_room(&l), LDISC_IN);
	type("\n");
	assert_int_equal(ldisc_room(&l), 0);
	assert_int_equal(ldisc_read(&l, buf, sizeof(buf), &done), LDISC_IN);
	assert_true(done);
	assert_int_equal(buf[LDISC_IN - 1], '\n');
}

static void output_never_overflows_I5(void **state)
{
	static uint8_t tabs[LDISC_OUT];
	size_t n;

	set_oflag(XTABS, 0);
	memset(tabs, '\t', sizeof(tabs));
	n = ldisc_write(&l, tabs, sizeof(tabs));
	assert_in_range(n, LDISC_OUT / 8 - 1, LDISC_OUT / 8);
	assert_in_range(ldisc_output_pending(&l), LDISC_OUT - 16, LDISC_OUT);
	type("echo that does not fit\n");
	assert_in_range(ldisc_output_pending(&l), LDISC_OUT - 16, LDISC_OUT);
	expect_read("echo that does not fit\n");
}

/* Any bytes under any settings: the invariants hold, and nothing is written outside (ASan watches).
 * */
static void random_bytes_keep_invariants(void **state)
{
	static uint8_t buf[600];
	bool done;

	srand(7);
	for (int step = 0; step < 20000; step++) {
		const uint8_t *run;
		size_t n = (size_t)rand() % 64;

		for (size_t i = 0; i < n; i++)
			buf[i] = (uint8_t)(rand() % 4 ? rand() % 40 : rand());
		switch (rand() % 8) {
		case 0: {
			struct termios_k t = l.t;

			t.c_lflag ^= 1u << rand() % 16;
			t.c_iflag ^= 1u << rand() % 15;
			t.c_oflag ^= 1u << rand() % 13;
			ldisc_set_termios(&l, &t);
			break;
		}
		case 1 ... 3:
			ldisc_receive(&l, buf, n);
			break;
		case 4:
			ldisc_write(&l, buf, n);
			break;
		case 5:
			ldisc_output_sent(&l, ldisc_output(&l, &run));
			break;
		default:
			ldisc_read(&l, buf, (size_t)rand() % sizeof(buf), &done);
			break;
		}
		assert_true(l.head - l.tail <= LDISC_IN);
		assert_true(l.out_head - l.out_tail <= LDISC_OUT);
		if (l.t.c_lflag & ICANON)
			assert_true(l.line_end - l.tail <= l.head - l.tail);
		assert_true(ldisc_pending(&l) <= LDISC_IN);
	}
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(line_is_readable_only_when_ended),
		TEST(one_line_per_read_and_rest_stays),
		TEST(eof_ends_line_without_byte),
		TEST(eof_behind_full_buffer_is_taken),
		TEST(erase_removes_last_char_and_its_echo),
		TEST(erase_of_control_char_takes_two_columns),
		TEST(erase_of_tab_goes_back_to_its_start),
		TEST(erase_of_utf8_takes_the_whole_sequence),
		TEST(kill_erases_line),
		TEST(kill_without_echoke_starts_new_line),
		TEST(word_erase_stops_at_word_boundary),
		TEST(literal_next_quotes_a_control_char),
		TEST(reprint_shows_line_again),
		TEST(interrupt_flushes_and_signals),
		TEST(noflsh_keeps_input),
		TEST(signals_off_without_isig),
		TEST(disabled_cc_matches_nothing_I4),
		TEST(stop_and_start_hold_output),
		TEST(ixany_restarts),
		TEST(input_translations),
		TEST(output_translations),
		TEST(onocr_drops_return_at_column_0),
		TEST(no_echo),
		TEST(raw_mode_gives_bytes_at_once),
		TEST(switching_icanon_keeps_input_I1),
		TEST(full_line_can_be_ended_I3),
		TEST(output_never_overflows_I5),
		TEST(random_bytes_keep_invariants),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
