/*
 * vmalloc: kernel virtual ranges mapped page by page.
 *
 * OWNS     the window VMALLOC_START..VMALLOC_END and, for loaded code, MODULES_START..MODULES_END (on 32 bits the same);
 *          their vm_areas, and the frames of those that vmalloc made.
 * WHY      large buffers must not need contiguous frames; device registers need uncached mappings; a stack needs a
 *          hole below it.
 *
 *	| pages ... | guard | pages ... | guard |         guard | stack |
 *	^ vm_area           ^ vm_area                     ^ vm_area of a stack
 *
 * I1       live and dead ranges are disjoint, inside their window, in the tree by start.             [vmalloc_check]
 * I2       each range has one page that is never mapped.
 * I3       a dead range stays in the tree until every TLB is flushed: its addresses are not given again, its frames not
 *          freed, before that. Order: unmap, flush, free.
 * I4       used_bytes = sum of the sizes of live ranges.                                           [vmalloc_check]
 * LOCKS    vmalloc_lock (rank VMALLOC) for tree, dead list, counters and node stash. Not held while allocating,
 *          mapping or flushing: a reserved range belongs to the thread that reserved it.
 * CONTEXT  threads that may sleep; with interrupts off only vm_area_retire, which then leaves the flush to the next.
 * COST     O(log n) in ranges to reserve; one flush for up to LAZY_MAX_PAGES freed pages.
 * FAILS    NULL: no memory, or no hole large enough. Nothing is left behind.
 * NOT HERE page tables (mm/pt); stacks' cache (kstack.c).
 *
 * Tree nodes: rangetree_reserve runs under the lock and may take nodes only from the stash; when that is empty the lock is
 * dropped, the stash filled, and the search repeated.
 * SOURCES  range tree: lib/rangetree.h.  TESTED BY  vmalloc_test.c.
 */
#include "arch/irqflags.h"
#include "arch/pt.h"
#include "base/errno.h"
#include "lib/rangetree.h"
#include "mm/alloc.h"
#include "mm/kva/vmalloc_impl.h"
#include "mm/pt.h"
#include "mm/slab.h"
#include "sync/failpoint.h"
#include "sync/spinlock.h"

enum {
	LAZY_MAX_PAGES = 64, /* dead pages that wait for one flush */
	STASH_NODES = 8,     /* more than one insertion can need: the height of the tree + 1 */
};

static struct spinlock vmalloc_lock;
static struct rangetree areas;	  /* v */
static struct vm_area *dead_list; /* v */
static unsigned long dead_pages;  /* v */
static unsigned long used_bytes;  /* v */
static void *stash[STASH_NODES];  /* v: nodes for the tree */
static unsigned stash_nr;	  /* v */

/* ---- tree nodes ---- */

static void *node_from_stash(void)
{
	return stash_nr ? stash[--stash_nr] : NULL;
}

static void node_to_stash(void *node)
{
	if (stash_nr < STASH_NODES)
		stash[stash_nr++] = node;
	else
		kfree(node);
}

/* Return: 0, or -ENOMEM when not one node was to be had. */
static int fill_stash(void)
{
	void *node = kmalloc(RANGETREE_NODE_SIZE, GFP_KERNEL);

	if (!node)
		return -ENOMEM;
	spin_lock(&vmalloc_lock);
	node_to_stash(node);
	spin_unlock(&vmalloc_lock);
	return 0;
}

void vmalloc_init(void)
{
	spin_init(&vmalloc_lock, RANK_VMALLOC);
	rangetree_init(&areas, node_from_stash, node_to_stash);
	dead_list = NULL;
	dead_pages = 0;
	used_bytes = 0;
	stash_nr = 0;
	kstack_init();
}

/* ---- ranges ---- */

static unsigned long bury_dead(void);

