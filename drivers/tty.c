/*
 * Terminals: bytes between the line, the line discipline and programs.
 *
 * OWNS     the terminal at the serial port (ttyS0); every terminal's queues of waiting readers and writers.
 * HOW      input: the line's other end (the port's interrupt, a pseudo-terminal's master) gives
 *          bytes to the discipline under tty->lock, which may echo into the output ring; the ring is
 *          pushed at once. Output: a writer fills the ring in pieces and pushes it; when the port
 *          takes no more, its interrupt pushes on and wakes the writer.
 * I1       the ring is pushed after every change: it holds bytes only while the port is busy or
 *          output is stopped.
 * I2       input is refused (room 0) only while a reader can make room: the port resumes when one
 *          has read.
 * I3       signals are sent after tty->lock is dropped: their locks come before it.
 * LOCKS    tty->lock (rank OBJECT, irqsave), then the port's. write_lock (rank FS_TTY) around a
 *          whole write(2).
 * CONTEXT  client functions: interrupt. File operations: threads; they sleep.
 * COST     a page is moved at once where there is memory for one: reads and writes of more than a few bytes.
 * NOT HERE ioctl (tty_ioctl.c), sessions (tty_job.c), editing (ldisc.c), masters (pty.c), virtio consoles (virtio_console.c).
 * SOURCES  termios(3), tty(4), console(4).
 */
#include "drivers/tty.h"
#include "arch/uaccess.h"
#include "drivers/serial.h"
#include "drivers/tty_impl.h"
#include "fs/poll.h"
#include "fs/proc.h"
#include "kernel/task.h"
#include "mm/slab.h"
#include "sync/failpoint.h"
#include "sync/kassert.h"
#include "sync/klog.h"
#include "uapi/ttyioctl.h"

enum { CHUNK = 256, POLL_ROOM = 256, DECISECOND_MS = 100 };

static const struct tty_line serial_line;
static struct tty tty0 = {
	.lock = SPINLOCK_INIT(RANK_OBJECT),
	.read_wait = WAITQ_INIT(tty0.read_wait),
	.write_wait = WAITQ_INIT(tty0.write_wait),
	.write_lock = MUTEX_INIT(tty0.write_lock, RANK_FS_TTY),
	.dev = MKDEV(TTY_MAJOR, TTYS0_MINOR),
	.line = &serial_line,
};

bool tty_hung_up(const struct tty_file *tf)
{
	return !tf->console && !tf->master && tf->hangups != READ_ONCE(tf->tty->hangups);
}

void tty_push(struct tty *tty)
{
	tty->line->push(tty);
}

void tty_event(struct tty *tty, unsigned what)
{
	if (tty->line->event)
		tty->line->event(tty, what);
}

static void send_signals(struct tty *tty, unsigned events)
{
	if (events & LDISC_SIGINT)
		tty_signal_foreground(tty, SIGINT);
	if (events & LDISC_SIGQUIT)
		tty_signal_foreground(tty, SIGQUIT);
	if (events & LDISC_SIGTSTP)
		tty_signal_foreground(tty, SIGTSTP);
}

void tty_receive(struct tty *tty, const uint8_t *bytes, size_t n)
{
	irqflags_t f = spin_lock_irqsave(&tty->lock);
	unsigned events = ldisc_receive(&tty->disc, bytes, n);
	bool readable = ldisc_readable(&tty->disc);

	if (events && !(tty->disc.t.c_lflag & NOFLSH))
		tty_event(tty, TIOCPKT_FLUSHREAD | TIOCPKT_FLUSHWRITE);
	tty_push(tty);
	spin_unlock_irqrestore(&tty->lock, f);
	if (events)
		send_signals(tty, events);
	if (readable)
		waitq_wake_all(&tty->read_wait);
	if (waitq_active(&tty->write_wait))
		waitq_wake_all(&tty->write_wait); /* ^Q, or a signal has flushed the output */
}

/* ---- the port's side ---- */

static void port_push(struct tty *tty)
{
	const uint8_t *run;
	size_t n, sent;

	do {
		n = ldisc_output(&tty->disc, &run);
		sent = n ? serial_try_write(run, n) : 0;
		ldisc_output_sent(&tty->disc, sent);
	} while (sent && sent == n);
}

static void port_resume(struct tty *tty)
{
	(void)tty; /* there is one port */
	serial_resume_input();
}

static void port_speed(struct tty *tty, unsigned baud)
{
	(void)tty;
	(void)serial_init(baud);
}

