/*
 * signalfd(2): taking signals by reading.
 *
 * OWNS     struct signalfd: the set of signals; one per file, in file->private.
 * WHY      a read takes what pends for the READER, not for who made the file, so nothing is tied to a process; only the queue
 *          of waiters is the reader's, and an epoll set pins that (poll_keeper).
 * LOCKS    lock (rank OBJECT) for mask; signals are taken under sighand->lock (kernel/sigstate.c).
 * CONTEXT  tasks.
 * FAILS    EAGAIN, EINVAL (buffer under 128 bytes), EFAULT, ERESTARTSYS; ENOMEM and EMFILE at birth.
 * SOURCES  signalfd(2), sigaction(2) (which fields a signal has), proc(5).   TESTED BY  tests/guest/event_signal.c
 */
#include "fs/event.h"

#include "arch/uaccess.h"
#include "base/errno.h"
#include "fs/anon_file.h"
#include "fs/poll.h"
#include "fs/seq_file.h"
#include "kernel/signal.h"
#include "mm/slab.h"
#include "sync/failpoint.h"

struct signalfd {
	struct spinlock lock;
	sigset_k mask;
};

/* What a read gives for each signal. */
struct signalfd_siginfo_k {
	uint32_t signo;
	int32_t error, code;
	uint32_t pid, uid;
	int32_t fd;
	uint32_t tid, band, overrun, trapno;
	int32_t status, value_int;
	uint64_t value_ptr, utime, stime, addr;
	uint8_t pad[48];
};
_Static_assert(sizeof(struct signalfd_siginfo_k) == 128, "signalfd_siginfo size");

static sigset_k mask_of(struct signalfd *s)
{
	sigset_k mask;

	spin_lock(&s->lock);
	mask = s->mask;
	spin_unlock(&s->lock);
	return mask;
}

static bool is_fault(int sig)
{
	return sig == SIGILL || sig == SIGFPE || sig == SIGSEGV || sig == SIGBUS || sig == SIGTRAP;
}

/* Which of the overlapping fields of siginfo are valid depends on code and number. */
static void fill(struct signalfd_siginfo_k *out, const struct siginfo_k *in)
{
	bool by_kernel = in->si_code > SI_USER && in->si_code < SI_KERNEL;

	*out = (struct signalfd_siginfo_k){
		.signo = (uint32_t)in->si_signo,
		.error = in->si_errno,
		.code = in->si_code,
	};
	if (by_kernel && is_fault(in->si_signo)) {
		out->addr = in->addr;
	} else if (in->si_code == SI_TIMER) {
		out->tid = (uint32_t)in->timerid;
		out->overrun = (uint32_t)in->overrun;
		out->value_ptr = (unsigned long)in->timer_value;
		out->value_int = (int32_t)in->timer_value;
	} else {
		out->pid = (uint32_t)in->pid;
		out->uid = in->uid;
	}
	if (by_kernel && in->si_signo == SIGCHLD) {
		out->status = in->status;
		out->utime = (uint64_t)in->utime;
		out->stime = (uint64_t)in->stime;
	} else if (in->si_code < 0 && in->si_code != SI_TIMER) {
		out->value_ptr = (unsigned long)in->value;
		out->value_int = (int32_t)in->value;
	}
}

/* The first signal: waited for, if the file says so. 0, -EAGAIN, -ERESTARTSYS. */
static int take_first(struct file *f, sigset_k mask, struct siginfo_k *info)
{
	if (signal_take(mask, info))
		return 0;
	if (f->flags & O_NONBLOCK)
		return -EAGAIN;
	return wait_event_interruptible(signal_wait_queue(), signal_take(mask, info)) ? -ERESTARTSYS
										      : 0;
}

static long signalfd_read(struct file *f, uaddr_t buf, size_t len, uint64_t *pos)
{
	sigset_k mask = mask_of(f->private);
	struct signalfd_siginfo_k out;
	struct siginfo_k info;
	size_t done = 0;
	int err;

	if (len < sizeof(out))
		return -EINVAL;
	err = take_first(f, mask, &info);
	if (err)
		return err;
	do {
		fill(&out, &info);
		if (copy_to_user(buf + done, &out, sizeof(out)))
			return done ? (long)done : -EFAULT;
		done += sizeof(out);
	} while (len - done >= sizeof(out) && signal_take(mask, &info));
	return (long)done;
}

static unsigned signalfd_poll(struct file *f, struct poll_table *pt)
{
	static const struct poll_keeper keeper = { signal_wait_pin, signal_wait_unpin };

	poll_wait_kept(pt, signal_wait_queue(), POLLIN | POLLRDNORM, &keeper);
	return signal_any_pending(mask_of(f->private)) ? POLLIN : 0;
}

static void signalfd_release(struct file *f)
{
	kfree(f->private);
}

static void signalfd_show(struct file *f, struct seq_file *m)
{
	seq_printf(m, "sigmask:\t%016llx\n", (unsigned long long)mask_of(f->private));
}

static const struct file_ops signalfd_fops = {
	.release = signalfd_release,
	.read = signalfd_read,
	.poll = signalfd_poll,
	.seek = anon_file_seek,
	.show_fdinfo = signalfd_show,
	.is_stream = true,
};

static int change_mask(int fd, sigset_k mask)
{
	struct file *f = fd_file(fd);
	struct signalfd *s;

	if (!f)
		return -EBADF;
	if (f->ops != &signalfd_fops) {
		fput(f);
		return -EINVAL;
	}
	s = f->private;
	spin_lock(&s->lock);
	s->mask = mask;
	spin_unlock(&s->lock);
	waitq_wake_all(signal_wait_queue()); /* what pends already may count now */
	fput(f);
	return fd;
}

int signalfd_create(int fd, sigset_k mask, unsigned flags)
{
	struct signalfd *s;

	if (flags & ~(unsigned)(O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	mask &= ~(sigmask(SIGKILL) | sigmask(SIGSTOP));
	if (fd != -1)
		return change_mask(fd, mask);
	s = failpoint("signalfd") ? NULL : kzalloc(sizeof(*s), GFP_KERNEL);
	if (!s)
		return -ENOMEM;
	spin_init(&s->lock, RANK_OBJECT);
	s->mask = mask;
	fd = anon_file_fd("[signalfd]", &signalfd_fops, s, O_RDWR | flags);
	if (fd < 0)
		kfree(s);
	return fd;
}
