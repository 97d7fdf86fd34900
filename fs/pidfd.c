/*
 * pidfd_open(2): a file that stands for a process.
 *
 * OWNS     nothing: file->private is a reference on the thread group.
 * WHY      a number may be another process's a moment later, a reference may not.
 * I1       the file is readable from the moment the process has ended, waited for or not, for ever.
 * LOCKS    tasklist_lock, inside the calls of kernel/.   CONTEXT  tasks; may sleep.
 * FAILS    -EMFILE, -ENOMEM.
 * NOT HERE who may do what to the process (sys/).
 * SOURCES  pidfd_open(2), proc(5) /proc/PID/fdinfo.   TESTED BY  tests/guest/mm_remote.c
 */
#include "fs/pidfd.h"

#include "base/errno.h"
#include "fs/anon_file.h"
#include "fs/poll.h"
#include "fs/seq_file.h"
#include "kernel/task.h"

static void pidfd_release(struct file *f)
{
	signal_put(f->private);
}

static unsigned pidfd_poll(struct file *f, struct poll_table *pt)
{
	struct signal_struct *sig = f->private;

	poll_wait_for(pt, &sig->wait_ended, POLLIN | POLLRDNORM);
	return signal_group_ended(sig) ? POLLIN | POLLRDNORM : 0;
}

static void pidfd_show(struct file *f, struct seq_file *m)
{
	struct task *t = signal_leader_get(f->private);
	int pid = t ? t->tgid : -1;

	if (t)
		task_put(t);
	seq_printf(m, "Pid:\t%d\nNSpid:\t%d\n", pid, pid);
}

static const struct file_ops pidfd_fops = { .release = pidfd_release,
					    .poll = pidfd_poll,
					    .show_fdinfo = pidfd_show };

struct file *pidfd_file(struct signal_struct *sig, unsigned flags)
{
	struct file *f = anon_file_alloc("[pidfd]", &pidfd_fops, signal_get(sig), O_RDWR | flags);

	if (!f)
		signal_put(sig);
	return f;
}

int pidfd_create(struct task *leader, unsigned flags)
{
	int fd = fd_reserve(0, true);
	struct file *f;

	if (fd < 0)
		return fd;
	f = pidfd_file(leader->signal, flags);
	if (!f) {
		fd_unreserve(fd);
		return file_error();
	}
	fd_install(fd, f);
	return fd;
}

int pidfd_group(int fd, struct signal_struct **out, unsigned *flags)
{
	struct file *f = fd_file(fd);
	int err = -EBADF;

	if (!f)
		return -EBADF;
	if (f->ops == &pidfd_fops) {
		*out = signal_get(f->private);
		*flags = f->flags;
		err = 0;
	}
	fput(f);
	return err;
}

int pidfd_task(int fd, struct task **out)
{
	struct signal_struct *sig;
	unsigned flags;
	int err = pidfd_group(fd, &sig, &flags);

	if (err)
		return err;
	*out = signal_leader_get(sig);
	signal_put(sig);
	return *out ? 0 : -ESRCH;
}
