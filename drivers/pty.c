/*
 * Pseudo-terminals: terminals whose line ends in a program that has opened /dev/ptmx.
 *
 * OWNS     struct pty: a terminal (the slave, /dev/pts/N) and what its master adds; the numbers.
 * HOW      the slave is a tty like any other. What the master writes is received by its discipline; what the slave's
 *          output ring holds is the master's input: there is no third buffer.
 * I1       a pty is in the list, and its number taken, while anybody has a reference: the master's file, each of the
 *          slave's, whoever looks at it now.
 * I2       the master is open exactly as long as tty.gone is false; closing it hangs the slave up for good.
 * I3       stopped_told is what a master in packet mode has last been told of the slave's output.
 * LOCKS    master_write (rank FS_TTY) around a whole write(2) of the master; tty->lock for the rest of a pty; ptys_lock
 *          (rank OBJECT) for the list, the numbers and the references. Neither of the last two is taken inside the other.
 * CONTEXT  threads; they sleep.
 * FAILS    -ENOSPC: kernel.pty.max terminals are there; -EIO: the other end is closed.
 * NOT HERE names (fs/devpts.c), sessions (tty_job.c), BSD's pairs of names (there are none).
 * SOURCES  pty(7), pts(4), ioctl_tty(2).   TESTED BY  tests/guest/tty_pty.c
 */
#include "arch/uaccess.h"
#include "drivers/tty_impl.h"
#include "fs/devpts.h"
#include "fs/file.h"
#include "fs/poll.h"
#include "fs/sysctl.h"
#include "kernel/task.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "sync/failpoint.h"
#include "uapi/ttyioctl.h"

enum { PTY_MAX = 4096, CHUNK = 256, WORD_BITS = 32 };

struct pty {
	struct tty tty;	       /* first: the slave */
	struct list_head link; /* p: ptys_lock */
	unsigned index, refs;  /* i, p */
	bool locked;	       /* l: tty->lock; the slave cannot be opened yet */
	bool packet;	       /* l */
	bool stopped_told;     /* l */
	bool slave_closed;     /* l: it was open, and is not */
	uint8_t status;	       /* l: TIOCPKT_* the master is to be told */
	unsigned nr_slaves;    /* l: open files */
	struct waitq wait;     /* the master's reader and writer */
	struct mutex master_write;
};

static struct spinlock ptys_lock = SPINLOCK_INIT(RANK_OBJECT);
static struct list_head ptys = LIST_HEAD_INIT(ptys); /* p */
static uint32_t numbers_taken[PTY_MAX / WORD_BITS];  /* p */
static int nr_ptys, pty_max = PTY_MAX;		     /* p to write */

static struct pty *pty_of(struct tty *tty)
{
	return container_of(tty, struct pty, tty);
}

static struct pty *pty_of_file(struct file *f)
{
	return pty_of(tty_file_of(f)->tty);
}

/* ---- numbers and references ---- */

/* The lowest free number, now @pty's. 0, -ENOSPC. */
static int take_number(struct pty *pty)
{
	int err = -ENOSPC;

	spin_lock(&ptys_lock);
	for (unsigned i = 0; i < PTY_MAX && nr_ptys < pty_max; i++) {
		if (numbers_taken[i / WORD_BITS] >> i % WORD_BITS & 1)
			continue;
		numbers_taken[i / WORD_BITS] |= 1u << i % WORD_BITS;
		nr_ptys++;
		pty->index = i;
		list_add_tail(&pty->link, &ptys);
		err = 0;
		break;
	}
	spin_unlock(&ptys_lock);
	return err;
}

static void pty_hold(struct tty *tty)
{
	spin_lock(&ptys_lock);
	pty_of(tty)->refs++;
	spin_unlock(&ptys_lock);
}

static void pty_put(struct tty *tty)
{
	struct pty *pty = pty_of(tty);
	bool last;

	spin_lock(&ptys_lock);
	last = --pty->refs == 0;
	if (last) {
		numbers_taken[pty->index / WORD_BITS] &= ~(1u << pty->index % WORD_BITS);
		nr_ptys--;
		list_del(&pty->link);
	}
	spin_unlock(&ptys_lock);
	if (last)
		kfree(pty);
}

struct tty *pty_get(dev_k dev)
{
	struct tty *found = NULL;
	struct pty *pty;

	spin_lock(&ptys_lock);
	list_for_each_entry (pty, &ptys, link)
		if (pty->index == MINOR(dev)) {
			pty->refs++;
			found = &pty->tty;
		}
	spin_unlock(&ptys_lock);
	return found;
}

