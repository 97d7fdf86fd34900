/* Inside mm/aspace: what its files share. */
#ifndef MM_ASPACE_IMPL_H
#define MM_ASPACE_IMPL_H

#include "arch/pt.h"
#include "mm/imports.h"
#include "mm/layout.h"
#include "mm/mapping.h"
#include "mm/mm.h"
#include "mm/notify.h"
#include "mm/rmap.h"
#include "mm/wire.h"
#include "uapi/mman.h"

struct mmu_gather;

/* ---- vma.c: the tree of vmas. mmap_lock held for write, except where said ---- */
struct vma_req { /* what a new vma is to be, or what a range of one becomes */
	unsigned long start, end, flags, pgoff;
	struct address_space *mapping;
	const struct vma_ops *ops;
	void *private_data;
	struct userfault *userfault;
	struct mempolicy *policy;
};
/* The vmas, tree nodes and chains that a change needs, got before it. */
struct vma_spares {
	unsigned nr;
	struct vm_area_struct *vma[3];
	struct anon_vma_chain *chains;
};
enum { STACK_GUARD_PAGES = 256 };

void vma_boot(void);
void *vma_node_alloc(void);
void vma_node_free(void *node);
static inline void vma_spares_init(struct vma_spares *s)
{
	s->nr = 0;
	s->chains = NULL;
}
/* @nr blank vmas, the nodes to insert them, and chains if they are to be parts or copies of @like (NULL: not). @has_node:
 * one of them may have a mapping. 0 or -ENOMEM (nothing kept). */
int must_check vma_spares_get(struct mm_struct *mm, unsigned nr, const struct vm_area_struct *like,
			      bool has_node, struct vma_spares *s);
void vma_spares_put(struct vma_spares *s); /* what was not used */
/* @lower and @upper, joined to what lies between (anon_vma_join_locked), wait for the next cut, if they may. */
bool vma_parts_keep(struct mm_struct *mm, struct vm_area_struct *lower,
		    struct vm_area_struct *upper);
void vma_parts_free(struct mm_struct *mm);
static inline struct vm_area_struct *vma_spare_take(struct vma_spares *s)
{
	kassert(s->nr);
	return s->vma[--s->nr];
}
/* A blank vma, and the nodes to insert it; @has_node: it may have a mapping. NULL: no memory. */
struct vm_area_struct *must_check vma_get(struct mm_struct *mm, bool has_node);
/* Fill a blank vma from @r, put it into the tree and on its mapping, which it holds from now on. No statistics. */
void vma_insert_new(struct mm_struct *mm, struct vm_area_struct *vma, const struct vma_req *r);
/* A new vma of private memory goes into the tree. NULL: no memory. No statistics. */
struct vm_area_struct *must_check vma_add_plain(struct mm_struct *mm, unsigned long start,
						unsigned long end, unsigned long flags);
/* The same of a spare, as @r says. */
static inline struct vm_area_struct *vma_insert(struct mm_struct *mm, struct vma_spares *s,
						const struct vma_req *r)
{
	struct vm_area_struct *vma = vma_spare_take(s);

	vma_insert_new(mm, vma, r);
	return vma;
}
struct vma_neighbours {
	struct vm_area_struct *prev, *next;
};
/* The last vma with vm_start < @start, and the first with vm_end > @end. */
static inline struct vma_neighbours vma_around(struct mm_struct *mm, unsigned long start,
					       unsigned long end)
{
	void *prev, *next;

	rangetree_around(&mm->vmas, start, end, &prev, &next);
	return (struct vma_neighbours){ prev, next };
}
struct vm_area_struct *vma_merge_with(struct mm_struct *mm, const struct vma_req *r,
				      struct vma_neighbours n);
