/*
 * Slab: caches of equal objects, with per-CPU magazines.
 *
 * OWNS     kmem_caches, their slabs (pages in state SLAB), free objects and magazines.
 * WHY      kernel objects are small, of few sizes and short-lived: pages would waste most of their memory, and a lock
 *          per allocation most of the time.
 *
 *	CPU      loaded magazine <-> previous magazine     no lock anybody waits for: a stack of pointers
 *	depot    full magazines, empty magazines           cache->lock, whole magazines at a time
 *	slabs    partial, full, empty lists                cache->lock, objects one by one
 *	pages    alloc_pages(order), compound
 *
 * I1       a slab is on the list its use says: 0 empty, all full, else partial; page->private = objects out of it;
 *          its free list has per_slab - private entries, all inside it, aligned, none twice.            [slab_check_all]
 * I2       nr_in_use = sum of page->private = objects with users + objects in magazines.                [slab_check_all]
 * I3       a magazine's rounds 0..nr-1 are free objects of this cache; previous is full, empty or the loaded one's
 *          predecessor, so that one exchange always gives or takes at least one object.                 [slab_check_all]
 * I4       a constructed object is in constructed state whenever it is free (the link lies behind it).
 * LOCKS    cpu_cache.busy (a byte, taken by exchange), cache->lock (rank SLAB), slab_list_lock. A CPU never waits for its
 *          busy: if another one is draining its magazines, or it has been interrupted between two instructions of a hit, it
 *          goes to the slabs. So a hit leaves interrupts on; nobody else comes to run here, for the kernel is not preempted.
 *          Only a draining thread waits for busy, holding nothing. cache->lock is never held across the page allocator.
 * CONTEXT  any for alloc without __GFP_DIRECT_RECLAIM, and for free. create, destroy: may sleep.
 * COST     hit: about 20 instructions; miss: a magazine of objects under one lock.
 * FAILS    alloc: NULL when there is no page. free: never (a magazine that cannot be had is done without).
 * NOT HERE sizes (kmalloc.c); red zones and poison (slab_debug.c).
 *
 * The cache of magazines has none itself, so freeing never recurses more than once; kmem_cache structs of slab_init
 * are static. A magazine is got when the first object is freed, or when many are in use: small caches that only allocate
 * have none.
 * SOURCES  Bonwick 1994 (slabs), Bonwick & Adams 2001 (magazines).  TESTED BY  slab_test.c.
 */
#include "arch/irqflags.h"
#include "base/errno.h"
#include "lib/string.h"
#include "mm/kva/slab_impl.h"
#include "sync/failpoint.h"
#include "sync/kassert.h"

static struct magazine magazine_none; /* cap 0: neither gives nor takes */
static struct kmem_cache cache_cache, magazine_cache;
static struct list_head all_caches; /* l */
static struct spinlock slab_list_lock;

/* ---- slabs; cache->lock held ---- */

struct page *slab_page_of(const void *obj)
{
	struct page *page = page_head(virt_to_page(obj));

	if (unlikely(page_state(page) != PS_SLAB)) {
		page_dump(page, "not a slab");
		panic("%p is not a slab object", obj);
	}
	return page;
}

static void slab_relist(struct kmem_cache *c, struct page *slab, unsigned long was)
{
	unsigned long now = slab->private;

	if (was == 0)
		c->nr_empty--;
	else if (was == c->per_slab)
		c->nr_full--;
	else
		c->nr_partial--;
	list_del(&slab->slab_list);
	if (now == 0) {
		list_add(&slab->slab_list, &c->empty);
		c->nr_empty++;
	} else if (now == c->per_slab) {
		list_add(&slab->slab_list, &c->full);
		c->nr_full++;
	} else {
		list_add(&slab->slab_list, &c->partial);
		c->nr_partial++;
	}
}

/* Does the change from @was to @now objects in use move the slab to another list? */
static inline bool changes_list(const struct kmem_cache *c, unsigned long was, unsigned long now)
{
	return was == 0 || now == 0 || was == c->per_slab || now == c->per_slab;
}

