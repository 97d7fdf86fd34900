/*
 * A disk in compressed memory.
 *
 *   write   all words of the page alike ─► the word      else LZ4 ─► an object of the pool; what does not shrink: as it is
 *   read    nothing was written: zeroes │ the word │ the object, expanded
 *
 * OWNS     zrams[], their slots and pools.
 * WHY      memory that is short is stretched: a page of a program is mostly a third of itself. A swap area on it needs no device.
 * I1       stored, packed_bytes, same, huge are the sums over the slots.
 * I2       a slot's object is read and replaced under lock, so a reader has all of the old or all of the new page.
 * I3       while somebody has the device open, swaps on it or has mounted it, it keeps its size: then the disk cannot get smaller.
 * LOCKS    zram_lock (rank FS_FILE) for setting up and reset; codec (rank ZRAM) for the scratch memory and the size: a page's
 *          lock and a file system's may be held; lock (rank OBJECT): a slot's end comes with spinlocks and without interrupts.
 * CONTEXT  bios, pages of swap: threads, sleep. A slot's end: any.
 * COST     a page: the codec, and the copy of what it became. A part of a page: all of it, to write it twice.
 * FAILS    -ENOMEM: no pages for the pool, or its limit; -EIO beyond the end.
 * NOT HERE which there are (zram_dev.c), /sys (zram_sysfs.c).   SOURCES  Linux Documentation/admin-guide/blockdev/zram.rst.
 * TESTED BY tests/guest/mem_swap.c, mem_zram.c
 */
#include "zram_impl.h"

#include "base/errno.h"
#include "lib/string.h"
#include "mm/alloc.h"
#include "mm/mapping.h"
#include "mm/slab.h"
#include "mm/vmalloc.h"
#include "sync/failpoint.h"

enum { HUGE_LEN = PAGE_SIZE * 3 / 4 + ZS_STEP * 4 }; /* longer ones are kept as they are */

/* ---- slots ---- */

/* The slot is empty from now on. z->lock held. Return: pages to be freed, or NULL. */
static struct zs_page *clear_slot(struct zram *z, struct zram_slot *s)
{
	struct zs_page *gone = NULL;

	if (s->kind == ZRAM_NONE)
		return NULL;
	z->stored--;
	z->same -= s->kind == ZRAM_SAME;
	if (s->kind == ZRAM_OBJECT) {
		z->packed_bytes -= s->len;
		z->huge -= s->len == PAGE_SIZE;
		gone = zs_put(&z->pool, (struct zs_handle){ s->zp, s->object });
	}
	*s = (struct zram_slot){ .kind = ZRAM_NONE };
	return gone;
}

void zram_free_slot(struct zram *z, unsigned long index)
{
	irqflags_t irq = spin_lock_irqsave(&z->lock);
	struct zs_page *gone = NULL;

	if (z->slots && index < z->nr_pages)
		gone = clear_slot(z, &z->slots[index]);
	spin_unlock_irqrestore(&z->lock, irq);
	if (gone)
		zs_page_free(gone);
}

static void set_same(struct zram *z, unsigned long index, unsigned long word)
{
	irqflags_t irq = spin_lock_irqsave(&z->lock);
	struct zs_page *gone = clear_slot(z, &z->slots[index]);

	z->slots[index] = (struct zram_slot){ .word = word, .kind = ZRAM_SAME };
	z->stored++;
	z->same++;
	spin_unlock_irqrestore(&z->lock, irq);
	if (gone)
		zs_page_free(gone);
}

/* @len bytes of @data are the page from now on, if there is room in the pool. Return: false: a zs_page is wanted. */
static bool set_object(struct zram *z, unsigned long index, const void *data, size_t len)
{
	irqflags_t irq = spin_lock_irqsave(&z->lock);
	struct zs_page *gone = NULL;
	struct zs_handle h;
	bool got = zs_take(&z->pool, len, &h);

	if (got) {
		gone = clear_slot(z, &z->slots[index]);
		zs_write(h, data, len);
		z->slots[index] = (struct zram_slot){
			.zp = h.zp, .object = h.object, .len = (uint16_t)len, .kind = ZRAM_OBJECT
		};
		z->stored++;
		z->packed_bytes += len;
		z->huge += len == PAGE_SIZE;
		z->huge_since += len == PAGE_SIZE;
	}
	spin_unlock_irqrestore(&z->lock, irq);
	if (gone)
		zs_page_free(gone);
	return got;
}