static inline bool vm_flags_merge(unsigned long a, unsigned long b)
{
	return !((a ^ b) & ~(unsigned long)VM_SOFTDIRTY);
}
/* Does one of @n touch [start, end) and have @flags? Mostly none does, and nothing else need be compared. */
static inline bool may_be_alike(struct vma_neighbours n, unsigned long start, unsigned long end,
				unsigned long flags)
{
	return (n.prev && n.prev->vm_end == start && vm_flags_merge(n.prev->vm_flags, flags)) ||
	       (n.next && n.next->vm_start == end && vm_flags_merge(n.next->vm_flags, flags));
}
/* Grow the neighbours, @n, over the free range @r where they are the same in all but place. Return: the vma, or NULL. */
static inline struct vm_area_struct *vma_merge(struct mm_struct *mm, const struct vma_req *r,
					       struct vma_neighbours n)
{
	return may_be_alike(n, r->start, r->end, r->flags) ? vma_merge_with(mm, r, n) : NULL;
}
/* The same for a range that gets entries whose private pages are in @av, NULL: there are none (mremap). */
struct vm_area_struct *vma_merge_moved(struct mm_struct *mm, const struct vma_req *r,
				       const struct anon_vma *av);
/* [start, end) of @vma gets @flags: split and merged as needed. 0 and the vma that covers it in *out, or -ENOMEM. */
int must_check vma_modify(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start,
			  unsigned long end, unsigned long flags, struct vm_area_struct **out);
/* The same, but it joins no neighbour, though it may be like one then. Not of huge pages. */
int must_check vma_modify_apart(struct mm_struct *mm, struct vm_area_struct *vma,
				unsigned long start, unsigned long end, unsigned long flags,
				struct vm_area_struct **out);
/* The same, and it belongs to @uf, as the VM_UFFD_* of @flags say. */
int must_check vma_modify_userfault(struct vm_area_struct *vma, unsigned long start,
				    unsigned long end, unsigned long flags, struct userfault *uf);
/* The same with its flags, and its policy is @pol. */
int must_check vma_modify_policy(struct vm_area_struct *vma, unsigned long start, unsigned long end,
				 struct mempolicy *pol, struct vm_area_struct **out);
/* @vma belongs to no userfault any more. Needs no memory. */
void vma_forget_userfault(struct vm_area_struct *vma);
/* Move the bounds of @vma (not past a neighbour); vm_pgoff follows the start. */
void vma_resize(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start,
		unsigned long end);
/* The same with rmap locked by the caller. */
void vma_resize_locked(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start,
		       unsigned long end);
/* Bounds of @vma have changed: the trees by page offset must know. Rmap locked. */
void vma_rmap_change(struct vm_area_struct *vma);
/* As vma_split, but whose memory it is has been told already. */
struct vm_area_struct *vma_split_unopened(struct mm_struct *mm, struct vma_spares *s,
					  struct vm_area_struct *vma, unsigned long addr);
/* Cut @vma in two at @addr, using a spare. Return: the upper part. */
struct vm_area_struct *vma_split(struct mm_struct *mm, struct vma_spares *s,
				 struct vm_area_struct *vma, unsigned long addr);
/* @vma, which reaches beyond both ends, keeps [start, end); what lies below and above gets the two spares. */
void vma_cut(struct mm_struct *mm, struct vma_spares *s, struct vm_area_struct *vma,
	     unsigned long start, unsigned long end);
/* Out of the tree and off its mapping: no rmap walk sees it any more. Return: the next vma. */
struct vm_area_struct *vma_unlink(struct mm_struct *mm, struct vm_area_struct *vma);
/* The same, but it stays in the tree, which goes as a whole. */
void vma_unlink_rmap(struct mm_struct *mm, struct vm_area_struct *vma);
void vma_free(struct vm_area_struct *vma); /* drops the mapping: may sleep; unlinked */
struct vm_area_struct *vma_prev(struct mm_struct *mm,
				unsigned long addr); /* last with vm_start < addr; NULL */
