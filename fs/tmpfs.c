/*
 * tmpfs: names over pages that live in the page cache and nowhere else. Also the root file system, ramfs, devtmpfs.
 *
 * OWNS     the tree of each mount; shmem_space (pages) and the inode count of each mount.
 * WHY      every child dentry is pinned, so the dentry cache IS the directory: a name that is not cached does not exist,
 *          no lookup call is needed, and a directory scales as the hash does.
 * I1       a positive child has one extra reference (the pin), dropped when its name goes.
 * I2       children are in dir->children in rising order of cookie, the directory position; a new or moved name gets a
 *          higher cookie than every name before, so positions stay valid while others are removed.
 * I3       a directory's size is entry_size bytes per entry and for . and .., its nlink 2 plus its subdirectories; a removed one has nlink 0.
 * I4       nr_inodes counts live inodes (removed but open ones too), at most max_inodes when that is not 0.
 * LOCKS    directory inode->lock for entries and cookies; dcache_lock for the list of children; counters are atomic.
 * CONTEXT  tasks; may sleep.
 * COST     make, remove, find: O(1). Reading a directory: O(1) per entry in sequence, O(n) after a seek.
 * FAILS    -ENOSPC at the limits of the mount, -ENOMEM.
 * NOT HERE files' data (tmpfs_file.c), pages (mm/backing).  SOURCES  tmpfs(5), readdir(3), rename(2).
 */
#include "tmpfs_impl.h"

#include "base/errno.h"
#include "fs/acl.h"
#include "fs/file.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "sync/failpoint.h"

enum { FIRST_COOKIE = 2 };

/* Of a directory: inode->private. */
struct tmpfs_dir {
	unsigned long next_cookie; /* inode->lock */
};

/* Of an open directory: file->private. */
struct dir_cursor {
	struct dentry
		*next; /* referenced: the entry the next read begins with, when pos is its cookie */
	unsigned long pos, end; /* cookies from end on came after the read began */
};

static const struct inode_ops dir_iops, special_dir_iops, link_iops;
static const struct file_ops dir_fops;

/* ---- inodes ---- */

static int count_inode(struct tmpfs *fs)
{
	if (atomic_long_add_return(&fs->nr_inodes, 1) > (long)fs->max_inodes && fs->max_inodes) {
		atomic_long_add(&fs->nr_inodes, -1);
		return -ENOSPC;
	}
	return 0;
}

/* What the type needs behind inode->private. @text: of a symlink, or what a special file is made of. */
static int inode_setup(struct inode *inode, const char *text)
{
	const struct special_files *files = tmpfs_of(inode->sb)->files;

	if (S_ISREG(inode->mode) && files)
		return files->make(inode, text);
	if (S_ISREG(inode->mode)) {
		tmpfs_file_setup(inode);
		return 0;
	}
	if (S_ISDIR(inode->mode)) {
		struct tmpfs_dir *d =
			failpoint("tmpfs_dir") ? NULL : kzalloc(sizeof(*d), GFP_KERNEL);

		if (!d)
			return -ENOMEM;
		d->next_cookie = FIRST_COOKIE;
		inode->private = d;
		inode->ops = files && !files->tree ? &special_dir_iops : &dir_iops;
		inode->fops = &dir_fops;
		inode->nlink = 2;
		inode->mapping.size = 2 * tmpfs_of(inode->sb)->entry_size;
		return 0;
	}
	if (S_ISLNK(inode->mode)) {
		inode->private = failpoint("tmpfs_link") ? NULL : kstrdup(text, GFP_KERNEL);
		if (!inode->private)
			return -ENOMEM;
		inode->ops = &link_iops;
		inode->mapping.size = strlen(text);
	}
	return 0;
}

int tmpfs_inode(struct super_block *sb, const struct inode *dir, uint32_t mode, const char *text,
		struct inode **out)
{
	struct tmpfs *fs = tmpfs_of(sb);
	struct inode *inode;
	int err = count_inode(fs);

	if (err)
		return err;
	inode = inode_alloc(sb, mode);
	if (!inode) {
		atomic_long_add(&fs->nr_inodes, -1);
		return -ENOMEM;
	}
	inode_init_owner(inode, dir);
	err = inode_setup(inode, text);
	if (!err)
		err = acl_inherit(inode, dir);
	if (err) {
		iput(inode); /* evict uncounts it */
		return err;
	}
	*out = inode;
	return 0;
}

