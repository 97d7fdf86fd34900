/*
 * ACPI at boot: maps the tables for the parsers, gives memory and processors to their nodes, keeps what power-off needs,
 * decides how many CPUs there are.
 *
 * OWNS     the one window through which tables are read, and power_maps.
 * WHY      firmware puts its tables close together: a window of 64 KiB around the first serves nearly all of them with one
 *          mapping instead of two per table. They are read before there is an allocator, because they say on which node
 *          its pages are.
 * I1       window_map's result is valid until the next call (the contract of acpi_map_fn).
 * I2       apic_ids[0] is the boot CPU: CPU numbers are indexes into that array.
 * I3       either all RAM but at most 1 MiB is on a node of the tables, or there is one node.
 * LOCKS    none; boot CPU, before any other starts.
 * CONTEXT  acpi_early_init between physmap_init and meminit; acpi_init after vmalloc_init, sleeps as memremap does.
 * TESTED BY tests/guest/numa_nodes.c on machines with good, odd and impossible tables (tools/guest-tests.py).
 */
#include "arch/acpi.h"
#include "arch/machine.h"
#include "arch/msr.h"
#include "arch/x86/hw/desc.h"
#include "arch/x86/hw/irqchip.h"
#include "arch/x86/hw/power.h"
#include "lib/cmdline.h"
#include "lib/string.h"
#include "mm/memblock.h"
#include "mm/numa.h"
#include "mm/vmalloc.h"
#include "sync/klog.h"

#define WINDOW_SIZE KIB(64)

static const char *window; /* NULL: none */
static phys_t window_start, window_end;

static const void *window_map(phys_t pa, size_t len)
{
	if (pa + len < pa)
		return NULL;
	if (window && pa >= window_start && pa + len <= window_end)
		return window + (pa - window_start);
	window_start = round_down_pow2(pa, WINDOW_SIZE);
	window_end = round_up_pow2(pa + len, WINDOW_SIZE);
	window = physmap_early_map(window_start, (size_t)(window_end - window_start),
				   memblock_alloc);
	return window ? window + (pa - window_start) : NULL;
}

static void window_drop(void)
{
	(void)physmap_early_map(0, 0, memblock_alloc);
	window = NULL;
}

static volatile void *map_register(struct acpi_reg r)
{
	return r.space == ACPI_REG_MEMORY ? ioremap(r.addr, 4) : NULL;
}

static void keep_for_power_off(void)
{
	if (acpi.dsdt_len)
		power_maps.dsdt = memremap(acpi.dsdt, acpi.dsdt_len);
	power_maps.sleep_control = map_register(acpi.sleep_control);
	power_maps.reset = map_register(acpi.reset_reg);
}

/* The running CPU's APIC number, before its APIC is mapped. */
static uint32_t boot_apic_id(void)
{
	struct cpuid_regs r;

	if (cpuid(0, 0).a >= 0xb) {
		r = cpuid(0xb, 0);
		if (r.b)
			return r.d;
	}
	return cpuid(1, 0).b >> 24;
}

static void boot_cpu_first(void)
{
	uint32_t id = boot_apic_id();

	for (unsigned i = 0; i < acpi.nr_cpus; i++)
		if (acpi.apic_ids[i] == id)
			acpi.apic_ids[i] = acpi.apic_ids[0];
	acpi.apic_ids[0] = id;
	if (!acpi.nr_cpus)
		acpi.nr_cpus = acpi.nr_cpus_found = 1;
}

static void choose_nr_cpus(void)
{
	const char *cmdline = boot_info.cmdline;
	uint64_t limit = cmdline_get_u64(cmdline, "maxcpus", CFG_NR_CPUS);

	limit = cmdline_get_u64(cmdline, "nr_cpus", limit) < limit
			? cmdline_get_u64(cmdline, "nr_cpus", limit)
			: limit;
	if (limit == 0 || cmdline_get(cmdline, "nosmp", NULL, 0) || !lapic_in_cpu() ||
	    cmdline_get(cmdline, "nolapic", NULL, 0))
		limit = 1;
	nr_cpus = limit < acpi.nr_cpus ? (unsigned)limit : acpi.nr_cpus;
	if (acpi.nr_cpus_found > nr_cpus)
		pr_info("smp: using %u of %u CPUs", nr_cpus, acpi.nr_cpus_found);
}

/* ---- nodes ---- */

static struct acpi_numa numa;

/* Does the command line have @word=@value? */
static bool word_is(const char *word, const char *value)
{
	char text[8];

	return cmdline_get(boot_info.cmdline, word, text, sizeof(text)) && !strcmp(text, value);
}

/* Bytes of RAM on the nodes of the tables. */
static phys_t ram_covered(void)
{
	struct memblock_range m;
	phys_t sum = 0;

	for (unsigned i = 0; memblock_memory(i, &m); i++) {
		for (unsigned j = 0; j < numa.nr_ranges; j++) {
			const struct acpi_numa_range *r = &numa.ranges[j];
			phys_t start = max_of(phys_t, m.start, r->start);
			phys_t end = min_of(phys_t, m.end, r->end);

			sum += start < end ? end - start : 0;
		}
	}
	return sum;
}

static bool place_memory(void)
{
	for (unsigned i = 0; i < numa.nr_ranges; i++) {
		const struct acpi_numa_range *r = &numa.ranges[i];

		pr_info("SRAT: node %u domain %u [mem %#llx-%#llx]", r->node, numa.domains[r->node],
			(unsigned long long)r->start, (unsigned long long)r->end - 1);
		if (memblock_set_node(r->start, r->end, (int)r->node))
			return false;
	}
	return true;
}

static void place_cpus(void)
{
	for (unsigned cpu = 0; cpu < acpi.nr_cpus; cpu++)
		numa_set_cpu(cpu, numa.cpu_node[cpu]);
}

static void set_distances(void)
{
	for (int i = 0; i < CFG_MAX_NODES * CFG_MAX_NODES; i++) {
		int from = i / CFG_MAX_NODES, to = i % CFG_MAX_NODES;

		numa_set_distance(from, to, numa.distance[from][to]);
	}
}

/* I3. Return: why the tables are of no use; NULL: they are in force. */
static const char *use_nodes(void)
{
	if (ram_covered() + MIB(1) <= memblock_total())
		return "part of memory is on no node";
	if (!place_memory()) {
		(void)!memblock_set_node(0, memblock_end_of_ram(), 0);
		return "too many pieces of memory";
	}
	numa_set_nodes(numa.nr_nodes);
	place_cpus();
	set_distances();
	return NULL;
}

static void nodes_init(void)
{
	const char *refused;

	if (!CFG_NUMA || word_is("numa", "off") || word_is("numa", "noacpi"))
		return;
	refused = acpi_parse_numa(&numa, &acpi, window_map) ? use_nodes() : numa.refused;
	if (refused)
		pr_warn("SRAT: %s: not used", refused);
	if (numa.slit_refused)
		pr_warn("SLIT: %s: not used", numa.slit_refused);
}

/* ---- start ---- */

void acpi_early_init(void)
{
	if (word_is("acpi", "off") || acpi_parse(&acpi, boot_info.rsdp, window_map))
		pr_info("acpi: no tables");
	boot_cpu_first();
	nodes_init();
	window_drop();
}

void acpi_place_cpu(unsigned cpu)
{
	gdt_set_node(cpu, (unsigned)cpu_to_node(cpu));
}

void acpi_init(void)
{
	machine_debug_exit = cmdline_get(boot_info.cmdline, "debug-exit", NULL, 0);
	keep_for_power_off();
	choose_nr_cpus();
	acpi_place_cpu(0);
}
