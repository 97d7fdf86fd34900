/*
 * System calls on names: open, links, directories, attributes, working directory, mounts.
 *
 * OWNS     nothing.  WHY  copies names and structures at the border; fs/ walks and changes.
 * LOCKS    none held across a call down.   CONTEXT  a task in a system call; may sleep.
 * SOURCES  open(2), stat(2), statx(2), access(2), mkdir(2), unlink(2), rename(2), utimensat(2), chdir(2), mount(2).
 */
#include "sys/sys.h"

#include "fs/file.h"
#include "fs/path.h"
#include "lib/string.h"
#include "mm/slab.h"

/* ---- open ---- */

static long do_open(int dirfd, uaddr_t uname, unsigned flags, uint32_t mode, unsigned lookup)
{
	struct file *f;
	char *name;
	int fd, err = name_get(uname, false, &name);

	if (err)
		return err;
	fd = fd_reserve(0, flags & O_CLOEXEC);
	if (fd < 0) {
		name_put(name);
		return fd;
	}
	err = file_open_within(dirfd, name, flags | O_LARGEFILE, mode & 07777, lookup, &f);
	name_put(name);
	if (err) {
		fd_unreserve(fd);
		return err;
	}
	fd_install(fd, f);
	return fd;
}

SYS(open)
{
	return do_open(AT_FDCWD, a0, (unsigned)a1, (uint32_t)a2, 0);
}

SYS(openat)
{
	return do_open((int)a0, a1, (unsigned)a2, (uint32_t)a3, 0);
}

struct open_how_k {
	uint64_t flags, mode, resolve;
};
enum {
	RESOLVE_NO_XDEV = 1,
	RESOLVE_NO_MAGICLINKS = 2,
	RESOLVE_NO_SYMLINKS = 4,
	RESOLVE_BENEATH = 8,
	RESOLVE_IN_ROOT = 0x10,
	RESOLVE_CACHED = 0x20
};
#define OPEN_PATH_FLAGS (O_DIRECTORY | O_NOFOLLOW | O_PATH | O_CLOEXEC)
#define OPEN_FLAGS                                                                                 \
	(O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND | O_NONBLOCK | O_SYNC |      \
	 O_ASYNC | O_DIRECT | O_LARGEFILE | O_NOATIME | O_TMPFILE | OPEN_PATH_FLAGS)

/* LOOKUP_* of RESOLVE_*; -EINVAL: bits nobody knows, or two roots. */
static long resolve_lookup(uint64_t resolve)
{
	static const uint16_t lookup[] = { LOOKUP_NO_XDEV, LOOKUP_NO_MAGICLINKS, LOOKUP_NO_SYMLINKS,
					   LOOKUP_BENEATH, LOOKUP_IN_ROOT,	 LOOKUP_CACHED };
	long flags = 0;

	if (resolve >> ARRAY_SIZE(lookup) ||
	    (resolve & (RESOLVE_BENEATH | RESOLVE_IN_ROOT)) == (RESOLVE_BENEATH | RESOLVE_IN_ROOT))
		return -EINVAL;
	for (unsigned i = 0; i < ARRAY_SIZE(lookup); i++)
		flags |= resolve >> i & 1 ? lookup[i] : 0;
	return flags;
}

/* What openat(2) ignores, openat2(2) refuses. */
static int open_how_check(const struct open_how_k *how)
{
	bool makes = how->flags & (O_CREAT | O_TMPFILE);

	if (how->flags & ~(uint64_t)OPEN_FLAGS || how->mode & ~(makes ? 07777ULL : 0))
		return -EINVAL;
	if ((how->flags & O_PATH) && how->flags & ~(uint64_t)OPEN_PATH_FLAGS)
		return -EINVAL;
	if ((how->resolve & RESOLVE_CACHED) && (how->flags & (O_TRUNC | O_CREAT | O_TMPFILE)))
		return -EAGAIN;
	return 0;
}

SYS(openat2)
{
	struct open_how_k how;
	long lookup, err = get_struct(&how, sizeof(how), sizeof(how), a2, a3);

	if (err)
		return err;
	lookup = resolve_lookup(how.resolve);
	if (lookup < 0)
		return lookup;
	err = open_how_check(&how);
	return err ? err
		   : do_open((int)a0, a1, (unsigned)how.flags, (uint32_t)how.mode,
			     (unsigned)lookup);
}

SYS(creat)
{
	return do_open(AT_FDCWD, a0, O_CREAT | O_WRONLY | O_TRUNC, (uint32_t)a1, 0);
}

