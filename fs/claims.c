/*
 * Claims of ports and physical addresses.
 *
 * OWNS     the claims: those of the machine (arch), which stay, and those that loadable modules make.
 * WHY      two drivers of one device must not both believe that they have it.
 * I1       claims of a kind do not overlap; the list of each is in rising order.
 * LOCKS    claims_lock (rank OBJECT).   CONTEXT  tasks; claim_add sleeps.
 * NOT HERE what the firmware says is RAM or registers (proc_iomem.c): memory that is RAM cannot be claimed.
 * SOURCES  proc(5).   TESTED BY  module_api (guest)
 */
#include "fs/claims.h"

#include "arch/machine.h"
#include "base/errno.h"
#include "fs/proc_impl.h"
#include "lib/list.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "sync/failpoint.h"
#include "sync/klog.h"
#include "sync/spinlock.h"

enum { NR_KINDS = CLAIM_MEMORY + 1, NAME_MAX_LEN = 32, PORT_LAST = 0xffff };

struct claim {
	struct list_head link; /* c: claims_lock */
	uint64_t start, last;
	const void *owner; /* NULL: the machine's */
	char name[NAME_MAX_LEN];
};

static struct spinlock claims_lock = SPINLOCK_INIT(RANK_OBJECT);
static struct list_head claims[NR_KINDS] = { LIST_HEAD_INIT(claims[0]), LIST_HEAD_INIT(claims[1]) };

static bool is_ram(uint64_t start, uint64_t last)
{
	for (unsigned n = 0; n < boot_info.nr_ranges; n++) {
		const struct boot_range *r = &boot_info.ranges[n];

		if (r->type == 1 && r->start <= last && r->end > start)
			return true;
	}
	return false;
}

/* In its place, if that is free. */
static int insert(enum claim_kind kind, struct claim *c)
{
	struct claim *at;
	int err = 0;

	spin_lock(&claims_lock);
	list_for_each_entry (at, &claims[kind], link)
		if (at->last >= c->start)
			break;
	if (&at->link != &claims[kind] && at->start <= c->last)
		err = -EBUSY;
	else
		list_add_tail(&c->link, &at->link);
	spin_unlock(&claims_lock);
	return err;
}

int claim_add(enum claim_kind kind, uint64_t start, uint64_t last, const char *name,
	      const void *owner)
{
	struct claim *c;
	int err;

	if (last < start || (kind == CLAIM_PORTS && last > PORT_LAST))
		return -EINVAL;
	if (kind == CLAIM_MEMORY && is_ram(start, last))
		return -EBUSY;
	c = failpoint("claim") ? NULL : kmalloc(sizeof(*c), GFP_KERNEL);
	if (!c)
		return -ENOMEM;
	*c = (struct claim){ .start = start, .last = last, .owner = owner };
	str_copy(c->name, name ? name : "<BAD>", sizeof(c->name));
	err = insert(kind, c);
	if (err)
		kfree(c);
	return err;
}

bool claim_remove(enum claim_kind kind, uint64_t start, uint64_t last)
{
	struct claim *c, *found = NULL;

	spin_lock(&claims_lock);
	list_for_each_entry (c, &claims[kind], link)
		if (c->start == start && c->last == last && c->owner)
			found = c;
	if (found)
		list_del(&found->link);
	spin_unlock(&claims_lock);
	kfree(found);
	return found;
}

bool claim_at(enum claim_kind kind, unsigned n, uint64_t *start, uint64_t *last, char *name)
{
	struct claim *c;
	bool found = false;

	spin_lock(&claims_lock);
	list_for_each_entry (c, &claims[kind], link) {
		if (n--)
			continue;
		*start = c->start;
		*last = c->last;
		str_copy(name, c->name, NAME_MAX_LEN);
		found = true;
		break;
	}
	spin_unlock(&claims_lock);
	return found;
}

bool claim_of(const void *owner, enum claim_kind *kind, uint64_t *start, uint64_t *last)
{
	struct claim *c;
	bool found = false;

	spin_lock(&claims_lock);
	for (unsigned k = 0; k < NR_KINDS; k++)
		list_for_each_entry (c, &claims[k], link)
			if (c->owner == owner) {
				*kind = (enum claim_kind)k;
				*start = c->start;
				*last = c->last;
				found = true;
			}
	spin_unlock(&claims_lock);
	return found;
}

static int ioports_show(struct seq_file *m)
{
	char name[NAME_MAX_LEN];
	uint64_t start, last;

	for (unsigned n = 0; claim_at(CLAIM_PORTS, n, &start, &last, name); n++)
		seq_printf(m, "%04llx-%04llx : %s\n", (unsigned long long)start,
			   (unsigned long long)last, name);
	return 0;
}

void claims_init(void)
{
	static struct proc_entry ioports = { .show = ioports_show };
	const char *name;
	unsigned start, last;

	for (unsigned n = 0; machine_ports(n, &start, &last, &name); n++)
		if (claim_add(CLAIM_PORTS, start, last, name, NULL))
			pr_warn("claims: no memory for %s", name);
	if (proc_register("ioports", 0444, &ioports))
		pr_warn("procfs: no memory for ioports");
}
