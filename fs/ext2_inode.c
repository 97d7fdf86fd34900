/*
 * Inodes of ext2: from the disk, to the disk, new ones, and their end.
 *
 * OWNS     struct ext2_inode; the hash of the inodes in memory.
 * WHY      two names of one file are one inode, so it is found by number. What has changed of an inode is found out by
 *          comparing it with its place on the disk whenever it may have to be there: fsync, sync, the end of its last use;
 *          nobody has to say that he has changed it.
 * I1       an inode is in the hash from before anybody can find it until ext2_evict has put it to its place: who looks for one
 *          that is on its way out waits for that.
 * I2       an inode without links has given back its blocks and its number when the last use ends.
 * I3       times lie in 32 bits of seconds.
 * LOCKS    hash_lock for hash and list; iget_lock (mutex, rank FS_IGET) while one is read; map_lock to write it.
 * CONTEXT  threads; may sleep.   FAILS  -EIO (a number that is none, an inode nobody has), -ENOMEM, -ENOSPC.
 * TESTED BY  tests/guest/disk_ext2.c
 */
#include "base/errno.h"
#include "ext2_impl.h"
#include "fs/acl.h"
#include "fs/random.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "sync/failpoint.h"

/* ---- places ---- */

static int inode_place(struct ext2_fs *fs, uint32_t ino, struct block_buf *b,
		       struct ext2_inode_disk **out)
{
	uint32_t index = (ino - 1) % fs->g.inodes_per_group;
	uint32_t table = fs->groups[(ino - 1) / fs->g.inodes_per_group].inode_table;
	unsigned per_block = fs->g.block_size / fs->g.inode_size;
	int err = block_buf_get(fs->bdev, table + index / per_block, fs->g.block_size, b);

	if (!err)
		*out = (struct ext2_inode_disk *)(b->data + index % per_block * fs->g.inode_size);
	return err;
}

static struct list_head *bucket(struct ext2_fs *fs, unsigned long ino)
{
	return &fs->hash[ino % EXT2_BUCKETS];
}

static void hash_add(struct ext2_fs *fs, struct ext2_inode *ei)
{
	spin_lock(&fs->hash_lock);
	list_add(&ei->hash_link, bucket(fs, ei->inode->ino));
	list_add_tail(&ei->link, &fs->inodes);
	spin_unlock(&fs->hash_lock);
}

static void hash_del(struct ext2_fs *fs, struct ext2_inode *ei)
{
	spin_lock(&fs->hash_lock);
	list_del(&ei->hash_link);
	list_del(&ei->link);
	spin_unlock(&fs->hash_lock);
	waitq_wake_all(&fs->gone);
}

/* The inode of that number in memory, referenced. Return: 1 found, 0 none, -1 on its way out. */
static int hash_find(struct ext2_fs *fs, uint32_t ino, struct inode **out)
{
	struct ext2_inode *ei;
	int found = 0;

	spin_lock(&fs->hash_lock);
	list_for_each_entry (ei, bucket(fs, ino), hash_link) {
		if (ei->inode->ino == ino) {
			found = atomic_inc_not_zero(&ei->inode->refs) ? 1 : -1;
			*out = ei->inode;
			break;
		}
	}
	spin_unlock(&fs->hash_lock);
	return found;
}

/* ---- to the disk ---- */

static uint32_t disk_time(struct timespec64_k t)
{
	int64_t s = t.tv_sec;

	s = s < INT32_MIN ? INT32_MIN : s;
	return (uint32_t)(s > INT32_MAX ? INT32_MAX : s);
}

static uint64_t sectors_of(struct ext2_fs *fs, uint64_t blocks)
{
	return blocks << (fs->g.block_bits - SECTOR_SHIFT);
}

static void encode_device(struct ext2_inode_disk *d, dev_k dev)
{
	memset(d->block, 0, sizeof(d->block));
	if (MAJOR(dev) < 256 && MINOR(dev) < 256)
		d->block[0] = MAJOR(dev) << 8 | MINOR(dev);
	else
		d->block[1] = (MINOR(dev) & 0xff) | MAJOR(dev) << 8 | (MINOR(dev) & ~0xffU) << 12;
}

