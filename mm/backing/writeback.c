/*
 * Write-back: dirty pages of objects with a store go there, by the flusher, by fsync and msync, by sync.
 *
 *   dirty      PG_dirty, tag DIRTY; entries may be writable
 *   writing    page locked: entries write-protected, PG_dirty off, PG_writeback on | ops->store | unlocked ... page_io_done
 *   clean      a program that writes again faults first, and the fault makes the page dirty again
 *
 *   sync pass      DIRTY of the range becomes TOWRITE, then what has TOWRITE is written: pages that get dirty meanwhile
 *                  are the next pass's, so the pass ends however fast somebody writes
 *   device         bdi->dirty: mappings with dirty pages; a pass takes one, writes, puts it at the end; with its old age when
 *                  it has not written all
 *
 * OWNS     the tags TOWRITE and WRITEBACK, bdi->dirty, mapping->wb_busy; the interval and the age.
 * WHY      a write protects the page's entries before it copies them, so no byte written later is taken for clean; the
 *          page lock, which a fault that allows writing takes too, keeps the two apart.
 * I1       PG_writeback set: tag WRITEBACK set. The tag may stay longer, because the bit is cleared by interrupts, which
 *          take no m->lock: whoever waits, or meets it, clears it.                               [mapping_check]
 * I2       a mapping with a page tagged DIRTY or WRITEBACK is on its device's list: sync finds all it must wait for.
 * I3       one pass at a time works on a mapping for the list (wb_busy); fsync works beside it, page locks between them.
 * LOCKS    page lock; m->lock, then bdi->lock (INDEX < OBJECT); bdi_lock for the list of devices.
 * CONTEXT  threads that may sleep, without a lock that ops->store needs.
 * FAILS    errors are kept in the mapping: wb_err for open files, wb_error for msync.
 * NOT HERE limits (dirty.c), the end of an I/O (pageio.c), the thread (kernel/flusher.c).
 * SOURCES  fsync(2), sync(2), sync_file_range(2); sysctl vm.dirty_*.   TESTED BY  writeback_test.c
 */
#include "mm/writeback.h"
#include "base/errno.h"
#include "lib/string.h"
#include "mm/backing/backing_impl.h"
#include "mm/vmalloc.h"
#include "mm/zone.h"

enum { PASS_PAGES = 1024, TAG_BATCH = 256, TICK_SHIFT = 20 /* ns, some ms */ };

int dirty_expire_centisecs = 3000, dirty_writeback_centisecs = 500, laptop_mode;

static struct spinlock bdi_lock = SPINLOCK_INIT(RANK_OBJECT);
static struct list_head bdis = LIST_HEAD_INIT(bdis);
static struct waitq flusher = WAITQ_INIT(flusher), bdi_unused = WAITQ_INIT(bdi_unused);
static uint64_t last_look_ns; /* when old pages were looked for last; the flusher's own */
static bool wanted;	      /* a: somebody called writeback_wake */
static bool pressed;	      /* a: and memory is short */
static unsigned
	laptop_until; /* a: the disk turns: all is written then, in TICKs, odd; 0: it may rest */

struct backing_dev_info default_bdi = {
	.name = "default",
	.lock = SPINLOCK_INIT(RANK_OBJECT),
	.dirty = LIST_HEAD_INIT(default_bdi.dirty),
	.ra_pages = RA_PAGES_DEFAULT,
	.idle = WAITQ_INIT(default_bdi.idle),
};

/* ---- one page ---- */

/* Bytes of the last page behind the end are zero in the store, whatever a mapping has left there. */
static void zero_tail(struct address_space *m, struct page *page)
{
	uint64_t size = mapping_size(m), start = (uint64_t)page->index << PAGE_SHIFT;
	char *p;

	if (size <= start || size - start >= PAGE_SIZE)
		return;
	p = kmap_local_page(page);
	memset(p + (size - start), 0, PAGE_SIZE - (size_t)(size - start));
	kunmap_local(p);
}

/* Dirty becomes being written. Page locked. */
static void writing_begin(struct address_space *m, struct page *page)
{
	get_page(page); /* the I/O's */
	spin_lock(&m->lock);
	page_clear(page, PG_dirty);
	page_set(page, PG_writeback);
	xindex_tag_clear(&m->pages, page->index, XINDEX_TAG_DIRTY);
	xindex_tag_set(&m->pages, page->index, XINDEX_TAG_WRITEBACK);
	spin_unlock(&m->lock);
	dirty_account(page, -1);
	writeback_account(page, true);
}

