/*
 * Bytes through the page cache: read and write, for user and for kernel memory.
 *
 * A user copy may fault, the fault may want any page lock, so no page lock is held over a copy:
 *   read           copies from a referenced page; a concurrent write may show half done (as POSIX allows)
 *   write, page in the cache      copies into it; dirty and size follow
 *   write, page not in the cache  copies into a page that nobody else sees, zeroes only what the copy left,
 *                  then puts it in; lost a race with a fault: throws it away and does the former
 * While a kmap is held faults are refused (the _nofault copies): on a short copy the window is closed, one byte
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
#include "mm/backing/backing_impl.h"
#include "mm/vmalloc.h"

struct file_io {
	struct address_space *m;
	uint64_t pos;	   /* in the object */
	unsigned long mem; /* user address, or kernel pointer */
	size_t left;
	bool user;
};

static void io_advance(struct file_io *io, size_t n)
{
	io->pos += n;
	io->mem += n;
	io->left -= n;
}

/* Bytes of this step: up to the end of the page. */
static size_t io_chunk(const struct file_io *io)
{
	size_t room = PAGE_SIZE - (size_t)(io->pos & (PAGE_SIZE - 1));

	return io->left < room ? io->left : room;
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

static size_t copy_out(const struct file_io *io, struct page *page, size_t n)
{
	unsigned off = (unsigned)(io->pos & (PAGE_SIZE - 1));
	const char *p;

	if (io->user)
		return page_to_user(page, off, io->mem, n);
	p = kmap_local_page(page);
	memcpy((void *)io->mem, p + off, n);
	kunmap_local(p);
	return n;
}

static size_t copy_in(const struct file_io *io, struct page *page, size_t n)
{
	unsigned off = (unsigned)(io->pos & (PAGE_SIZE - 1));
	char *p;

	if (io->user)
		return page_from_user(page, off, io->mem, n);
	p = kmap_local_page(page);
	memcpy(p + off, (const void *)io->mem, n);
	kunmap_local(p);
	return n;
}

static size_t zero_out(const struct file_io *io, size_t n)
{
	if (io->user)
		return n - clear_user(io->mem, n);
	memset((void *)io->mem, 0, n);
	return n;
}

/* The page at io->pos for reading. 0; -ENOENT: a hole; or an error. */
static int read_page(struct file_io *io, struct page **out)
{
	struct address_space *m = io->m;
	unsigned long index = (unsigned long)(io->pos >> PAGE_SHIFT);
	int err = mapping_lookup_page(m, index, out);

	if (err != -ENOENT || !m->ops->store)
		return err;
	rwsem_down_read(&m->invalidate_lock);
	if (io->pos < mapping_size(m))
		err = mapping_get_page(m, index, out);
	rwsem_up_read(&m->invalidate_lock);
	return err;
}

static int read_step(struct file_io *io, size_t n)
{
	struct page *page;
	size_t done;
	int err = read_page(io, &page);

	if (err == -ENOENT) {
		done = zero_out(io, n);
	} else if (err) {
		return err;
	} else {
		done = copy_out(io, page, n);
		put_page(page);
	}
	io_advance(io, done);
	return done == n ? 0 : -EFAULT;
}

static long io_result(const struct file_io *io, size_t len, int err)
{
	return io->left < len ? (long)(len - io->left) : err;
}

static long read_loop(struct file_io *io)
{
	size_t len = io->left;
	int err = 0;

	while (io->left && !err) {
		uint64_t size = mapping_size(io->m);
		size_t n = io_chunk(io);

		if (io->pos >= size)
			break;
		if (n > size - io->pos)
			n = (size_t)(size - io->pos);
		err = read_step(io, n);
	}
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

/* Write by making the page. Return: bytes; 0: not this way; or an error. */
static long write_new(struct file_io *io, size_t n)
{
	unsigned off = (unsigned)(io->pos & (PAGE_SIZE - 1));
	struct page *page = mapping_new_page(io->m, (unsigned long)(io->pos >> PAGE_SHIFT));
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

/* Write into the page that is in the cache, or that fill makes. Return: bytes, or an error. */
static long write_old(struct file_io *io, struct page *page, size_t n)
{
	size_t done;
	int err = 0;

	if (!page) {
		err = mapping_get_page(io->m, (unsigned long)(io->pos >> PAGE_SHIFT), &page);
		if (err)
			return err;
	}
	if (io->m->ops->store && io->m->ops->reserve)
		err = io->m->ops->reserve(io->m, page->index, 1);
	done = err ? 0 : copy_in(io, page, n);
	if (done)
		mapping_set_dirty(io->m, page);
	put_page(page);
	if (err)
		return err;
	return done ? (long)done : -EFAULT;
}

static int write_step(struct file_io *io, size_t n)
{
	struct address_space *m = io->m;
	struct page *page;
	long done = 0;
	int err = mapping_lookup_page(m, (unsigned long)(io->pos >> PAGE_SHIFT), &page);

	if (err && err != -ENOENT)
		return err;
	if (err) {
		page = NULL;
		if (!m->ops->store || n == PAGE_SIZE)
			done = write_new(io, n);
	}
	if (!done)
		done = write_old(io, page, n);
	if (done < 0)
		return (int)done;
	io_advance(io, (size_t)done);
	if (io->pos > m->size) /* stable: the caller has the owner's lock */
		mapping_set_size(m, io->pos);
	return (size_t)done == n ? 0 : -EFAULT;
}

static long write_loop(struct file_io *io)
{
	size_t len = io->left;
	int err = 0;

	if (io->pos + len < io->pos || (io->pos + len) >> PAGE_SHIFT > ULONG_MAX - 1)
		return -EFBIG;
	len = seal_write_len(io->m, io->pos, len);
	if (len < io->left && !len)
		return -EPERM;
	io->left = len;
	while (io->left && !err)
		err = write_step(io, io_chunk(io));
	return io_result(io, len, err);
}

long mapping_read(struct address_space *m, uaddr_t dst, size_t len, uint64_t *pos)
{
	struct file_io io = { m, *pos, dst, len, true };
	long done = read_loop(&io);

	*pos = io.pos;
	return done;
}

long mapping_write(struct address_space *m, uaddr_t src, size_t len, uint64_t *pos)
{
	struct file_io io = { m, *pos, src, len, true };
	long done = write_loop(&io);

	*pos = io.pos;
	return done;
}

long mapping_read_kernel(struct address_space *m, void *dst, size_t len, uint64_t pos)
{
	struct file_io io = { m, pos, (unsigned long)dst, len, false };

	return read_loop(&io);
}

long mapping_write_kernel(struct address_space *m, const void *src, size_t len, uint64_t pos)
{
	struct file_io io = { m, pos, (unsigned long)src, len, false };

	return write_loop(&io);
}
