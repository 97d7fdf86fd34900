/* The parser of SRAT and SLIT on tables made by hand: orders, odd ones, impossible ones, damaged ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "arch/acpi.h"
#include "lib/string.h"
#include "sim/acpi_test.h"

enum { SRAT = 0x1000, SLIT = 0x3000, ENABLED = 1 };

static unsigned srat_len;
static struct acpi_info info;
static struct acpi_numa numa;

static void finish(unsigned at, const char *sig, unsigned len)
{
	uint8_t s = 0;

	memcpy(mem + at, sig, 4);
	put(at + 4, len, 4);
	mem[at + 9] = 0;
	for (unsigned i = 0; i < len; i++)
		s += mem[at + i];
	mem[at + 9] = (uint8_t)-s;
}

static int setup(void **state)
{
	memset(mem, 0, sizeof(mem));
	memset(&info, 0, sizeof(info));
	info.nr_cpus = 3;
	info.apic_ids[1] = 1;
	info.apic_ids[2] = 300;
	info.srat = SRAT;
	mem[SRAT + 8] = 3;
	srat_len = 48;
	return 0;
}

static unsigned entry(unsigned type, unsigned len)
{
	unsigned at = SRAT + srat_len;

	put(at, type, 1);
	put(at + 1, len, 1);
	srat_len += len;
	return at;
}

static void add_cpu(uint32_t domain, uint8_t apic, unsigned flags)
{
	unsigned at = entry(0, 16);

	put(at + 2, domain, 1);
	put(at + 3, apic, 1);
	put(at + 4, flags, 4);
	put(at + 9, domain >> 8, 3);
}

static void add_x2apic(uint32_t domain, uint32_t apic)
{
	unsigned at = entry(2, 24);

	put(at + 4, domain, 4);
	put(at + 8, apic, 4);
	put(at + 12, ENABLED, 4);
}

static void add_memory(uint32_t domain, uint64_t start, uint64_t len)
{
	unsigned at = entry(1, 40);

	put(at + 2, domain, 4);
	put(at + 8, start, 8);
	put(at + 16, len, 8);
	put(at + 28, ENABLED, 4);
}

static void add_slit(unsigned n, const uint8_t *matrix)
{
	info.slit = SLIT;
	put(SLIT + 36, n, 8);
	memcpy(mem + SLIT + 44, matrix, n * n);
	finish(SLIT, "SLIT", 44 + n * n);
}

static bool parse(void)
{
	finish(SRAT, "SRAT", srat_len);
	return acpi_parse_numa(&numa, &info, map);
}

static void refused(const char *why)
{
	assert_false(parse());
	assert_string_equal(numa.refused, why);
	assert_int_equal(numa.nr_nodes | numa.nr_ranges, 0);
}

static void two_nodes(void)
{
	add_memory(0x55667788, 0, 0x1000);
	add_cpu(0x112233, 0, ENABLED);
	add_x2apic(0x55667788, 300);
	add_memory(0x112233, 0x1000, 0x3000);
	add_memory(0x55667788, 0x4000, 0x1000);
}

static void I3_nodes_are_numbered_as_they_appear_processors_first(void **state)
{
	two_nodes();
	add_cpu(77, 1, 0); /* not there */
	entry(9, 12);	   /* something newer */
	add_memory(99, 0x8000, 0);
	assert_true(parse());
	assert_int_equal(numa.nr_nodes, 2);
	assert_int_equal(numa.domains[0], 0x112233);
	assert_int_equal(numa.domains[1], 0x55667788);
	assert_int_equal(numa.cpu_node[0], 0);
	assert_int_equal(numa.cpu_node[1], 0); /* of whom nothing is said */
	assert_int_equal(numa.cpu_node[2], 1);
	assert_int_equal(numa.nr_ranges, 3);
	assert_int_equal(numa.ranges[0].node, 1);
	assert_int_equal(numa.ranges[1].node, 0);
	assert_int_equal(numa.ranges[1].end, 0x4000);
	assert_int_equal(numa.distance[0][1], 0);
	assert_null(numa.refused);
	assert_null(numa.slit_refused);
}

static void first_revision_has_domains_of_a_byte(void **state)
{
	mem[SRAT + 8] = 1;
	two_nodes();
	assert_true(parse());
	assert_int_equal(numa.domains[0], 0x33);
	assert_int_equal(numa.nr_nodes, 3); /* x2APIC entries came later and are whole */
}

static void no_table_no_nodes(void **state)
{
	two_nodes();
	finish(SRAT, "SRAT", srat_len);
	mem[SRAT + 60]++;
	assert_false(acpi_parse_numa(&numa, &info, map)); /* the sum */
	info.srat = 0;
	assert_false(acpi_parse_numa(&numa, &info, map));
	assert_null(numa.refused);
}

