/* Frames and their addresses. */
#ifndef _ASM_PAGE_H
#define _ASM_PAGE_H

#include <linux/types.h>

#include "arch/physmap.h"
#include "arch/pt.h"

#define PAGE_ALIGN(a)	   (((a) + PAGE_SIZE - 1) & PAGE_MASK)
#define offset_in_page(p)  ((unsigned long)(p) & ~PAGE_MASK)
#define PTE_PFN_MASK	   0x000ffffffffff000ULL
#define PHYSICAL_PAGE_MASK PTE_PFN_MASK
#define __pa(v)                                                                                    \
	((unsigned long)(v) >= KERNEL_BASE && KERNEL_BASE != PAGE_OFFSET                           \
		 ? (phys_addr_t)((unsigned long)(v)-KERNEL_BASE)                                   \
		 : (phys_addr_t)((unsigned long)(v)-PAGE_OFFSET))
#define __va(p)		((void *)((unsigned long)(p) + PAGE_OFFSET))
#define virt_to_phys(v) __pa(v)
#define phys_to_virt(p) __va(p)
#define virt_addr_valid(v)                                                                         \
	((unsigned long)(v) >= PAGE_OFFSET && pfn_is_lowmem(phys_to_pfn(__pa(v))))
#define PFN_PHYS(pfn) ((phys_addr_t)(pfn) << PAGE_SHIFT)
#define PHYS_PFN(p)   ((unsigned long)((p) >> PAGE_SHIFT))
#define TASK_SIZE     USER_TOP

#endif
