/*
 * The data of 9P files: pages to and from the server.
 *
 *   write(2) ── page cache ── store, waited for: the host has it when the call returns
 *   mmap ── page cache ── store: msync(2), the last unmapping, the flusher
 *   open(2), stat(2) ── refresh (p9_inode.c): pages of what the host has changed go
 *
 * OWNS     the fids through which an inode's pages go, got when it is first opened for that and kept to its end.
 * WHY      a shared folder is looked at from both sides: what one has written, the other is to see at its next open. A page that is read
 *          is asked for and not waited for, so many are under way; the server's bytes come into the page itself.
 * I1       who maps or writes a file has opened it: the fids are there when pages want them.
 * I2       only bytes below the end of the file are stored.
 * LOCKS    io_lock to get fids; a page's lock.   CONTEXT  threads; ends of reads and writes: interrupts.
 * FAILS    what the server says; write(2) says it at once, pages by fsync(2), msync(2).
 * SOURCES  fsync(2), mmap(2), 9P2000.L.   TESTED BY  tests/guest/disk_share.c
 */
#include "base/errno.h"
#include "mm/alloc.h"
#include "mm/vmalloc.h"
#include "mm/writeback.h"
#include "p9_impl.h"

enum { L_RDONLY = 0, L_WRONLY = 1, L_RDWR = 2 };

static struct p9_inode *pi_of(const struct address_space *m)
{
	return p9_inode_of(m->owner);
}

/* ---- pages ---- */

static struct p9_req *page_request(struct address_space *m, struct page *page, bool read,
				   uint32_t len)
{
	struct p9_inode *pi = pi_of(m);
	struct p9_req *r = p9_req_begin(p9_client_of(m->owner), read ? P9_READ : P9_WRITE);

	p9_put(&r->out, "dqd", read ? pi->rd : pi->wr, (uint64_t)page->index << PAGE_SHIFT, len);
	p9_req_page(r, page, len, read);
	return r;
}

/* The count of the answer, at most @most. 0, -EIO, the server's error. */
static int page_result(struct p9_req *r, uint32_t most, uint32_t *count)
{
	int err = p9_req_result(r);

	if (!err)
		err = p9_get(&r->in, "d", count);
	return !err && *count > most ? -EIO : err;
}

/* The page was zeroed: bytes that the server does not have read as zeroes. */
static void fill_done(struct p9_req *r)
{
	struct page *page = r->page;
	uint32_t count = 0;
	int err = page_result(r, PAGE_SIZE, &count);

	p9_req_end(r);
	page_io_done(page, err);
}

static int p9_fill(struct address_space *m, struct page *page)
{
	struct p9_req *r;

	if (pi_of(m)->rd == P9_NOFID)
		return -EBADF;
	clear_highpage(page);
	r = page_request(m, page, true, PAGE_SIZE);
	r->done = fill_done;
	p9_req_send(r);
	return 0;
}

static void store_done(struct p9_req *r)
{
	struct page *page = r->page;
	uint32_t count = 0;
	int err = page_result(r, r->page_len, &count);

	if (!err &&
	    count < r->page_len) /* the server could not take it all, and does not say why */
		err = -ENOSPC;
	p9_req_end(r);
	page_io_done(page, err);
}

static int p9_store(struct address_space *m, struct page *page, const struct writeback_ctl *ctl)
{
	uint64_t start = (uint64_t)page->index << PAGE_SHIFT, size = mapping_size(m);
	struct p9_req *r;

	if (pi_of(m)->wr == P9_NOFID)
		return -EBADF;
	if (size <= start) {
		page_io_done(page, 0); /* the end was cut meanwhile */
		return 0;
	}
	r = page_request(m, page, false, (uint32_t)min_of(uint64_t, size - start, PAGE_SIZE));
	r->done = store_done;
	p9_req_send(r);
	return 0;
}

static int p9_reserve(struct address_space *m, unsigned long index, unsigned long nr)
{
	return pi_of(m)->wr == P9_NOFID ? -EBADF : 0;
}

/* What was written through the memory that goes is the host's now. */
static void p9_unmapped(struct address_space *m)
{
	if (pi_of(m)->wr != P9_NOFID)
		mapping_sync(m, 0, ULONG_MAX);
	inode_map_drop(m);
}