/* Take up to @n objects of one slab. Return: how many. */
static unsigned take_from_slab(struct kmem_cache *c, struct page *slab, void **objs, unsigned n)
{
	unsigned long was = slab->private;
	void *obj = slab->slab_freelist;
	const unsigned link = c->link_offset;
	unsigned got = 0;

	while (got < n && obj) {
		objs[got++] = obj;
		obj = *(void **)(void *)((char *)obj + link);
	}
	slab->slab_freelist = obj;
	slab->private = was + got;
	c->nr_in_use += got;
	if (changes_list(c, was, slab->private))
		slab_relist(c, slab, was);
	return got;
}

/* Take up to @n objects, partial slabs first so that empty ones stay empty. */
static unsigned take_objects(struct kmem_cache *c, void **objs, unsigned n)
{
	unsigned got = 0;

	while (got < n) {
		struct list_head *list = !list_empty(&c->partial) ? &c->partial : &c->empty;

		if (list_empty(list))
			break;
		got += take_from_slab(c, list_first(list, struct page, slab_list), objs + got,
				      n - got);
	}
	return got;
}

static void put_object(struct kmem_cache *c, void *obj)
{
	struct page *slab = slab_page_of(obj);
	unsigned long was = slab->private;

	must(slab->slab_cache == c && was > 0);
	*slab_link(c, obj) = slab->slab_freelist;
	slab->slab_freelist = obj;
	slab->private = was - 1;
	c->nr_in_use--;
	if (changes_list(c, was, was - 1))
		slab_relist(c, slab, was);
}

/* Take empty slabs beyond @keep off the list, chained through slab_list to @out. */
static void detach_empty(struct kmem_cache *c, unsigned keep, struct list_head *out)
{
	while (c->nr_empty > keep) {
		struct page *slab = list_first(&c->empty, struct page, slab_list);

		list_move_tail(&slab->slab_list, out);
		c->nr_empty--;
	}
}

/* ---- pages of slabs; no lock held ---- */

static void count_slab(const struct kmem_cache *c, const struct page *slab, long sign)
{
	enum node_stat_item item =
		c->flags & SLAB_RECLAIM_ACCOUNT ? NR_SLAB_RECLAIMABLE : NR_SLAB_UNRECLAIMABLE;

	mod_node_stat(slab, item, sign * (1L << c->order));
}

static void thread_free_list(struct kmem_cache *c, struct page *slab)
{
	const unsigned size = c->size, link = c->link_offset;
	const bool special = c->ctor || slab_debugged(c);
	char *obj = (char *)page_address(slab) + (size_t)c->per_slab * size + c->offset;
	void *next = NULL;

	for (unsigned i = c->per_slab; i-- > 0; next = obj) {
		obj -= size;
		if (unlikely(special) && c->ctor)
			c->ctor(obj);
		if (unlikely(special) && slab_debugged(c))
			slab_debug_new(c, obj);
		*(void **)(void *)(obj + link) = next;
	}
	slab->slab_freelist = next;
}

static struct page *slab_new(struct kmem_cache *c, gfp_t gfp)
{
	const gfp_t zone_and_use = __GFP_ZERO | __GFP_HIGHMEM | __GFP_MOVABLE | __GFP_COMP;
	gfp_t page_gfp = (gfp & ~zone_and_use) | (c->order ? __GFP_COMP : 0);
	struct page *slab;

	if (c->flags & SLAB_RECLAIM_ACCOUNT)
		page_gfp |= __GFP_RECLAIMABLE;
	if (failpoint("slab_new"))
		return NULL;
	slab = alloc_pages(page_gfp, c->order);
	if (!slab)
		return NULL;
	page_become(slab, PS_KERNEL, PS_SLAB);
	slab->slab_cache = c;
	thread_free_list(c, slab);
	count_slab(c, slab, 1);
	return slab;
}

