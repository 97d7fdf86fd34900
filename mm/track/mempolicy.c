/*
 * Memory policies: what one is, and how a page is got by it.
 *
 *   MPOL_BIND            only from its nodes, the nearest to the home node or to the CPU first
 *   MPOL_PREFERRED       from its node while that has memory, then as ever
 *   MPOL_PREFERRED_MANY  from its nodes while that needs no effort, then as ever
 *   MPOL_INTERLEAVE      from its nodes in turn; whose turn it is says the page's place in the mapping or the object, and for
 *                        pages without a place the thread's own counter
 *   MPOL_LOCAL           from the running CPU's node, then its neighbours: what is done without any policy
 *
 * OWNS     struct mempolicy, mpol_count, the policies of threads.
 * WHY      immutable objects with a reference count: an allocation reads its policy without a lock while another thread
 *          replaces it. And mpol_count: a machine that uses none pays one load per page.
 * I1       nodes is a part of the nodes with memory, not empty unless MPOL_LOCAL; one node for MPOL_PREFERRED.
 * I2       mpol_count is the number of policies that exist.
 * LOCKS    task_policy_lock (rank OBJECT): mm_ctx.mempolicy of any thread; the thread itself reads it without.
 * COST     a policy of one's own: a lock-free look at it, and the slow function of the allocator.
 * FAILS    -EINVAL as set_mempolicy(2), -ENOMEM.
 * NOT HERE whose policy counts (mm/aspace/mempolicy.c, mm/backing/shared_policy.c); the nodes a system call names do not
 *          change afterwards, as nodes neither come nor go and there are no cpusets.
 * SOURCES  numa(7), set_mempolicy(2), set_mempolicy_home_node(2).   TESTED BY mempolicy_test.c
 */
#include "mm/mempolicy.h"

#include "base/errno.h"
#include "mm/imports.h"
#include "mm/slab.h"
#include "mm/vmalloc.h"
#include "sync/failpoint.h"
#include "sync/spinlock.h"

enum {
	NODE_BITS = 8 * sizeof(nodemask_t),
	USER_NODES = MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES
};

atomic_t mpol_count;
static struct spinlock task_policy_lock = SPINLOCK_INIT(RANK_OBJECT);

/* ---- sets of nodes ---- */

/* MPOL_F_RELATIVE_NODES: node i of @nodes means the i-th of @allowed, counted round and round. */
static nodemask_t relative(nodemask_t nodes, nodemask_t allowed)
{
	nodemask_t out = 0;

	for (unsigned i = 0; i < NODE_BITS; i++) {
		if (nodes >> i & 1)
			out |= 1UL << nodes_nth(allowed, i);
	}
	return out;
}

/* ---- life ---- */

static struct mempolicy *policy_alloc(void)
{
	struct mempolicy *pol = failpoint("mempolicy") ? NULL : kzalloc(sizeof(*pol), GFP_KERNEL);

	if (pol) {
		atomic_set(&pol->refs, 1);
		atomic_inc(&mpol_count);
	}
	return pol;
}

void mpol_free(struct mempolicy *pol)
{
	atomic_add(&mpol_count, -1);
	kfree(pol);
}

/* Do mode, flags and nodes make sense together? Some modes have a plainer name. 0 or -EINVAL. */
static int mode_check(unsigned *mode, unsigned flags, nodemask_t nodes)
{
	switch (*mode) {
	case MPOL_DEFAULT:
		return nodes ? -EINVAL : 0;
	case MPOL_PREFERRED:
		if (nodes)
			return 0;
		*mode = MPOL_LOCAL; /* prefer no node in particular */
		return flags & USER_NODES ? -EINVAL : 0;
	case MPOL_LOCAL:
		return nodes || (flags & USER_NODES) ? -EINVAL : 0;
	default:
		return nodes ? 0 : -EINVAL;
	}
}

int mpol_new(unsigned mode, unsigned flags, nodemask_t nodes, struct mempolicy **out)
{
	nodemask_t allowed = node_states(N_MEMORY), use;
	struct mempolicy *pol;
	int err = mode_check(&mode, flags, nodes);

	*out = NULL;
	if (err || mode == MPOL_DEFAULT)
		return err;
	use = flags & MPOL_F_RELATIVE_NODES ? relative(nodes, allowed) : nodes & allowed;
	if (!use && mode != MPOL_LOCAL)
		return -EINVAL;
	if (mode == MPOL_PREFERRED)
		use = 1UL << nodes_first(use);
	pol = policy_alloc();
	if (!pol)
		return -ENOMEM;
	pol->mode = (uint8_t)mode;
	pol->flags = (uint16_t)flags;
	pol->home = NUMA_NO_NODE;
	pol->nodes = use;
	pol->user = nodes;
	*out = pol;
	return 0;
}

struct mempolicy *mpol_with_home(const struct mempolicy *pol, int home)
{
	struct mempolicy *new = policy_alloc();

	if (!new)
		return NULL;
	new->mode = pol->mode;
	new->flags = pol->flags;
	new->nodes = pol->nodes;
	new->user = pol->user;
	new->home = home;
	return new;
}

bool mpol_differ(const struct mempolicy *a, const struct mempolicy *b)
{
	if (!a || !b)
		return a != b;
	return a->mode != b->mode || a->flags != b->flags || a->home != b->home ||
	       a->nodes != b->nodes || ((a->flags & USER_NODES) && a->user != b->user);
}

/* ---- threads ---- */

static struct mempolicy *exchange(struct mm_ctx *ctx, struct mempolicy *pol)
{
	struct mempolicy *old;

	spin_lock(&task_policy_lock);
	old = ctx->mempolicy;
	WRITE_ONCE(ctx->mempolicy, pol);
	spin_unlock(&task_policy_lock);
	return old;
}