void tmpfs_evict(struct inode *inode)
{
	const struct special_files *files = tmpfs_of(inode->sb)->files;

	if (S_ISREG(inode->mode) && files)
		files->gone(inode);
	else if (inode->ops == &tmpfs_file_iops)
		mapping_destroy(&inode->mapping);
	else if (S_ISDIR(inode->mode) || S_ISLNK(inode->mode))
		kfree(inode->private);
	else if (S_ISFIFO(inode->mode))
		fifo_evict(inode);
	atomic_long_add(&tmpfs_of(inode->sb)->nr_inodes, -1);
}

/* ---- entries ---- */

/* The entry @d of @dir now exists: position, size, times, pin. dir->lock held. */
static void entry_added(struct inode *dir, struct dentry *d)
{
	struct tmpfs_dir *td = dir->private;

	d->cookie = td->next_cookie++;
	dget(d);
	dir->mapping.size += tmpfs_of(dir->sb)->entry_size;
	inode_touch(dir, TOUCH_M | TOUCH_C);
}

static void entry_gone(struct inode *dir, struct dentry *d)
{
	dir->mapping.size -= tmpfs_of(dir->sb)->entry_size;
	inode_touch(dir, TOUCH_M | TOUCH_C);
	dput(d); /* never the last: the caller has one */
}

static int tmpfs_new(struct inode *dir, struct dentry *d, uint32_t mode, const char *text,
		     dev_k rdev)
{
	struct inode *inode;
	int err = tmpfs_inode(dir->sb, dir, mode, text, &inode);

	if (err)
		return err;
	inode->rdev = rdev;
	entry_added(dir, d);
	dentry_instantiate(d, inode);
	return 0;
}

int tmpfs_make_special(struct inode *dir, struct dentry *d, uint32_t mode, const void *arg)
{
	return tmpfs_new(dir, d, mode, arg, 0);
}

static int tmpfs_create(struct inode *dir, struct dentry *d, uint32_t mode, dev_k rdev)
{
	return tmpfs_new(dir, d, mode, NULL, rdev);
}

static int tmpfs_mkdir(struct inode *dir, struct dentry *d, uint32_t mode)
{
	int err = tmpfs_new(dir, d, mode, NULL, 0);

	if (!err)
		dir->nlink++;
	return err;
}

static int tmpfs_symlink(struct inode *dir, struct dentry *d, const char *target)
{
	return tmpfs_new(dir, d, S_IFLNK | 0777, target, 0);
}

static int tmpfs_tmpfile(struct inode *dir, struct dentry *d, uint32_t mode)
{
	struct inode *inode;
	int err = tmpfs_inode(dir->sb, dir, mode, NULL, &inode);

	if (err)
		return err;
	inode_set_nlink(inode, 0);
	dentry_instantiate(d, inode);
	dentry_forget(d);
	return 0;
}

static int tmpfs_link(struct inode *dir, struct dentry *d, struct inode *target)
{
	entry_added(dir, d);
	dentry_linked(dir, d, target);
	return 0;
}

static int tmpfs_unlink(struct inode *dir, struct dentry *d)
{
	inode_set_nlink(d->inode, d->inode->nlink - 1);
	inode_touch(d->inode, TOUCH_C);
	entry_gone(dir, d);
	return 0;
}

static bool dir_empty(const struct dentry *d)
{
	return list_empty(&d->children);
}

static int tmpfs_rmdir(struct inode *dir, struct dentry *d)
{
	if (!dir_empty(d))
		return -ENOTEMPTY;
	inode_set_nlink(d->inode, 0);
	dir->nlink--;
	inode_touch(d->inode, TOUCH_C);
	entry_gone(dir, d);
	return 0;
}

/* Two names trade places: counts of subdirectories follow. */
static void rename_exchange(struct inode *od, struct dentry *o, struct inode *nd, struct dentry *n)
{
	struct tmpfs_dir *otd = od->private, *ntd = nd->private;

	if (od != nd && S_ISDIR(o->inode->mode) != S_ISDIR(n->inode->mode)) {
		bool o_dir = S_ISDIR(o->inode->mode);

		od->nlink += o_dir ? -1U : 1U;
		nd->nlink += o_dir ? 1U : -1U;
	}
	o->cookie = ntd->next_cookie++;
	n->cookie = otd->next_cookie++;
	inode_touch(od, TOUCH_M | TOUCH_C);
	inode_touch(nd, TOUCH_M | TOUCH_C);
}

