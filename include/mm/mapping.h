/*
 * The page cache of one object (a file, a shared memory segment): struct address_space, Linux's name; a variable
 * of that type is called mapping. One copy for read, write, mmap and exec.
 */
#ifndef MM_MAPPING_H
#define MM_MAPPING_H

#include "lib/ivtree.h"
#include "lib/xindex.h"
#include "mm/errseq.h"
#include "mm/gfp.h"
#include "mm/page.h"
#include "mm/readahead.h"
#include "sync/rwsem.h"
#include "sync/spinlock.h"

struct address_space;
struct backing_dev_info;
struct hugetlb_object;
struct shared_policy;
struct vm_area_struct;
struct writeback_ctl;

/* Filled by a file system. All may sleep; page calls come with the page locked; none may take a lock of rank FS or MM_MAP. */
struct address_space_ops {
	/* Make @page's contents valid: 0, and page_io_done(page, err) comes once, now or later; or an error at once. */
	int (*fill)(struct address_space *m, struct page *page);
	/* Write @page, which stays locked until this returns: 0 and one page_io_done, or an error at once; after -ENOMEM and
	 * -EAGAIN the page stays dirty. NULL: memory is the store (tmpfs). */
	int (*store)(struct address_space *m, struct page *page, const struct writeback_ctl *ctl);
	/* What fill and store have been told may start now, nothing more comes at once. NULL: they start at once. */
	void (*kick)(struct address_space *m);
	/* Memory is the store: before a page is made. A store: before it gets dirty, maybe again. 0, -ENOSPC, -EDQUOT. NULL: always.
	 * What the store has at @index does not change by that. */
	int (*reserve)(struct address_space *m, unsigned long index, unsigned long nr);
	/* Memory is the store: undo of reserve when pages leave. NULL: nothing. */
	void (*release)(struct address_space *m, unsigned long nr);
	void (*hold)(struct address_space *m); /* pin the owner (a vma keeps it) */
	void (*drop)(struct address_space *m);
	/* Path for /proc/PID/maps into @buf. Return: length. */
	size_t (*name)(struct address_space *m, char *buf, size_t size);
	/* May the caller write the object, or is it his? mincore(2) tells nobody else what is cached. NULL: everybody. */
	bool (*may_write)(struct address_space *m);
	/* Device and inode number for /proc/PID/maps. */
	void (*ident)(struct address_space *m, unsigned *major, unsigned *minor,
		      unsigned long *ino);
	struct hugetlb_object *(*hugetlb)(struct address_space *m); /* with MAPPING_HUGETLB */
};

struct address_space {
	const struct address_space_ops *ops; /* i */
	void *owner;			     /* i: the inode */
	struct spinlock lock;		     /* rank INDEX */
	struct xindex pages;	 /* x: lock; page by index, reference held by the cache */
	unsigned long nr_pages;	 /* x */
	unsigned long nr_values; /* x: places without a page: shared memory's that are in swap */
	uint64_t size;		 /* bytes; changed under the inode's lock; read by mapping_size() */
	struct rwsem invalidate_lock; /* faults read, truncate writes; rank MAPPING_INVAL */
	struct spinlock i_mmap_lock;  /* rank MAPPING_VMAS */
	struct ivtree i_mmap;	      /* vmas of this mapping, by page offset: vma->i_mmap_node */
	long i_mmap_writable;	      /* v: i_mmap_lock; see seal.c */
	unsigned seals;		      /* F_SEAL_*; the owner's lock and i_mmap_lock to add */
	struct backing_dev_info *bdi; /* i: NULL: memory is the store */
	struct list_head
		wb_link; /* b: bdi->lock: on bdi->dirty while it may have dirty pages; or shmem_swap.c's */
	unsigned swap_pins;	      /* shmem_swap.c: swapoff works on it */
	bool allocating;	      /* owner's lock: mapping_allocate runs */
	uint64_t dirtied_ns;	      /* b: since when */
	bool wb_busy;		      /* b: the flusher or a sync works on it */
	errseq_t wb_err;	      /* a: the last error of a write */
	int wb_error;		      /* a: the same, for mapping_take_error */
	struct file_ra_state ra;      /* of the faults through its mappings, and kernel reads */
	gfp_t gfp;		      /* i: for its pages */
	struct shared_policy *policy; /* which nodes: mm/mempolicy.h; NULL until needed */
	unsigned flags;		      /* i: MAPPING_*; MAPPING_SWAP: the owner's lock */
};
enum {
	MAPPING_SHMEM = 1 /* pages are swap-backed, counted in NR_SHMEM */,
	MAPPING_UNEVICTABLE = 2,
	MAPPING_HUGETLB = 4 /* pages are of the pool of mm/hugetlb.h */,
	MAPPING_SWAP = 8 /* its store is a swap area: nobody writes, cuts, removes */
};

