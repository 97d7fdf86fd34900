/*
 * userfaultfd(2): the descriptor by which a monitor sees page faults and brings pages. mm/aspace/userfault.c has the mechanism.
 *
 * OWNS     the formats: struct uffd_msg of read(2), the structures of ioctl_userfaultfd(2), /dev/userfaultfd.
 * I1       before UFFDIO_API nothing but UFFDIO_API succeeds; it succeeds once.
 * I2       poll says readable only to a descriptor that is O_NONBLOCK: another reader may come first.
 * LOCKS    none of its own.   CONTEXT  tasks; sleeps.
 * FAILS    as ioctl_userfaultfd(2) says. On i386, too, protection and minor faults are there, which Linux has on 64 bits only.
 * SOURCES  userfaultfd(2), ioctl_userfaultfd(2).   TESTED BY tests/guest/mem_uffd.c
 */
#include "mm/userfault.h"

#include "arch/uaccess.h"
#include "base/errno.h"
#include "fs/anon_file.h"
#include "fs/event.h"
#include "fs/poll.h"
#include "fs/proc.h"
#include "fs/seq_file.h"
#include "kernel/cred.h"
#include "lib/string.h"
#include "sync/klog.h"

enum { MISC_MINOR = 126 };

static int unprivileged; /* /proc/sys/vm/unprivileged_userfaultfd */

static bool is_ready(struct userfault *uf)
{
	return atomic_read(&uf->features) & USERFAULT_READY;
}

/* ---- read, poll ---- */

static const struct file_ops uffd_fops;

/* A descriptor for the child's userfault, in the reader's table. 0 and msg->arg[0], or -errno. */
static int give_child(struct userfault *uf, struct userfault *child, unsigned flags,
		      struct uffd_msg *msg)
{
	int fd = anon_file_fd("[userfaultfd]", &uffd_fops, child,
			      O_RDONLY | (flags & (O_CLOEXEC | O_NONBLOCK)));

	userfault_forked(uf, child, fd >= 0);
	msg->arg[0] = fd >= 0 ? (uint32_t)fd : 0;
	return fd < 0 ? fd : 0;
}

static int read_msg(struct file *f, bool wait, struct uffd_msg *msg)
{
	struct userfault *uf = f->private, *child;
	int err = userfault_next(uf, msg, &child);

	if (err && wait &&
	    wait_event_interruptible(&uf->readable, !(err = userfault_next(uf, msg, &child))))
		return -ERESTARTSYS;
	if (!err && child)
		err = give_child(uf, child, f->flags, msg);
	return err;
}

static long uffd_read(struct file *f, uaddr_t buf, size_t len, uint64_t *pos)
{
	bool wait = !(f->flags & O_NONBLOCK);
	struct uffd_msg msg;
	long done = 0;

	if (!is_ready(f->private))
		return -EINVAL;
	while (len - (size_t)done >= sizeof(msg)) {
		int err = read_msg(f, wait && !done, &msg);

		if (err)
			return done ? done : err;
		if (put_user(buf + (size_t)done, &msg))
			return done ? done : -EFAULT;
		done += (long)sizeof(msg);
	}
	return done ? done : -EINVAL;
}

static unsigned uffd_poll(struct file *f, struct poll_table *pt)
{
	struct userfault *uf = f->private;

	poll_wait(pt, &uf->readable);
	if (!is_ready(uf) || !(f->flags & O_NONBLOCK))
		return POLLERR;
	return userfault_readable(uf) ? POLLIN : 0;
}

static void uffd_release(struct file *f)
{
	userfault_release(f->private);
}

static void uffd_show(struct file *f, struct seq_file *m)
{
	struct userfault *uf = f->private;
	unsigned long pending, total;

	userfault_count(uf, &pending, &total);
	seq_printf(m, "pending:\t%lu\ntotal:\t%lu\nAPI:\t%llx:%x:%llx\n", pending, total, UFFD_API,
		   (unsigned)atomic_read(&uf->features) & ~(unsigned)USERFAULT_READY,
		   UFFD_API_IOCTLS | UFFD_RANGE_IOCTLS);
}

/* ---- ioctl ---- */

static int api(struct userfault *uf, struct uffdio_api *a)
{
	uint64_t wanted = a->features;

	if (a->api != UFFD_API || (wanted & ~(uint64_t)UFFD_FEATURES))
		return -EINVAL;
	if ((wanted & UFFD_FEATURE_EVENT_FORK) && !capable(CAP_SYS_PTRACE))
		return -EPERM;
	if (!atomic_cmpxchg(&uf->features, 0, (int)wanted | USERFAULT_READY))
		return -EINVAL;
	a->features = UFFD_FEATURES;
	a->ioctls = UFFD_API_IOCTLS;
	return 0;
}

static long ioctl_api(struct userfault *uf, uaddr_t arg)
{
	struct uffdio_api a;
	int err;

	if (get_user(&a, arg))
		return -EFAULT;
	err = api(uf, &a);
	if (err)
		a = (struct uffdio_api){ 0 };
	return put_user(arg, &a) ? -EFAULT : err;
}

static long ioctl_register(struct userfault *uf, uaddr_t arg)
{
	struct uffdio_register r;
	int err;

	if (copy_from_user(&r, arg, offsetof(struct uffdio_register, ioctls)))
		return -EFAULT;
	err = userfault_register(uf, &r.range, r.mode, &r.ioctls);
	if (err)
		return err;
	return put_user(arg + offsetof(struct uffdio_register, ioctls), &r.ioctls) ? -EFAULT : 0;
}

