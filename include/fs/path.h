/* Names to objects: path walking, mounts, and the operations of system calls on names. Errors as path_resolution(7). */
#ifndef FS_PATH_H
#define FS_PATH_H

#include "fs/fs.h"

struct task;
/* Root, working directory and umask of a task (CLONE_FS shares it). */
struct fs_struct {
	atomic_t refs;
	struct spinlock lock; /* rank FILES: root, pwd, umask */
	struct path_ref root, pwd;
	uint32_t umask;
};
struct fs_struct *must_check fs_struct_dup(struct fs_struct *from); /* NULL: no memory */
void fs_struct_put(struct fs_struct *fs);
/* Another task's, referenced; NULL: it has none any more. fs_struct_look: what it says, both paths referenced. */
struct fs_struct *task_fs_get(struct task *t);
void fs_struct_look(struct fs_struct *fs, struct path_ref *root, struct path_ref *pwd);
struct fs_struct *must_check fs_struct_root(void); /* for pid 1: root and cwd are the root mount */

void path_get(const struct path_ref *p);
void path_put(const struct path_ref *p);
bool path_is_below(const struct path_ref *p, const struct path_ref *top); /* or the same */

enum {
	LOOKUP_FOLLOW = 1,
	LOOKUP_DIRECTORY = 2,
	LOOKUP_EMPTY = 4,
	/* openat2(2), RESOLVE_*: no way through a symlink, another mount, a link of /proc, out of the place where it starts;
	 * that place is the root; nothing that is not in memory */
	LOOKUP_NO_SYMLINKS = 0x8,
	LOOKUP_NO_XDEV = 0x10,
	LOOKUP_NO_MAGICLINKS = 0x20,
	LOOKUP_BENEATH = 0x40,
	LOOKUP_IN_ROOT = 0x80,
	LOOKUP_CACHED = 0x200,
	LOOKUP_SCOPED = LOOKUP_BENEATH | LOOKUP_IN_ROOT
};
/* Walk @name (kernel string) from @dirfd (AT_FDCWD: cwd). 0 and a referenced path, or -errno. */
int must_check path_lookup(int dirfd, const char *name, unsigned flags, struct path_ref *out);
/* The same with a user-space name. Copies it once. */
int must_check user_path(int dirfd, uaddr_t name, unsigned flags, struct path_ref *out);
/* User path string into a fresh buffer of VFS_PATH_MAX; name_put frees it. 0, -EFAULT, -ENAMETOOLONG, -ENOENT (empty, unless allowed). */
int must_check name_get(uaddr_t name, bool empty_ok, char **out);
void name_put(char *name);

/* Absolute path as seen from the task's root, NUL-terminated; " (deleted)" appended, "(unreachable)" never. Return: length
 * or -ENAMETOOLONG. */
long path_format(const struct path_ref *p, char *buf, size_t size);

/* ---- operations ---- */
/* open(2). Return: 0 and *out with one reference, or -errno. */
int must_check file_open(int dirfd, const char *name, unsigned flags, uint32_t mode,
			 struct file **out);
/* The same with limits to the way there: @lookup is of LOOKUP_NO_SYMLINKS and what follows it. */
int must_check file_open_within(int dirfd, const char *name, unsigned flags, uint32_t mode,
				unsigned lookup, struct file **out);
/* Open a regular file to run it, which takes no right to read it. */
int must_check file_open_exec(const struct path_ref *p, struct file **out);
/* Open a known object. */
int must_check file_open_path(const struct path_ref *p, unsigned flags, struct file **out);
int must_check vfs_mknod(int dirfd, const char *name, uint32_t mode, dev_k dev); /* umask applied */
uint32_t current_umask(void); /* of the calling task */
int must_check vfs_mkdir(int dirfd, const char *name, uint32_t mode);
int must_check vfs_rmdir(int dirfd, const char *name);
int must_check vfs_unlink(int dirfd, const char *name);
int must_check vfs_symlink(const char *target, int dirfd, const char *name);
int must_check vfs_link(int odirfd, const char *old, int ndirfd, const char *name,
			unsigned at_flags);
enum { RENAME_NOREPLACE = 1, RENAME_EXCHANGE = 2 };
int must_check vfs_rename(int odirfd, const char *old, int ndirfd, const char *name,
			  unsigned flags);
int must_check vfs_chmod(struct path_ref *p, uint32_t mode);
int must_check vfs_chown(struct path_ref *p, uint32_t uid, uint32_t gid); /* -1: unchanged */
/* atime, mtime; tv_nsec UTIME_NOW 0x3fffffff, UTIME_OMIT 0x3ffffffe; NULL: both now. */
int must_check vfs_utimens(struct path_ref *p, const struct timespec64_k ts[2]);
int must_check vfs_chdir(const struct path_ref *p);
int must_check vfs_chroot(const struct path_ref *p);

/* ---- mounts ---- */
struct vfsmount {
	struct super_block *sb; /* i: referenced */
	struct dentry *root,
		*mountpoint; /* root i; mountpoint is a dentry of parent, d: mount lock and dcache_lock */
	struct vfsmount *parent; /* d: NULL for the root and for what is not attached */
	atomic_t refs;
	struct list_head link;	    /* d: all mounts, in mount order */
	struct list_head hash_link; /* d: by (parent, mountpoint) */
	unsigned nr_children;	    /* d: mounts on this one */
	int id;
	unsigned long flags; /* MS_* */
	atomic_t writers;    /* a: files open for writing: it cannot become read-only */
	char source[64];
};
int must_check vfs_mount(const char *source, const struct path_ref *at, const char *type,
			 unsigned long flags, const char *data);
/* A file of @m is open for writing, and no longer. 0, -EROFS. */
int must_check mnt_get_write(struct vfsmount *m);
void mnt_put_write(struct vfsmount *m);
int must_check vfs_umount(const struct path_ref *at, unsigned flags);
int must_check vfs_pivot_root(const struct path_ref *new_root, const struct path_ref *put_old);
/* Does the mount of @p forbid set-id and device files, or execution? */
bool path_noexec(const struct path_ref *p);
bool path_nosuid(const struct path_ref *p);

#endif