/* The store could not take it now. Page locked. */
static void writing_undo(struct address_space *m, struct page *page)
{
	mapping_dirty_page(m, page);
	writeback_account(page, false);
	page_clear_writeback(page);
	put_page(page);
}

/* Page locked, in @m. Return: 0, or the store's refusal. */
static int write_page(struct address_space *m, struct page *page, struct writeback_ctl *ctl)
{
	int err;

	if (page_test(page, PG_writeback)) {
		ctl->partial |= !ctl->sync;
		if (!ctl->sync)
			return 0;
		page_wait_writeback(page);
	}
	if (!page_test(page, PG_dirty))
		return 0;
	(void)page_mkclean(page);
	zero_tail(m, page);
	writing_begin(m, page);
	err = m->ops->store(m, page, ctl);
	if (err == -ENOMEM || err == -EAGAIN) {
		writing_undo(m, page);
		ctl->partial = true;
		return err;
	}
	if (err)
		page_io_done(page, err);
	if (ctl->left)
		ctl->left--;
	return 0;
}

/* ---- a range ---- */

/* The first page of [*index, last] with @tag, with a reference; its TOWRITE is gone. NULL: none. */
static struct page *next_tagged(struct address_space *m, unsigned long *index, unsigned long last,
				unsigned tag)
{
	struct page *page;

	spin_lock(&m->lock);
	page = xindex_next_tagged(&m->pages, index, tag);
	if (page && *index <= last) {
		get_page(page);
		if (tag == XINDEX_TAG_TOWRITE)
			xindex_tag_clear(&m->pages, *index, tag);
	} else {
		page = NULL;
	}
	spin_unlock(&m->lock);
	return page;
}

static void tag_for_sync(struct address_space *m, unsigned long first, unsigned long last)
{
	unsigned n;

	do {
		spin_lock(&m->lock);
		n = xindex_tag_range(&m->pages, &first, last, XINDEX_TAG_DIRTY, XINDEX_TAG_TOWRITE,
				     TAG_BATCH);
		spin_unlock(&m->lock);
	} while (n == TAG_BATCH && first <= last);
}

void mapping_writeback(struct address_space *m, unsigned long first, unsigned long last,
		       struct writeback_ctl *ctl)
{
	unsigned tag = ctl->sync ? XINDEX_TAG_TOWRITE : XINDEX_TAG_DIRTY;
	struct page *page;
	int err = 0;

	if (!m->bdi)
		return;
	if (ctl->sync)
		tag_for_sync(m, first, last);
	while (!err && (ctl->sync || ctl->left) && (page = next_tagged(m, &first, last, tag))) {
		lock_page(page);
		if (mapping_owns(m, page))
			err = write_page(m, page, ctl);
		unlock_page(page);
		put_page(page);
		if (err && ctl->sync) { /* told, and not lost: the page is dirty still */
			mapping_note_error(m, -EIO);
			err = 0;
		}
		if (first++ == last)
			break;
	}
	ctl->partial |= !ctl->sync && !ctl->left;
	if (m->ops->kick)
		m->ops->kick(m);
}

/* Page @index has been waited for: the tag goes unless it is written again. */
static void written(struct address_space *m, struct page *page, unsigned long index)
{
	spin_lock(&m->lock);
	if (mapping_owns(m, page) && !page_test(page, PG_writeback))
		xindex_tag_clear(&m->pages, index, XINDEX_TAG_WRITEBACK);
	spin_unlock(&m->lock);
}

void mapping_wait_writeback(struct address_space *m, unsigned long first, unsigned long last)
{
	struct page *page;

	while ((page = next_tagged(m, &first, last, XINDEX_TAG_WRITEBACK))) {
		page_wait_writeback(page);
		written(m, page, first);
		put_page(page);
		if (first++ == last)
			break;
	}
}

void mapping_sync(struct address_space *m, unsigned long first, unsigned long last)
{
	struct writeback_ctl ctl = { .sync = true };

	mapping_writeback(m, first, last, &ctl);
	mapping_wait_writeback(m, first, last);
}

int mapping_take_error(struct address_space *m)
{
	if (!READ_ONCE(m->wb_error))
		return 0;
	return __atomic_exchange_n(&m->wb_error, 0, __ATOMIC_SEQ_CST);
}

unsigned long mapping_invalidate(struct address_space *m, unsigned long first, unsigned long last)
{
	unsigned long index = first, n = 0;
	struct page *page;

	while (m->bdi && (page = mapping_next_page(m, &index, last))) {
		if (trylock_page(page)) {
			n += mapping_owns(m, page) && mapping_drop_page(m, page);
			unlock_page(page);
		}
		put_page(page);
		if (index++ == last)
			break;
	}
	return n;
}