const struct address_space_ops p9_aops = {
	.fill = p9_fill,
	.store = p9_store,
	.reserve = p9_reserve,
	.hold = inode_map_hold,
	.drop = p9_unmapped,
	.name = inode_map_name,
	.may_write = inode_map_may_write,
	.ident = inode_map_ident,
};

/* ---- open ---- */

static int open_for_write(struct p9_client *c, struct p9_inode *pi)
{
	uint32_t fid;
	int err;

	if (pi->wr != P9_NOFID)
		return 0;
	err = p9_open(c, pi->fid, L_RDWR,
		      &fid); /* parts of pages are read before they are written */
	if (!err) {
		WRITE_ONCE(pi->wr, fid);
		if (pi->rd == P9_NOFID)
			WRITE_ONCE(pi->rd, fid);
		return 0;
	}
	if (err != -EACCES)
		return err;
	err = p9_open(c, pi->fid, L_WRONLY, &fid);
	if (!err)
		WRITE_ONCE(pi->wr, fid);
	return err;
}

static int open_for_read(struct p9_client *c, struct p9_inode *pi)
{
	uint32_t fid;
	int err;

	if (pi->rd != P9_NOFID)
		return 0;
	err = p9_open(c, pi->fid, L_RDONLY, &fid);
	if (!err)
		WRITE_ONCE(pi->rd, fid);
	return err;
}

int p9_open_data(struct inode *inode, unsigned flags)
{
	struct p9_inode *pi = p9_inode_of(inode);
	struct p9_client *c = p9_client_of(inode);
	int err = 0;

	mutex_lock(&pi->io_lock);
	if ((flags & O_ACCMODE) != O_RDONLY)
		err = open_for_write(c, pi);
	if (!err && (flags & O_ACCMODE) != O_WRONLY)
		err = open_for_read(c, pi);
	mutex_unlock(&pi->io_lock);
	return err;
}

static int p9_file_open(struct inode *inode, struct file *f)
{
	int err = p9_refresh(inode);

	return err ? err : p9_open_data(inode, f->flags);
}

/* ---- read, write, sync ---- */

/* The bytes of a write are in the cache: now they go to the server. Return: @ret, or its error. */
static long write_through(struct file *f, long ret, uint64_t end)
{
	struct address_space *m = f->mapping;
	unsigned long first = (unsigned long)((end - (uint64_t)ret) >> PAGE_SHIFT);
	int err;

	mapping_sync(m, first, (unsigned long)((end - 1) >> PAGE_SHIFT));
	err = mapping_take_error(m);
	return err ? err : ret;
}

static long write_file(struct file *f, uaddr_t buf, const void *mem, size_t len, uint64_t *pos)
{
	struct p9_inode *pi = p9_inode_of(f->inode);
	long ret;

	atomic_inc(&pi->nr_writing);
	ret = mem ? generic_write_kernel(f, mem, len, pos) : generic_write(f, buf, len, pos);
	if (ret > 0)
		ret = write_through(f, ret, *pos);
	if (ret < 0)
		WRITE_ONCE(pi->unsure, true); /* what we have may be more than the server has */
	atomic_inc(&pi->gen);
	atomic_dec(&pi->nr_writing);
	if (ret < 0)
		(void)!p9_refresh(f->inode);
	return ret;
}

static long p9_write(struct file *f, uaddr_t buf, size_t len, uint64_t *pos)
{
	return write_file(f, buf, NULL, len, pos);
}

static long p9_write_kernel(struct file *f, const void *buf, size_t len, uint64_t *pos)
{
	return write_file(f, 0, buf, len, pos);
}

static int p9_fsync(struct file *f, uint64_t start, uint64_t last, bool data_only)
{
	struct p9_inode *pi = p9_inode_of(f->inode);
	uint32_t fid = pi->wr != P9_NOFID ? pi->wr : pi->rd;
	int err = generic_fsync(f, start, last, data_only);

	return err ? err
		   : p9_simple(p9_client_of(f->inode), P9_FSYNC, "dd", fid, data_only ? 1U : 0U);
}

const struct inode_ops p9_file_iops = {
	.truncate = p9_truncate,
	.setattr = p9_setattr,
	.settimes = p9_settimes,
	.getattr = p9_refresh,
};
const struct file_ops p9_file_fops = {
	.open = p9_file_open,
	.read = generic_read,
	.write = p9_write,
	.mmap = generic_mmap,
	.read_kernel = generic_read_kernel,
	.write_kernel = p9_write_kernel,
	.fsync = p9_fsync,
};
