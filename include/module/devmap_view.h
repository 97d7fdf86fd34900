/* Faults of memory that devices of modules map: the layouts that both sides know. */
#ifndef MODULE_DEVMAP_VIEW_H
#define MODULE_DEVMAP_VIEW_H

#include "module/views.h"

/* What a device's fault is told. Linux's old form takes the vma and this, the new one only this: it begins with the vma, and
 * comes as both. */
struct vm_fault_view {
	struct vma_view self;
	struct vma_view *vma;
	unsigned int flags, gfp_mask;
	unsigned long pgoff, address, real_address;
	void *virtual_address;
	struct page *page, *cow_page;
};

struct vm_ops_view { /* struct vm_operations_struct */
	void (*open)(struct vma_view *vma);
	void (*close)(struct vma_view *vma);
	int (*may_split)(struct vma_view *vma, unsigned long addr);
	const void *
		fault; /* vm_fault_t (struct vm_fault *); before Linux 4.11 int (vma, struct vm_fault *) */
	const void
		*page_mkwrite; /* as fault: of pages; pfn_mkwrite: of frames that nobody counts */
	const void *pfn_mkwrite;
	int (*access)(struct vma_view *vma, unsigned long addr, void *buf, int len, int write);
};

#endif
