/*
 * Block special files: /dev/vda and the like, as bytes and by ioctl(2).
 *
 * OWNS     the calls of S_ISBLK files.
 * WHY      the bytes are those of the device's own cache (block/cache.c), not of the node's inode: all nodes of one number, and
 *          the file system on it, see the same pages.
 * I1       an open file counts as opener, one open for writing as writer: a device that a file system holds cannot be
 *          opened for writing (-EBUSY), nor one that is written be mounted.
 * LOCKS    the node's inode->lock among its writers.
 * CONTEXT  tasks; may sleep.
 * FAILS    -ENOSPC at the end, -EPERM on a read-only device, -ETXTBSY on a swap area, as block devices do on Linux.
 * SOURCES  the requests of linux/fs.h as blockdev(8), blkdiscard(8) and mke2fs(8) use them.   TESTED BY  tests/guest/disk_block.c, disk_swap.c
 */
#include "arch/abi.h"
#include "base/errno.h"
#include "block/gendisk.h"
#include "block/swap.h"
#include "fs/file.h"
#include "kernel/task.h"
#include "mm/mm.h"
#include "vfs_impl.h"

/* Requests with a size in their number differ between the ABIs. */
#define IOR(type, nr, t) (2U << 30 | (unsigned)sizeof(t) << 16 | (type) << 8 | (nr))
enum {
	BLKROSET = 0x125d,
	BLKROGET = 0x125e,
	BLKRRPART = 0x125f,
	BLKGETSIZE = 0x1260,
	BLKFLSBUF = 0x1261,
	BLKRAGET = 0x1263,
	BLKRASET = 0x1262,
	BLKSSZGET = 0x1268,
	BLKDISCARD = 0x1277,
	BLKIOMIN = 0x1278,
	BLKIOOPT = 0x1279,
	BLKALIGNOFF = 0x127a,
	BLKPBSZGET = 0x127b,
	BLKDISCARDZEROES = 0x127c,
	BLKZEROOUT = 0x127f,
	BLKROTATIONAL = 0x127e
};
#define BLKGETSIZE64 IOR(0x12, 114, size_t)
#define BLKBSZGET    IOR(0x12, 112, size_t)

static struct block_device *bdev_of(const struct file *f)
{
	return f->private;
}

static bool writable(const struct file *f)
{
	return (f->flags & O_ACCMODE) != O_RDONLY;
}

static int blk_open(struct inode *inode, struct file *f)
{
	struct block_device *bdev;
	int err = block_get(inode->rdev, writable(f), NULL, &bdev);

	if (err)
		return err;
	f->private = bdev;
	f->mapping = &bdev->mapping;
	filedata_open(f);
	return 0;
}

static void blk_release(struct file *f)
{
	block_put(bdev_of(f), writable(f), NULL);
}

/* ---- bytes ---- */

/* How much of a write at @pos there is room for; -EPERM, -ENOSPC, -ETXTBSY. */
static long write_room(struct file *f, uint64_t pos, size_t len)
{
	uint64_t size = mapping_size(f->mapping);

	if (block_is_readonly(bdev_of(f)))
		return -EPERM;
	if (mapping_is_swap(f->mapping))
		return -ETXTBSY;
	if (pos >= size)
		return len ? -ENOSPC : 0;
	return (long)min_of(uint64_t, size - pos, len);
}

static long blk_write(struct file *f, uaddr_t buf, size_t len, uint64_t *pos)
{
	long ret;

	mutex_lock(&f->inode->lock);
	if (f->flags & O_APPEND)
		*pos = mapping_size(f->mapping);
	ret = write_room(f, *pos, len);
	if (ret > 0)
		ret = mapping_write(f->mapping, buf, (size_t)ret, pos);
	mutex_unlock(&f->inode->lock);
	return write_synced(f, ret, *pos);
}

static long blk_write_kernel(struct file *f, const void *buf, size_t len, uint64_t *pos)
{
	long ret;

	mutex_lock(&f->inode->lock);
	ret = write_room(f, *pos, len);
	if (ret > 0)
		ret = mapping_write_kernel(f->mapping, buf, (size_t)ret, *pos);
	mutex_unlock(&f->inode->lock);
	*pos += ret > 0 ? (uint64_t)ret : 0;
	return ret;
}

static int blk_fsync(struct file *f, uint64_t start, uint64_t last, bool data_only)
{
	int err = generic_fsync(f, start, last, data_only);
	int flush = block_flush(bdev_of(f));

	return err ? err : flush;
}

/* ---- ioctl(2) ---- */

static long put_int(unsigned long arg, int v)
{
	return put_user(arg, &v) ? -EFAULT : 0;
}

static long put_long(unsigned long arg, unsigned long v)
{
	return put_abi(arg, &v, "p");
}

static long put_u64(unsigned long arg, uint64_t v)
{
	return put_user(arg, &v) ? -EFAULT : 0;
}

static long flush_buffers(struct block_device *bdev)
{
	if (!capable(CAP_SYS_ADMIN))
		return -EACCES;
	mapping_sync(&bdev->mapping, 0, ULONG_MAX);
	(void)mapping_invalidate(&bdev->mapping, 0, ULONG_MAX);
	return mapping_take_error(&bdev->mapping);
}

