/*
 * Calls on a process that a descriptor stands for: pidfd_open(2), pidfd_getfd(2), process_madvise(2),
 * process_mrelease(2).
 *
 * LOCKS    none across a call down.   CONTEXT  a task; sleeps.
 * FAILS    as the manual pages say; EBADF for a descriptor that is none of a process, ESRCH for one whose process is gone.
 * NOT HERE pidfd_send_signal (sys_signal.c).
 * SOURCES  pidfd_open(2), pidfd_getfd(2), process_madvise(2), process_mrelease(2).   TESTED BY  tests/guest/mm_remote.c
 */
#include "sys/sys.h"

#include "fs/file.h"
#include "fs/pidfd.h"
#include "mm/mm.h"
#include "mm/oom.h"
#include "mm/slab.h"
#include "sys/iovec.h"
#include "uapi/mman.h"

SYS(pidfd_open)
{
	int pid = (int)a0;
	unsigned flags = (unsigned)a1;
	struct task *t;
	long ret;

	if ((flags & ~(unsigned)O_NONBLOCK) || pid <= 0)
		return -EINVAL;
	t = task_find(pid);
	if (!t)
		return -ESRCH;
	ret = t->tgid == t->pid ? pidfd_create(t, flags) : -EINVAL;
	task_put(t);
	return ret;
}

static long getfd(struct task *t, int fd)
{
	struct file *f;
	int new_fd;

	if (!task_may_ptrace(t, true))
		return -EPERM;
	f = task_file(t, fd);
	if (!f)
		return -EBADF;
	new_fd = fd_reserve(0, true);
	if (new_fd < 0) {
		fput(f);
		return new_fd;
	}
	fd_install(new_fd, f);
	return new_fd;
}

SYS(pidfd_getfd)
{
	struct task *t;
	long ret;

	if (a2)
		return -EINVAL;
	ret = pidfd_task((int)a0, &t);
	if (ret)
		return ret;
	ret = getfd(t, (int)a1);
	task_put(t);
	return ret;
}

/* ---- process_madvise ---- */

/* Ranges one after the other until one fails. Return: bytes advised, or the error when there are none. */
static long advise_vector(struct mm_struct *mm, const struct iovec_k *v, unsigned long nr,
			  int advice)
{
	long done = 0;

	for (unsigned long i = 0; i < nr; i++) {
		int err = vm_advise(mm, v[i].base, v[i].len, advice);

		if (err)
			return done ? done : err;
		done += (long)v[i].len;
	}
	return done;
}

/* Advice that changes nothing but speed: what one process may do to another. */
static bool is_harmless(int advice)
{
	return advice == MADV_COLD || advice == MADV_PAGEOUT || advice == MADV_WILLNEED ||
	       advice == MADV_COLLAPSE;
}

static long advise_task(struct task *t, const struct iovec_k *v, unsigned long nr, int advice)
{
	struct mm_struct *mm;
	long ret;

	if (!is_harmless(advice))
		return -EINVAL;
	if (!task_may_ptrace(t, false))
		return -EACCES; /* as Linux has it; the manual page says EPERM */
	mm = task_mm_get(t);
	if (!mm)
		return -ESRCH;
	ret = capable(CAP_SYS_NICE) ? advise_vector(mm, v, nr, advice) : -EPERM;
	mmput(mm);
	return ret;
}

SYS(process_madvise)
{
	struct iovec_k *v = NULL;
	struct task *t;
	long ret;

	if (a4)
		return -EINVAL;
	ret = iovec_import(a1, a2, &v);
	if (ret < 0)
		return ret;
	ret = pidfd_task((int)a0, &t);
	if (!ret) {
		ret = advise_task(t, v, v ? a2 : 0, (int)a3);
		task_put(t);
	}
	kfree(v);
	return ret;
}

/* ---- process_mrelease ---- */

static long release_task(struct task *t)
{
	struct mm_struct *mm = task_mm_grab(t);
	long ret = -EINVAL;

	if (!mm)
		return -ESRCH;
	if (mm_is_dying(mm))
		ret = mm_reap(mm);
	mmdrop(mm);
	return ret;
}

SYS(process_mrelease)
{
	struct task *t;
	long ret;

	if (a1)
		return -EINVAL;
	ret = pidfd_task((int)a0, &t);
	if (ret)
		return ret;
	ret = release_task(t);
	task_put(t);
	return ret;
}
