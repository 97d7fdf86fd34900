/* Segment descriptors against the rows of the textbook, and against themselves. */
#include "arch/x86/hw/ldt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Linux's flat segments, Accessed. */
static void flat_segments(void **state)
{
	const struct user_desc code = {
		.limit = 0xfffff, .seg_32bit = 1, .contents = 2, .limit_in_pages = 1
	};
	const struct user_desc data = { .limit = 0xfffff, .seg_32bit = 1, .limit_in_pages = 1 };

	assert_int_equal(gdt_descriptor(0, 0xfffff, 0xc09b), 0x00cf9b000000ffff);
	assert_int_equal(gdt_descriptor(0, 0xfffff, 0xa09b), 0x00af9b000000ffff);
	assert_int_equal(desc_encode(&code), 0x00cffb000000ffff);
	assert_int_equal(desc_encode(&data), 0x00cff3000000ffff);
}

static void base_and_limit_are_spread(void **state)
{
	const struct user_desc d = { .base_addr = 0x12345678, .limit = 0xabcde, .useable = 1 };

	assert_int_equal(desc_encode(&d), 0x121af3345678bcde);
}

/* Every combination of the flags comes back; L never gets in. */
static void desc_I1_every_flag_decodes(void **state)
{
	for (unsigned bits = 0; bits < 1 << 8; bits++) {
		struct user_desc d = { .base_addr = 0xdeadbeef, .limit = 0x54321 }, back = { 0 };
		uint64_t v;

		d.seg_32bit = bits & 1;
		d.contents = bits >> 1 & 3;
		d.read_exec_only = bits >> 3 & 1;
		d.limit_in_pages = bits >> 4 & 1;
		d.seg_not_present = bits >> 5 & 1;
		d.useable = bits >> 6 & 1;
		d.lm = bits >> 7 & 1;
		v = desc_encode(&d);
		assert_int_equal(v >> 53 & 1, 0);	/* L */
		assert_int_equal(v >> 40 & 0x71, 0x71); /* S, DPL 3, Accessed */
		d.lm = 0;
		desc_decode(v, &back);
		assert_memory_equal(&d, &back, sizeof(d));
	}
}

static void two_ways_to_say_nothing(void **state)
{
	struct user_desc d = { .entry_number = 7 };

	assert_true(desc_is_zero(&d));
	assert_false(desc_is_empty(&d));
	d.read_exec_only = d.seg_not_present = 1;
	assert_true(desc_is_empty(&d));
	assert_false(desc_is_zero(&d));
	d.limit = 1;
	assert_false(desc_is_empty(&d));
	d.limit = 0;
	d.read_exec_only = 0;
	assert_false(desc_is_empty(&d));
}

/* What get_thread_area says of an entry nobody has set. */
static void an_empty_entry_decodes(void **state)
{
	struct user_desc d = { .entry_number = 6, .limit = 5, .lm = 1 };

	desc_decode(0, &d);
	assert_int_equal(d.entry_number, 6);
	assert_true(desc_is_empty(&d));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flat_segments),
		cmocka_unit_test(base_and_limit_are_spread),
		cmocka_unit_test(desc_I1_every_flag_decodes),
		cmocka_unit_test(two_ways_to_say_nothing),
		cmocka_unit_test(an_empty_entry_decodes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
