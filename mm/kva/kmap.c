/*
 * kmap_local_page: a kernel address for any page.
 *
 * OWNS     the depth of the running thread (mm_ctx.kmap_depth): slots 0..depth-1 of its CPU are taken.
 * WHY      a 32-bit kernel cannot map all memory at once; everyone who touches a page's bytes goes through here, and where
 *          all memory is lowmem it costs one comparison.
 * I1       slots are taken and given back like a stack, by one thread on one CPU.
 * I2       a thread that sleeps has depth 0: slots belong to the CPU, threads change CPU only by sleeping.
 * LOCKS    none: only the running thread, and interrupts that come in between and give back what they took.
 * COST     lowmem: nothing. High: one table entry and one local flush, each way.
 * FAILS    never: more than KMAP_SLOTS at once is a bug and panics.
 * NOT HERE the slots' page tables (arch physmap).  TESTED BY  kmap_test.c.
 */
#include "arch/pt.h"
#include "mm/imports.h"
#include "mm/page.h"
#include "mm/vmalloc.h"

void *kmap_local_page(struct page *page)
{
	pfn_t pfn = page_to_pfn(page);
	struct mm_ctx *self;

	if (likely(pfn_is_lowmem(pfn)))
		return phys_to_virt(pfn_to_phys(pfn));
	self = mm_ctx_current();
	must(self->kmap_depth < KMAP_SLOTS);
	return physmap_map_slot(self->kmap_depth++, pfn);
}

void kunmap_local(const void *addr)
{
	phys_t offset = (uintptr_t)addr - (uintptr_t)physmap_base;
	struct mm_ctx *self;

	if (likely(pfn_is_lowmem(phys_to_pfn(offset))))
		return;
	self = mm_ctx_current();
	must(self->kmap_depth > 0);
	physmap_unmap_slot(--self->kmap_depth);
}

void clear_highpage(struct page *page)
{
	void *addr = page_address(page);

	if (likely(addr)) {
		frame_zero(addr);
		return;
	}
	addr = kmap_local_page(page);
	frame_zero(addr);
	kunmap_local(addr);
}

static noinline_ void copy_by_windows(struct page *to, struct page *from)
{
	const void *src = kmap_local_page(from);
	void *dst = kmap_local_page(to);

	frame_copy(dst, src);
	kunmap_local(dst);
	kunmap_local(src);
}

void copy_highpage(struct page *to, struct page *from)
{
	pfn_t dst = page_to_pfn(to), src = page_to_pfn(from);

	if (likely(pfn_is_lowmem(src) && pfn_is_lowmem(dst)))
		frame_copy(phys_to_virt(pfn_to_phys(dst)), phys_to_virt(pfn_to_phys(src)));
	else
		copy_by_windows(to, from);
}
