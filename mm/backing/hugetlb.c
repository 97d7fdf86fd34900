/*
 * The pool of huge pages that hugetlb gives out.
 *
 *        nr_hugepages ──► nr = free + handed out                   buddy
 *                          │    └ resv: promised                     ▲ │
 *        take: a free page ┤      to mappings                        │ │ nr_overcommit: surplus pages, made when the
 *                          └─────────────────────────────────────────┘ ▼ pool has none, given back when they are freed
 *
 * OWNS     struct hugetlb_pool: the lists, the figures; pages that are free in it (PS_KERNEL, PG_hugetlb, refcount 0).
 * WHY      a block of 2 or 4 MiB is hard to find later, so it is set aside early; and a program that mapped such memory
 *          wants to hear that there is none at mmap, not by a signal: mappings are promised pages.
 * I1       free == pages on the lists; nr - free of them are with users.                              [hugetlb_check]
 * I2       resv <= free: a promise can be kept.                                                        [hugetlb_check]
 * I3       surplus <= nr, by node too; surplus pages are those beyond what was asked for, whichever pages these are.
 * NODES    a page is taken as the memory policy says; a promise is of a page anywhere, so one that a policy binds to nodes
 *          without a free page can fail, as on Linux. A thread that is bound is promised only what its nodes have free.
 * LOCKS    pool.lock (rank OBJECT) for all figures and lists; resize_mutex around nr_hugepages, so that two writers do
 *          not undo each other. The buddy is asked without the lock, so figures are looked at again afterwards.
 * CONTEXT  taking may sleep; the last put_page of a page comes here from any context.
 * FAILS    promise: -ENOMEM; take: NULL. Resizing stops where memory ends.
 * NOT HERE what promises are for (hugetlb_resv.c, mm/aspace/hugetlb.c).
 * SOURCES  Linux Documentation/admin-guide/mm/hugetlbpage.rst, vm/hugetlbfs_reserv.rst.   TESTED BY hugetlb_test.c
 */
#include "mm/hugetlb.h"

#include "base/errno.h"
#include "lib/string.h"
#include "mm/alloc.h"
#include "mm/hugetlb_pool.h"
#include "mm/imports.h"
#include "mm/mempolicy.h"
#include "mm/slab.h"
#include "mm/vmevent.h"
#include "sync/failpoint.h"
#include "sync/mutex.h"

struct hugetlb_node { /* pool.lock */
	struct list_head free_list;
	unsigned long nr, free, surplus;
};

static struct hugetlb_pool {
	struct spinlock lock;
	unsigned long nr, free, resv, surplus, overcommit; /* lock */
	struct hugetlb_node node[CFG_MAX_NODES];
	unsigned next_node; /* lock: whose turn it is to give or take */
	struct mutex resize_mutex;
} pool;

int sysctl_hugetlb_shm_group;

void hugetlb_boot(void)
{
	pool = (struct hugetlb_pool){ .nr = 0 };
	spin_init(&pool.lock, RANK_OBJECT);
	mutex_init(&pool.resize_mutex, RANK_HUGETLB);
	for (unsigned i = 0; i < CFG_MAX_NODES; i++)
		list_init(&pool.node[i].free_list);
	hugetlb_object_boot();
}

static struct hugetlb_node *node_of(const struct page *page)
{
	return &pool.node[page_node_id(page)];
}

/* ---- pages between the buddy and the pool ---- */

/* A block out of the buddy, not in the pool yet. NULL: none. Sleeps. */
static struct page *block_alloc(int node)
{
	const gfp_t gfp = GFP_HIGHUSER | __GFP_COMP | __GFP_NOWARN | __GFP_RETRY_MAYFAIL;
	struct page *page = failpoint("hugetlb")
				    ? NULL
				    : alloc_pages_node(node, gfp | __GFP_THISNODE, HPAGE_ORDER);

	count_vm_event(page ? HTLB_BUDDY_PGALLOC : HTLB_BUDDY_PGALLOC_FAIL);
	if (!page)
		return NULL;
	page_set(page, PG_hugetlb);
	atomic_set(&page->_refcount, 0);
	return page;
}

/* The zones by their distance from the node where the search begins. */
static struct zone **zones_near(const struct mpol_where *w)
{
	return node_data[w->node]->zonelist.zones;
}

/* The same from the nearest node of @nodes that has one. */
static struct page *block_alloc_near(const struct mpol_where *w, nodemask_t nodes)
{
	const struct pglist_data *tried = NULL;
	struct page *page = NULL;

