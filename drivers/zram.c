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
 * I3       while somebody has the device open or swaps on it, it keeps its size.
 * LOCKS    state_lock (rank FS_FILE) for setting up and reset; codec (rank FS_INNER) for the scratch memory: the page lock of
 *          a swapped page may be held; lock (rank OBJECT): slot_free comes with spinlocks and without interrupts.
 * CONTEXT  read, write: threads, sleep. slot_free: any.
 * COST     a page: the codec, and the copy of what it became.
 * FAILS    -ENOMEM: no pages for the pool, or its limit; -EIO beyond the end.
 * NOT HERE the files (zram_sysfs.c, zram_dev.c).   SOURCES  Linux Documentation/admin-guide/blockdev/zram.rst.
 * TESTED BY tests/guest/mem_swap.c
 */
#include "zram_impl.h"

#include "arch/machine.h"
#include "base/errno.h"
#include "drivers/zram.h"
#include "lib/cmdline.h"
#include "lib/string.h"
#include "mm/alloc.h"
#include "mm/mapping.h"
#include "mm/slab.h"
#include "mm/vmalloc.h"
#include "sync/failpoint.h"

enum { HUGE_LEN = PAGE_SIZE * 3 / 4 + ZS_STEP * 4 }; /* longer ones are kept as they are */

struct zram zrams[ZRAM_DEVICES];

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

	if (z->slots && index < z->nr_pages) {
		gone = clear_slot(z, &z->slots[index]);
		z->notify_free++;
	}
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

int zram_write_page(struct zram *z, unsigned long index, struct page *page)
{
	const void *p;
	int err;

	if (index >= z->nr_pages) {
		note_error(z, &z->invalid_io);
		return -EIO;
	}
	mutex_lock(&z->codec);
	p = kmap_local_page(page);
	memcpy(z->raw, p, PAGE_SIZE);
	kunmap_local(p);
	err = write_raw(z, index);
	mutex_unlock(&z->codec);
	if (err)
		note_error(z, &z->failed_writes);
	return err;
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

/* 0, or -EIO: the bytes are no block. */
static int expand(const struct zram *z, const struct zram_slot *s, void *to)
{
	unsigned long *words = to;

	if (s->kind == ZRAM_OBJECT && s->len < PAGE_SIZE)
		return lz4_decompress(z->packed, s->len, to, PAGE_SIZE) == PAGE_SIZE ? 0 : -EIO;
	if (s->kind == ZRAM_OBJECT) {
		memcpy(to, z->packed, PAGE_SIZE);
		return 0;
	}
	for (unsigned i = 0; i < PAGE_SIZE / sizeof(*words); i++)
		words[i] = s->kind == ZRAM_SAME ? s->word : 0;
	return 0;
}

int zram_read_page(struct zram *z, unsigned long index, struct page *page)
{
	struct zram_slot s;
	void *p;
	int err;

	if (index >= z->nr_pages) {
		note_error(z, &z->invalid_io);
		return -EIO;
	}
	mutex_lock(&z->codec);
	s = get_slot(z, index);
	p = kmap_local_page(page);
	err = expand(z, &s, p);
	kunmap_local(p);
	mutex_unlock(&z->codec);
	if (err)
		note_error(z, &z->failed_reads);
	return err;
}

/* ---- as a swap device ---- */

static struct zram *zram_of(struct swapdev *dev)
{
	return container_of(dev, struct zram, dev);
}

static int swap_read(struct swapdev *dev, unsigned long slot, struct page *page)
{
	int err = zram_read_page(zram_of(dev), slot, page);

	if (!err)
		page_io_done(page, 0);
	return err;
}

static int swap_write(struct swapdev *dev, unsigned long slot, struct page *page)
{
	int err = zram_write_page(zram_of(dev), slot, page);

	if (!err)
		page_io_done(page, 0);
	return err;
}

static void swap_slot_free(struct swapdev *dev, unsigned long slot)
{
	zram_free_slot(zram_of(dev), slot);
}

static void swap_discard(struct swapdev *dev, unsigned long slot, unsigned long nr)
{
	for (; nr; nr--, slot++)
		zram_free_slot(zram_of(dev), slot);
}

static const struct swapdev_ops swap_ops = {
	.read = swap_read, .write = swap_write, .discard = swap_discard, .slot_free = swap_slot_free
};

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

/* state_lock held. */
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

int zram_setup(struct zram *z, uint64_t pages)
{
	int err = -EINVAL;

	mutex_lock(&z->state_lock);
	if (z->nr_pages)
		err = -EBUSY;
	else if (pages && pages <= ULONG_MAX / PAGE_SIZE / sizeof(*z->slots))
		err = alloc_buffers(z, (unsigned long)pages);
	if (!err) {
		z->nr_pages = (unsigned long)pages;
		z->dev.nr_slots = z->nr_pages;
	}
	mutex_unlock(&z->state_lock);
	return err;
}

int zram_reset(struct zram *z)
{
	mutex_lock(&z->state_lock);
	if (z->openers || z->swapping) {
		mutex_unlock(&z->state_lock);
		return -EBUSY;
	}
	for (unsigned long i = 0; i < z->nr_pages; i++)
		zram_free_slot(z, i);
	z->nr_pages = 0;
	z->dev.nr_slots = 0;
	free_buffers(z);
	kassert(!z->stored && !z->packed_bytes && !z->pool.nr_pages);
	z->limit = 0;
	z->max_used = z->huge_since = 0;
	z->failed_reads = z->failed_writes = z->invalid_io = z->notify_free = 0;
	mutex_unlock(&z->state_lock);
	return 0;
}

/* zram.num_devices= of the command line. */
static unsigned devices_wanted(void)
{
	char text[8];

	if (!cmdline_get(boot_info.cmdline, "zram.num_devices", text, sizeof(text)) ||
	    text[0] < '0' || text[0] > '0' + ZRAM_DEVICES || text[1])
		return 1;
	return (unsigned)(text[0] - '0');
}

void zram_init(void)
{
	static const char *const names[ZRAM_DEVICES] = { "/dev/zram0", "/dev/zram1", "/dev/zram2",
							 "/dev/zram3" };
	unsigned wanted = devices_wanted();

	for (unsigned i = 0; i < wanted; i++) {
		struct zram *z = &zrams[i];

		z->index = i;
		mutex_init(&z->state_lock, RANK_FS_FILE);
		mutex_init(&z->codec, RANK_FS_INNER);
		spin_init(&z->lock, RANK_OBJECT);
		zs_pool_init(&z->pool);
		z->dev = (struct swapdev){ .ops = &swap_ops, .name = names[i], .sync = true };
		zram_files_init(z);
	}
	zram_nodes_init(wanted);
}