void mpol_set_task(struct mempolicy *pol)
{
	struct mm_ctx *self = mm_ctx_current();

	mpol_put(exchange(self, pol));
	self->interleave_prev = NODE_BITS - 1; /* the first node is next */
}

struct mempolicy *mpol_get_task(struct mm_ctx *ctx)
{
	struct mempolicy *pol;

	spin_lock(&task_policy_lock);
	pol = mpol_get(ctx->mempolicy);
	spin_unlock(&task_policy_lock);
	return pol;
}

bool mpol_task_allows(struct mm_ctx *ctx, nodemask_t nodes)
{
	const struct mempolicy *pol;
	bool allows;

	if (!mpol_any())
		return true;
	spin_lock(&task_policy_lock);
	pol = ctx->mempolicy;
	allows = !pol || pol->mode != MPOL_BIND || (pol->nodes & nodes);
	spin_unlock(&task_policy_lock);
	return allows;
}

void mpol_fork(struct mm_ctx *child, const struct mm_ctx *self)
{
	child->mempolicy = mpol_get(self->mempolicy);
	child->interleave_prev = self->interleave_prev;
}

void mpol_exit(struct mm_ctx *ctx)
{
	if (ctx->mempolicy)
		mpol_put(exchange(ctx, NULL));
}

static int next_after(nodemask_t mask, unsigned prev)
{
	nodemask_t above = prev + 1 < NODE_BITS ? mask & (NODES_ALL << (prev + 1)) : 0;

	return nodes_first(above ? above : mask);
}

int mpol_task_next(void)
{
	const struct mm_ctx *self = mm_ctx_current();

	return next_after(self->mempolicy->nodes, self->interleave_prev);
}

/* ---- allocation ---- */

static struct page *alloc_turn(gfp_t gfp, unsigned order, int node)
{
	struct page *page = alloc_pages_node(node, gfp, order);

	if (page && (int)page_node_id(page) == node)
		numa_count_interleave(page);
	return page;
}

/* Where the search begins. */
static int start_node(const struct mempolicy *pol)
{
	return pol->home == NUMA_NO_NODE ? numa_node_id() : pol->home;
}

static struct page *alloc_many(const struct mempolicy *pol, gfp_t gfp, unsigned order)
{
	gfp_t light = (gfp | __GFP_NOWARN) & ~(__GFP_DIRECT_RECLAIM | __GFP_NOFAIL);
	struct page *page = alloc_pages_nodemask(light, order, start_node(pol), pol->nodes);

	return page ? page : alloc_pages_node(start_node(pol), gfp, order);
}

/* A block is worth waiting for on one node only: elsewhere it is slower than small pages near. */
static struct page *alloc_block(const struct mempolicy *pol, gfp_t gfp, unsigned order)
{
	int node = pol->mode == MPOL_PREFERRED ? nodes_first(pol->nodes) : numa_node_id();
	nodemask_t allowed = pol->mode == MPOL_BIND ? pol->nodes : NODES_ALL;
	struct page *page = NULL;

	if (allowed >> node & 1)
		page = alloc_pages_node(node, gfp | __GFP_THISNODE | __GFP_NORETRY, order);
	if (!page && ((gfp & __GFP_DIRECT_RECLAIM) || !(allowed >> node & 1)))
		page = alloc_pages_nodemask(gfp, order, node, allowed);
	return page;
}

struct page *mpol_alloc(const struct mempolicy *pol, gfp_t gfp, unsigned order, unsigned long turn)
{
	if (!pol)
		return alloc_pages(gfp, order);
	if (pol->mode == MPOL_INTERLEAVE)
		return alloc_turn(gfp, order, nodes_nth(pol->nodes, turn));
	if (pol->mode == MPOL_PREFERRED_MANY)
		return alloc_many(pol, gfp, order);
	if (order)
		return alloc_block(pol, gfp, order);
	switch (pol->mode) {
	case MPOL_BIND:
		return alloc_pages_nodemask(gfp, order, start_node(pol), pol->nodes);
	case MPOL_PREFERRED:
		return alloc_pages_node(nodes_first(pol->nodes), gfp, order);
	default:
		return alloc_pages(gfp, order);
	}
}

struct page *mpol_alloc_task(gfp_t gfp)
{
	struct mm_ctx *self = mm_ctx_current();
	const struct mempolicy *pol = self->mempolicy;

	if (pol && pol->mode == MPOL_INTERLEAVE) {
		self->interleave_prev = (unsigned)mpol_task_next();
		return alloc_turn(gfp, 0, (int)self->interleave_prev);
	}
	return mpol_alloc(pol, gfp, 0, 0);
}

struct mpol_where mpol_where(const struct mempolicy *pol, unsigned long turn)
{
	struct mpol_where w = { numa_node_id(), NODES_ALL, false };

	if (!pol)
		return w;
	switch (pol->mode) {
	case MPOL_INTERLEAVE:
		w.node = nodes_nth(pol->nodes, turn);
		break;
	case MPOL_PREFERRED:
		w.node = nodes_first(pol->nodes);
		break;
	case MPOL_BIND:
	case MPOL_PREFERRED_MANY:
		w.node = start_node(pol);
		w.nodes = pol->nodes;
		w.prefers_only = pol->mode == MPOL_PREFERRED_MANY;
		break;
	default:
		break;
	}
	return w;
}

nodemask_t mpol_task_nodes(void)
{
	const struct mempolicy *pol = mm_ctx_current()->mempolicy;

	if (!pol)
		return node_states(N_MEMORY);
	return pol->mode == MPOL_LOCAL ? 1UL << numa_node_id() : pol->nodes;
}
