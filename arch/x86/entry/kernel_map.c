/*
 * The final kernel page tables, built once at boot.
 *
 * OWNS     kernel_root and every table below it until mm/pt takes over the vmalloc window.
 * LAYOUT   linear map: RAM of the boot memory map below ram_end and LOWMEM_MAX, and all of the
 *          first MiB (firmware tables), with the largest pages the CPU has; 4 KiB at the edges and
 *          wherever rights change.
 *          image: on 32 bits inside the linear map; on 64 bits at KERNEL_BASE, and its alias in
 *          the linear map has the same rights less execution.
 *          vmalloc and kmap windows: the tables that top-level entries point to, so that the
 *          kernel half of the top table never changes again and a process root is a copy of it
 *          for ever (2-level: page tables; PAE: nothing, its one directory is shared; 4-level:
 *          PUD pages).
 * I1       no address is writable and executable. [physmap_protect]
 * I2       nothing is mapped below PAGE_OFFSET, page 0 least of all; the boot stack's guard page
 *          is not mapped.
 * I3       after physmap_init no top-level entry of the kernel half changes.
 * WHY      fresh tables instead of editing the boot tables: entries change size and rights, and
 *          nothing that is in use is edited. The boot tables (20 KiB at most) go back to the
 *          allocator.
 * CONTEXT  boot CPU, interrupts off, before other CPUs run.
 * COST     one store per large page, 20 instructions per run; 256 MiB: under 30,000 instructions.
 * FAILS    without memory for the tables: panic, there is no machine to run.
 * NOT HERE mem_map's backing (hw/physmap.c).
 * SOURCES  SDM volume 3A, "Paging"; "Page-Directory-Pointer-Table Registers" for PAE's cached top
 *          entries.
 */
#include "arch/machine.h"
#include "arch/msr.h"
#include "arch/physmap.h"
#include "arch/tlb.h"
#include "arch/x86/hw/cr.h"
#include "arch/x86/hw/desc.h"
#include "arch/x86/hw/image.h"
#include "arch/x86/hw/kpt.h"
#include "arch/x86/hw/top.h"
#include "base/config.h"
#include "sync/kassert.h"

enum { E820_RAM = 1, ISA_END = 0x100000 };

static pte_t kernel_top[PT_TOP_ENTRIES] section_(".bss.page_aligned") aligned_(PT_TOP_BYTES);
struct pt_root kernel_root;
static bool tables_final;

static phys_t image_phys(const char *symbol)
{
	return (uintptr_t)symbol - KERNEL_BASE;
}

phys_t physmap_alloc_limit(void)
{
	if (tables_final)
		return pfn_to_phys(lowmem_end_pfn);
	return min_of(phys_t, pfn_to_phys(lowmem_end_pfn), LOWMEM_MAX);
}

void physmap_boot_range(phys_t *start, phys_t *end)
{
	*start = image_phys(__boot_free_start);
	*end = image_phys(__boot_free_end);
}

/* ---- rights by physical address ---- */

/* Physical memory in parts of equal rights, rising; the last reaches to the end of memory. */
static struct map_part {
	phys_t end;
	bool exec, write;
} map_parts[] = {
	{ .write = true }, /* below the image */
	{ .exec = true },  /* text */
	{ .exec = false }, /* rodata */
	{ .write = true }, /* data */
	{ .write =
		  true }, /* the guard page, which is unmapped again: by itself, so that no large page covers it */
	{ .write = true }, /* all other memory */
};

static void map_parts_init(void)
{
	map_parts[0].end = image_phys(__text_start);
	map_parts[1].end = page_align(image_phys(__text_end));
	map_parts[2].end = page_align(image_phys(__rodata_end));
	map_parts[3].end = image_phys(boot_stack_guard);
	map_parts[4].end = map_parts[3].end + PAGE_SIZE;
	map_parts[5].end = UINT64_MAX;
}

static pte_t part_prot(const struct map_part *part, bool image_address)
{
	if (part->write)
		return PTE_KERNEL;
	return part->exec && image_address ? PTE_KERNEL_EXEC : PTE_KERNEL_RO;
}

/* ---- building ---- */

