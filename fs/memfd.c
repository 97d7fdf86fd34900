/*
 * Files that are only memory: memfd_create(2), and the seals of fcntl(2).
 *
 * OWNS     shm_mount: the tmpfs that nothing is mounted from, on which these files (and what other parts of the kernel want
 *          as a file of memory) live: device 0:1, no limit. Those of huge pages live on hugetlbfs_mount.
 * WHY      a memfd is a tmpfs file in all but its name, so reading, mapping, fallocate and accounting are tmpfs's.
 * I1       a file made here has F_SEAL_SEAL unless seals were asked for, as every other tmpfs file has.
 * LOCKS    inode->lock to add seals.   CONTEXT  tasks; may sleep.
 * FAILS    -ENOMEM, -EACCES (memfd_noexec), and as fcntl(2) says; then nothing is left.
 * NOT HERE what a seal forbids (mm/backing/seal.c, tmpfs_file.c).
 * SOURCES  memfd_create(2), fcntl(2), sysctl vm.memfd_noexec.   TESTED BY  tests/guest/file_memfd.c, huge_tlbfs.c
 */
#include "fs/memfd.h"

#include "base/errno.h"
#include "fs/file.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "mm/hugetlb.h"
#include "tmpfs_impl.h"

enum { MEMFD_EXEC_DEFAULT, MEMFD_NOEXEC_DEFAULT, MEMFD_NOEXEC_ENFORCED };
int sysctl_memfd_noexec = MEMFD_EXEC_DEFAULT;

static struct vfsmount *shm_mount;

size_t unnamed_dname(const struct dentry *d, char *buf, size_t size)
{
	return fmt_scnprintf(buf, size, "/%s (deleted)", d->name);
}

static const struct super_ops shm_super_ops = { .evict = tmpfs_evict,
						.statfs = tmpfs_statfs,
						.dname = unnamed_dname };

void memfd_init(void)
{
	static struct tmpfs unlimited;
	struct super_block *sb = super_alloc_kernel(&tmpfs_type, &shm_super_ops, MKDEV(0, 1));

	boot_need(sb ? 0 : -ENOMEM, "file system ", "of memfd_create");
	sb->private = &unlimited;
	sb->magic = TMPFS_MAGIC;
	shm_mount = mount_detached(sb, "tmpfs");
	boot_need(shm_mount ? 0 : -ENOMEM, "mount of ", "memfd_create");
}

/* A file on @mnt, a tmpfs or hugetlbfs that nobody sees. */
static int file_on(struct vfsmount *mnt, const char *name, uint32_t mode, struct file **out)
{
	struct qstr q = { name, (unsigned)strlen(name), 0 };
	struct path_ref p = { mnt, NULL };
	struct inode *inode;
	int err = tmpfs_inode(mnt->sb, NULL, S_IFREG | mode, NULL, &inode);

	if (err)
		return err;
	inode->ino = shmem_next_ino();
	inode->nlink = 0;
	p.dentry = dentry_alloc(NULL, mnt->sb, &q);
	if (!p.dentry) {
		iput(inode);
		return -ENOMEM;
	}
	inode->alias = p.dentry;
	p.dentry->inode = inode; /* not reachable by others yet */
	*out = file_alloc_path(&p, O_RDWR | O_LARGEFILE);
	if (*out)
		(*out)->ops = inode->fops;
	dput(p.dentry);
	return *out ? 0 : file_error();
}

int shm_file_create(const char *name, uint32_t mode, struct file **out)
{
	return file_on(shm_mount, name, mode, out);
}

/* What neither flag says, the sysctl does. */
static int exec_flags(unsigned *flags)
{
	const unsigned either = MFD_EXEC | MFD_NOEXEC_SEAL;
	int noexec = READ_ONCE(sysctl_memfd_noexec);

	if ((*flags & either) == either)
		return -EINVAL;
	if (!(*flags & either))
		*flags |= noexec >= MEMFD_NOEXEC_DEFAULT ? MFD_NOEXEC_SEAL : MFD_EXEC;
	return (*flags & MFD_EXEC) && noexec == MEMFD_NOEXEC_ENFORCED ? -EACCES : 0;
}

int memfd_flags_ok(unsigned *flags)
{
	const unsigned known =
		MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_HUGETLB | MFD_NOEXEC_SEAL | MFD_EXEC;
	unsigned size = *flags & MFD_HUGETLB ? MFD_HUGE_MASK : 0;

	return *flags & ~(known | size) ? -EINVAL : exec_flags(flags);
}

int memfd_create(const char *name, unsigned flags, struct file **out)
{
	char full[VFS_NAME_MAX + 1];
	struct file *f;
	int err;

	if ((flags & MFD_HUGETLB) && !hugetlb_size_ok(flags))
		return -ENODEV;
	fmt_snprintf(full, sizeof(full), "memfd:%s", name);
	err = file_on(flags & MFD_HUGETLB ? hugetlbfs_mount : shm_mount, full,
		      flags & MFD_NOEXEC_SEAL ? 0666 : 0777, &f);
	if (err)
		return err;
	if (flags & (MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL))
		f->inode->mapping.seals = flags & MFD_NOEXEC_SEAL ? F_SEAL_EXEC : 0;
	*out = f;
	return 0;
}

/* ---- seals ---- */

static bool has_seals(const struct file *f)
{
	return f->inode->ops == &tmpfs_file_iops || f->inode->ops == &hugetlbfs_file_iops;
}

long file_add_seals(struct file *f, unsigned long seals)
{
	struct inode *inode = f->inode;
	int err;

	if (f->flags & O_PATH)
		return -EBADF;
	if ((f->flags & O_ACCMODE) == O_RDONLY)
		return -EPERM;
	if ((seals & ~(unsigned long)F_ALL_SEALS) || !has_seals(f))
		return -EINVAL;
	mutex_lock(&inode->lock);
	/* A program that may run must not change under those who run it. */
	if ((seals & F_SEAL_EXEC) && (inode->mode & 0111))
		seals |= F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE;
	err = mapping_add_seals(&inode->mapping, (unsigned)seals);
	mutex_unlock(&inode->lock);
	return err;
}

long file_get_seals(const struct file *f)
{
	if (f->flags & O_PATH)
		return -EBADF;
	return has_seals(f) ? (long)READ_ONCE(f->inode->mapping.seals) : -EINVAL;
}