static const struct tty_line serial_line = {
	.push = port_push,
	.resume = port_resume,
	.speed = port_speed,
	.is_port = true,
	.is_uart = true,
};

static size_t client_room(void)
{
	irqflags_t f = spin_lock_irqsave(&tty0.lock);
	size_t n = ldisc_room(&tty0.disc);

	spin_unlock_irqrestore(&tty0.lock, f);
	return n;
}

static void client_receive(const uint8_t *bytes, size_t n)
{
	tty_receive(&tty0, bytes, n);
}

static void client_writable(void)
{
	irqflags_t f = spin_lock_irqsave(&tty0.lock);

	tty_push(&tty0);
	spin_unlock_irqrestore(&tty0.lock, f);
	waitq_wake_all(&tty0.write_wait);
}

static const struct serial_client client = { client_room, client_receive, client_writable };

/* ---- pieces on their way between user and ring ---- */

struct piece {
	uint8_t few[CHUNK], *at;
	size_t size;
};

/* Room for up to @len bytes, CHUNK at least. */
static void piece_get(struct piece *p, size_t len)
{
	p->at = len <= CHUNK || failpoint("tty_piece") ? NULL : kmalloc(PAGE_SIZE, GFP_KERNEL);
	p->size = p->at ? PAGE_SIZE : CHUNK;
	p->at = p->at ?: p->few;
}

static void piece_put(struct piece *p)
{
	if (p->at != p->few)
		kfree(p->at);
}

/* ---- reading ---- */

struct reader {
	struct tty_file *tf;
	unsigned flags; /* O_NONBLOCK */
	uaddr_t buf;
	size_t len, done;
	uint64_t deadline; /* VTIME: of the next byte */
};

/* Take a piece to the user. Return: bytes, or -EFAULT; *line_done as ldisc_read. */
static long take_piece(struct reader *r, struct piece *p, bool *line_done)
{
	struct tty *tty = r->tf->tty;
	irqflags_t f = spin_lock_irqsave(&tty->lock);
	size_t n =
		ldisc_read(&tty->disc, p->at, min_of(size_t, r->len - r->done, p->size), line_done);

	spin_unlock_irqrestore(&tty->lock, f);
	if (n || *line_done)
		tty->line->resume(tty);
	if (n && copy_to_user(r->buf + r->done, p->at, n))
		return -EFAULT;
	r->done += n;
	return (long)n;
}

/* Is the read complete by VMIN and VTIME? Sets the deadline for what is still awaited. */
static bool raw_complete(struct reader *r, const struct termios_k *t, bool progress)
{
	uint64_t timeout = t->c_cc[VTIME] * DECISECOND_MS * NSEC_PER_MSEC;
	size_t min = t->c_cc[VMIN];

	if (r->done == r->len || (r->done && r->done >= min))
		return true;
	if (!min && !timeout)
		return true;
	if (timeout && (progress || (!min && r->deadline == PARK_FOREVER)))
		r->deadline = clock_ns() + timeout;
	return false;
}

static bool input_ready(struct reader *r)
{
	struct tty *tty = r->tf->tty;
	irqflags_t f = spin_lock_irqsave(&tty->lock);
	bool ready = ldisc_readable(&tty->disc) || tty_hung_up(r->tf);

	spin_unlock_irqrestore(&tty->lock, f);
	return ready;
}

/* Return: 0 to go on reading; 1 at the deadline; -EAGAIN, -ERESTARTSYS. */
static int wait_input(struct reader *r)
{
	int err;

	if (r->flags & O_NONBLOCK)
		return input_ready(r) ? 0 : -EAGAIN;
	err = wait_event_mode(&r->tf->tty->read_wait, input_ready(r), PARK_INTERRUPTIBLE,
			      r->deadline);
	if (err == -ETIMEDOUT)
		return 1;
	return err ? -ERESTARTSYS : 0;
}

/* One round: take what is there, decide whether that is all. Return: 1 complete, 0 wait for more,
 * -errno. */
static int read_round(struct reader *r)
{
	struct termios_k t = r->tf->tty->disc.t; /* a change meanwhile counts from the next round */
	struct piece p;
	bool line_done;
	long n;

	piece_get(&p, r->len - r->done);
	do {
		n = take_piece(r, &p, &line_done);
	} while (n == (long)p.size && !line_done && r->done < r->len);
	piece_put(&p);
	if (n < 0)
		return (int)n;
	if (line_done)
		return 1;
	if (t.c_lflag & ICANON)
		return r->done != 0; /* the buffer is full */
	return raw_complete(r, &t, n > 0);
}