/* COPY, ZEROPAGE, CONTINUE: the result's place is at the end of the structure. */
static long fill(struct userfault *uf, const struct userfault_fill *fill, uaddr_t result)
{
	int64_t done = -ESRCH;
	int err = userfault_check_fill(uf, fill);

	if (err)
		return err;
	err = userfault_fill(uf, fill, &done);
	if (err == -ESRCH)
		return err;
	return put_user(result, &done) ? -EFAULT : err;
}

static long ioctl_copy(struct userfault *uf, uaddr_t arg)
{
	struct userfault_fill c = { .kind = USERFAULT_COPY };
	struct uffdio_copy u;

	if (atomic_read(&uf->changing))
		return -EAGAIN;
	if (copy_from_user(&u, arg, offsetof(struct uffdio_copy, copy)))
		return -EFAULT;
	c.range = (struct uffdio_range){ u.dst, u.len };
	c.src = u.src;
	c.mode = u.mode;
	return fill(uf, &c, arg + offsetof(struct uffdio_copy, copy));
}

static long ioctl_fill(struct userfault *uf, uaddr_t arg, bool zero)
{
	struct userfault_fill c = { .kind = zero ? USERFAULT_ZERO : USERFAULT_CONTINUE };
	struct uffdio_fill u;

	if (atomic_read(&uf->changing))
		return -EAGAIN;
	if (copy_from_user(&u, arg, offsetof(struct uffdio_fill, done)))
		return -EFAULT;
	c.range = u.range;
	c.mode = u.mode;
	return fill(uf, &c, arg + offsetof(struct uffdio_fill, done));
}

static long ioctl_protect(struct userfault *uf, uaddr_t arg)
{
	struct uffdio_writeprotect u;

	if (atomic_read(&uf->changing))
		return -EAGAIN;
	return get_user(&u, arg) ? -EFAULT : userfault_protect(uf, &u.range, u.mode);
}

static long ioctl_range(struct userfault *uf, uaddr_t arg, bool wake)
{
	struct uffdio_range r;

	if (get_user(&r, arg))
		return -EFAULT;
	return wake ? userfault_wake(uf, &r) : userfault_unregister(uf, &r);
}

static long uffd_ioctl(struct file *f, unsigned cmd, unsigned long arg)
{
	struct userfault *uf = f->private;

	if (cmd == UFFDIO_API)
		return ioctl_api(uf, arg);
	if (!is_ready(uf))
		return -EINVAL;
	switch (cmd) {
	case UFFDIO_REGISTER:
		return ioctl_register(uf, arg);
	case UFFDIO_UNREGISTER:
	case UFFDIO_WAKE:
		return ioctl_range(uf, arg, cmd == UFFDIO_WAKE);
	case UFFDIO_COPY:
		return ioctl_copy(uf, arg);
	case UFFDIO_ZEROPAGE:
	case UFFDIO_CONTINUE:
		return ioctl_fill(uf, arg, cmd == UFFDIO_ZEROPAGE);
	case UFFDIO_WRITEPROTECT:
		return ioctl_protect(uf, arg);
	default:
		return -EINVAL;
	}
}

static const struct file_ops uffd_fops = {
	.release = uffd_release,
	.read = uffd_read,
	.poll = uffd_poll,
	.ioctl = uffd_ioctl,
	.seek = anon_file_seek,
	.show_fdinfo = uffd_show,
	.is_stream = true,
};

/* ---- birth ---- */

static int create(unsigned flags)
{
	struct userfault *uf;
	int fd;

	if (flags & ~(unsigned)(O_CLOEXEC | O_NONBLOCK | UFFD_USER_MODE_ONLY))
		return -EINVAL;
	uf = userfault_alloc(flags & UFFD_USER_MODE_ONLY);
	if (!uf)
		return -ENOMEM;
	fd = anon_file_fd("[userfaultfd]", &uffd_fops, uf,
			  O_RDONLY | (flags & (O_CLOEXEC | O_NONBLOCK)));
	if (fd < 0)
		userfault_put(uf);
	return fd;
}

int userfaultfd_create(unsigned flags)
{
	if (!(flags & UFFD_USER_MODE_ONLY) && !unprivileged && !capable(CAP_SYS_PTRACE))
		return -EPERM;
	return create(flags);
}

/* /dev/userfaultfd: who may open it may have one. */
static long dev_ioctl(struct file *f, unsigned cmd, unsigned long arg)
{
	return cmd == USERFAULTFD_IOC_NEW ? create((unsigned)arg) : -EINVAL;
}

static const struct file_ops dev_fops = { .ioctl = dev_ioctl, .seek = anon_file_seek };

void userfaultfd_init(void)
{
	int err = chrdev_register(MISC_MAJOR, MISC_MINOR, 1, &dev_fops, "userfaultfd");

	if (!err)
		err = chrdev_create("misc", "userfaultfd", 0600, MKDEV(MISC_MAJOR, MISC_MINOR));
	if (!err)
		err = proc_register_int("sys/vm/unprivileged_userfaultfd", &unprivileged, 0, 1);
	if (err)
		pr_warn("userfaultfd: %d", err);
}
