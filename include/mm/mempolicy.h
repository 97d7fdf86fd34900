/*
 * Memory policies: from which nodes the pages of a thread, a mapping or a shared object come. numa(7).
 * A policy never changes once it is made, so whoever has a reference may read it without a lock. NULL is MPOL_DEFAULT:
 * what the next wider scope says (object or mapping, then thread, then: the running CPU's node).
 */
#ifndef MM_MEMPOLICY_H
#define MM_MEMPOLICY_H

#include "base/atomic.h"
#include "mm/alloc.h"
#include "mm/numa.h"
#include "uapi/mempolicy.h"

struct address_space;
struct mm_ctx;
struct mm_struct;
struct vm_area_struct;

struct mempolicy {
	atomic_t refs;
	uint8_t mode;	  /* MPOL_*, but never MPOL_DEFAULT */
	uint16_t flags;	  /* MPOL_MODE_FLAGS */
	int home;	  /* set_mempolicy_home_node(2); NUMA_NO_NODE */
	nodemask_t nodes; /* that have memory; none for MPOL_LOCAL */
	nodemask_t user;  /* as they were asked for: STATIC_NODES and RELATIVE_NODES */
};

/* "0-1,3"; "" for none. Return: length. */
size_t nodes_to_str(nodemask_t mask, char *buf, size_t size);

/* How many exist: while there are none, an allocation need not ask. */
extern atomic_t mpol_count;
static inline bool mpol_any(void)
{
	return unlikely(atomic_read(&mpol_count) != 0);
}

/* ---- life (mm/track/mempolicy.c) ---- */
/* 0 and a policy in *out, NULL for MPOL_DEFAULT; -EINVAL: @mode, @flags and @nodes do not fit together; -ENOMEM. */
int must_check mpol_new(unsigned mode, unsigned flags, nodemask_t nodes, struct mempolicy **out);
/* The same as @pol but for its home node. NULL: no memory. */
struct mempolicy *must_check mpol_with_home(const struct mempolicy *pol, int home);
static inline struct mempolicy *mpol_get(struct mempolicy *pol)
{
	if (unlikely(pol != NULL))
		atomic_inc(&pol->refs);
	return pol;
}
void mpol_free(struct mempolicy *pol); /* mpol_put's other half */
static inline void mpol_put(struct mempolicy *pol)
{
	if (unlikely(pol != NULL) && atomic_dec_and_test(&pol->refs))
		mpol_free(pol);
}
bool mpol_differ(const struct mempolicy *a, const struct mempolicy *b);
static inline bool mpol_equal(const struct mempolicy *a, const struct mempolicy *b)
{
	return likely(a == b) || !mpol_differ(a, b);
}
/* As numa_maps and mount options show it: "prefer=static:1". Return: length. */
size_t mpol_to_str(const struct mempolicy *pol, char *buf, size_t size);
/* The opposite, for tmpfs: 0, -EINVAL, -ENOMEM. */
int must_check mpol_parse(const char *s, struct mempolicy **out);

/* ---- of threads ---- */
void mpol_set_task(struct mempolicy *pol);	     /* the caller's, whose reference goes along */
struct mempolicy *mpol_get_task(struct mm_ctx *ctx); /* any thread's, with a reference; NULL */
void mpol_fork(struct mm_ctx *child, const struct mm_ctx *self);
void mpol_exit(struct mm_ctx *ctx); /* the thread has ended, or never began */
/* May @ctx's thread have memory of @nodes, or is it bound to others? */
bool mpol_task_allows(struct mm_ctx *ctx, nodemask_t nodes);
int mpol_task_next(void); /* MPOL_INTERLEAVE: the node whose turn is next */

/* ---- allocation ---- */
/* 1 << @order frames as @pol says, NULL: anywhere near. @turn: whose place in the row of interleaved pages this is. */
struct page *must_check mpol_alloc(const struct mempolicy *pol, gfp_t gfp, unsigned order,
				   unsigned long turn);