/* Put @a in the tree at the lowest hole. Return: 0, -ENOSPC, or -ENOMEM: the stash is empty. */
static int insert_area(struct vm_area *a)
{
	struct rangetree_gap gap;
	int err = -ENOMEM;

	spin_lock(&vmalloc_lock);
	if (rangetree_reserve(&areas, 1) == 0) {
		err = -ENOSPC;
		if (rangetree_gap_lowest(&areas, a->near_image ? MODULES_START : VMALLOC_START,
					 a->near_image ? MODULES_END : VMALLOC_END, a->size,
					 &gap)) {
			a->start = gap.start;
			rangetree_insert(&areas, a->start, a->start + a->size, a);
			used_bytes += a->size;
			err = 0;
		}
	}
	spin_unlock(&vmalloc_lock);
	return err;
}

/* Consumes @a when there is no room. */
static struct vm_area *place_area(struct vm_area *a)
{
	bool purged = false;
	int err;

	while ((err = insert_area(a))) {
		if (err == -ENOMEM && fill_stash() == 0)
			continue;
		if (err == -ENOSPC && !purged) {
			purged = true;
			(void)bury_dead();
			continue;
		}
		kfree(a);
		return NULL;
	}
	return a;
}

static struct vm_area *area_new(unsigned long nr_pages, kaddr_t caller)
{
	struct vm_area *a;

	if (!nr_pages || nr_pages >= (VMALLOC_END - VMALLOC_START) / PAGE_SIZE ||
	    failpoint("vm_area"))
		return NULL;
	a = kzalloc(sizeof(*a), GFP_KERNEL);
	if (!a)
		return NULL;
	a->size = (nr_pages + 1) * PAGE_SIZE;
	a->caller = caller;
	return a;
}

struct vm_area *vm_area_reserve(unsigned long nr_pages, bool guard_below, kaddr_t caller)
{
	struct vm_area *a = area_new(nr_pages, caller);

	if (!a)
		return NULL;
	a->guard_below = guard_below;
	return place_area(a);
}

struct vm_area *vm_area_of(kaddr_t addr)
{
	struct vm_area *a = rangetree_find(&areas, addr);

	return a && a->start <= addr && !a->dead ? a : NULL;
}

struct vm_area *vm_area_find(kaddr_t addr)
{
	struct vm_area *a;

	spin_lock(&vmalloc_lock);
	a = vm_area_of(addr);
	spin_unlock(&vmalloc_lock);
	return a;
}

/* ---- giving back ---- */

/* Take a dead range out of the tree and free it; it is in no TLB any more. */
static void area_free(struct vm_area *a)
{
	spin_lock(&vmalloc_lock);
	(void)rangetree_remove(&areas, a->start);
	spin_unlock(&vmalloc_lock);
	for (unsigned i = 0; a->own_pages && i < a->nr_pages; i++)
		put_page(a->pages[i]);
	if (a->pages != a->inline_pages)
		kfree(a->pages);
	kfree(a);
}

void vm_area_retire(struct vm_area *a)
{
	bool full;

	pt_unmap_kernel(vm_area_base(a), a->size - PAGE_SIZE);
	spin_lock(&vmalloc_lock);
	a->dead = true;
	a->next = dead_list;
	dead_list = a;
	dead_pages += a->size / PAGE_SIZE - 1;
	used_bytes -= a->size;
	full = dead_pages > LAZY_MAX_PAGES;
	spin_unlock(&vmalloc_lock);
	if (full && irqs_enabled())
		(void)bury_dead();
}

/* Flush once for all dead ranges, then free them. Return: pages freed. */
static unsigned long bury_dead(void)
{
	kaddr_t start = (kaddr_t)-1, end = 0;
	unsigned long freed = 0;
	struct vm_area *list, *a;

	spin_lock(&vmalloc_lock);
	list = dead_list;
	dead_list = NULL;
	dead_pages = 0;
	spin_unlock(&vmalloc_lock);
	for (a = list; a; a = a->next) {
		start = min_of(kaddr_t, start, a->start);
		end = max_of(kaddr_t, end, a->start + a->size);
	}
	if (list)
		tlb_flush_kernel(start, end);
	while ((a = list)) {
		list = a->next;
		freed += a->own_pages ? a->nr_pages : 0;
		area_free(a);
	}
	return freed;
}

/* Nodes put aside, here and in the tree. */
static void drop_stash(void)
{
	void *node;

	do {
		spin_lock(&vmalloc_lock);
		rangetree_unreserve(&areas);
		node = node_from_stash();
		spin_unlock(&vmalloc_lock);
		kfree(node);
	} while (node);
}