static int tmpfs_rename(struct inode *od, struct dentry *o, struct inode *nd, struct dentry *n,
			unsigned flags)
{
	struct tmpfs_dir *ntd = nd->private;
	bool is_dir = S_ISDIR(o->inode->mode);

	if (flags & RENAME_EXCHANGE) {
		rename_exchange(od, o, nd, n);
		inode_touch(n->inode, TOUCH_C);
		inode_touch(o->inode, TOUCH_C);
		return 0;
	}
	if (n->inode) {
		int err = S_ISDIR(n->inode->mode) ? tmpfs_rmdir(nd, n) : tmpfs_unlink(nd, n);

		if (err)
			return err;
	}
	od->mapping.size -= tmpfs_of(od->sb)->entry_size;
	nd->mapping.size += tmpfs_of(nd->sb)->entry_size;
	if (is_dir) {
		od->nlink--;
		nd->nlink++;
	}
	o->cookie = ntd->next_cookie++; /* dentry_move puts it at the end of the list */
	inode_touch(od, TOUCH_M | TOUCH_C);
	inode_touch(nd, TOUCH_M | TOUCH_C);
	inode_touch(o->inode, TOUCH_C);
	return 0;
}

static int tmpfs_readlink(struct inode *inode, char *buf, size_t size)
{
	size_t len = min_of(size_t, mapping_size(&inode->mapping), size);

	memcpy(buf, inode->private, len);
	return (int)len;
}

/* ---- reading a directory ---- */

unsigned mode_to_dtype(uint32_t mode)
{
	return (mode & S_IFMT) >> 12;
}

static int dir_open(struct inode *inode, struct file *f)
{
	f->private =
		failpoint("dir_cursor") ? NULL : kzalloc(sizeof(struct dir_cursor), GFP_KERNEL);
	return f->private ? 0 : -ENOMEM;
}

static void dir_release(struct file *f)
{
	struct dir_cursor *c = f->private;

	dput(c->next);
	kfree(c);
}

/* Emit "." and ".."; Return: false when the buffer is full. */
static bool emit_dots(struct file *f, struct dir_context *c)
{
	struct dentry *d = f->path.dentry;

	if (c->pos == 0) {
		c->pos = 1;
		if (!c->emit(c, ".", 1, d->inode->ino, 4)) {
			c->pos = 0;
			return false;
		}
	}
	if (c->pos == 1) {
		unsigned long ino;

		spin_lock(&dcache_lock);
		ino = d->parent->inode->ino;
		spin_unlock(&dcache_lock);
		c->pos = 2;
		if (!c->emit(c, "..", 2, ino, 4)) {
			c->pos = 1;
			return false;
		}
	}
	return true;
}

/* The first child with a cookie >= @pos, referenced; NULL at the end. @hint: where the last read stopped. */
static struct dentry *child_from(struct dentry *dir, uint64_t pos, const struct dir_cursor *hint)
{
	struct dentry *d, *found = NULL;

	spin_lock(&dcache_lock);
	d = hint->next;
	if (d && hint->pos == pos && d->hashed && d->parent == dir && d->cookie == pos) {
		found = d;
	} else {
		list_for_each_entry (d, &dir->children, child_link) {
			if (d->inode && d->cookie >= pos) {
				found = d;
				break;
			}
		}
	}
	if (found)
		dget(found);
	spin_unlock(&dcache_lock);
	return found;
}

/* The child after @d (reference moves on). dir->lock held: no child comes, goes or moves. */
static struct dentry *child_next(struct dentry *dir, struct dentry *d)
{
	struct dentry *next = NULL;

	spin_lock(&dcache_lock);
	if (d->child_link.next != &dir->children) {
		next = list_entry(d->child_link.next, struct dentry, child_link);
		dget(next);
	}
	spin_unlock(&dcache_lock);
	dput(d);
	return next;
}

static void cursor_set(struct dir_cursor *cur, struct dentry *next)
{
	dput(cur->next);
	cur->next = next;
	cur->pos = next ? next->cookie : 0;
}

