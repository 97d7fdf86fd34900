/* What devmap.c gives to modules; shared by the files of module/ only. */
#ifndef MODULE_DEVMAP_H
#define MODULE_DEVMAP_H

#include "module/device_view.h"
#include "module/devmap_view.h"

struct page;

int module_remap_pfn_range(struct vma_view *v, unsigned long addr, unsigned long pfn,
			   unsigned long size);
int module_insert_page(struct vma_view *v, unsigned long addr, struct page *page);

#endif
