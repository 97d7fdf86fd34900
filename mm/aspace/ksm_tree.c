/*
 * KSM's two trees, ordered by the contents of pages.
 *
 *   stable    shared pages, write-protected for good: groups of equal contents, each with one page for every
 *             max_page_sharing entries
 *   unstable  pages that are not shared and whose contents did not change between two looks; they may change at any
 *             time, so the order may be wrong: a search then misses, and the tree is thrown away after each round
 *
 * OWNS     struct ksm_stable, struct ksm_group, the roots (one per node without merge_across_nodes).
 * I1       page->mapping is stable | PAGE_MAPPING_KSM exactly while the page is that stable's; it is cleared when the page
 *          is freed. So a stable whose page says something else is left over, and is forgotten when it is met. While a page
 *          moves the old one says so too.
 * I2       a group in the tree has at least one stable.
 * I3       an item is in the unstable tree exactly if state is KSM_UNSTABLE and round is ksm_round.
 * LOCKS    ksm_mutex.   CONTEXT  threads; sleeps (mmap_lock of the items compared with).
 * COST     a comparison of two pages per level.   FAILS  -ENOMEM before anything has changed.
 * SOURCES  Arcangeli, Eidus, Wright 2009, "Increasing memory density by using KSM".   TESTED BY ksm_test.c
 */
#include "lib/string.h"
#include "mm/aspace/ksm_impl.h"
#include "mm/numa.h"
#include "mm/slab.h"
#include "mm/swap.h"
#include "mm/vmalloc.h"
#include "sync/failpoint.h"

static struct rb_root stable_root[CFG_MAX_NODES], unstable_root[CFG_MAX_NODES];
static struct kmem_cache *stable_cache, *group_cache;
unsigned long ksm_round;

void ksm_tree_boot(void)
{
	stable_cache = kmem_cache_create("ksm_stable_node", sizeof(struct ksm_stable), 0,
					 SLAB_PANIC, NULL);
	group_cache = kmem_cache_create("ksm_chain", sizeof(struct ksm_group), 0, SLAB_PANIC, NULL);
	memset(stable_root, 0, sizeof(stable_root));
	memset(unstable_root, 0, sizeof(unstable_root));
}

unsigned ksm_nid(const struct page *page)
{
	return ksm_merge_across_nodes ? 0 : page_node_id(page);
}

int ksm_compare(struct page *a, struct page *b)
{
	const void *x = kmap_local_page(a), *y = kmap_local_page(b);
	int diff = memcmp(x, y, PAGE_SIZE);

	kunmap_local(y);
	kunmap_local(x);
	return diff;
}

uint32_t ksm_checksum(struct page *page)
{
	const uint32_t *p = kmap_local_page(page);
	uint32_t sum = 0;

	for (unsigned i = 0; i < PAGE_SIZE / sizeof(*p); i++)
		sum = (sum ^ READ_ONCE(p[i])) * 0x9e3779b1U + (sum >> 15);
	kunmap_local(p);
	return sum;
}

/* ---- the stable tree ---- */

struct ksm_stable *ksm_stable_of(const struct page *page)
{
	uintptr_t m = (uintptr_t)READ_ONCE(page->mapping);

	if (page_state(page) != PS_ANON || (m & PAGE_MAPPING_FLAGS) != PAGE_MAPPING_KSM)
		return NULL;
	return (struct ksm_stable *)(m & ~PAGE_MAPPING_FLAGS);
}

struct ksm_stable *ksm_stable_alloc(struct ksm_group **group)
{
	struct ksm_stable *s =
		failpoint("ksm_stable") ? NULL : kmem_cache_zalloc(stable_cache, GFP_KERNEL);

	*group = s && !failpoint("ksm_group") ? kmem_cache_zalloc(group_cache, GFP_KERNEL) : NULL;
	if (s && *group) {
		list_init(&s->items);
		list_init(&(*group)->pages);
		return s;
	}
	if (s)
		kmem_cache_free(stable_cache, s);
	return NULL;
}