unsigned long vmalloc_purge(void)
{
	unsigned long freed;

	kstack_shrink();
	freed = bury_dead();
	drop_stash();
	return freed;
}

void vm_area_abandon(struct vm_area *a)
{
	/* Entries that exist already may be in a TLB (CPUs walk ahead): the same order as for one that was used. */
	vm_area_retire(a);
	(void)bury_dead();
}

/* ---- vmalloc ---- */

static int get_page_array(struct vm_area *a, unsigned long nr)
{
	if (nr <= ARRAY_SIZE(a->inline_pages))
		a->pages = a->inline_pages;
	else
		a->pages = kcalloc(nr, sizeof(struct page *), GFP_KERNEL);
	return a->pages ? 0 : -ENOMEM;
}

int vm_area_populate(struct vm_area *a, gfp_t gfp)
{
	unsigned long nr = a->size / PAGE_SIZE - 1;

	if (get_page_array(a, nr))
		return -ENOMEM;
	a->own_pages = true;
	for (; a->nr_pages < nr; a->nr_pages++) {
		a->pages[a->nr_pages] = alloc_page(gfp | __GFP_HIGHMEM);
		if (!a->pages[a->nr_pages])
			return -ENOMEM;
	}
	return pt_map_kernel(vm_area_base(a), a->pages, a->nr_pages, PTE_KERNEL);
}

static void *vmalloc_common(size_t size, gfp_t gfp, kaddr_t caller)
{
	struct vm_area *a;

	if (!size || size > VMALLOC_END - VMALLOC_START ||
	    page_align(size) >> PAGE_SHIFT > totalram_pages())
		return NULL;
	a = vm_area_reserve(page_align(size) >> PAGE_SHIFT, false, caller);
	if (!a)
		return NULL;
	if (vm_area_populate(a, gfp)) {
		vm_area_abandon(a);
		return NULL;
	}
	return (void *)a->start;
}

void *vmalloc(size_t size)
{
	return vmalloc_common(size, GFP_KERNEL, (kaddr_t)__builtin_return_address(0));
}

void *vzalloc(size_t size)
{
	return vmalloc_common(size, GFP_KERNEL | __GFP_ZERO, (kaddr_t)__builtin_return_address(0));
}

static struct vm_area *area_at(const void *p, const char *caller)
{
	struct vm_area *a = vm_area_find((kaddr_t)p);

	if (!a || a->start != ((kaddr_t)p & PAGE_MASK) || a->guard_below)
		panic("%s of %p, where no range starts", caller, p);
	return a;
}

static void release(const void *p, const char *caller)
{
	if (p)
		vm_area_retire(area_at(p, caller));
}

void vfree(const void *p)
{
	release(p, "vfree");
}

void *kvzalloc(size_t size)
{
	return size <= 8 * PAGE_SIZE ? kzalloc(size, GFP_KERNEL) : vzalloc(size);
}

void kvfree(const void *p)
{
	if ((kaddr_t)p >= VMALLOC_START && (kaddr_t)p < VMALLOC_END)
		vfree(p);
	else
		kfree(p);
}

/* ---- loaded code ---- */

void *vmalloc_module(size_t size)
{
	struct vm_area *a;

	if (!size || size > MODULES_END - MODULES_START ||
	    page_align(size) >> PAGE_SHIFT > totalram_pages())
		return NULL;
	a = area_new(page_align(size) >> PAGE_SHIFT, (kaddr_t)__builtin_return_address(0));
	if (!a)
		return NULL;
	a->near_image = true;
	a = place_area(a);
	if (!a)
		return NULL;
	if (vm_area_populate(a, GFP_KERNEL | __GFP_ZERO)) {
		vm_area_abandon(a);
		return NULL;
	}
	return (void *)a->start;
}

void vmalloc_protect(void *start, size_t size, enum vm_rights rights)
{
	const pte_t prots[] = { [VM_RIGHTS_DATA] = PTE_KERNEL,
				[VM_RIGHTS_CONST] = PTE_KERNEL_RO,
				[VM_RIGHTS_CODE] = PTE_KERNEL_EXEC };

	if (!size)
		return;
	pt_protect_kernel((kaddr_t)start, size, prots[rights]);
	tlb_flush_kernel((kaddr_t)start, (kaddr_t)start + size);
}

