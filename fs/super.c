/*
 * File-system types, super blocks, and the super block of objects that are in no tree.
 *
 * OWNS     struct super_block; the list of types.
 * I1       refs counts mounts and inodes; the last put frees the super block. nr_mounts counts mounts alone: the last
 *          one going calls kill, which gives up the dentries, so that the inodes follow.
 * LOCKS    types_lock for the list. nr_mounts belongs to the mount lock.
 * CONTEXT  tasks; may sleep.
 * NOT HERE attaching to the tree (mount.c).
 */
#include "vfs_impl.h"

#include "base/errno.h"
#include "fs/proc.h"
#include "kernel/flusher.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "mm/writeback.h"
#include "sync/failpoint.h"

static struct spinlock types_lock = SPINLOCK_INIT(RANK_OBJECT);
static struct list_head types = LIST_HEAD_INIT(types);
static struct spinlock stores_lock = SPINLOCK_INIT(RANK_OBJECT);
static struct list_head stores = LIST_HEAD_INIT(stores); /* stores_lock */
static atomic_t next_dev = { 1 }; /* 0:2 is the root file system, as on Linux */

struct super_block *pipe_sb, *sock_sb, *anon_sb;
static struct vfsmount *pipe_mount, *sock_mount, *anon_mount;

void fs_register(struct fs_type *type)
{
	spin_lock(&types_lock);
	list_add_tail(&type->link, &types);
	spin_unlock(&types_lock);
}

struct fs_type *fs_find(const char *name)
{
	struct fs_type *t, *found = NULL;

	spin_lock(&types_lock);
	list_for_each_entry (t, &types, link) {
		if (!strcmp(t->name, name))
			found = t;
	}
	spin_unlock(&types_lock);
	return found;
}

/* Types are never removed, so the list may be walked without the lock. */
static int filesystems_show(struct seq_file *m)
{
	struct fs_type *t;

	list_for_each_entry (t, &types, link)
		seq_printf(m, "%s\t%s\n", t->nodev ? "nodev" : "", t->name);
	return 0;
}

struct super_block *super_alloc_kernel(const struct fs_type *type, const struct super_ops *ops,
				       dev_k dev)
{
	struct super_block *sb = failpoint("super") ? NULL : kzalloc(sizeof(*sb), GFP_KERNEL);

	if (!sb)
		return NULL;
	sb->type = type;
	sb->ops = ops;
	sb->dev = dev;
	atomic_set(&sb->refs, 1);
	return sb;
}

struct super_block *super_alloc_dev(const struct fs_type *type, const struct super_ops *ops,
				    dev_k dev)
{
	return super_alloc_kernel(type, ops, dev);
}

struct super_block *super_alloc(const struct fs_type *type, const struct super_ops *ops)
{
	struct super_block *sb = super_alloc_kernel(type, ops, 0);

	if (sb)
		sb->dev = MKDEV(0, (unsigned)atomic_add_return(&next_dev, 1));
	return sb;
}

int super_set_bdi(struct super_block *sb, struct backing_dev_info *bdi)
{
	int err = flusher_start();

	if (err)
		return err;
	bdi_register(bdi, sb->type->name);
	sb->bdi = bdi;
	spin_lock(&stores_lock);
	list_add_tail(&sb->store_link, &stores);
	spin_unlock(&stores_lock);
	return 0;
}

void super_no_bdi(struct super_block *sb)
{
	spin_lock(&stores_lock);
	list_del(&sb->store_link);
	spin_unlock(&stores_lock);
	bdi_unregister(sb->bdi);
	sb->bdi = NULL;
}

/* The super block after @prev that has a store, referenced; @prev loses its reference. */
static struct super_block *next_store(struct super_block *prev)
{
	struct super_block *sb, *found = NULL;
	bool seen = !prev;

	spin_lock(&stores_lock);
	list_for_each_entry (sb, &stores, store_link) {
		if (seen && atomic_inc_not_zero(&sb->refs)) {
			found = sb;
			break;
		}
		seen |= sb == prev;
	}
	spin_unlock(&stores_lock);
	if (prev)
		super_put(prev);
	return found;
}

