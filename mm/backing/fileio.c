/*
 * Bytes through the page cache: read and write, for user and for kernel memory.
 *
 * A user copy may fault, the fault may want any page lock, so no page lock is held over a copy. Pages are looked up IO_RUN at
 * a time, each with a reference:
 *   read           copies from a referenced page; a concurrent write may show half done (as POSIX allows)
 *   write, page in the cache      copies into it; dirty and size follow
 *   both, memory-backed: pages side by side, which nothing else is to be done for, are one copy (mapping_find_span)
 *   write, page not in the cache  copies into a page that nobody else sees, zeroes only what the copy left,
 *                  then puts it in; lost a race with a fault: throws it away and does the former
 * A high page needs a kmap window; while it is held faults are refused (the _nofault copies): on a short copy the window is closed, one byte
 * is moved by a copy that may fault, which brings the user's page in, and the loop goes on.
 *
 * WHY      a new page that is wholly written is neither zeroed nor locked: write of 4 KiB to a new page costs
 *          its copy (513), the page, and one insertion.
 * I1       a page becomes visible only with all its bytes valid.
 * I2       size grows only after the bytes are in the cache: a reader that sees the size sees the bytes.
 * LOCKS    writers: the owner's lock (rank FS), from the caller. invalidate_lock (read) where a page of a mapping with
 *          a store is made; memory-backed holes are read as zeroes and make no page.
 * FAILS    -EFAULT, -EFBIG, and what mapping_get_page says, only when not a byte was done; otherwise short.
 * NOT HERE offsets of open files, O_APPEND, times, limits (fs).   TESTED BY mapping_test.c
 */
#include "arch/uaccess.h"
#include "lib/string.h"
#include "mm/alloc.h"
#include "mm/backing/backing_impl.h"
#include "mm/poison.h"
#include "mm/vmalloc.h"
#include "mm/writeback.h"

enum {
	IO_RUN = 16, /* pages looked up, or made, at once */
	NEW_RUN = 8, /* what is left to write that is worth making several pages at once */
};

struct file_io {
	struct address_space *m;
	uint64_t pos;	   /* in the object */
	unsigned long mem; /* user address, or kernel pointer */
	size_t left;
	bool user;
	struct file_ra_state *ra;
	struct page *
		*fresh; /* of a write: fresh[next_fresh..nr_fresh) are new pages for what comes */
	unsigned next_fresh, nr_fresh;
	bool again; /* of a read: it begins in the page in which the last one ended */
};

static inline void io_advance(struct file_io *io, size_t n)
{
	io->pos += n;
	io->mem += n;
	io->left -= n;
}

static inline unsigned long io_index(const struct file_io *io)
{
	return (unsigned long)(io->pos >> PAGE_SHIFT);
}

static inline unsigned io_offset(const struct file_io *io)
{
	return (unsigned)io->pos & (PAGE_SIZE - 1);
}

/* Pages that the next @bytes > 0 lie in, IO_RUN at most. */
static inline unsigned io_pages(const struct file_io *io, size_t bytes)
{
	size_t last = (io_offset(io) + (bytes - 1)) >> PAGE_SHIFT;

	return last < IO_RUN ? (unsigned)last + 1 : IO_RUN;
}

/* Bytes of the next step: up to the end of the @pages next pages. */
static inline size_t io_chunk(const struct file_io *io, size_t bytes, unsigned pages)
{
	return min_of(size_t, bytes, (size_t)pages * PAGE_SIZE - io_offset(io));
}

static void pages_put(struct page **pages, unsigned from, unsigned nr)
{
	for (unsigned i = from; i < nr; i++) {
		if (pages[i])
			put_page(pages[i]);
	}
}

/* @n bytes from @page at @off to user memory. Return: bytes done. */
static size_t page_to_user(struct page *page, unsigned off, uaddr_t dst, size_t n)
{
	size_t done = 0;

	for (;;) {
		const char *p = kmap_local_page(page);
		size_t left = copy_to_user_nofault(dst + done, p + off + done, n - done);
		char next;

		done = n - left;
		next = left ? p[off + done] : 0;
		kunmap_local(p);
		if (!left || copy_to_user(dst + done, &next, 1))
			return done;
		if (++done == n)
			return n;
	}
}

