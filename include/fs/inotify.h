/* inotify(7): the system calls, and how what happens reaches the queues. */
#ifndef FS_INOTIFY_H
#define FS_INOTIFY_H

#include "fs/notify.h"

/* Something that happened to an object. */
struct notice {
	unsigned mask;		 /* IN_* */
	uint32_t cookie;	 /* joins the two halves of a move */
	const struct qstr *name; /* in a watched directory; NULL: of the object itself */
	bool unlinked;		 /* through a file whose name is gone */
};

/* Queue @n for every watch on @inode that asked for it. Sleeps. */
void inotify_deliver(struct inode *inode, const struct notice *n);
/* End all watches on @inode: IN_IGNORED. Sleeps. */
void inotify_forget(struct inode *inode);
/* An inode of @sb that is watched, referenced; NULL: none. */
struct inode *inotify_watched_on(const struct super_block *sb);

/* @flags: O_CLOEXEC, O_NONBLOCK. Descriptor, -EINVAL, -EMFILE, -ENOMEM. */
int must_check inotify_create(unsigned flags);
/* May watches with @mask be added to @fd? 0, -EBADF, -EINVAL. */
int must_check inotify_check(int fd, unsigned mask);
/* A watch on @p. Its number, -EACCES, -EBADF, -EEXIST, -EINVAL, -ENOMEM, -ENOSPC. */
int must_check inotify_add(int fd, const struct path_ref *p, unsigned mask);
int must_check inotify_remove(int fd, int wd); /* 0, -EBADF, -EINVAL */
void inotify_init(void);

#endif
