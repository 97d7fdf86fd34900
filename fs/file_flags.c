/*
 * chattr(1)'s flags of files and directories: FS_IOC_GETFLAGS and FS_IOC_SETFLAGS.
 *
 *   i   immutable     no writing, no other attributes, no name more or less
 *   a   append        written at its end only; its attributes and its name stay
 *   d   nodump        for backup programs; without effect
 *   A   noatime       reading does not change the time of access
 *
 * OWNS     inode->flags: of these bits and no others.
 * WHY      what they forbid is asked where rights are asked (rights.c, inode_permission, may_open): one place for every file system.
 * I1       who has a file open for writing when it becomes immutable may go on writing, as with Linux's tmpfs.
 * LOCKS    inode->lock to write; readers look once.   CONTEXT  tasks; may sleep.
 * FAILS    ENOTTY (the file system has no flags, or the file has none), EOPNOTSUPP (another flag), EPERM, EROFS, EFAULT.
 * SOURCES  ioctl_iflags(2), chattr(1).   TESTED BY  tests/guest/file_flags.c, disk_ext2.c
 */
#include "arch/uaccess.h"
#include "base/errno.h"
#include "fs/inode.h"
#include "fs/super.h"
#include "kernel/cred.h"
#include "vfs_impl.h"

static bool has_flags(const struct inode *inode)
{
	return inode->sb->keeps_flags && (S_ISREG(inode->mode) || S_ISDIR(inode->mode));
}

long ioctl_get_flags(struct file *f, uaddr_t arg)
{
	unsigned flags = READ_ONCE(f->inode->flags);

	return has_flags(f->inode) ? put_user(arg, &flags) : -ENOTTY;
}

static int set_flags(struct inode *inode, unsigned flags) must_hold(inode->lock)
{
	const unsigned strong = FS_IMMUTABLE_FL | FS_APPEND_FL;

	if ((flags ^ inode->flags) & strong && !capable(CAP_LINUX_IMMUTABLE))
		return -EPERM;
	if (flags & ~(unsigned)FS_KEPT_FL)
		return -EOPNOTSUPP;
	WRITE_ONCE(inode->flags, flags);
	inode_touch(inode, TOUCH_C);
	return 0;
}

long ioctl_set_flags(struct file *f, uaddr_t arg)
{
	struct inode *inode = f->inode;
	unsigned flags;
	int err;

	if (get_user(&flags, arg))
		return -EFAULT;
	err = path_want_write(&f->path);
	if (err)
		return err;
	if (!has_flags(inode))
		return -ENOTTY;
	if (!inode_owner_ok(inode))
		return -EPERM;
	mutex_lock(&inode->lock);
	err = set_flags(inode, flags);
	mutex_unlock(&inode->lock);
	return err;
}