/* Pages more for objects of @len bytes. 0 or -ENOMEM. */
static int grow(struct zram *z, size_t len)
{
	gfp_t gfp = GFP_NOIO | __GFP_HIGHMEM | __GFP_NOWARN;
	struct zs_page *zp = zs_page_make(len, gfp);
	irqflags_t irq;
	bool fits;

	if (!zp)
		return -ENOMEM;
	irq = spin_lock_irqsave(&z->lock);
	fits = !z->limit || z->pool.nr_pages + zp->nr_pages <= z->limit;
	if (fits)
		zs_add(&z->pool, zp);
	z->max_used = max_of(uint64_t, z->max_used, z->pool.nr_pages);
	spin_unlock_irqrestore(&z->lock, irq);
	if (!fits)
		zs_page_free(zp);
	return fits ? 0 : -ENOMEM;
}

/* ---- pages ---- */

static bool all_alike(const unsigned long *words)
{
	for (unsigned i = 1; i < PAGE_SIZE / sizeof(*words); i++) {
		if (words[i] != words[0])
			return false;
	}
	return true;
}

/* The page in z->raw. codec held. */
static int write_raw(struct zram *z, unsigned long index)
{
	const unsigned long *words = (const unsigned long *)(const void *)z->raw;
	const uint8_t *data = z->packed;
	size_t len;
	int err = 0;

	if (all_alike(words)) {
		set_same(z, index, words[0]);
		return 0;
	}
	len = lz4_compress(z->raw, PAGE_SIZE, z->packed, HUGE_LEN, z->table);
	if (!len) {
		data = z->raw;
		len = PAGE_SIZE;
	}
	while (!err && !set_object(z, index, data, len))
		err = grow(z, len);
	return err;
}

static void note_error(struct zram *z, uint64_t *counter)
{
	irqflags_t irq = spin_lock_irqsave(&z->lock);

	++*counter;
	spin_unlock_irqrestore(&z->lock, irq);
}

/* What the slot says of its page, its object's bytes in z->packed. codec held. */
static struct zram_slot get_slot(struct zram *z, unsigned long index)
{
	irqflags_t irq = spin_lock_irqsave(&z->lock);
	struct zram_slot s = z->slots[index];

	if (s.kind == ZRAM_OBJECT)
		zs_read((struct zs_handle){ s.zp, s.object }, z->packed, s.len);
	spin_unlock_irqrestore(&z->lock, irq);
	return s;
}

/* The page of the slot, to @to. codec held. 0, or -EIO: the bytes are no block. */
static int read_slot(struct zram *z, unsigned long index, void *to)
{
	struct zram_slot s = get_slot(z, index);
	unsigned long *words = to;

	if (s.kind == ZRAM_OBJECT && s.len < PAGE_SIZE)
		return lz4_decompress(z->packed, s.len, to, PAGE_SIZE) == PAGE_SIZE ? 0 : -EIO;
	if (s.kind == ZRAM_OBJECT) {
		memcpy(to, z->packed, PAGE_SIZE);
		return 0;
	}
	for (unsigned i = 0; i < PAGE_SIZE / sizeof(*words); i++)
		words[i] = s.kind == ZRAM_SAME ? s.word : 0;
	return 0;
}

/* ---- what is asked: memory, and where it is on the disk; within one of its pages ---- */

struct piece {
	struct page *page;
	unsigned offset, len; /* in page */
	unsigned long index;
	unsigned in_page; /* of page @index */
};

static int read_piece(struct zram *z, const struct piece *p)
{
	bool whole = p->len == PAGE_SIZE;
	uint8_t *to = kmap_local_page(p->page);
	int err = read_slot(z, p->index, whole ? to : z->raw);

	if (!err && !whole)
		memcpy(to + p->offset, z->raw + p->in_page, p->len);
	kunmap_local(to);
	return err;
}

static int write_piece(struct zram *z, const struct piece *p)
{
	int err = p->len == PAGE_SIZE ? 0 : read_slot(z, p->index, z->raw);
	const uint8_t *from;

	if (err)
		return err;
	from = kmap_local_page(p->page);
	memcpy(z->raw + p->in_page, from + p->offset, p->len);
	kunmap_local(from);
	return write_raw(z, p->index);
}

static int do_piece(struct zram *z, const struct piece *p, enum req_op op)
{
	bool write = op == REQ_OP_WRITE;
	int err;

	mutex_lock(&z->codec);
	if (p->index >= z->nr_pages) {
		mutex_unlock(&z->codec);
		note_error(z, &z->invalid_io);
		return -EIO;
	}
	err = write ? write_piece(z, p) : read_piece(z, p);
	mutex_unlock(&z->codec);
	if (err)
		note_error(z, write ? &z->failed_writes : &z->failed_reads);
	return err;
}

static int do_pieces(struct zram *z, uint64_t sector, const struct bio_vec *v, enum req_op op)
{
	struct piece p = { .page = v->page, .offset = v->offset };
	unsigned left = v->len;
	int err = 0;

	while (left && !err) {
		p.index = (unsigned long)(sector / PAGE_SECTORS);
		p.in_page = (unsigned)(sector % PAGE_SECTORS) << SECTOR_SHIFT;
		p.len = min_of(unsigned, left, PAGE_SIZE - p.in_page);
		err = do_piece(z, &p, op);
		p.offset += p.len;
		left -= p.len;
		sector += p.len >> SECTOR_SHIFT;
	}
	return err;
}

