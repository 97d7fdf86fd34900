/*
 * The kernel's windows where ThreadSanitizer leaves room: below 512 GiB, which AddressSanitizer uses for itself. Otherwise as
 * arch/sim/include/arch/kernel_map.h.
 */
#ifndef ARCH_KERNEL_MAP_H
#define ARCH_KERNEL_MAP_H

#define PAGE_OFFSET   0x2000000000UL
#define KERNEL_BASE   PAGE_OFFSET
#define LOWMEM_MAX    0x1000000000UL
#define VMALLOC_START 0x40000000UL
#define VMALLOC_END   0x48000000UL
#define MODULES_START VMALLOC_START
#define MODULES_END   VMALLOC_END
#define KMAP_BASE     0x49000000UL
#define MEMMAP_BASE   0x1000000000UL
#define MEMMAP_END    0x2000000000UL
#define FIXMAP_BASE   0x4a000000UL
#define FIXMAP_END    0x4b000000UL
#define KMAP_SLOTS    16 /* per CPU */

#endif
