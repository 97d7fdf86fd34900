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
#include "kernel/task.h"
#include "mm/mm.h"
#include "vfs_impl.h"

static bool opened_for(const struct file *f, unsigned mode)
{
	unsigned acc = f->flags & O_ACCMODE;

	return !(f->flags & O_PATH) && (acc == mode || acc == O_RDWR);
}

/* ---- the end ---- */

int inode_newsize_ok(struct inode *inode, uint64_t size)
{
	if (size <= mapping_size(&inode->mapping))
		return 0;
	if (size > rlimit_cur(RLIMIT_FSIZE)) {
		signal_send_thread(current_task(), SIGXFSZ, NULL);
		return -EFBIG;
	}
	return size > FILE_SIZE_MAX ? -EFBIG : 0;
}

int inode_truncate(struct inode *inode, uint64_t size)
{
	int err = -EINVAL;

	mutex_lock(&inode->lock);
	if (inode->ops->truncate)
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

int file_truncate(struct file *f, int64_t size)
{
	if (f->flags & O_PATH)
		return -EBADF;
	if (!S_ISREG(f->inode->mode) || !opened_for(f, O_WRONLY))
		return -EINVAL;
	return inode_truncate(f->inode, (uint64_t)size);
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
	if (!err)
		err = inode_get_write(inode);
	if (err)
		return err;
	err = inode_truncate(inode, (uint64_t)size);
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
		return mode & FALLOC_FL_KEEP_SIZE ? -EOPNOTSUPP : 0;
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
	if (!f->ops->fallocate)
		return -EOPNOTSUPP;
	return f->ops->fallocate(f, mode, (uint64_t)off, (uint64_t)len);
}

/* ---- advice ---- */

int file_advise(struct file *f, int64_t off, int64_t len, int advice)
{
	if (f->flags & O_PATH)
		return -EBADF;
	if (S_ISFIFO(f->inode->mode))
		return -ESPIPE;
	if (len < 0)
		return -EINVAL;
	return advice < POSIX_FADV_NORMAL || advice > POSIX_FADV_NOREUSE ? -EINVAL : 0;
}

int file_readahead(struct file *f, int64_t off, int64_t count)
{
	if (!opened_for(f, O_RDONLY))
		return -EBADF;
	if (!S_ISREG(f->inode->mode) || !f->inode->mapping.ops)
		return -EINVAL;
	return file_advise(f, off, count, POSIX_FADV_WILLNEED);
}

/* ---- synchronising ---- */

int noop_fsync(struct file *f, uint64_t start, uint64_t last, bool data_only)
{
	return 0;
}

int file_sync(struct file *f, bool data_only)
{
	if (f->flags & O_PATH)
		return -EBADF;
	return f->ops->fsync ? f->ops->fsync(f, 0, UINT64_MAX, data_only) : -EINVAL;
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
	return S_ISREG(mode) || S_ISBLK(mode) || S_ISDIR(mode) || S_ISLNK(mode) ? 0 : -ESPIPE;
}

int file_sync_super(struct file *f)
{
	return f->flags & O_PATH ? -EBADF : 0;
}

void sync_all(void)
{
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
	*out = (struct mapping_counts){ 0 };
	if (inode->mapping.ops && S_ISREG(inode->mode))
		mapping_count(&inode->mapping, (unsigned long)(off >> PAGE_SHIFT),
			      (unsigned long)min_of(uint64_t, end >> PAGE_SHIFT, ULONG_MAX), out);
	return 0;
}
