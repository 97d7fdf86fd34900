/*
 * Physical memory as the kernel reaches it. Low memory (all of it on x86_64) is mapped at PAGE_OFFSET; frames
 * above are reached through the fixed kmap slots of a CPU. Also mem_map: the page array has one virtual place
 * with a descriptor per frame, backed only where memory exists.
 */
#ifndef ARCH_PHYSMAP_H
#define ARCH_PHYSMAP_H

#include "base/compiler.h"
#include "base/types.h"

/* pt_geom.h of the paging mode gives PAGE_OFFSET (kernel), KMAP_SLOTS. */

extern pfn_t lowmem_end_pfn; /* frames below have a linear address; set at boot */
extern char
	*physmap_base; /* linear address of physical 0: PAGE_OFFSET; the arena in the simulator */

static inline bool pfn_is_lowmem(pfn_t pfn)
{
	return pfn < lowmem_end_pfn;
}

/* Linear address of a lowmem frame's byte. */
static inline void *phys_to_virt(phys_t pa)
{
	return physmap_base + (uintptr_t)pa;
}

static inline phys_t virt_to_phys(const void *linear)
{
	return (phys_t)((const char *)linear - physmap_base);
}

/* The kernel image's own physical extent, page aligned, for memblock. */
void physmap_kernel_range(phys_t *start, phys_t *end);

/* Part @n of the image, in address order, for /proc/iomem: [start, end) and its name. Return: false past the last. */
bool physmap_kernel_part(unsigned n, phys_t *start, phys_t *end, const char **name);

/**
 * physmap_map_slot - map a high frame at one of this CPU's kmap slots.
 * @slot: 0..KMAP_SLOTS-1, free.   Return: its kernel address.   Flushes the slot's old translation, this CPU only.
 * Context: any; the mapping is valid on this CPU until unmapped, so the caller must not sleep meanwhile.
 */
void *physmap_map_slot(unsigned slot, pfn_t pfn);
void physmap_unmap_slot(unsigned slot);

/* Fill a whole frame with zeroes / copy a frame, through kernel addresses, both page aligned. */
void frame_zero(void *page_addr);
void frame_copy(void *dst, const void *src);

/**
 * memmap_populate - back the page array for frames [start, end) with zeroed memory.
 * @alloc: early allocator of naturally aligned lowmem (memblock); must not fail at boot.
 * Return: bytes of memory used, or 0 when @alloc failed.
 */
size_t must_check memmap_populate(pfn_t start, pfn_t end,
				  phys_t (*alloc)(size_t size, size_t align));

#endif
