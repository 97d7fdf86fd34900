/*
 * ext2: mounting, the superblock, syncing.
 *
 * OWNS     struct ext2_fs; the list of those that are mounted.
 * WHY      files' data has the mount's own backing_dev_info, the file system's blocks are the device's: first the data are
 *          written, which changes maps and bitmaps, then the inodes, then the superblock, then the device's dirty pages.
 * I1       writable: the state on the disk says "not clean". It says what it said before once all has been written: at the
 *          last umount, or when the mount becomes read-only.
 * I2       one super block per device: who mounts it again gets the same tree.
 * I3       a file system with features that are not known is not mounted; with unknown ones that only matter to writers, not
 *          for writing.
 * LOCKS    the mount lock for the list and for writable.
 * CONTEXT  tasks; may sleep.
 * FAILS    -EINVAL (no ext2, features), -EIO, -ENOMEM, -EACCES (read-only device), -EBUSY, -ENOTBLK.
 * SOURCES  mount(2), mke2fs(8), ext4(5) for the options.   TESTED BY  tests/guest/disk_ext2.c, ext2_format_test.c
 */
#include "base/errno.h"
#include "ext2_impl.h"
#include "kernel/time.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "mm/vmalloc.h"
#include "mount_opts.h"
#include "sync/failpoint.h"
#include "sync/klog.h"

int ext2_broken(struct ext2_fs *fs, const char *what, unsigned long ino)
{
	if (!fs->broken)
		pr_err("EXT2-fs (%s): %s (%lu); unmount it and run e2fsck", fs->bdev->name, what,
		       ino);
	WRITE_ONCE(fs->broken, true);
	return -EIO;
}

/* ---- the superblock ---- */

static int get_super(struct ext2_fs *fs, struct block_buf *b, struct ext2_super_disk **out)
{
	int err = block_buf_get(fs->bdev, EXT2_SUPER_OFFSET / EXT2_SUPER_SIZE, EXT2_SUPER_SIZE, b);

	if (!err)
		*out = (struct ext2_super_disk *)b->data;
	return err;
}

/* @clean: nothing is left to be written. */
static int write_super(struct ext2_fs *fs, bool clean)
{
	struct ext2_super_disk *d;
	struct block_buf b;
	int err = get_super(fs, &b, &d);

	if (err)
		return err;
	mutex_lock(&fs->alloc_lock);
	d->free_blocks = fs->free_blocks;
	d->free_inodes = fs->free_inodes;
	if (d->rev)
		d->ro_compat = fs->g.ro_compat;
	if (fs->has_attrs)
		d->compat |= EXT2_COMPAT_ATTRS;
	d->state = clean ? fs->state : (uint16_t)(fs->state & ~EXT2_STATE_VALID);
	if (fs->broken)
		d->state = (uint16_t)((d->state & ~EXT2_STATE_VALID) | EXT2_STATE_ERROR);
	d->wtime = (uint32_t)(realtime_ns() / NSEC_PER_SEC);
	block_buf_dirty(fs->bdev, &b);
	mutex_unlock(&fs->alloc_lock);
	block_buf_put(&b);
	return 0;
}

static int mark_mounted(struct ext2_fs *fs)
{
	struct ext2_super_disk *d;
	struct block_buf b;
	int err = get_super(fs, &b, &d);

	if (err)
		return err;
	fs->state = d->state;
	d->mount_count++;
	d->mtime = (uint32_t)(realtime_ns() / NSEC_PER_SEC);
	block_buf_put(&b);
	return write_super(fs, false);
}

/* ---- syncing ---- */

/* The inode after @prev in memory, referenced; @prev loses its reference. */
static struct inode *next_inode(struct ext2_fs *fs, struct inode *prev)
{
	struct list_head *at;
	struct inode *found = NULL;