static void slab_delete(struct kmem_cache *c, struct page *slab)
{
	count_slab(c, slab, -1);
	slab->slab_cache = NULL;
	slab->mapping = NULL; /* shared with slab_list */
	page_become(slab, PS_SLAB, PS_KERNEL);
	__free_pages(slab, c->order);
}

/* Return: pages freed. */
static unsigned long delete_slabs(struct kmem_cache *c, struct list_head *slabs)
{
	struct page *slab, *next;
	unsigned long nr = 0;

	list_for_each_entry_safe (slab, next, slabs, slab_list) {
		slab_delete(c, slab);
		nr += 1UL << c->order;
	}
	list_init(slabs);
	return nr;
}

/* ---- magazines ---- */

static inline bool busy_try(struct cpu_cache *cc)
{
	return __atomic_exchange_n(&cc->busy, 1, __ATOMIC_ACQUIRE) == 0;
}

static inline void busy_end(struct cpu_cache *cc)
{
	__atomic_store_n(&cc->busy, 0, __ATOMIC_RELEASE);
}

static inline void swap_magazines(struct cpu_cache *cc)
{
	struct magazine *m = cc->loaded;

	cc->loaded = cc->previous;
	cc->previous = m;
}

/* An empty magazine from the depot, or a new one; NULL: done without. Interrupts off, no lock held. */
static struct magazine *magazine_get(struct kmem_cache *c)
{
	struct magazine *m;

	spin_lock(&c->lock);
	m = c->depot_empty;
	if (m)
		c->depot_empty = m->next;
	spin_unlock(&c->lock);
	if (m || c == &magazine_cache)
		return m;
	m = kmem_cache_alloc(&magazine_cache, GFP_NOWAIT | __GFP_NOWARN | __GFP_NOMEMALLOC);
	if (m) {
		m->nr = 0;
		m->cap = c->mag_cap;
	}
	return m;
}

/* All rounds go back to their slabs. cache->lock held. */
static void empty_magazine(struct kmem_cache *c, struct magazine *m)
{
	while (m->nr)
		put_object(c, m->objs[--m->nr]);
}

/* Hand a magazine that the CPU does not need to the depot; a full one beyond the limit is emptied first. */
static void magazine_put(struct kmem_cache *c, struct magazine *m)
{
	struct list_head surplus;

	if (m == &magazine_none)
		return;
	list_init(&surplus);
	spin_lock(&c->lock);
	if (m->nr && c->nr_depot_full >= DEPOT_MAX * nr_cpus) {
		empty_magazine(c, m);
		detach_empty(c, SLAB_KEEP_EMPTY, &surplus);
	}
	if (m->nr) {
		m->next = c->depot_full;
		c->depot_full = m;
		c->nr_depot_full++;
	} else {
		m->next = c->depot_empty;
		c->depot_empty = m;
	}
	spin_unlock(&c->lock);
	(void)delete_slabs(c, &surplus);
}

/* A full magazine from the depot, or NULL. */
static struct magazine *depot_take_full(struct kmem_cache *c)
{
	struct magazine *m;

	spin_lock(&c->lock);
	m = c->depot_full;
	if (m) {
		c->depot_full = m->next;
		c->nr_depot_full--;
	}
	spin_unlock(&c->lock);
	return m;
}

/* ---- allocation ---- */

/* A CPU without a magazine gets one once the cache is not tiny: it will want more. Interrupts off, busy held. */
static inline void load_first(struct kmem_cache *c, struct cpu_cache *cc)
{
	struct magazine *m;

	if (likely(cc->loaded->cap) || READ_ONCE(c->nr_in_use) <= MAG_ROUNDS / 2 || !c->mag_cap)
		return;
	m = magazine_get(c);
	if (m)
		cc->loaded = m;
}

/*
 * The loaded magazine is empty. Return: an object from previous, from the depot, or from slabs (loading the rest of
 * a batch). NULL: the slabs are exhausted. Interrupts off; busy held if @cc.
 */