static long tty_read(struct file *f, uaddr_t buf, size_t len, uint64_t *pos)
{
	struct reader r = { tty_file_of(f), f->flags, buf, len, 0, PARK_FOREVER };
	int err = tty_check_change(r.tf->tty, SIGTTIN);

	(void)pos;
	if (!len || tty_hung_up(r.tf))
		return 0;
	while (!err) {
		err = read_round(&r);
		if (err || tty_hung_up(r.tf))
			break;
		err = wait_input(&r);
	}
	return err < 0 && !r.done ? err : (long)r.done;
}

/* ---- writing ---- */

/* Give @n bytes to the discipline. Return: bytes taken now. */
static size_t put_chunk(struct tty *tty, const uint8_t *chunk, size_t n)
{
	irqflags_t f = spin_lock_irqsave(&tty->lock);
	size_t taken = ldisc_write(&tty->disc, chunk, n);

	tty_push(tty);
	if (taken < n) {
		taken += ldisc_write(&tty->disc, chunk + taken, n - taken);
		tty_push(tty);
	}
	spin_unlock_irqrestore(&tty->lock, f);
	return taken;
}

static bool output_ready(struct tty_file *tf)
{
	return ldisc_output_room(&tf->tty->disc) >= POLL_ROOM || tty_hung_up(tf);
}

/* Return: bytes taken of @chunk; fewer than @n with *err set. */
static size_t write_chunk(struct file *f, const uint8_t *chunk, size_t n, int *err)
{
	struct tty_file *tf = tty_file_of(f);
	size_t done = 0;

	for (;;) {
		if (tty_hung_up(tf))
			*err = -EIO;
		else
			done += put_chunk(tf->tty, chunk + done, n - done);
		if (done == n || *err)
			return done;
		if (f->flags & O_NONBLOCK)
			*err = -EAGAIN;
		else if (wait_event_interruptible(&tf->tty->write_wait, output_ready(tf)))
			*err = -ERESTARTSYS;
		if (*err)
			return done;
	}
}

static long write_all(struct file *f, uaddr_t buf, size_t len)
{
	struct piece p;
	size_t done = 0;
	int err = 0;

	piece_get(&p, len);
	while (done < len && !err) {
		size_t n = min_of(size_t, len - done, p.size);

		if (copy_from_user(p.at, buf + done, n))
			err = -EFAULT;
		else
			done += write_chunk(f, p.at, n, &err);
	}
	piece_put(&p);
	return done ? (long)done : err;
}

static long tty_write(struct file *f, uaddr_t buf, size_t len, uint64_t *pos)
{
	struct tty *tty = tty_file_of(f)->tty;
	int err = 0;
	long n;

	(void)pos;
	if (tty_hung_up(tty_file_of(f)))
		return -EIO;
	if (READ_ONCE(tty->disc.t.c_lflag) & TOSTOP)
		err = tty_check_change(tty, SIGTTOU);
	if (err)
		return err;
	if (mutex_lock_interruptible(&tty->write_lock))
		return -ERESTARTSYS;
	n = write_all(f, buf, len);
	mutex_unlock(&tty->write_lock);
	return n;
}

static bool drained(struct tty *tty)
{
	return !ldisc_output_pending(&tty->disc) &&
	       !(tty->line->sending && tty->line->sending(tty));
}

int tty_drain(struct tty_file *tf)
{
	struct tty *tty = tf->tty;

	if (!tty->line->is_port)
		return 0; /* what is written is with the master already */
	if (wait_event_interruptible(&tty->write_wait, drained(tty) || tty_hung_up(tf)))
		return -ERESTARTSYS;
	return tty_hung_up(tf) ? -EIO : 0;
}

/* ---- files ---- */

