/* Inside mm: pages, promises and reservations of hugetlb (mm/backing/hugetlb*.c), for the mappings of mm/aspace. */
#ifndef MM_HUGETLB_POOL_H
#define MM_HUGETLB_POOL_H

#include "mm/hugetlb.h"
#include "mm/mempolicy.h"

/* ---- hugetlb.c: the pool ---- */
/* @n more free pages are promised; made (surplus) where the pool has too few. 0 or -ENOMEM. Sleeps. */
int must_check hugetlb_promise(unsigned long n);
void hugetlb_unpromise(unsigned long n);
/*
 * A page, reference 1, compound, contents undefined. @promised: one of the promised ones, which is there; otherwise only what is
 * free beyond promises, or a new surplus page. NULL: there is none. Sleeps.
 * @pol: says from which node, NULL: the caller's own policy; @turn: the place, for those who take turns.
 */
struct page *must_check hugetlb_take(bool promised, const struct mempolicy *pol,
				     unsigned long turn);
/*
 * A page from where @w says for what is to leave @old, as hugetlb_take; what is free is taken if no promise needs it, else a new block,
 * *fresh, as Linux does it: the pool stays as large as it is. NULL: there is none. Sleeps.
 */
struct page *must_check hugetlb_take_for(const struct mpol_where *w, bool *fresh);
/* @new has the contents and the users of @old, which is to be put: the mount's share goes along; @fresh: @old leaves the pool. */
void hugetlb_moved(struct page *old, struct page *new, bool fresh);
/* Give it back unused; @promised: and the promise with it. */
void hugetlb_untake(struct page *page, bool promised);

/* Room in a mount's limits for @n. Return: how many of them the pool must promise; negative: over the limit. */
long must_check hugetlb_space_get(struct hugetlb_space *s, long n);
/* Return: how many promises of the pool end with them. Any context. */
long hugetlb_space_put(struct hugetlb_space *s, long n);
/* Undo of a get of @n, of which the mount had @own promised. */
void hugetlb_space_unget(struct hugetlb_space *s, long n, long own);

struct resv_region;

/* ---- hugetlb_resv.c: sets of huge page numbers ---- */
void resv_init(struct resv_map *r);
void resv_clear(struct resv_map *r);
/* Numbers of [from, to) that are not in the set. */
unsigned long resv_missing(struct resv_map *r, unsigned long from, unsigned long to);
/* What a change may need, got before it. NULL: no memory. */
struct resv_region *must_check resv_spare(void);
void resv_spare_free(struct resv_region *spare); /* NULL legal */
/* Add [from, to); @spare is used up. Return: how many were not in the set. */
unsigned long resv_add(struct resv_map *r, unsigned long from, unsigned long to,
		       struct resv_region *spare);
/* Remove [from, to); @spare is used up, and may be NULL when no region goes on behind @to. Return: how many were there. */
unsigned long resv_del(struct resv_map *r, unsigned long from, unsigned long to,
		       struct resv_region *spare);
struct resv_map *must_check resv_alloc(void); /* reference 1 */
void resv_get(struct resv_map *r);
void resv_put(struct resv_map *r);

/* ---- hugetlb_object.c ---- */
void hugetlb_object_boot(void);
/* At least @size bytes: a writable mapping reaches so far. */
void hugetlb_grow(struct address_space *m, uint64_t size);
static inline struct hugetlb_object *hugetlb_object_of(struct address_space *m)
{
	return m->ops->hugetlb(m);
}

/* Huge page number of a page offset. */
static inline unsigned long huge_index(unsigned long index)
{
	return index >> HPAGE_ORDER;
}

/* One fault, or one change, of a place of @m at a time: two of them would want two pages where one is needed. */
void hugetlb_place_lock(const struct address_space *m, unsigned long place);
void hugetlb_place_unlock(const struct address_space *m, unsigned long place);
/* What a new page begins with: @fn writes all of it, marks its pages up to date, or says why not: then there is no page. */
struct hugetlb_filler {
	int (*fn)(struct page *page, void *arg);
	void *arg;
	const struct mempolicy
		*pol; /* and where it comes from, as hugetlb_take; held by the caller */
};
int hugetlb_fill_zeroes(struct page *page, void *arg);
/* The cached page of @place, made when there is none; referenced. Place locked, invalidate_lock read. 0, -ENOSPC, -ENOMEM. */
int must_check hugetlb_get_page(struct address_space *m, unsigned long place,
				const struct mempolicy *pol, struct page **out);
/* A new cached page for @place, referenced. The same locks. 0, -EEXIST: there is one, -ENOSPC, -ENOMEM, or what @fill says. */
int must_check hugetlb_new_page(struct address_space *m, unsigned long place,
				const struct hugetlb_filler *fill, struct page **out);
/*
 * A page for private memory at @place: PS_KERNEL. @used: places of the mapping whose promise is used up;
 * NULL: nothing is promised. 0, -ENOSPC, -ENOMEM, or what @fill says.
 */
int must_check hugetlb_private_page(struct address_space *m, struct resv_map *used,
				    unsigned long place, const struct hugetlb_filler *fill,
				    struct page **out);
/* Promise places [from, to) of a shared mapping of @m, those that are new. 0, -ENOMEM. */
int must_check hugetlb_reserve(struct address_space *m, unsigned long from, unsigned long to);
/* The same for a private mapping, all of it; and the end of those that were not used. */
int must_check hugetlb_reserve_private(struct address_space *m, unsigned long n);
void hugetlb_unreserve_private(struct address_space *m, unsigned long n);

/* ---- mm/aspace/hugetlb_move.c ---- */
/*
 * The page at @addr of @vma goes where @to says if it is on one of the nodes @from; @all: even if several entries map it. mmap_lock held.
 * 0 (also: it is elsewhere), -ENOENT: nothing is mapped, -EACCES: only with @all, -ENOMEM, -EBUSY: somebody uses it. Sleeps.
 */
int must_check hugetlb_move(struct vm_area_struct *vma, unsigned long addr, nodemask_t from,
			    const struct mpol_where *to, bool all);

#endif
