/*
 * An open file's data as a whole: fallocate, truncate, advice, synchronising, what of it is in memory.
 *
 * OWNS     the argument checks that all file systems share; what a file system does itself is in its ops.
 * WHY      the order of the checks is Linux's, because programs probe with calls that break several rules at once.
 * LOCKS    inode->lock while the size changes.   CONTEXT  tasks; may sleep.
 * FAILS    as the man pages' ERRORS.
 * SOURCES  fallocate(2), truncate(2), posix_fadvise(2), readahead(2), fsync(2), sync_file_range(2), sync(2), cachestat(2).
 * TESTED BY  tests/guest/file_space.c, file_sync.c
 */
#include "fs/filedata.h"

#include "base/errno.h"
#include "fs/file.h"
#include "fs/notify.h"
#include "kernel/task.h"
#include "mm/hugetlb.h"
#include "mm/mm.h"
#include "mm/shmem.h"
#include "mm/writeback.h"
#include "vfs_impl.h"

static bool opened_for(const struct file *f, unsigned mode)
{
	unsigned acc = f->flags & O_ACCMODE;

	return !(f->flags & O_PATH) && (acc == mode || acc == O_RDWR);
}

/* ---- the end ---- */

int inode_newsize_ok(struct inode *inode, uint64_t size)
{
	uint64_t max = inode->sb->max_bytes ? inode->sb->max_bytes : FILE_SIZE_MAX;

	if (size < mapping_size(&inode->mapping) && mapping_is_swap(&inode->mapping))
		return -ETXTBSY;
	if (size <= mapping_size(&inode->mapping))
		return 0;
	if (size > rlimit_cur(RLIMIT_FSIZE)) {
		signal_send_thread(current_task(), SIGXFSZ, NULL);
		return -EFBIG;
	}
	return size > max || size > FILE_SIZE_MAX ? -EFBIG : 0;
}

int inode_truncate(struct inode *inode, uint64_t size)
{
	int err;

	mutex_lock(&inode->lock);
	err = inode_newsize_ok(inode, size);
	if (!err && inode->ops->truncate)
		err = inode->ops->truncate(inode, size);
	if (!err) {
		inode_drop_set_id(inode);
		inode_touch(inode, TOUCH_M | TOUCH_C);
	}
	mutex_unlock(&inode->lock);
	return err;
}

static int truncate_dentry(struct dentry *d, uint64_t size)
{
	int err = inode_truncate(d->inode, size);

	if (!err)
		notify_dentry(d, IN_MODIFY);
	return err;
}

int file_truncate(struct file *f, int64_t size)
{
	if (f->flags & O_PATH)
		return -EBADF;
	if (!S_ISREG(f->inode->mode) || !opened_for(f, O_WRONLY))
		return -EINVAL;
	if (is_append(f->inode))
		return -EPERM;
	return truncate_dentry(f->path.dentry, (uint64_t)size);
}

int path_truncate(const struct path_ref *p, int64_t size)
{
	struct inode *inode = p->dentry->inode;
	int err;

	if (S_ISDIR(inode->mode))
		return -EISDIR;
	if (!S_ISREG(inode->mode))
		return -EINVAL;
	err = path_want_write(p);
	if (!err)
		err = inode_permission(inode, MAY_WRITE);
	if (!err && is_append(inode))
		err = -EPERM;
	if (!err)
		err = inode_get_write(inode);
	if (err)
		return err;
	err = truncate_dentry(p->dentry, (uint64_t)size);
	inode_put_write(inode);
	return err;
}

/* ---- room ---- */

/* Modes that contradict themselves, or that nobody has. */
static int fallocate_mode_ok(unsigned mode)
{
	switch (mode & ~(unsigned)FALLOC_FL_KEEP_SIZE) {
	case 0:
	case FALLOC_FL_UNSHARE_RANGE:
	case FALLOC_FL_ZERO_RANGE:
		return 0;
	case FALLOC_FL_PUNCH_HOLE:
		return mode & FALLOC_FL_KEEP_SIZE ? 0 : -EOPNOTSUPP;
	case FALLOC_FL_COLLAPSE_RANGE:
	case FALLOC_FL_INSERT_RANGE:
		return mode & FALLOC_FL_KEEP_SIZE ? -EINVAL : 0;
	default:
		return -EOPNOTSUPP;
	}
}

static int fallocate_file_ok(const struct file *f)
{
	uint32_t mode = f->inode->mode;

	if (!opened_for(f, O_WRONLY))
		return -EBADF;
	if (S_ISFIFO(mode))
		return -ESPIPE;
	if (S_ISDIR(mode))
		return -EISDIR;
	return S_ISREG(mode) || S_ISBLK(mode) ? 0 : -ENODEV;
}

