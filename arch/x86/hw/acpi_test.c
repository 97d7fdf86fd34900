/* The ACPI table parser on tables made by hand, broken ones included. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "arch/acpi.h"
#include "base/errno.h"
#include "lib/string.h"
#include "sim/acpi_test.h"

enum {
	RSDP = 0x1000,
	RSDT = 0x2000,
	XSDT = 0x2800,
	MADT = 0x3000,
	FADT = 0x4000,
	HPET = 0x5000,
	DSDT = 0x6000
};

static void sum(unsigned at, unsigned len, unsigned where)
{
	uint8_t s = 0;

	mem[at + where] = 0;
	for (unsigned i = 0; i < len; i++)
		s += mem[at + i];
	mem[at + where] = (uint8_t)-s;
}

static void table(unsigned at, const char *sig, unsigned len)
{
	memcpy(mem + at, sig, 4);
	put(at + 4, len, 4);
	sum(at, len, 9);
}

static void make_madt(void)
{
	static const uint8_t entries[] = {
		0, 8,  0, 0,  1, 0, 0,	  0,				  /* CPU, APIC 0 */
		0, 8,  1, 4,  1, 0, 0,	  0,				  /* CPU, APIC 4 */
		0, 8,  2, 6,  0, 0, 0,	  0,				  /* not usable */
		9, 16, 0, 0,  4, 0, 0,	  0,	1,   0, 0, 0, 1, 0, 0, 0, /* APIC 4 once more */
		1, 12, 9, 0,  0, 0, 0xc0, 0xfe, 0,   0, 0, 0,		  /* I/O APIC */
		2, 10, 0, 0,  2, 0, 0,	  0,	0,   0,			  /* line 0 is gsi 2 */
		2, 10, 0, 9,  9, 0, 0,	  0,	0xf, 0, /* line 9: level, active low */
		2, 10, 0, 77, 9, 0, 0,	  0,	0xf, 0, /* no such line */
	};

	put(MADT + 36, 0xfee00000, 4);
	memcpy(mem + MADT + 44, entries, sizeof(entries));
	table(MADT, "APIC", 44 + sizeof(entries));
}

static void make_fadt(void)
{
	put(FADT + 40, DSDT, 4);
	put(FADT + 48, 0xb2, 4);
	put(FADT + 64, 0x604, 4);
	put(FADT + 76, 0x608, 4);
	mem[FADT + 108] = 0x32;
	table(FADT, "FACP", 116);
}

static void make_rsdp(uint8_t revision, uint64_t xsdt)
{
	memcpy(mem + RSDP, "RSD PTR ", 8);
	mem[RSDP + 15] = revision;
	put(RSDP + 16, RSDT, 4);
	put(RSDP + 20, 36, 4);
	put(RSDP + 24, xsdt, 8);
	sum(RSDP, 20, 8);
	sum(RSDP, 36, 32);
}

static int setup(void **state)
{
	(void)state;
	memset(mem, 0, sizeof(mem));
	make_rsdp(0, 0);
	put(RSDT + 36, MADT, 4);
	put(RSDT + 40, FADT, 4);
	put(RSDT + 44, HPET, 4);
	table(RSDT, "RSDT", 48);
	make_madt();
	make_fadt();
	put(HPET + 44, 0xfed00000, 8);
	table(HPET, "HPET", 56);
	table(DSDT, "DSDT", 100);
	return 0;
}

static void everything_is_found(void **state)
{
	struct acpi_info a;

	assert_int_equal(acpi_parse(&a, RSDP, map), 0);
	assert_true(a.present && a.has_madt && a.has_fadt);
	assert_int_equal(a.nr_cpus, 2);
	assert_int_equal(a.apic_ids[1], 4);
	assert_int_equal(a.lapic_regs, 0xfee00000);
	assert_int_equal(a.nr_ioapics, 1);
	assert_int_equal(a.ioapics[0].regs, 0xfec00000);
	assert_int_equal(a.isa[0].gsi, 2);
	assert_false(a.isa[0].level);
	assert_true(a.isa[9].level && a.isa[9].active_low);
	assert_int_equal(a.isa[4].gsi, 4);
	assert_int_equal(a.pm_timer_port, 0x608);
	assert_int_equal(a.pm1a_cnt, 0x604);
	assert_int_equal(a.dsdt_len, 100);
	assert_int_equal(a.hpet_regs, 0xfed00000);
}

