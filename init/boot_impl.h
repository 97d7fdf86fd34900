/* Steps of init/main.c that have a page of their own. */
#ifndef INIT_BOOT_IMPL_H
#define INIT_BOOT_IMPL_H

#include "base/types.h"

/* memblock from the boot protocol's map, final page tables, page allocator, slab, vmalloc, mm. @limit: mem=, 0 none. */
void boot_memory(phys_t limit);
/* Per-CPU areas for the CPUs that ACPI named; then the boot-only part of the image is given back. */
void boot_percpu(void);
/* Unpack every initrd into the root, then give its memory back. */
int boot_unpack_initramfs(void); /* 0, or why the last that was not is not unpacked whole */

#endif
