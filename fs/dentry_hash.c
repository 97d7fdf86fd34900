/*
 * The hash table of names: as many buckets as there are names ask for, one more or less at a time.
 *
 * OWNS     dentry_hash; parts[], its memory: part 0 is the base, part k has twice the buckets of part k - 1 (part 1: as many as
 *          the base), so part k doubles the table.
 * WHY      a machine mostly knows some thousand names, and a table for millions would be memory that nobody uses; with a table
 *          for thousands, each of a million names is looked for in a list of hundreds. Linear hashing (Litwin 1980) moves one
 *          bucket's names when one name comes, so no name waits while all are moved.
 *
 *      0            split          mask  mask+1   mask+split
 *      | split already | not yet      |  their halves |         a name's bucket: h & mask; if that is split: h & (2 mask + 1)
 *
 * I1       a hashed dentry is in the bucket that its parent and its name give.
 * I2       buckets 0 .. mask + split have their memory; mask + 1 is the base's size times a power of two, split <= mask.
 * I3       grow_at and shrink_at follow from the number of buckets: two names a bucket, half a one; the base stays. Where there is no
 *          memory grow_at is higher.
 * LOCKS    dcache_lock for all of it; memory comes and goes without, in extend and trim.
 * COST     find, add, del: O(1); two buckets split per new name at most, four joined per name that goes.
 * FAILS    no memory for a part: the lists become longer, and it is tried again when there are twice as many names.
 * TESTED BY  tests/guest/fs_names.c, fs_nomem.c
 */
#include "dentry_hash.h"

#include "mm/alloc.h"
#include "mm/vmalloc.h"
#include "sync/failpoint.h"
#include "sync/kassert.h"
#include "sync/spinlock.h"

enum {
	HASH_MIN = 256,
	HASH_MAX = 1 << 16,
	PAGES_PER_BUCKET = 16,
	LAST_PART = 12, /* for ever NULL: the table becomes 2^11 times the base at most */
	SPLITS_A_NAME = 2,
	JOINS_A_NAME = 4
};

struct dentry_hash dentry_hash;
static struct list_head *parts[LAST_PART + 1]; /* d */

/* ---- places ---- */

static unsigned long base_size(void)
{
	return dentry_hash.base_mask + 1UL;
}

static unsigned long nr_buckets(void)
{
	return dentry_hash.mask + 1UL + dentry_hash.split;
}

/* The part of bucket @i, and the first bucket of part @k. */
static unsigned part_of(unsigned long i)
{
	unsigned long n = i / base_size();

	return n ? 8 * sizeof(long) - (unsigned)__builtin_clzl(n) : 0;
}

static unsigned long part_begin(unsigned k)
{
	return k ? base_size() << (k - 1) : 0;
}

static struct list_head *bucket_at(unsigned long i)
{
	unsigned k = part_of(i);

	return &parts[k][i - part_begin(k)];
}

struct list_head *dentry_bucket_grown(uint32_t hash)
{
	uint32_t i = hash & dentry_hash.mask;

	return bucket_at(i < dentry_hash.split ? hash & (2 * dentry_hash.mask + 1) : i);
}

/* ---- growing, shrinking ---- */

static void set_bounds(void)
{
	unsigned long n = nr_buckets();

	dentry_hash.grown = n > base_size();
	dentry_hash.grow_at = 2 * n;
	dentry_hash.shrink_at = n > base_size() || parts[part_of(n)] ? n / 2 : 0;
}

/* The names of bucket split that belong to the new one at the end move there. */
static void split_one(void)
{
	struct dentry_hash *t = &dentry_hash;
	const uint32_t bit = t->mask + 1;
	struct list_head *from = bucket_at(t->split), *to = bucket_at(t->split + bit);
	struct dentry *d, *next;

	list_init(to);
	list_for_each_entry_safe (d, next, from, hash_link) {
		if (dentry_hash_of(d->parent, d->hash) & bit)
			list_move_tail(&d->hash_link, to);
	}
	if (++t->split == bit) {
		t->mask = 2 * t->mask + 1;
		t->split = 0;
	}
}

/* The names of the last bucket go back to where they were split off. */
static void join_one(void)
{
	struct dentry_hash *t = &dentry_hash;
	struct list_head *from, *to;

	if (!t->split) {
		t->mask >>= 1;
		t->split = t->mask + 1;
	}
	t->split--;
	to = bucket_at(t->split);
	from = bucket_at(t->split + t->mask + 1UL);
	list_splice_tail_init(from, to);
	if (nr_buckets() == part_begin(part_of(nr_buckets())))
		WRITE_ONCE(t->has_spare, true);
}

void dentry_hash_grow(void)
{
	for (unsigned i = 0; i < SPLITS_A_NAME && dentry_hash.nr > dentry_hash.grow_at; i++) {
		unsigned k = part_of(nr_buckets());

		if (!parts[k]) {
			WRITE_ONCE(dentry_hash.wants_room, k < LAST_PART);
			dentry_hash.grow_at = 2 * dentry_hash.nr; /* should there be none */
			return;
		}
		split_one();
		set_bounds();
	}
}

void dentry_hash_shrink(void)
{
	for (unsigned i = 0; i < JOINS_A_NAME && dentry_hash.nr < dentry_hash.shrink_at; i++) {
		if (nr_buckets() == base_size()) {
			WRITE_ONCE(dentry_hash.has_spare, true);
			dentry_hash.shrink_at = 0;
			return;
		}
		join_one();
		set_bounds();
	}
}

/* ---- memory ---- */

void dentry_hash_extend(void)
{
	struct list_head *new;
	unsigned k;

	spin_lock(&dcache_lock);
	WRITE_ONCE(dentry_hash.wants_room, false);
	k = part_of(nr_buckets());
	spin_unlock(&dcache_lock);
	new = k == LAST_PART || failpoint("dentry_hash") ? NULL
							 : kvzalloc(part_begin(k) * sizeof(*new));
	if (!new)
		return;
	spin_lock(&dcache_lock);
	if (k == part_of(nr_buckets()) && !parts[k]) {
		parts[k] = new;
		new = NULL;
		set_bounds();
	}
	spin_unlock(&dcache_lock);
	kvfree(new);
}

void dentry_hash_trim(void)
{
	struct list_head *gone;

	do {
		gone = NULL;
		spin_lock(&dcache_lock);
		WRITE_ONCE(dentry_hash.has_spare, false);
		for (unsigned k = part_of(nr_buckets() - 1) + 1; k < LAST_PART && !gone; k++) {
			gone = parts[k];
			parts[k] = NULL;
		}
		spin_unlock(&dcache_lock);
		kvfree(gone);
	} while (gone);
}

void dentry_hash_init(void)
{
	unsigned long n = HASH_MIN;

	while (n < totalram_pages() / PAGES_PER_BUCKET && n < HASH_MAX)
		n <<= 1;
	for (;; n >>= 1) {
		size_t size = n * sizeof(struct list_head);
		unsigned order = 0;

		while (PAGE_SIZE << order < size)
			order++;
		parts[0] = (struct list_head *)__get_free_pages(GFP_KERNEL, order);
		if (parts[0])
			break;
		must(n > HASH_MIN / 4);
	}
	dentry_hash.base = parts[0];
	dentry_hash.base_mask = dentry_hash.mask = (uint32_t)n - 1;
	set_bounds();
	for (; n; n--)
		list_init(&parts[0][n - 1]);
}
