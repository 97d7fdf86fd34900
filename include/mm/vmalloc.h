/* Kernel virtual memory: page-mapped ranges with guard pages; device memory; kernel stacks. May sleep. */
#ifndef MM_VMALLOC_H
#define MM_VMALLOC_H

#include "base/compiler.h"
#include "base/config.h"
#include "base/types.h"
#include "mm/gfp.h"

void vmalloc_init(void);
void *must_check vmalloc(size_t size); /* NULL: no memory or no range; size 0 is NULL */
void *must_check vzalloc(size_t size);
/* Zeroed, from kmalloc up to a few pages, else from vmalloc: for tables that grow. NULL: no memory. */
void *must_check kvzalloc(size_t size);
void kvfree(const void *p); /* NULL legal; as vfree */
void vfree(const void *p);  /* NULL legal; not in interrupts, no spinlock held */
/* Zeroed memory for code that is loaded, in reach of the image's; written first, then given its rights. NULL: none. */
void *must_check vmalloc_module(size_t size);
enum vm_rights {
	VM_RIGHTS_DATA,
	VM_RIGHTS_CONST,
	VM_RIGHTS_CODE
}; /* never writable and executable */
/* Whole pages of such memory; on return no CPU uses the rights from before. */
void vmalloc_protect(void *start, size_t size, enum vm_rights rights);
void vfree_module(const void *p); /* at once, not with the next batch; NULL legal */
struct page;
void *must_check vmap(struct page **pages, unsigned nr_pages);
void vunmap(const void *p);
/* Map device memory uncached (any alignment; @size bytes from @pa). */
void *must_check ioremap(phys_t pa, size_t size);
/* Map firmware tables cached, read only in effect. */
void *must_check memremap(phys_t pa, size_t size);
void iounmap(const void *p);

/* Flush and free what vfree has put aside, cached stacks and spare nodes. Return: pages freed. */
unsigned long vmalloc_purge(void);

/* Pages of one kernel stack (KSTACK_SIZE of arch/thread.h). */
enum { KSTACK_PAGES = sizeof(long) == 8 ? 4 : 2 };

/* A kernel stack of KSTACK_SIZE bytes with an unmapped page below it; per-CPU cache in front. */
void *must_check kstack_alloc(void);
void kstack_free(void *stack); /* no spinlock held; interrupts may be off */
/* Is @addr in some stack's guard page? (double-fault report) */
bool kstack_is_guard(kaddr_t addr);

struct vmalloc_info {
	kaddr_t start, end; /* guard page included, as Linux shows it */
	kaddr_t caller;
	unsigned nr_pages;
	unsigned node_pages[CFG_MAX_NODES]; /* of nr_pages, how many on each node */
	phys_t phys;			    /* ioremap */
	enum { VM_INFO_VMALLOC, VM_INFO_VMAP, VM_INFO_IOREMAP } kind;
};
/* Iterate ranges by address: the first with start >= *pos. Return: false at the end. */
bool vmalloc_info_next(kaddr_t *pos, struct vmalloc_info *out);
unsigned long vmalloc_used(void);  /* bytes */
unsigned long vmalloc_total(void); /* bytes */
void vmalloc_check(void);	   /* checker */

/* High memory windows. kmap_local_page: this thread, this CPU, LIFO order, no sleeping until kunmap_local.
 * On lowmem pages (all of x86_64) it is the linear address and free of cost. */
void *kmap_local_page(struct page *page);
void clear_highpage(struct page *page);			/* the frame */
void copy_highpage(struct page *to, struct page *from); /* the frame */
void kunmap_local(const void *addr);

#endif
