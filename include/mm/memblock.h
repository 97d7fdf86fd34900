/* Early memory: ranges of RAM and what is reserved in it, until the buddy allocator takes over. Boot CPU only. */
#ifndef MM_MEMBLOCK_H
#define MM_MEMBLOCK_H

#include "base/compiler.h"
#include "base/types.h"

struct memblock_range {
	phys_t start, end; /* [start, end) */
	int node;
};

/* Forget everything: the state at power-on. */
void memblock_reset(void);
/* Frame 0 is never RAM, memory is rounded inwards to whole pages, reservations outwards; @node of the first to claim
 * a page wins. */
/* Return: 0, or -ENOSPC when the fixed table is full, -EINVAL for an empty or wrapping range. Ranges may overlap. */
int must_check memblock_add(phys_t start, phys_t end, int node);
int must_check memblock_reserve(phys_t start, phys_t end);
int must_check memblock_remove(phys_t start, phys_t end);
/* RAM in the range is @node's. 0, -ENOSPC: part of it may be, and setting all of RAM to one node succeeds; -EINVAL. */
int must_check memblock_set_node(phys_t start, phys_t end, int node);
/* Forget RAM at and above @limit (mem=). */
void memblock_limit(phys_t limit);
/* Naturally aligned, top-down in [0, limit of lowmem), contents undefined, reserved. Return: 0 when there is none. */
phys_t memblock_alloc(size_t size, size_t align);
/* The same, from @node's memory if there is room. */
phys_t memblock_alloc_node(size_t size, size_t align, int node);
/* As pointer, zeroed, through the linear map. */
void *memblock_alloc_ptr(size_t size);
void *memblock_alloc_ptr_node(size_t size, int node);
/* Give a reserved range back (before meminit: to memblock; after it: to the buddy). */
void memblock_free(phys_t start, phys_t end);
/* The highest address memblock_alloc may use: what boot tables map. */
void memblock_set_alloc_limit(phys_t limit);
/* Iterate: memory range @i / reserved range @i; false past the last. Sorted, merged. */
bool memblock_memory(unsigned i, struct memblock_range *out);
bool memblock_reserved(unsigned i, struct memblock_range *out);
phys_t memblock_end_of_ram(void);
phys_t memblock_total(void); /* bytes of RAM */

/**
 * meminit - build nodes, zones, mem_map and free lists from memblock. After physmap_init.
 * Panics only when there is no memory for the page array. Prints one line per zone.
 */
void meminit(void);

#endif