static void encode(struct inode *inode, struct ext2_inode_disk *d)
{
	struct ext2_inode *ei = ext2_inode_of(inode);
	struct ext2_fs *fs = ext2_of(inode->sb);
	uint64_t size = mapping_size(&inode->mapping);

	d->mode = (uint16_t)inode->mode;
	d->uid = (uint16_t)inode->uid;
	d->uid_high = (uint16_t)(inode->uid >> 16);
	d->gid = (uint16_t)inode->gid;
	d->gid_high = (uint16_t)(inode->gid >> 16);
	d->size = (uint32_t)size;
	if (S_ISREG(inode->mode))
		d->size_high = (uint32_t)(size >> 32);
	d->atime = disk_time(inode->atime);
	d->mtime = disk_time(inode->mtime);
	d->ctime = disk_time(inode->ctime);
	d->dtime = ei->dtime;
	d->links = (uint16_t)inode->nlink;
	d->sectors = (uint32_t)sectors_of(
		fs, ei->nr_blocks - min_of(uint64_t, ei->nr_blocks, ei->pending.nr));
	d->flags = (ei->flags & ~(uint32_t)FS_KEPT_FL) | inode->flags;
	d->file_acl = ei->file_acl;
	d->generation = (uint32_t)inode->generation;
	if (S_ISCHR(inode->mode) || S_ISBLK(inode->mode))
		encode_device(d, inode->rdev);
	else
		memcpy(d->block, ei->block, sizeof(d->block));
}

/* The first file beyond 2 GiB: old kernels must not write such a file system. */
static void note_large(struct ext2_fs *fs, const struct inode *inode)
{
	if (!S_ISREG(inode->mode) || mapping_size(&inode->mapping) <= INT32_MAX)
		return;
	mutex_lock(&fs->alloc_lock);
	fs->g.ro_compat |= EXT2_RO_LARGE_FILE;
	mutex_unlock(&fs->alloc_lock);
}

int ext2_write_inode(struct inode *inode)
{
	struct ext2_inode *ei = ext2_inode_of(inode);
	struct ext2_fs *fs = ext2_of(inode->sb);
	struct ext2_inode_disk *place, now;
	struct block_buf b;
	int err;

	if (!fs->writable || ei->bad)
		return 0;
	err = inode_place(fs, (uint32_t)inode->ino, &b, &place);
	if (err)
		return err;
	mutex_lock(&ei->map_lock);
	if (ei->is_new)
		memset(place, 0, fs->g.inode_size);
	now = *place;
	encode(inode, &now);
	if (ei->is_new || memcmp(&now, place, sizeof(now)) != 0) {
		*place = now;
		block_buf_dirty(fs->bdev, &b);
	}
	ei->is_new = false;
	mutex_unlock(&ei->map_lock);
	block_buf_put(&b);
	note_large(fs, inode);
	return 0;
}

/* ---- from the disk ---- */

static struct timespec64_k mem_time(uint32_t t)
{
	return (struct timespec64_k){ (int32_t)t, 0 };
}

void ext2_set_size(struct inode *inode, uint64_t size)
{
	spin_lock(&inode->mapping.lock);
	inode->mapping.size = size;
	spin_unlock(&inode->mapping.lock);
}

static bool is_fast_link(const struct ext2_fs *fs, const struct ext2_inode *ei, uint64_t size)
{
	uint64_t acl = ei->file_acl ? 1 : 0;

	return size < sizeof(ei->block) && ei->nr_blocks == acl;
}

/* The calls and the mapping of each type. */
static void set_type(struct inode *inode, uint64_t size)
{
	struct ext2_inode *ei = ext2_inode_of(inode);
	struct ext2_fs *fs = ext2_of(inode->sb);
	gfp_t gfp = S_ISREG(inode->mode) ? GFP_HIGHUSER_MOVABLE : GFP_NOFS;

	if (S_ISREG(inode->mode)) {
		inode->ops = &ext2_file_iops;
		inode->fops = &ext2_file_fops;
	} else if (S_ISDIR(inode->mode)) {
		inode->ops = &ext2_dir_iops;
		inode->fops = &ext2_dir_fops;
	} else if (S_ISLNK(inode->mode)) {
		inode->ops = &ext2_link_iops;
	} else {
		inode->ops = &ext2_special_iops;
	}
	ei->has_mapping = S_ISREG(inode->mode) || S_ISDIR(inode->mode) ||
			  (S_ISLNK(inode->mode) && !is_fast_link(fs, ei, size));
	if (ei->has_mapping) {
		mapping_init(&inode->mapping, &ext2_aops, inode, gfp, 0);
		inode->mapping.bdi = &fs->bdi;
		ra_init(&inode->mapping.ra, &inode->mapping);
	}
	inode->mapping.size = size;
}

