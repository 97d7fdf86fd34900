/*
 * stat(2), statx(2) and statfs(2) in the layouts of both ABIs.
 *
 * WHY      the facts are the inode's; only the arrangement differs, and arch/abi.h has that.
 * LOCKS    none: each field is read once; a stat beside a change may see some fields old and some new, as on Linux.
 * CONTEXT  a task in a system call; may sleep.
 * SOURCES  stat(2), statx(2), statfs(2), inode(7).
 */
#include "sys/sys.h"

#include "base/errno.h"
#include "fs/file.h"
#include "fs/path.h"
#include "mm/hugetlb.h"
#include "mm/shmem.h"

static uint64_t dev_encode(dev_k d)
{
	return (MINOR(d) & 0xff) | MAJOR(d) << 8 | (uint64_t)(MINOR(d) & ~0xffU) << 12;
}

static uint32_t inode_blksize(const struct inode *inode)
{
	return inode->sb->blksize ? inode->sb->blksize : PAGE_SIZE;
}

static int put_stat_x64(struct inode *n, uaddr_t buf)
{
	struct stat_x64 st = {
		.st_dev = dev_encode(n->sb->dev),
		.st_ino = n->ino,
		.st_nlink = n->nlink,
		.st_mode = n->mode,
		.st_uid = n->uid,
		.st_gid = n->gid,
		.st_rdev = dev_encode(n->rdev),
		.st_size = (int64_t)mapping_size(&n->mapping),
		.st_blksize = inode_blksize(n),
		.st_blocks = (int64_t)inode_blocks(n),
		.st_atime = (uint64_t)n->atime.tv_sec,
		.st_atime_nsec = (uint64_t)n->atime.tv_nsec,
		.st_mtime = (uint64_t)n->mtime.tv_sec,
		.st_mtime_nsec = (uint64_t)n->mtime.tv_nsec,
		.st_ctime = (uint64_t)n->ctime.tv_sec,
		.st_ctime_nsec = (uint64_t)n->ctime.tv_nsec,
	};

	return put_user(buf, &st);
}

static int put_stat64_i386(struct inode *n, uaddr_t buf)
{
	struct stat64_i386 st = {
		.st_dev = dev_encode(n->sb->dev),
		.st_ino = n->ino,
		.ino32 = (uint32_t)n->ino,
		.st_nlink = n->nlink,
		.st_mode = n->mode,
		.st_uid = n->uid,
		.st_gid = n->gid,
		.st_rdev = dev_encode(n->rdev),
		.st_size = (int64_t)mapping_size(&n->mapping),
		.st_blksize = inode_blksize(n),
		.st_blocks = inode_blocks(n),
		.st_atime = (uint32_t)n->atime.tv_sec,
		.st_atime_nsec = (uint32_t)n->atime.tv_nsec,
		.st_mtime = (uint32_t)n->mtime.tv_sec,
		.st_mtime_nsec = (uint32_t)n->mtime.tv_nsec,
		.st_ctime = (uint32_t)n->ctime.tv_sec,
		.st_ctime_nsec = (uint32_t)n->ctime.tv_nsec,
	};

	return put_user(buf, &st);
}

static int put_stat_i386(struct inode *n, uaddr_t buf)
{
	uint64_t size = mapping_size(&n->mapping);
	struct stat_i386 st = {
		.st_dev = (uint32_t)dev_encode(n->sb->dev),
		.st_ino = (uint32_t)n->ino,
		.st_nlink = (uint16_t)n->nlink,
		.st_mode = (uint16_t)n->mode,
		.st_uid = (uint16_t)n->uid,
		.st_gid = (uint16_t)n->gid,
		.st_rdev = (uint32_t)dev_encode(n->rdev),
		.st_size = (uint32_t)size,
		.st_blksize = inode_blksize(n),
		.st_blocks = (uint32_t)inode_blocks(n),
		.st_atime = (uint32_t)n->atime.tv_sec,
		.st_atime_nsec = (uint32_t)n->atime.tv_nsec,
		.st_mtime = (uint32_t)n->mtime.tv_sec,
		.st_mtime_nsec = (uint32_t)n->mtime.tv_nsec,
		.st_ctime = (uint32_t)n->ctime.tv_sec,
		.st_ctime_nsec = (uint32_t)n->ctime.tv_nsec,
	};

	if (size > INT_MAX)
		return -EOVERFLOW;
	return put_user(buf, &st);
}

/* The native stat of the plain calls; the 64-bit one of i386's *64 calls. */
static int put_stat(struct inode *n, uaddr_t buf, bool is64)
{
	if (!abi_32())
		return put_stat_x64(n, buf);
	return is64 ? put_stat64_i386(n, buf) : put_stat_i386(n, buf);
}

