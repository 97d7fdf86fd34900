/* Address spaces, pages, and the memory of a module. */
#ifndef _LINUX_MM_H
#define _LINUX_MM_H

#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/mm_pages.h>
#include <linux/mmap_lock.h>
#include <linux/rbtree.h>
#include <linux/sched.h>
#include <linux/vm_flags.h>

#include <asm/pgtable.h>
#include <asm/processor.h>

struct vm_area_struct *find_vma(struct mm_struct *mm, unsigned long addr);

static inline struct vm_area_struct *vma_lookup(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma = find_vma(mm, addr);

	return vma && vma->vm_start <= addr ? vma : NULL;
}

static inline unsigned long vma_pages(const struct vm_area_struct *vma)
{
	return (vma->vm_end - vma->vm_start) >> PAGE_SHIFT;
}

/* ---- walking: by the list (before Linux 6.1), by iterators (from it on) ---- */
struct vma_iterator {
	struct mm_struct *mm;
	struct vm_area_struct *at; /* the last one given */
	unsigned long addr;
	struct maple_tree *tree;   /* of ma_state: linux/maple_tree.h */
	unsigned long index, last; /* of what was found last */
	bool started;
};

static inline struct vm_area_struct *vma_next(struct vma_iterator *vmi)
{
	struct vm_area_struct *vma = vmi->at ? vmi->at->vm_next : vmi->mm->mmap;

	while (vma && vma->vm_end <= vmi->addr)
		vma = vma->vm_next;
	vmi->at = vma;
	return vma;
}

#define VMA_ITERATOR(name, space, start)                                                           \
	struct vma_iterator name = { .mm = (space), .addr = (start) }
#define vma_iter_init(vmi, space, start)                                                           \
	(*(vmi) = (struct vma_iterator){ .mm = (space), .addr = (start) })
#define for_each_vma(vmi, vma) while (((vma) = vma_next(&(vmi))) != NULL)
#define for_each_vma_range(vmi, vma, end)                                                          \
	while (((vma) = vma_next(&(vmi))) != NULL && (vma)->vm_start < (end))
#define ma_state vma_iterator
#define MAS_INIT(tree_, first_, last_)                                                             \
	{                                                                                          \
		.mm = (tree_)->mm, .addr = (first_), .tree = (void *)(tree_), .index = (first_),   \
		.last = (last_)                                                                    \
	}
#define mas_init(mas, tree_, first_)                                                               \
	((void)(*(mas) = (struct ma_state)MAS_INIT(tree_, first_, first_)))
#define MA_STATE(name, tree_, first_, last_)                                                       \
	struct vma_iterator name = MAS_INIT(tree_, first_, last_)

/* ---- counters ---- */
static inline unsigned long get_mm_counter(const struct mm_struct *mm, int member)
{
	return (unsigned long)atomic_read(&mm->rss_stat.count[member]);
}

static inline unsigned long get_mm_rss(const struct mm_struct *mm)
{
	return get_mm_counter(mm, MM_FILEPAGES) + get_mm_counter(mm, MM_ANONPAGES) +
	       get_mm_counter(mm, MM_SHMEMPAGES);
}

int access_process_vm(struct task_struct *task, unsigned long addr, void *buf, int len,
		      unsigned int flags);

#include <linux/fs.h>
#include <linux/mm_device.h>
#include <linux/vmalloc.h>

static inline struct vm_area_struct *find_vma_intersection(struct mm_struct *mm,
							   unsigned long start, unsigned long end)
{
	struct vm_area_struct *vma = find_vma(mm, start);

	return vma && vma->vm_start < end ? vma : NULL;
}

static inline struct vm_area_struct *find_vma_prev(struct mm_struct *mm, unsigned long addr,
						   struct vm_area_struct **prev)
{
	struct vm_area_struct *vma = find_vma(mm, addr);

	*prev = vma ? vma->vm_prev : NULL;
	return vma;
}
#define get_mm_hiwater_rss(mm) max((mm)->hiwater_rss, (unsigned long)get_mm_rss(mm))
#define get_mm_hiwater_vm(mm)  max((mm)->hiwater_vm, (mm)->total_vm)
#define mm_pgtables_bytes(mm)  ((unsigned long)atomic_long_read(&(mm)->pgtables_bytes))
#define vma_is_initial_heap(vma)                                                                   \
	((vma)->vm_start < (vma)->vm_mm->brk && (vma)->vm_end > (vma)->vm_mm->start_brk)
#define vma_is_initial_stack(vma)                                                                  \
	((vma)->vm_start <= (vma)->vm_mm->start_stack && (vma)->vm_end >= (vma)->vm_mm->start_stack)
#define vma_is_anonymous(vma) (!(vma)->vm_ops && !(vma)->vm_file)

#include <linux/folio.h>
#include <linux/mm_follow.h>

#include <linux/maple_tree.h>

#endif