void vfree_module(const void *p)
{
	if (p)
		vm_area_abandon(area_at(p, "vfree_module"));
}

/* ---- vmap, ioremap ---- */

void *vmap(struct page **pages, unsigned nr_pages)
{
	struct vm_area *a = vm_area_reserve(nr_pages, false, (kaddr_t)__builtin_return_address(0));

	if (!a)
		return NULL;
	a->kind = VM_INFO_VMAP;
	a->nr_pages = nr_pages;
	if (pt_map_kernel(a->start, pages, nr_pages, PTE_KERNEL)) {
		vm_area_abandon(a);
		return NULL;
	}
	return (void *)a->start;
}

void vunmap(const void *p)
{
	release(p, "vunmap");
}

static void *map_phys(phys_t pa, size_t size, pte_t prot, kaddr_t caller)
{
	unsigned offset = (unsigned)(pa & (PAGE_SIZE - 1));
	struct vm_area *a;

	if (!size || size > VMALLOC_END - VMALLOC_START || pa + size < pa)
		return NULL;
	a = vm_area_reserve(page_align(size + offset) >> PAGE_SHIFT, false, caller);
	if (!a)
		return NULL;
	a->kind = VM_INFO_IOREMAP;
	a->phys = pa - offset;
	if (pt_map_kernel_phys(a->start, a->phys, a->size - PAGE_SIZE, prot)) {
		vm_area_abandon(a);
		return NULL;
	}
	return (char *)a->start + offset;
}

void *ioremap(phys_t pa, size_t size)
{
	return map_phys(pa, size, PTE_KERNEL_NOCACHE, (kaddr_t)__builtin_return_address(0));
}

void *memremap(phys_t pa, size_t size)
{
	return map_phys(pa, size, PTE_KERNEL, (kaddr_t)__builtin_return_address(0));
}

void iounmap(const void *p)
{
	release(p, "iounmap");
}

/* ---- reports ---- */

/* How many of its pages on which node. */
static void count_nodes(const struct vm_area *a, struct vmalloc_info *out)
{
	for (unsigned i = 0; a->own_pages && i < out->nr_pages; i++)
		out->node_pages[page_node_id(a->pages[i])]++;
}

bool vmalloc_info_next(kaddr_t *pos, struct vmalloc_info *out)
{
	struct vm_area *a;
	kaddr_t at = *pos;

	spin_lock(&vmalloc_lock);
	while ((a = rangetree_find(&areas, at)) && (a->dead || a->start < *pos))
		at = a->start + a->size;
	if (a) {
		*out = (struct vmalloc_info){
			.start = a->start,
			.end = a->start + a->size,
			.caller = a->caller,
			.nr_pages = a->own_pages ? READ_ONCE(a->nr_pages) : 0,
			.phys = a->phys,
			.kind = a->kind,
		};
		count_nodes(a, out);
		*pos = out->end;
	}
	spin_unlock(&vmalloc_lock);
	return a != NULL;
}

unsigned long vmalloc_used(void)
{
	return READ_ONCE(used_bytes);
}

unsigned long vmalloc_total(void)
{
	return VMALLOC_END - VMALLOC_START;
}

void vmalloc_check(void)
{
	const char *wrong;
	unsigned long used = 0;
	kaddr_t at = 0;
	struct vm_area *a;

	spin_lock(&vmalloc_lock);
	wrong = rangetree_check(&areas);
	if (wrong)
		panic("vmalloc ranges: %s", wrong);
	while ((a = rangetree_find(&areas, at))) {
		must(a->start >= (a->near_image ? MODULES_START : VMALLOC_START));	 /* I1 */
		must(a->start + a->size <= (a->near_image ? MODULES_END : VMALLOC_END)); /* I1 */
		must(a->start >= at);							 /* I1 */
		used += a->dead ? 0 : a->size;
		at = a->start + a->size;
	}
	must(used == used_bytes); /* I4 */
	spin_unlock(&vmalloc_lock);
}