static int dir_iterate(struct file *f, struct dir_context *c)
{
	struct dentry *dir = f->path.dentry, *d;
	struct dir_cursor *cur = f->private;
	struct tmpfs_dir *td = dir->inode->private;

	if (dir->inode->nlink == 0)
		return -ENOENT;
	mutex_lock(&dir->inode->lock);
	if (c->pos == 0 || !cur->end)
		cur->end = td->next_cookie;
	d = emit_dots(f, c) ? child_from(dir, c->pos, cur) : NULL;
	while (d && d->cookie < cur->end) {
		uint64_t pos = d->cookie;

		c->pos = pos + 1;
		if (d->inode &&
		    !c->emit(c, d->name, d->len, d->inode->ino, mode_to_dtype(d->inode->mode))) {
			c->pos = pos;
			break;
		}
		d = child_next(dir, d);
	}
	cursor_set(cur, d);
	mutex_unlock(&dir->inode->lock);
	inode_accessed(dir->inode, true);
	return 0;
}

static const struct inode_ops dir_iops = {
	.create = tmpfs_create,
	.mkdir = tmpfs_mkdir,
	.symlink = tmpfs_symlink,
	.link = tmpfs_link,
	.unlink = tmpfs_unlink,
	.rmdir = tmpfs_rmdir,
	.rename = tmpfs_rename,
	.tmpfile = tmpfs_tmpfile,
};

static int special_create(struct inode *dir, struct dentry *d, uint32_t mode, dev_k rdev)
{
	return S_ISREG(mode) ? tmpfs_new(dir, d, mode, NULL, 0) : -EPERM;
}

static const struct inode_ops special_dir_iops = { .create = special_create,
						   .unlink = tmpfs_unlink };
static const struct inode_ops link_iops = { .readlink = tmpfs_readlink };
static const struct file_ops dir_fops = {
	.open = dir_open, .release = dir_release, .iterate = dir_iterate, .fsync = noop_fsync
};

/* ---- mounts ---- */

static int ram_size(const char *s, uint64_t *bytes)
{
	return mount_opt_size(s, totalram_pages(), PAGE_SIZE, bytes);
}

static int parse_option(void *arg, const char *opt)
{
	struct tmpfs *fs = arg;
	int err = mount_opt_owner(opt, &fs->owner);
	const char *v;
	uint64_t n;

	if (err != -ENOENT)
		return err;
	if (mount_opt_is(opt, "size", &v) || mount_opt_is(opt, "nr_blocks", &v)) {
		err = ram_size(v, &n);
		if (!err) {
			fs->space.max_pages =
				(unsigned long)(opt[0] == 's' ? (n + PAGE_SIZE - 1) >> PAGE_SHIFT
							      : n);
			fs->size_set = true;
		}
		return err;
	}
	if (mount_opt_is(opt, "nr_inodes", &v)) {
		err = ram_size(v, &n);
		fs->max_inodes = err ? fs->max_inodes : (unsigned long)n;
		fs->inodes_set = fs->inodes_set || !err;
		return err;
	}
	if (CFG_NUMA && mount_opt_is(opt, "mpol", &v)) {
		mpol_put(fs->mpol);
		fs->mpol = NULL;
		return mpol_parse(v, &fs->mpol);
	}
	/* Shared memory has no huge pages here: who asks for some is told so. */
	return !strcmp(opt, "inode64") || !strcmp(opt, "inode32") || !strcmp(opt, "huge=never")
		       ? 0
		       : -EINVAL;
}

int tmpfs_statfs(struct super_block *sb, struct statfs_k *out)
{
	struct tmpfs *fs = tmpfs_of(sb);
	uint64_t used = (uint64_t)atomic_long_read(&fs->space.used_pages);
	uint64_t inodes = (uint64_t)atomic_long_read(&fs->nr_inodes);

	*out = (struct statfs_k){
		.type = sb->magic, .bsize = PAGE_SIZE, .frsize = PAGE_SIZE, .namelen = VFS_NAME_MAX
	};
	if (fs->space.max_pages) {
		out->blocks = fs->space.max_pages;
		out->bfree = out->bavail = out->blocks > used ? out->blocks - used : 0;
	}
	if (fs->max_inodes) {
		out->files = fs->max_inodes;
		out->ffree = out->files > inodes ? out->files - inodes : 0;
	}
	return 0;
}

/* ---- the policy that new files get: tmpfs(5), mpol= ---- */

static struct spinlock policy_lock = SPINLOCK_INIT(RANK_OBJECT); /* tmpfs.mpol of every mount */

/* The mount's, with a reference; NULL: none. */
static struct mempolicy *policy_get(struct tmpfs *fs)
{
	struct mempolicy *pol;

