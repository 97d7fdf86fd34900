/*
 * ioctl(2) of every file: what is asked of the file as such, before its own operation.
 *
 *   FIONBIO, FIONREAD       a descriptor's O_NONBLOCK; how much there is to read
 *   FICLONE, FICLONERANGE   refused, with Linux's reasons
 *   FIGETBSZ, FIBMAP        the size of its file system's blocks; where one of them is on the device
 *   FS_IOC_GETFLAGS, SETFLAGS   file_flags.c
 *   FS_IOC_FIEMAP           the same for all: runs of blocks that follow one another
 *
 * WHY      one question to the file system, inode_ops.bmap, answers both of the last: a run is what has followers.
 * LOCKS    inode->lock while blocks are asked for: the file has one size as long.
 * CONTEXT  tasks; may sleep. Dirty pages are written first: a block has its place then.
 * FAILS    ENOTTY, EBADF, EFAULT, EPERM, EINVAL, EOPNOTSUPP, EFBIG, EBADR, as ioctl(2) and Documentation/filesystems/fiemap.
 * SOURCES  ioctl_ficlonerange(2), Linux: Documentation/filesystems/fiemap.rst.   TESTED BY  file_splice.c, disk_ext2.c
 */
#include "fs/file.h"

#include "arch/uaccess.h"
#include "base/errno.h"
#include "fs/inode.h"
#include "fs/splice.h"
#include "fs/super.h"
#include "kernel/task.h"
#include "mm/writeback.h"
#include "vfs_impl.h"

enum {
	FIBMAP = 1,
	FIGETBSZ = 2,
	FIONREAD = 0x541b,
	FIONBIO = 0x5421,
	FICLONE = 0x40049409,
	FICLONERANGE = 0x4020940d
};
#define FS_IOC_FIEMAP 0xc020660bU
/* Their numbers say how long a long is, of either ABI; what they read and write is an int. */
#define FS_IOC_GETFLAGS(bytes) (0x80006601U | (bytes) << 16)
#define FS_IOC_SETFLAGS(bytes) (0x40006602U | (bytes) << 16)

static long ioctl_clone(struct file *out, int fd)
{
	struct file *in = fd_file(fd);
	long ret;

	if (!in)
		return -EBADF;
	ret = in->flags & O_PATH ? -EBADF : file_clone(in, out);
	fput(in);
	return ret;
}

static long ioctl_clone_range(struct file *out, uaddr_t arg)
{
	struct {
		int64_t fd;
		uint64_t from, len, to;
	} range;

	return get_user(&range, arg) ? -EFAULT : ioctl_clone(out, (int)range.fd);
}

static long set_nonblock(struct file *f, uaddr_t arg)
{
	int on;

	if (get_user(&on, arg))
		return -EFAULT;
	f->flags = on ? f->flags | O_NONBLOCK : f->flags & ~(unsigned)O_NONBLOCK;
	return 0;
}

/* ---- blocks ---- */

static unsigned block_size(const struct file *f)
{
	struct super_block *sb = f->inode->sb;
	struct statfs_k s = { .bsize = PAGE_SIZE };

	return !sb->ops->statfs || sb->ops->statfs(sb, &s) ? PAGE_SIZE : (unsigned)s.bsize;
}

static long ioctl_bmap(struct file *f, uaddr_t arg)
{
	struct inode *inode = f->inode;
	uint64_t at = 0;
	int n, err;

	if (!capable(CAP_SYS_RAWIO))
		return -EPERM;
	if (get_user(&n, arg))
		return -EFAULT;
	if (n < 0 || !inode->ops->bmap)
		return -EINVAL;
	mapping_sync(&inode->mapping, 0, ULONG_MAX);
	mutex_lock(&inode->lock);
	err = inode->ops->bmap(inode, (unsigned)n, &at);
	mutex_unlock(&inode->lock);
	if (!err && at > INT_MAX)
		err = -ERANGE;
	n = err ? 0 : (int)at;
	return put_user(arg, &n) ? -EFAULT : err;
}

struct fiemap_head {
	uint64_t start, length;
	uint32_t flags, nr, room, reserved;
};
struct fiemap_extent {
	uint64_t logical, physical, length, reserved[2];
	uint32_t flags, reserved32[3];
};
enum { FIEMAP_SYNC = 1, EXTENT_LAST = 1, EXTENT_MERGED = 0x1000 };
#define FIEMAP_MAX_EXTENTS (UINT32_MAX / sizeof(struct fiemap_extent))

struct fiemap_walk {
	struct fiemap_head head;
	uaddr_t array;		  /* what the caller has room for */
	struct fiemap_extent run; /* length 0: none yet */
};