void ksm_stable_free(struct ksm_stable *stable, struct ksm_group *group)
{
	kmem_cache_free(stable_cache, stable);
	kmem_cache_free(group_cache, group);
}

/* Chains are groups with several pages, which are their dups. */
static void group_count(struct ksm_group *g, int n)
{
	if (g->nr > 1) {
		ksm_counts.chains--;
		ksm_counts.dups -= g->nr;
	}
	g->nr += (unsigned)n;
	if (g->nr > 1) {
		ksm_counts.chains++;
		ksm_counts.dups += g->nr;
	}
}

static void forget(struct ksm_stable *s)
{
	struct ksm_group *g = s->group;

	while (!list_empty(&s->items)) /* the scan would find their entries changed */
		ksm_leave(list_entry(s->items.next, struct ksm_item, sharers));
	list_del(&s->link);
	group_count(g, -1);
	kmem_cache_free(stable_cache, s);
	if (g->nr)
		return;
	rbtree_remove(&stable_root[g->nid], &g->node);
	kmem_cache_free(group_cache, g);
}

struct page *ksm_stable_page(const struct ksm_stable *s)
{
	struct page *page;
	bool got, ours;

	spin_lock(&ksm_lock); /* it may be about to move */
	page = s->page;
	got = ksm_stable_of(page) == s && atomic_inc_not_zero(&page->_refcount);
	ours = got && ksm_stable_of(page) == s;
	spin_unlock(&ksm_lock);
	if (got && !ours)
		swap_put_page(page);
	return ours ? page : NULL;
}

/* Has the page been freed? With no reference left it is on its way out, and nobody finds it. */
static bool page_gone(const struct ksm_stable *s)
{
	bool gone;

	spin_lock(&ksm_lock);
	gone = ksm_stable_of(s->page) != s || !page_ref_count(s->page);
	spin_unlock(&ksm_lock);
	return gone;
}

/* May @s have one sharer more? Not while its page, which has moved, is on another node than the tree's. */
static bool has_room(const struct ksm_stable *s, const struct ksm_group *g)
{
	return s->nr < ksm_max_page_sharing && ksm_nid(READ_ONCE(s->page)) == g->nid;
}

/* A page of the group, the best of those with room for one more sharer if @room; with a reference. */
static struct page *page_of_group(struct ksm_group *g, bool room)
{
	struct ksm_stable *s, *best = NULL;

	list_for_each_entry (s, &g->pages, link) {
		if (page_gone(s) || (room && !has_room(s, g)))
			continue;
		if (!best || s->nr > best->nr)
			best = s;
	}
	return best ? ksm_stable_page(best) : NULL;
}

/* Forget the stables whose page is gone. Return: that was all of the group, and it is gone too. */
static bool prune_group(struct ksm_group *g)
{
	struct ksm_stable *s, *next;

	list_for_each_entry_safe (s, next, &g->pages, link) {
		bool last = g->nr == 1;

		if (!page_gone(s))
			continue;
		forget(s);
		if (last)
			return true;
	}
	return false;
}

struct place {
	struct rb_node *parent;
	int side;
};

/* The group of pages like @page; NULL: it would stand at *at. A group without a page cannot be compared with: it goes. */
static struct ksm_group *find_group(struct page *page, struct place *at)
{
	const struct rb_root *root = &stable_root[ksm_nid(page)];
	struct rb_node *n = root->node;

	*at = (struct place){ NULL, 0 };
	while (n) {
		struct ksm_group *g = container_of(n, struct ksm_group, node);
		struct page *other = page_of_group(g, false);
		int diff;

		if (!other) {
			if (prune_group(g)) {
				*at = (struct place){ NULL, 0 };
				n = root->node;
			}
			continue;
		}
		diff = ksm_compare(page, other);
		swap_put_page(other);
		if (!diff)
			return g;
		*at = (struct place){ n, diff > 0 };
		n = n->child[diff > 0];
	}
	return NULL;
}

