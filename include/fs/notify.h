/*
 * What happens to files, told to those who watch (inotify(7)). The operations on files call these; while nobody watches
 * anything that is one test of a counter.
 */
#ifndef FS_NOTIFY_H
#define FS_NOTIFY_H

#include "fs/fs.h"

enum {
	IN_ACCESS = 1,
	IN_MODIFY = 2,
	IN_ATTRIB = 4,
	IN_CLOSE_WRITE = 8,
	IN_CLOSE_NOWRITE = 0x10,
	IN_OPEN = 0x20,
	IN_MOVED_FROM = 0x40,
	IN_MOVED_TO = 0x80,
	IN_CREATE = 0x100,
	IN_DELETE = 0x200,
	IN_DELETE_SELF = 0x400,
	IN_MOVE_SELF = 0x800,
	IN_ALL_EVENTS = 0xfff,
	IN_UNMOUNT = 0x2000,
	IN_Q_OVERFLOW = 0x4000,
	IN_IGNORED = 0x8000,
	IN_ONLYDIR = 0x01000000,
	IN_DONT_FOLLOW = 0x02000000,
	IN_EXCL_UNLINK = 0x04000000,
	IN_MASK_CREATE = 0x10000000,
	IN_MASK_ADD = 0x20000000,
	IN_ISDIR = 0x40000000
};
#define IN_ONESHOT (1U << 31)

extern int inotify_nr_watches; /* a: in the whole system */

static inline bool notify_wanted(void)
{
	return unlikely(READ_ONCE(inotify_nr_watches) != 0);
}

/* ---- notify.c: each for when somebody watches something. May sleep; never fails (a lost event is an overflow). ---- */
/* To who watches @d's object, and its directory. @open_file: it came through an open file (IN_EXCL_UNLINK). */
void notify_object(struct dentry *d, unsigned mask, bool open_file);
/* To who watches the directory @dir: about the name @name, of an object that is @mode. */
void notify_dir(struct inode *dir, unsigned mask, const struct qstr *name, uint32_t mode);
/* To who watches @inode itself. */
void notify_self(struct inode *inode, unsigned mask);
/* The last name of @inode is gone, and the last open file: IN_DELETE_SELF, and the end of all its watches. */
void notify_deleted(struct inode *inode);
/* @d's name has left the directory @dir; its object may be gone with it. */
void notify_unlinked(struct inode *dir, struct dentry *d);

struct notify_move {
	struct inode *from, *to;      /* directories */
	const struct qstr *old, *new; /* names */
	struct inode *object;
	struct inode *victim; /* whose name was taken; NULL: nobody's */
};
void notify_moved(const struct notify_move *m);
/* The file system is about to go: IN_UNMOUNT, and the end of all watches on it. */
void notify_unmount(struct super_block *sb);

/* ---- the hooks ---- */

static inline void notify_file(struct file *f, unsigned mask)
{
	if (notify_wanted())
		notify_object(f->path.dentry, mask, true);
}

static inline void notify_dentry(struct dentry *d, unsigned mask)
{
	if (notify_wanted())
		notify_object(d, mask, false);
}

/* A name was made: @d, positive now. */
static inline void notify_created(struct inode *dir, const struct dentry *d)
{
	if (notify_wanted()) {
		struct qstr name = { d->name, d->len, d->hash };

		notify_dir(dir, IN_CREATE, &name, d->inode->mode);
	}
}

#endif
