/*
 * The data of tmpfs files: pages of the page cache, charged to the mount.
 *
 * OWNS     the calls of tmpfs's regular files and their mappings.
 * WHY      memory is the store: nothing is read, written back or synchronised, so fsync has nothing to do.
 * LOCKS    inode->lock for the size, fallocate and SEEK (a hole does not appear between two answers).
 * CONTEXT  tasks; may sleep.
 * FAILS    -ENOSPC at the limit of the mount.
 * NOT HERE names and mounts (tmpfs.c); pages (mm/backing).
 * SOURCES  tmpfs(5), fallocate(2), lseek(2).   TESTED BY  tests/guest/file_space.c
 */
#include "tmpfs_impl.h"

#include "base/errno.h"
#include "fs/file.h"
#include "fs/filedata.h"

static int data_reserve(struct address_space *m, unsigned long index, unsigned long nr)
{
	struct inode *inode = m->owner;

	return shmem_charge(&tmpfs_of(inode->sb)->space, nr);
}

static void data_release(struct address_space *m, unsigned long nr)
{
	struct inode *inode = m->owner;

	shmem_uncharge(&tmpfs_of(inode->sb)->space, nr);
}

static const struct address_space_ops data_ops = {
	.fill = shmem_fill,
	.reserve = data_reserve,
	.release = data_release,
	.hold = inode_map_hold,
	.drop = inode_map_drop,
	.name = inode_map_name,
	.may_write = inode_map_may_write,
	.ident = inode_map_ident,
};

static int tmpfs_truncate(struct inode *inode, uint64_t size)
{
	return mapping_truncate(&inode->mapping, size);
}

static int64_t tmpfs_seek(struct file *f, int64_t off, int whence)
{
	struct inode *inode = f->inode;

	if (whence != SEEK_DATA && whence != SEEK_HOLE)
		return seek_generic(f, off, whence);
	if (off < 0)
		return -ENXIO;
	mutex_lock(&inode->lock);
	off = mapping_seek(&inode->mapping, (uint64_t)off, whence == SEEK_HOLE);
	mutex_unlock(&inode->lock);
	if (off >= 0)
		f->pos = (uint64_t)off;
	return off;
}

/* What the file system could never hold takes nothing first, and nobody's memory: as Linux, whatever of it is there already. */
static int allocate(struct address_space *m, uint64_t off, uint64_t end, bool grow)
{
	const struct inode *inode = m->owner;
	unsigned long most = READ_ONCE(tmpfs_of(inode->sb)->space.max_pages);
	int err;

	if (most && ((end + PAGE_SIZE - 1) >> PAGE_SHIFT) - (off >> PAGE_SHIFT) > most)
		return -ENOSPC;
	err = mapping_allocate(m, off, end);
	if (!err && grow && end > mapping_size(m))
		err = mapping_truncate(m, end);
	return err;
}

static int tmpfs_fallocate(struct file *f, unsigned mode, uint64_t off, uint64_t len)
{
	static const struct space_ops ops = { mapping_punch, allocate };

	return fallocate_in_memory(f, mode, off, len, &ops);
}

/* F_SEAL_EXEC: who may execute it is fixed. */
int tmpfs_setattr(struct inode *inode, uint32_t mode, uint32_t uid, uint32_t gid)
{
	bool changes = (inode->mode ^ mode) & 0111;

	return changes && (inode->mapping.seals & F_SEAL_EXEC) ? -EPERM : 0;
}

const struct inode_ops tmpfs_file_iops = { .truncate = tmpfs_truncate, .setattr = tmpfs_setattr };
static const struct file_ops file_fops = { .read = generic_read,
					   .write = generic_write,
					   .mmap = generic_mmap,
					   .read_kernel = generic_read_kernel,
					   .write_kernel = generic_write_kernel,
					   .seek = tmpfs_seek,
					   .fallocate = tmpfs_fallocate,
					   .fsync = noop_fsync };

void tmpfs_file_setup(struct inode *inode)
{
	inode->ops = &tmpfs_file_iops;
	inode->fops = &file_fops;
	mapping_init(&inode->mapping, &data_ops, inode, GFP_HIGHUSER_MOVABLE, MAPPING_SHMEM);
	tmpfs_file_policy(inode);
	inode->mapping.seals = F_SEAL_SEAL; /* a file with a name is never sealed */
}
