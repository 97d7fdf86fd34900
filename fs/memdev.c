/*
 * The memory devices: null, zero, full, random, urandom, kmsg.
 *
 * OWNS     nothing.
 * CONTEXT  tasks; may sleep.
 * SOURCES  null(4), full(4), random(4), mem(4); /dev/kmsg as Linux's Documentation/ABI/testing/dev-kmsg describes it.
 */
#include "vfs_impl.h"

#include "arch/uaccess.h"
#include "base/errno.h"
#include "fs/poll.h"
#include "fs/random.h"
#include "kernel/task.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "mm/mm.h"
#include "sync/klog.h"
#include "uapi/mman.h"

enum { MEM_MAJOR = 1, CHUNK = 256, KMSG_LINE = 480, KMSG_POLL_NS = 100 * 1000 * 1000 };

static int64_t null_seek(struct file *f, int64_t off, int whence)
{
	f->pos = 0;
	return 0;
}

static long null_read(struct file *f, uaddr_t buf, size_t len, uint64_t *pos)
{
	return 0;
}

static long null_write_kernel(struct file *f, const void *buf, size_t len, uint64_t *pos)
{
	return (long)len;
}

static long zero_read_kernel(struct file *f, void *buf, size_t len, uint64_t *pos)
{
	memset(buf, 0, len);
	return (long)len;
}

static long null_read_kernel(struct file *f, void *buf, size_t len, uint64_t *pos)
{
	return 0;
}

static long null_write(struct file *f, uaddr_t buf, size_t len, uint64_t *pos)
{
	return (long)len;
}

static long full_write(struct file *f, uaddr_t buf, size_t len, uint64_t *pos)
{
	return -ENOSPC;
}

/* Long operations give way to others and to a fatal signal. */
static bool interrupted(size_t done)
{
	if (done % (64 * 1024))
		return false;
	cond_resched();
	return fatal_signal_pending();
}

static long zero_read(struct file *f, uaddr_t buf, size_t len, uint64_t *pos)
{
	size_t done = 0;

	while (done < len) {
		size_t n = min_of(size_t, len - done, PAGE_SIZE), left = clear_user(buf + done, n);

		done += n - left;
		if (left)
			return done ? (long)done : -EFAULT;
		if (interrupted(done))
			break;
	}
	return (long)done;
}

static dev_k zero_dev; /* of the file system that /dev/zero is in */

static const char *zero_vma_name(struct vm_area_struct *vma)
{
	return "/dev/zero";
}

static void zero_vma_ident(struct vm_area_struct *vma, unsigned *major, unsigned *minor,
			   unsigned long *ino)
{
	*major = MAJOR(zero_dev);
	*minor = MINOR(zero_dev);
	*ino = (unsigned long)vma->vm_private_data;
}

static const struct vma_ops zero_vma_ops = { .name = zero_vma_name, .ident = zero_vma_ident };

/* Pages of zeroes are anonymous memory; a private mapping keeps the file's name. */
static int zero_mmap(struct file *f, struct vm_map_args *args)
{
	args->mapping = NULL;
	if ((args->flags & MAP_TYPE) != MAP_PRIVATE)
		return 0;
	zero_dev = f->inode->sb->dev;
	args->vm_ops = &zero_vma_ops;
	args->vm_private_data = (void *)f->inode->ino;
	return 0;
}

static long random_read(struct file *f, uaddr_t buf, size_t len, uint64_t *pos)
{
	char chunk[CHUNK];
	size_t done = 0;

	while (done < len) {
		size_t n = min_of(size_t, len - done, sizeof(chunk)), left;

		random_bytes(chunk, n);
		left = copy_to_user(buf + done, chunk, n);
		done += n - left;
		if (left)
			return done ? (long)done : -EFAULT;
		if (interrupted(done))
			break;
	}
	memset(chunk, 0, sizeof(chunk));
	return (long)done;
}

static long random_write(struct file *f, uaddr_t buf, size_t len, uint64_t *pos)
{
	char chunk[CHUNK];
	size_t done = 0;

	while (done < len) {
		size_t n = min_of(size_t, len - done, sizeof(chunk));

		if (copy_from_user(chunk, buf + done, n))
			return done ? (long)done : -EFAULT;
		random_mix(chunk, n);
		done += n;
		if (interrupted(done))
			break;
	}
	return (long)done;
}

#define RNDGETENTCNT 0x80045200U

static long random_ioctl(struct file *f, unsigned cmd, unsigned long arg)
{
	int bits = 256;

	return cmd == RNDGETENTCNT ? put_user(arg, &bits) : -ENOTTY;
}

/* ---- kmsg: one record per read ---- */

static int kmsg_open(struct inode *inode, struct file *f)
{
	f->pos = klog_first_seq();
	return 0;
}

