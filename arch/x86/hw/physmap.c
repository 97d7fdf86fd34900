/*
 * Reaching physical memory: the linear map's bounds, kmap slots, clearing and copying frames, the
 * page array.
 *
 * OWNS     lowmem_end_pfn (i after physmap_init), the page table of the kmap window, mem_map's
 *          backing; on x86_64 the number of levels (pt_la57) and the end of user space that follows.
 * I1       the slot of (cpu, slot) is the PTE cpu * KMAP_SLOTS + slot of the window; only that CPU
 *          changes it.
 * I2       mem_map is a constant address; a descriptor is backed when its frame was populated.
 *          Frames of one page of descriptors are populated together, so a few descriptors beyond
 *          the range are backed (zero: PS_RESERVED).
 * LOCKS    none: slots belong to the running CPU, the rest is written at boot.
 * CONTEXT  any; memmap_populate boot CPU only.
 * COST     slot: one store and one INVLPG. frame_zero: 4096 / word size stores, unrolled, because
 *          rep stos counts one instruction per word and takes twice as long under an emulator (972
 *          against 494 ns a page); frame_copy: rep movs, for which the emulator has no better
 *          form. Hardware does all of them in 102-144 ns.
 * FAILS    memmap_populate without memory: 0.
 * NOT HERE building the linear map (entry/kernel_map.c); which slot is free (mm/kva/kmap.c).
 * TESTED BY  arch/conformance/physmap.c, in the simulator and at boot.
 */
#include "arch/physmap.h"

#include "arch/percpu.h"
#include "arch/processor.h"
#include "arch/tlb.h"
#include "arch/x86/hw/boot_map.h"
#include "arch/x86/hw/cr.h"
#include "arch/x86/hw/image.h"
#include "arch/x86/hw/kpt.h"

_Static_assert(KERNEL_BASE == BOOT_KERNEL_BASE, "boot.S and pt_kernel_map.h disagree");
_Static_assert(LOWMEM_MAX <= BOOT_MAPPED_PHYS || sizeof(long) == 8, "boot tables reach all lowmem");

uint64_t pt_nx_mask;
pfn_t lowmem_end_pfn = BOOT_MAPPED_PHYS >> PAGE_SHIFT;
char *physmap_base = (char *)PAGE_OFFSET;

#ifdef __x86_64__
section_("ro_after_init") bool pt_la57;
section_("ro_after_init") uaddr_t pt_user_top = ((uaddr_t)1 << 47) - PAGE_SIZE;

void pt_mode_init(void)
{
	pt_la57 = cr4_read() & CR4_LA57;
	pt_user_top = ((uaddr_t)1 << (VA_BITS - 1)) - PAGE_SIZE;
}
#endif

struct page;
/* sizeof(struct page), asserted in mm/page.h */
enum { PAGE_DESC_SIZE = sizeof(long) == 8 ? 64 : 32 };
extern struct page *const mem_map;
struct page *const mem_map = (struct page *)MEMMAP_BASE;

void physmap_kernel_range(phys_t *start, phys_t *end)
{
	*start = (uintptr_t)__image_start - KERNEL_BASE;
	*end = (uintptr_t)__image_end - KERNEL_BASE;
}

bool physmap_kernel_part(unsigned n, phys_t *start, phys_t *end, const char **name)
{
	static const struct {
		const char *name;
		char *start, *end;
	} parts[] = {
		{ "Kernel code", __text_start, __text_end },
		{ "Kernel rodata", __rodata_start, __rodata_end },
		{ "Kernel data", __data_start, __data_end },
		{ "Kernel bss", __bss_start, __bss_end },
	};

	if (n >= ARRAY_SIZE(parts))
		return false;
	*start = (uintptr_t)parts[n].start - KERNEL_BASE;
	*end = (uintptr_t)parts[n].end - KERNEL_BASE;
	*name = parts[n].name;
	return true;
}

/* ---- kmap slots ---- */

static kaddr_t slot_address(unsigned slot)
{
	return KMAP_BASE + ((kaddr_t)cpu_id() * KMAP_SLOTS + slot) * PAGE_SIZE;
}

