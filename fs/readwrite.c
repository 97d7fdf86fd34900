/*
 * read, write and seek on open files; the generic calls of files whose data is in the page cache.
 *
 * LOCKS    file->pos_lock (rank FILE_POS) around calls that use the position, unless the file is a stream; generic_write
 *          takes the inode's lock (rank FS), generic_read none.
 * CONTEXT  tasks; may sleep.
 * SOURCES  read(2), write(2), pread(2), lseek(2), getrlimit(2) RLIMIT_FSIZE, inode(7) (set-id bits).
 */
#include "fs/file.h"

#include "arch/uaccess.h"
#include "base/errno.h"
#include "fs/fd_lend.h"
#include "fs/notify.h"
#include "kernel/task.h"
#include "mm/mm.h"
#include "uapi/mman.h"
#include "vfs_impl.h"

enum { O_SYNC_BIT = 04000000 }; /* O_SYNC is this and O_DSYNC */
#define MAX_RW ((size_t)(INT_MAX & PAGE_MASK))

/* Why a file cannot be read: as it is open, or what it is. */
static noinline_ int read_refused(const struct file *f)
{
	if (f->flags & (O_PATH | O_WRONLY))
		return -EBADF;
	return S_ISDIR(f->inode->mode) ? -EISDIR : -EINVAL;
}

/* 0, -EFAULT. *@len becomes what one call moves at the most. */
static inline int range_ok(uaddr_t buf, size_t *len)
{
	if (likely(*len <= MAX_RW))
		return likely(buf <= USER_TOP - *len) ? 0 : -EFAULT;
	if (!access_ok(buf, *len))
		return -EFAULT;
	*len = MAX_RW;
	return 0;
}

/* Open for reading: of the access modes 0 to 3 these are 0 and 2. */
static inline int may_read(const struct file *f, uaddr_t buf, size_t *len)
{
	if (unlikely(f->flags & (O_PATH | O_WRONLY) || !f->ops->read))
		return read_refused(f);
	return range_ok(buf, len);
}

/* For writing: 1 and 2. */
static inline int may_write(const struct file *f, uaddr_t buf, size_t *len)
{
	if (unlikely((f->flags & (O_PATH | O_ACCMODE)) - 1 > 1)) /* 0, 3, or with O_PATH */
		return -EBADF;
	if (unlikely(!f->ops->write))
		return -EINVAL;
	return range_ok(buf, len);
}

static noinline_ void tell_watchers(struct file *f, long ret, unsigned mask)
{
	if (ret > 0)
		notify_file(f, mask);
}

static inline void was_read(struct file *f, long ret)
{
	task_io_read(ret);
	if (notify_wanted())
		tell_watchers(f, ret, IN_ACCESS);
}

static inline void was_written(struct file *f, long ret)
{
	task_io_write(ret);
	if (notify_wanted())
		tell_watchers(f, ret, IN_MODIFY);
}

static noinline_ long read_seekable(struct file *f, uaddr_t buf, size_t len)
{
	long ret;

	mutex_lock(&f->pos_lock);
	ret = f->ops->read(f, buf, len, &f->pos);
	mutex_unlock(&f->pos_lock);
	was_read(f, ret);
	return ret;
}

static always_inline_ long do_read(struct file *f, uaddr_t buf, size_t len)
{
	long ret = may_read(f, buf, &len);

	if (unlikely(ret))
		return ret;
	if (!f->ops->is_stream)
		return read_seekable(f, buf, len);
	ret = f->ops->read(f, buf, len, &f->pos);
	was_read(f, ret);
	return ret;
}

static noinline_ long write_seekable(struct file *f, uaddr_t buf, size_t len)
{
	long ret;

	mutex_lock(&f->pos_lock);
	ret = f->ops->write(f, buf, len, &f->pos);
	mutex_unlock(&f->pos_lock);
	was_written(f, ret);
	return ret;
}

static always_inline_ long do_write(struct file *f, uaddr_t buf, size_t len)
{
	long ret = may_write(f, buf, &len);

	if (unlikely(ret))
		return ret;
	if (!f->ops->is_stream)
		return write_seekable(f, buf, len);
	ret = f->ops->write(f, buf, len, &f->pos);
	was_written(f, ret);
	return ret;
}

long file_vector(struct file *f, const struct iovec_k *v, size_t len, bool is_write)
{
	long ret;

	if (!f->ops->vector)
		return -EOPNOTSUPP;
	ret = f->ops->vector(f, v, min_of(size_t, len, MAX_RW), is_write);
	if (is_write)
		was_written(f, ret);
	else
		was_read(f, ret);
	return ret;
}