	spin_lock(&fs->hash_lock);
	at = prev ? ext2_inode_of(prev)->link.next : fs->inodes.next;
	for (; at != &fs->inodes && !found; at = at->next) {
		struct inode *inode = list_entry(at, struct ext2_inode, link)->inode;

		if (atomic_inc_not_zero(&inode->refs))
			found = inode;
	}
	spin_unlock(&fs->hash_lock);
	iput(prev);
	return found;
}

static int write_inodes(struct ext2_fs *fs, bool drop_pending)
{
	int err = 0;

	for (struct inode *i = next_inode(fs, NULL); i; i = next_inode(fs, i)) {
		struct ext2_inode *ei = ext2_inode_of(i);
		int e;

		if (drop_pending) {
			mutex_lock(&ei->map_lock);
			ext2_pending_drop(ei, 0);
			mutex_unlock(&ei->map_lock);
		}
		e = i->nlink ? ext2_write_inode(i) : 0; /* without a name: its end writes it */
		err = e ? e : err;
	}
	return err;
}

static int write_meta(struct ext2_fs *fs, bool clean)
{
	int err = write_super(fs, clean), flush;

	mapping_sync(&fs->bdev->mapping, 0, ULONG_MAX);
	if (!err)
		err = mapping_take_error(&fs->bdev->mapping);
	flush = block_flush(fs->bdev);
	return err ? err : flush;
}

int ext2_sync(struct super_block *sb)
{
	struct ext2_fs *fs = ext2_of(sb);
	int err, meta;

	if (!fs->writable)
		return 0;
	bdi_sync(&fs->bdi);
	err = write_inodes(fs, false);
	meta = write_meta(fs, false);
	return err ? err : meta;
}

static int ext2_set_writable(struct super_block *sb, bool writable)
{
	struct ext2_fs *fs = ext2_of(sb);
	int err;

	if (writable && (fs->g.ro_compat & ~(uint32_t)EXT2_RO_KNOWN))
		return -EROFS;
	if (writable && block_is_readonly(fs->bdev))
		return -EACCES;
	if (writable) {
		err = mark_mounted(fs);
		fs->writable = !err;
		return err;
	}
	bdi_sync(&fs->bdi);
	(void)write_inodes(fs, true);
	(void)write_meta(fs, true);
	fs->writable = false;
	return 0;
}

/* ---- the end ---- */

static void ext2_free(struct super_block *sb)
{
	struct ext2_fs *fs = ext2_of(sb);

	if (!fs)
		return;
	if (fs->writable)
		(void)write_meta(fs, true);
	if (fs->has_bdi)
		super_no_bdi(sb);
	if (fs->bdev)
		block_put(fs->bdev, !(sb->flags & MS_RDONLY), fs);
	kvfree(fs->groups);
	kfree(fs);
}

/* ---- what it has ---- */

static uint32_t overhead(const struct ext2_fs *fs)
{
	uint32_t table = fs->g.inodes_per_group / (fs->g.block_size / fs->g.inode_size);
	uint32_t n = fs->g.first_data;

	for (unsigned i = 0; i < fs->g.nr_groups; i++)
		n += 2 + table + (ext2_group_has_super(&fs->g, i) ? 1 + fs->g.desc_blocks : 0);
	return n;
}

static int ext2_statfs(struct super_block *sb, struct statfs_k *out)
{
	struct ext2_fs *fs = ext2_of(sb);
	uint32_t free_blocks, free_inodes;

	mutex_lock(&fs->alloc_lock);
	free_blocks = fs->free_blocks;
	free_inodes = fs->free_inodes;
	mutex_unlock(&fs->alloc_lock);
	*out = (struct statfs_k){ .type = EXT2_MAGIC,
				  .bsize = fs->g.block_size,
				  .frsize = fs->g.block_size,
				  .blocks = fs->g.blocks - overhead(fs),
				  .bfree = free_blocks,
				  .files = fs->g.inodes,
				  .ffree = free_inodes,
				  .namelen = EXT2_NAME_LEN };
	if (free_blocks > fs->g.reserved)
		out->bavail = free_blocks - fs->g.reserved;
	return 0;
}

