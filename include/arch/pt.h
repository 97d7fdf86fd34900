/*
 * The page-table contract: what pt_geom.h and pt_entry.h of a paging mode give. One folder per mode
 * (arch/x86/hw/{i386,pae,x64,la57}), chosen by the include path; the simulator uses the same folders. The x86_64
 * kernel has x64 and la57 in one (long): there the number of levels, and all that follows from it (USER_TOP, VA_BITS,
 * pt_folded(PT_P4D), pt_shift(PT_PGD)), is no compile-time constant but a variable that is read-only after boot.
 *
 * pt_geom.h, constants (usable in expressions the compiler folds):
 *   PT_PTE 0, PT_PMD 1, PT_PUD 2, PT_P4D 3, PT_PGD 4, PT_LEVELS 5
 *   pt_shift(level), pt_bits(level)      0 bits: folded; shift of a folded level is that of the level above
 *   pt_folded(level), pt_span(level)     bytes one entry of the level maps
 *   pt_index(level, va)                  entry number; only mm/pt, arch and reports call it
 *   pt_top_level()                       highest level that is not folded
 *   pt_huge_level()                      where entries of large user pages stand: PT_PMD, or PT_PGD where that is folded
 *   USER_TOP                             first address beyond user space (TASK_SIZE)
 *   PT_MAP_WINDOW                        the same less what only a hint above it gives (5 levels: 47 bits)
 *   PAGE_OFFSET, VMALLOC_START, VMALLOC_END, MODULES_START, MODULES_END, MEMMAP_BASE, KMAP_BASE, KMAP_SLOTS (per CPU), KERNEL_BASE
 *   PAGEBLOCK_ORDER                      10 on 2-level, 9 otherwise
 *   VA_BITS                              for canonical checks
 *   pt_canonical(va)
 *   PT_HAS_NX, PT_LARGE_LEVEL_MAX        (1: large pages at PMD; 2: also PUD; i386: PT_PGD, for 4 MiB pages are in the top table)
 *   PT_TOP_RELOAD                        1: CPUs keep copies of top-level entries until CR3 is loaded (PAE)
 *   LOWMEM_MAX                           bytes of physical memory the linear map can hold
 *   MEMMAP_END, FIXMAP_BASE, FIXMAP_END  the map is drawn in pt_kernel_map.h
 *
 * pt_entry.h: typedef struct { uint32_t or uint64_t v; } pte_t, the entry of every level.
 *   pte_none(e) pte_present(e) pte_is_leaf(e, level) pte_write(e) pte_user(e) pte_exec(e) pte_young(e) pte_dirty(e)
 *   pte_global(e) pte_special(e)         special: no struct page behind it (device, zero page); software bit 9
 *   pte_pfn(e) pte_phys(e)               frame; of a large leaf its first
 *   pte_make(pfn, prot)                  prot: pte_t of PROT bits below, P included
 *   pte_make_table(level, pa)            entry pointing to a lower table (PAE top level: only P)
 *   pte_make_large(pfn, prot, level)     PROT_NONE is possible too: pte_modify
 *   pte_small_of(e, i)                   what a large e says of its i-th page, as an entry of PT_PTE
 *   pte_mkspecial pte_mkwrite pte_wrprotect pte_mkyoung pte_mkold pte_mkdirty pte_mkclean (by value)
 *   prot values: PTE_PROT_NONE_ pte_prot_user(read, write, exec), PTE_KERNEL, PTE_KERNEL_RO, PTE_KERNEL_EXEC, PTE_KERNEL_NOCACHE
 *   pte_modify(e, prot)                  new rights, same frame, A/D kept
 *   pte_read(p)                          one snapshot (PAE: not torn)
 *   pte_set(p, e)                        entry was not present (PAE: high word first)
 *   pte_set_if_none(p, e)                atomic; Return: false when the entry was not none (and stays)
 *   pte_replace(p, e)                    present to present, hardware may set A/D meanwhile: Return old
 *   pte_flip(p, cur, diff)               the same when *p is still @cur, to @cur ^ @diff; Return: false and unchanged if not
 *   pte_read_locked(p)                   pte_read while nobody else writes: table lock held
 *   pte_clear(p)                         Return old, atomically, A/D bits not lost
 *   pte_test_and_clear_young(p)
 *   pte_wrprotect_in_place(p)            atomic
 *   pte_from_swap(type, offset) pte_is_swap(e) pte_swap_type(e) pte_swap_offset(e): not present, not none
 *   PROT_NONE pages: present to pte_present() but not to the hardware (bit 8), as in Linux
 *   pte_raw(e)                           uint64_t for reports; pte_from_raw(u64)
 *   pte_bit_name(e, bit, level)          name of a bit, for reports
 *   pt_table_pa(e) / pt_table_ptr(e)     lower table of a table entry, physical / linear
 *   pte_is_plain_table(e)                surely pte_make_table's: no table entry need be; pt_plain_table_ptr(e) is its table then
 */
#ifndef ARCH_PT_H
#define ARCH_PT_H

#include "pt_entry.h"
#include "pt_geom.h"

#endif
