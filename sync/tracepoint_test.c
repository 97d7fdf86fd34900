/* Trace points: what is on is recorded, rings keep the newest, readers see each record once and in order. */
#include "sync/trace.h"
#include "sync/tracepoint.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { RING = 8 };
static struct trace_record ring[RING];

static int begin(void **state)
{
	assert_null(tracebuf_replace(0, ring, RING));
	tracepoint_switch(TP_mm_page_free, true);
	return 0;
}

static int finish(void **state)
{
	tracepoint_switch(TP_mm_page_free, false);
	assert_ptr_equal(tracebuf_replace(0, NULL, 0), ring);
	return 0;
}

static void record(unsigned long from, unsigned long to)
{
	for (; from < to; from++)
		tracepoint(mm_page_free, from, 1);
}

static void points_that_are_off_write_nothing(void **state)
{
	struct trace_cursor at = { .lost = 0 };
	struct trace_record r;

	assert_true(trace_on);
	tracepoint(mm_page_alloc, 1, 2);
	assert_false(tracebuf_next(&at, &r, true));
	trace_recording = false;
	record(0, 1);
	trace_recording = true;
	assert_false(tracebuf_next(&at, &r, true));
	tracepoint_switch(TP_mm_page_free, false);
	assert_false(trace_on);
}

static void records_are_read_once(void **state)
{
	struct trace_cursor look = { .lost = 0 }, take = { .lost = 0 }, later = { .lost = 0 };
	struct trace_record r;

	record(0, 3);
	for (unsigned long i = 0; i < 3; i++) {
		assert_true(tracebuf_next(&look, &r, false));
		assert_int_equal(r.arg[0], i);
		assert_int_equal(r.arg[1], 1);
		assert_int_equal(r.arg[2], 0);
		assert_int_equal(r.point, TP_mm_page_free);
	}
	assert_false(tracebuf_next(&look, &r, false));
	assert_true(tracebuf_next(&take, &r, true));
	assert_int_equal(r.arg[0], 0);
	assert_true(tracebuf_next(&later, &r, false));
	assert_int_equal(r.arg[0], 1);
	assert_int_equal(tracebuf_figures().kept, 2);
	assert_int_equal(tracebuf_figures().written, 3);
	tracebuf_clear();
	assert_false(tracebuf_next(&take, &r, true));
}

static void tracepoint_I1_a_full_ring_keeps_the_newest(void **state)
{
	struct trace_cursor at = { .lost = 0 };
	struct trace_record r;

	record(0, RING * 2 + 3);
	assert_int_equal(tracebuf_figures().kept, RING);
	for (unsigned long i = RING + 3; i < RING * 2 + 3; i++) {
		assert_true(tracebuf_next(&at, &r, true));
		assert_int_equal(r.arg[0], i);
	}
	assert_int_equal(at.lost, RING + 3);
	assert_false(tracebuf_next(&at, &r, true));
	record(50, 51); /* and the place of a reader is kept */
	assert_true(tracebuf_next(&at, &r, true));
	assert_int_equal(r.arg[0], 50);
	assert_int_equal(at.lost, RING + 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(points_that_are_off_write_nothing, begin, finish),
		cmocka_unit_test_setup_teardown(records_are_read_once, begin, finish),
		cmocka_unit_test_setup_teardown(tracepoint_I1_a_full_ring_keeps_the_newest, begin,
						finish),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