/* The object, with what is to be shown of it asked for. */
static long fresh_path(int dirfd, uaddr_t name, unsigned lookup, struct path_ref *p)
{
	long ret;

	for (int i = 0; i < 2; i++) { /* a name that had gone elsewhere is looked up again */
		ret = user_path(dirfd, name, lookup, p);
		if (ret)
			return ret;
		ret = inode_getattr(p->dentry->inode);
		if (!ret || ((lookup & LOOKUP_EMPTY) && ret == -ESTALE))
			return 0;
		path_put(p);
		if (ret != -ESTALE)
			break;
	}
	return ret;
}

/* @put of the inode that @name leads to. */
static long path_put_with(int dirfd, uaddr_t name, unsigned lookup, uaddr_t buf, bool is64,
			  int (*put)(struct inode *, uaddr_t, bool))
{
	struct path_ref p;
	long ret = fresh_path(dirfd, name, lookup, &p);

	if (ret)
		return ret;
	ret = put(p.dentry->inode, buf, is64);
	path_put(&p);
	return ret;
}

static long fd_put_with(int fd, uaddr_t buf, bool is64, int (*put)(struct inode *, uaddr_t, bool))
{
	struct file *f = fd_file(fd);
	long ret;

	if (!f)
		return -EBADF;
	(void)!inode_getattr(f->inode); /* if its name leads elsewhere: as it was last known */
	ret = put(f->inode, buf, is64);
	fput(f);
	return ret;
}

static long stat_path(int dirfd, uaddr_t name, unsigned lookup, uaddr_t buf, bool is64)
{
	return path_put_with(dirfd, name, lookup, buf, is64, put_stat);
}

static long stat_fd(int fd, uaddr_t buf, bool is64)
{
	return fd_put_with(fd, buf, is64, put_stat);
}

SYS(stat)
{
	return stat_path(AT_FDCWD, a0, LOOKUP_FOLLOW, a1, false);
}

SYS(lstat)
{
	return stat_path(AT_FDCWD, a0, 0, a1, false);
}

SYS(fstat)
{
	return stat_fd((int)a0, a1, false);
}

SYS(stat64)
{
	return stat_path(AT_FDCWD, a0, LOOKUP_FOLLOW, a1, true);
}

SYS(lstat64)
{
	return stat_path(AT_FDCWD, a0, 0, a1, true);
}

SYS(fstat64)
{
	return stat_fd((int)a0, a1, true);
}

SYS(newfstatat)
{
	long lookup =
		at_lookup((unsigned)a3, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT);

	return lookup < 0 ? lookup : stat_path((int)a0, a1, (unsigned)lookup, a2, true);
}

struct statx_time {
	int64_t sec;
	uint32_t nsec;
	int32_t pad;
};

struct statx_k {
	uint32_t mask, blksize;
	uint64_t attributes;
	uint32_t nlink, uid, gid;
	uint16_t mode, pad0;
	uint64_t ino, size, blocks, attributes_mask;
	struct statx_time atime, btime, ctime, mtime;
	uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
	uint64_t mnt_id, spare[13];
};
_Static_assert(sizeof(struct statx_k) == 256, "statx");
enum { STATX_BASIC_STATS = 0x7ff, STATX_MNT_ID = 0x1000, STATX_SYNC_TYPE = 0x6000 };
/* What files may be said to be: none is of the first and the last kind here. */
enum { ATTR_AUTOMOUNT = 0x1000, ATTR_MOUNT_ROOT = 0x2000, ATTR_DAX = 0x200000 };
#define STATX_RESERVED 0x80000000U

static struct statx_time statx_time_of(struct timespec64_k t)
{
	return (struct statx_time){ .sec = t.tv_sec, .nsec = (uint32_t)t.tv_nsec };
}