/* Start of @vma less the gap kept below a stack. */
unsigned long vma_start_gap(const struct vm_area_struct *vma);
/* Other flags, and the rights that follow from them. */
void vma_set_flags(struct vm_area_struct *vma, unsigned long flags);
/* Memory that is new becomes part of @vma: the whole counts as written. */
void vma_mark_soft_dirty(struct vm_area_struct *vma);
/* total_vm and its parts. */
static inline void vma_stat(struct mm_struct *mm, unsigned long flags, long pages)
{
	unsigned long n = (unsigned long)pages;

	mm->total_vm += n;
	if (flags & VM_GROWSDOWN)
		mm->stack_vm += n;
	else if ((flags & (VM_EXEC | VM_WRITE)) == VM_EXEC)
		mm->exec_vm += n;
	else if ((flags & (VM_WRITE | VM_SHARED)) == VM_WRITE)
		mm->data_vm += n;
}
static inline unsigned long vma_pages(const struct vm_area_struct *vma)
{
	return (vma->vm_end - vma->vm_start) >> PAGE_SHIFT;
}
static inline unsigned long vma_last_pgoff(const struct vm_area_struct *vma)
{
	return vma->vm_pgoff + vma_pages(vma) - 1;
}
/* Pages of @vma inside [start, end), which it touches. */
static inline unsigned long vma_pages_within(const struct vm_area_struct *vma, unsigned long start,
					     unsigned long end)
{
	unsigned long from = max_of(unsigned long, start, vma->vm_start);

	return (min_of(unsigned long, end, vma->vm_end) - from) >> PAGE_SHIFT;
}
/* Private anonymous memory: no mapping, no device. */
static inline bool vma_is_anon(const struct vm_area_struct *vma)
{
	return !vma->mapping && (!vma->vm_ops || !vma->vm_ops->fault);
}
/* Counted in mapping->i_mmap_writable. */
static inline bool vma_shared_maywrite(unsigned long flags)
{
	return (flags & (VM_SHARED | VM_MAYWRITE)) == (VM_SHARED | VM_MAYWRITE);
}

/* ---- limit.c: what the running thread may still do ---- */
extern const struct mm_limits vm_no_limits;
static inline const struct mm_limits *vm_limits_of(const struct mm_ctx *ctx)
{
	return likely(ctx->limits) ? ctx->limits : &vm_no_limits;
}
const struct mm_limits *vm_limits(void);
bool vm_capable(unsigned cap); /* MM_CAP_* */
/* Do @pages more fit under RLIMIT_AS and RLIMIT_DATA? RLIMIT_DATA 0 stands for the hard limit: programs that want no heap
 * (valgrind) set it and still map memory. */
static inline bool vm_fits(const struct mm_struct *mm, const struct mm_limits *l,
			   unsigned long flags, unsigned long pages)
{
	if (unlikely(mm->total_vm + pages > l->as >> PAGE_SHIFT))
		return false;
	if ((flags & (VM_WRITE | VM_SHARED | VM_GROWSDOWN)) != VM_WRITE ||
	    likely(mm->data_vm + pages <= l->data >> PAGE_SHIFT))
		return true;
	return !l->data && mm->data_vm + pages <= l->data_max >> PAGE_SHIFT;
}
bool vm_may_expand(const struct mm_struct *mm, unsigned long flags, unsigned long pages);
/* Do @pages more fit under RLIMIT_MEMLOCK, or does it not count? */
bool vm_may_lock(const struct mm_struct *mm, unsigned long pages);
bool vm_can_lock(void); /* may the thread lock anything at all: mlock(2) EPERM */
/* May a mapping begin at @addr? cap_mmap_addr of Linux: EPERM if not. */
bool vm_may_map_at(unsigned long addr);

/* ---- mseal.c; mmap_lock held ---- */
bool vma_any_sealed(struct mm_struct *mm, unsigned long start, unsigned long end);
/* Is a part of [start, end) sealed? Who would unmap, move, protect or discard it then fails with EPERM. */
static inline bool vm_is_sealed(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	return unlikely(mm->has_sealed) && vma_any_sealed(mm, start, end);
}

/* ---- mlock.c; mmap_lock held for write, rmap locked ---- */
/* VM_LOCKED of [start, end) is changing to @lock: count what is mapped. */
void mlock_count_entries(struct mm_struct *mm, unsigned long start, unsigned long end, bool lock);

/* ---- mmap.c; mmap_lock held for write ---- */
_Static_assert((int)VM_READ == PROT_READ && (int)VM_WRITE == PROT_WRITE &&
		       (int)VM_EXEC == PROT_EXEC,
	       "rights as mmap(2) has them");