static void *refill(struct kmem_cache *c, struct cpu_cache *cc)
{
	struct magazine *full;
	void *obj = NULL;
	unsigned n;

	if (cc && cc->previous->nr) {
		swap_magazines(cc);
		return cc->loaded->objs[--cc->loaded->nr];
	}
	full = cc ? depot_take_full(c) : NULL;
	if (full) {
		magazine_put(c, cc->previous);
		cc->previous = cc->loaded;
		cc->loaded = full;
		return full->objs[--full->nr];
	}
	if (cc)
		load_first(c, cc);
	spin_lock(&c->lock);
	n = take_objects(c, &obj, 1);
	if (n && cc && cc->loaded->cap)
		cc->loaded->nr = take_objects(c, cc->loaded->objs, cc->loaded->cap / 2);
	spin_unlock(&c->lock);
	return obj;
}

static void *alloc_once(struct kmem_cache *c)
{
	struct cpu_cache *cc = &c->cpu[cpu_id()];
	irqflags_t flags = irq_save();
	void *obj;

	if (busy_try(cc)) {
		obj = refill(c, cc);
		busy_end(cc);
	} else {
		obj = refill(c, NULL);
	}
	irq_restore(flags);
	return obj;
}

static noinline_ void *alloc_slow(struct kmem_cache *c, gfp_t gfp)
{
	for (;;) {
		void *obj = alloc_once(c);
		struct page *slab;

		if (obj)
			return obj;
		slab = slab_new(c, gfp);
		if (!slab)
			return NULL;
		irqflags_t flags = spin_lock_irqsave(&c->lock);

		slab->private = 0;
		list_add(&slab->slab_list, &c->empty);
		c->nr_empty++;
		spin_unlock_irqrestore(&c->lock, flags);
		/* Somebody else may have all of it before we come back: then once more. */
	}
}

/* A round of this CPU's loaded magazine, or NULL. */
static always_inline_ void *take_round(struct kmem_cache *c)
{
	struct cpu_cache *cc = &c->cpu[cpu_id()];
	void *obj = NULL;

	if (likely(busy_try(cc))) {
		struct magazine *m = cc->loaded;

		if (likely(m->nr))
			obj = m->objs[--m->nr];
		busy_end(cc);
	}
	return obj;
}

/* What few allocations need: marks, zeroes, another object than the magazine's. @obj may be NULL. */
static noinline_ void *alloc_rare(struct kmem_cache *c, gfp_t gfp, void *obj, kaddr_t caller)
{
	if (!obj)
		obj = alloc_slow(c, gfp);
	if (!obj)
		return NULL;
	if (slab_debugged(c))
		slab_debug_alloc(c, obj, caller);
	if (gfp & __GFP_ZERO)
		memset(obj, 0, c->object_size);
	return obj;
}

/* Calls nothing in the usual case, so the compiler needs no stack frame for it. */
static always_inline_ void *alloc_common(struct kmem_cache *c, gfp_t gfp, kaddr_t caller)
{
	void *obj;

	if (!(gfp & __GFP_NOFAIL) && failpoint(c->name))
		return NULL;
	obj = take_round(c);
	if (unlikely(!obj) || unlikely(slab_debugged(c)) || (gfp & __GFP_ZERO))
		return alloc_rare(c, gfp, obj, caller);
	return obj;
}

void *slab_alloc(struct kmem_cache *c, gfp_t gfp, kaddr_t caller)
{
	return alloc_common(c, gfp, caller);
}

/* kmem_cache_alloc jumps here: so the return address is its caller's. */
static noinline_ void *alloc_debugged(struct kmem_cache *c, gfp_t gfp)
{
	return alloc_common(c, gfp, (kaddr_t)__builtin_return_address(0));
}

/* Where nothing is debugged the caller is not asked for: a 32-bit CPU has few registers. */
void *kmem_cache_alloc(struct kmem_cache *c, gfp_t gfp)
{
	void *obj;

	if (CFG_DEBUG)
		return alloc_common(c, gfp, (kaddr_t)__builtin_return_address(0));
	if (unlikely(slab_debugged(c)))
		return alloc_debugged(c, gfp);
	obj = take_round(c);
	if (likely(obj) && likely(!(gfp & __GFP_ZERO)))
		return obj;
	return alloc_rare(c, gfp, obj, 0);
}

