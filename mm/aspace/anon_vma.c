/*
 * anon_vma: which vmas may map an anonymous page, through any number of forks.
 *
 *      page->mapping ──► anon_vma X (parent's)            each anon_vma: an interval tree of chains, by page offset
 *                          │    └── chain ── vma of the parent
 *                          └─────── chain ─┐
 *                        anon_vma Y        vma of the child       child's vma is in both: it may map pages that
 *                          └─────── chain ─┘                      existed before the fork (X) and its own (Y)
 *
 * A page belongs to the anon_vma of the vma that made it. fork links the child's vma to all anon_vmas of the parent's and
 * gives it one of its own, so that a page made after the fork is looked for in the child only.
 *
 * OWNS     struct anon_vma, struct anon_vma_chain, vma->anon_vma, vma->anon_vma_chain.
 * WHY      one list per page would cost memory per entry; one object per program would make every walk visit all its
 *          relatives. A family (a root and all that descend from it) shares one lock, the root's, so that a vma with
 *          many chains takes one.
 * I1       vma->anon_vma is set from before the first private page until the vma goes, and is one of its chains'.
 * I2       the anon_vma of a page that a vma maps is among the vma's chains'.                              [mm_check]
 * I3       all anon_vmas of one vma have one root.                                                  [anon_vma_check]
 * I4       refcount: 1 while any chain is in the tree, 1 per other member of the family for a root, 1 per lookup.
 * I5       num_active_vmas: vmas whose anon_vma this is. num_children: anon_vmas whose parent this is, itself for a root.
 *          A childless-but-one anon_vma that no vma uses any more serves the next child instead of a new one: so a
 *          program that forks, exits, and lets the child go on needs no more than two per vma.
 * LOCKS    the root's lock (rank ANON_VMA): trees, counts. vma->anon_vma_chain: mmap_lock for write, or for read with
 *          mm->page_table_lock while it is empty. A page that is mapped keeps its anon_vma alive, but nobody counts
 *          pages: a lookup that comes without the entry's lock counts on, see page_get_anon_vma.
 * COST     first private page of a vma: one allocation. fork: one and one per generation.
 * FAILS    -ENOMEM, before anything has changed.
 * SOURCES  the chain design is that of Linux 2.6.34 (van Riel 2010).   TESTED BY rmap_test.c, fuzz target vma
 */
#include "base/errno.h"
#include "mm/aspace/anon_vma_impl.h"
#include "mm/aspace/aspace_impl.h"
#include "mm/slab.h"
#include "sync/failpoint.h"

static struct kmem_cache *anon_vma_cache, *chain_cache;

/* Last use of an anon_vma's memory against lookups that have only its address. By the address. */
enum { LOOKUP_LOCKS = 16 };
static struct spinlock lookup_locks[LOOKUP_LOCKS] = {
	[0 ... LOOKUP_LOCKS - 1] = SPINLOCK_INIT(RANK_OBJECT),
};

void anon_vma_boot(void)
{
	anon_vma_cache =
		kmem_cache_create("anon_vma", sizeof(struct anon_vma), 0, SLAB_PANIC, NULL);
	chain_cache = kmem_cache_create("anon_vma_chain", sizeof(struct anon_vma_chain), 0,
					SLAB_PANIC, NULL);
}

static struct spinlock *lookup_lock_of(const struct anon_vma *av)
{
	return &lookup_locks[(uint32_t)((uintptr_t)av >> 6) * 0x9e3779b1u >> 28];
}

/* ---- life ---- */

/* A new one, of the family of @parent; NULL: its own. Nobody knows it yet. NULL: no memory. */
static struct anon_vma *anon_vma_alloc(struct anon_vma *parent)
{
	struct anon_vma *av =
		failpoint("anon_vma") ? NULL : kmem_cache_alloc(anon_vma_cache, GFP_KERNEL);