static size_t page_from_user(struct page *page, unsigned off, uaddr_t src, size_t n)
{
	size_t done = 0;

	for (;;) {
		char *p = kmap_local_page(page);
		size_t left = copy_from_user_nofault(p + off + done, src + done, n - done);
		char probe;

		kunmap_local(p);
		done = n - left;
		if (!left || copy_from_user(&probe, src + done, 1))
			return done;
	}
}

/* A page in the linear map needs no window: the copy may fault. */
static inline size_t copy_out(const struct file_io *io, struct page *page, size_t n)
{
	unsigned off = io_offset(io);
	const char *p = page_address(page);

	if (unlikely(!io->user)) {
		p = kmap_local_page(page);
		memcpy((void *)io->mem, p + off, n);
		kunmap_local(p);
		return n;
	}
	return p ? n - copy_to_user(io->mem, p + off, n) : page_to_user(page, off, io->mem, n);
}

static inline size_t copy_in(const struct file_io *io, struct page *page, size_t n)
{
	unsigned off = io_offset(io);
	char *p = page_address(page);

	if (unlikely(!io->user)) {
		p = kmap_local_page(page);
		memcpy(p + off, (const void *)io->mem, n);
		kunmap_local(p);
		return n;
	}
	return p ? n - copy_from_user_keep(p + off, io->mem, n)
		 : page_from_user(page, off, io->mem, n);
}

static size_t zero_out(const struct file_io *io, size_t n)
{
	if (io->user)
		return n - clear_user(io->mem, n);
	memset((void *)io->mem, 0, n);
	return n;
}

/* The page at io->pos of an object with a store, and @want pages in all. 0, or an error; -ENOENT: beyond the end by now. */
static int read_page(struct file_io *io, unsigned want, struct page **out)
{
	struct address_space *m = io->m;
	unsigned long index = io_index(io);
	int err = mapping_lookup_page(m, index, out);

	if (err != -ENOENT)
		return err;
	ra_sync(m, io->ra, index, want);
	err = mapping_lookup_page(m, index, out);
	if (err != -ENOENT)
		return err;
	rwsem_down_read(&m->invalidate_lock);
	if (io->pos < mapping_size(m))
		err = mapping_get_page(m, index, out);
	rwsem_up_read(&m->invalidate_lock);
	return err;
}

/* @page, of an object with a store, is about to be read; it may be the one that calls for the next window. */
static inline void read_mark(struct file_io *io, struct page *page, unsigned want)
{
	if (unlikely(page_test(page, PG_readahead)))
		ra_async(io->m, io->ra, page, io_index(io), want);
}

/* Reading a page of a file piece by piece is one use. */
static inline void read_accessed(struct file_io *io, struct page *page)
{
	if (!io->m->ops->store)
		page_mark_referenced(page);
	else if (!io->again)
		mark_page_accessed(page);
	io->again = false;
}

/* No valid page was in the cache: a hole, or the store has it. */
static noinline_ int read_missing(struct file_io *io, size_t n, unsigned want)
{
	struct page *page;
	size_t done;
	int err = -ENOENT;

	if (io->m->ops->store)
		err = read_page(io, want, &page);
	else if (shmem_has_swapped(io->m))
		err = mapping_lookup_page(io->m, io_index(io), &page);
	else if (mapping_is_poisoned(io->m, io_index(io)))
		err = -EIO;
	if (err == -ENOENT) {
		done = zero_out(io, n);
	} else if (err) {
		return err;
	} else {
		read_mark(io, page, want);
		read_accessed(io, page);
		done = copy_out(io, page, n);
		put_page(page);
	}
	io_advance(io, done);
	return done == n ? 0 : -EFAULT;
}