/* ---- free ---- */

static void free_to_slab(struct kmem_cache *c, void *obj)
{
	struct list_head surplus;

	list_init(&surplus);
	spin_lock(&c->lock);
	put_object(c, obj);
	detach_empty(c, SLAB_KEEP_EMPTY, &surplus);
	spin_unlock(&c->lock);
	(void)delete_slabs(c, &surplus);
}

/* The loaded magazine is full (or there is none). Return: false: no magazine to be had. busy held. */
static bool make_room(struct kmem_cache *c, struct cpu_cache *cc)
{
	struct magazine *fresh;

	if (cc->previous->nr < cc->previous->cap) {
		swap_magazines(cc);
		return true;
	}
	fresh = magazine_get(c);
	if (!fresh)
		return false;
	magazine_put(c, cc->previous);
	cc->previous = cc->loaded;
	cc->loaded = fresh;
	return true;
}

static noinline_ void free_slow(struct kmem_cache *c, void *obj)
{
	struct cpu_cache *cc = &c->cpu[cpu_id()];
	irqflags_t flags = irq_save();
	bool done = false;

	if (c->mag_cap && busy_try(cc)) {
		if (make_room(c, cc)) {
			cc->loaded->objs[cc->loaded->nr++] = obj;
			done = true;
		}
		busy_end(cc);
	}
	if (!done)
		free_to_slab(c, obj);
	irq_restore(flags);
}

static always_inline_ bool put_round(struct kmem_cache *c, void *obj)
{
	struct cpu_cache *cc = &c->cpu[cpu_id()];
	bool done = false;

	if (likely(busy_try(cc))) {
		struct magazine *m = cc->loaded;

		if (likely(m->nr < m->cap)) {
			m->objs[m->nr++] = obj;
			done = true;
		}
		busy_end(cc);
	}
	return done;
}

static noinline_ void free_debugged(struct kmem_cache *c, void *obj, kaddr_t caller)
{
	slab_debug_free(c, obj, caller);
	if (!put_round(c, obj))
		free_slow(c, obj);
}

static always_inline_ void free_common(struct kmem_cache *c, void *obj, kaddr_t caller)
{
	if (unlikely(slab_debugged(c)))
		free_debugged(c, obj, caller);
	else if (unlikely(!put_round(c, obj)))
		free_slow(c, obj);
}

void slab_free(struct kmem_cache *c, void *obj, kaddr_t caller)
{
	free_common(c, obj, caller);
}

bool slab_freed_last(const void *obj)
{
	const struct page *page = page_head(virt_to_page(obj));
	const irqflags_t flags = irq_save();
	bool last = false;
	struct cpu_cache *cc;

	if (page_state(page) == PS_SLAB) {
		cc = &page->slab_cache->cpu[cpu_id()];
		if (busy_try(cc)) {
			last = cc->loaded->nr && cc->loaded->objs[cc->loaded->nr - 1] == obj;
			busy_end(cc);
		}
	}
	irq_restore(flags);
	return last;
}

void kmem_cache_free(struct kmem_cache *c, void *obj)
{
	if (unlikely(!obj))
		return;
	if (CFG_DEBUG)
		must(slab_page_of(obj)->slab_cache == c);
	free_common(c, obj, (kaddr_t)__builtin_return_address(0));
}

/* ---- shrinking ---- */

/* Take a CPU's magazines away; it will do without until it gets new ones. */
static void unload_cpu(struct kmem_cache *c, unsigned cpu, struct magazine *out[2])
{
	struct cpu_cache *cc = &c->cpu[cpu];
	irqflags_t flags = irq_save();

	while (!busy_try(cc))
		cpu_relax();
	out[0] = cc->loaded;
	out[1] = cc->previous;
	cc->loaded = &magazine_none;
	cc->previous = &magazine_none;
	busy_end(cc);
	irq_restore(flags);
}