	if (!av)
		return NULL;
	spin_init(&av->lock, RANK_ANON_VMA);
	ivtree_init(&av->chains);
	atomic_set(&av->refcount, 1);
	av->num_active_vmas = 0;
	av->num_children = parent ? 0 : 1;
	av->parent = parent ? parent : av;
	av->root = parent ? parent->root : av;
	if (parent)
		atomic_inc(&av->root->refcount);
	return av;
}

/* After this a lookup that saw a mapped page and then the address finds refcount 0, or is over. */
static void anon_vma_free(struct anon_vma *av)
{
	struct spinlock *lookup = lookup_lock_of(av);

	spin_lock(lookup);
	spin_unlock(lookup);
	kmem_cache_free(anon_vma_cache, av);
}

void put_anon_vma(struct anon_vma *av)
{
	struct anon_vma *root = av->root;

	if (!atomic_dec_and_test(&av->refcount))
		return;
	anon_vma_free(av);
	if (root != av && atomic_dec_and_test(&root->refcount))
		anon_vma_free(root);
}

/*
 * While a page is mapped, a vma with that entry is in the tree of its anon_vma, which so has its first reference. Seen
 * under the lookup lock, the last reference may still go at once, but the memory not before the lock does.
 */
struct anon_vma *page_get_anon_vma(const struct page *page)
{
	for (;;) {
		struct anon_vma *av = page_anon_vma(page);
		struct spinlock *lookup = lookup_lock_of(av);
		bool got = false;

		if (!av)
			return NULL;
		spin_lock(lookup);
		if (page_anon_vma(page) !=
		    av) { /* the page moved to another of the family, or was freed */
			spin_unlock(lookup);
			continue;
		}
		if (page_mapcount(page) > 0)
			got = atomic_inc_not_zero(&av->refcount);
		spin_unlock(lookup);
		return got ? av : NULL;
	}
}

/* ---- chains ---- */

unsigned anon_vma_chains_of(const struct vm_area_struct *vma)
{
	unsigned n = 0;

	for (const struct anon_vma_chain *c = vma->anon_vma_chain; c; c = c->next)
		n++;
	return n;
}

int anon_vma_chains_get(struct anon_vma_chain **list, unsigned nr)
{
	while (nr--) {
		struct anon_vma_chain *c = failpoint("anon_vma_chain")
						   ? NULL
						   : kmem_cache_alloc(chain_cache, GFP_KERNEL);

		if (!c) {
			anon_vma_chains_put(list);
			return -ENOMEM;
		}
		c->next = *list;
		*list = c;
	}
	return 0;
}

void anon_vma_chains_put(struct anon_vma_chain **list)
{
	while (*list) {
		struct anon_vma_chain *c = *list;

		*list = c->next;
		kmem_cache_free(chain_cache, c);
	}
}

static void chain_fill(struct anon_vma_chain *c, struct vm_area_struct *vma, struct anon_vma *av)
{
	c->vma = vma;
	c->anon_vma = av;
	c->next = NULL;
}

static inline struct anon_vma_chain *chain_take(struct anon_vma_chain **list,
						struct vm_area_struct *vma, struct anon_vma *av)
{
	struct anon_vma_chain *c = *list;

	*list = c->next;
	chain_fill(c, vma, av);
	return c;
}

/* Into the tree of its anon_vma. Root locked, or the anon_vma nobody else's. */
static void chain_insert(struct anon_vma_chain *c)
{
	const struct vm_area_struct *vma = c->vma;

	ivtree_insert(&c->anon_vma->chains, &c->node, vma->vm_pgoff, vma_last_pgoff(vma));
}

void anon_vma_rmap_change(struct vm_area_struct *vma)
{
	for (struct anon_vma_chain *c = vma->anon_vma_chain; c; c = c->next)
		ivtree_change(&c->anon_vma->chains, &c->node, vma->vm_pgoff, vma_last_pgoff(vma));
}

/*
 * @dst, in no anon_vma yet, comes into all those of @src, in the same order, with chains from @list. Root locked.
 * Return: of those the one nearest to the root that has no vma of its own left and at most one child, if any.
 */