void mapping_boot(void); /* node cache; after slab_init (mm_init calls it) */
void mapping_init(struct address_space *m, const struct address_space_ops *ops, void *owner,
		  gfp_t gfp, unsigned flags);
/* All pages leave; nobody maps or reads it any more. */
void mapping_destroy(struct address_space *m);
uint64_t mapping_size(const struct address_space *m);

/* The cached page with a reference, or NULL. Any context without locks of rank >= INDEX. */
struct page *mapping_find(struct address_space *m, unsigned long index);
/* The uptodate cached pages of [first, first + nr), each with a reference, NULL where there is none. */
void mapping_find_run(struct address_space *m, unsigned long first, unsigned nr,
		      struct page **pages);
/* Find or make; uptodate, referenced, UNLOCKED in *out. 0, -ENOMEM, or fill's error. Ignores mapping_size. */
int must_check mapping_get_page(struct address_space *m, unsigned long index, struct page **out);
/* The same, but a page that does not exist is not made: -ENOENT (holes read as zeroes). */
int must_check mapping_lookup_page(struct address_space *m, unsigned long index, struct page **out);

/* End of a fill or a store of ops. Any context. */
void page_io_done(struct page *page, int err);

/* A page that is about to be written through a mapping, or was: dirty, tagged when there is a store. */
void mapping_dirty_page(struct address_space *m, struct page *page); /* the slow half */
static inline void mapping_set_dirty(struct address_space *m, struct page *page)
{
	if (!page_test(page, PG_dirty))
		mapping_dirty_page(m, page);
}
/* The referenced @page was written by its address: its store, if it has one, shall know. Sleeps. */
void page_mark_dirty(struct page *page);
/* Is the page still @m's? Stable under the page lock; under a table lock, truncate's unmapping comes later. */
static inline bool mapping_owns(const struct address_space *m, const struct page *page)
{
	return READ_ONCE(page->mapping) == m;
}

/* Bytes through the cache, to and from user memory. Return: bytes (short at EOF or fault), or -errno when none.
 * read: sees size at call. write: extends size as it goes; caller holds the inode lock (rank FS). *pos advances. */
long mapping_read(struct address_space *m, uaddr_t dst, size_t len, uint64_t *pos);
/* The same with the read-ahead of an open file. */
long mapping_read_ra(struct address_space *m, struct file_ra_state *ra, uaddr_t dst, size_t len,
		     uint64_t *pos);
long mapping_write(struct address_space *m, uaddr_t src, size_t len, uint64_t *pos);
/* The same with kernel memory (exec, initramfs, procfs of others). */
long mapping_read_kernel(struct address_space *m, void *dst, size_t len, uint64_t pos);
long mapping_write_kernel(struct address_space *m, const void *src, size_t len, uint64_t pos);
/* New size; a cut zeroes the tail of the last page, unmaps and frees the rest. Inode lock held. */
int must_check mapping_truncate(struct address_space *m, uint64_t size);
/* Bytes [start, end) become a hole that reads as zeroes (fallocate's PUNCH_HOLE, MADV_REMOVE). Memory-backed only.
 * 0, or -EPERM: sealed. */
int must_check mapping_punch(struct address_space *m, uint64_t start, uint64_t end);
/* First byte >= @pos in a hole, or that is data: lseek(2). Memory-backed only. Return: the byte, or -ENXIO. */
int64_t must_check mapping_seek(struct address_space *m, uint64_t pos, bool hole);
/* Pages for bytes [start, end), which then cannot fail for want of room: fallocate(2). All or nothing; the size stays.
 * Memory-backed only; inode lock held. 0, -ENOSPC, -ENOMEM, -EINTR. */
int must_check mapping_allocate(struct address_space *m, uint64_t start, uint64_t end);
/* Checker. */
void mapping_check(struct address_space *m);

/* Up-call to mm/aspace: unmap pages [first, last] from every vma; @private_too: also private copies of them. */
void mapping_unmap_pages(struct address_space *m, unsigned long first, unsigned long last,
			 bool private_too);
/* The same for write-back: take dirty and the write right from all entries of @page, locked. Return: how many had either. */
int page_mkclean(struct page *page);

#endif