/* Up to @bytes, which lie below the end, page by page. */
static noinline_ int read_run(struct file_io *io, size_t bytes)
{
	unsigned nr = io_pages(io, bytes);
	struct page *pages[IO_RUN];
	int err = 0;

	mapping_find_run(io->m, io_index(io), nr, pages);
	for (unsigned i = 0; i < nr; i++) {
		size_t n = io_chunk(io, bytes, 1), done;

		if (unlikely(!pages[i])) {
			err = read_missing(io, n, nr - i);
		} else {
			if (io->m->ops->store)
				read_mark(io, pages[i], nr - i);
			read_accessed(io, pages[i]);
			done = copy_out(io, pages[i], n);
			put_page(pages[i]);
			io_advance(io, done);
			err = done == n ? 0 : -EFAULT;
		}
		if (unlikely(err)) {
			pages_put(pages, i + 1, nr);
			break;
		}
		bytes -= n;
	}
	return err;
}

/* Up to @bytes, which lie below the end, of an object without a store: as many as are side by side. */
static inline int read_span(struct file_io *io, size_t bytes)
{
	struct page *page;
	unsigned nr = mapping_find_span(io->m, io_index(io), io_pages(io, bytes), &page);
	size_t n, done;

	if (unlikely(!nr))
		return read_run(io, bytes);
	for (struct page *p = page; p < page + nr; p++)
		page_mark_referenced(p);
	n = io_chunk(io, bytes, nr);
	done = copy_out(io, page, n);
	put_pages(page, nr);
	io_advance(io, done);
	return done == n ? 0 : -EFAULT;
}

static long io_result(const struct file_io *io, size_t len, int err)
{
	return io->left < len ? (long)(len - io->left) : err;
}

static noinline_ long read_loop(struct file_io *io)
{
	const bool by_page = io->m->ops->store;
	size_t len = io->left;
	int err = 0;

	io->again = by_page && io->ra->prev_pos >> PAGE_SHIFT == io->pos >> PAGE_SHIFT;
	while (io->left && !err) {
		uint64_t size = mapping_size(io->m);
		size_t bytes = (size_t)min_of(uint64_t, io->left, size - io->pos);

		if (io->pos >= size)
			break;
		err = by_page ? read_run(io, bytes) : read_span(io, bytes);
	}
	if (io->m->ops->store && io->left < len)
		io->ra->prev_pos = io->pos - 1;
	return io_result(io, len, err);
}

/* What the copy left of a fresh page becomes zero. */
static void zero_around(struct page *page, unsigned from, unsigned to)
{
	char *p;

	if (from == 0 && to == PAGE_SIZE)
		return;
	p = kmap_local_page(page);
	memset(p, 0, from);
	memset(p + to, 0, PAGE_SIZE - to);
	kunmap_local(p);
}

/* A new page for io->pos; a long write gets several at once, which lie side by side. */
static struct page *fresh_page(struct file_io *io)
{
	size_t more = io->left >> PAGE_SHIFT;
	struct page *page;

	if (io->next_fresh == io->nr_fresh) {
		io->next_fresh = 0;
		io->nr_fresh =
			more < NEW_RUN
				? 0
				: mapping_new_pages(io->m, min_of(size_t, more, IO_RUN), io->fresh);
	}
	if (io->next_fresh == io->nr_fresh)
		return mapping_new_page(io->m, io_index(io));
	page = io->fresh[io->next_fresh++];
	page->index = io_index(io);
	return page;
}

/* Write by making the page. Return: bytes; 0: not this way; or an error. */
static long write_new(struct file_io *io, size_t n)
{
	unsigned off = io_offset(io);
	struct page *page = fresh_page(io);
	size_t done;
	int err;

	if (!page)
		return -ENOMEM;
	done = copy_in(io, page, n);
	if (!done || (io->m->ops->store && done < PAGE_SIZE)) {
		put_page(page);
		return done ? 0 : -EFAULT;
	}
	zero_around(page, off, off + (unsigned)done);
	page->flags |= 1UL << PG_uptodate; /* nobody else sees it yet */
	if (!io->m->ops->store)
		page->flags |= 1UL << PG_dirty;
	err = mapping_add_page(io->m, page);
	if (!err)
		mapping_set_dirty(io->m, page);
	put_page(page);
	if (err)
		return err == -EEXIST ? 0 : err;
	return (long)done;
}