static inline unsigned long vm_flags_of_prot(unsigned long prot)
{
	return prot & (VM_READ | VM_WRITE | VM_EXEC);
}
static inline bool vm_accountable(unsigned long flags)
{
	return (flags & (VM_NORESERVE | VM_SHARED | VM_WRITE | VM_HUGETLB)) == VM_WRITE;
}
/* Pages of [start, end) that are mapped already. */
unsigned long vm_pages_in(struct mm_struct *mm, unsigned long start, unsigned long end);
/* Where MAP_32BIT puts things. */
#define LOW_2G_START 0x40000000UL
#define LOW_2G_END   0x80000000UL
/* area.c. An address for @len bytes: @addr if it is possible or MAP_FIXED, and what is around it, but for MAP_FIXED. 0 or
 * -errno. */
int must_check vm_find_area(struct mm_struct *mm, unsigned long addr, unsigned long len,
			    unsigned flags, struct rangetree_gap *out);
/* The same without a wish. */
int must_check vm_find_anywhere(struct mm_struct *mm, unsigned long len, struct rangetree_gap *out);
/* Nothing is mapped below @end any more; @next is the first vma above. */
static inline void vm_gap_opened(struct mm_struct *mm, unsigned long end,
				 const struct vm_area_struct *next)
{
	if (end > mm->gap_top)
		mm->gap_top =
			next ? min_of(unsigned long, next->vm_start, mm->mmap_base) : mm->mmap_base;
}
/* munmap of an aligned range; @spares has one vma and its nodes if the range lies inside one vma. Cannot fail. */
void vm_unmap_range(struct mm_struct *mm, unsigned long start, unsigned long end,
		    struct vma_spares *spares);
/* The same of what mremap has emptied. */
void vm_unmap_moved(struct mm_struct *mm, unsigned long start, unsigned long end,
		    struct vma_spares *spares);
/* The same with its own spares. 0 or -ENOMEM. */
int must_check vm_unmap_locked(struct mm_struct *mm, unsigned long start, unsigned long end);
/* A new private anonymous vma over a free range: charged, counted; @join: merged with neighbours (brk, stack). 0 or -ENOMEM. */
int must_check vm_map_anon(struct mm_struct *mm, unsigned long start, unsigned long end,
			   unsigned long flags, bool join);
/* What every vma of mmap(2) begins with. */
static inline unsigned long vm_map_flags(const struct mm_struct *mm, unsigned prot)
{
	return vm_flags_of_prot(prot) | mm->def_flags | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC |
	       VM_SOFTDIRTY;
}
/* The body of vm_map; nothing is faulted in. */
long vm_map_locked(struct mm_struct *mm, const struct vm_map_args *args);
/* Tables made for a free range that is not to be used after all. */
void vm_free_tables(struct mm_struct *mm, unsigned long start, unsigned long end);
/* Everything goes (exit). */
void vm_unmap_all(struct mm_struct *mm);

/* ---- rmap_ops.c ---- */
void rmap_unmap_watched(struct page *page, rmap_fn fn);
/* Walk the entries of @page, which go; @fn's arg: who was told (mmu_notify_told). */
static inline void rmap_unmap(struct page *page, rmap_fn fn)
{
	if (mmu_notify_any())
		rmap_unmap_watched(page, fn);
	else
		(void)rmap_walk(page, 0, fn, NULL);
}

/* ---- pin.c ---- */
/* @page, a head, with a reference that get_page has counted: that becomes a pin. Table lock held. */
void page_pin(struct page *page);
/* fork: @copy, the child's of @vma, gets copies of the pages of @vma that are pinned. Both mmap_locks held for write. Return: 1: of some; 0: there are none; -ENOMEM. Sleeps. */
int must_check pins_copy(struct vm_area_struct *copy, struct vm_area_struct *vma);