	for (struct zone **z = zones_near(w); *z && !page; z++) {
		if ((*z)->pgdat != tried && (nodes >> (*z)->pgdat->node_id & 1))
			page = block_alloc((*z)->pgdat->node_id);
		tried = (*z)->pgdat;
	}
	return page;
}

static void block_free(struct page *page)
{
	page_clear(page, PG_hugetlb);
	atomic_set(&page->_refcount, 1);
	__free_pages(page, HPAGE_ORDER);
}

/* A new or unused page is free in the pool. Lock held. */
static void pool_add(struct page *page, bool surplus)
{
	struct hugetlb_node *n = node_of(page);

	list_add(&page->lru, &n->free_list);
	n->nr++;
	n->free++;
	n->surplus += surplus;
	pool.nr++;
	pool.free++;
	pool.surplus += surplus;
}

/* A free page leaves its node's list. Lock held. */
static void list_take_page(struct page *page)
{
	list_del(&page->lru);
	node_of(page)->free--;
	pool.free--;
}

/* A free page of node @n leaves its list. Lock held. */
static struct page *list_take(struct hugetlb_node *n)
{
	struct page *page = list_first(&n->free_list, struct page, lru);

	list_take_page(page);
	return page;
}

/* A page that was taken off its list leaves the pool. Lock held. */
static void pool_remove(struct page *page, bool surplus)
{
	struct hugetlb_node *n = node_of(page);

	n->nr--;
	n->surplus -= surplus;
	pool.nr--;
	pool.surplus -= surplus;
}

/* The node of @nodes, some of which have memory, whose turn it is to give a block to the pool. Lock held. */
static unsigned take_turn(nodemask_t nodes)
{
	unsigned n = pool.next_node;

	while (!node_data[n]->present_pages || !(nodes >> n & 1))
		n = (n + 1) % nr_nodes;
	pool.next_node = (n + 1) % nr_nodes;
	return n;
}

/* The node of @nodes whose turn it is that has a free page; @surplus: and surplus pages. NULL: none. Lock held. */
static struct hugetlb_node *next_node(bool surplus, nodemask_t nodes)
{
	for (unsigned i = 0; i < nr_nodes; i++) {
		struct hugetlb_node *n = &pool.node[pool.next_node];

		pool.next_node = (pool.next_node + 1) % nr_nodes;
		if (!(nodes >> (n - pool.node) & 1))
			continue;
		if (n->free && (!surplus || n->surplus))
			return n;
	}
	return NULL;
}

/* The nearest node of @nodes that has a free page. NULL: none. Lock held. */
static struct hugetlb_node *near_node(const struct mpol_where *w, nodemask_t nodes)
{
	for (struct zone **z = zones_near(w); *z; z++) {
		struct hugetlb_node *n = &pool.node[(*z)->pgdat->node_id];

		if (n->free && (nodes >> (*z)->pgdat->node_id & 1))
			return n;
	}
	return NULL;
}

/* ---- promises ---- */

/* One more surplus page, from where @w says: free in the pool. Lock held at the call and on return. NULL: none. */
static struct page *add_surplus(const struct mpol_where *w) no_lock_analysis
{
	struct page *page;

	if (pool.surplus >= pool.overcommit)
		return NULL;
	spin_unlock(&pool.lock);
	page = block_alloc_near(w, w->nodes);
	if (!page && w->prefers_only)
		page = block_alloc_near(w, ~w->nodes);
	spin_lock(&pool.lock);
	if (page && pool.surplus >= pool.overcommit) { /* others were faster */
		spin_unlock(&pool.lock);
		block_free(page);
		spin_lock(&pool.lock);
		return NULL;
	}
	if (page)
		pool_add(page, true);
	return page;
}

/* Surplus pages, one after the other, until @n more could be promised. Lock held at the call and on return. 0 or -ENOMEM. */
static int make_surplus(unsigned long n) no_lock_analysis
{
	const struct mpol_where anywhere = mpol_where(NULL, 0);

	while (pool.resv + n > pool.free) {
		if (!add_surplus(&anywhere))
			return -ENOMEM;
	}
	return 0;
}

