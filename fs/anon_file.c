/*
 * Files without a name.
 *
 * OWNS     anon_inode: the one inode of all files that are only a struct file and its operations.
 * WHY      what such a file is lies in file->private; an inode of its own would say nothing. fstat(2) shows the same number
 *          for all, mode 0600 and no type, as on Linux.
 * I1       anon_inode has a reference of the kernel's: it is never freed.
 * LOCKS    none.   CONTEXT  tasks; may sleep.
 * FAILS    NULL or -ENOMEM, -EMFILE; then nothing is left and ops->release has not run.
 * NOT HERE objects with an inode each (pipes: pipe.c).
 * SOURCES  proc(5) /proc/PID/fd; eventfd(2), epoll_create(2) NOTES.   TESTED BY  tests/guest/event_fd.c
 */
#include "fs/anon_file.h"

#include "base/errno.h"
#include "lib/string.h"
#include "vfs_impl.h"

static struct inode *anon_inode;

/* Rights of the shared inode are nobody's to change. */
static int anon_setattr(struct inode *inode, uint32_t mode, uint32_t uid, uint32_t gid)
{
	return -EOPNOTSUPP;
}

static const struct inode_ops anon_iops = { .setattr = anon_setattr };

void anon_file_init(void)
{
	anon_inode = inode_alloc(anon_sb, 0600);
	must(anon_inode);
	anon_inode->ops = &anon_iops;
}

int64_t anon_file_seek(struct file *f, int64_t off, int whence)
{
	return (int64_t)f->pos;
}

struct file *anon_file_alloc(const char *name, const struct file_ops *ops, void *private,
			     unsigned flags)
{
	struct qstr qname = { name, (unsigned)strlen(name), 0 };
	struct path_ref path;
	struct file *f;

	iget(anon_inode);
	if (anon_path(anon_inode, &qname, &path))
		return NULL;
	f = file_alloc_path(&path, flags & ~(unsigned)O_CLOEXEC);
	path_put(&path);
	if (!f)
		return NULL;
	f->ops = ops;
	f->private = private;
	return f;
}

int anon_file_fd(const char *name, const struct file_ops *ops, void *private, unsigned flags)
{
	int fd = fd_reserve(0, flags & O_CLOEXEC);
	struct file *f;

	if (fd < 0)
		return fd;
	f = anon_file_alloc(name, ops, private, flags);
	if (!f) {
		fd_unreserve(fd);
		return file_error();
	}
	fd_install(fd, f);
	return fd;
}

struct file *socket_file_alloc(const struct file_ops *ops, unsigned flags)
{
	static const struct qstr name = { "", 0, 0 }; /* made of the inode number when asked for */
	struct inode *inode = inode_alloc(sock_sb, S_IFSOCK | 0777);
	struct path_ref path;
	struct file *f;

	if (!inode)
		return NULL;
	inode_init_owner(inode, NULL);
	inode->mode = S_IFSOCK | 0777;
	if (anon_path(inode, &name, &path))
		return NULL;
	f = file_alloc_path(&path, O_RDWR | flags);
	path_put(&path);
	if (f) {
		f->pos = UINT64_MAX;
		f->ops = ops;
	}
	return f;
}
