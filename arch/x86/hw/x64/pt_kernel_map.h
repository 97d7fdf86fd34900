/*
 * The kernel's half, 4-level mode (Linux's addresses, Documentation/x86/x86_64/mm.rst):
 *   ffff888000000000  64 TiB  linear map of all memory
 *   ffffc90000000000 512 GiB  vmalloc, ioremap, kernel stacks: one top-level entry (Linux: 32 TiB), because every
 *                              entry of the window is made at boot and costs a page
 *   ffffea0000000000   1 TiB  mem_map: descriptors of 64 bytes for 64 TiB of frames
 *   ffffff0000000000          kmap slots (no high memory here; the window exists for temporary mappings)
 *   ffffffff80000000   2 GiB  the kernel image; from ffffffffa0000000 on modules; its top 16 MiB are for fixed mappings of arch
 */
#ifndef PT_KERNEL_MAP_H
#define PT_KERNEL_MAP_H

#define PAGE_OFFSET   0xffff888000000000UL
#define KERNEL_BASE   0xffffffff80000000UL
#define LOWMEM_MAX    0x400000000000UL /* bytes of physical memory that the linear map can hold */
#define VMALLOC_START 0xffffc90000000000UL
#define VMALLOC_END   0xffffc98000000000UL
#define MEMMAP_BASE   0xffffea0000000000UL
#define MEMMAP_END    0xffffeb0000000000UL
#define KMAP_BASE     0xffffff0000000000UL
#define MODULES_START 0xffffffffa0000000UL /* loaded code, within reach of the image */
#define MODULES_END   0xffffffffff000000UL
#define FIXMAP_BASE   0xffffffffff000000UL
#define FIXMAP_END    0xfffffffffffff000UL
#define KMAP_SLOTS    16 /* per CPU */

#endif