/* Has the caller, who may be bound to some nodes, @n free pages there? Lock held. */
static bool nodes_have(unsigned long n)
{
	const struct mempolicy *pol = mm_ctx_current()->mempolicy;
	unsigned long nr_free = 0;

	if (!pol || pol->mode != MPOL_BIND)
		return true;
	for (unsigned i = 0; i < nr_nodes; i++)
		nr_free += pol->nodes >> i & 1 ? pool.node[i].free : 0;
	return n <= nr_free;
}

/* Free surplus pages that no promise needs go back to the buddy, at most @n. Lock held at the call and on return. */
static void drop_surplus(unsigned long n) no_lock_analysis
{
	while (n-- && pool.surplus && pool.free > pool.resv) {
		struct hugetlb_node *from = next_node(true, NODES_ALL);
		struct page *page;

		if (!from)
			return;
		page = list_take(from);
		pool_remove(page, true);
		spin_unlock(&pool.lock);
		block_free(page);
		spin_lock(&pool.lock);
	}
}

int hugetlb_promise(unsigned long n)
{
	int err;

	if (!n)
		return 0;
	spin_lock(&pool.lock);
	err = make_surplus(n);
	if (!err && !nodes_have(n))
		err = -ENOMEM;
	if (!err)
		pool.resv += n;
	else
		drop_surplus(pool.surplus);
	spin_unlock(&pool.lock);
	return err;
}

void hugetlb_unpromise(unsigned long n)
{
	if (!n)
		return;
	spin_lock(&pool.lock);
	kassert(pool.resv >= n);
	pool.resv -= n;
	drop_surplus(n);
	spin_unlock(&pool.lock);
}

/* The node to take a page from: one with a free page that no promise needs, or (@promised) any. NULL: none. Lock held. */
static struct hugetlb_node *node_to_take(const struct mpol_where *w, bool promised)
{
	struct hugetlb_node *n;

	if (!promised && pool.free <= pool.resv)
		return NULL;
	n = near_node(w, w->nodes);
	return n || !w->prefers_only ? n : near_node(w, ~w->nodes);
}

struct page *hugetlb_take(bool promised, const struct mempolicy *pol, unsigned long turn)
{
	struct mpol_where w = mpol_where(pol ? pol : mm_ctx_current()->mempolicy, turn);
	struct hugetlb_node *n;
	struct page *page = NULL;

	spin_lock(&pool.lock);
	n = node_to_take(&w, promised);
	if (!n) {
		page = add_surplus(&w);
		n = page ? node_of(page) : NULL;
	}
	kassert(n || w.nodes != NODES_ALL || !promised); /* I2 */
	if (n) {
		page = list_take(n);
		pool.resv -= promised;
	}
	spin_unlock(&pool.lock);
	if (page)
		atomic_set(&page->_refcount, 1);
	return page;
}

struct page *hugetlb_take_for(const struct mpol_where *w, bool *fresh)
{
	struct hugetlb_node *n;
	struct page *page = NULL;

	spin_lock(&pool.lock);
	n = node_to_take(w, false);
	if (n)
		page = list_take(n);
	spin_unlock(&pool.lock);
	*fresh = !page;
	if (!page) {
		page = block_alloc_near(w, w->nodes);
		if (!page)
			return NULL;
		spin_lock(&pool.lock);
		pool_add(page,
			 true); /* if it is not wanted after all it leaves as surplus pages do */
		list_take_page(page);
		spin_unlock(&pool.lock);
	}
	atomic_set(&page->_refcount, 1);
	return page;
}

void hugetlb_moved(struct page *old, struct page *new, bool fresh)
{
	new->private = old->private;
	old->private = 0;
	if (!fresh)
		return;
	spin_lock(&pool.lock);
	if (node_of(new)->surplus) { /* else it was asked for meanwhile */
		node_of(new)->surplus--;
		node_of(old)->surplus++;
	}
	spin_unlock(&pool.lock);
}

void hugetlb_untake(struct page *page, bool promised)
{
	spin_lock(&pool.lock);
	pool.resv += promised; /* first: the page must not leave as surplus */
	spin_unlock(&pool.lock);
	put_page(page);
}

/* The last reference of a page of the pool is gone: up-call of put_page. Any context. */
void hugetlb_page_freed(struct page *page)
{
	struct hugetlb_node *n = node_of(page);
	bool surplus;

	struct hugetlb_space *space = (struct hugetlb_space *)page->private;
	bool keep =
		space && hugetlb_space_put(space, 1) == 0; /* the mount's minimum wants it back */

	page->private = 0;
	spin_lock(&pool.lock);
	pool.resv += keep;
	surplus = n->surplus && pool.free >= pool.resv;
	if (surplus) {
		pool_remove(page, true);
	} else {
		list_add(&page->lru, &n->free_list);
		n->free++;
		pool.free++;
	}
	spin_unlock(&pool.lock);
	if (surplus)
		block_free(page);
}

