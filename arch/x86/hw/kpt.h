/* Building the kernel's own page tables at boot. Private to arch/x86; afterwards mm/pt does it. */
#ifndef X86_KPT_H
#define X86_KPT_H

#include "arch/pt.h"
#include "base/compiler.h"

/* The first call of all: how many levels the CPU walks. */
#ifdef __x86_64__
void pt_mode_init(void);
#else
static inline void pt_mode_init(void)
{
}
#endif

/* Early allocator: naturally aligned lowmem that is mapped now; 0: none left. */
typedef phys_t (*kpt_alloc_fn)(size_t size, size_t align);

/**
 * kpt_slot - the entry for @va in the table of @level below the top table @top.
 * @alloc: for missing tables; NULL: do not make any.
 * Return: the entry; NULL when a table is missing and could not be made, or when a larger page
 * covers @va. Context: boot CPU before others run, or an address whose tables nobody else changes.
 */
pte_t *kpt_slot(pte_t *top, kaddr_t va, int level, kpt_alloc_fn alloc);

/**
 * kpt_map - in kernel_root, map @len bytes (page multiples) of physical memory at @va with the
 * largest pages up to @max_level. The range must be unmapped. No TLB flush: nothing was there.
 * Return: true; false when @alloc failed or something was mapped (a part may be mapped then).
 */
bool must_check kpt_map(kaddr_t va, phys_t pa, phys_t len, pte_t prot, int max_level,
			kpt_alloc_fn alloc);

#endif
