/*
 * ACPI at boot: maps the tables for the parser, keeps what power-off needs, decides how many CPUs
 * there are.
 *
 * OWNS     the one window through which tables are read, and power_maps.
 * WHY      firmware puts its tables close together: a window of 64 KiB around the first serves
 *          nearly all of them with one mapping instead of two per table.
 * I1       window_map's result is valid until the next call (the contract of acpi_map_fn).
 * I2       apic_ids[0] is the boot CPU: CPU numbers are indexes into that array.
 * LOCKS    none; boot CPU, before any other starts.
 * CONTEXT  after vmalloc_init; sleeps as memremap does.
 */
#include "arch/acpi.h"
#include "arch/machine.h"
#include "arch/msr.h"
#include "arch/x86/hw/irqchip.h"
#include "arch/x86/hw/power.h"
#include "lib/cmdline.h"
#include "mm/vmalloc.h"
#include "sync/klog.h"
#include "sync/percpu.h"

#define WINDOW_SIZE KIB(64)

static const char *window; /* NULL: none */
static phys_t window_start, window_end;

static void window_drop(void)
{
	if (window)
		iounmap(window);
	window = NULL;
	window_start = window_end = 0;
}

static const void *window_map(phys_t pa, size_t len)
{
	if (pa + len < pa)
		return NULL;
	if (window && pa >= window_start && pa + len <= window_end)
		return window + (pa - window_start);
	window_drop();
	window_start = round_down_pow2(pa, WINDOW_SIZE);
	window_end = round_up_pow2(pa + len, WINDOW_SIZE);
	window = memremap(window_start, (size_t)(window_end - window_start));
	if (!window) {
		window_drop();
		return NULL;
	}
	return window + (pa - window_start);
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

void acpi_init(void)
{
	char value[8];
	bool off = cmdline_get(boot_info.cmdline, "acpi", value, sizeof(value)) &&
		   value[0] == 'o' && value[1] == 'f';

	machine_debug_exit = cmdline_get(boot_info.cmdline, "debug-exit", NULL, 0);
	if (off || acpi_parse(&acpi, boot_info.rsdp, window_map))
		pr_info("acpi: no tables");
	window_drop();
	keep_for_power_off();
	boot_cpu_first();
	choose_nr_cpus();
}