/* ---- devices and their dirty mappings ---- */

void bdi_register(struct backing_dev_info *bdi, const char *name)
{
	*bdi = (struct backing_dev_info){ .name = name, .ra_pages = RA_PAGES_DEFAULT };
	spin_init(&bdi->lock, RANK_OBJECT);
	list_init(&bdi->dirty);
	waitq_init(&bdi->idle);
	spin_lock(&bdi_lock);
	list_add_tail(&bdi->link, &bdis);
	spin_unlock(&bdi_lock);
}

void bdi_unregister(struct backing_dev_info *bdi)
{
	kassert(list_empty(&bdi->dirty));
	spin_lock(&bdi_lock);
	list_del(&bdi->link);
	spin_unlock(&bdi_lock);
	wait_event(&bdi_unused, !READ_ONCE(bdi->users));
}

void writeback_note(struct address_space *m)
{
	struct backing_dev_info *bdi = m->bdi;

	if (!list_empty(&m->wb_link)) /* taken off only under m->lock */
		return;
	spin_lock(&bdi->lock);
	m->dirtied_ns = clock_ns();
	list_add_tail(&m->wb_link, &bdi->dirty);
	spin_unlock(&bdi->lock);
}

static bool try_forget(struct address_space *m)
{
	struct backing_dev_info *bdi = m->bdi;
	bool idle;

	spin_lock(&m->lock);
	spin_lock(&bdi->lock);
	idle = !m->wb_busy;
	if (idle && !list_empty(&m->wb_link))
		list_del_init(&m->wb_link);
	spin_unlock(&bdi->lock);
	spin_unlock(&m->lock);
	return idle;
}

void writeback_forget(struct address_space *m)
{
	wait_event(&m->bdi->idle, try_forget(m));
}

/* The first mapping of @bdi, not busy, whose pages got dirty at @limit_ns or before: busy from now on. NULL: none. */
static struct address_space *take_dirty(struct backing_dev_info *bdi, uint64_t limit_ns)
{
	struct address_space *m, *found = NULL;

	spin_lock(&bdi->lock);
	list_for_each_entry (m, &bdi->dirty, wb_link) {
		if (m->dirtied_ns <= limit_ns && !m->wb_busy) {
			m->wb_busy = true;
			found = m;
			break;
		}
	}
	spin_unlock(&bdi->lock);
	return found;
}

/* Pages whose write has ended lose their tag. m->lock held. Return: does @m still belong on the list? */
static bool reap(struct address_space *m)
{
	unsigned long index = 0;
	struct page *page;

	while ((page = xindex_next_tagged(&m->pages, &index, XINDEX_TAG_WRITEBACK))) {
		if (page_test(page, PG_writeback))
			return true;
		xindex_tag_clear(&m->pages, index, XINDEX_TAG_WRITEBACK);
	}
	index = 0;
	return xindex_next_tagged(&m->pages, &index, XINDEX_TAG_DIRTY) != NULL;
}

/* A pass over @m is over; when it has written all, what is dirty now is as old as now. */
static void give_dirty(struct backing_dev_info *bdi, struct address_space *m, bool partial)
{
	spin_lock(&m->lock);
	spin_lock(&bdi->lock);
	list_del_init(&m->wb_link);
	if (reap(m)) {
		if (!partial)
			m->dirtied_ns = clock_ns();
		list_add_tail(&m->wb_link, &bdi->dirty);
	}
	m->wb_busy = false;
	/* From here on, without the locks, the mapping may go. */
	spin_unlock(&bdi->lock);
	spin_unlock(&m->lock);
	waitq_wake_all(&bdi->idle);
}

/* The device after @prev (NULL: the first), with a user; @prev loses its own. */
static struct backing_dev_info *next_bdi(struct backing_dev_info *prev)
{
	struct list_head *next;
	struct backing_dev_info *bdi = NULL;

	spin_lock(&bdi_lock);
	next = prev ? prev->link.next : bdis.next;
	if (next != &bdis) {
		bdi = list_entry(next, struct backing_dev_info, link);
		bdi->users++;
	}
	if (prev)
		WRITE_ONCE(prev->users, prev->users - 1);
	spin_unlock(&bdi_lock);
	if (prev)
		waitq_wake_all(&bdi_unused);
	return bdi;
}

/* Is some mapping that was dirty at @limit_ns in the hands of another pass? */
static bool bdi_is_busy(struct backing_dev_info *bdi, uint64_t limit_ns)
{
	struct address_space *m;
	bool busy = false;

	spin_lock(&bdi->lock);
	list_for_each_entry (m, &bdi->dirty, wb_link)
		busy |= m->wb_busy && m->dirtied_ns <= limit_ns;
	spin_unlock(&bdi->lock);
	return busy;
}

