/*
 * Who keeps translations of a program's pages of his own (Linux's MMU notifiers) hears before they change, and after.
 *
 * A watcher hangs a struct mmu_notify on the address space; mm/ calls it. While nobody watches, each place below costs one test of
 * mm->notify, and walks from pages to entries one of a global count.
 *
 *   begin ─► start() ─► entries change, TLBs are flushed ─► end()
 */
#ifndef MM_NOTIFY_H
#define MM_NOTIFY_H

#include "mm/mm.h"
#include "mm/rmap.h"

struct address_space;

enum mmu_notify_event { /* Linux's numbers */
			MMU_NOTIFY_UNMAP,
			MMU_NOTIFY_CLEAR,
			MMU_NOTIFY_PROTECTION_VMA,
			MMU_NOTIFY_PROTECTION_PAGE,
			MMU_NOTIFY_SOFT_DIRTY,
};

struct mmu_notify_range {
	struct mm_struct *mm; /* NULL: nobody watches */
	uaddr_t start, end;
	enum mmu_notify_event event;
	bool blockable;	   /* start may sleep */
	bool flushed;	   /* flush() was called for all of it: end() need not */
	unsigned long age; /* the watcher's: who came after start() hears no end() */
};

enum mmu_notify_young { MMU_CLEAR_FLUSH_YOUNG, MMU_CLEAR_YOUNG, MMU_TEST_YOUNG };

struct mmu_notify_ops {
	/* Both may sleep, without any lock but mmap_lock, page locks, those of a mapping that sleep. 0, or -EAGAIN unless blockable: there is no end then. */
	int (*start)(struct mmu_notify_range *r);
	void (*end)(struct mmu_notify_range *r);
	/* With a table's lock held: no sleeping. Entries of [start, end) are gone and flushed; one has become @e; were they used? */
	void (*flush)(struct mm_struct *mm, uaddr_t start, uaddr_t end);
	void (*change)(struct mm_struct *mm, uaddr_t addr, pte_t e);
	bool (*young)(struct mm_struct *mm, uaddr_t start, uaddr_t end, enum mmu_notify_young how);
	/* The last user has gone, what is mapped is about to. May sleep, no lock held. */
	void (*release)(struct mm_struct *mm);
	/* The mm_struct goes: so does the struct mmu_notify. Sleeps for nobody. */
	void (*destroy)(struct mm_struct *mm);
};
struct mmu_notify {
	const struct mmu_notify_ops *ops;
};

/* @n watches @mm from now on, to its end. mmap_lock held for write; mm->notify is NULL. */
void mmu_notify_attach(struct mm_struct *mm, struct mmu_notify *n);
void mmu_notify_detach(struct mm_struct *mm); /* the mm_struct goes */

/* ---- who changes entries of one address space, with mmap_lock held ---- */
void mmu_notify_start(struct mmu_notify_range *r, struct mm_struct *mm, uaddr_t start, uaddr_t end,
		      enum mmu_notify_event event);
/* The same without sleep. Return: false: the watcher would have to; nothing may change. */
bool must_check mmu_notify_try_start(struct mmu_notify_range *r, struct mm_struct *mm,
				     uaddr_t start, uaddr_t end, enum mmu_notify_event event);

static inline void mmu_notify_begin(struct mmu_notify_range *r, struct mm_struct *mm, uaddr_t start,
				    uaddr_t end, enum mmu_notify_event event)
{
	r->mm = NULL;
	if (unlikely(mm->notify))
		mmu_notify_start(r, mm, start, end, event);
}

static inline void mmu_notify_end(struct mmu_notify_range *r)
{
	if (unlikely(r->mm))
		r->mm->notify->ops->end(r);
}

/* Table lock held. */
static inline void mmu_notify_flush(struct mm_struct *mm, uaddr_t start, uaddr_t end)
{
	if (unlikely(mm->notify))
		mm->notify->ops->flush(mm, start, end);
}
static inline void mmu_notify_change(struct mm_struct *mm, uaddr_t addr, pte_t e)
{
	if (unlikely(mm->notify))
		mm->notify->ops->change(mm, addr, e);
}
static inline bool mmu_notify_young(struct mm_struct *mm, uaddr_t start, uaddr_t end,
				    enum mmu_notify_young how)
{
	return unlikely(mm->notify) && mm->notify->ops->young(mm, start, end, how);
}

/* ---- who comes from a page, or an object, to entries of many address spaces, without their mmap_lock ---- */
enum { NOTIFY_SET_MAX = 8 };

/* Watched address spaces that have been told, each with a lazy reference. */
struct mmu_notify_set {
	unsigned nr;
	bool more; /* there are others, that have not */
	struct mmu_notify_range r[NOTIFY_SET_MAX];
};

extern atomic_t mmu_notify_watched; /* address spaces that have a watcher */

static inline bool mmu_notify_any(void)
{
	return unlikely(atomic_read(&mmu_notify_watched) > 0);
}
/* Was told that [start, end) of @mm changes, or has nobody to be told. @set: NULL: nobody was. Any lock. */
bool mmu_notify_told(const struct mmu_notify_set *set, const struct mm_struct *mm, uaddr_t start,
		     uaddr_t end);
/* Note [start, end) of @mm, if it is watched. Any lock. */
void mmu_notify_add(struct mmu_notify_set *set, struct mm_struct *mm, uaddr_t start, uaddr_t end);
/* Tell all that are noted; and that it is over. Sleep; no spinlock. */
void mmu_notify_set_start(struct mmu_notify_set *set, enum mmu_notify_event event);
void mmu_notify_set_end(struct mmu_notify_set *set);
/* Note and tell who maps @page, the caller as for rmap_walk. */
void mmu_notify_page(struct mmu_notify_set *set, struct page *page, enum mmu_notify_event event);

/* What is to be done to every vma of @m that shows [first, last]: i_mmap_lock is held. */
struct mmu_notify_vmas {
	unsigned long first, last;
	/* The part of @vma that changes; false: none. */
	bool (*part)(struct vm_area_struct *vma, void *arg, uaddr_t *start, uaddr_t *end);
	void (*change)(struct vm_area_struct *vma, void *arg, uaddr_t start, uaddr_t end);
	void *arg;
	bool keep_anon; /* private pages stay */
};
/* Do it, to those that are watched after they were told. Sleeps when somebody watches. */
void mmu_notify_each(struct address_space *m, const struct mmu_notify_vmas *v);

#endif