int fallocate_in_memory(struct file *f, unsigned mode, uint64_t off, uint64_t len,
			const struct space_ops *ops)
{
	struct inode *inode = f->inode;
	const bool punch = mode & FALLOC_FL_PUNCH_HOLE;
	int err;

	if (mode & ~(unsigned)(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE))
		return -EOPNOTSUPP;
	mutex_lock(&inode->lock);
	err = punch ? 0 : inode_newsize_ok(inode, off + len);
	if (!err && punch)
		err = ops->punch(&inode->mapping, off, off + len);
	else if (!err)
		err = ops->allocate(&inode->mapping, off, off + len, !(mode & FALLOC_FL_KEEP_SIZE));
	if (!err)
		inode_touch(inode, punch ? TOUCH_M | TOUCH_C : TOUCH_C);
	mutex_unlock(&inode->lock);
	return err;
}

int file_fallocate(struct file *f, unsigned mode, int64_t off, int64_t len)
{
	int err;

	if (f->flags & O_PATH)
		return -EBADF;
	if (off < 0 || len <= 0)
		return -EINVAL;
	err = fallocate_mode_ok(mode);
	if (!err)
		err = fallocate_file_ok(f);
	if (err)
		return err;
	if ((uint64_t)off + (uint64_t)len > FILE_SIZE_MAX)
		return -EFBIG;
	if (is_immutable(f->inode) ||
	    (is_append(f->inode) && (mode & ~(unsigned)FALLOC_FL_KEEP_SIZE)))
		return -EPERM;
	if (!f->ops->fallocate)
		return -EOPNOTSUPP;
	if (mapping_is_swap(f->mapping))
		return -ETXTBSY;
	err = f->ops->fallocate(f, mode, (uint64_t)off, (uint64_t)len);
	if (!err)
		notify_file(f, IN_MODIFY);
	return err;
}

/* ---- advice ---- */

/* Pages that bytes [off, off + len) lie in; @len 0: to the end. @inner: those that lie in them wholly. */
static void pages_of(uint64_t off, uint64_t len, bool inner, unsigned long *first,
		     unsigned long *last)
{
	uint64_t end = len && off + len > off ? off + len : UINT64_MAX;
	uint64_t from = (inner ? off + PAGE_SIZE - 1 : off) >> PAGE_SHIFT;
	uint64_t to = (inner ? end : end - 1) >> PAGE_SHIFT; /* inner: the first that is not */

	if (inner && end != UINT64_MAX)
		to--;
	*first = (unsigned long)min_of(uint64_t, from, ULONG_MAX);
	*last = (unsigned long)min_of(uint64_t, to, ULONG_MAX);
}

static void advise_store(struct file *f, uint64_t off, uint64_t len, int advice)
{
	struct address_space *m = f->mapping;
	struct writeback_ctl ctl = { .left = ULONG_MAX };
	unsigned long first, last;

	pages_of(off, len, advice == POSIX_FADV_DONTNEED, &first, &last);
	switch (advice) {
	case POSIX_FADV_NORMAL:
	case POSIX_FADV_RANDOM:
	case POSIX_FADV_SEQUENTIAL:
		f->ra.ra_pages = m->bdi->ra_pages * (advice == POSIX_FADV_SEQUENTIAL ? 2 : 1);
		f->ra.random = advice == POSIX_FADV_RANDOM;
		break;
	case POSIX_FADV_WILLNEED:
		ra_force(m, first, last - first + (last != ULONG_MAX));
		break;
	case POSIX_FADV_DONTNEED:
		if (last + 1 <= first)
			break;
		mapping_writeback(m, first, last, &ctl);
		mapping_invalidate(m, first, last);
		break;
	default:
		break;
	}
}

int file_advise(struct file *f, int64_t off, int64_t len, int advice)
{
	if (f->flags & O_PATH)
		return -EBADF;
	if (S_ISFIFO(f->inode->mode))
		return -ESPIPE;
	if (len < 0 || advice < POSIX_FADV_NORMAL || advice > POSIX_FADV_NOREUSE)
		return -EINVAL;
	if (f->mapping->bdi)
		advise_store(f, (uint64_t)off, (uint64_t)len, advice);
	return 0;
}

int file_readahead(struct file *f, int64_t off, int64_t count)
{
	if (!opened_for(f, O_RDONLY))
		return -EBADF;
	if ((!S_ISREG(f->inode->mode) && !S_ISBLK(f->inode->mode)) || !f->mapping->ops)
		return -EINVAL;
	return file_advise(f, off, count, POSIX_FADV_WILLNEED);
}

/* ---- synchronising ---- */

int noop_fsync(struct file *f, uint64_t start, uint64_t last, bool data_only)
{
	return 0;
}

void filedata_open(struct file *f)
{
	struct address_space *m = f->mapping;

	ra_init(&f->ra, m);
	f->wb_err = errseq_sample(&m->wb_err);
	f->sb_err = errseq_sample(&m->bdi->wb_err);
}

