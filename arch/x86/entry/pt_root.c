/*
 * Top-level tables of address spaces.
 *
 * OWNS     the memory of pt_root.top; the kernel half of it is a copy of kernel_root's, which
 *          never changes after physmap_init (kernel_map.c, I3), so nothing has to be kept in step.
 * SIZE     2-level and 4-level: one page. PAE: 4 entries, 32 bytes, 32-byte aligned, in 32-bit
 *          physical memory (CR3's format in PAE mode): objects of a cache, lowmem.
 * FAILS    pt_root_alloc without memory: -ENOMEM, nothing kept.
 * SOURCES  SDM volume 3A, "PDPTE Registers".
 */
#include "arch/machine.h"
#include "arch/pt.h"
#include "arch/tlb.h"
#include "arch/x86/hw/tlb.h"
#include "arch/x86/hw/top.h"
#include "base/errno.h"
#include "lib/string.h"
#include "mm/alloc.h"
#include "mm/slab.h"
#include "mm/vmalloc.h"
#include "sync/failpoint.h"

static struct kmem_cache *top_cache; /* only when tops are smaller than a page; i after tlb_init */

void tlb_init(void)
{
	ipi_register(IPI_TLB, tlb_service);
	if (PT_TOP_BYTES < PAGE_SIZE)
		top_cache = kmem_cache_create("pgd", PT_TOP_BYTES, PT_TOP_BYTES, SLAB_PANIC, NULL);
}

static pte_t *top_alloc(void)
{
	if (failpoint("pt_root"))
		return NULL;
	if (PT_TOP_BYTES < PAGE_SIZE)
		return kmem_cache_alloc(top_cache, GFP_KERNEL);
	return (pte_t *)__get_free_page(GFP_KERNEL);
}

int pt_root_alloc(struct pt_root *root)
{
	unsigned first_kernel = pt_index(PT_PGD, PAGE_OFFSET);
	pte_t *top = top_alloc();

	if (!top)
		return -ENOMEM;
	/* On 64 bits the upper half of the table, wherever in it the linear map begins. */
	if (sizeof(long) == 8)
		first_kernel = PT_TOP_ENTRIES / 2;
	memset(top, 0, first_kernel * sizeof(*top));
	memcpy(top + first_kernel, kernel_root.top + first_kernel,
	       (PT_TOP_ENTRIES - first_kernel) * sizeof(*top));
	*root = (struct pt_root){ .top = top, .top_phys = virt_to_phys(top) };
	return 0;
}

void pt_root_free(struct pt_root *root)
{
	tlb_drop_root(root);
	if (PT_TOP_BYTES < PAGE_SIZE)
		kmem_cache_free(top_cache, root->top);
	else
		free_page((unsigned long)root->top);
	root->top = NULL;
	kvfree(root->ldt);
	root->ldt = NULL;
}