struct map_build {
	kpt_alloc_fn alloc;
	int max_level;
	bool image_address; /* addresses that the image runs at, not an alias */
};

/* Map [start, end) at virtual @base + address, cut where the rights change. */
static void build_range(const struct map_build *b, kaddr_t base, phys_t start, phys_t end)
{
	for (unsigned i = 0; i < ARRAY_SIZE(map_parts) && start < end; i++) {
		const struct map_part *part = &map_parts[i];
		phys_t stop = min_of(phys_t, end, part->end);

		if (start >= stop)
			continue;
		if (!kpt_map(base + (kaddr_t)start, start, stop - start,
			     part_prot(part, b->image_address), b->max_level, b->alloc))
			panic("no memory for the kernel's page tables at %#llx",
			      (unsigned long long)start);
		start = stop;
	}
}

/* The first RAM at or after @from: whole pages in [*start, *end), with everything that touches it. */
static bool next_ram(phys_t from, phys_t limit, phys_t *start, phys_t *end)
{
	phys_t best = limit, stop = 0;

	for (unsigned i = 0; i < boot_info.nr_ranges; i++) {
		const struct boot_range *r = &boot_info.ranges[i];
		phys_t s = max_of(phys_t, round_up_pow2(r->start, PAGE_SIZE), from);
		phys_t e = min_of(phys_t, round_down_pow2(r->end, PAGE_SIZE), limit);

		if (r->type != E820_RAM || r->start >= limit || s >= e || s > best)
			continue;
		stop = s < best ? e : max_of(phys_t, stop, e);
		best = s;
	}
	*start = best;
	*end = stop;
	return best < limit;
}

static void build_linear(struct map_build *b, phys_t ram_end)
{
	phys_t start, end;

	b->image_address = PAGE_OFFSET == KERNEL_BASE;
	build_range(b, PAGE_OFFSET, 0, ISA_END);
	for (phys_t at = ISA_END; next_ram(at, ram_end, &start, &end); at = end)
		build_range(b, PAGE_OFFSET, start, end);
}

static void build_image(struct map_build *b)
{
	struct map_build small = { .alloc = b->alloc, .max_level = PT_PTE, .image_address = true };
	pte_t *guard;

	if (PAGE_OFFSET != KERNEL_BASE)
		build_range(&small, KERNEL_BASE, image_phys(__image_start),
			    image_phys(__image_end));
	guard = kpt_slot(kernel_root.top, (kaddr_t)boot_stack_guard, PT_PTE, NULL);
	must(guard);
	(void)pte_clear(guard);
}

/* Make the table below each top-level entry of [start, end). */
static void build_window(const struct map_build *b, kaddr_t start, kaddr_t end)
{
	int below = PT_PGD - 1;

	while (pt_folded(below))
		below--;
	for (kaddr_t va = start; va < end && va >= start; va += pt_span(PT_PGD))
		if (!kpt_slot(kernel_root.top, va, below, b->alloc))
			panic("no memory for the kernel's page tables at %#lx", va);
}

static int largest_level(void)
{
	bool has_1g = cpuid(0x80000000, 0).a >= 0x80000001 && cpuid(0x80000001, 0).d >> 26 & 1;

	return has_1g ? PT_LARGE_LEVEL_MAX : PT_PMD;
}

void physmap_init(phys_t ram_end, phys_t (*alloc)(size_t size, size_t align))
{
	struct map_build b = { .alloc = alloc, .max_level = largest_level() };

	ram_end = min_of(phys_t, round_down_pow2(ram_end, PAGE_SIZE), LOWMEM_MAX);
	map_parts_init();
	kernel_root.top = kernel_top;
	kernel_root.top_phys = image_phys((char *)kernel_top);
	build_linear(&b, ram_end);
	build_image(&b);
	build_window(&b, VMALLOC_START, VMALLOC_END);
	if (sizeof(long) == 4 && !kpt_slot(kernel_root.top, KMAP_BASE, PT_PTE, alloc))
		panic("no memory for the kmap window");
	cr3_write((unsigned long)kernel_root.top_phys);
	tlb_flush_all_local();
	gdt_fault_cr3(kernel_root.top_phys);
	lowmem_end_pfn = phys_to_pfn(ram_end);
	tables_final = true;
}

