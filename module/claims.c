/*
 * Ports and physical addresses that modules claim: request_region, request_mem_region.
 *
 * OWNS     the struct resource that the caller gets; the claim itself is fs/claims.c's.
 * I1       a resource is there exactly as long as its claim.
 * LOCKS    resources_lock (rank OBJECT).   CONTEXT  tasks; sleep.
 * FAILS    NULL: a part is somebody's, or no memory.   TESTED BY  module_api (guest)
 */
#include "module/api.h"
#include "module/module_impl.h"

#include "fs/claims.h"
#include "mm/slab.h"
#include "sync/failpoint.h"
#include "sync/klog.h"
#include "sync/spinlock.h"

enum { IORESOURCE_IO = 0x100, IORESOURCE_MEM = 0x200 };
#define IORESOURCE_BUSY 0x80000000UL

struct claimed {
	struct list_head link; /* r: resources_lock */
	struct resource_view view;
};

static struct spinlock resources_lock = SPINLOCK_INIT(RANK_OBJECT);
static struct list_head resources = LIST_HEAD_INIT(resources);

static enum claim_kind kind_of(bool memory)
{
	return memory ? CLAIM_MEMORY : CLAIM_PORTS;
}

struct resource_view *module_claim(unsigned long long start, unsigned long long n, const char *name,
				   bool memory)
{
	/* Whose it is: who calls. */
	const struct module *mod = module_of((kaddr_t)__builtin_return_address(0));
	struct claimed *c;

	c = failpoint("module_claim") ? NULL : kmalloc(sizeof(*c), GFP_KERNEL);
	if (!c)
		return NULL;
	c->view = (struct resource_view){
		.start = start,
		.end = start + n - 1,
		.name = name,
		.flags = IORESOURCE_BUSY | (memory ? IORESOURCE_MEM : IORESOURCE_IO),
	};
	if (!n || claim_add(kind_of(memory), start, start + n - 1, name, mod)) {
		kfree(c);
		return NULL;
	}
	spin_lock(&resources_lock);
	list_add_tail(&c->link, &resources);
	spin_unlock(&resources_lock);
	return &c->view;
}

static struct claimed *take(unsigned long long start, unsigned long long last, unsigned long flag)
{
	struct claimed *c, *found = NULL;

	spin_lock(&resources_lock);
	list_for_each_entry (c, &resources, link)
		if (c->view.start == start && c->view.end == last && c->view.flags & flag)
			found = c;
	if (found)
		list_del(&found->link);
	spin_unlock(&resources_lock);
	return found;
}

void module_unclaim(unsigned long long start, unsigned long long n, bool memory)
{
	struct claimed *c = take(start, start + n - 1, memory ? IORESOURCE_MEM : IORESOURCE_IO);

	if (!c || !claim_remove(kind_of(memory), start, start + n - 1))
		pr_warn("Trying to free nonexistent resource <%016llx-%016llx>", start,
			start + n - 1);
	kfree(c);
}

void module_claims_left(const struct module *mod)
{
	enum claim_kind kind;
	uint64_t start, last;

	while (claim_of(mod, &kind, &start, &last)) {
		pr_warn("%s: it has not released %llx-%llx", mod->name, (unsigned long long)start,
			(unsigned long long)last);
		module_unclaim(start, last - start + 1, kind == CLAIM_MEMORY);
	}
}