/* ---- size ---- */

/* What of the pool was asked for. Lock held. */
static unsigned long persistent(int node)
{
	return node < 0 ? pool.nr - pool.surplus : pool.node[node].nr - pool.node[node].surplus;
}

/* Pages that count as surplus are asked for now (@more), or the other way round: one of @nodes. Lock held. */
static bool shift_surplus(nodemask_t nodes, bool more)
{
	for (unsigned i = 0; i < nr_nodes; i++) {
		struct hugetlb_node *n = &pool.node[i];

		if (!(nodes >> i & 1))
			continue;
		if (more ? n->surplus == 0 : n->surplus >= n->nr)
			continue;
		n->surplus += more ? -1UL : 1;
		pool.surplus += more ? -1UL : 1;
		return true;
	}
	return false;
}

static bool grow_by_one(nodemask_t nodes)
{
	struct page *page = NULL;
	unsigned first;

	if (!(nodes & node_states(N_MEMORY)))
		return false;
	spin_lock(&pool.lock);
	first = take_turn(nodes);
	spin_unlock(&pool.lock);
	for (unsigned i = first; i < first + nr_nodes && !page; i++)
		page = nodes >> (i % nr_nodes) & 1 ? block_alloc((int)(i % nr_nodes)) : NULL;
	if (!page)
		return false;
	spin_lock(&pool.lock);
	pool_add(page, false);
	spin_unlock(&pool.lock);
	return true;
}

/* A free page that no promise needs leaves. */
static bool shrink_by_one(nodemask_t nodes)
{
	struct hugetlb_node *n = NULL;
	struct page *page = NULL;

	spin_lock(&pool.lock);
	if (pool.free > pool.resv)
		n = next_node(false, nodes);
	if (n && n->nr > n->surplus) {
		page = list_take(n);
		pool_remove(page, false);
	}
	spin_unlock(&pool.lock);
	if (page)
		block_free(page);
	return page != NULL;
}

static bool one_step(unsigned long nr, int node, nodemask_t nodes)
{
	unsigned long now;
	bool shifted = false;

	spin_lock(&pool.lock);
	now = persistent(node);
	if (nr > now)
		shifted = shift_surplus(nodes, true);
	spin_unlock(&pool.lock);
	if (nr == now || shifted)
		return nr != now;
	if (nr > now)
		return grow_by_one(nodes);
	if (shrink_by_one(nodes))
		return true;
	spin_lock(&pool.lock); /* the rest is with users: surplus from now on */
	shifted = shift_surplus(nodes, false);
	spin_unlock(&pool.lock);
	return shifted;
}

static void resize(unsigned long nr, int node, nodemask_t nodes)
{
	mutex_lock(&pool.resize_mutex);
	while (one_step(nr, node, nodes))
		;
	mutex_unlock(&pool.resize_mutex);
}

void hugetlb_resize(unsigned long nr, int node)
{
	resize(nr, node, node < 0 ? NODES_ALL : 1UL << node);
}

void hugetlb_resize_by_policy(unsigned long nr)
{
	resize(nr, HUGETLB_ANY_NODE, mpol_task_nodes());
}

/* "N" or "NODE:N" with what ends it. Return: behind it; NULL: not so. */
static const char *resize_one(const char *text)
{
	const char *end;
	uint64_t n = str_to_size(text, &end);
	int node = HUGETLB_ANY_NODE;

	if (end != text && *end == ':') {
		if (n >= nr_nodes)
			return NULL;
		node = (int)n;
		text = end + 1;
		n = str_to_size(text, &end);
	}
	if (end == text || (*end && (*end != ',' || node < 0)))
		return NULL;
	hugetlb_resize((unsigned long)n, node);
	return *end ? end + 1 : end;
}

int hugetlb_resize_text(const char *text)
{
	do {
		text = resize_one(text);
	} while (text && *text);
	return text ? 0 : -EINVAL;
}

unsigned long hugetlb_overcommit(void)
{
	return READ_ONCE(pool.overcommit);
}

