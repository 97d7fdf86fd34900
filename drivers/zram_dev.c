/*
 * /dev/zramN: its bytes, its size, and swapping on it.
 *
 * WHY      mkswap writes a header and reads sizes; nobody reads such a disk often, so nothing of it is cached: a read or write
 *          of a part of a page expands the page.
 * LOCKS    state_lock to count openers; else as zram.c.   CONTEXT  a task; sleeps.
 * FAILS    -ENOSPC behind the end, -EFAULT, -ENOMEM, -EINTR; -EBUSY: it is a swap area already.
 * SOURCES  sd(4), the BLK* ioctls of linux/fs.h.   TESTED BY tests/guest/mem_swap.c
 */
#include "zram_impl.h"

#include "arch/abi.h"
#include "base/errno.h"
#include "fs/fs.h"
#include "kernel/task.h"
#include "lib/fmt.h"
#include "mm/alloc.h"
#include "mm/vmalloc.h"

enum {
	BLKROGET = 0x125e,
	BLKGETSIZE = 0x1260,
	BLKFLSBUF = 0x1261,
	BLKSSZGET = 0x1268,
	BLKPBSZGET = 0x127b,
	SECTOR = 512
};
#define BLKGETSIZE64 (0x80001272u | (unsigned)sizeof(size_t) << 16)
#define BLKBSZGET    (0x80001270u | (unsigned)sizeof(size_t) << 16)

static struct zram *zram_of(const struct file *f)
{
	return &zrams[MINOR(f->inode->rdev)];
}

static uint64_t size_of(const struct zram *z)
{
	return (uint64_t)z->nr_pages << PAGE_SHIFT;
}

static int zram_open(struct inode *inode, struct file *f)
{
	struct zram *z = &zrams[MINOR(inode->rdev)];

	(void)f;
	mutex_lock(&z->state_lock);
	z->openers++;
	mutex_unlock(&z->state_lock);
	return 0;
}

static void zram_release(struct file *f)
{
	struct zram *z = zram_of(f);

	mutex_lock(&z->state_lock);
	z->openers--;
	mutex_unlock(&z->state_lock);
}

/* Bytes [in_page, in_page + n) of a page, through @scratch. 0 or -errno. */
static int part(struct zram *z, uint64_t pos, uaddr_t buf, size_t n, struct page *scratch,
		bool write)
{
	unsigned long index = (unsigned long)(pos >> PAGE_SHIFT);
	size_t in_page = pos & (PAGE_SIZE - 1), left;
	uint8_t *p = page_address(scratch); /* of the linear map: copying may fault */
	int err = write && n == PAGE_SIZE ? 0 : zram_read_page(z, index, scratch);

	if (err)
		return err;
	left = write ? copy_from_user(p + in_page, buf, n) : copy_to_user(buf, p + in_page, n);
	if (left)
		return -EFAULT;
	return write ? zram_write_page(z, index, scratch) : 0;
}

static long zram_io(struct file *f, uaddr_t buf, size_t len, uint64_t *pos, bool write)
{
	struct zram *z = zram_of(f);
	uint64_t size = size_of(z);
	struct page *scratch;
	size_t done = 0;
	int err = 0;

	if (*pos >= size)
		return write && len ? -ENOSPC : 0;
	len = (size_t)min_of(uint64_t, len, size - *pos);
	scratch = alloc_page(GFP_KERNEL);
	if (!scratch)
		return -ENOMEM;
	while (done < len && !err) {
		size_t n = min_of(size_t, len - done, PAGE_SIZE - (*pos & (PAGE_SIZE - 1)));

		err = fatal_signal_pending() ? -EINTR
					     : part(z, *pos, buf + done, n, scratch, write);
		if (!err) {
			done += n;
			*pos += n;
		}
	}
	__free_page(scratch);
	return done ? (long)done : err;
}

static long zram_read(struct file *f, uaddr_t buf, size_t len, uint64_t *pos)
{
	return zram_io(f, buf, len, pos, false);
}

static long zram_write(struct file *f, uaddr_t buf, size_t len, uint64_t *pos)
{
	return zram_io(f, buf, len, pos, true);
}

static int64_t zram_seek(struct file *f, int64_t off, int whence)
{
	int64_t size = (int64_t)size_of(zram_of(f));
	int64_t base = whence == 1 ? (int64_t)f->pos : whence == 2 ? size : 0;

	if (whence < 0 || whence > 2 || base + off < 0 || base + off > size)
		return -EINVAL;
	f->pos = (uint64_t)(base + off);
	return base + off;
}

static int zram_fsync(struct file *f, uint64_t start, uint64_t last, bool data_only)
{
	return 0; /* it is where it will be */
}

static long zram_ioctl(struct file *f, unsigned cmd, unsigned long arg)
{
	uint64_t bytes = size_of(zram_of(f));
	unsigned long sectors = (unsigned long)(bytes / SECTOR);
	int block = PAGE_SIZE, zero = 0;

	if (cmd == BLKGETSIZE64)
		return put_user(arg, &bytes);
	if (cmd == BLKBSZGET)
		return put_user(arg, &block);
	switch (cmd) {
	case BLKGETSIZE:
		return put_abi(arg, &sectors, "p");
	case BLKSSZGET:
	case BLKPBSZGET:
		return put_user(arg, &block);
	case BLKROGET:
		return put_user(arg, &zero);
	case BLKFLSBUF:
		return 0;
	default:
		return -ENOTTY;
	}
}

static int zram_swap_on(struct file *f, struct swapdev **out)
{
	struct zram *z = zram_of(f);
	int err = 0;

	mutex_lock(&z->state_lock);
	if (z->swapping)
		err = -EBUSY;
	else if (!z->nr_pages)
		err = -EINVAL;
	else
		z->swapping = true;
	mutex_unlock(&z->state_lock);
	*out = &z->dev;
	return err;
}

static void zram_swap_off(struct file *f, struct swapdev *dev)
{
	struct zram *z = zram_of(f);

	(void)dev;
	mutex_lock(&z->state_lock);
	z->swapping = false;
	mutex_unlock(&z->state_lock);
}

static const struct file_ops zram_fops = {
	.open = zram_open,
	.release = zram_release,
	.read = zram_read,
	.write = zram_write,
	.seek = zram_seek,
	.ioctl = zram_ioctl,
	.fsync = zram_fsync,
	.swap_on = zram_swap_on,
	.swap_off = zram_swap_off,
};

void zram_nodes_init(unsigned n)
{
	char name[16];

	if (n)
		must(blkdev_register(ZRAM_MAJOR, 0, n, &zram_fops, "zram") == 0);
	for (unsigned i = 0; i < n; i++) {
		(void)fmt_snprintf(name, sizeof(name), "zram%u", i);
		must(devtmpfs_create(name, S_IFBLK | 0660, MKDEV(ZRAM_MAJOR, i)) == 0);
	}
}
