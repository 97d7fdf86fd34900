/* Shared by the files of mm/kva only: kernel virtual ranges. */
#ifndef MM_KVA_VMALLOC_IMPL_H
#define MM_KVA_VMALLOC_IMPL_H

#include "mm/page.h"
#include "mm/vmalloc.h"

/* A range of the vmalloc window. i: immutable while it is in the tree; v: vmalloc_lock */
struct vm_area {
	kaddr_t start;	     /* i: with guard page */
	size_t size;	     /* i: with guard page */
	kaddr_t caller;	     /* i */
	phys_t phys;	     /* i: VM_INFO_IOREMAP */
	unsigned kind;	     /* i: VM_INFO_* */
	unsigned nr_pages;   /* i */
	bool own_pages;	     /* i: the pages are freed with the range */
	bool guard_below;    /* i: the guard page is the first one (stacks), not the last */
	bool near_image;     /* i: in the window of loaded code */
	bool dead;	     /* v: unmapped, waits for the flush */
	struct page **pages; /* i: NULL, inline_pages or an array */
	struct page *inline_pages[KSTACK_PAGES];
	struct vm_area *next; /* v: list of dead ranges */
};

/* First mapped address. */
static inline kaddr_t vm_area_base(const struct vm_area *a)
{
	return a->start + (a->guard_below ? PAGE_SIZE : 0);
}

/* Reserve a range for @nr_pages and a guard page; nothing is mapped. NULL: no memory or no room. May sleep. */
struct vm_area *vm_area_reserve(unsigned long nr_pages, bool guard_below, kaddr_t caller);
/* Give @a its own new frames and map them. 0 or -ENOMEM: then vm_area_abandon() it. May sleep. */
int must_check vm_area_populate(struct vm_area *a, gfp_t gfp);
/* Unmap; flush and free later, in a batch. */
void vm_area_retire(struct vm_area *a);
/* Undo a reservation that could not be filled, at once. */
void vm_area_abandon(struct vm_area *a);
/* The live range that has @addr in it, guard page included; NULL. vm_area_of without the lock. */
struct vm_area *vm_area_find(kaddr_t addr);
struct vm_area *vm_area_of(kaddr_t addr);
void kstack_init(void);
void kstack_shrink(void); /* retire the cached stacks of all CPUs */

#endif