/* Empty @m and put it on @spare. */
static void retire_magazine(struct kmem_cache *c, struct magazine *m, struct magazine **spare)
{
	irqflags_t flags;

	if (m == &magazine_none)
		return;
	flags = spin_lock_irqsave(&c->lock);
	empty_magazine(c, m);
	spin_unlock_irqrestore(&c->lock, flags);
	m->next = *spare;
	*spare = m;
}

static struct magazine *take_depot(struct kmem_cache *c, bool full)
{
	irqflags_t flags = spin_lock_irqsave(&c->lock);
	struct magazine **head = full ? &c->depot_full : &c->depot_empty;
	struct magazine *m = *head;

	if (m) {
		*head = m->next;
		if (full)
			c->nr_depot_full--;
	}
	spin_unlock_irqrestore(&c->lock, flags);
	return m;
}

unsigned long kmem_cache_shrink(struct kmem_cache *c)
{
	struct magazine *spare = NULL, *m, *pair[2];
	struct list_head slabs;
	irqflags_t flags;

	for (unsigned cpu = 0; cpu < CFG_NR_CPUS; cpu++) {
		unload_cpu(c, cpu, pair);
		retire_magazine(c, pair[0], &spare);
		retire_magazine(c, pair[1], &spare);
	}
	while ((m = take_depot(c, true)) || (m = take_depot(c, false)))
		retire_magazine(c, m, &spare);
	while ((m = spare)) {
		spare = m->next;
		slab_free(&magazine_cache, m, 0);
	}
	list_init(&slabs);
	flags = spin_lock_irqsave(&c->lock);
	detach_empty(c, 0, &slabs);
	spin_unlock_irqrestore(&c->lock, flags);
	return delete_slabs(c, &slabs);
}

/* The n-th cache, or NULL. Caches are destroyed only by their owner, who does not call shrink meanwhile. */
static struct kmem_cache *nth_cache(unsigned n)
{
	irqflags_t flags = spin_lock_irqsave(&slab_list_lock);
	struct kmem_cache *found = NULL;
	struct list_head *at;

	list_for_each (at,
		       &all_caches) { /* by link: the head itself is not as aligned as a cache */
		if (n-- == 0) {
			found = list_entry(at, struct kmem_cache, link);
			break;
		}
	}
	spin_unlock_irqrestore(&slab_list_lock, flags);
	return found;
}

unsigned long slab_shrink_all(void)
{
	unsigned long freed = 0;
	struct kmem_cache *c;

	/* The magazine cache is first in the list: shrink it last, the others give their magazines to it. */
	for (unsigned i = 1; (c = nth_cache(i)); i++)
		freed += kmem_cache_shrink(c);
	return freed + kmem_cache_shrink(&magazine_cache);
}

/* ---- creation ---- */

/* Smallest order whose slab wastes less than 1/8. */
static void choose_order(struct kmem_cache *c)
{
	for (c->order = 0;; c->order++) {
		size_t bytes = PAGE_SIZE << c->order;

		c->per_slab = (unsigned)(bytes / c->size);
		if (c->order == SLAB_MAX_ORDER)
			break;
		if (c->per_slab &&
		    (bytes - (size_t)c->per_slab * c->size) * SLAB_WASTE_SHARE < bytes)
			break;
	}
}

/* Fewer rounds for larger objects: a CPU holds at most two magazines, 16 KiB or 4 objects. */
static unsigned choose_rounds(const struct kmem_cache *c)
{
	unsigned rounds = 8192 / c->size;

	if (c == &magazine_cache)
		return 0;
	return max_of(unsigned, 2, min_of(unsigned, rounds, MAG_ROUNDS));
}