/* ---- sync ---- */

void bdi_sync(struct backing_dev_info *bdi)
{
	uint64_t now = clock_ns();
	struct address_space *m;

	/* A mapping that the flusher has is waited for: it may hold what we were called for. */
	for (;;) {
		m = take_dirty(bdi, now);
		if (m) {
			mapping_sync(m, 0, ULONG_MAX);
			give_dirty(bdi, m, false);
		} else if (bdi_is_busy(bdi, now)) {
			wait_event(&bdi->idle, !bdi_is_busy(bdi, now));
		} else {
			return;
		}
	}
}

void writeback_sync_all(void)
{
	for (struct backing_dev_info *bdi = next_bdi(NULL); bdi; bdi = next_bdi(bdi))
		bdi_sync(bdi);
}

/* ---- the flusher ---- */

static uint64_t centisecs_ns(int cs)
{
	return (uint64_t)(unsigned)cs * 10 * 1000 * 1000;
}

/* The first use of the disk wakes the flusher, which sees until when to sleep; later ones only move the time. */
void writeback_disk_used(void)
{
	int mode = READ_ONCE(laptop_mode);
	uint64_t until;

	if (!mode)
		return;
	until = clock_ns() + centisecs_ns(100) * (unsigned)mode;
	if (!__atomic_exchange_n(&laptop_until, (unsigned)(until >> TICK_SHIFT) | 1,
				 __ATOMIC_SEQ_CST))
		writeback_wake();
}

/* TICKs until all is written because the disk turns; INT_MAX: it rests. */
static int laptop_ticks(uint64_t now)
{
	unsigned until = __atomic_load_n(&laptop_until, __ATOMIC_SEQ_CST);

	return until ? (int)(until - (unsigned)(now >> TICK_SHIFT)) : INT_MAX;
}

/* Is it the time? Then the disk may rest. */
static bool laptop_time(uint64_t now)
{
	if (laptop_ticks(now) > 0)
		return false;
	__atomic_store_n(&laptop_until, 0, __ATOMIC_SEQ_CST);
	return true;
}

/* What the flusher writes now: mappings dirty since this time or before. 0: none. */
static uint64_t flush_limit(uint64_t now)
{
	unsigned long background, thresh;
	uint64_t age = centisecs_ns(READ_ONCE(dirty_expire_centisecs));

	global_dirty_limits(&background, &thresh);
	if (global_node_stat(NR_FILE_DIRTY) > (READ_ONCE(laptop_mode) ? thresh : background) ||
	    laptop_time(now) || __atomic_exchange_n(&pressed, false, __ATOMIC_SEQ_CST))
		return now;
	if (!READ_ONCE(dirty_writeback_centisecs) || now < age)
		return 0;
	return now - age;
}

bool writeback_step(void)
{
	uint64_t now = clock_ns(), limit = flush_limit(now);
	bool worked = false;

	last_look_ns = now;
	__atomic_store_n(&wanted, false, __ATOMIC_SEQ_CST);
	for (struct backing_dev_info *bdi = next_bdi(NULL); bdi; bdi = next_bdi(bdi)) {
		struct writeback_ctl ctl = { .left = PASS_PAGES };
		struct address_space *m = limit ? take_dirty(bdi, limit) : NULL;

		if (!m)
			continue;
		mapping_writeback(m, 0, ULONG_MAX, &ctl);
		worked |= ctl.left < PASS_PAGES;
		give_dirty(bdi, m, ctl.partial);
	}
	return worked;
}

void writeback_wait(void)
{
	int cs = READ_ONCE(dirty_writeback_centisecs);
	uint64_t deadline = cs ? last_look_ns + centisecs_ns(cs) : PARK_FOREVER;
	uint64_t now = clock_ns();
	int laptop = laptop_ticks(now);

	if (laptop != INT_MAX)
		deadline = min_of(uint64_t, deadline,
				  now + ((uint64_t)max_of(int, laptop, 0) << TICK_SHIFT));
	(void)wait_event_mode(&flusher, __atomic_load_n(&wanted, __ATOMIC_SEQ_CST),
			      PARK_INTERRUPTIBLE, deadline);
}

void writeback_press(void)
{
	__atomic_store_n(&pressed, true, __ATOMIC_SEQ_CST);
	writeback_wake();
}

void writeback_wake(void)
{
	if (__atomic_exchange_n(&wanted, true, __ATOMIC_SEQ_CST))
		return;
	waitq_wake_all(&flusher);
}
