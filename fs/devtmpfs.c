/*
 * devtmpfs: one tree of device nodes, kept by the kernel, mounted as often as anybody likes.
 *
 * OWNS     the super block (a tmpfs) and one detached mount that keeps it alive.
 * LOCKS    directory inode locks.
 * CONTEXT  boot and tasks; may sleep.
 * SOURCES  the names and modes are Linux's; fd, stdin, stdout, stderr are what udev would add.
 */
#include "vfs_impl.h"

#include "base/errno.h"
#include "fs/devpts.h"
#include "lib/string.h"

static struct super_block *dev_sb;
static struct vfsmount *dev_mount;

/* The same tree again. */
static int devtmpfs_get(const struct fs_type *type, unsigned long flags, const char *source,
			const char *data, struct super_block **out)
{
	atomic_inc(&dev_sb->refs);
	*out = dev_sb;
	return 0;
}

struct fs_type devtmpfs_type = { .name = "devtmpfs", .nodev = true, .mount = devtmpfs_get };

/* The component of *name up to a slash; moves *name behind it. */
static struct qstr cut(const char **name)
{
	const char *p = *name, *slash = strchr(p, '/');
	struct qstr q = { p, slash ? (unsigned)(slash - p) : (unsigned)strlen(p), 0 };

	q.hash = name_hash(q.name, q.len);
	*name = slash ? slash + 1 : p + q.len;
	return q;
}

static void inode_own(struct inode *inode, const struct dev_node *n)
{
	inode->uid = n->uid;
	inode->gid = n->gid;
}

/* Make @name in @dir, or take what is there. 0 and the referenced dentry, or -errno. */
static int make_one(struct dentry *dir, const struct qstr *name, const struct dev_node *n,
		    struct dentry **out)
{
	struct inode *inode = dir->inode;
	struct dentry *d;
	int err;

	mutex_lock(&inode->lock);
	err = dir_lookup(dir, name, &d);
	if (err) {
		mutex_unlock(&inode->lock);
		return err;
	}
	if (d->inode)
		err = 0;
	else if (n->target)
		err = inode->ops->symlink(inode, d, n->target);
	else if (S_ISDIR(n->mode))
		err = inode->ops->mkdir(inode, d, n->mode);
	else
		err = inode->ops->create(inode, d, n->mode, n->dev);
	if (!err && d->inode)
		inode_own(d->inode, n);
	mutex_unlock(&inode->lock);
	if (err)
		dput(d);
	else
		*out = d;
	return err;
}

int nodes_make(struct dentry *root, const char *name, const struct dev_node *leaf)
{
	static const struct dev_node dir_node = { .mode = S_IFDIR | 0755 };
	struct dentry *dir = root, *d;
	int err = 0;

	dget(dir);
	while (*name && !err) {
		struct qstr q = cut(&name);

		err = make_one(dir, &q, *name ? &dir_node : leaf, &d);
		dput(dir);
		dir = err ? NULL : d;
	}
	dput(dir);
	return err;
}

int devtmpfs_create(const char *name, uint32_t mode, dev_k dev)
{
	struct dev_node n = { .mode = (mode & S_IFMT ? mode : mode | S_IFCHR), .dev = dev };

	return nodes_make(dev_sb->root, name, &n);
}

/* @name out of @dir, which is locked. The dentry goes back to be put outside the lock; NULL: there is none. */
static struct dentry *remove_one(struct dentry *dir, const struct qstr *name)
{
	struct inode *inode = dir->inode;
	struct dentry *d;

	if (dir_lookup(dir, name, &d))
		return NULL;
	if (d->inode && !S_ISDIR(d->inode->mode)) {
		mutex_lock(&d->inode->lock);
		if (!inode->ops->unlink(inode, d))
			dentry_forget(d);
		mutex_unlock(&d->inode->lock);
	}
	return d;
}

void nodes_remove(struct dentry *root, const char *name)
{
	struct dentry *dir = root, *d = NULL;

	dget(dir);
	while (dir && *name) {
		struct qstr q = cut(&name);
		struct dentry *up = dir;

		mutex_lock(&up->inode->lock);
		if (*name && dir_lookup(up, &q, &dir))
			dir = NULL;
		else if (!*name)
			d = remove_one(up, &q);
		mutex_unlock(&up->inode->lock);
		if (dir && dir != up && !dir->inode) {
			dput(dir);
			dir = NULL;
		}
		if (dir != up)
			dput(up);
	}
	dput(d);
	dput(dir);
}

void devtmpfs_remove(const char *name)
{
	nodes_remove(dev_sb->root, name);
}

int devtmpfs_mount(const char *dir)
{
	struct path_ref at;
	int err = path_lookup(AT_FDCWD, dir, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &at);

	if (err)
		return err;
	err = vfs_mount("devtmpfs", &at, "devtmpfs", 0, NULL);
	path_put(&at);
	return err;
}

static void make_link(const char *name, const char *target)
{
	struct dev_node n = { .mode = S_IFLNK | 0777, .target = target };

	boot_need(nodes_make(dev_sb->root, name, &n), "/dev/", name);
}

void devtmpfs_init(void)
{
	devpts_init();
	boot_need(tmpfs_type.mount(&devtmpfs_type, 0, "devtmpfs", "mode=755", &dev_sb),
		  "file system ", "devtmpfs");
	dev_mount = mount_detached(dev_sb, "devtmpfs");
	boot_need(dev_mount ? 0 : -ENOMEM, "mount of ", "devtmpfs");
	make_link("fd", "/proc/self/fd");
	make_link("stdin", "/proc/self/fd/0");
	make_link("stdout", "/proc/self/fd/1");
	make_link("stderr", "/proc/self/fd/2");
}