static void I2_impossible_memory_is_refused(void **state)
{
	two_nodes();
	add_memory(0x112233, 0x4fff, 2);
	refused("two nodes claim the same memory");
	setup(NULL);
	add_memory(1, ~0ULL - 5, 7);
	refused("a memory range wraps");
	setup(NULL);
	add_cpu(0, 0, ENABLED);
	refused("no memory");
	setup(NULL);
	for (unsigned i = 0; i <= ACPI_NUMA_RANGES; i++)
		add_memory(1, i * 0x1000, 0x1000);
	refused("too many memory ranges");
	setup(NULL);
	for (unsigned i = 0; i <= CFG_MAX_NODES; i++)
		add_memory(i, i * 0x1000, 0x1000);
	refused("more domains than this kernel has nodes");
	setup(NULL);
	for (unsigned i = 0; i <= CFG_MAX_NODES; i++)
		add_x2apic(i, i);
	refused("more domains than this kernel has nodes");
}

static void same_node_may_say_it_twice(void **state)
{
	two_nodes();
	add_memory(0x112233, 0x2000, 0x1000);
	assert_true(parse());
	assert_int_equal(numa.nr_ranges, 4);
}

static void impossible_entries_are_refused(void **state)
{
	static const unsigned types[] = { 0, 1, 2 }, least[] = { 16, 40, 24 };

	for (unsigned i = 0; i < 3; i++) {
		setup(NULL);
		two_nodes();
		entry(types[i], least[i] - 1);
		refused("an entry is too short");
	}
	for (unsigned len = 0; len < 2; len++) {
		setup(NULL);
		two_nodes();
		put(SRAT + srat_len + 1, len, 1);
		srat_len += 8;
		refused("an entry's length cannot be");
	}
	setup(NULL);
	two_nodes();
	put(entry(1, 40) + 1, 41, 1);
	refused("an entry's length cannot be");
}

static void I4_distances(void **state)
{
	static const uint8_t good[9] = { 10, 15, 35, 16, 10, 17, 255, 18, 10 };
	uint8_t d[9];

	add_cpu(2, 0, ENABLED);
	add_memory(2, 0, 0x1000);
	add_memory(0, 0x1000, 0x1000);
	add_memory(500, 0x2000, 0x1000); /* not in the matrix */
	add_slit(3, good);
	assert_true(parse());
	assert_null(numa.slit_refused);
	assert_int_equal(numa.distance[0][0], 10);
	assert_int_equal(numa.distance[0][1], 255);
	assert_int_equal(numa.distance[1][0], 35);
	assert_int_equal(numa.distance[0][2] | numa.distance[2][2], 0);
	for (unsigned i = 0; i < 9; i++) { /* one number out of place */
		memcpy(d, good, 9);
		d[i] = i % 4 ? 10 : 11;
		add_slit(3, d);
		assert_true(parse());
		assert_non_null(numa.slit_refused);
		assert_int_equal(numa.distance[1][0], 0);
	}
}

static void I1_matrix_larger_than_its_table(void **state)
{
	static const uint64_t sizes[] = { 0, 4, 5, 0x100000, 1ULL << 32, 1ULL << 63, ~0ULL };
	static const uint8_t d[] = { 10, 15, 35, 16, 10, 17, 255, 18, 10 };

	two_nodes();
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		add_slit(3, d);
		put(SLIT + 36, sizes[i], 8);
		finish(SLIT, "SLIT", 44 + 9);
		assert_true(parse());
		assert_non_null(numa.slit_refused);
	}
	finish(SLIT, "SLIT", 38);
	assert_true(parse());
	assert_non_null(numa.slit_refused);
}

/* Any byte may be wrong, sums repaired: what comes out is possible. */
static void damaged_tables(void **state)
{
	static const uint8_t d[] = { 10, 15, 35, 16, 10, 17, 255, 18, 10 };

	srand(1);
	for (int i = 0; i < 5000; i++) {
		setup(NULL);
		two_nodes();
		add_slit(3, d);
		for (int k = rand() % 4; k >= 0; k--)
			mem[SRAT + 10 + (unsigned)rand() % (srat_len - 10)] = (uint8_t)rand();
		mem[SLIT + 10 + (unsigned)rand() % 43] = (uint8_t)rand();
		finish(SLIT, "SLIT", 53);
		(void)!parse();
		assert_true(numa.nr_nodes <= CFG_MAX_NODES && numa.nr_ranges <= ACPI_NUMA_RANGES);
		for (unsigned r = 0; r < numa.nr_ranges; r++) {
			assert_true(numa.ranges[r].start < numa.ranges[r].end);
			assert_true(numa.ranges[r].node < numa.nr_nodes);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(I3_nodes_are_numbered_as_they_appear_processors_first,
				       setup),
		cmocka_unit_test_setup(first_revision_has_domains_of_a_byte, setup),
		cmocka_unit_test_setup(no_table_no_nodes, setup),
		cmocka_unit_test_setup(I2_impossible_memory_is_refused, setup),
		cmocka_unit_test_setup(same_node_may_say_it_twice, setup),
		cmocka_unit_test_setup(impossible_entries_are_refused, setup),
		cmocka_unit_test_setup(I4_distances, setup),
		cmocka_unit_test_setup(I1_matrix_larger_than_its_table, setup),
		cmocka_unit_test_setup(damaged_tables, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
