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
	return (pte_t *)get_zeroed_page(GFP_KERNEL);
}

/* The kernel's entries in a top table; on 64 bits the upper half of the table, wherever in it the linear map begins. */
static unsigned first_kernel(void)
{
	return sizeof(long) == 8 ? PT_TOP_ENTRIES / 2 : pt_index(PT_PGD, PAGE_OFFSET);
}

/* User space has left its half empty; so has the kernel then, and the next that wants an empty page need not clear it. */
static void top_free(pte_t *top)
{
	struct page *page;

	if (PT_TOP_BYTES < PAGE_SIZE) {
		kmem_cache_free(top_cache, top);
		return;
	}
	page = virt_to_page(top);
	memset(top + first_kernel(), 0, (PT_TOP_ENTRIES - first_kernel()) * sizeof(*top));
	if (!CFG_DEBUG)
		page_set(page, PG_zeroed);
	__free_page(page);
}

int pt_root_alloc(struct pt_root *root)
{
	const unsigned first = first_kernel();
	pte_t *top = top_alloc();

	if (!top)
		return -ENOMEM;
	if (PT_TOP_BYTES < PAGE_SIZE)
		memset(top, 0, first * sizeof(*top));
	memcpy(top + first, kernel_root.top + first, (PT_TOP_ENTRIES - first) * sizeof(*top));
	*root = (struct pt_root){ .top = top, .top_phys = virt_to_phys(top) };
	return 0;
}

void pt_root_free(struct pt_root *root)
{
	tlb_drop_root(root);
	top_free(root->top);
	root->top = NULL;
	kvfree(root->ldt);
	root->ldt = NULL;
}
