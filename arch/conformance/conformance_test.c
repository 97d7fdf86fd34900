/* The contract's tests on the simulated machine. */
#include "arch/conformance/conformance.h"
#include "sim/sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <stdint.h>

#include <cmocka.h>

static void pt_entry(void **state)
{
	sim_world_begin(NULL);
	assert_int_equal(conformance_pt_entry(), 0);
	sim_world_end();
}

static void pt_entry_without_nx(void **state)
{
	struct sim_config cfg = { .no_nx = true };

	sim_world_begin(&cfg);
	assert_int_equal(conformance_pt_entry(), 0);
	assert_int_equal(conformance_tlb(), 0);
	sim_world_end();
}

static void physmap(void **state)
{
	struct sim_config cfg = { .lowmem_bytes = MIB(16) };

	sim_world_begin(&cfg);
	assert_int_equal(conformance_physmap(), 0);
	sim_world_end();
}

static void tlb(void **state)
{
	sim_world_begin(NULL);
	assert_int_equal(conformance_tlb(), 0);
	sim_world_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pt_entry),
		cmocka_unit_test(pt_entry_without_nx),
		cmocka_unit_test(physmap),
		cmocka_unit_test(tlb),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