static struct anon_vma *copy_chains(struct vm_area_struct *dst, const struct vm_area_struct *src,
				    struct anon_vma_chain **list)
{
	struct anon_vma_chain **tail = &dst->anon_vma_chain;
	struct anon_vma *unused = NULL;

	for (const struct anon_vma_chain *from = src->anon_vma_chain; from; from = from->next) {
		struct anon_vma *av = from->anon_vma;
		struct anon_vma_chain *c = chain_take(list, dst, av);

		*tail = c;
		tail = &c->next;
		chain_insert(c);
		if (av->num_children < 2 && av->num_active_vmas == 0)
			unused = av;
	}
	return unused;
}

static void use_as_own(struct vm_area_struct *vma, struct anon_vma *av)
{
	av->num_active_vmas++;
	vma->anon_vma = av;
}

void anon_vma_clone_locked(struct vm_area_struct *dst, const struct vm_area_struct *src,
			   struct anon_vma_chain **list)
{
	if (!src->anon_vma)
		return;
	(void)copy_chains(dst, src, list);
	use_as_own(dst, src->anon_vma);
}

void anon_vma_clone(struct vm_area_struct *dst, const struct vm_area_struct *src,
		    struct anon_vma_chain **list)
{
	struct anon_vma *av = src->anon_vma;

	if (!av)
		return;
	anon_vma_lock(av);
	anon_vma_clone_locked(dst, src, list);
	anon_vma_unlock(av);
}

void anon_vma_cut_locked(struct vm_area_struct *lower, const struct vm_area_struct *vma,
			 struct vm_area_struct *upper, struct anon_vma_chain **list)
{
	struct anon_vma_chain **lower_tail = &lower->anon_vma_chain;
	struct anon_vma_chain **upper_tail = &upper->anon_vma_chain;
	unsigned long first = vma->vm_pgoff, last = vma_last_pgoff(vma);

	if (!vma->anon_vma)
		return;
	for (struct anon_vma_chain *c = vma->anon_vma_chain; c; c = c->next) {
		struct anon_vma_chain *low = chain_take(list, lower, c->anon_vma);
		struct anon_vma_chain *high = chain_take(list, upper, c->anon_vma);

		ivtree_cut(&c->anon_vma->chains, &c->node, first, last, &low->node, &high->node);
		*lower_tail = low;
		lower_tail = &low->next;
		*upper_tail = high;
		upper_tail = &high->next;
	}
	use_as_own(lower, vma->anon_vma);
	use_as_own(upper, vma->anon_vma);
}

/* The one chain of @vma, which is in @av but not av->first (av->second never is in @av). NULL: not so. */
static inline struct anon_vma_chain *lone_chain(const struct vm_area_struct *vma,
						const struct anon_vma *av)
{
	struct anon_vma_chain *c = vma->anon_vma_chain;

	return c && !c->next && c->anon_vma == av && c != &av->first ? c : NULL;
}

bool anon_vma_join_locked(const struct vm_area_struct *vma, const struct vm_area_struct *lower,
			  const struct vm_area_struct *upper)
{
	struct anon_vma *av = vma->anon_vma;
	struct anon_vma_chain *c = vma->anon_vma_chain, *low, *high;

	if (!av || c->next)
		return false;
	low = lone_chain(lower, av);
	high = lone_chain(upper, av);
	if (!low || !high)
		return false;
	ivtree_join(&av->chains, &c->node, &low->node, &high->node);
	low->anon_vma = NULL; /* as anon_vma_unlink_locked leaves it */
	high->anon_vma = NULL;
	av->num_active_vmas -= 2;
	return true;
}

/* Root locked: the family gets a member, of which @vma is the first vma. */
static void add_child(struct vm_area_struct *vma, struct anon_vma *av)
{
	chain_fill(&av->first, vma, av);
	av->first.next = vma->anon_vma_chain;
	vma->anon_vma_chain = &av->first;
	chain_insert(&av->first);
	av->parent->num_children++;
	use_as_own(vma, av);
}