/* Write into @page, which has contents. Return: bytes, or an error. */
static inline long write_old(struct file_io *io, struct page *page, size_t n)
{
	size_t done = copy_in(io, page, n);

	if (done)
		mapping_set_dirty(io->m, page);
	if (io->m->ops->store)
		mark_page_accessed(page);
	else
		page_mark_referenced(page);
	return done ? (long)done : -EFAULT;
}

/* Then the object has a page there, and what it is charged stays. */
static bool in_swap(const struct file_io *io)
{
	bool cached;

	return shmem_swapped(io->m, io_index(io), &cached);
}

/* @page: in the cache, maybe without contents; NULL: it was not there. Return: bytes, or an error. */
static noinline_ long write_missing(struct file_io *io, struct page *page, size_t n)
{
	struct address_space *m = io->m;
	long done = 0;

	if (!page && (m->ops->store ? n == PAGE_SIZE : !in_swap(io)))
		done = write_new(io, n);
	if (done)
		return done;
	done = mapping_get_page(m, io_index(io), &page);
	if (done)
		return done;
	done = write_old(io, page, n);
	put_page(page);
	return done;
}

/* @n more bytes are in the cache. None beyond the end, and the end stays. */
static inline void wrote(struct file_io *io, size_t n)
{
	io_advance(io, n);
	if (unlikely(io->pos > io->m->size) && n) /* stable: the caller has the owner's lock */
		mapping_set_size(io->m, io->pos);
}

/* The part of one page, whose reference stays the caller's. */
static inline int write_step(struct file_io *io, struct page *page, size_t n)
{
	struct address_space *m = io->m;
	long done;

	if (m->ops->store && m->ops->reserve) {
		int err = m->ops->reserve(m, io_index(io), 1);

		if (err)
			return err;
	}
	if (likely(page && page_test(page, PG_uptodate)))
		done = write_old(io, page, n);
	else
		done = write_missing(io, page, n);
	if (unlikely(done < 0))
		return (int)done;
	wrote(io, (size_t)done);
	return (size_t)done == n ? 0 : -EFAULT;
}

static noinline_ int write_run(struct file_io *io)
{
	unsigned nr = io_pages(io, io->left);
	struct page *pages[IO_RUN];
	int err = 0;

	mapping_find_all(io->m, io_index(io), nr, pages);
	for (unsigned i = 0; i < nr; i++) {
		err = write_step(io, pages[i], io_chunk(io, io->left, 1));
		if (pages[i])
			put_page(pages[i]);
		if (unlikely(err)) {
			pages_put(pages, i + 1, nr);
			break;
		}
	}
	return err;
}

/* As much as goes into pages side by side of an object without a store. */
static inline int write_span(struct file_io *io)
{
	unsigned max = io_pages(io, io->left), nr;
	struct page *page;
	size_t n, done;

	nr = mapping_find_span(io->m, io_index(io), max, &page);
	n = io_chunk(io, io->left, nr ? nr : 1);
	if (!nr)
		return page || max > 1 ? write_run(io) : write_step(io, NULL, n);
	done = copy_in(io, page, n);
	for (struct page *p = page; p < page + nr; p++) {
		if (done)
			mapping_set_dirty(io->m, p);
		page_mark_referenced(p);
	}
	put_pages(page, nr);
	wrote(io, done);
	return done == n ? 0 : -EFAULT;
}

static noinline_ long write_loop(struct file_io *io)
{
	struct page *fresh[IO_RUN];
	size_t len = io->left;
	int err = 0;

	if (io->pos + len < io->pos || (len && (io->pos + len - 1) >> PAGE_SHIFT > ULONG_MAX - 1))
		return -EFBIG;
	len = seal_write_len(io->m, io->pos, len);
	if (len < io->left && !len)
		return -EPERM;
	io->left = len;
	io->fresh = fresh;
	while (io->left && !err) {
		err = io->m->ops->store ? write_run(io) : write_span(io);
		if (io->m->bdi)
			dirty_throttle();
	}
	pages_put(fresh, io->next_fresh, io->nr_fresh);
	io->fresh = NULL;
	return io_result(io, len, err);
}