static uint64_t ext2_sectors(struct inode *inode)
{
	struct ext2_fs *fs = ext2_of(inode->sb);

	return ext2_inode_of(inode)->nr_blocks << (fs->g.block_bits - SECTOR_SHIFT);
}

/* Options that change nothing here are taken, as on Linux; others are not known. */
static int one_option(void *arg, const char *opt)
{
	static const char *const idle[] = { "errors=continue", "check=none", "nocheck", "barrier=1",
					    "nouid32" };
	struct ext2_fs *fs = arg;
	const char *v;
	uint64_t n;

	for (unsigned i = 0; i < ARRAY_SIZE(idle); i++) {
		if (!strcmp(opt, idle[i]))
			return 0;
	}
	if (!strcmp(opt, "user_xattr") || !strcmp(opt, "nouser_xattr")) {
		fs->sb->keeps_user_xattrs = *opt == 'u';
		return 0;
	}
	if (!strcmp(opt, "acl") || !strcmp(opt, "noacl")) {
		fs->sb->keeps_acls = *opt == 'a';
		return 0;
	}
	if ((mount_opt_is(opt, "resuid", &v) || mount_opt_is(opt, "resgid", &v)) &&
	    !mount_opt_number(v, 10, &n)) {
		*(opt[3] == 'u' ? &fs->resuid : &fs->resgid) = (uint32_t)n;
		return 0;
	}
	return -EINVAL;
}

static int ext2_remount(struct super_block *sb, const char *data)
{
	return mount_opts_each(data, one_option, ext2_of(sb));
}

static const struct super_ops ext2_super_ops = {
	.evict = ext2_evict,
	.statfs = ext2_statfs,
	.free = ext2_free,
	.remount = ext2_remount,
	.sync = ext2_sync,
	.set_writable = ext2_set_writable,
	.sectors = ext2_sectors,
	.store_attrs = ext2_attrs_store,
};

/* ---- mounting ---- */

static int read_group(struct ext2_fs *fs, unsigned n)
{
	unsigned per_block = fs->g.block_size / sizeof(struct ext2_group_disk);
	struct block_buf b;
	int err =
		block_buf_get(fs->bdev, fs->g.first_data + 1 + n / per_block, fs->g.block_size, &b);

	if (err)
		return err;
	fs->groups[n] = ((struct ext2_group_disk *)b.data)[n % per_block];
	block_buf_put(&b);
	if (!ext2_group_ok(&fs->g, n, &fs->groups[n]))
		return -EINVAL;
	fs->free_blocks += fs->groups[n].free_blocks;
	fs->free_inodes += fs->groups[n].free_inodes;
	return 0;
}

static int read_groups(struct ext2_fs *fs)
{
	int err = 0;

	fs->groups =
		failpoint("ext2_groups") ? NULL : kvzalloc(fs->g.nr_groups * sizeof(*fs->groups));
	if (!fs->groups)
		return -ENOMEM;
	for (unsigned n = 0; n < fs->g.nr_groups && !err; n++)
		err = read_group(fs, n);
	return err;
}

static int read_super(struct ext2_fs *fs, bool silent)
{
	const char *why = "";
	struct ext2_super_disk *d;
	struct block_buf b;
	int err = get_super(fs, &b, &d);

	if (err)
		return err;
	err = ext2_read_super(d, mapping_size(&fs->bdev->mapping), &fs->g, &why);
	fs->old_revision = !d->rev;
	fs->resuid = d->def_resuid;
	fs->resgid = d->def_resgid;
	block_buf_put(&b);
	if (!err) {
		err = read_groups(fs);
		why = "its groups contradict themselves";
	}
	if (err == -EINVAL && !silent)
		pr_info("EXT2-fs (%s): %s", fs->bdev->name, why);
	return err;
}