	spin_lock(&policy_lock);
	pol = mpol_get(fs->mpol);
	spin_unlock(&policy_lock);
	return pol;
}

/* Return: the one before; the reference of @pol goes along. */
static struct mempolicy *policy_exchange(struct tmpfs *fs, struct mempolicy *pol)
{
	struct mempolicy *old;

	spin_lock(&policy_lock);
	old = fs->mpol;
	fs->mpol = pol;
	spin_unlock(&policy_lock);
	return old;
}

void tmpfs_file_policy(struct inode *inode)
{
	struct mempolicy *pol = policy_get(tmpfs_of(inode->sb));

	if (pol) /* without memory for it the file does without */
		(void)!shared_policy_set(&inode->mapping, 0, ULONG_MAX, pol);
	mpol_put(pol);
}

static size_t show_policy(struct tmpfs *fs, char *buf, size_t size)
{
	struct mempolicy *pol = policy_get(fs);
	size_t n = 0;

	if (pol) {
		n = fmt_scnprintf(buf, size, ",mpol=");
		n += mpol_to_str(pol, buf + n, size - n);
	}
	mpol_put(pol);
	return n;
}

/* Do the limits of @to hold now? 0 or -EINVAL. */
static int remount_check(const struct tmpfs *fs, const struct tmpfs *to)
{
	if (to->space.max_pages &&
	    (long)to->space.max_pages < atomic_long_read(&fs->space.used_pages))
		return -EINVAL;
	if (to->max_inodes && (long)to->max_inodes < atomic_long_read(&fs->nr_inodes))
		return -EINVAL;
	return 0;
}

static int tmpfs_remount(struct super_block *sb, const char *data)
{
	struct tmpfs *fs = tmpfs_of(sb), new_fs = *fs;
	int err;

	new_fs.mpol = policy_get(fs);
	err = mount_opts_each(data, parse_option, &new_fs);
	if (!err)
		err = remount_check(fs, &new_fs);
	mpol_put(err ? new_fs.mpol : policy_exchange(fs, new_fs.mpol));
	if (err)
		return err;
	fs->space.max_pages = new_fs.space.max_pages;
	fs->max_inodes = new_fs.max_inodes;
	fs->size_set = new_fs.size_set;
	fs->inodes_set = new_fs.inodes_set;
	return 0;
}

static size_t tmpfs_show_options(struct super_block *sb, char *buf, size_t size)
{
	struct tmpfs *fs = tmpfs_of(sb);
	size_t n = 0;

	buf[0] = '\0';
	if (fs->size_set)
		n += fmt_scnprintf(buf + n, size - n, ",size=%luk",
				   fs->space.max_pages << (PAGE_SHIFT - 10));
	if (fs->inodes_set)
		n += fmt_scnprintf(buf + n, size - n, ",nr_inodes=%lu", fs->max_inodes);
	if (fs->owner.mode != 01777)
		n += fmt_scnprintf(buf + n, size - n, ",mode=%03o", fs->owner.mode);
	if (fs->owner.uid)
		n += fmt_scnprintf(buf + n, size - n, ",uid=%u", fs->owner.uid);
	if (fs->owner.gid)
		n += fmt_scnprintf(buf + n, size - n, ",gid=%u", fs->owner.gid);
	n += fmt_scnprintf(buf + n, size - n, ",inode64");
	return n + show_policy(fs, buf + n, size - n);
}

/* Drop the pins, leaves first: a directory's dentry lives as long as its children. No one else sees the tree. */
void tmpfs_kill(struct super_block *sb)
{
	struct dentry *d = sb->root, *parent;

	for (;;) {
		if (!list_empty(&d->children)) {
			d = list_first(&d->children, struct dentry, child_link);
			continue;
		}
		if (d == sb->root)
			break;
		parent = d->parent;
		dentry_forget(d);
		dput(d);
		d = parent;
	}
}

static void tmpfs_free(struct super_block *sb)
{
	struct tmpfs *fs = tmpfs_of(sb);

	if (fs)
		mpol_put(fs->mpol);
	kfree(fs);
}

static const struct super_ops tmpfs_super_ops = {
	.evict = tmpfs_evict,
	.statfs = tmpfs_statfs,
	.kill = tmpfs_kill,
	.free = tmpfs_free,
	.remount = tmpfs_remount,
	.show_options = tmpfs_show_options,
};

