/*
 * Pages without a file: memory is the store.
 *
 * A shared object is a mapping whose pages are made of zeroes and stay until they are cut away or the object goes.
 * tmpfs gives such mappings names (fs/tmpfs.c); MAP_SHARED|MAP_ANONYMOUS makes unnamed ones here.
 *
 * OWNS     struct shmem_anon, the charge of a shared object.
 * I1       shmem_space.used_pages is the number of pages in the mappings of one mount (reserve and release of the
 *          page cache call shmem_charge and shmem_uncharge).
 * I2       an unnamed object made with @reserve has its whole size in vm_committed_as from birth to death; any
 *          other object's pages are in it one by one. This is Linux's accounting of shm_open, MAP_SHARED, NORESERVE.
 * I3       a page of these mappings that is clean (PG_dirty, and no entry's D) holds zeroes: a program has only read there. So
 *          reclaim drops it, and the hole reads the same. Who writes makes it dirty, as one of a store.   [drop_page asserts it]
 * LOCKS    none: counters are atomic.
 * FAILS    -ENOSPC at the mount's limit and when the commit account refuses; never later than reserve.
 * NOT HERE names (fs/tmpfs.c).   TESTED BY mapping_test.c
 */
#include "mm/shmem.h"

#include "base/errno.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "mm/backing/backing_impl.h"
#include "mm/commit.h"
#include "mm/slab.h"
#include "mm/vmalloc.h"
#include "sync/failpoint.h"

struct shmem_anon {
	struct address_space mapping;
	atomic_t refs;
	unsigned long ino;	/* i: for /proc/PID/maps */
	unsigned long reserved; /* i: pages charged at birth; 0: one by one */
	char name[16];		/* i: "": /dev/zero */
};

static atomic_long_t next_ino;

int shmem_fill(struct address_space *m, struct page *page)
{
	void *p = kmap_local_page(page);

	(void)m;
	frame_zero(p);
	kunmap_local(p);
	page_io_done(page, 0);
	return 0;
}

int shmem_charge(struct shmem_space *space, unsigned long nr)
{
	long used;

	if (commit_charge(nr, 0))
		return -ENOSPC;
	if (!space)
		return 0;
	used = atomic_long_add_return(&space->used_pages, (long)nr);
	if (!space->max_pages || (unsigned long)used <= space->max_pages)
		return 0;
	shmem_uncharge(space, nr);
	return -ENOSPC;
}

void shmem_uncharge(struct shmem_space *space, unsigned long nr)
{
	commit_uncharge(nr);
	if (space)
		atomic_long_add(&space->used_pages, -(long)nr);
}

unsigned long shmem_next_ino(void)
{
	return (unsigned long)atomic_long_add_return(&next_ino, 1);
}

static struct shmem_anon *anon_of(struct address_space *m)
{
	return container_of(m, struct shmem_anon, mapping);
}

static int anon_reserve(struct address_space *m, unsigned long index, unsigned long nr)
{
	(void)index;
	return anon_of(m)->reserved ? 0 : shmem_charge(NULL, nr);
}

static void anon_release(struct address_space *m, unsigned long nr)
{
	if (!anon_of(m)->reserved)
		shmem_uncharge(NULL, nr);
}

static void anon_hold(struct address_space *m)
{
	atomic_inc(&anon_of(m)->refs);
}

static void anon_drop(struct address_space *m)
{
	struct shmem_anon *a = anon_of(m);

	if (!atomic_dec_and_test(&a->refs))
		return;
	mapping_destroy(m);
	commit_uncharge(a->reserved);
	kfree(a);
}

static size_t anon_name(struct address_space *m, char *buf, size_t size)
{
	const char *name = anon_of(m)->name;

	return fmt_scnprintf(buf, size, "/%s (deleted)", *name ? name : "dev/zero");
}

static void anon_ident(struct address_space *m, unsigned *major, unsigned *minor,
		       unsigned long *ino)
{
	*major = 0;
	*minor = 1; /* the kernel's own mount of unnamed objects */
	*ino = anon_of(m)->ino;
}

static const struct address_space_ops anon_ops = {
	.fill = shmem_fill,
	.reserve = anon_reserve,
	.release = anon_release,
	.hold = anon_hold,
	.drop = anon_drop,
	.name = anon_name,
	.ident = anon_ident,
};

struct address_space *shmem_anon_create(uint64_t size, bool reserve)
{
	unsigned long pages = (unsigned long)((size + PAGE_SIZE - 1) >> PAGE_SHIFT);
	struct shmem_anon *a;

	if (reserve && commit_charge(pages, 0))
		return NULL;
	a = failpoint("shmem_anon") ? NULL : kzalloc(sizeof(*a), GFP_KERNEL);
	if (!a) {
		if (reserve)
			commit_uncharge(pages);
		return NULL;
	}
	mapping_init(&a->mapping, &anon_ops, a, GFP_HIGHUSER, MAPPING_SHMEM);
	a->mapping.size = size;
	a->reserved = reserve ? pages : 0;
	a->ino = shmem_next_ino();
	atomic_set(&a->refs, 1);
	return &a->mapping;
}

struct address_space *shmem_named_create(const char *name, uint64_t size, bool reserve)
{
	struct address_space *m = shmem_anon_create(size, reserve);

	if (m)
		str_copy(anon_of(m)->name, name, sizeof(anon_of(m)->name));
	return m;
}

void shmem_set_ino(struct address_space *m, unsigned long ino)
{
	anon_of(m)->ino = ino;
}

/* Scans took the pages off the lists while the object was locked. */
static void rescue_pages(struct address_space *m)
{
	unsigned long index = 0;
	struct page *page;

	while ((page = mapping_next_page(m, &index, ULONG_MAX))) {
		lru_rescue(page);
		put_page(page);
		if (!++index)
			break;
	}
}

void shmem_lock(struct address_space *m, bool lock)
{
	unsigned flags = READ_ONCE(m->flags);

	WRITE_ONCE(m->flags,
		   lock ? flags | MAPPING_UNEVICTABLE : flags & ~(unsigned)MAPPING_UNEVICTABLE);
	if (!lock)
		rescue_pages(m);
}
