/*
 * process_vm_readv(2), process_vm_writev(2): bytes between the caller's memory and another process's.
 *
 *   local vector  |--a--|----b----|        one stream of bytes, cut at the borders of both vectors and at pages
 *   remote vector |------x-----|-y-|       of the remote one
 *
 * WHY      through a page of the kernel's: the remote page is not held while the local one is faulted in.
 * I1       what was done before a failure counts: an error is reported only when not a byte was done.
 * LOCKS    none across a copy.   CONTEXT  a task; sleeps.
 * FAILS    EINVAL, EFAULT, ENOMEM, EPERM, ESRCH as the manual page has them.
 * SOURCES  process_vm_readv(2), ptrace(2) "Ptrace access mode checking".   TESTED BY  tests/guest/mm_remote.c
 */
#include "sys/sys.h"

#include "mm/mm.h"
#include "mm/slab.h"
#include "sys/iovec.h"

struct transfer {
	struct mm_struct *mm;
	const struct iovec_k *local, *remote;
	unsigned long nr_local, nr_remote;
	size_t local_at, remote_at; /* bytes done of the first of each */
	bool write;		    /* to the remote process */
	char *buf;		    /* a page */
	size_t done;
};

/* @n bytes of one local and one remote piece, inside one remote page. Return: bytes done. */
static size_t move_bytes(struct transfer *t, uaddr_t local, uaddr_t remote, size_t n)
{
	if (t->write) {
		n -= copy_from_user(t->buf, local, n);
		return mm_copy(t->mm, remote, t->buf, n, true);
	}
	n = mm_copy(t->mm, remote, t->buf, n, false);
	return n - copy_to_user(local, t->buf, n);
}

/* Go to the next piece of a vector once it is used up, over empty ones. Return: false at the end. */
static bool next_piece(const struct iovec_k **v, unsigned long *nr, size_t *at)
{
	while (*nr && *at == (*v)->len) {
		(*v)++;
		(*nr)--;
		*at = 0;
	}
	return *nr != 0;
}

static long transfer(struct transfer *t)
{
	while (next_piece(&t->local, &t->nr_local, &t->local_at) &&
	       next_piece(&t->remote, &t->nr_remote, &t->remote_at)) {
		uaddr_t remote = t->remote->base + t->remote_at;
		size_t n = min_of(size_t, t->local->len - t->local_at,
				  t->remote->len - t->remote_at),
		       moved;

		n = min_of(size_t, n, PAGE_SIZE - (remote & ~PAGE_MASK));
		moved = move_bytes(t, t->local->base + t->local_at, remote, n);
		t->done += moved;
		t->local_at += moved;
		t->remote_at += moved;
		if (moved < n)
			break;
		if (fatal_signal_pending())
			break;
	}
	if (t->done || !t->nr_local || !t->nr_remote)
		return (long)t->done;
	return fatal_signal_pending() ? -EINTR : -EFAULT;
}

static long with_process(struct transfer *t, int pid)
{
	struct task *task = task_find(pid);
	long ret = -ESRCH;

	if (!task)
		return -ESRCH;
	if (!task_may_ptrace(task, true))
		ret = -EPERM;
	else if ((t->mm = task_mm_get(task)))
		ret = transfer(t);
	task_put(task);
	if (t->mm)
		mmput(t->mm);
	return ret;
}

/* Has the remote vector anything in it? */
static bool any_bytes(const struct transfer *t)
{
	for (unsigned long i = 0; i < t->nr_remote; i++) {
		if (t->remote[i].len)
			return true;
	}
	return false;
}

static long remote_get(struct transfer *t, int pid, uaddr_t riov)
{
	struct iovec_k *remote;
	long ret = iovec_read(riov, t->nr_remote, &remote);

	if (ret)
		return ret;
	t->remote = remote;
	if (any_bytes(t)) {
		t->buf = kmalloc(PAGE_SIZE, GFP_KERNEL);
		ret = t->buf ? with_process(t, pid) : -ENOMEM;
		kfree(t->buf);
	}
	kfree(remote);
	return ret;
}

static long process_vm(SYS_ARGS, bool write)
{
	struct transfer t = { .nr_local = a2, .nr_remote = a4, .write = write };
	struct iovec_k *local;
	long ret;

	if (a5)
		return -EINVAL;
	ret = iovec_import(a1, a2, &local);
	if (ret <= 0) /* nothing to do is no reason to look further */
		return ret;
	t.local = local;
	ret = remote_get(&t, (int)a0, a3);
	kfree(local);
	return ret;
}

SYS(process_vm_readv)
{
	return process_vm(a0, a1, a2, a3, a4, a5, false);
}

SYS(process_vm_writev)
{
	return process_vm(a0, a1, a2, a3, a4, a5, true);
}