/*
 * What a child of @parent needs: an anon_vma and @nr chains. With up to two, the parent's own and the root, both in use,
 * no older one can serve, and one of the chains may be in the anon_vma itself.
 */
static struct anon_vma *fork_reserve(struct vm_area_struct *parent, unsigned nr,
				     struct anon_vma_chain **list)
{
	bool inside = nr <= 2;
	struct anon_vma *own;

	if (anon_vma_chains_get(list, nr - inside))
		return NULL;
	own = anon_vma_alloc(parent->anon_vma);
	if (!own) {
		anon_vma_chains_put(list);
		return NULL;
	}
	if (inside) {
		own->second.next = *list;
		*list = &own->second;
	}
	return own;
}

int anon_vma_fork(struct vm_area_struct *child, struct vm_area_struct *parent)
{
	struct anon_vma_chain *list = NULL;
	struct anon_vma *own, *unused;
	unsigned nr;

	if (!parent->anon_vma)
		return 0;
	nr = anon_vma_chains_of(parent);
	own = fork_reserve(parent, nr, &list);
	if (!own)
		return -ENOMEM;
	anon_vma_lock(own);
	unused = copy_chains(child, parent, &list);
	if (unused)
		use_as_own(child, unused);
	else
		add_child(child, own);
	anon_vma_unlock(own);
	if (unused) {
		kassert(nr > 2);
		put_anon_vma(own);
	}
	return 0;
}

/* ---- out ---- */

void anon_vma_unlink_locked(struct vm_area_struct *vma)
{
	struct anon_vma *own = vma->anon_vma;
	struct anon_vma_chain *c = vma->anon_vma_chain, *next;

	vma->anon_vma_chain = NULL;
	for (; c; c = next) {
		struct anon_vma *av = c->anon_vma;
		bool inside = c == &av->first || c == &own->second;
		bool empty;

		next = c->next;
		ivtree_remove(&av->chains, &c->node);
		empty = ivtree_empty(&av->chains);
		if (empty)
			av->parent->num_children--;
		else if (inside)
			continue; /* it goes with its anon_vma, which others may free as soon as the lock goes */
		else
			c->anon_vma = NULL; /* nothing but its own memory is left to free */
		c->next = vma->anon_vma_chain;
		vma->anon_vma_chain = c;
	}
	if (own)
		own->num_active_vmas--;
}

/* What is left: chains to free, and the anon_vmas of which they were the last. */
void anon_vma_release(struct vm_area_struct *vma)
{
	struct anon_vma *own = vma->anon_vma;
	struct anon_vma_chain *c = vma->anon_vma_chain;
	bool own_empty = false;

	vma->anon_vma = NULL;
	vma->anon_vma_chain = NULL;
	while (c) {
		struct anon_vma_chain *next = c->next;
		struct anon_vma *av = c->anon_vma;

		if (!av || (c != &av->first && c != &own->second))
			kmem_cache_free(chain_cache, c);
		if (av && av != own)
			put_anon_vma(av);
		own_empty |= av && av == own;
		c = next;
	}
	if (own_empty) /* at last: it may have held two of the chains */
		put_anon_vma(own);
}

void anon_vma_unlink(struct vm_area_struct *vma)
{
	struct anon_vma *av = vma->anon_vma;

	if (!av)
		return;
	anon_vma_lock(av);
	anon_vma_unlink_locked(vma);
	anon_vma_unlock(av);
	anon_vma_release(vma);
}

/* ---- the first private page ---- */

/* Could @a and the @b that follows it become one by rights alone? Then they had better share an anon_vma. */
static bool compatible(const struct vm_area_struct *a, const struct vm_area_struct *b)
{
	const unsigned long rights = VM_READ | VM_WRITE | VM_EXEC;

	return a->vm_end == b->vm_start && a->mapping == b->mapping && a->vm_ops == b->vm_ops &&
	       a->vm_private_data == b->vm_private_data &&
	       vm_flags_merge(a->vm_flags | rights, b->vm_flags | rights) &&
	       b->vm_pgoff == a->vm_pgoff + vma_pages(a);
}

