/*
 * The kernel's windows in the simulator: host addresses, the same for all four geometries.
 *   40000000      128 MiB  vmalloc. Below 4 GiB, so that the 32-bit geometries can index it; real host mappings of
 *                          arena frames appear here on first access (arch/sim/hw/kva.c). Free under ASan (LowMem).
 *   49000000      512 KiB  kmap slots
 *   200000000000    1 TiB  mem_map, reserved; backed where memory exists
 *   210000000000           linear map: the frame arena
 * kernel_root is a table of its own here: user roots share nothing with it.
 */
#ifndef ARCH_KERNEL_MAP_H
#define ARCH_KERNEL_MAP_H

#define PAGE_OFFSET   0x210000000000UL
#define KERNEL_BASE   PAGE_OFFSET
#define LOWMEM_MAX    0x10000000000UL
#define VMALLOC_START 0x40000000UL
#define VMALLOC_END   0x48000000UL
#define MODULES_START VMALLOC_START
#define MODULES_END   VMALLOC_END
#define KMAP_BASE     0x49000000UL
#define MEMMAP_BASE   0x200000000000UL
#define MEMMAP_END    0x210000000000UL
#define FIXMAP_BASE   0x4a000000UL
#define FIXMAP_END    0x4b000000UL
#define KMAP_SLOTS    16 /* per CPU */

#endif