static always_inline_ long do_pread(struct file *f, uaddr_t buf, size_t len, uint64_t *pos)
{
	long ret = may_read(f, buf, &len);

	if ((int64_t)*pos < 0)
		return -EINVAL;
	if (ret)
		return ret;
	if (f->ops->is_stream)
		return -ESPIPE;
	ret = f->ops->read(f, buf, len, pos);
	was_read(f, ret);
	return ret;
}

static always_inline_ long do_pwrite(struct file *f, uaddr_t buf, size_t len, uint64_t *pos)
{
	long ret = may_write(f, buf, &len);

	if ((int64_t)*pos < 0)
		return -EINVAL;
	if (ret)
		return ret;
	if (f->ops->is_stream)
		return -ESPIPE;
	ret = f->ops->write(f, buf, len, pos);
	was_written(f, ret);
	return ret;
}

long file_read(struct file *f, uaddr_t buf, size_t len)
{
	return do_read(f, buf, len);
}

long file_write(struct file *f, uaddr_t buf, size_t len)
{
	return do_write(f, buf, len);
}

long file_pread(struct file *f, uaddr_t buf, size_t len, uint64_t pos)
{
	return do_pread(f, buf, len, &pos);
}

long file_pwrite(struct file *f, uaddr_t buf, size_t len, uint64_t pos)
{
	return do_pwrite(f, buf, len, &pos);
}

/* ---- by number: mostly the table is the thread's alone, and no reference is counted ---- */

/* Others may close the number meanwhile; or it is not open. @pos: NULL: the file's own position. */
static noinline_ long transfer_counted(int fd, uaddr_t buf, size_t len, uint64_t *pos,
				       bool is_write)
{
	struct file *f;
	long ret;

	if (pos && (int64_t)*pos < 0)
		return -EINVAL;
	f = fd_file(fd);
	if (!f)
		return -EBADF;
	if (pos)
		ret = is_write ? do_pwrite(f, buf, len, pos) : do_pread(f, buf, len, pos);
	else
		ret = is_write ? file_write(f, buf, len) : file_read(f, buf, len);
	fput(f);
	return ret;
}

long fd_read(int fd, uaddr_t buf, size_t len)
{
	struct file *f = fd_lend(fd);

	return likely(f) ? do_read(f, buf, len) : transfer_counted(fd, buf, len, NULL, false);
}

long fd_write(int fd, uaddr_t buf, size_t len)
{
	struct file *f = fd_lend(fd);

	return likely(f) ? do_write(f, buf, len) : transfer_counted(fd, buf, len, NULL, true);
}

long fd_pread(int fd, uaddr_t buf, size_t len, uint64_t pos)
{
	struct file *f = fd_lend(fd);

	return likely(f) ? do_pread(f, buf, len, &pos)
			 : transfer_counted(fd, buf, len, &pos, false);
}

long fd_pwrite(int fd, uaddr_t buf, size_t len, uint64_t pos)
{
	struct file *f = fd_lend(fd);

	return likely(f) ? do_pwrite(f, buf, len, &pos)
			 : transfer_counted(fd, buf, len, &pos, true);
}

/* ---- position ---- */

/* Every byte below the size counts as data. */
static int64_t seek_data_hole(int64_t off, int64_t size, int whence)
{
	if (off < 0 || off >= size)
		return -ENXIO;
	return whence == SEEK_DATA ? off : size;
}

int64_t seek_generic(struct file *f, int64_t off, int whence)
{
	int64_t size = (int64_t)mapping_size(f->mapping), base = 0;

	if (whence == SEEK_CUR)
		base = (int64_t)f->pos;
	else if (whence == SEEK_END)
		base = size;
	else if (whence == SEEK_DATA || whence == SEEK_HOLE)
		off = seek_data_hole(off, size, whence);
	else if (whence != SEEK_SET)
		return -EINVAL;
	if ((whence == SEEK_DATA || whence == SEEK_HOLE) && off < 0)
		return off;
	if (__builtin_add_overflow(base, off, &off) || off < 0 || (uint64_t)off > FILE_SIZE_MAX)
		return -EINVAL;
	f->pos = (uint64_t)off;
	return off;
}

int64_t file_seek(struct file *f, int64_t off, int whence)
{
	int64_t ret;

	if (f->flags & O_PATH)
		return -EBADF;
	if (f->ops->is_stream && !f->ops->seek)
		return -ESPIPE;
	mutex_lock(&f->pos_lock);
	ret = f->ops->seek ? f->ops->seek(f, off, whence) : seek_generic(f, off, whence);
	mutex_unlock(&f->pos_lock);
	return ret;
}

/* ---- files in the page cache ---- */

/* As Linux has it: no place behind the last one that an offset can say. */
static inline bool wraps(uint64_t pos, size_t len)
{
	return unlikely((int64_t)(pos + len) < 0);
}

