/*
 * From the boot protocol's memory map to working allocators.
 *
 * OWNS     nothing after boot.
 * WHY      the order is forced: memblock needs the map; page tables need memblock; the firmware's tables, which say
 *          whose memory it is, need page tables; the page array needs both; the buddy needs the page array; slab, vmalloc
 *          and mm need the buddy.
 * I1       what is reserved before the first memblock_alloc: the first pages, the image, the initrds.
 * FAILS    no usable RAM, or not enough for the page array: panic.
 * SOURCES  the PVH and Multiboot specifications for what boot_info holds.
 */
#include "init/boot_impl.h"

#include "arch/machine.h"
#include "arch/physmap.h"
#include "lib/string.h"
#include "mm/alloc.h"
#include "mm/memblock.h"
#include "mm/mm.h"
#include "mm/numa.h"
#include "mm/slab.h"
#include "mm/vmalloc.h"
#include "sync/kassert.h"
#include "sync/klog.h"

enum { E820_RAM = 1, LOW_MEMORY_END = 0x100000 };

static const char *range_name(uint32_t type)
{
	static const char *const names[] = { "?",	  "usable",   "reserved",
					     "ACPI data", "ACPI NVS", "unusable" };

	return type < ARRAY_SIZE(names) ? names[type] : "reserved";
}

static void add_ranges(phys_t limit)
{
	for (unsigned i = 0; i < boot_info.nr_ranges; i++) {
		const struct boot_range *r = &boot_info.ranges[i];
		phys_t start = round_up_pow2(r->start, (phys_t)PAGE_SIZE);
		phys_t end = round_down_pow2(r->end, (phys_t)PAGE_SIZE);

		pr_info("BIOS-e820: [mem 0x%016llx-0x%016llx] %s", (unsigned long long)r->start,
			(unsigned long long)r->end - 1, range_name(r->type));
		if (r->type == E820_RAM && start < end && memblock_add(start, end, 0))
			pr_warn("memory map: range %u does not fit the table, ignored", i);
	}
	/* What another entry calls reserved is not RAM, whatever overlaps it. */
	for (unsigned i = 0; i < boot_info.nr_ranges; i++) {
		const struct boot_range *r = &boot_info.ranges[i];

		if (r->type != E820_RAM && r->start < r->end && memblock_remove(r->start, r->end))
			pr_warn("memory map: reserved range %u does not fit the table", i);
	}
	if (limit)
		memblock_limit(round_down_pow2(limit, (phys_t)PAGE_SIZE));
}

static void reserve(phys_t start, phys_t end, const char *what)
{
	if (start < end && memblock_reserve(start, end))
		panic("memory map: no room to reserve the %s", what);
}

static void reserve_ranges(void)
{
	phys_t start, end;

	reserve(0, MACHINE_LOW_RESERVED, "first pages");
	physmap_kernel_range(&start, &end);
	reserve(start, end, "kernel");
	for (unsigned i = 0; i < boot_info.nr_modules; i++)
		reserve(round_down_pow2(boot_info.modules[i].start, (phys_t)PAGE_SIZE),
			round_up_pow2(boot_info.modules[i].end, (phys_t)PAGE_SIZE), "initrd");
}

void boot_memory(phys_t limit)
{
	add_ranges(limit);
	/* An entry of a page table for RAM above these would fault. */
	memblock_limit((phys_t)1 << cpu_phys_bits());
	if (!memblock_total())
		panic("the boot loader's memory map has no usable memory");
	reserve_ranges();
	memblock_set_alloc_limit(physmap_alloc_limit());
	physmap_init(memblock_end_of_ram(), memblock_alloc);
	memblock_set_alloc_limit(physmap_alloc_limit());
	acpi_early_init();
	meminit();
	slab_init();
	vmalloc_init();
	mm_init();
}

static unsigned get_order(size_t size)
{
	unsigned order = 0;

	while (PAGE_SIZE << order < size)
		order++;
	return order;
}

static void *percpu_alloc(unsigned cpu, size_t size)
{
	struct page *page =
		alloc_pages_node(cpu_to_node(cpu), GFP_KERNEL | __GFP_ZERO, get_order(size));

	if (!page)
		panic("no memory for the data of CPU %u", cpu);
	return page_address(page);
}

void boot_percpu(void)
{
	phys_t start, end;

	percpu_setup(nr_cpus, percpu_alloc);
	numa_cpus_ready();
	physmap_boot_range(&start, &end);
	if (start < end)
		memblock_free(start, end);
	pr_info("Memory: %luK/%luK available", nr_free_pages() << (PAGE_SHIFT - 10),
		(unsigned long)(memblock_total() >> 10));
}