SYS(umask)
{
	struct fs_struct *fs = current_task()->fs;
	uint32_t old;

	spin_lock(&fs->lock);
	old = fs->umask;
	fs->umask = (uint32_t)a0 & 0777;
	spin_unlock(&fs->lock);
	return (long)old;
}

/* ---- access ---- */

/* Lookup flags of an *at call; -EINVAL for bits it does not know. */
long at_lookup(unsigned flags, unsigned allowed)
{
	if (flags & ~allowed)
		return -EINVAL;
	return (flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW) |
	       (flags & AT_EMPTY_PATH ? LOOKUP_EMPTY : 0);
}

static long do_access(int dirfd, uaddr_t name, unsigned mode, unsigned flags)
{
	long lookup = at_lookup(flags & ~(unsigned)AT_EACCESS, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH);
	struct task *t = current_task();
	struct cred *old = t->cred, *real = NULL;
	struct path_ref p;
	long ret;

	if (lookup < 0 || (mode & ~7U))
		return -EINVAL;
	/* access(2) asks for the real ids: walk and check with a copy that has them as file-system ids. */
	if (!(flags & AT_EACCESS) && (old->fsuid != old->uid || old->fsgid != old->gid)) {
		real = cred_dup(old);
		if (!real)
			return -ENOMEM;
		real->fsuid = real->uid;
		real->fsgid = real->gid;
		real->cap_effective = real->uid ? 0 : real->cap_permitted;
		t->cred = real;
	}
	ret = user_path(dirfd, name, (unsigned)lookup, &p);
	if (!ret) {
		ret = mode ? inode_permission(p.dentry->inode, mode) : 0;
		path_put(&p);
	}
	if (real) {
		t->cred = old;
		cred_put(real);
	}
	return ret;
}

SYS(access)
{
	return do_access(AT_FDCWD, a0, (unsigned)a1, 0);
}

SYS(faccessat)
{
	return do_access((int)a0, a1, (unsigned)a2, 0);
}

SYS(faccessat2)
{
	return do_access((int)a0, a1, (unsigned)a2, (unsigned)a3);
}

/* ---- one name ---- */

static long with_name(uaddr_t uname, int dirfd, unsigned long arg,
		      int (*fn)(int dirfd, const char *name, unsigned long arg))
{
	char *name;
	long ret = name_get(uname, false, &name);

	if (ret)
		return ret;
	ret = fn(dirfd, name, arg);
	name_put(name);
	return ret;
}

static int op_mkdir(int dirfd, const char *name, unsigned long mode)
{
	return vfs_mkdir(dirfd, name, (uint32_t)mode);
}

static int op_unlink(int dirfd, const char *name, unsigned long flags)
{
	if (flags & ~(unsigned long)AT_REMOVEDIR)
		return -EINVAL;
	return flags ? vfs_rmdir(dirfd, name) : vfs_unlink(dirfd, name);
}

struct mknod_args {
	uint32_t mode;
	dev_k dev;
};

static int op_mknod(int dirfd, const char *name, unsigned long arg)
{
	const struct mknod_args *a = (const struct mknod_args *)arg;

	return vfs_mknod(dirfd, name, a->mode, a->dev);
}

SYS(mkdir)
{
	return with_name(a0, AT_FDCWD, a1, op_mkdir);
}

SYS(mkdirat)
{
	return with_name(a1, (int)a0, a2, op_mkdir);
}

SYS(rmdir)
{
	return with_name(a0, AT_FDCWD, AT_REMOVEDIR, op_unlink);
}

SYS(unlink)
{
	return with_name(a0, AT_FDCWD, 0, op_unlink);
}

SYS(unlinkat)
{
	return with_name(a1, (int)a0, a2, op_unlink);
}

static long do_mknod(int dirfd, uaddr_t name, uint32_t mode, uint32_t udev)
{
	struct mknod_args a = { mode,
				MKDEV(udev >> 8 & 0xfff, (udev & 0xff) | (udev >> 12 & 0xfff00)) };

	return with_name(name, dirfd, (unsigned long)&a, op_mknod);
}

SYS(mknod)
{
	return do_mknod(AT_FDCWD, a0, (uint32_t)a1, (uint32_t)a2);
}

SYS(mknodat)
{
	return do_mknod((int)a0, a1, (uint32_t)a2, (uint32_t)a3);
}

/* ---- two names ---- */

enum two_names { TWO_SYMLINK, TWO_LINK, TWO_RENAME };

