/*
 * Random operations on address spaces against the model. MODEL_OPS, MODEL_SEED, MODEL_RUNS and MODEL_CHECK in the environment
 * make a long run of it (tools/model.sh).
 */
#include "sim/model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static unsigned long setting(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 0) : otherwise;
}

static void mm_is_as_the_model_says(void **state)
{
	unsigned long first = setting("MODEL_SEED", 1), runs = setting("MODEL_RUNS", 4);

	for (unsigned long seed = first; seed < first + runs; seed++) {
		struct model_config cfg = { .seed = seed,
					    .steps = setting("MODEL_OPS", 5000),
					    .check_every = setting("MODEL_CHECK", 25),
					    .shrink_seconds =
						    (unsigned)setting("MODEL_SHRINK", 30) };

		assert_true(model_run(&cfg));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(mm_is_as_the_model_says) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