int generic_fsync(struct file *f, uint64_t start, uint64_t last, bool data_only)
{
	struct address_space *m = f->mapping;
	unsigned long end = (unsigned long)min_of(uint64_t, last >> PAGE_SHIFT, ULONG_MAX);

	mapping_sync(m, (unsigned long)(start >> PAGE_SHIFT), end);
	return errseq_check_and_advance(&m->wb_err, &f->wb_err);
}

int file_sync(struct file *f, bool data_only)
{
	if (f->flags & O_PATH)
		return -EBADF;
	return f->ops->fsync ? f->ops->fsync(f, 0, UINT64_MAX, data_only) : -EINVAL;
}

/* Only the file knows where the bytes of an append, or of a write at its own position, went: then it is the whole file. */
long file_write_through(struct file *f, long ret, const int64_t *pos, unsigned rwf)
{
	bool here = pos && !(f->flags & O_APPEND);
	uint64_t first = here ? (uint64_t)*pos : 0;
	int err = 0;

	if (ret > 0 && rwf & (RWF_DSYNC | RWF_SYNC) && f->ops->fsync)
		err = f->ops->fsync(f, first, here ? first + (uint64_t)ret - 1 : UINT64_MAX,
				    !(rwf & RWF_SYNC));
	return err ? err : ret;
}

static int sync_range(struct file *f, uint64_t off, uint64_t nbytes, unsigned flags)
{
	struct address_space *m = f->mapping;
	struct writeback_ctl ctl = { .left = ULONG_MAX };
	unsigned long first, last;

	pages_of(off, nbytes, false, &first, &last);
	if (flags & SYNC_FILE_RANGE_WAIT_BEFORE)
		mapping_wait_writeback(m, first, last);
	if (flags & SYNC_FILE_RANGE_WRITE)
		mapping_writeback(m, first, last, &ctl);
	if (flags & SYNC_FILE_RANGE_WAIT_AFTER)
		mapping_wait_writeback(m, first, last);
	if (flags & (SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WAIT_AFTER))
		return errseq_check_and_advance(&m->wb_err, &f->wb_err);
	return 0;
}

int file_sync_range(struct file *f, int64_t off, int64_t nbytes, unsigned flags)
{
	const unsigned known =
		SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
	int64_t end = (int64_t)((uint64_t)off + (uint64_t)nbytes);
	uint32_t mode = f->inode->mode;

	if (f->flags & O_PATH)
		return -EBADF;
	if ((flags & ~known) || off < 0 || end < 0 || end < off)
		return -EINVAL;
	if (!S_ISREG(mode) && !S_ISBLK(mode) && !S_ISDIR(mode) && !S_ISLNK(mode))
		return -ESPIPE;
	return f->mapping->bdi ? sync_range(f, (uint64_t)off, (uint64_t)nbytes, flags) : 0;
}

int file_sync_super(struct file *f)
{
	struct backing_dev_info *bdi = f->inode->sb->bdi;

	if (f->flags & O_PATH)
		return -EBADF;
	if (!bdi)
		return 0;
	if (f->inode->sb->ops->sync)
		(void)f->inode->sb->ops->sync(f->inode->sb);
	else
		bdi_sync(bdi);
	return errseq_check_and_advance(&bdi->wb_err, &f->sb_err);
}

void sync_all(void)
{
	supers_sync(); /* what files write to their devices is the devices' to write then */
	writeback_sync_all();
}

/* ---- what is in memory ---- */

int file_cachestat(struct file *f, uint64_t off, uint64_t len, struct mapping_counts *out)
{
	uint64_t end = len ? off + len - 1 : UINT64_MAX;
	struct inode *inode = f->inode;

	if (f->flags & O_PATH)
		return -EBADF;
	if (!opened_for(f, O_WRONLY) && !inode_owner_ok(inode) &&
	    inode_permission(inode, MAY_WRITE))
		return -EPERM;
	if (mapping_is_hugetlb(&inode->mapping))
		return -EOPNOTSUPP;
	*out = (struct mapping_counts){ 0 };
	if (inode->mapping.ops && S_ISREG(inode->mode))
		mapping_count(&inode->mapping, (unsigned long)(off >> PAGE_SHIFT),
			      (unsigned long)min_of(uint64_t, end >> PAGE_SHIFT, ULONG_MAX), out);
	return 0;
}

uint64_t inode_blocks(struct inode *inode)
{
	if (inode->sb->ops->sectors)
		return inode->sb->ops->sectors(inode);
	return S_ISREG(inode->mode) ? (uint64_t)(mapping_small_pages(&inode->mapping) +
						 shmem_nr_swapped(&inode->mapping)) *
					      (PAGE_SIZE / 512)
				    : 0;
}
