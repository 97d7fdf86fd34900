/*
 * /proc/iomem: what is where in the physical address space.
 *
 * OWNS     nothing.
 * WHY      the boot protocol's map with the names that Linux gives its ranges, the registers of the interrupt controllers and
 *          timers as ACPI tells of them, and inside what holds them the kernel's parts and the firmware's code.
 * CONTEXT  a task; sleeps.
 * SOURCES  proc(5), the captured texts of a real 6.1.   TESTED BY proc_files.c
 */
#include "fs/proc_impl.h"

#include "arch/acpi.h"
#include "arch/machine.h"
#include "arch/physmap.h"
#include "fs/claims.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "sync/klog.h"

static void iomem_line(struct seq_file *m, const char *indent, phys_t start, phys_t last,
		       const char *name)
{
	seq_printf(m, "%s%08llx-%08llx : %s\n", indent, (unsigned long long)start,
		   (unsigned long long)last, name);
}

static const char *iomem_name(uint32_t type)
{
	switch (type) {
	case 1:
		return "System RAM";
	case 3:
		return "ACPI Tables";
	case 4:
		return "ACPI Non-volatile Storage";
	case 5:
		return "Unusable memory";
	default:
		return "Reserved";
	}
}

/* Something in the address space of memory: firmware's map, or registers of the processor's neighbours. */
struct resource {
	phys_t start, last;
	char name[32];
};
enum {
	FIRMWARE_PAGE_END = 0x1000,
	SYSTEM_ROM = 0xf0000,
	SYSTEM_ROM_LAST = 0xfffff,
	IOAPIC_LEN = 0x400,
	HPET_LEN = 0x400
};

static void resource_set(struct resource *r, phys_t start, uint64_t len, const char *name)
{
	r->start = start;
	r->last = start + len - 1;
	str_copy(r->name, name, sizeof(r->name));
}

/* Registers, number @n. Return: false past the last. */
static bool register_block(unsigned n, struct resource *out)
{
	const struct acpi_info *a = &acpi;

	if (n < a->nr_ioapics) {
		resource_set(out, a->ioapics[n].regs, IOAPIC_LEN, "");
		fmt_snprintf(out->name, sizeof(out->name), "IOAPIC %u", n);
		return true;
	}
	n -= a->nr_ioapics;
	if (a->hpet_regs && n-- == 0) {
		resource_set(out, a->hpet_regs, HPET_LEN, "HPET 0");
		return true;
	}
	if (a->lapic_regs && n-- == 0) {
		resource_set(out, a->lapic_regs, PAGE_SIZE, "Local APIC");
		return true;
	}
	return false;
}

/* Range number @n of the boot protocol's map. Page 0 is the firmware's, whatever the map says. */
static void boot_range_at(unsigned n, struct resource *out)
{
	const struct boot_range *r = &boot_info.ranges[n];
	phys_t start = r->start;

	if (r->type == 1 && start < FIRMWARE_PAGE_END && r->end > FIRMWARE_PAGE_END)
		start = FIRMWARE_PAGE_END;
	resource_set(out, start, r->end - start, iomem_name(r->type));
}

/* What a module has claimed, number @n counted from the first register block on. */
static bool claimed(unsigned n, struct resource *out)
{
	struct resource unused;
	uint64_t start, last;
	unsigned blocks = 0;

	while (register_block(blocks, &unused))
		blocks++;
	if (!claim_at(CLAIM_MEMORY, n - blocks, &start, &last, out->name))
		return false;
	out->start = (phys_t)start;
	out->last = (phys_t)last;
	return true;
}

/* The first page, the boot protocol's ranges, the registers, claims. */
static bool resource_at(unsigned n, struct resource *out)
{
	if (n == 0) {
		resource_set(out, 0, FIRMWARE_PAGE_END, "Reserved");
		return true;
	}
	n--;
	if (n < boot_info.nr_ranges) {
		boot_range_at(n, out);
		return true;
	}
	n -= boot_info.nr_ranges;
	return register_block(n, out) || claimed(n, out);
}

/* The parts of the kernel that lie in @r, and the firmware's code. */
static void iomem_inside(struct seq_file *m, const struct resource *r)
{
	phys_t start, end;
	const char *name;

	if (r->start <= SYSTEM_ROM && r->last >= SYSTEM_ROM_LAST)
		iomem_line(m, "  ", SYSTEM_ROM, SYSTEM_ROM_LAST, "System ROM");
	for (unsigned n = 0; physmap_kernel_part(n, &start, &end, &name); n++) {
		if (start >= r->start && end - 1 <= r->last)
			iomem_line(m, "  ", start, end - 1, name);
	}
}

/* In address order; what lies inside another range is indented below it. */
static int iomem_show(struct seq_file *m)
{
	phys_t shown = 0;

	for (;;) {
		struct resource best = { .start = UINT64_MAX }, r;

		for (unsigned n = 0; resource_at(n, &r); n++) {
			if (r.start < r.last && r.start >= shown && r.start < best.start)
				best = r;
		}
		if (best.start == UINT64_MAX)
			return 0;
		iomem_line(m, "", best.start, best.last, best.name);
		iomem_inside(m, &best);
		shown = best.last + 1;
	}
}

void proc_iomem_init(void)
{
	static struct proc_entry iomem = { .show = iomem_show };

	if (proc_register("iomem", 0444, &iomem))
		pr_warn("procfs: no memory for iomem");
}
