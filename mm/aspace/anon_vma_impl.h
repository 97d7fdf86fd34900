/* Inside mm/aspace: anon_vmas and their chains. The theory is in anon_vma.c. */
#ifndef MM_ANON_VMA_IMPL_H
#define MM_ANON_VMA_IMPL_H

#include "mm/mapping.h"
#include "mm/rmap.h"
#include "sync/spinlock.h"

/* A vma in an anon_vma. */
struct anon_vma_chain {
	struct vm_area_struct *vma;  /* i */
	struct anon_vma *anon_vma;   /* i */
	struct anon_vma_chain *next; /* of the vma: its own anon_vma first, then older ones */
	struct ivtree_node node;     /* l: in anon_vma->chains */
};

/* i: immutable; a: atomic; l: root->lock */
struct anon_vma {
	struct anon_vma *root, *parent;		/* i: of the first its own address */
	struct spinlock lock;			/* of a root */
	atomic_t refcount;			/* a */
	unsigned num_children, num_active_vmas; /* l */
	struct ivtree chains;			/* l: by page offset */
	/* Of the vma it was made for, in itself and in its parent: saves allocations. */
	struct anon_vma_chain first, second;
};

void anon_vma_boot(void);
/* The family's lock. */
static inline void anon_vma_lock(struct anon_vma *av) no_lock_analysis
{
	spin_lock(&av->root->lock);
}
static inline void anon_vma_unlock(struct anon_vma *av) no_lock_analysis
{
	spin_unlock(&av->root->lock);
}
/* rmap_lock_vma, for those who only change bounds. */
static inline void rmap_lock_bounds(struct vm_area_struct *vma) no_lock_analysis
{
	if (unlikely(vma->mapping))
		spin_lock(&vma->mapping->i_mmap_lock);
	if (vma->anon_vma)
		anon_vma_lock(vma->anon_vma);
}
static inline void rmap_unlock_bounds(struct vm_area_struct *vma) no_lock_analysis
{
	if (vma->anon_vma)
		anon_vma_unlock(vma->anon_vma);
	if (unlikely(vma->mapping))
		spin_unlock(&vma->mapping->i_mmap_lock);
}
/* @nr blank chains in front of *list. 0, or -ENOMEM (*list is empty then). */
int must_check anon_vma_chains_get(struct anon_vma_chain **list, unsigned nr);
void anon_vma_chains_put(struct anon_vma_chain **list);
/* How many chains a copy of @vma needs. mmap_lock held for write. */
unsigned anon_vma_chains_of(const struct vm_area_struct *vma);
/* @dst, new, may map all that @src may: the same anon_vma and chains, which come from @list. */
void anon_vma_clone(struct vm_area_struct *dst, const struct vm_area_struct *src,
		    struct anon_vma_chain **list);
/* The same with the root locked. */
void anon_vma_clone_locked(struct vm_area_struct *dst, const struct vm_area_struct *src,
			   struct anon_vma_chain **list);
/* The same for a child, which gets its own anon_vma besides. 0 or -ENOMEM. */
int must_check anon_vma_fork(struct vm_area_struct *child, struct vm_area_struct *parent);
/* @vma maps nothing any more and leaves its anon_vmas. */
void anon_vma_unlink(struct vm_area_struct *vma);
/* In two steps: out of the trees with the root locked; then, without, the memory. */
void anon_vma_unlink_locked(struct vm_area_struct *vma);
void anon_vma_release(struct vm_area_struct *vma);
/* @vma, whose bounds are the middle's already, is cut in three: what anon_vma_rmap_change and two clones would do. */
void anon_vma_cut_locked(struct vm_area_struct *lower, const struct vm_area_struct *vma,
			 struct vm_area_struct *upper, struct anon_vma_chain **list);
/* The reverse, if all three have one chain and the same anon_vma; else false, and nothing has changed. */
bool anon_vma_join_locked(const struct vm_area_struct *vma, const struct vm_area_struct *lower,
			  const struct vm_area_struct *upper);
/* Bounds of @vma have changed. Root locked. */
void anon_vma_rmap_change(struct vm_area_struct *vma);

#endif