static void xsdt_is_preferred_and_bad_one_falls_back(void **state)
{
	struct acpi_info a;

	put(XSDT + 36, MADT, 8);
	table(XSDT, "XSDT", 44);
	make_rsdp(2, XSDT);
	assert_int_equal(acpi_parse(&a, RSDP, map), 0);
	assert_true(a.has_madt && !a.has_fadt);
	mem[XSDT + 40]++;
	assert_int_equal(acpi_parse(&a, RSDP, map), 0);
	assert_true(a.has_madt && a.has_fadt);
}

static void root_pointer_is_searched(void **state)
{
	struct acpi_info a;

	assert_int_equal(acpi_parse(&a, 0, map), -ENODEV);
	mem[RSDP + 8]++;
	assert_int_equal(acpi_parse(&a, RSDP, map), -ENODEV);
}

static void bad_sum_hides_table_I2(void **state)
{
	struct acpi_info a;

	mem[MADT + 50]++;
	assert_int_equal(acpi_parse(&a, RSDP, map), 0);
	assert_false(a.has_madt);
	assert_int_equal(a.nr_cpus, 0);
	assert_int_equal(a.isa[3].gsi, 3);
}

static void cpus_beyond_array_are_counted_I3(void **state)
{
	struct acpi_info a;
	unsigned n = CFG_NR_CPUS + 20;

	for (unsigned i = 0; i < n; i++) {
		const uint8_t e[8] = { 0, 8, (uint8_t)i, (uint8_t)i, 1 };

		memcpy(mem + MADT + 44 + 8 * i, e, 8);
	}
	table(MADT, "APIC", 44 + 8 * n);
	assert_int_equal(acpi_parse(&a, RSDP, map), 0);
	assert_int_equal(a.nr_cpus, CFG_NR_CPUS);
	assert_int_equal(a.nr_cpus_found, n);
}

static void s5_forms(void **state)
{
	static const uint8_t qemu[] = {
		0x08, '_', 'S', '5', '_', 0x12, 6, 4, 0x0a, 5, 0x0a, 7, 0, 0
	};
	static const uint8_t root[] = {
		0x08, '\\', '_', 'S', '5', '_', 0x12, 0x46, 0, 4, 1, 0, 0, 0
	};
	static const uint8_t none[] = { 0x5b, '_', 'S', '5', '_', 0x12, 6, 4, 0x0a, 5 };
	uint8_t a, b;

	assert_true(acpi_find_s5(qemu, sizeof(qemu), &a, &b));
	assert_true(a == 5 && b == 7);
	assert_true(acpi_find_s5(root, sizeof(root), &a, &b));
	assert_true(a == 1 && b == 0);
	assert_false(acpi_find_s5(none, sizeof(none), &a, &b));
	for (size_t n = 0; n < 10; n++) { /* cut anywhere: no byte beyond is read */
		uint8_t *cut = malloc(n ? n : 1);

		memcpy(cut, qemu, n);
		assert_false(acpi_find_s5(cut, n, &a, &b));
		free(cut);
	}
}

/* Any byte may be wrong, sums repaired: nothing outside the tables is read (ASan), the parser ends.
 * */
static void damaged_tables_I1(void **state)
{
	static const struct {
		unsigned at, len;
	} tables[] = { { RSDT, 48 }, { MADT, 44 + 82 }, { FADT, 116 }, { HPET, 56 } };
	struct acpi_info a;

	srand(1);
	for (int i = 0; i < 3000; i++) {
		unsigned t = (unsigned)rand() % 4;

		setup(NULL);
		for (int k = rand() % 4; k >= 0; k--)
			mem[tables[t].at + (unsigned)rand() % tables[t].len] = (uint8_t)rand();
		sum(tables[t].at, tables[t].len, 9);
		(void)!acpi_parse(&a, RSDP, map);
		assert_true(a.nr_cpus <= CFG_NR_CPUS && a.nr_ioapics <= ACPI_MAX_IOAPICS);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(everything_is_found, setup),
		cmocka_unit_test_setup(xsdt_is_preferred_and_bad_one_falls_back, setup),
		cmocka_unit_test_setup(root_pointer_is_searched, setup),
		cmocka_unit_test_setup(bad_sum_hides_table_I2, setup),
		cmocka_unit_test_setup(cpus_beyond_array_are_counted_I3, setup),
		cmocka_unit_test(s5_forms),
		cmocka_unit_test(damaged_tables_I1),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