long generic_read(struct file *f, uaddr_t buf, size_t len, uint64_t *pos)
{
	struct address_space *m = f->mapping;
	long ret = unlikely(m->bdi != NULL) ? mapping_read_ra(m, &f->ra, buf, len, pos)
					    : mapping_read(m, buf, len, pos);

	if (!(f->flags & O_NOATIME))
		inode_was_read(f->inode, pos, ret);
	return ret;
}

/* How much of a write at @pos the limits allow. Return: bytes, or -EFBIG with SIGXFSZ sent. */
static long write_limit(const struct inode *inode, uint64_t pos, size_t len)
{
	uint64_t limit = rlimit_cur(RLIMIT_FSIZE), max = FILE_SIZE_MAX;

	if (inode->sb->max_bytes)
		max = min_of(uint64_t, max, inode->sb->max_bytes);

	if (unlikely(pos >= limit) && len) {
		signal_send_thread(current_task(), SIGXFSZ, NULL);
		return -EFBIG;
	}
	if (pos >= max)
		return len ? -EFBIG : 0;
	limit = min_of(uint64_t, limit, max) - pos;
	return (long)min_of(uint64_t, limit, len);
}

void inode_drop_set_id(struct inode *inode)
{
	uint32_t bits = inode->mode & S_ISUID;

	if ((inode->mode & (S_ISGID | 0010)) == (S_ISGID | 0010))
		bits |= S_ISGID;
	if (unlikely(bits) && !capable(CAP_FSETID))
		inode->mode &= ~bits;
}

/* @user: from user memory at @src, else from kernel memory. */
static long write_file(struct file *f, bool user, unsigned long src, size_t len, uint64_t *pos)
{
	struct inode *inode = f->inode;
	long ret;

	mutex_lock(&inode->lock);
	if (f->flags & O_APPEND)
		*pos = mapping_size(&inode->mapping);
	ret = unlikely(mapping_is_swap(&inode->mapping)) ? -ETXTBSY : write_limit(inode, *pos, len);
	if (ret > 0) {
		inode_drop_set_id(inode);
		if (likely(user)) {
			ret = mapping_write(&inode->mapping, src, (size_t)ret, pos);
		} else {
			ret = mapping_write_kernel(&inode->mapping, (const void *)src, (size_t)ret,
						   *pos);
			*pos += ret > 0 ? (uint64_t)ret : 0;
		}
	}
	if (ret > 0)
		inode_touch(inode, TOUCH_M | TOUCH_C);
	mutex_unlock(&inode->lock);
	return ret;
}

/* O_DSYNC, O_SYNC: what was written, @ret bytes before @end, is in the store when write(2) returns. */
long write_synced(struct file *f, long ret, uint64_t end)
{
	int err = 0;

	if (ret > 0 && unlikely(f->flags & O_DSYNC) && f->mapping->bdi && f->ops->fsync)
		err = f->ops->fsync(f, end - (uint64_t)ret, end - 1, !(f->flags & O_SYNC_BIT));
	return err ? err : ret;
}

long generic_write(struct file *f, uaddr_t buf, size_t len, uint64_t *pos)
{
	long ret = wraps(*pos, len) ? -EINVAL : write_file(f, true, buf, len, pos);

	return likely(!f->mapping->bdi) ? ret : write_synced(f, ret, *pos);
}

long generic_write_kernel(struct file *f, const void *buf, size_t len, uint64_t *pos)
{
	return write_file(f, false, (unsigned long)buf, len, pos);
}

long generic_read_kernel(struct file *f, void *buf, size_t len, uint64_t *pos)
{
	long ret = mapping_read_kernel(f->mapping, buf, len, *pos);

	if (!(f->flags & O_NOATIME))
		inode_accessed(f->inode, *pos == 0);
	*pos += ret > 0 ? (uint64_t)ret : 0;
	return ret;
}

int generic_mmap(struct file *f, struct vm_map_args *args)
{
	args->mapping = f->mapping;
	/* A name, never followed: what two opens of a file map stays two mappings, as on Linux. Huge pages have more to keep there. */
	if (!(f->mapping->flags & MAPPING_HUGETLB))
		args->vm_private_data = f;
	if (mapping_is_swap(f->mapping) && (args->prot & PROT_WRITE) &&
	    (args->flags & MAP_TYPE) != MAP_PRIVATE)
		args->refuse = -ETXTBSY;
	inode_accessed(f->inode, true);
	return 0;
}

long kernel_read(struct file *f, void *buf, size_t len, uint64_t pos)
{
	long ret;

	if (!f->inode->mapping.ops || !S_ISREG(f->inode->mode))
		return -EINVAL;
	ret = mapping_read_kernel(&f->inode->mapping, buf, len, pos);
	was_read(f, ret);
	return ret;
}
