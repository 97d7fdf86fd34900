/*
 * hugetlb: huge pages out of a pool that the administrator fills, reserved when memory is mapped. The pool and the objects
 * that live on it; docs/book/backing.md has the theory.
 */
#ifndef MM_HUGETLB_H
#define MM_HUGETLB_H

#include "mm/huge.h"
#include "mm/mapping.h"

/* ---- the pool ---- */
struct hugetlb_counts { /* huge pages */
	unsigned long nr, free, resv, surplus;
};
enum { HUGETLB_ANY_NODE = -1 };
void hugetlb_boot(void); /* mm_init calls it */
/* Of a node (resv: of all), or of all nodes. */
void hugetlb_count(int node, struct hugetlb_counts *out);
/* nr_hugepages: make the pool @nr large, by pages of @node or of all; it becomes as large as memory and users allow. Sleeps. */
void hugetlb_resize(unsigned long nr, int node);
/* nr_hugepages_mempolicy: the same, by pages of the nodes that the caller's policy names. */
void hugetlb_resize_by_policy(unsigned long nr);
/* The same for hugepages= of the command line: "N", or "NODE:N,NODE:N". 0, or -EINVAL where it cannot be read on. */
int must_check hugetlb_resize_text(const char *text);
/* nr_overcommit_hugepages: how many more may be made when the pool is empty. */
unsigned long hugetlb_overcommit(void);
void hugetlb_set_overcommit(unsigned long nr);
extern int
	sysctl_hugetlb_shm_group; /* who is in this group may make System V segments of huge pages */

/* ---- limits of one mount ---- */
struct hugetlb_space;
/* Huge pages; negative: none. NULL: no memory, or @min cannot be reserved. */
struct hugetlb_space *must_check hugetlb_space_create(long max, long min);
void hugetlb_space_release(struct hugetlb_space *s); /* no new pages; NULL legal */
void hugetlb_space_stat(struct hugetlb_space *s, long *max, long *used);

/* ---- objects: files of hugetlbfs, and what MAP_HUGETLB makes ---- */
/* Which huge pages of an object, or of a private mapping of it, are reserved or used up. */
struct resv_map {
	atomic_t refs;
	struct spinlock lock;
	struct list_head regions; /* lock */
};

/* The page cache of one object: what an address_space with MAPPING_HUGETLB is a part of. */
struct hugetlb_object {
	struct address_space *mapping; /* i */
	struct hugetlb_space *space;   /* i: NULL: no limits */
	struct resv_map resv; /* shared mappings: places that have, or are promised, a page */
	unsigned long freed;  /* invalidate_lock for write: pages that the running cut took out */
};
/* @mapping is initialised, with MAPPING_HUGETLB, ops->hugetlb gives @o, and ops->release is hugetlb_release. */
void hugetlb_object_init(struct hugetlb_object *o, struct address_space *mapping,
			 struct hugetlb_space *space);
/* All pages leave, all reservations end. */
void hugetlb_object_destroy(struct hugetlb_object *o);
void hugetlb_release(struct address_space *m, unsigned long nr);

static inline bool mapping_is_hugetlb(const struct address_space *m)
{
	return m && (m->flags & MAPPING_HUGETLB);
}

/* Pages of @m in memory, counted in small ones. */
static inline unsigned long mapping_small_pages(const struct address_space *m)
{
	return READ_ONCE(m->nr_pages) << (mapping_is_hugetlb(m) ? HPAGE_ORDER : 0);
}

extern unsigned
	hugetlb_dev_minor; /* i: of the device that unnamed objects are on; the file system sets it */
/* MAP_HUGE_*, MFD_HUGE_*, SHM_HUGE_* in @flags: none, or the one size there is. */
bool hugetlb_size_ok(unsigned flags);
/* An unnamed object of @size bytes, a multiple of HPAGE_SIZE, for MAP_HUGETLB. Reference 1. NULL: no memory. */
struct address_space *must_check hugetlb_anon_create(uint64_t size);
/* The same with a name, as shmem_named_create; @reserve: all pages are promised now. */
struct address_space *must_check hugetlb_named_create(const char *name, uint64_t size,
						      bool reserve);
void hugetlb_set_ino(struct address_space *m, unsigned long ino);

/* Bytes [start, end) become a hole: whole huge pages go, parts are zeroed. Inode lock held. 0, -EPERM (sealed), -ENOMEM. */
int must_check hugetlb_punch(struct address_space *m, uint64_t start, uint64_t end);
/* Inode lock held. 0, -EPERM; -EINVAL: @size is no multiple of HPAGE_SIZE. */
int must_check hugetlb_truncate(struct address_space *m, uint64_t size);
/* Huge pages for bytes [start, end), and (@grow) the size reaches there. What was made before an error stays. Inode lock held.
 * 0, -EPERM (sealed), -ENOSPC, -ENOMEM, -EINTR. */
int must_check hugetlb_allocate(struct address_space *m, uint64_t start, uint64_t end, bool grow);

/* Checkers: the pool's figures and lists; an object's regions against its pages. */
void hugetlb_check(void);
void hugetlb_check_object(struct hugetlb_object *o);

#endif