static long with_names(enum two_names op, int odirfd, uaddr_t uold, int ndirfd, uaddr_t unew,
		       unsigned flags)
{
	char *old, *new_name;
	long ret = name_get(uold, op == TWO_LINK && (flags & AT_EMPTY_PATH), &old);

	if (ret)
		return ret;
	ret = name_get(unew, false, &new_name);
	if (ret)
		goto put_old;
	if (op == TWO_SYMLINK)
		ret = vfs_symlink(old, ndirfd, new_name);
	else if (op == TWO_LINK)
		ret = vfs_link(odirfd, old, ndirfd, new_name, flags);
	else
		ret = vfs_rename(odirfd, old, ndirfd, new_name, flags);
	name_put(new_name);
put_old:
	name_put(old);
	return ret;
}

SYS(symlink)
{
	return with_names(TWO_SYMLINK, AT_FDCWD, a0, AT_FDCWD, a1, 0);
}

SYS(symlinkat)
{
	return with_names(TWO_SYMLINK, AT_FDCWD, a0, (int)a1, a2, 0);
}

SYS(link)
{
	return with_names(TWO_LINK, AT_FDCWD, a0, AT_FDCWD, a1, 0);
}

SYS(linkat)
{
	if (a4 & ~(unsigned long)(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	return with_names(TWO_LINK, (int)a0, a1, (int)a2, a3, (unsigned)a4);
}

SYS(rename)
{
	return with_names(TWO_RENAME, AT_FDCWD, a0, AT_FDCWD, a1, 0);
}

SYS(renameat)
{
	return with_names(TWO_RENAME, (int)a0, a1, (int)a2, a3, 0);
}

SYS(renameat2)
{
	return with_names(TWO_RENAME, (int)a0, a1, (int)a2, a3, (unsigned)a4);
}

/* ---- symbolic links ---- */

static bool name_is_empty(uaddr_t name)
{
	char c;

	return !get_user(&c, name) && !c;
}

static long do_readlink(int dirfd, uaddr_t name, uaddr_t buf, long size)
{
	struct path_ref p;
	char *text;
	long ret;

	if (size <= 0)
		return -EINVAL;
	ret = user_path(dirfd, name, LOOKUP_EMPTY, &p);
	if (ret)
		return ret;
	text = kmalloc(VFS_PATH_MAX, GFP_KERNEL);
	if (!text)
		ret = -ENOMEM;
	else if (!S_ISLNK(p.dentry->inode->mode) || !p.dentry->inode->ops->readlink)
		ret = name_is_empty(name) ? -ENOENT : -EINVAL;
	else
		ret = p.dentry->inode->ops->readlink(p.dentry->inode, text, VFS_PATH_MAX);
	if (ret > 0) {
		ret = min_of(long, ret, size);
		if (copy_to_user(buf, text, (size_t)ret))
			ret = -EFAULT;
	}
	kfree(text);
	path_put(&p);
	return ret;
}

SYS(readlink)
{
	return do_readlink(AT_FDCWD, a0, a1, (int)a2);
}

SYS(readlinkat)
{
	return do_readlink((int)a0, a1, a2, (int)a3);
}

/* ---- attributes ---- */

/* Resolve a name or (empty name allowed) a descriptor and run one attribute change. */
static long chmod_path(int dirfd, uaddr_t name, unsigned lookup, uint32_t mode)
{
	struct path_ref p;
	long ret = user_path(dirfd, name, lookup, &p);

	if (ret)
		return ret;
	ret = vfs_chmod(&p, mode & 07777);
	path_put(&p);
	return ret;
}

SYS(chmod)
{
	return chmod_path(AT_FDCWD, a0, LOOKUP_FOLLOW, (uint32_t)a1);
}

SYS(fchmodat)
{
	return chmod_path((int)a0, a1, LOOKUP_FOLLOW, (uint32_t)a2);
}

SYS(fchmod)
{
	struct file *f = fd_file((int)a0);
	long ret;

	if (!f)
		return -EBADF;
	ret = f->flags & O_PATH ? -EBADF : vfs_chmod(&f->path, (uint32_t)a1 & 07777);
	fput(f);
	return ret;
}

static long chown_path(int dirfd, uaddr_t name, unsigned lookup, uint32_t uid, uint32_t gid)
{
	struct path_ref p;
	long ret = user_path(dirfd, name, lookup, &p);

	if (ret)
		return ret;
	ret = vfs_chown(&p, uid, gid);
	path_put(&p);
	return ret;
}

static long chown_fd(int fd, uint32_t uid, uint32_t gid)
{
	struct file *f = fd_file(fd);
	long ret;

	if (!f)
		return -EBADF;
	ret = f->flags & O_PATH ? -EBADF : vfs_chown(&f->path, uid, gid);
	fput(f);
	return ret;
}

/* The 16-bit calls of i386 have -1 as 0xffff. */
static uint32_t id16(unsigned long id)
{
	return (uint16_t)id == 0xffff ? UINT_MAX : (uint16_t)id;
}

SYS(chown)
{
	return chown_path(AT_FDCWD, a0, LOOKUP_FOLLOW, (uint32_t)a1, (uint32_t)a2);
}

SYS(lchown)
{
	return chown_path(AT_FDCWD, a0, 0, (uint32_t)a1, (uint32_t)a2);
}

SYS(fchown)
{
	return chown_fd((int)a0, (uint32_t)a1, (uint32_t)a2);
}

SYS(chown16)
{
	return chown_path(AT_FDCWD, a0, LOOKUP_FOLLOW, id16(a1), id16(a2));
}

SYS(lchown16)
{
	return chown_path(AT_FDCWD, a0, 0, id16(a1), id16(a2));
}

SYS(fchown16)
{
	return chown_fd((int)a0, id16(a1), id16(a2));
}

SYS(fchownat)
{
	long lookup = at_lookup((unsigned)a4, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH);

	return lookup < 0 ? lookup
			  : chown_path((int)a0, a1, (unsigned)lookup, (uint32_t)a2, (uint32_t)a3);
}

enum { UTIME_NOW_K = 0x3fffffff, UTIME_OMIT_K = 0x3ffffffe };

/* Two timespecs whose nanoseconds may be UTIME_NOW or UTIME_OMIT. */
static long get_utimes(uaddr_t addr, bool time64, struct timespec64_k ts[2])
{
	for (int i = 0; i < 2; i++) {
		if (time64 || !abi_32()) {
			if (get_user(&ts[i], addr + (unsigned)i * sizeof(ts[i])))
				return -EFAULT;
		} else {
			struct timespec_k t;

			if (get_abi(&t, addr + (unsigned)i * 2 * abi_word(), "2l"))
				return -EFAULT;
			ts[i] = (struct timespec64_k){ t.tv_sec, t.tv_nsec };
		}
		if ((ts[i].tv_nsec < 0 || ts[i].tv_nsec >= (int64_t)NSEC_PER_SEC) &&
		    ts[i].tv_nsec != UTIME_NOW_K && ts[i].tv_nsec != UTIME_OMIT_K)
			return -EINVAL;
	}
	return 0;
}

static long utimens_at(int dirfd, uaddr_t name, const struct timespec64_k *ts, unsigned flags)
{
	long lookup = at_lookup(flags, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH);
	struct path_ref p;
	long ret;

	if (lookup < 0)
		return lookup;
	if (!name && dirfd != AT_FDCWD) {
		struct file *f = fd_file(dirfd);

		if (!f)
			return -EBADF;
		ret = vfs_utimens(&f->path, ts);
		fput(f);
		return ret;
	}
	ret = user_path(dirfd, name, (unsigned)lookup, &p);
	if (ret)
		return ret;
	ret = vfs_utimens(&p, ts);
	path_put(&p);
	return ret;
}

static long do_utimensat(int dirfd, uaddr_t name, uaddr_t uts, unsigned flags, bool time64)
{
	struct timespec64_k ts[2];
	long err;

	if (!uts)
		return utimens_at(dirfd, name, NULL, flags);
	err = get_utimes(uts, time64, ts);
	return err ? err : utimens_at(dirfd, name, ts, flags);
}

SYS(utimensat)
{
	return do_utimensat((int)a0, a1, a2, (unsigned)a3, false);
}

SYS(utimensat_time64)
{
	return do_utimensat((int)a0, a1, a2, (unsigned)a3, true);
}

/* utimes(2), futimesat(2): microseconds. */
static long do_utimes(int dirfd, uaddr_t name, uaddr_t utv)
{
	struct timeval_k tv[2];
	struct timespec64_k ts[2];

	if (!utv)
		return utimens_at(dirfd, name, NULL, 0);
	if (get_abi(&tv, utv, "4l"))
		return -EFAULT;
	for (int i = 0; i < 2; i++) {
		if (tv[i].tv_usec < 0 || tv[i].tv_usec >= 1000000)
			return -EINVAL;
		ts[i] = (struct timespec64_k){ tv[i].tv_sec, tv[i].tv_usec * 1000 };
	}
	return utimens_at(dirfd, name, ts, 0);
}

SYS(utimes)
{
	return do_utimes(AT_FDCWD, a0, a1);
}

SYS(futimesat)
{
	return do_utimes((int)a0, a1, a2);
}

SYS(utime)
{
	long t[2];
	struct timespec64_k ts[2] = { 0 };

	if (!a1)
		return utimens_at(AT_FDCWD, a0, NULL, 0);
	if (get_abi(&t, a1, "2l"))
		return -EFAULT;
	ts[0].tv_sec = t[0];
	ts[1].tv_sec = t[1];
	return utimens_at(AT_FDCWD, a0, ts, 0);
}

/* ---- working directory and root ---- */

SYS(chdir)
{
	struct path_ref p;
	long ret = user_path(AT_FDCWD, a0, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &p);

	if (ret)
		return ret;
	ret = vfs_chdir(&p);
	path_put(&p);
	return ret;
}

SYS(fchdir)
{
	struct file *f = fd_file((int)a0);
	long ret;

	if (!f)
		return -EBADF;
	ret = S_ISDIR(f->inode->mode) ? vfs_chdir(&f->path) : -ENOTDIR;
	fput(f);
	return ret;
}

SYS(chroot)
{
	struct path_ref p;
	long ret = user_path(AT_FDCWD, a0, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &p);

	if (ret)
		return ret;
	ret = vfs_chroot(&p);
	path_put(&p);
	return ret;
}

SYS(getcwd)
{
	static const char outside[] = "(unreachable)"; /* of the root */
	struct fs_struct *fs = current_task()->fs;
	struct path_ref pwd, root;
	char *buf = kmalloc(VFS_PATH_MAX, GFP_KERNEL);
	size_t skip;
	long ret;

	if (!buf)
		return -ENOMEM;
	spin_lock(&fs->lock);
	pwd = fs->pwd;
	root = fs->root;
	path_get(&pwd);
	path_get(&root);
	spin_unlock(&fs->lock);
	skip = path_is_below(&pwd, &root) ? 0 : sizeof(outside) - 1;
	memcpy(buf, outside, skip);
	ret = !pwd.dentry->deleted ? path_format(&pwd, buf + skip, VFS_PATH_MAX - skip) : -ENOENT;
	path_put(&pwd);
	path_put(&root);
	if (ret >= 0) {
		ret += (long)skip;
		ret++;
		if ((size_t)ret > a1)
			ret = -ERANGE;
		else if (copy_to_user(a0, buf, (size_t)ret))
			ret = -EFAULT;
	}
	kfree(buf);
	return ret;
}

/* ---- mounts ---- */

/* A page-sized optional string argument of mount(2). */
static long get_string(uaddr_t addr, char **out)
{
	char *s;
	long n;

	*out = NULL;
	if (!addr)
		return 0;
	s = kmalloc(PAGE_SIZE, GFP_KERNEL);
	if (!s)
		return -ENOMEM;
	n = strncpy_from_user(s, addr, PAGE_SIZE - 1);
	if (n < 0) {
		kfree(s);
		return n;
	}
	s[n] = '\0';
	*out = s;
	return 0;
}

SYS(mount)
{
	char *source = NULL, *type = NULL, *data = NULL;
	struct path_ref at;
	long ret;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	ret = get_string(a0, &source);
	if (!ret)
		ret = get_string(a2, &type);
	if (!ret)
		ret = get_string(a4, &data);
	if (!ret)
		ret = user_path(AT_FDCWD, a1, LOOKUP_FOLLOW, &at);
	if (!ret) {
		ret = vfs_mount(source, &at, type, a3, data);
		path_put(&at);
	}
	kfree(source);
	kfree(type);
	kfree(data);
	return ret;
}

enum { UMOUNT_NOFOLLOW = 8 };

SYS(umount2)
{
	struct path_ref at;
	long ret;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	ret = user_path(AT_FDCWD, a0, a1 & UMOUNT_NOFOLLOW ? 0 : LOOKUP_FOLLOW, &at);
	if (ret)
		return ret;
	ret = vfs_umount(&at, (unsigned)a1);
	path_put(&at);
	return ret;
}

SYS(umount)
{
	return sys_umount2(a0, 0, 0, 0, 0, 0);
}

SYS(pivot_root)
{
	struct path_ref new_root, put_old;
	long ret;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	ret = user_path(AT_FDCWD, a0, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &new_root);
	if (ret)
		return ret;
	ret = user_path(AT_FDCWD, a1, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &put_old);
	if (!ret) {
		ret = vfs_pivot_root(&new_root, &put_old);
		path_put(&put_old);
	}
	path_put(&new_root);
	return ret;
}
