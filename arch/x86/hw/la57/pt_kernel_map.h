/*
 * The kernel's half, 5-level mode (Linux's addresses, Documentation/x86/x86_64/mm.rst):
 *   ff11000000000000  32 PiB    linear map of all memory
 *   ffa0000000000000  256 TiB   vmalloc, ioremap, kernel stacks: one top-level entry (Linux: 12.5 PiB)
 *   ffd4000000000000  0.5 PiB   mem_map: descriptors of 64 bytes
 *   ffffff0000000000            kmap slots (no high memory here; the window exists for temporary mappings)
 *   ffffffff80000000  2 GiB     the kernel image; from ffffffffa0000000 on modules; its top 16 MiB are for fixed mappings of arch
 */
#ifndef PT_KERNEL_MAP_H
#define PT_KERNEL_MAP_H

#define PAGE_OFFSET   0xff11000000000000UL
#define KERNEL_BASE   0xffffffff80000000UL
#define LOWMEM_MAX    0x10000000000000UL /* bytes: the 52 bits of a physical address */
#define VMALLOC_START 0xffa0000000000000UL
#define VMALLOC_END   0xffa1000000000000UL
#define MEMMAP_BASE   0xffd4000000000000UL
#define MEMMAP_END    0xffd6000000000000UL
#define KMAP_BASE     0xffffff0000000000UL
#define MODULES_START 0xffffffffa0000000UL /* loaded code, within reach of the image */
#define MODULES_END   0xffffffffff000000UL
#define FIXMAP_BASE   0xffffffffff000000UL
#define FIXMAP_END    0xfffffffffffff000UL
#define KMAP_SLOTS    16 /* per CPU */

#endif
