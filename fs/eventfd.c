/*
 * eventfd(2): a 64-bit counter that is waited for.
 *
 * OWNS     struct eventfd; one per file, in file->private.
 * I1       count is at most UINT64_MAX - 1: UINT64_MAX is no sum that write can make.
 * I2       whoever changes count wakes those who may go on: a write the readers, a read the writers.
 * LOCKS    lock (rank OBJECT, interrupts off) for count; the queues' own.
 * CONTEXT  tasks.   COST  one spinlock, no wake-up when nobody waits.
 * FAILS    EAGAIN, EINVAL (buffer under 8 bytes, UINT64_MAX written), EFAULT, ERESTARTSYS; ENOMEM and EMFILE at birth.
 * SOURCES  eventfd(2), proc(5) /proc/PID/fdinfo.   TESTED BY  tests/guest/event_fd.c
 */
#include "fs/event.h"

#include "arch/uaccess.h"
#include "base/errno.h"
#include "fs/anon_file.h"
#include "fs/poll.h"
#include "fs/seq_file.h"
#include "mm/slab.h"
#include "sync/failpoint.h"

#define COUNT_MAX (UINT64_MAX - 1)

struct eventfd {
	struct spinlock lock;
	uint64_t count; /* l: lock */
	bool semaphore; /* i */
	int id;		/* i: for fdinfo */
	struct waitq rd_wait, wr_wait;
};

static atomic_t next_id = { -1 };

static uint64_t count_of(struct eventfd *e)
{
	irqflags_t flags = spin_lock_irqsave(&e->lock);
	uint64_t n = e->count;

	spin_unlock_irqrestore(&e->lock, flags);
	return n;
}

/* Take what one read gets. Return: 0 when there is nothing. */
static uint64_t take(struct eventfd *e)
{
	irqflags_t flags = spin_lock_irqsave(&e->lock);
	uint64_t n = e->semaphore && e->count ? 1 : e->count;

	e->count -= n;
	spin_unlock_irqrestore(&e->lock, flags);
	return n;
}

/* Return: false when the sum would be too large. */
static bool add(struct eventfd *e, uint64_t n)
{
	irqflags_t flags = spin_lock_irqsave(&e->lock);
	bool fits = n <= COUNT_MAX - e->count;

	if (fits)
		e->count += n;
	spin_unlock_irqrestore(&e->lock, flags);
	return fits;
}

/* Who waits has queued itself before it took the lock and saw the old count: seen from after our turn with the lock. */
static void wake(struct waitq *q)
{
	if (waitq_active(q))
		waitq_wake_all(q);
}

static long eventfd_read(struct file *f, uaddr_t buf, size_t len, uint64_t *pos)
{
	struct eventfd *e = f->private;
	uint64_t n;

	if (len < sizeof(n))
		return -EINVAL;
	n = take(e);
	if (!n && (f->flags & O_NONBLOCK))
		return -EAGAIN;
	if (!n && wait_event_interruptible(&e->rd_wait, (n = take(e)) != 0))
		return -ERESTARTSYS;
	wake(&e->wr_wait);
	return put_user(buf, &n) ? -EFAULT : (long)sizeof(n);
}

static long eventfd_write(struct file *f, uaddr_t buf, size_t len, uint64_t *pos)
{
	struct eventfd *e = f->private;
	uint64_t n;

	if (len < sizeof(n))
		return -EINVAL;
	if (get_user(&n, buf))
		return -EFAULT;
	if (n == UINT64_MAX)
		return -EINVAL;
	if (!add(e, n)) {
		if (f->flags & O_NONBLOCK)
			return -EAGAIN;
		if (wait_event_interruptible(&e->wr_wait, add(e, n)))
			return -ERESTARTSYS;
	}
	wake(&e->rd_wait);
	return sizeof(n);
}

static unsigned eventfd_poll(struct file *f, struct poll_table *pt)
{
	struct eventfd *e = f->private;
	uint64_t n;

	poll_wait_for(pt, &e->rd_wait, POLLIN | POLLRDNORM | POLLERR);
	poll_wait_for(pt, &e->wr_wait, POLLOUT | POLLWRNORM);
	n = count_of(e);
	return (n ? POLLIN : 0) | (n < COUNT_MAX ? POLLOUT : 0);
}

static void eventfd_release(struct file *f)
{
	kfree(f->private);
}

static void eventfd_show(struct file *f, struct seq_file *m)
{
	struct eventfd *e = f->private;

	seq_printf(m, "eventfd-count: %16llx\neventfd-id: %d\neventfd-semaphore: %d\n",
		   (unsigned long long)count_of(e), e->id, e->semaphore);
}

static const struct file_ops eventfd_fops = {
	.release = eventfd_release,
	.read = eventfd_read,
	.write = eventfd_write,
	.poll = eventfd_poll,
	.seek = anon_file_seek,
	.show_fdinfo = eventfd_show,
	.is_stream = true,
};

int eventfd_file(int fd, struct file **out)
{
	struct file *f = fd_file(fd);

	if (!f)
		return -EBADF;
	if (f->ops != &eventfd_fops) {
		fput(f);
		return -EINVAL;
	}
	*out = f;
	return 0;
}

void eventfd_signal(struct file *f)
{
	struct eventfd *e = f->private;

	(void)add(e, 1);
	wake(&e->rd_wait);
}

int eventfd_create(unsigned count, unsigned flags)
{
	struct eventfd *e;
	int fd;

	if (flags & ~(unsigned)(EFD_SEMAPHORE | O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	e = failpoint("eventfd") ? NULL : kzalloc(sizeof(*e), GFP_KERNEL);
	if (!e)
		return -ENOMEM;
	spin_init(&e->lock, RANK_OBJECT);
	waitq_init(&e->rd_wait);
	waitq_init(&e->wr_wait);
	e->count = count;
	e->semaphore = flags & EFD_SEMAPHORE;
	e->id = atomic_add_return(&next_id, 1);
	fd = anon_file_fd("[eventfd]", &eventfd_fops, e,
			  O_RDWR | (flags & (O_CLOEXEC | O_NONBLOCK)));
	if (fd < 0)
		kfree(e);
	return fd;
}
