/* Names, descriptors of the calling program, files without a name. Included by linux/fs.h. */
#ifndef _LINUX_FS_PATH_H
#define _LINUX_FS_PATH_H

#include <linux/cred.h>
#include <linux/fs.h>

#define LOOKUP_FOLLOW	 0x0001
#define LOOKUP_DIRECTORY 0x0002

/* 0 and a path, which path_put gives back; -errno. */
int kern_path(const char *name, unsigned int flags, struct path *path);
void module_path_get(const struct path *path);
void module_path_put(const struct path *path);
#define path_get(p)		module_path_get(p)
#define path_put(p)		module_path_put(p)
#define path_equal(a, b)	((a)->dentry == (b)->dentry)
#define d_inode(dentry)		((dentry)->d_inode)
#define d_backing_inode(dentry) ((dentry)->d_inode)
#define d_is_dir(dentry)	S_ISDIR((dentry)->d_inode->i_mode)
#define d_is_reg(dentry)	S_ISREG((dentry)->d_inode->i_mode)
#define d_is_symlink(dentry)	S_ISLNK((dentry)->d_inode->i_mode)
#define d_is_positive(dentry)	((dentry)->d_inode != NULL)
#define IS_ROOT(dentry)		((dentry)->d_parent == (dentry))

static inline char *dentry_path_raw(const struct dentry *dentry, char *buf, int len)
{
	return snprintf(buf, (size_t)len, "%s", dentry->full) < len ? buf : (char *)-ENAMETOOLONG;
}

/* ---- descriptors ---- */
struct file *fget(unsigned int fd); /* NULL: not open */
struct fd {
	struct file *file;
	unsigned int flags;
};
#define fget_raw(fd) fget(fd)
#define fd_file(f)   ((f).file)
#define fd_empty(f)  (!(f).file)

static inline struct fd fdget(unsigned int fd)
{
	return (struct fd){ fget(fd), 1 };
}

static inline void fdput(struct fd fd)
{
	if (fd.file)
		fput(fd.file);
}

struct file *module_get_file(struct file *file);
#define get_file(file)	 module_get_file(file)
#define file_count(file) ((file)->f_count.counter)

/* A descriptor of the calling program for operations of the module. Number or -errno. */
int module_anon_fd(const char *name, const struct module_calls *calls, void *data, int flags);

static inline int anon_inode_getfd(const char *name, const struct file_operations *ops, void *data,
				   int flags)
{
	const struct module_calls calls = file_calls(ops);

	return module_anon_fd(name, &calls, data, flags);
}

/* ERR_PTR(-errno). */
struct file *module_anon_file(const char *name, const struct module_calls *calls, void *data,
			      int flags);

static inline struct file *anon_inode_getfile(const char *name, const struct file_operations *ops,
					      void *data, int flags)
{
	const struct module_calls calls = file_calls(ops);

	return module_anon_file(name, &calls, data, flags);
}

/* A number of the calling program, which nobody sees until fd_install: it takes the module's reference of the file over. */
int module_fd_reserve(unsigned int flags);
void put_unused_fd(unsigned int fd);
void fd_install(unsigned int fd, struct file *file);
#define get_unused_fd_flags(flags) module_fd_reserve(flags)
#define get_unused_fd()		   module_fd_reserve(0)

/* ---- what a file is like: (path, stat, what, how) since Linux 4.11, before (path, stat) ---- */
#define STATX_BASIC_STATS     0x07ff
#define AT_STATX_SYNC_AS_STAT 0
#define KSTAT_QUERY_FLAGS     0
int module_getattr(const struct path *path, struct kstat *stat);
#define vfs_getattr(path, stat, ...)	   module_getattr(path, stat)
#define vfs_getattr_nosec(path, stat, ...) module_getattr(path, stat)

/* ---- SIGIO (module/cdev.c): the file's own O_ASYNC says to whom ---- */
struct fasync_struct;
/* 1: the list has changed, 0: it has not; -ENOMEM. */
int fasync_helper(int fd, struct file *file, int on, struct fasync_struct **list);
void kill_fasync(struct fasync_struct **list, int sig, int band);

#endif