static size_t kmsg_format(const struct klog_record *r, char *buf, size_t size)
{
	size_t n = fmt_scnprintf(buf, size, "%u,%llu,%llu,-;", (unsigned)r->level,
				 (unsigned long long)r->seq,
				 (unsigned long long)(r->time_ns / NSEC_PER_USEC));
	size_t i;

	for (i = 0; i < r->len && n + 5 < size; i++) {
		unsigned char c = (unsigned char)r->text[i];

		if (c < ' ' || c >= 127 || c == '\\')
			n += fmt_scnprintf(buf + n, size - n, "\\x%02x", c);
		else
			buf[n++] = (char)c;
	}
	buf[n++] = '\n';
	return n;
}

/* The log has no queue to wait on (it is written from any context), so a blocking reader looks now and then. */
static long kmsg_wait(struct file *f, uint64_t seq)
{
	while (seq >= klog_end_seq()) {
		if (f->flags & O_NONBLOCK)
			return -EAGAIN;
		if (thread_park(PARK_INTERRUPTIBLE, clock_ns() + KMSG_POLL_NS) == -EINTR)
			return -ERESTARTSYS;
	}
	return 0;
}

static long kmsg_read(struct file *f, uaddr_t buf, size_t len, uint64_t *pos)
{
	struct klog_record r;
	char line[KMSG_LINE * 2];
	uint64_t seq = *pos;
	size_t n;
	long err = kmsg_wait(f, seq);

	if (err)
		return err;
	if (!klog_next(&seq, &r))
		return -EAGAIN;
	if (r.seq != *pos) { /* what came between is overwritten */
		*pos = r.seq;
		return -EPIPE;
	}
	n = kmsg_format(&r, line, sizeof(line));
	if (n > len)
		return -EINVAL;
	if (copy_to_user(buf, line, n))
		return -EFAULT;
	*pos = seq;
	return (long)n;
}

static long kmsg_write(struct file *f, uaddr_t buf, size_t len, uint64_t *pos)
{
	char line[KMSG_LINE], *text = line;
	size_t n = min_of(size_t, len, sizeof(line) - 1);
	unsigned level = KLOG_NOTICE;

	if (copy_from_user(line, buf, n))
		return -EFAULT;
	line[n] = '\0';
	if (line[0] == '<') { /* "<priority>text" */
		unsigned v = 0;

		for (text = line + 1; *text >= '0' && *text <= '9'; text++)
			v = v * 10 + (unsigned)(*text - '0');
		level = v & 7;
		text = *text == '>' ? text + 1 : line;
	}
	n = strlen(text);
	if (n && text[n - 1] == '\n')
		text[n - 1] = '\0';
	klog((enum klog_level)level, "%s", text);
	return (long)len;
}

static unsigned kmsg_poll(struct file *f, struct poll_table *pt)
{
	return POLLOUT | POLLWRNORM | (f->pos < klog_end_seq() ? POLLIN | POLLRDNORM : 0);
}

static int64_t kmsg_seek(struct file *f, int64_t off, int whence)
{
	if (off)
		return -ESPIPE;
	if (whence == SEEK_SET)
		f->pos = 0;
	else if (whence == SEEK_DATA)
		f->pos = klog_first_seq();
	else if (whence == SEEK_END)
		f->pos = klog_end_seq();
	else
		return -EINVAL;
	return 0;
}

/* ---- registration ---- */

static const struct file_ops null_fops = { .read = null_read,
					   .write = null_write,
					   .read_kernel = null_read_kernel,
					   .write_kernel = null_write_kernel,
					   .seek = null_seek };
static const struct file_ops zero_fops = {
	.read = zero_read,
	.write = null_write,
	.read_kernel = zero_read_kernel,
	.write_kernel = null_write_kernel,
	.seek = null_seek,
	.mmap = zero_mmap,
};
static const struct file_ops full_fops = { .read = zero_read,
					   .write = full_write,
					   .seek = null_seek };
static const struct file_ops random_fops = {
	.read = random_read, .write = random_write, .ioctl = random_ioctl, .seek = null_seek
};
static const struct file_ops kmsg_fops = { .open = kmsg_open,
					   .read = kmsg_read,
					   .write = kmsg_write,
					   .poll = kmsg_poll,
					   .seek = kmsg_seek };

void memdev_init(void)
{
	static const struct {
		const char *name;
		unsigned minor;
		uint32_t mode;
		const struct file_ops *ops;
	} devs[] = { { "null", 3, 0666, &null_fops },	   { "zero", 5, 0666, &zero_fops },
		     { "full", 7, 0666, &full_fops },	   { "random", 8, 0666, &random_fops },
		     { "urandom", 9, 0666, &random_fops }, { "kmsg", 11, 0644, &kmsg_fops } };
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(devs); i++) {
		boot_need(chrdev_register(MEM_MAJOR, devs[i].minor, 1, devs[i].ops, "mem"),
			  "device numbers of ", "mem");
		boot_need(chrdev_create("mem", devs[i].name, devs[i].mode,
					MKDEV(MEM_MAJOR, devs[i].minor)),
			  "/dev/", devs[i].name);
	}
}