/* @old's, if it has one, and nothing to do with a fork: else their joint pages would be looked for in too many places. */
static struct anon_vma *reusable(const struct vm_area_struct *old)
{
	struct anon_vma *av = READ_ONCE(old->anon_vma);
	const struct anon_vma_chain *c = READ_ONCE(old->anon_vma_chain);

	return av && c && !READ_ONCE(c->next) ? av : NULL;
}

static struct anon_vma *neighbours_anon_vma(const struct vm_area_struct *vma)
{
	struct vma_neighbours n = vma_around(vma->vm_mm, vma->vm_start, vma->vm_end);
	struct anon_vma *av = NULL;

	if (n.next && compatible(vma, n.next))
		av = reusable(n.next);
	if (av)
		return av;
	return n.prev && compatible(n.prev, vma) ? reusable(n.prev) : NULL;
}

/* Root locked, or @av nobody else's. */
static void begin(struct vm_area_struct *vma, struct anon_vma *av, struct anon_vma_chain *c)
{
	chain_fill(c, vma, av);
	chain_insert(c);
	av->num_active_vmas++;
	WRITE_ONCE(vma->anon_vma_chain, c);
	__atomic_store_n(&vma->anon_vma, av, __ATOMIC_RELEASE);
}

/* Share the neighbour's. Threads of one mm may be here at once: the first one's counts. */
static int make_shared(struct vm_area_struct *vma, struct anon_vma *av)
{
	struct spinlock *lock = &vma->vm_mm->page_table_lock;
	struct anon_vma_chain *c = NULL;

	if (anon_vma_chains_get(&c, 1))
		return -ENOMEM;
	spin_lock(lock);
	if (!vma->anon_vma) {
		anon_vma_lock(av);
		begin(vma, av, c);
		anon_vma_unlock(av);
		c = NULL;
	}
	spin_unlock(lock);
	anon_vma_chains_put(&c);
	return 0;
}

int anon_vma_make(struct vm_area_struct *vma)
{
	struct spinlock *lock = &vma->vm_mm->page_table_lock;
	struct anon_vma *av = neighbours_anon_vma(vma);

	if (av)
		return make_shared(vma, av);
	av = anon_vma_alloc(NULL);
	if (!av)
		return -ENOMEM;
	spin_lock(lock);
	if (!vma->anon_vma) {
		begin(vma, av, &av->first);
		av = NULL;
	}
	spin_unlock(lock);
	if (av)
		put_anon_vma(av);
	return 0;
}

/* ---- checker ---- */

bool anon_vma_covers(const struct vm_area_struct *vma, const struct page *page)
{
	for (const struct anon_vma_chain *c = vma->anon_vma_chain; c; c = c->next) {
		if (c->anon_vma == page_anon_vma(page))
			return true;
	}
	return false;
}

static const char *chain_bad(const struct vm_area_struct *vma, const struct anon_vma_chain *c)
{
	const struct anon_vma *av = c->anon_vma;

	if (c->vma != vma)
		return "chain of another vma";
	if (av->root != vma->anon_vma->root)
		return "I3: two families";
	if (atomic_read(&av->refcount) < 1 || (av->parent == av) != (av->root == av))
		return "I4: count or parent";
	return ivtree_check(&av->chains);
}

const char *anon_vma_check(const struct vm_area_struct *vma)
{
	const char *bad = NULL;
	bool own = false;

	if (!vma->anon_vma)
		return vma->anon_vma_chain ? "I1: chains without an anon_vma" : NULL;
	anon_vma_lock(vma->anon_vma);
	for (const struct anon_vma_chain *c = vma->anon_vma_chain; c && !bad; c = c->next) {
		own |= c->anon_vma == vma->anon_vma;
		bad = chain_bad(vma, c);
	}
	if (!bad && (!own || !vma->anon_vma->num_active_vmas))
		bad = "I1, I5: own anon_vma";
	anon_vma_unlock(vma->anon_vma);
	return bad;
}
