/*
 * Caches of modules that give memory back: shrinkers.
 *
 * OWNS     the list of registered shrinkers; to the kernel they are one, registered with the first and for ever.
 * WHY      the kernel's own table is never taken from; modules go.
 * I1       a shrinker whose function runs has users, and is not unregistered until it has none.
 * LOCKS    list_lock; not held in a module's functions.   CONTEXT  count, scan: as mm/shrinker.h. The others: tasks; sleep.
 * FAILS    -ENOSPC: the kernel's table is full.   TESTED BY  module_api (guest)
 */
#include "module/sysctl.h"

#include "kernel/task.h"
#include "mm/shrinker.h"
#include "module/module_impl.h"
#include "sync/klog.h"

enum { SHRINK_BATCH = 128 };

static struct spinlock list_lock = SPINLOCK_INIT(RANK_OBJECT);
static struct shrinker_view *list;

/* The one behind @s, the first for NULL, with a user more; @s has one less. */
static struct shrinker_view *next_of(struct shrinker_view *s)
{
	struct shrinker_view *next;
	irqflags_t flags = spin_lock_irqsave(&list_lock);

	next = s ? s->next : list;
	if (s)
		s->users--;
	if (next)
		next->users++;
	spin_unlock_irqrestore(&list_lock, flags);
	return next;
}

static unsigned long count_one(struct shrinker_view *s)
{
	struct shrink_view sc = { .gfp_mask = GFP_KERNEL };
	unsigned long n = s->count_objects ? s->count_objects(s, &sc) : 0;

	return n >= SHRINK_STOP_VIEW - 1 ? 0 : n; /* stop, empty */
}

static unsigned long count_all(void)
{
	unsigned long n = 0;

	for (struct shrinker_view *s = next_of(NULL); s; s = next_of(s))
		n += count_one(s);
	return n;
}

static unsigned long scan_one(struct shrinker_view *s, unsigned long nr, gfp_t gfp)
{
	const unsigned long batch = s->batch ? (unsigned long)s->batch : SHRINK_BATCH;
	unsigned long freed = 0;

	while (nr) {
		struct shrink_view sc = { .gfp_mask = (unsigned)gfp };
		unsigned long got;

		sc.nr_to_scan = sc.nr_scanned = min_of(unsigned long, nr, batch);
		got = s->scan_objects(s, &sc);
		if (got == SHRINK_STOP_VIEW)
			break;
		freed += got;
		nr -= min_of(unsigned long, nr, max_of(unsigned long, sc.nr_scanned, 1));
	}
	return freed;
}

static unsigned long scan_all(unsigned long nr, gfp_t gfp)
{
	unsigned long freed = 0;

	for (struct shrinker_view *s = next_of(NULL); s; s = next_of(s)) {
		const unsigned long n = min_of(unsigned long, nr, count_one(s));

		if (n && s->scan_objects)
			freed += scan_one(s, n, gfp);
		nr -= n;
	}
	return freed;
}

int module_register_shrinker(struct shrinker_view *s)
{
	static const struct shrinker all = { .name = "modules",
					     .count = count_all,
					     .scan = scan_all };
	int err = register_shrinker(&all);
	irqflags_t flags;

	if (err)
		return err;
	flags = spin_lock_irqsave(&list_lock);
	if (!s->listed) {
		s->users = 0;
		s->listed = true;
		s->next = list;
		list = s;
	}
	spin_unlock_irqrestore(&list_lock, flags);
	return 0;
}

/* Out of the list if nobody uses it. */
static bool take_out(struct shrinker_view *s)
{
	irqflags_t flags = spin_lock_irqsave(&list_lock);
	struct shrinker_view **at = &list;
	const bool free = !s->users;

	while (free && *at && *at != s)
		at = &(*at)->next;
	if (free && *at)
		*at = s->next;
	if (free)
		s->listed = false;
	spin_unlock_irqrestore(&list_lock, flags);
	return free;
}

void module_unregister_shrinker(struct shrinker_view *s)
{
	if (!s || !s->listed)
		return;
	while (!take_out(s))
		sched_yield_current();
}

void module_shrinkers_left(const struct module *mod)
{
	struct shrinker_view *s, *found;

	do {
		found = NULL;
		for (s = next_of(NULL); s; s = next_of(s))
			if (module_has(mod, (kaddr_t)s) ||
			    module_has(mod, (kaddr_t)s->count_objects))
				found = s;
		if (found)
			pr_warn("%s: a shrinker was left behind; removed", mod->name);
		module_unregister_shrinker(found);
	} while (found);
}
