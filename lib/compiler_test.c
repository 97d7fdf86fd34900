/* min_of and max_of: each argument once. What is read twice may be two values, and the answer neither the lesser nor the greater one. */
#include "base/compiler.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
/* cmocka needs the headers above before it. */
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static unsigned reads;

/* Falls with each look, as a value that others write may. */
static unsigned falling(void)
{
	return 4 / ++reads;
}

static void arguments_are_evaluated_once(void **state)
{
	reads = 0;
	assert_int_equal(max_of(unsigned, 1, falling()), 4);
	assert_int_equal(reads, 1);
	reads = 0;
	assert_int_equal(min_of(unsigned, falling(), 8), 4);
	assert_int_equal(reads, 1);
	reads = 0;
	assert_int_equal(min_of(unsigned, max_of(unsigned, 1, falling()), 3), 3);
	assert_int_equal(reads, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arguments_are_evaluated_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