static int read_root(struct ext2_fs *fs)
{
	struct inode *root;
	int err = ext2_iget(fs->sb, EXT2_ROOT_INO, &root);

	if (!err)
		err = dentry_root_of(fs->sb, root);
	return err == -ENOTDIR ? -EINVAL : err;
}

static void fs_init_locks(struct ext2_fs *fs)
{
	mutex_init(&fs->alloc_lock, RANK_FS_ALLOC);
	mutex_init(&fs->iget_lock, RANK_FS_IGET);
	spin_init(&fs->hash_lock, RANK_OBJECT);
	waitq_init(&fs->gone);
	list_init(&fs->inodes);
	for (unsigned i = 0; i < EXT2_BUCKETS; i++)
		list_init(&fs->hash[i]);
}

/* What can fail, with everything in @fs that ext2_free puts right. */
static int fill_super(struct ext2_fs *fs, dev_k dev, unsigned long flags, const char *data)
{
	bool ro = flags & MS_RDONLY;
	int err = mount_opts_each(data, one_option, fs);

	if (!err)
		err = block_get(dev, !ro, fs, &fs->bdev);
	if (!err)
		err = read_super(fs, flags & MS_SILENT);
	if (err)
		return err;
	if (!ro && (fs->g.ro_compat & ~(uint32_t)EXT2_RO_KNOWN)) {
		pr_info("EXT2-fs (%s): features that are not known: only read-only",
			fs->bdev->name);
		return -EINVAL;
	}
	fs->sb->blksize = fs->g.block_size;
	fs->sb->max_bytes = fs->g.max_bytes;
	err = super_set_bdi(fs->sb, &fs->bdi);
	if (err)
		return err;
	fs->has_bdi = true;
	err = read_root(fs);
	if (!err && !ro) {
		err = mark_mounted(fs);
		fs->writable = !err;
	}
	return err;
}

static int device_of(const char *source, dev_k *dev)
{
	struct path_ref p;
	int err = source && *source ? path_lookup(AT_FDCWD, source, LOOKUP_FOLLOW, &p) : -EINVAL;

	if (err)
		return err;
	if (!S_ISBLK(p.dentry->inode->mode))
		err = -ENOTBLK;
	else if (p.mnt->flags & MS_NODEV)
		err = -EACCES;
	*dev = p.dentry->inode->rdev;
	path_put(&p);
	return err;
}

static int ext2_mount(const struct fs_type *type, unsigned long flags, const char *source,
		      const char *data, struct super_block **out)
{
	struct super_block *sb;
	struct ext2_fs *fs;
	dev_k dev;
	int err = device_of(source, &dev);

	if (err)
		return err;
	sb = super_find_dev(type, dev);
	if (sb) {
		err = (sb->flags ^ flags) & MS_RDONLY || !sb->root ? -EBUSY : 0;
		if (err)
			super_put(sb);
		else
			*out = sb;
		return err;
	}
	sb = super_alloc_dev(type, &ext2_super_ops, dev);
	fs = failpoint("ext2_fs") ? NULL : kzalloc(sizeof(*fs), GFP_KERNEL);
	if (!sb || !fs) {
		kfree(fs);
		if (sb)
			super_put(sb);
		return -ENOMEM;
	}
	sb->flags = flags & MS_RDONLY;
	sb->magic = EXT2_MAGIC;
	sb->whole_seconds = true;
	sb->keeps_xattrs = sb->keeps_user_xattrs = sb->keeps_acls = sb->keeps_flags = true;
	sb->private = fs;
	fs->sb = sb;
	fs_init_locks(fs);
	err = fill_super(fs, dev, flags, data);
	if (!err) {
		*out = sb;
		return 0;
	}
	dput(sb->root);
	sb->root = NULL;
	super_put(sb);
	return err;
}

struct fs_type ext2_type = { .name = "ext2", .mount = ext2_mount };
