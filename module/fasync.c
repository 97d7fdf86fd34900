/*
 * SIGIO of modules' devices: fasync_helper, kill_fasync.
 *
 *   fcntl(fd, F_SETFL, O_ASYNC) ── file_ops.fasync ── the module's fasync ── fasync_helper: on the module's list
 *   something has come ── kill_fasync(list) ── fasync_send of each file: a signal to its owner (fs/fasync.c)
 *
 * OWNS     the elements of modules' lists, struct fasync_view.
 * I1       an element's file is open: it leaves the list before its release, which waits for calls of kill_fasync that run.
 * LOCKS    fasync_lock: all lists, any context. kill_fasync holds it not while it sends.
 * CONTEXT  fasync_helper: tasks; kill_fasync: any.   COST  O(files) each.   FAILS  -ENOMEM.
 * SOURCES  Linux Documentation/filesystems/vfs.rst; fcntl(2).   TESTED BY  module_api (guest)
 */
#include "module/cdev.h"

#include "base/errno.h"
#include "fs/fasync.h"
#include "mm/slab.h"
#include "module/api.h"
#include "sync/failpoint.h"

struct fasync_view { /* struct fasync_struct */
	struct fasync_view *next;
	struct open_chr *file;
};

static struct spinlock fasync_lock = SPINLOCK_INIT(RANK_OBJECT);
static struct waitq all_sent = WAITQ_INIT(all_sent);
static atomic_t sending; /* calls of kill_fasync */

/* Where @o's element hangs; or the end. */
static struct fasync_view **find(struct fasync_view **list, const struct open_chr *o)
{
	while (*list && (*list)->file != o)
		list = &(*list)->next;
	return list;
}

static int take_off(struct fasync_view **list, const struct open_chr *o)
{
	irqflags_t flags = spin_lock_irqsave(&fasync_lock);
	struct fasync_view **at = find(list, o), *found = *at;

	if (found)
		*at = found->next;
	spin_unlock_irqrestore(&fasync_lock, flags);
	if (!found)
		return 0;
	wait_event(&all_sent, atomic_read(&sending) == 0);
	kfree(found);
	return 1;
}

int module_fasync_helper(int fd, struct file_view *file, int on, struct fasync_view **list)
{
	struct open_chr *o = container_of(file, struct open_chr, file);
	struct fasync_view *fresh, **at;
	irqflags_t flags;

	if (!on)
		return take_off(list, o);
	fresh = failpoint("module_fasync") ? NULL : kzalloc(sizeof(*fresh), GFP_KERNEL);
	if (!fresh)
		return -ENOMEM;
	fresh->file = o;
	flags = spin_lock_irqsave(&fasync_lock);
	at = find(list, o);
	if (!*at) {
		*at = fresh;
		fresh = NULL;
	}
	spin_unlock_irqrestore(&fasync_lock, flags);
	kfree(fresh);
	return !fresh;
}

static struct file *nth_file(struct fasync_view *const *list, unsigned n)
{
	irqflags_t flags = spin_lock_irqsave(&fasync_lock);
	struct fasync_view *f = *list;

	while (f && n--)
		f = f->next;
	spin_unlock_irqrestore(&fasync_lock, flags);
	return f ? f->file->real : NULL;
}

void module_kill_fasync(struct fasync_view **list, int sig, int band)
{
	struct file *f;

	atomic_inc(&sending);
	for (unsigned n = 0; (f = nth_file(list, n)); n++)
		fasync_send(f, band);
	if (atomic_dec_and_test(&sending))
		waitq_wake_all(&all_sent);
}