/* ---- the slave's line ---- */

static void pty_event(struct tty *tty, unsigned what)
{
	struct pty *pty = pty_of(tty);

	if (!pty->packet)
		return;
	/* Of two opposites the last one counts. */
	if (what & (TIOCPKT_STOP | TIOCPKT_START))
		pty->status &= (uint8_t) ~(TIOCPKT_STOP | TIOCPKT_START);
	if (what & (TIOCPKT_NOSTOP | TIOCPKT_DOSTOP))
		pty->status &= (uint8_t) ~(TIOCPKT_NOSTOP | TIOCPKT_DOSTOP);
	pty->status |= (uint8_t)what;
	waitq_wake_all(&pty->wait);
}

/* The master reads the ring itself. */
static void pty_push(struct tty *tty)
{
	struct pty *pty = pty_of(tty);
	bool stopped = tty->disc.stopped;

	if (stopped != pty->stopped_told)
		pty_event(tty, stopped ? TIOCPKT_STOP : TIOCPKT_START);
	pty->stopped_told = stopped;
	if (ldisc_output_pending(&tty->disc) && waitq_active(&pty->wait))
		waitq_wake_all(&pty->wait);
}

static void pty_resume(struct tty *tty)
{
	struct pty *pty = pty_of(tty);

	if (waitq_active(&pty->wait))
		waitq_wake_all(&pty->wait);
}

static int pty_opened(struct tty *tty)
{
	struct pty *pty = pty_of(tty);
	irqflags_t f = spin_lock_irqsave(&tty->lock);
	int err = pty->locked || READ_ONCE(tty->gone) ? -EIO : 0;

	if (!err) {
		pty->nr_slaves++;
		pty->slave_closed = false;
	}
	spin_unlock_irqrestore(&tty->lock, f);
	return err;
}

static void pty_closed(struct tty *tty)
{
	struct pty *pty = pty_of(tty);
	irqflags_t f = spin_lock_irqsave(&tty->lock);

	if (--pty->nr_slaves == 0) {
		pty->slave_closed = true;
		tty->disc.stopped = false; /* what was written can be read */
	}
	spin_unlock_irqrestore(&tty->lock, f);
	waitq_wake_all(&pty->wait);
}

static const struct tty_line pty_line = {
	.push = pty_push,
	.resume = pty_resume,
	.event = pty_event,
	.opened = pty_opened,
	.closed = pty_closed,
	.get = pty_hold,
	.put = pty_put,
};

/* ---- the master reads ---- */

/* Bytes for the master into @dst; 0: there are none now; -EIO: nor will be. Packets have their first byte. */
static long master_take(struct pty *pty, uint8_t *dst, size_t size)
{
	struct ldisc *disc = &pty->tty.disc;
	irqflags_t f = spin_lock_irqsave(&pty->tty.lock);
	size_t n, head = pty->packet ? 1 : 0;
	const uint8_t *run;
	long ret;

	if (pty->packet && pty->status) {
		*dst = pty->status;
		pty->status = 0;
		ret = 1;
		goto unlock;
	}
	n = min_of(size_t, ldisc_output(disc, &run), size - head);
	*dst = TIOCPKT_DATA;
	memcpy(dst + head, run, n);
	ldisc_output_sent(disc, n);
	ret = (long)(n ? n + head : 0);
	if (!ret && pty->slave_closed)
		ret = -EIO;
unlock:
	spin_unlock_irqrestore(&pty->tty.lock, f);
	return ret;
}

static bool master_readable(struct pty *pty)
{
	irqflags_t f = spin_lock_irqsave(&pty->tty.lock);
	const uint8_t *run;
	bool ready = ldisc_output(&pty->tty.disc, &run) || (pty->packet && pty->status);

	spin_unlock_irqrestore(&pty->tty.lock, f);
	return ready;
}

/* One piece to the user. Return: bytes, 0: none now, -EIO, -EFAULT. */
static long master_read_chunk(struct pty *pty, uaddr_t buf, size_t len)
{
	uint8_t chunk[CHUNK];
	long n = master_take(pty, chunk, min_of(size_t, len, CHUNK));

	if (n > 0 && waitq_active(&pty->tty.write_wait))
		waitq_wake_all(&pty->tty.write_wait);
	return n > 0 && copy_to_user(buf, chunk, (size_t)n) ? -EFAULT : n;
}

