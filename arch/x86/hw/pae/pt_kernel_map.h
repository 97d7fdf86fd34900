/*
 * The kernel's gigabyte, PAE mode (one top-level entry, shared by all address spaces):
 *   C0000000  F8000000  linear map of lowmem, up to 896 MiB; the kernel image is inside it
 *   F8000000  FC000000  mem_map: 64 MiB hold 2 Mi descriptors of 32 bytes = frames below 8 GiB; RAM above is cut
 *   FC000000  FF800000  vmalloc, ioremap, kernel stacks: 56 MiB
 *   FF800000  FF880000  kmap slots: 16 pages for each of 8 CPUs
 *   FFC00000  FFFFF000  fixed mappings of arch; the last page stays unmapped, so errno pointers fault
 */
#ifndef PT_KERNEL_MAP_H
#define PT_KERNEL_MAP_H

#define PAGE_OFFSET   0xC0000000UL
#define KERNEL_BASE   PAGE_OFFSET
#define LOWMEM_MAX    0x38000000UL /* bytes of physical memory that the linear map can hold */
#define MEMMAP_BASE   0xF8000000UL
#define MEMMAP_END    0xFC000000UL
#define VMALLOC_START 0xFC000000UL
#define VMALLOC_END   0xFF800000UL
#define MODULES_START VMALLOC_START /* all of memory is within reach of a jump */
#define MODULES_END   VMALLOC_END
#define KMAP_BASE     0xFF800000UL
#define FIXMAP_BASE   0xFFC00000UL
#define FIXMAP_END    0xFFFFF000UL
#define KMAP_SLOTS    16 /* per CPU */

#endif
