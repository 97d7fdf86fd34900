/*
 * The size of a pipe: F_SETPIPE_SZ and F_GETPIPE_SZ.
 *
 * OWNS     nothing; pipe.c has struct pipe and what is true of it.
 * LOCKS    pipe->lock.   CONTEXT  tasks; may sleep.
 * FAILS    EBUSY (what is held does not fit), ENOMEM, EPERM, EINVAL; nothing has changed then.
 * SOURCES  fcntl(2) F_SETPIPE_SZ.   TESTED BY fs_mount.c, file_splice.c, ipc_nomem.c
 */
#include "base/errno.h"
#include "fs/file.h"
#include "mm/alloc.h"
#include "mm/slab.h"
#include "pipe_impl.h"
#include "sync/failpoint.h"

/* Move the pages of the live bytes to an array for @size bytes. pipe->lock held. 0, -EBUSY, -ENOMEM. */
static int pipe_resize(struct pipe *p, unsigned size)
{
	unsigned old_slots = p->size / PAGE_SIZE, slots = size / PAGE_SIZE, i;
	char **page;

	if (used_of(p) && ((p->head - 1) / PAGE_SIZE - p->tail / PAGE_SIZE) >= slots)
		return -EBUSY;
	page = failpoint("pipe_resize") ? NULL : kzalloc(slots * sizeof(*page), GFP_KERNEL);
	if (!page)
		return -ENOMEM;
	for (i = 0; i < old_slots; i++) {
		unsigned at = (p->tail / PAGE_SIZE + i) * PAGE_SIZE;
		char **slot = slot_of(p, at);

		if (*slot && i < slots && (int)(p->head - at) > 0)
			page[at / PAGE_SIZE & (slots - 1)] = *slot;
		else if (*slot)
			free_page((unsigned long)*slot);
	}
	if (p->page != p->inline_page)
		kfree(p->page);
	pipe_set_ring(p, page, size);
	return 0;
}

/* What is held must fit, what is gained must be allowed. pipe->lock held. 0 or -errno. */
static int pipe_set_size(struct pipe *p, unsigned size)
{
	unsigned slots = size / PAGE_SIZE, old = p->quota.slots;
	int err = slots > old ? pipe_quota_grow(&p->quota, slots) : 0;

	if (err)
		return err;
	if (p->packets && p->nr_packets > slots)
		err = -EBUSY;
	else
		err = pipe_resize(p, p->packets ? 2 * size : size);
	if (slots < old ? !err : err) /* it has shrunk, or has not grown */
		pipe_quota_shrink(&p->quota, slots < old ? slots : old);
	return err;
}

long pipe_size(struct file *f, unsigned long size)
{
	struct pipe *p = f->private;
	unsigned n = PAGE_SIZE;
	long ret = 0;

	if (!file_is_pipe(f))
		return -EBADF;
	if (size > (unsigned long)PIPE_BYTES_MAX)
		return size > 1UL << 31 ? -EINVAL : -ENOMEM;
	while (n < size)
		n *= 2;
	mutex_lock(&p->lock);
	if (size && n != said_size(p))
		ret = pipe_set_size(p, n);
	if (!ret)
		ret = (long)said_size(p);
	mutex_unlock(&p->lock);
	if (size)
		waitq_wake_all(&p->wr_wait);
	return ret;
}