static void choose_layout(struct kmem_cache *c, size_t size, size_t align)
{
	c->object_size = (unsigned)size;
	if (!align)
		align = sizeof(void *);
	if (c->flags & SLAB_HWCACHE_ALIGN)
		align = max_of(size_t, align, size > 32 ? 64 : 32);
	c->align = (unsigned)max_of(size_t, align, sizeof(void *));
	c->offset = 0;
	c->link_offset = 0;
	size = round_up_pow2(size, sizeof(void *));
	if (c->ctor) { /* I4 */
		c->link_offset = (unsigned)size;
		size += sizeof(void *);
	}
	c->size = (unsigned)round_up_pow2(size, (size_t)c->align);
	if (slab_debugged(c))
		slab_debug_layout(c);
}

void slab_cache_setup(struct kmem_cache *c, const char *name, size_t size, size_t align,
		      unsigned flags)
{
	irqflags_t irq;

	kassert(size && (!align || is_pow2(align)) && align <= PAGE_SIZE);
	c->name = name;
	c->flags = flags;
	choose_layout(c, size, align);
	choose_order(c);
	must(c->per_slab);
	c->mag_cap = choose_rounds(c);
	spin_init(&c->lock, RANK_SLAB);
	list_init(&c->partial);
	list_init(&c->full);
	list_init(&c->empty);
	for (unsigned cpu = 0; cpu < CFG_NR_CPUS; cpu++) {
		c->cpu[cpu].loaded = &magazine_none;
		c->cpu[cpu].previous = &magazine_none;
	}
	irq = spin_lock_irqsave(&slab_list_lock);
	list_add_tail(&c->link, &all_caches);
	spin_unlock_irqrestore(&slab_list_lock, irq);
}

struct kmem_cache *kmem_cache_create(const char *name, size_t size, size_t align, unsigned flags,
				     void (*ctor)(void *obj))
{
	struct kmem_cache *c = kmem_cache_zalloc(&cache_cache, GFP_KERNEL);

	if (!c) {
		if (flags & SLAB_PANIC)
			panic("no memory for cache %s", name);
		return NULL;
	}
	c->ctor = ctor;
	slab_cache_setup(c, name, size, align, flags);
	return c;
}

int kmem_cache_destroy(struct kmem_cache *c)
{
	irqflags_t flags;

	(void)kmem_cache_shrink(c);
	flags = spin_lock_irqsave(&c->lock);
	bool busy = c->nr_in_use != 0;

	spin_unlock_irqrestore(&c->lock, flags);
	if (busy)
		return -EBUSY;
	flags = spin_lock_irqsave(&slab_list_lock);
	list_del(&c->link);
	spin_unlock_irqrestore(&slab_list_lock, flags);
	kmem_cache_free(&cache_cache, c);
	return 0;
}

void slab_init(void)
{
	list_init(&all_caches);
	spin_init(&slab_list_lock, RANK_OBJECT);
	memset(&cache_cache, 0, sizeof(cache_cache));
	memset(&magazine_cache, 0, sizeof(magazine_cache));
	slab_cache_setup(&magazine_cache, "slab_magazine", sizeof(struct magazine), 64, SLAB_PANIC);
	slab_cache_setup(&cache_cache, "kmem_cache", sizeof(struct kmem_cache), 64, SLAB_PANIC);
	kmalloc_init();
}

/* ---- reports and checks ---- */

/* Free objects in magazines of the cache, roughly: CPUs go on meanwhile. */
static unsigned long in_magazines(const struct kmem_cache *c)
{
	unsigned long n = 0;

	for (unsigned cpu = 0; cpu < CFG_NR_CPUS; cpu++)
		n += READ_ONCE(c->cpu[cpu].loaded)->nr + READ_ONCE(c->cpu[cpu].previous)->nr;
	for (const struct magazine *m = c->depot_full; m; m = m->next)
		n += m->nr;
	return n;
}