/* BLKDISCARD, BLKZEROOUT: nobody wants what a range has. */
static long wipe(struct file *f, unsigned cmd, unsigned long arg)
{
	struct block_device *bdev = bdev_of(f);
	struct {
		uint64_t start, len;
	} r;
	int err;

	if (!writable(f))
		return -EBADF;
	if (get_user(&r, arg))
		return -EFAULT;
	if (cmd == BLKDISCARD && !block_can_discard(bdev))
		return -EOPNOTSUPP;
	if ((r.start | r.len) & (SECTOR_SIZE - 1) || r.start + r.len < r.start ||
	    r.start + r.len > mapping_size(f->mapping))
		return -EINVAL;
	if (mapping_is_swap(f->mapping))
		return -EBUSY;
	mutex_lock(&f->inode->lock);
	err = mapping_punch(f->mapping, r.start, r.start + r.len); /* what is cached is old now */
	r.start >>= SECTOR_SHIFT;
	r.len >>= SECTOR_SHIFT;
	if (!err)
		err = cmd == BLKDISCARD ? block_discard(bdev, r.start, r.len)
					: block_zeroout(bdev, r.start, r.len);
	mutex_unlock(&f->inode->lock);
	return err;
}

static long set_readahead(struct block_device *bdev, unsigned long sectors)
{
	if (!capable(CAP_SYS_ADMIN))
		return -EACCES;
	WRITE_ONCE(bdev->bdi.ra_pages, (unsigned)(sectors / PAGE_SECTORS));
	return 0;
}

static long set_readonly(struct block_device *bdev, uaddr_t arg)
{
	int on;

	if (!capable(CAP_SYS_ADMIN))
		return -EACCES;
	if (get_user(&on, arg))
		return -EFAULT;
	block_set_readonly(bdev, on);
	return 0;
}

/* Requests that only tell something. */
static long blk_tell(struct block_device *bdev, unsigned cmd, unsigned long arg)
{
	uint64_t size = mapping_size(&bdev->mapping);
	unsigned short rotational = !bdev->disk->memory;

	switch (cmd) {
	case BLKGETSIZE:
		if (size >> SECTOR_SHIFT > ULONG_MAX)
			return -EFBIG;
		return put_long(arg, (unsigned long)(size >> SECTOR_SHIFT));
	case BLKGETSIZE64:
		return put_u64(arg, size);
	case BLKSSZGET:
	case BLKPBSZGET:
	case BLKIOMIN:
		return put_int(arg, (int)block_size(bdev));
	case BLKBSZGET:
		return put_int(arg, PAGE_SIZE);
	case BLKIOOPT:
	case BLKALIGNOFF:
	case BLKDISCARDZEROES:
		return put_int(arg, 0);
	case BLKROGET:
		return put_int(arg, block_is_readonly(bdev));
	case BLKRAGET:
		return put_long(arg, (unsigned long)bdev->bdi.ra_pages * PAGE_SECTORS);
	case BLKROTATIONAL:
		return put_user(arg, &rotational) ? -EFAULT : 0;
	default:
		return -ENOTTY;
	}
}

static long blk_ioctl(struct file *f, unsigned cmd, unsigned long arg)
{
	struct block_device *bdev = bdev_of(f);

	switch (cmd) {
	case BLKFLSBUF:
		return flush_buffers(bdev);
	case BLKRRPART:
		return capable(CAP_SYS_ADMIN) ? block_rescan(bdev) : -EACCES;
	case BLKDISCARD:
	case BLKZEROOUT:
		return wipe(f, cmd, arg);
	case BLKROSET:
		return set_readonly(bdev, arg);
	case BLKRASET:
		return set_readahead(bdev, arg);
	default:
		return blk_tell(bdev, cmd, arg);
	}
}

/* ---- swapon(2) ---- */

static int blk_swap_on(struct file *f, struct swapdev **out)
{
	struct block_device *bdev = bdev_of(f);
	unsigned long pages =
		(unsigned long)min_of(uint64_t, bdev->nr_sectors / PAGE_SECTORS, ULONG_MAX >> 1);
	struct block_swap *s;
	int err = block_swap_claim(bdev, f);

	if (err)
		return err;
	err = block_swap_new(bdev, false, &s);
	if (!err && pages) {
		err = block_swap_add(s, 0, pages);
		if (err)
			block_swap_free(s);
	}
	if (err)
		block_swap_unclaim(bdev, f);
	else
		*out = &s->dev;
	return err;
}

static void blk_swap_off(struct file *f, struct swapdev *dev)
{
	block_swap_free(block_swap_of(dev));
	block_swap_unclaim(bdev_of(f), f);
}

const struct file_ops blkdev_fops = {
	.open = blk_open,
	.release = blk_release,
	.read = generic_read,
	.write = blk_write,
	.ioctl = blk_ioctl,
	.mmap = generic_mmap,
	.read_kernel = generic_read_kernel,
	.write_kernel = blk_write_kernel,
	.fsync = blk_fsync,
	.swap_on = blk_swap_on,
	.swap_off = blk_swap_off,
};