long mapping_read_ra(struct address_space *m, struct file_ra_state *ra, uaddr_t dst, size_t len,
		     uint64_t *pos)
{
	struct file_io io = { m, *pos, dst, len, true, ra, NULL, 0, 0, false };
	long done;

	if (unlikely((int64_t)(*pos + len) < 0)) /* as on Linux: no offset can say where it ends */
		return -EINVAL;
	done = read_loop(&io);
	*pos = io.pos;
	return done;
}

static noinline_ long user_read(struct address_space *m, uaddr_t dst, size_t len, uint64_t *pos)
{
	return mapping_read_ra(m, &m->ra, dst, len, pos);
}

static noinline_ long user_write(struct address_space *m, uaddr_t src, size_t len, uint64_t *pos)
{
	struct file_io io = { m, *pos, src, len, true, &m->ra, NULL, 0, 0, false };
	long done = write_loop(&io);

	*pos = io.pos;
	return done;
}

/* The page that has byte @pos and the @len - 1 that follow, when they are below the end and it is valid and in the linear map,
 * with a reference; *out: the first one's address. NULL: not so. */
static inline struct page *one_page(struct address_space *m, uint64_t pos, size_t len, char **out)
{
	unsigned off = (unsigned)pos & (PAGE_SIZE - 1);
	struct page *page = NULL;

	if (len - 1 >= PAGE_SIZE - off) /* none too */
		return NULL;
	spin_lock(&m->lock);
	if (likely(pos + len <= READ_ONCE(m->size)))
		page = item_page(xindex_find(&m->pages, (unsigned long)(pos >> PAGE_SHIFT)));
	if (unlikely(!page || !page_test(page, PG_uptodate) || !pfn_is_lowmem(page_to_pfn(page)))) {
		spin_unlock(&m->lock);
		return NULL;
	}
	get_page(page);
	spin_unlock(&m->lock);
	*out = (char *)phys_to_virt(page_to_phys(page)) + off;
	return page;
}

/* Most calls are for a part of one page that is there. */
long mapping_read(struct address_space *m, uaddr_t dst, size_t len, uint64_t *pos)
{
	char *p;
	struct page *page = m->ops->store ? NULL : one_page(m, *pos, len, &p);

	if (unlikely(!page))
		return user_read(m, dst, len, pos);
	len -= copy_to_user(dst, p, len);
	page_mark_referenced(page);
	put_page_cached(page);
	*pos += len;
	return len ? (long)len : -EFAULT;
}

/* The same below the end of an object that memory is the store of. */
long mapping_write(struct address_space *m, uaddr_t src, size_t len, uint64_t *pos)
{
	bool simple = !m->ops->store && !seal_forbids_write(m);
	char *p;
	struct page *page = simple ? one_page(m, *pos, len, &p) : NULL;

	if (unlikely(!page))
		return user_write(m, src, len, pos);
	len -= copy_from_user_keep(p, src, len);
	if (unlikely(!page_test(page, PG_dirty)))
		page_set(page, PG_dirty);
	page_mark_referenced(page);
	put_page_cached(page);
	*pos += len;
	return len ? (long)len : -EFAULT;
}

long mapping_read_kernel(struct address_space *m, void *dst, size_t len, uint64_t pos)
{
	struct file_io io = { m, pos, (unsigned long)dst, len, false, &m->ra, NULL, 0, 0, false };

	return read_loop(&io);
}

long mapping_write_kernel(struct address_space *m, const void *src, size_t len, uint64_t pos)
{
	struct file_io io = { m, pos, (unsigned long)src, len, false, &m->ra, NULL, 0, 0, false };

	return write_loop(&io);
}