int tmpfs_make_root(struct super_block *sb)
{
	const struct mount_owner *owner = &tmpfs_of(sb)->owner;
	struct inode *root;
	int err = tmpfs_inode(sb, NULL, S_IFDIR | owner->mode, NULL, &root);

	if (err)
		return err;
	root->uid = owner->uid;
	root->gid = owner->gid;
	return dentry_root_of(sb, root);
}

/* What a mount without options may have. */
static void usual_limits(struct tmpfs *fs)
{
	unsigned long all = totalram_pages();

	fs->space.max_pages = all / 2;
	fs->max_inodes = min_of(unsigned long, all - totalhigh_pages(), all / 2);
}

static int fill_super(struct super_block *sb, const struct special_files *files, const char *data)
{
	struct tmpfs *fs = failpoint("tmpfs") ? NULL : kzalloc(sizeof(*fs), GFP_KERNEL);
	int err;

	if (!fs)
		return -ENOMEM;
	sb->private = fs;
	sb->keeps_xattrs = sb->keeps_acls = sb->keeps_flags = true;
	fs->files = files;
	fs->owner.mode = 01777;
	fs->entry_size = 20;
	usual_limits(fs);
	err = mount_opts_each(data, parse_option, fs);
	return err ? err : tmpfs_make_root(sb);
}

static int tmpfs_mount(const struct fs_type *type, unsigned long flags, const char *source,
		       const char *data, struct super_block **out)
{
	struct super_block *sb = super_alloc(type, &tmpfs_super_ops);
	int err;

	if (!sb)
		return -ENOMEM;
	sb->flags = flags & MS_RDONLY;
	sb->magic = TMPFS_MAGIC;
	err = fill_super(sb, NULL, data);
	if (err)
		super_put(sb);
	else
		*out = sb;
	return err;
}

int tmpfs_special(const struct fs_type *type, const struct special_files *files,
		  struct super_block **out)
{
	struct super_block *sb = super_alloc(type, &tmpfs_super_ops);
	int err;

	if (!sb)
		return -ENOMEM;
	err = fill_super(sb, files, "size=0,nr_inodes=0");
	if (err)
		super_put(sb);
	else
		*out = sb;
	return err;
}

/* The root: as Linux shows it, with its limits. They come when the initramfs is unpacked, whose image takes memory till then. */
static int rootfs_mount(const struct fs_type *type, unsigned long flags, const char *source,
			const char *data, struct super_block **out)
{
	int err = tmpfs_mount(type, flags, source, data, out);

	if (!err) {
		struct tmpfs *fs = tmpfs_of(*out);

		fs->space.max_pages = 0;
		fs->max_inodes = 0;
		fs->size_set = fs->inodes_set = true;
		fs->owner.mode = 01777; /* not shown; the directory itself is 0755 */
		(*out)->root->inode->mode = S_IFDIR | 0755;
	}
	return err;
}

void tmpfs_limit(struct super_block *sb)
{
	struct tmpfs *fs = tmpfs_of(sb);
	unsigned long pages = (unsigned long)atomic_long_read(&fs->space.used_pages);
	unsigned long inodes = (unsigned long)atomic_long_read(&fs->nr_inodes);

	usual_limits(fs);
	fs->space.max_pages = max_of(unsigned long, fs->space.max_pages, pages);
	fs->max_inodes = max_of(unsigned long, fs->max_inodes, inodes);
}

/* ramfs: no limits, options are ignored as by Linux. */
static int ramfs_mount(const struct fs_type *type, unsigned long flags, const char *source,
		       const char *data, struct super_block **out)
{
	int err = tmpfs_mount(type, flags, source, "size=0,nr_inodes=0,mode=755", out);

	if (!err) {
		struct tmpfs *fs = tmpfs_of(*out);

		(*out)->magic = 0x858458f6UL;
		fs->entry_size = 0;
		(*out)->root->inode->mapping.size = 0;
		fs->size_set = fs->inodes_set = false;
		fs->owner.mode = 01777;
	}
	return err;
}

struct fs_type tmpfs_type = { .name = "tmpfs", .nodev = true, .mount = tmpfs_mount };
struct fs_type rootfs_type = { .name = "rootfs", .nodev = true, .mount = rootfs_mount };
struct fs_type ramfs_type = { .name = "ramfs", .nodev = true, .mount = ramfs_mount };