void *physmap_map_slot(unsigned slot, pfn_t pfn)
{
	kaddr_t va = slot_address(slot);
	pte_t *e = kpt_slot(kernel_root.top, va, PT_PTE, NULL);

	if (!e) /* no window: this mode has no high memory, every frame is in the linear map */
		return phys_to_virt(pfn_to_phys(pfn));
	pte_set(e, pte_make(pfn, PTE_KERNEL));
	tlb_flush_page_local(va);
	return (void *)va;
}

void physmap_unmap_slot(unsigned slot)
{
	kaddr_t va = slot_address(slot);
	pte_t *e = kpt_slot(kernel_root.top, va, PT_PTE, NULL);

	if (!e)
		return;
	(void)pte_clear(e);
	tlb_flush_page_local(va);
}

/* ---- frames ---- */

void frame_zero(void *page_addr)
{
	unsigned long *p = page_addr, *end = p + PAGE_SIZE / sizeof(long);

	/* 128 stores per turn; in assembly, because compilers make a rep stos of such a loop. */
	do {
		__asm__ volatile(".set .Loff, 0\n\t"
				 ".rept 128\n\t"
#ifdef __x86_64__
				 "movq %1, .Loff(%0)\n\t"
				 ".set .Loff, .Loff + 8\n\t"
#else
				 "movl %1, .Loff(%0)\n\t"
				 ".set .Loff, .Loff + 4\n\t"
#endif
				 ".endr"
				 :
				 : "r"(p), "r"(0UL)
				 : "memory");
		p += 128;
	} while (p != end);
}

void frame_copy(void *dst, const void *src)
{
	unsigned long n = PAGE_SIZE / sizeof(long);

#ifdef __x86_64__
	__asm__ volatile("rep movsq" : "+D"(dst), "+S"(src), "+c"(n)::"memory");
#else
	__asm__ volatile("rep movsl" : "+D"(dst), "+S"(src), "+c"(n)::"memory");
#endif
}

/* ---- the page array ---- */

/* Back one page of @level at @va. Return: bytes, 0 without memory. */
static size_t memmap_back(kaddr_t va, int level, kpt_alloc_fn alloc)
{
	size_t span = pt_span(level);
	phys_t pa = alloc(span, span);

	if (!pa)
		return 0;
	for (size_t off = 0; off < span; off += PAGE_SIZE)
		frame_zero((char *)phys_to_virt(pa) + off);
	return kpt_map(va, pa, span, PTE_KERNEL, level, alloc) ? span : 0;
}

static bool memmap_backed(kaddr_t va)
{
	pte_t *e = kpt_slot(kernel_root.top, va, PT_PMD, NULL);

	if (!e || pte_none(*e))
		return false;
	if (pte_is_leaf(*e, PT_PMD))
		return true;
	e = kpt_slot(kernel_root.top, va, PT_PTE, NULL);
	return e && !pte_none(*e);
}

/* A large page wastes nothing when all of it is wanted and nothing of it is there. */
static bool memmap_wants_large(kaddr_t va, kaddr_t end)
{
	pte_t *e = kpt_slot(kernel_root.top, va, PT_PMD, NULL);

	return !(va & (pt_span(PT_PMD) - 1)) && end - va >= pt_span(PT_PMD) && (!e || pte_none(*e));
}

size_t memmap_populate(pfn_t start, pfn_t end, phys_t (*alloc)(size_t size, size_t align))
{
	kaddr_t va = (MEMMAP_BASE + start * PAGE_DESC_SIZE) & PAGE_MASK;
	kaddr_t stop = page_align(MEMMAP_BASE + end * PAGE_DESC_SIZE);
	size_t used = 0;

	while (va < stop) {
		int level = memmap_wants_large(va, stop) ? PT_PMD : PT_PTE;
		size_t got;

		if (memmap_backed(va)) {
			va += PAGE_SIZE;
			continue;
		}
		got = memmap_back(va, level, alloc);
		if (!got && level == PT_PMD) /* memory may be there in smaller pieces */
			got = memmap_back(va, PT_PTE, alloc);
		if (!got)
			return 0;
		va += got;
		used += got;
	}
	return used;
}