/* What is there, and in packet mode one piece of it. */
static long master_read_now(struct pty *pty, uaddr_t buf, size_t len)
{
	size_t done = 0;
	long n;

	do {
		n = master_read_chunk(pty, buf + done, len - done);
		done += n > 0 ? (size_t)n : 0;
	} while (n == CHUNK && done < len && !READ_ONCE(pty->packet));
	return done ? (long)done : n;
}

static long master_read(struct file *f, uaddr_t buf, size_t len, uint64_t *pos)
{
	struct pty *pty = pty_of_file(f);
	long n;

	(void)pos;
	if (!len)
		return 0;
	for (;;) {
		n = master_read_now(pty, buf, len);
		if (n)
			return n;
		if (f->flags & O_NONBLOCK)
			return -EAGAIN;
		if (wait_event_interruptible(&pty->wait,
					     master_readable(pty) || READ_ONCE(pty->slave_closed)))
			return -ERESTARTSYS;
	}
}

/* ---- the master writes ---- */

static size_t master_room(struct pty *pty)
{
	irqflags_t f = spin_lock_irqsave(&pty->tty.lock);
	size_t room = ldisc_room(&pty->tty.disc);

	spin_unlock_irqrestore(&pty->tty.lock, f);
	return room;
}

/* Return: bytes taken from @buf, at least one; -EFAULT, -EAGAIN, -ERESTARTSYS. */
static long master_write_chunk(struct file *f, uaddr_t buf, size_t len)
{
	struct pty *pty = pty_of_file(f);
	uint8_t chunk[CHUNK];
	size_t n = master_room(pty);

	if (!n && f->flags & O_NONBLOCK)
		return -EAGAIN;
	if (!n && wait_event_interruptible(&pty->wait, (n = master_room(pty)) > 0))
		return -ERESTARTSYS;
	n = min_of(size_t, min_of(size_t, n, CHUNK), len);
	if (copy_from_user(chunk, buf, n))
		return -EFAULT;
	tty_receive(&pty->tty, chunk, n);
	return (long)n;
}

static long master_write(struct file *f, uaddr_t buf, size_t len, uint64_t *pos)
{
	struct pty *pty = pty_of_file(f);
	size_t done = 0;
	long n = 0;

	(void)pos;
	if (mutex_lock_interruptible(&pty->master_write))
		return -ERESTARTSYS;
	while (done < len && n >= 0) {
		n = master_write_chunk(f, buf + done, len - done);
		done += n > 0 ? (size_t)n : 0;
	}
	mutex_unlock(&pty->master_write);
	return done ? (long)done : n;
}

static unsigned master_poll(struct file *f, struct poll_table *pt)
{
	struct pty *pty = pty_of_file(f);
	unsigned mask = 0;

	poll_wait(pt, &pty->wait);
	if (READ_ONCE(pty->slave_closed))
		mask |= POLLHUP;
	if (READ_ONCE(pty->packet) && READ_ONCE(pty->status))
		mask |= POLLPRI;
	if (master_readable(pty))
		mask |= POLLIN | POLLRDNORM;
	if (master_room(pty))
		mask |= POLLOUT | POLLWRNORM;
	return mask;
}

/* ---- ioctl ---- */

static long get_int(uaddr_t arg, int v)
{
	return put_user(arg, &v);
}

static long set_packet(struct pty *pty, uaddr_t arg)
{
	irqflags_t f;
	int on;

	if (get_user(&on, arg))
		return -EFAULT;
	f = spin_lock_irqsave(&pty->tty.lock);
	if (on && !pty->packet)
		pty->status = 0;
	pty->packet = on;
	spin_unlock_irqrestore(&pty->tty.lock, f);
	return 0;
}

static long set_lock(struct pty *pty, uaddr_t arg)
{
	int on;

	if (get_user(&on, arg))
		return -EFAULT;
	WRITE_ONCE(pty->locked, on != 0);
	return 0;
}

/* A descriptor of the slave, whatever name space the caller lives in. */
static long open_peer(struct pty *pty, unsigned flags)
{
	int fd = fd_reserve(0, flags & O_CLOEXEC);
	struct file *f;
	int err;

	if (fd < 0)
		return fd;
	err = devpts_open(pty->index, pty->tty.dev, flags, &f);
	if (err) {
		fd_unreserve(fd);
		return err;
	}
	fd_install(fd, f);
	return fd;
}

static long send_signal(struct pty *pty, unsigned long sig)
{
	if (sig != SIGINT && sig != SIGQUIT && sig != SIGTSTP)
		return -EINVAL;
	tty_signal_foreground(&pty->tty, (int)sig);
	return 0;
}