bool slabinfo_next(unsigned *pos, struct slabinfo *out)
{
	struct kmem_cache *c = nth_cache(*pos);
	irqflags_t flags;
	unsigned long idle;

	if (!c)
		return false;
	++*pos;
	flags = spin_lock_irqsave(&c->lock);
	idle = in_magazines(c);
	*out = (struct slabinfo){
		.name = c->name,
		.active_objs = c->nr_in_use > idle ? c->nr_in_use - idle : 0,
		.num_slabs = c->nr_partial + c->nr_full + c->nr_empty,
		.active_slabs = c->nr_partial + c->nr_full,
		.objsize = c->size,
		.objperslab = c->per_slab,
		.pagesperslab = 1U << c->order,
	};
	out->num_objs = out->num_slabs * c->per_slab;
	spin_unlock_irqrestore(&c->lock, flags);
	return true;
}

/* The page is nobody's to us: its cache is believed only when it is found among all caches. */
size_t slab_owner_name(const struct page *page, char *buf, size_t size)
{
	const struct kmem_cache *want = READ_ONCE(page->slab_cache);
	irqflags_t flags = spin_lock_irqsave(&slab_list_lock);
	struct list_head *pos;
	size_t n = 0;

	buf[0] = '\0';
	list_for_each (pos, &all_caches) {
		if (container_of(pos, struct kmem_cache, link) == want)
			n = str_copy(buf, want->name, size);
	}
	spin_unlock_irqrestore(&slab_list_lock, flags);
	return n;
}

static void check_slab(struct kmem_cache *c, const struct page *slab)
{
	const char *base = page_address(slab);
	unsigned free = 0;

	must(page_state(slab) == PS_SLAB && slab->slab_cache == c);
	for (void *obj = slab->slab_freelist; obj; obj = *slab_link(c, obj)) {
		size_t at = (size_t)((char *)obj - base) - c->offset;

		must(at < (size_t)c->per_slab * c->size &&
		     at % c->size == 0);     /* I1: inside, aligned */
		must(++free <= c->per_slab); /* I1: no loop */
		if (slab_debugged(c))
			slab_debug_check(c, obj);
	}
	must(slab->private + free == c->per_slab); /* I1 */
}

static unsigned long check_list(struct kmem_cache *c, const struct list_head *list,
				unsigned long lo, unsigned long hi, unsigned long expect)
{
	unsigned long in_use = 0, nr = 0;
	struct page *slab;

	list_for_each_entry (slab, list, slab_list) {
		must(slab->private >= lo && slab->private <= hi); /* I1: the list its use says */
		check_slab(c, slab);
		in_use += slab->private;
		nr++;
	}
	must(nr == expect);
	return in_use;
}

static void check_magazine(struct kmem_cache *c, const struct magazine *m)
{
	must(m->nr <= m->cap && (m == &magazine_none || m->cap == c->mag_cap));
	for (unsigned i = 0; i < m->nr; i++) {
		must(slab_page_of(m->objs[i])->slab_cache == c); /* I3 */
		if (slab_debugged(c))
			slab_debug_check(c, m->objs[i]);
	}
}

static void check_cache(struct kmem_cache *c)
{
	irqflags_t flags = spin_lock_irqsave(&c->lock);
	unsigned long in_use = check_list(c, &c->empty, 0, 0, c->nr_empty);

	in_use += check_list(c, &c->full, c->per_slab, c->per_slab, c->nr_full);
	in_use += check_list(c, &c->partial, 1, c->per_slab - 1, c->nr_partial);
	must(in_use == c->nr_in_use);	 /* I2 */
	must(in_magazines(c) <= in_use); /* I2 */
	for (unsigned cpu = 0; cpu < CFG_NR_CPUS; cpu++) {
		check_magazine(c, c->cpu[cpu].loaded);
		check_magazine(c, c->cpu[cpu].previous);
	}
	for (const struct magazine *m = c->depot_full; m; m = m->next)
		check_magazine(c, m);
	spin_unlock_irqrestore(&c->lock, flags);
}

void slab_check_all(void)
{
	struct kmem_cache *c;

	for (unsigned i = 0; (c = nth_cache(i)); i++)
		check_cache(c);
}