/* ---- fault*.c ---- */
struct fault_ctx {
	struct mm_struct *mm;
	struct vm_area_struct *vma;
	uaddr_t addr; /* page aligned */
	uaddr_t stop; /* nothing from here on is to be mapped on the way; 0: the vma's end counts */
	struct fault_access access; /* user: any signal ends a wait */
	bool made;		    /* the object's page was made for this fault */
	bool read_right; /* a read needs VM_READ, although x86 reads what it may execute */
	bool grow;	 /* gup: for debuggers and execve a stack becomes longer */
	bool pin;	 /* gup: the reference is a pin (mm/pin.h) */
	bool force;	 /* ptrace: the rights of the vma's opener count, not its own */
	bool major;	 /* a page had to be read from a store */
	bool dirtied; /* a page of a store got dirty: the thread may have to wait, without locks */
	struct page *table; /* table page of the entry; its lock is held where a stage says so */
	pte_t *pte;
	pte_t entry;			 /* what *pte was; without a table the entry above */
	uaddr_t exact;			 /* of the access */
	struct userfault_waiter *waiter; /* where to wait for a monitor; NULL: this fault cannot */
};
/* A stage's results besides enum fault_result: look again; not a matter of huge pages; drop mmap_lock, userfault_wait. */
enum { STAGE_RETRY = -1, STAGE_SMALL = -2, STAGE_WAIT = -3 };

enum { FAULT_BATCH_MAX = 16 }; /* pages of a block, of which one fault may map several */

void fault_boot(void);
/* One family each. Table lock held at the call, not on return. Return: enum fault_result or STAGE_RETRY. */
int fault_anon(struct fault_ctx *f); /* none entry, private anonymous memory */
int fault_anon_upgrade(
	struct fault_ctx
		*f); /* write to the zero page; STAGE_SMALL: one page, and the lock is still held */
/* mm/frames.h: entries may be closed. The one of f->addr is open then, as far as it is there. mmap_lock held; sleeps. */
void fault_closed(struct fault_ctx *f);
int fault_file(struct fault_ctx *f); /* none entry, a mapping or a device */
int fault_swap(struct fault_ctx *f); /* an entry that is neither none nor present */
/* Private pages of [start, end) that nobody else maps go to swap, as far as they can. mmap_lock held for read. Sleeps. */
void vma_page_out(struct vm_area_struct *vma, uaddr_t start, uaddr_t end);
int fault_cow(struct fault_ctx *f); /* write to an entry without the write right */
/* No table of PTEs covers f->addr: a large entry, f->entry, does, or none, or did. No lock held. Return: also STAGE_SMALL. */
int fault_huge(struct fault_ctx *f);
/* A frame for a private page of @addr, contents undefined. NULL: no memory. Sleeps. */
struct page *must_check fault_anon_page(const struct vm_area_struct *vma, uaddr_t addr);
/* mempolicy.c. Does only the thread that touches a page of @vma say where it goes? */
bool vma_follows_thread(const struct vm_area_struct *vma);
/* Up to @n frames for the pages from @addr on. Return: how many. */
unsigned must_check vma_alloc_bulk(const struct vm_area_struct *vma, unsigned long addr, gfp_t gfp,
				   unsigned n, struct page **pages);
/* @page, new and filled, becomes the private page of f->addr. Table lock held, entry none. */
void fault_set_anon(struct fault_ctx *f, struct page *page);
/* A fault with mmap_lock held for read, on behalf of gup. Return: enum fault_result, or STAGE_WAIT. */
int fault_in(struct fault_ctx *f);
int must_check fault_errno(enum fault_result r);
/* May the access of @f be, by its vma? FAULT_OK or FAULT_ACCERR. */
int fault_rights(const struct fault_ctx *f);
/* Below a stack: make it reach @addr. Takes mmap_lock. Return: false when that is no stack's address. */
bool fault_grow_stack(struct mm_struct *mm, uaddr_t addr);
/* Make a stack reach down to @addr. mmap_lock held for write. 0 or -errno. */
int must_check stack_grow(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long addr);
/* mlock(2), MAP_POPULATE: fault in [start, end) as the vmas there allow; holes and VM_LOCKONFAULT are passed over. No lock
 * held. Return: 0, or the first vma's error unless @best_effort: -EFAULT, -ENOMEM; -EINTR (fatal signal). */
int populate_range(struct mm_struct *mm, unsigned long start, unsigned long end, bool best_effort);
/* The same for the part of [start, end) inside @vma. mmap_lock held. */
int populate_locked_vma(struct vm_area_struct *vma, unsigned long start, unsigned long end);

#endif