static long master_ioctl(struct file *f, unsigned cmd, unsigned long arg)
{
	struct pty *pty = pty_of_file(f);

	switch (cmd) {
	case TIOCGPTN:
		return get_int(arg, (int)pty->index);
	case TIOCSPTLCK:
		return set_lock(pty, arg);
	case TIOCGPTLCK:
		return get_int(arg, READ_ONCE(pty->locked));
	case TIOCPKT:
		return set_packet(pty, arg);
	case TIOCGPKT:
		return get_int(arg, READ_ONCE(pty->packet));
	case TIOCGPTPEER:
		return open_peer(pty, (unsigned)arg);
	case TIOCSIG:
		return send_signal(pty, arg);
	default:
		return tty_ioctl(f, cmd, arg);
	}
}

/* ---- open and close ---- */

static struct pty *pty_new(void)
{
	struct pty *pty = failpoint("pty") ? NULL : kzalloc(sizeof(*pty), GFP_KERNEL);

	if (!pty)
		return NULL;
	pty->refs = 1;
	pty->locked = true;
	pty->tty.line = &pty_line;
	spin_init(&pty->tty.lock, RANK_OBJECT);
	mutex_init(&pty->tty.write_lock, RANK_FS_TTY);
	mutex_init(&pty->master_write, RANK_FS_TTY);
	waitq_init(&pty->tty.read_wait);
	waitq_init(&pty->tty.write_wait);
	waitq_init(&pty->wait);
	ldisc_init(&pty->tty.disc);
	pty->tty.disc.t.c_cflag = B38400 | CS8 | CREAD;
	return pty;
}

/* A pty with a number and a name. 0, -ENOMEM, -ENOSPC. */
static int pty_make(struct pty **out)
{
	struct pty *pty = pty_new();
	int err;

	if (!pty)
		return -ENOMEM;
	err = take_number(pty);
	if (err) {
		kfree(pty);
		return err;
	}
	pty->tty.dev = MKDEV(PTS_MAJOR, pty->index);
	err = devpts_create(pty->index, pty->tty.dev);
	if (err)
		pty_put(&pty->tty);
	*out = pty;
	return err;
}

static int ptmx_open(struct inode *inode, struct file *f)
{
	struct tty_file *tf = failpoint("ptmx_open") ? NULL : kzalloc(sizeof(*tf), GFP_KERNEL);
	struct pty *pty;
	int err;

	(void)inode;
	if (!tf)
		return -ENOMEM;
	err = pty_make(&pty);
	if (err) {
		kfree(tf);
		return err;
	}
	tf->tty = &pty->tty;
	tf->master = true;
	f->private = tf;
	return 0;
}

static void ptmx_release(struct file *f)
{
	struct pty *pty = pty_of_file(f);

	kfree(f->private);
	devpts_remove(pty->index);
	tty_vhangup(&pty->tty, true);
	pty_put(&pty->tty);
}

static const struct file_ops ptmx_fops = {
	.open = ptmx_open,
	.release = ptmx_release,
	.read = master_read,
	.write = master_write,
	.ioctl = master_ioctl,
	.poll = master_poll,
	.is_stream = true,
};

void pty_init(void)
{
	static struct tty_driver_line slaves = {
		.driver = "pty_slave",
		.node = "pts",
		.kind = "pty:slave",
		.major = PTS_MAJOR,
		.nr = PTY_MAX,
	};
	static const struct sysctl knobs[] = {
		{ .path = "kernel/pty/max", .number = &pty_max, .max = PTY_MAX },
		{ .path = "kernel/pty/nr", .number = &nr_ptys, .max = PTY_MAX, .mode = 0444 },
	};

	boot_need(chrdev_register(TTYAUX_MAJOR, PTMX_MINOR, 1, &ptmx_fops, "ptmx"),
		  "device numbers of ", "ptmx");
	boot_need(chrdev_register(PTS_MAJOR, 0, PTY_MAX, &tty_fops, "pts"), "device numbers of ",
		  "pts");
	boot_need(chrdev_create("tty", "ptmx", 0666, MKDEV(TTYAUX_MAJOR, PTMX_MINOR)), "/dev/",
		  "ptmx");
	tty_driver_add(&slaves);
	boot_need(devtmpfs_create("pts", S_IFDIR | 0755, 0), "/dev/", "pts");
	boot_need(sysctl_register(knobs, ARRAY_SIZE(knobs)), "sysctls of ", "pty");
}
