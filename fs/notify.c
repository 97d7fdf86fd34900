/*
 * What happened to a file, told to those who watch it or its directory.
 *
 * WHY      an operation knows a dentry; a watcher, an inode. Here one becomes the other, in Linux's order: the directory
 *          first, with the name, then the object. While nothing is watched no hook comes here (notify_wanted).
 * I1       both halves of a move have the same cookie, and no other move has it until the counter comes round.
 * LOCKS    dcache_lock for a parent and a name, not across a delivery. Callers hold inode locks (rank FS) or nothing.
 * CONTEXT  tasks; may sleep.
 * FAILS    never: without memory a watcher gets IN_Q_OVERFLOW (inotify.c).
 * NOT HERE watches and their queues (inotify.c).
 * SOURCES  inotify(7).   TESTED BY  tests/guest/event_inotify.c
 */
#include "fs/inotify.h"

#include "fs/path.h"
#include "lib/string.h"
#include "vfs_impl.h"

static atomic_t next_cookie;

static unsigned with_type(unsigned mask, uint32_t mode)
{
	return mask | (S_ISDIR(mode) ? IN_ISDIR : 0);
}

void notify_self(struct inode *inode, unsigned mask)
{
	struct notice n = { .mask = with_type(mask, inode->mode) };

	if (mask & (IN_DELETE_SELF | IN_MOVE_SELF))
		n.mask = mask;
	inotify_deliver(inode, &n);
}

void notify_dir(struct inode *dir, unsigned mask, const struct qstr *name, uint32_t mode)
{
	struct notice n = { .mask = with_type(mask, mode), .name = name };

	inotify_deliver(dir, &n);
}

/* The directory of @d, referenced, if it is watched, and the name in it. NULL: nobody watches. */
static struct inode *watched_parent(struct dentry *d, char *buf, struct qstr *name)
{
	struct inode *dir = NULL;

	spin_lock(&dcache_lock);
	if (d->parent != d && d->parent->inode && READ_ONCE(d->parent->inode->watches)) {
		dir = d->parent->inode;
		iget(dir);
		memcpy(buf, d->name, d->len);
		*name = (struct qstr){ buf, d->len, d->hash };
	}
	spin_unlock(&dcache_lock);
	return dir;
}

void notify_object(struct dentry *d, unsigned mask, bool open_file)
{
	struct inode *inode = d->inode, *dir;
	struct notice n = { .mask = with_type(mask, inode->mode),
			    .unlinked = open_file && d->deleted };
	char buf[VFS_NAME_MAX];
	struct qstr name;

	dir = watched_parent(d, buf, &name);
	if (dir) {
		n.name = &name;
		inotify_deliver(dir, &n);
		n.name = NULL;
		iput(dir);
	}
	inotify_deliver(inode, &n);
}

void notify_deleted(struct inode *inode)
{
	notify_self(inode, IN_DELETE_SELF);
	inotify_forget(inode);
}

void notify_unlinked(struct inode *dir, struct dentry *d)
{
	struct qstr name = { d->name, d->len, d->hash };
	struct inode *inode = d->inode;

	if (!S_ISDIR(inode->mode))
		notify_self(inode, IN_ATTRIB);
	if (!inode->nlink && atomic_read(&d->refs) == 1) /* the caller's: no file is open */
		notify_deleted(inode);
	notify_dir(dir, IN_DELETE, &name, inode->mode);
}

void notify_moved(const struct notify_move *m)
{
	struct notice n = { .cookie = (uint32_t)atomic_add_return(&next_cookie, 1) };

	n.mask = with_type(IN_MOVED_FROM, m->object->mode);
	n.name = m->old;
	inotify_deliver(m->from, &n);
	n.mask = with_type(IN_MOVED_TO, m->object->mode);
	n.name = m->new;
	inotify_deliver(m->to, &n);
	if (m->victim)
		notify_self(m->victim, IN_ATTRIB);
	notify_self(m->object, IN_MOVE_SELF);
}

void notify_unmount(struct super_block *sb)
{
	struct inode *inode;

	if (!notify_wanted())
		return;
	while ((inode = inotify_watched_on(sb)) != NULL) {
		notify_self(inode, IN_UNMOUNT);
		inotify_forget(inode);
		iput(inode);
	}
}