/* The same for who has pages of his own to give out. */
struct mpol_where {
	int node;	   /* the search begins here */
	nodemask_t nodes;  /* and goes on in these */
	bool prefers_only; /* MPOL_PREFERRED_MANY: anywhere, if these have none */
};
struct mpol_where mpol_where(const struct mempolicy *pol, unsigned long turn);
nodemask_t
mpol_task_nodes(void); /* those that the caller's policy names; all with memory without one */
struct page *must_check mpol_alloc_task(gfp_t gfp); /* one page as the caller's policy says */

/* ---- of shared objects (mm/backing/shared_policy.c) ---- */
/* Pages [first, end) of @m get @pol. 0 or -ENOMEM. */
int must_check shared_policy_set(struct address_space *m, unsigned long first, unsigned long end,
				 struct mempolicy *pol);
struct mempolicy *shared_policy_get(struct address_space *m, unsigned long index);
void shared_policy_free(struct address_space *m);
struct page *must_check shared_policy_alloc(struct address_space *m, unsigned long index,
					    gfp_t gfp);

/* ---- of mappings (mm/aspace/mempolicy.c); mmap_lock held ---- */
/* What mbind(2) has said of @addr, with a reference; NULL: nothing. */
struct mempolicy *vma_policy_get(const struct vm_area_struct *vma, unsigned long addr);
struct page *must_check vma_alloc_by_policy(const struct vm_area_struct *vma, unsigned long addr,
					    gfp_t gfp, unsigned order);
/* 1 << @order frames for @addr. */
static inline struct page *must_check vma_alloc_pages(const struct vm_area_struct *vma,
						      unsigned long addr, gfp_t gfp, unsigned order)
{
	return mpol_any() ? vma_alloc_by_policy(vma, addr, gfp, order) : alloc_pages(gfp, order);
}
/* Every mapping in [start, end) gets @pol; for write. 0 or -ENOMEM; what was done before stays. */
int must_check vm_set_policy(struct mm_struct *mm, unsigned long start, unsigned long end,
			     struct mempolicy *pol);

/* ---- system calls' bodies; mmap_lock taken inside ---- */
/* set_mempolicy_home_node(2). 0, -ENOENT, -EOPNOTSUPP, -ENOMEM. */
int must_check vm_set_home_node(struct mm_struct *mm, unsigned long start, unsigned long end,
				int home);
/* 0 and the policy that mbind has given @addr (a reference, NULL: none); -EFAULT. */
int must_check vm_get_policy(struct mm_struct *mm, unsigned long addr, struct mempolicy **out);
/* The node of the page at @addr, which is faulted in; -EFAULT, -ENOMEM. */
int must_check vm_node_of(struct mm_struct *mm, unsigned long addr);

/* mbind(2) of a range that is not empty, mm/reclaim/mbind.c. @asked: the nodes as given. 0, -EFAULT, -EIO, -ENOMEM. */
int must_check vm_mbind(struct mm_struct *mm, unsigned long start, unsigned long end,
			struct mempolicy *pol, nodemask_t asked, unsigned flags);
/* migrate_pages(2): what lies on @from goes to @to; @all: also what several programs map. Return: pages left behind. */
long vm_migrate_nodes(struct mm_struct *mm, nodemask_t from, nodemask_t to, bool all);

/* ---- move_pages(2), page by page ---- */
/* Node of the page at @addr; -EFAULT: nothing mapped or the zero page, -ENOENT: not in memory. */
int vm_page_status(struct mm_struct *mm, unsigned long addr);
/* 1: the page is to go to @node, a reference in *out; 0: it is there, or (a huge page) has gone there; -EFAULT, -ENOENT, -EACCES: shared,
 * without @all; -EBUSY, -ENOMEM: of a huge page. */
int vm_page_pick(struct mm_struct *mm, unsigned long addr, int node, bool all, struct page **out);
/* Those pages go to @node; references dropped. Return: how many did not. */
unsigned vm_pages_to_node(struct page **pages, unsigned n, int node);

#endif