SYS(statx)
{
	long lookup = at_lookup((unsigned)a2 & ~(unsigned)STATX_SYNC_TYPE,
				AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT);
	struct statx_k *st;
	struct path_ref p;
	struct inode *n;
	unsigned kept; /* STATX_ATTR_* have the numbers of FS_*_FL */
	long ret;

	if (lookup < 0 || (a3 & STATX_RESERVED))
		return -EINVAL;
	if ((a2 & STATX_SYNC_TYPE) == STATX_SYNC_TYPE)
		return -EINVAL;
	ret = fresh_path((int)a0, a1, (unsigned)lookup, &p);
	if (ret)
		return ret;
	n = p.dentry->inode;
	kept = n->sb->keeps_flags ? FS_IMMUTABLE_FL | FS_APPEND_FL | FS_NODUMP_FL : 0;
	st = &(struct statx_k){
		.mask = STATX_BASIC_STATS | STATX_MNT_ID,
		.blksize = inode_blksize(n),
		.attributes = (p.dentry == p.mnt->root ? ATTR_MOUNT_ROOT : 0) | (n->flags & kept),
		.attributes_mask = kept | ATTR_AUTOMOUNT | ATTR_MOUNT_ROOT | ATTR_DAX,
		.nlink = n->nlink,
		.uid = n->uid,
		.gid = n->gid,
		.mode = (uint16_t)n->mode,
		.ino = n->ino,
		.size = mapping_size(&n->mapping),
		.blocks = inode_blocks(n),
		.atime = statx_time_of(n->atime),
		.ctime = statx_time_of(n->ctime),
		.mtime = statx_time_of(n->mtime),
		.rdev_major = MAJOR(n->rdev),
		.rdev_minor = MINOR(n->rdev),
		.dev_major = MAJOR(n->sb->dev),
		.dev_minor = MINOR(n->sb->dev),
		.mnt_id = (uint64_t)p.mnt->id,
	};
	ret = put_user(a4, st);
	path_put(&p);
	return ret;
}

/* ---- statfs ---- */

/* What statfs says of a mount: most bits are those of mount(2). */
static unsigned long st_flags(const struct vfsmount *m)
{
	enum { ST_VALID = 0x20, ST_RELATIME = 0x1000, ST_NOSYMFOLLOW = 0x2000 };
	const unsigned long same = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME |
				   MS_NODIRATIME,
			    of_all = MS_RDONLY | MS_SYNCHRONOUS;

	return ST_VALID | (m->flags & same) | (m->sb->flags & of_all) |
	       (m->flags & MS_RELATIME ? ST_RELATIME : 0) |
	       (m->flags & MS_NOSYMFOLLOW ? ST_NOSYMFOLLOW : 0);
}

static int put_statfs(const struct vfsmount *m, uaddr_t buf, bool is64)
{
	struct super_block *sb = m->sb;
	struct statfs_k s = { 0 };
	int err = sb->ops->statfs ? sb->ops->statfs(sb, &s) : -ENOSYS;

	if (err)
		return err;
	if (abi_32() && is64) {
		struct statfs64_i386 o = {
			.f_type = (uint32_t)s.type,
			.f_bsize = (uint32_t)s.bsize,
			.f_blocks = s.blocks,
			.f_bfree = s.bfree,
			.f_bavail = s.bavail,
			.f_files = s.files,
			.f_ffree = s.ffree,
			.f_namelen = (uint32_t)s.namelen,
			.f_frsize = (uint32_t)s.frsize,
			.f_flags = (uint32_t)st_flags(m),
		};

		return put_user(buf, &o);
	}
	struct statfs_native o = {
		.f_type = (long)s.type,
		.f_bsize = (long)s.bsize,
		.f_blocks = (long)s.blocks,
		.f_bfree = (long)s.bfree,
		.f_bavail = (long)s.bavail,
		.f_files = (long)s.files,
		.f_ffree = (long)s.ffree,
		.f_namelen = (long)s.namelen,
		.f_frsize = (long)s.frsize,
		.f_flags = (long)st_flags(m),
	};

	return put_abi(buf, &o, "7l2i7l");
}

static long statfs_path(uaddr_t name, uaddr_t buf, bool is64)
{
	struct path_ref p;
	long ret = fresh_path(AT_FDCWD, name, LOOKUP_FOLLOW, &p);

	if (ret)
		return ret;
	ret = put_statfs(p.mnt, buf, is64);
	path_put(&p);
	return ret;
}

static long statfs_fd(int fd, uaddr_t buf, bool is64)
{
	struct file *f = fd_file(fd);
	long ret;

	if (!f)
		return -EBADF;
	ret = put_statfs(f->path.mnt, buf, is64);
	fput(f);
	return ret;
}

SYS(statfs)
{
	return statfs_path(a0, a1, false);
}

SYS(fstatfs)
{
	return statfs_fd((int)a0, a1, false);
}

SYS(statfs64)
{
	return a1 != sizeof(struct statfs64_i386) && a1 != 88 ? -EINVAL : statfs_path(a0, a2, true);
}

SYS(fstatfs64)
{
	return a1 != sizeof(struct statfs64_i386) && a1 != 88 ? -EINVAL
							      : statfs_fd((int)a0, a2, true);
}