void hugetlb_set_overcommit(unsigned long nr)
{
	spin_lock(&pool.lock);
	pool.overcommit = nr;
	spin_unlock(&pool.lock);
}

void hugetlb_count(int node, struct hugetlb_counts *out)
{
	spin_lock(&pool.lock);
	if (node < 0)
		*out = (struct hugetlb_counts){ pool.nr, pool.free, pool.resv, pool.surplus };
	else
		*out = (struct hugetlb_counts){ pool.node[node].nr, pool.node[node].free, pool.resv,
						pool.node[node].surplus };
	spin_unlock(&pool.lock);
}

/* ---- limits of a mount ---- */

struct hugetlb_space {
	struct spinlock lock;
	long max, min; /* i: negative: none */
	long used;     /* lock: pages, and promises without a page */
	long resv;     /* lock: what of min is not in used: promised */
	bool released; /* lock: freed when used is 0 */
};

struct hugetlb_space *hugetlb_space_create(long max, long min)
{
	struct hugetlb_space *s =
		failpoint("hugetlb_space") ? NULL : kzalloc(sizeof(*s), GFP_KERNEL);

	if (!s)
		return NULL;
	spin_init(&s->lock, RANK_OBJECT);
	s->max = max;
	s->min = min;
	s->resv = max_of(long, min, 0);
	if (hugetlb_promise((unsigned long)s->resv)) {
		kfree(s);
		return NULL;
	}
	return s;
}

void hugetlb_space_release(struct hugetlb_space *s)
{
	bool last;
	long resv;

	if (!s)
		return;
	spin_lock(&s->lock);
	resv = s->resv;
	s->resv = 0;
	s->min = -1;
	s->released = true;
	last = !s->used;
	spin_unlock(&s->lock);
	hugetlb_unpromise((unsigned long)resv);
	if (last)
		kfree(s);
}

void hugetlb_space_stat(struct hugetlb_space *s, long *max, long *used)
{
	spin_lock(&s->lock);
	*max = s->max;
	*used = s->used;
	spin_unlock(&s->lock);
}

long hugetlb_space_get(struct hugetlb_space *s, long n)
{
	long own;

	if (!s)
		return n;
	spin_lock(&s->lock);
	if (s->max >= 0 && s->used + n > s->max) {
		spin_unlock(&s->lock);
		return -ENOMEM;
	}
	s->used += n;
	own = min_of(long, n, s->resv);
	s->resv -= own;
	spin_unlock(&s->lock);
	return n - own;
}

long hugetlb_space_put(struct hugetlb_space *s, long n)
{
	long kept = 0;
	bool last;

	if (!s)
		return n;
	spin_lock(&s->lock);
	s->used -= n;
	kassert(s->used >= 0);
	if (s->min > 0 && s->used + s->resv < s->min) { /* what the minimum lacks stays promised */
		kept = min_of(long, n, s->min - s->used - s->resv);
		s->resv += kept;
	}
	last = s->released && !s->used && n;
	spin_unlock(&s->lock);
	if (last)
		kfree(s);
	return n - kept;
}

void hugetlb_space_unget(struct hugetlb_space *s, long n, long own)
{
	bool last;

	if (!s)
		return;
	spin_lock(&s->lock);
	s->used -= n;
	if (!s->released) {
		s->resv += own;
		own = 0;
	}
	last = s->released && !s->used && n;
	spin_unlock(&s->lock);
	hugetlb_unpromise((unsigned long)own);
	if (last)
		kfree(s);
}

/* ---- checker ---- */

void hugetlb_check(void)
{
	unsigned long nr = 0, nr_free = 0, surplus = 0;

	spin_lock(&pool.lock);
	for (unsigned i = 0; i < nr_nodes; i++) {
		struct hugetlb_node *n = &pool.node[i];
		unsigned long listed = 0;
		struct page *page;

		list_for_each_entry (page, &n->free_list, lru) {
			must(page_test(page, PG_hugetlb) && page_test(page, PG_head));
			must(page_state(page) == PS_KERNEL && page_ref_count(page) == 0);
			listed++;
		}
		must(listed == n->free); /* I1 */
		must(n->surplus <= n->nr && n->free <= n->nr);
		nr += n->nr;
		nr_free += n->free;
		surplus += n->surplus;
	}
	must(nr == pool.nr && nr_free == pool.free && surplus == pool.surplus);
	must(pool.resv <= pool.free); /* I2 */
	spin_unlock(&pool.lock);
}
