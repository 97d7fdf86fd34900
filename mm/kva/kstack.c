/*
 * Kernel stacks: a few pages in the vmalloc window with an unmapped page below.
 *
 * OWNS     the stacks of all threads and a small cache of them per CPU.
 * WHY      running past the end of a stack must fault at once, not overwrite a neighbour. Mapping one costs
 *          about ten times what reusing one does, and a fork takes one just after an exit gave one back.
 * I1       the page below a stack is never mapped.
 * I2       NR_KERNEL_STACK_KB counts stacks in use, not cached ones.
 * LOCKS    the cache's lock (rank OBJECT, interrupts off): its own CPU's, or kstack_shrink's.
 * CONTEXT  alloc: may sleep. free: no spinlock held; interrupts may be off.
 * FAILS    NULL: no memory.  TESTED BY  vmalloc_test.c.
 */
#include "mm/kva/vmalloc_impl.h"
#include "mm/zone.h"

enum { CACHED_STACKS = 4, STACK_KB = KSTACK_PAGES * 4 };

struct stack_cache {
	struct spinlock lock;
	unsigned nr;			       /* c: lock */
	struct vm_area *stacks[CACHED_STACKS]; /* c */
} cacheline_;

static struct stack_cache caches[CFG_NR_CPUS];

void kstack_init(void)
{
	for (unsigned cpu = 0; cpu < CFG_NR_CPUS; cpu++) {
		spin_init(&caches[cpu].lock, RANK_OBJECT);
		caches[cpu].nr = 0;
	}
}

static struct vm_area *cache_take(struct stack_cache *c)
{
	irqflags_t flags = spin_lock_irqsave(&c->lock);
	struct vm_area *a = c->nr ? c->stacks[--c->nr] : NULL;

	spin_unlock_irqrestore(&c->lock, flags);
	return a;
}

static bool cache_put(struct stack_cache *c, struct vm_area *a)
{
	irqflags_t flags = spin_lock_irqsave(&c->lock);
	bool room = c->nr < CACHED_STACKS;

	if (room)
		c->stacks[c->nr++] = a;
	spin_unlock_irqrestore(&c->lock, flags);
	return room;
}

static struct vm_area *stack_new(kaddr_t caller)
{
	struct vm_area *a = vm_area_reserve(KSTACK_PAGES, true, caller);

	if (!a)
		return NULL;
	if (vm_area_populate(a, GFP_KERNEL) == 0)
		return a;
	vm_area_abandon(a);
	return NULL;
}

void *kstack_alloc(void)
{
	struct vm_area *a = cache_take(&caches[cpu_id()]);

	if (!a)
		a = stack_new((kaddr_t)__builtin_return_address(0));
	if (!a)
		return NULL;
	mod_node_stat(a->pages[0], NR_KERNEL_STACK_KB, STACK_KB);
	return (void *)vm_area_base(a);
}

void kstack_free(void *stack)
{
	struct vm_area *a;

	if (!stack)
		return;
	a = vm_area_find((kaddr_t)stack);
	if (!a || !a->guard_below || vm_area_base(a) != (kaddr_t)stack)
		panic("kstack_free of %p, which is no stack", stack);
	mod_node_stat(a->pages[0], NR_KERNEL_STACK_KB, -STACK_KB);
	if (!cache_put(&caches[cpu_id()], a))
		vm_area_retire(a);
}

void kstack_shrink(void)
{
	for (unsigned cpu = 0; cpu < CFG_NR_CPUS; cpu++) {
		struct vm_area *a;

		while ((a = cache_take(&caches[cpu])))
			vm_area_retire(a);
	}
}

bool kstack_is_guard(kaddr_t addr)
{
	/* Without the lock: asked by the double-fault handler, when its holder may be the thread that died. */
	struct vm_area *a = vm_area_of(addr);

	return a && a->guard_below && addr < vm_area_base(a);
}
