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

int pidfd_create(struct task *leader, unsigned flags)
{
	struct signal_struct *sig = signal_get(leader->signal);
	int fd = anon_file_fd("[pidfd]", &pidfd_fops, sig, O_RDWR | O_CLOEXEC | flags);

	if (fd < 0)
		signal_put(sig);
	return fd;
}

int pidfd_task(int fd, struct task **out)
{
	struct file *f = fd_file(fd);
	int err = -EBADF;

	if (!f)
		return -EBADF;
	if (f->ops == &pidfd_fops) {
		*out = signal_leader_get(f->private);
		err = *out ? 0 : -ESRCH;
	}
	fput(f);
	return err;
}