/* ---- a window before there is vmalloc ---- */

static phys_t early_pages; /* mapped at VMALLOC_START */

static void early_unmap(void)
{
	for (kaddr_t va = VMALLOC_START; early_pages; va += PAGE_SIZE, early_pages--) {
		(void)pte_clear(kpt_slot(kernel_root.top, va, PT_PTE, NULL));
		tlb_flush_page_local(va);
	}
}

const void *physmap_early_map(phys_t pa, size_t len, phys_t (*alloc)(size_t size, size_t align))
{
	phys_t first = round_down_pow2(pa, PAGE_SIZE);
	phys_t bytes = round_up_pow2(pa + len, PAGE_SIZE) - first;

	early_unmap();
	if (!len || len > PHYSMAP_EARLY_MAX || pa + len < pa || pa + len > 1ULL << cpu_phys_bits())
		return NULL;
	for (; early_pages < bytes >> PAGE_SHIFT; early_pages++) {
		kaddr_t va = VMALLOC_START + (kaddr_t)(early_pages << PAGE_SHIFT);
		pte_t *e = kpt_slot(kernel_root.top, va, PT_PTE, alloc);

		if (!e)
			return NULL;
		pte_set(e, pte_make(phys_to_pfn(first) + (pfn_t)early_pages, PTE_KERNEL_RO));
	}
	return (const char *)VMALLOC_START + (pa - first);
}

/* ---- afterwards ---- */

static void protect_range(kaddr_t start, phys_t len)
{
	kaddr_t end = start + (kaddr_t)len;

	for (kaddr_t va = start; va < end; va += PAGE_SIZE) {
		pte_t *e = kpt_slot(kernel_root.top, va, PT_PTE, NULL);

		if (e)
			pte_set(e, pte_modify(*e, PTE_KERNEL_RO));
	}
	tlb_flush_kernel(start, end);
}

/* I1 over one range of addresses that is mapped by small pages. */
static void check_write_xor_exec(const char *start, const char *end)
{
	for (kaddr_t va = (kaddr_t)start; va < (kaddr_t)end; va += PAGE_SIZE) {
		pte_t *e = kpt_slot(kernel_root.top, va, PT_PTE, NULL);

		must(!e || !pt_nx_mask || !pte_present(*e) || !(pte_write(*e) && pte_exec(*e)));
	}
}

void physmap_protect(void)
{
	phys_t start = image_phys(__ro_after_init_start);
	phys_t len = image_phys(__ro_after_init_end) - start;

	protect_range(KERNEL_BASE + (kaddr_t)start, len);
	if (PAGE_OFFSET != KERNEL_BASE)
		protect_range(PAGE_OFFSET + (kaddr_t)start, len);
	check_write_xor_exec(__image_start, __image_end);
}

/* Count the leaves of one table of @level over the linear map: pages of each size into n[]. */
static void count_leaves(const pte_t *table, int level, kaddr_t va, kaddr_t end, unsigned long *n)
{
	for (unsigned i = pt_index(level, va); va < end && i < 1U << pt_bits(level); i++) {
		pte_t e = pte_read(&table[i]);
		int below = level - 1;

		while (below > PT_PTE && pt_folded(below))
			below--;
		if (pte_is_leaf(e, level))
			n[level]++;
		else if (level > PT_PTE && pte_present(e))
			count_leaves(pt_table_ptr(e), below, va, end, n);
		if (va + pt_span(level) < va)
			return;
		va = (va | (pt_span(level) - 1)) + 1;
	}
}

void physmap_direct_sizes(unsigned long *kb_4k, unsigned long *kb_large, unsigned long *kb_1g)
{
	unsigned long n[PT_LEVELS] = { 0 };
	int large = PT_PMD;

	while (pt_folded(large))
		large++;
	count_leaves(kernel_root.top, PT_PGD, PAGE_OFFSET,
		     PAGE_OFFSET + (kaddr_t)pfn_to_phys(lowmem_end_pfn), n);
	*kb_4k = n[PT_PTE] * 4;
	*kb_large = n[large] * (pt_span(PT_PMD) >> 10);
	*kb_1g = n[PT_PUD] * (pt_span(PT_PUD) >> 10); /* none where the level is folded */
}