/* ---- as a disk ---- */

/* The pages that lie in the range as a whole. */
static void discard(struct zram *z, uint64_t sector, uint64_t nr)
{
	uint64_t index = (sector + PAGE_SECTORS - 1) / PAGE_SECTORS;

	for (; (index + 1) * PAGE_SECTORS <= sector + nr; index++)
		zram_free_slot(z, (unsigned long)index);
}

static void zram_submit(struct gendisk *disk, struct bio *bio)
{
	struct zram *z = disk->private;
	uint64_t sector = bio->sector;
	int err = 0;

	if (bio->op == REQ_OP_DISCARD)
		discard(z, sector, bio->nr_sectors);
	for (unsigned i = 0; i < bio->nr_vecs && !err; i++) {
		err = do_pieces(z, sector, &bio->vecs[i], bio->op);
		sector += bio->vecs[i].len >> SECTOR_SHIFT;
	}
	bio_done(disk, bio, err);
}

static int zram_rw_page(struct gendisk *disk, uint64_t sector, struct page *page, enum req_op op)
{
	const struct bio_vec whole = { page, 0, PAGE_SIZE };
	int err = do_pieces(disk->private, sector, &whole, op);

	if (!err)
		page_io_done(page, 0);
	return err;
}

static void zram_slot_free(struct gendisk *disk, uint64_t sector)
{
	struct zram *z = disk->private;
	irqflags_t irq;

	if (sector % PAGE_SECTORS) /* a file's, which shares two pages with others */
		return;
	zram_free_slot(z, (unsigned long)(sector / PAGE_SECTORS));
	irq = spin_lock_irqsave(&z->lock);
	z->notify_free++;
	spin_unlock_irqrestore(&z->lock, irq);
}

const struct gendisk_ops zram_disk_ops = { .submit = zram_submit,
					   .rw_page = zram_rw_page,
					   .swap_slot_free = zram_slot_free };

/* ---- life ---- */

static void free_buffers(struct zram *z)
{
	vfree(z->slots);
	kfree(z->raw);
	kfree(z->packed);
	kfree(z->table);
	z->slots = NULL;
	z->raw = NULL;
	z->packed = NULL;
	z->table = NULL;
}

/* zram_lock held. */
static int alloc_buffers(struct zram *z, unsigned long pages)
{
	if (failpoint("zram_setup"))
		return -ENOMEM;
	z->slots = vzalloc(pages * sizeof(*z->slots));
	z->raw = kmalloc(PAGE_SIZE, GFP_KERNEL);
	z->packed = kmalloc(PAGE_SIZE, GFP_KERNEL);
	z->table = kmalloc(LZ4_TABLE * sizeof(*z->table), GFP_KERNEL);
	if (z->slots && z->raw && z->packed && z->table)
		return 0;
	free_buffers(z);
	return -ENOMEM;
}

/* Nobody has the disk open, and it is empty. */
static void forget(struct zram *z)
{
	for (unsigned long i = 0; i < z->nr_pages; i++)
		zram_free_slot(z, i);
	mutex_lock(&z->codec);
	z->nr_pages = 0;
	free_buffers(z);
	mutex_unlock(&z->codec);
	kassert(!z->stored && !z->packed_bytes && !z->pool.nr_pages);
	z->limit = 0;
	z->max_used = z->huge_since = 0;
	z->failed_reads = z->failed_writes = z->invalid_io = z->notify_free = 0;
}

static int set_up(struct zram *z, unsigned long pages)
{
	int err;

	if (z->nr_pages)
		return -EBUSY;
	err = alloc_buffers(z, pages);
	if (err)
		return err;
	mutex_lock(&z->codec);
	z->nr_pages = pages;
	mutex_unlock(&z->codec);
	err = disk_set_capacity(&z->disk, (uint64_t)pages * PAGE_SECTORS);
	if (err)
		forget(z);
	return err;
}

int zram_setup(struct zram *z, uint64_t pages)
{
	int err;

	if (!pages || pages > ULONG_MAX / PAGE_SIZE / sizeof(*z->slots))
		return -EINVAL;
	mutex_lock(&zram_lock);
	err = z->there ? set_up(z, (unsigned long)pages) : -ENODEV;
	mutex_unlock(&zram_lock);
	return err;
}

int zram_reset_locked(struct zram *z)
{
	int err = disk_set_capacity(&z->disk, 0);

	if (!err)
		forget(z);
	return err;
}

int zram_reset(struct zram *z)
{
	int err;

	mutex_lock(&zram_lock);
	err = z->there ? zram_reset_locked(z) : -ENODEV;
	mutex_unlock(&zram_lock);
	return err;
}