static int check_inode(struct ext2_fs *fs, const struct inode *inode, uint64_t size)
{
	uint32_t type = inode->mode & S_IFMT;

	if (type != S_IFREG && type != S_IFDIR && type != S_IFLNK && type != S_IFCHR &&
	    type != S_IFBLK && type != S_IFIFO && type != S_IFSOCK)
		return ext2_broken(fs, "an inode of no type", inode->ino);
	if (!inode->nlink)
		return ext2_broken(fs, "a name leads to a free inode", inode->ino);
	if (size > fs->g.max_bytes || (type == S_IFLNK && (!size || size >= VFS_PATH_MAX)) ||
	    (type == S_IFDIR && (size & (fs->g.block_size - 1))))
		return ext2_broken(fs, "a size that cannot be", inode->ino);
	return 0;
}

static int decode(struct inode *inode, const struct ext2_inode_disk *d)
{
	struct ext2_inode *ei = ext2_inode_of(inode);
	struct ext2_fs *fs = ext2_of(inode->sb);
	uint64_t size = d->size;
	int err;

	inode->mode = d->mode;
	inode->uid = d->uid | (uint32_t)d->uid_high << 16;
	inode->gid = d->gid | (uint32_t)d->gid_high << 16;
	inode->nlink = d->links;
	inode->atime = mem_time(d->atime);
	inode->mtime = mem_time(d->mtime);
	inode->ctime = mem_time(d->ctime);
	inode->generation = d->generation;
	ei->nr_blocks = d->sectors >> (fs->g.block_bits - SECTOR_SHIFT);
	ei->flags = d->flags;
	inode->flags = d->flags & FS_KEPT_FL;
	ei->file_acl = d->file_acl;
	memcpy(ei->block, d->block, sizeof(ei->block));
	if (S_ISREG(inode->mode))
		size |= (uint64_t)d->size_high << 32;
	if (d->block[0])
		inode->rdev = MKDEV(d->block[0] >> 8 & 0xff, d->block[0] & 0xff);
	else
		inode->rdev = MKDEV(d->block[1] >> 8 & 0xfff,
				    (d->block[1] & 0xff) | (d->block[1] >> 12 & 0xfff00));
	err = check_inode(fs, inode, size);
	if (!err)
		set_type(inode, size);
	return err;
}

/* A struct inode with our half, not in the hash yet. */
static struct inode *inode_make(struct super_block *sb, uint32_t ino, uint32_t mode)
{
	struct ext2_fs *fs = ext2_of(sb);
	struct inode *inode = inode_alloc(sb, mode);
	struct ext2_inode *ei;

	if (!inode)
		return NULL;
	ei = failpoint("ext2_inode") ? NULL : kzalloc(sizeof(*ei), GFP_KERNEL);
	if (!ei) {
		iput(inode);
		return NULL;
	}
	inode->ino = ino;
	inode->private = ei;
	ei->inode = inode;
	mutex_init(&ei->map_lock, RANK_FS_INNER);
	xindex_init(&ei->pending);
	ei->goal = ext2_group_first(&fs->g, (ino - 1) / fs->g.inodes_per_group);
	list_init(&ei->hash_link);
	list_init(&ei->link);
	return inode;
}

/* iget_lock held: nobody else reads the same one. */
static int iget_read(struct super_block *sb, uint32_t ino, struct inode **out)
{
	struct ext2_fs *fs = ext2_of(sb);
	struct inode *inode = inode_make(sb, ino, 0);
	struct ext2_inode_disk *d;
	struct block_buf b;
	int err;

	if (!inode)
		return -ENOMEM;
	ext2_inode_of(inode)->bad = true; /* until it is read: evict leaves it alone */
	err = inode_place(fs, ino, &b, &d);
	if (!err) {
		err = decode(inode, d);
		block_buf_put(&b);
	}
	if (err) {
		iput(inode);
		return err;
	}
	err = ext2_attrs_read(inode);
	if (err) {
		iput(inode);
		return err;
	}
	ext2_inode_of(inode)->bad = false;
	hash_add(fs, ext2_inode_of(inode));
	*out = inode;
	return 0;
}