struct page *ksm_stable_search(struct page *page)
{
	struct ksm_group *g;
	struct place at;

	if (ksm_stable_of(page)) {
		get_page(page);
		return page;
	}
	g = find_group(page, &at);
	return g ? page_of_group(g, true) : NULL;
}

void ksm_stable_insert(struct ksm_stable *s, struct ksm_group *group)
{
	struct place at;
	struct ksm_group *g = find_group(s->page, &at);

	if (!g) {
		g = group;
		g->nid = ksm_nid(s->page);
		rbtree_insert(&stable_root[g->nid], at.parent, at.side, &g->node);
	} else {
		kmem_cache_free(group_cache, group);
	}
	s->group = g;
	list_add_tail(&s->link, &g->pages);
	group_count(g, 1);
}

/* The page of @s has moved to another node: into that one's tree. Without memory: later. */
static void rehome(struct ksm_stable *s)
{
	struct ksm_group *g = s->group, *spare = g;

	if (g->nr > 1) {
		spare = kmem_cache_zalloc(group_cache, GFP_KERNEL);
		if (!spare)
			return;
		list_init(&spare->pages);
	}
	list_del(&s->link);
	group_count(g, -1);
	if (spare == g)
		rbtree_remove(&stable_root[g->nid], &g->node);
	ksm_stable_insert(s, spare);
}

/* @g is not empty. It goes when its last page does. */
static void rehome_group(struct ksm_group *g)
{
	struct ksm_stable *s, *next;

	list_for_each_entry_safe (s, next, &g->pages, link) {
		bool last = g->nr == 1;

		if (ksm_nid(READ_ONCE(s->page)) != g->nid)
			rehome(s);
		if (last)
			return;
	}
}

void ksm_stable_prune(void)
{
	for (unsigned nid = 0; nid < CFG_MAX_NODES; nid++) {
		struct rb_node *n = rbtree_first(&stable_root[nid]), *next;

		for (; n; n = next) {
			struct ksm_group *g = container_of(n, struct ksm_group, node);

			next = rbtree_next(n);
			if (!prune_group(g))
				rehome_group(g);
		}
	}
}

bool ksm_stable_empty(void)
{
	for (unsigned nid = 0; nid < CFG_MAX_NODES; nid++) {
		if (!rbtree_empty(&stable_root[nid]))
			return false;
	}
	return true;
}

/* ---- the unstable tree ---- */

void ksm_unstable_reset(void)
{
	memset(unstable_root, 0, sizeof(unstable_root));
	ksm_round++;
}

void ksm_unstable_remove(struct ksm_item *item)
{
	kassert(item->state == KSM_UNSTABLE);
	if (item->round == ksm_round)
		rbtree_remove(&unstable_root[item->nid], &item->node);
	item->state = KSM_NEW;
	ksm_counts.unshared--;
}

struct ksm_item *ksm_unstable_search_insert(struct ksm_item *item, struct page *page,
					    struct page **other)
{
	unsigned nid = ksm_nid(page);
	struct rb_node *n = unstable_root[nid].node, *parent = NULL;
	int diff = 0;

	while (n) {
		struct ksm_item *at = container_of(n, struct ksm_item, node);

		*other = ksm_item_page(at);
		if (!*other)
			return NULL; /* its page has gone: it will be met by the scan */
		diff = *other == page ? 0 : ksm_compare(page, *other);
		if (!diff && *other != page)
			return at;
		swap_put_page(*other);
		if (*other == page || (!ksm_merge_across_nodes && ksm_nid(*other) != nid))
			return NULL;
		parent = n;
		n = n->child[diff > 0];
	}
	item->state = KSM_UNSTABLE;
	item->nid = nid;
	item->round = ksm_round;
	rbtree_insert(&unstable_root[nid], parent, diff > 0, &item->node);
	ksm_counts.unshared++;
	return NULL;
}