/* The run is complete: to the array, or only counted. 0, -EFAULT, -ENOSPC: the array is full. */
static int put_run(struct fiemap_walk *w, bool last)
{
	struct fiemap_extent *e = &w->run;

	if (!e->length)
		return 0;
	e->flags = EXTENT_MERGED | (last ? EXTENT_LAST : 0);
	if (w->head.room && w->head.nr == w->head.room)
		return -ENOSPC;
	if (w->head.room && put_user(w->array + w->head.nr * sizeof(*e), e))
		return -EFAULT;
	w->head.nr++;
	e->length = 0;
	return 0;
}

/* Blocks [first, last] of @inode, of @size bytes each. inode->lock held: the caller's memory is written to in between. */
static int walk_blocks(struct inode *inode, struct fiemap_walk *w, uint64_t first, uint64_t last,
		       unsigned size)
{
	struct fiemap_extent *e = &w->run;
	uint64_t n, at;
	int err = 0;

	for (n = first; !err && n <= last; n++) {
		err = inode->ops->bmap(inode, n, &at);
		if (err || !at)
			continue;
		if (e->length && e->logical + e->length == n * size &&
		    e->physical + e->length == at * size) {
			e->length += size;
			continue;
		}
		err = put_run(w, false);
		*e = (struct fiemap_extent){ .logical = n * size,
					     .physical = at * size,
					     .length = size };
		if (fatal_signal_pending())
			err = -EINTR;
		cond_resched();
	}
	if (!err)
		err = put_run(w, true);
	return err == -ENOSPC ? 0 : err;
}

static int fiemap_runs(struct file *f, struct fiemap_walk *w)
{
	struct inode *inode = f->inode;
	uint64_t start = w->head.start, len = w->head.length, size;
	unsigned bytes = block_size(f);
	int err = 0;

	if (!len)
		return -EINVAL;
	if (start >= FILE_SIZE_MAX)
		return -EFBIG;
	if (w->head.flags & ~(uint32_t)FIEMAP_SYNC) {
		w->head.flags &= ~(uint32_t)FIEMAP_SYNC;
		return -EBADR;
	}
	mapping_sync(&inode->mapping, 0, ULONG_MAX);
	mutex_lock(&inode->lock);
	size = mapping_size(&inode->mapping);
	if (start < size) {
		len = min_of(uint64_t, len, size - start);
		err = walk_blocks(inode, w, start / bytes, (start + len - 1) / bytes, bytes);
	}
	mutex_unlock(&inode->lock);
	return err;
}

static long ioctl_fiemap(struct file *f, uaddr_t arg)
{
	struct fiemap_walk w = { .array = arg + sizeof(w.head) };
	long err;

	if (!f->inode->ops->bmap)
		return -EOPNOTSUPP;
	if (get_user(&w.head, arg))
		return -EFAULT;
	if (w.head.room > FIEMAP_MAX_EXTENTS)
		return -EINVAL;
	w.head.nr = 0;
	err = fiemap_runs(f, &w);
	return put_user(arg, &w.head) ? -EFAULT : err;
}

static long ioctl_of_regular(struct file *f, unsigned cmd, uaddr_t arg)
{
	int n;

	if (cmd == FIBMAP)
		return ioctl_bmap(f, arg);
	n = (int)((int64_t)mapping_size(&f->inode->mapping) - (int64_t)f->pos);
	return put_user(arg, &n);
}

long file_ioctl(struct file *f, unsigned cmd, unsigned long arg)
{
	unsigned size;

	if (f->flags & O_PATH)
		return -EBADF;
	switch (cmd) {
	case FIONBIO:
		return set_nonblock(f, arg);
	case FICLONE:
		return ioctl_clone(f, (int)arg);
	case FICLONERANGE:
		return ioctl_clone_range(f, arg);
	case FS_IOC_FIEMAP:
		return ioctl_fiemap(f, arg);
	case FS_IOC_GETFLAGS(4U):
	case FS_IOC_GETFLAGS(8U):
		return ioctl_get_flags(f, arg);
	case FS_IOC_SETFLAGS(4U):
	case FS_IOC_SETFLAGS(8U):
		return ioctl_set_flags(f, arg);
	case FIGETBSZ:
		size = block_size(f);
		return put_user(arg, &size);
	case FIBMAP:
	case FIONREAD:
		if (S_ISREG(f->inode->mode) && f->inode->mapping.ops)
			return ioctl_of_regular(f, cmd, arg);
	}
	return f->ops->ioctl ? f->ops->ioctl(f, cmd, arg) : -ENOTTY;
}