int ext2_iget(struct super_block *sb, uint32_t ino, struct inode **out)
{
	struct ext2_fs *fs = ext2_of(sb);
	int found, err = 0;

	if (!ino || ino > fs->g.inodes || (ino != EXT2_ROOT_INO && ino < fs->g.first_ino))
		return ext2_broken(fs, "a name leads to an inode that is none", ino);
	mutex_lock(&fs->iget_lock);
	wait_event(&fs->gone, (found = hash_find(fs, ino, out)) >= 0);
	if (!found)
		err = iget_read(sb, ino, out);
	mutex_unlock(&fs->iget_lock);
	return err;
}

/* ---- new ones ---- */

/* @len: of a symlink's text, which tells where it will be; the size is 0 until it is there. */
static int new_inode(struct inode *dir, uint32_t mode, dev_k rdev, size_t len, struct inode **out)
{
	struct ext2_fs *fs = ext2_of(dir->sb);
	struct inode *inode, *old;
	uint32_t ino, generation;
	int err = ext2_ino_alloc(fs, dir, S_ISDIR(mode), &ino);

	if (err)
		return err;
	inode = inode_make(dir->sb, ino, mode);
	if (!inode) {
		ext2_ino_free(fs, ino, S_ISDIR(mode));
		return -ENOMEM;
	}
	random_bytes(&generation, sizeof(generation));
	inode->generation = generation;
	inode->rdev = rdev;
	inode_init_owner(inode, dir);
	ext2_inode_of(inode)->is_new = true;
	inode->nlink = S_ISDIR(mode) ? 2 : 1;
	set_type(inode, len);
	inode->mapping.size = 0;
	wait_event(&fs->gone, hash_find(fs, ino, &old) == 0); /* its last life is over by now */
	hash_add(fs, ext2_inode_of(inode));
	err = acl_inherit(inode, dir);
	if (err) {
		inode_set_nlink(inode, 0);
		iput(inode);
		return err;
	}
	*out = inode;
	return 0;
}

int ext2_new_inode(struct inode *dir, uint32_t mode, dev_k rdev, struct inode **out)
{
	return new_inode(dir, mode, rdev, 0, out);
}

int ext2_new_symlink(struct inode *dir, size_t len, struct inode **out)
{
	return new_inode(dir, S_IFLNK | 0777, 0, len, out);
}

/* ---- the end ---- */

static void delete_inode(struct inode *inode)
{
	struct ext2_inode *ei = ext2_inode_of(inode);
	struct ext2_fs *fs = ext2_of(inode->sb);
	bool is_dir = S_ISDIR(inode->mode);

	if (ei->file_acl)
		ext2_acl_put(fs, ei->file_acl);
	mutex_lock(&ei->map_lock);
	if (ei->has_mapping)
		(void)ext2_map_cut(ei, 0);
	memset(ei->block, 0, sizeof(ei->block));
	ei->nr_blocks = 0;
	ei->file_acl = 0;
	ei->dtime = disk_time(inode_now(inode));
	mutex_unlock(&ei->map_lock);
	inode->mapping.size = 0;
	(void)ext2_write_inode(inode);
	ext2_ino_free(fs, (uint32_t)inode->ino, is_dir);
}

static void save_inode(struct inode *inode)
{
	struct ext2_inode *ei = ext2_inode_of(inode);

	mutex_lock(&ei->map_lock);
	ext2_pending_drop(ei, 0);
	mutex_unlock(&ei->map_lock);
	(void)ext2_write_inode(inode);
}

void ext2_evict(struct inode *inode)
{
	struct ext2_inode *ei = ext2_inode_of(inode);
	struct ext2_fs *fs = ext2_of(inode->sb);

	if (S_ISFIFO(inode->mode) && ei && !ei->bad)
		fifo_evict(inode);
	if (!ei)
		return;
	if (ei->has_mapping && inode->nlink && fs->writable)
		mapping_sync(&inode->mapping, 0, ULONG_MAX);
	if (ei->has_mapping)
		mapping_destroy(&inode->mapping);
	if (!ei->bad && fs->writable) {
		if (inode->nlink)
			save_inode(inode);
		else
			delete_inode(inode);
	}
	if (!list_empty(&ei->link))
		hash_del(fs, ei);
	kfree(ei);
}