struct super_block *super_find_dev(const struct fs_type *type, dev_k dev)
{
	struct super_block *sb = next_store(NULL);

	while (sb && (sb->type != type || sb->dev != dev))
		sb = next_store(sb);
	return sb;
}

void supers_sync(void)
{
	for (struct super_block *sb = next_store(NULL); sb; sb = next_store(sb)) {
		if (sb->ops->sync)
			(void)sb->ops->sync(sb);
	}
}

void super_put(struct super_block *sb)
{
	if (!atomic_dec_and_test(&sb->refs))
		return;
	if (sb->ops->free)
		sb->ops->free(sb);
	kfree(sb);
}

/* ---- objects outside every tree ---- */

static size_t pipe_dname(const struct dentry *d, char *buf, size_t size)
{
	return fmt_scnprintf(buf, size, "pipe:[%lu]", d->inode->ino);
}

static size_t sock_dname(const struct dentry *d, char *buf, size_t size)
{
	return fmt_scnprintf(buf, size, "socket:[%lu]", d->inode->ino);
}

static size_t anon_dname(const struct dentry *d, char *buf, size_t size)
{
	return fmt_scnprintf(buf, size, "anon_inode:%s", d->name);
}

static int anon_statfs(struct super_block *sb, struct statfs_k *out)
{
	out->type = sb->magic;
	out->bsize = PAGE_SIZE;
	out->frsize = PAGE_SIZE;
	out->namelen = VFS_NAME_MAX;
	return 0;
}

static const struct super_ops pipe_super_ops = { .dname = pipe_dname,
						 .statfs = anon_statfs,
						 .evict = fifo_evict };
static const struct super_ops sock_super_ops = { .dname = sock_dname, .statfs = anon_statfs };
static const struct super_ops anon_super_ops = { .dname = anon_dname, .statfs = anon_statfs };
static struct fs_type pipe_type = { .name = "pipefs", .nodev = true };
static struct fs_type sock_type = { .name = "sockfs", .nodev = true };
static struct fs_type anon_type = { .name = "anon_inodefs", .nodev = true };
/* Their inodes have as many digits as Linux's: netstat(8) takes socket:[N] for a socket from two on. */
enum { FIRST_ANON_INO = 1024 };
enum { PIPEFS_MAGIC = 0x50495045, SOCKFS_MAGIC = 0x534f434b, ANON_MAGIC = 0x09041934 };

static struct vfsmount *make_anon(const struct fs_type *type, const struct super_ops *ops,
				  unsigned long magic, struct super_block **out)
{
	struct super_block *sb = super_alloc(type, ops);
	struct vfsmount *mnt;

	must(sb);
	sb->magic = magic;
	atomic_long_set(&sb->next_ino, FIRST_ANON_INO - 1);
	mnt = mount_detached(sb, type->name);
	must(mnt);
	*out = sb;
	return mnt;
}

void anonfs_init(void)
{
	static struct proc_entry entry = { .show = filesystems_show };

	pipe_mount = make_anon(&pipe_type, &pipe_super_ops, PIPEFS_MAGIC, &pipe_sb);
	sock_mount = make_anon(&sock_type, &sock_super_ops, SOCKFS_MAGIC, &sock_sb);
	anon_mount = make_anon(&anon_type, &anon_super_ops, ANON_MAGIC, &anon_sb);
	fs_register(&pipe_type);
	fs_register(&sock_type);
	boot_need(proc_register("filesystems", 0444, &entry), "/proc/", "filesystems");
}

int anon_path(struct inode *inode, const struct qstr *name, struct path_ref *out)
{
	struct dentry *d = dentry_alloc(NULL, inode->sb, name);

	if (!d) {
		iput(inode);
		return -ENOMEM;
	}
	d->inode = inode; /* not reachable by others yet */
	out->dentry = d;
	out->mnt = inode->sb == pipe_sb	  ? pipe_mount
		   : inode->sb == sock_sb ? sock_mount
					  : anon_mount;
	mnt_get(out->mnt);
	return 0;
}
