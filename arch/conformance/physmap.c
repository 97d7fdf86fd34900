/* Conformance of the linear map, frame helpers, the page array and kmap slots. */
#include "arch/physmap.h"
#include "arch/conformance/conformance.h"
#include "arch/irqflags.h"
#include "arch/kernel_map.h"
#include "lib/string.h"
#include "mm/alloc.h"

static int linear_map(struct page *page)
{
	int failures = 0;
	unsigned char *p = page_address(page);

	conform(p && virt_to_page(p) == page && virt_to_page(p + PAGE_SIZE - 1) == page);
	conform(phys_to_virt(virt_to_phys(p)) == p);
	conform(phys_to_virt(page_to_phys(page)) == p);
	conform(pfn_to_page(page_to_pfn(page)) == page);
	conform(pfn_is_lowmem(page_to_pfn(page)) && !pfn_is_lowmem(lowmem_end_pfn));
	return failures;
}

static int frame_helpers(struct page *a, struct page *b)
{
	int failures = 0;
	unsigned char *p = page_address(a), *q = page_address(b);

	for (unsigned i = 0; i < PAGE_SIZE; i++)
		p[i] = (unsigned char)(i * 7 + (i >> 8));
	frame_copy(q, p);
	conform(memcmp(p, q, PAGE_SIZE) == 0);
	frame_zero(p);
	for (unsigned i = 0; i < PAGE_SIZE; i++)
		failures += p[i] != 0;
	conform(q[1] == 7 && q[PAGE_SIZE - 1] == (unsigned char)((PAGE_SIZE - 1) * 7 + 15));
	return failures;
}

/* Two windows onto one frame, each slot in turn; a slot that is used again shows the new frame. */
static int slots(struct page *a, struct page *b)
{
	int failures = 0;
	irqflags_t flags = irq_save();

	for (unsigned s = 0; s + 1 < KMAP_SLOTS; s++) {
		unsigned long *one = physmap_map_slot(s, page_to_pfn(a));
		unsigned long *two = physmap_map_slot(s + 1, page_to_pfn(a));

		conform(one != two);
		one[s] = s + 1000;
		conform(READ_ONCE(two[s]) == s + 1000);
		physmap_unmap_slot(s + 1);
		physmap_unmap_slot(s);
		one = physmap_map_slot(s, page_to_pfn(b));
		one[s] = 5;
		conform(READ_ONCE(one[s]) == 5);
		physmap_unmap_slot(s);
		one = physmap_map_slot(s, page_to_pfn(a));
		conform(READ_ONCE(one[s]) == s + 1000);
		physmap_unmap_slot(s);
	}
	irq_restore(flags);
	return failures;
}

int conformance_physmap(void)
{
	int failures = 0;
	struct page *a = alloc_page(GFP_KERNEL), *b = alloc_page(GFP_KERNEL);

	conform(a && b);
	if (a && b) {
		failures += linear_map(a) + frame_helpers(a, b);
		if (zone_type_exists(ZONE_HIGHMEM)) /* a mode without high memory has no slots */
			failures += slots(a, b);
	}
	if (b)
		__free_page(b);
	if (a)
		__free_page(a);
	return failures;
}