static unsigned tty_poll(struct file *f, struct poll_table *pt)
{
	struct tty_file *tf = tty_file_of(f);
	struct tty *tty = tf->tty;
	const uint8_t *cc = tty->disc.t.c_cc;
	unsigned mask = 0;
	size_t min = 1;
	irqflags_t flags;

	poll_wait(pt, &tty->read_wait);
	poll_wait(pt, &tty->write_wait);
	if (tty_hung_up(tf))
		return POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM | POLLERR | POLLHUP;
	flags = spin_lock_irqsave(&tty->lock);
	if (!(tty->disc.t.c_lflag & ICANON) && !cc[VTIME] && cc[VMIN])
		min = cc[VMIN];
	if (ldisc_readable(&tty->disc) && (min == 1 || ldisc_pending(&tty->disc) >= min))
		mask |= POLLIN | POLLRDNORM;
	if (ldisc_output_room(&tty->disc) >= POLL_ROOM)
		mask |= POLLOUT | POLLWRNORM;
	spin_unlock_irqrestore(&tty->lock, flags);
	return mask;
}

/* The terminal that @dev means for the caller, referenced. 0, -ENXIO (no controlling terminal),
 * -ENODEV (no port), -EIO (no such pseudo-terminal). */
static int tty_of_device(dev_k dev, struct tty **out)
{
	if (dev == MKDEV(TTYAUX_MAJOR, TTY_MINOR)) {
		*out = tty_get_caller();
		return *out ? 0 : -ENXIO;
	}
	if (MAJOR(dev) == PTS_MAJOR) {
		*out = pty_get(dev);
		return *out ? 0 : -EIO;
	}
	if (MAJOR(dev) == HVC_MAJOR) {
		*out = hvc_get(dev);
		return *out ? 0 : -ENODEV;
	}
	*out = &tty0;
	return serial_present() ? 0 : -ENODEV;
}

static int tty_open_file(struct tty *tty, struct inode *inode, struct file *f)
{
	struct tty_file *tf = failpoint("tty_open") ? NULL : kmalloc(sizeof(*tf), GFP_KERNEL);
	int err;

	if (!tf)
		return -ENOMEM;
	*tf = (struct tty_file){ .tty = tty, .hangups = READ_ONCE(tty->hangups) };
	tf->console = inode->rdev == MKDEV(TTYAUX_MAJOR, CONSOLE_MINOR);
	err = tty->line->opened ? tty->line->opened(tty) : 0;
	if (err) {
		kfree(tf);
		return err;
	}
	f->private = tf;
	return 0;
}

static int tty_open(struct inode *inode, struct file *f)
{
	struct tty *tty;
	int err = tty_of_device(inode->rdev, &tty);

	if (err)
		return err;
	err = -EBUSY;
	if (!READ_ONCE(tty->exclusive) || capable(CAP_SYS_ADMIN))
		err = tty_open_file(tty, inode, f);
	if (err)
		tty_put(tty);
	else if (!(f->flags & O_NOCTTY) && inode->rdev == tty->dev)
		tty_open_controlling(tty);
	return err;
}

static void tty_release(struct file *f)
{
	struct tty *tty = tty_file_of(f)->tty;

	kfree(f->private);
	if (tty->line->closed)
		tty->line->closed(tty);
	tty_put(tty);
}

const struct file_ops tty_fops = {
	.open = tty_open,
	.release = tty_release,
	.read = tty_read,
	.write = tty_write,
	.ioctl = tty_ioctl,
	.poll = tty_poll,
	.is_stream = true,
};

uint32_t tty_device(const struct tty *tty)
{
	return tty ? tty->dev : 0;
}

int tty_foreground(const struct tty *tty)
{
	return tty ? READ_ONCE(tty->pgrp) : -1;
}

static void device_add(const char *name, uint32_t mode, unsigned major, unsigned minor)
{
	int err = chrdev_register(major, minor, 1, &tty_fops, name);

	if (!err)
		err = chrdev_create("tty", name, mode, MKDEV(major, minor));
	if (err)
		pr_err("tty: %s: error %d", name, err);
}

void tty_init(void)
{
	static struct tty_driver_line serial = {
		.driver = "serial",
		.node = "ttyS",
		.kind = "serial",
		.major = TTY_MAJOR,
		.first = TTYS0_MINOR,
		.nr = 1,
	};

	ldisc_init(&tty0.disc);
	proc_tty_hooks = (struct proc_tty_hooks){ tty_device, tty_foreground };
	tty_proc_init();
	pty_init();
	device_add("tty", 0666, TTYAUX_MAJOR, TTY_MINOR);
	device_add("console", 0600, TTYAUX_MAJOR, CONSOLE_MINOR);
	if (!serial_present())
		return;
	device_add("ttyS0", 0600, TTY_MAJOR, TTYS0_MINOR);
	tty_driver_add(&serial);
	if (serial_start(&client))
		pr_err("tty: ttyS0: no interrupt");
}
