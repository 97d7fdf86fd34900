/*
 * libFuzzer target: the ACPI tables. The input is the tables' memory behind a valid root; sums are repaired first, so that
 * the fuzzer need not guess them.
 *
 *	0 RSDP   64 RSDT of 6 entries: tables at 256 + 512 * i, signatures in turn APIC FACP HPET SRAT SLIT SRAT
 */
#include <stdlib.h>
#include <string.h>

#include "arch/acpi.h"

enum { BASE = 4096, RSDT = 64, FIRST = 256, EACH = 512, TABLES = 6, ALL = FIRST + TABLES * EACH };

static uint8_t mem[ALL];

static const void *map(phys_t pa, size_t len)
{
	static uint8_t *window;

	free(window);
	window = NULL;
	if (pa < BASE || pa - BASE > ALL || len > ALL - (pa - BASE))
		return NULL;
	window = malloc(len ? len : 1);
	memcpy(window, mem + (pa - BASE), len);
	return window;
}

static void repair(unsigned at, unsigned len, unsigned where)
{
	uint8_t sum = 0;

	mem[at + where] = 0;
	for (unsigned i = 0; i < len; i++)
		sum = (uint8_t)(sum + mem[at + i]);
	mem[at + where] = (uint8_t)-sum;
}

static void make_root(void)
{
	static const char names[TABLES][5] = { "APIC", "FACP", "HPET", "SRAT", "SLIT", "SRAT" };
	const uint32_t rsdt = BASE + RSDT, rsdt_len = 36 + 4 * TABLES;

	memset(mem, 0, FIRST);
	memcpy(mem, "RSD PTR ", 8);
	memcpy(mem + 16, &rsdt, 4);
	repair(0, 20, 8);
	memcpy(mem + RSDT, "RSDT", 4);
	memcpy(mem + RSDT + 4, &rsdt_len, 4);
	for (uint32_t i = 0; i < TABLES; i++) {
		uint32_t pa = BASE + FIRST + EACH * i, len;

		memcpy(mem + RSDT + 36 + 4 * i, &pa, 4);
		memcpy(mem + FIRST + EACH * i, names[i], 4);
		memcpy(&len, mem + FIRST + EACH * i + 4, 4);
		len %= EACH + 8; /* some beyond the end */
		memcpy(mem + FIRST + EACH * i + 4, &len, 4);
		if (len >= 36 && len <= EACH)
			repair(FIRST + EACH * i, len, 9);
	}
	repair(RSDT, rsdt_len, 9);
}

static void check_numa(const struct acpi_numa *n)
{
	if (n->nr_nodes > CFG_MAX_NODES || n->nr_ranges > ACPI_NUMA_RANGES)
		abort();
	for (unsigned i = 0; i < n->nr_ranges; i++) {
		const struct acpi_numa_range *r = &n->ranges[i];

		if (r->start >= r->end || r->node >= n->nr_nodes)
			abort();
		for (unsigned j = 0; j < i; j++) {
			const struct acpi_numa_range *o = &n->ranges[j];

			if (r->start < o->end && o->start < r->end && r->node != o->node)
				abort();
		}
	}
	for (unsigned i = 0; i < CFG_NR_CPUS; i++) {
		if (n->cpu_node[i] && n->cpu_node[i] >= n->nr_nodes)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct acpi_info info;
	static struct acpi_numa numa;

	memset(mem, 0, sizeof(mem));
	memcpy(mem + FIRST, data, size < ALL - FIRST ? size : ALL - FIRST);
	make_root();
	if (acpi_parse(&info, BASE, map))
		return 0;
	(void)acpi_parse_numa(&numa, &info, map);
	check_numa(&numa);
	return 0;
}
