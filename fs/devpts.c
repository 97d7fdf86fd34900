/*
 * devpts: one tree with a node for each pseudo-terminal, mounted as often as anybody likes.
 *
 * OWNS     the super block (a tmpfs) and one detached mount that keeps it alive; who gets the nodes.
 * WHY      the tree is devtmpfs's kind: names, rights and listing are tmpfs's, the kernel makes and removes the nodes.
 * I1       a node is there while its master is open.
 * LOCKS    the root's inode lock; the rules for new nodes are set when it is mounted, each a word of its own.
 * CONTEXT  tasks; may sleep.
 * FAILS    -EINVAL: an option of mount(2) that there is not.
 * NOT HERE the terminals (drivers/pty.c); trees of their own for each mount (newinstance is taken and means nothing).
 * SOURCES  pts(4), mount(8) "Mount options for devpts".   TESTED BY  tests/guest/tty_pty.c
 */
#include "fs/devpts.h"

#include "base/errno.h"
#include "fs/path.h"
#include "kernel/task.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "mount_opts.h"
#include "vfs_impl.h"

enum { DEVPTS_MAGIC = 0x1cd1, PTMX_DEV = MKDEV(5, 2), NAME = 24 };

static struct super_block *pts_sb;
static struct vfsmount *pts_mount;

/* uid, gid of new nodes: the caller's unless said; mode; mode of the ptmx node. */
struct pts_rules {
	bool uid_set, gid_set;
	struct mount_owner owner;
	uint32_t ptmx_mode;
};
static struct pts_rules rules = { .owner.mode = 0600 };

static int one_option(void *arg, const char *opt)
{
	struct pts_rules *r = arg;
	const char *value;
	uint64_t n;
	int err;

	if (!strcmp(opt, "newinstance"))
		return 0;
	if (mount_opt_is(opt, "max", &value))
		return mount_opt_number(value, 10, &n);
	if (mount_opt_is(opt, "ptmxmode", &value)) {
		err = mount_opt_number(value, 8, &n);
		r->ptmx_mode = (uint32_t)n & 0777;
		return err;
	}
	r->uid_set |= mount_opt_is(opt, "uid", &value);
	r->gid_set |= mount_opt_is(opt, "gid", &value);
	err = mount_opt_owner(opt, &r->owner);
	return err == -ENOENT ? -EINVAL : err;
}

/* The rules of the last mount count for new nodes. */
static int follow(const char *data)
{
	struct pts_rules r = rules;
	struct dev_node ptmx = { .mode = S_IFCHR, .dev = PTMX_DEV };
	int err = mount_opts_each(data, one_option, &r);

	if (err)
		return err;
	rules = r;
	ptmx.mode |= r.ptmx_mode;
	nodes_remove(pts_sb->root, "ptmx");
	return nodes_make(pts_sb->root, "ptmx", &ptmx);
}

static int remount(struct super_block *sb, const char *data)
{
	return data ? follow(data) : 0;
}

static int devpts_get(const struct fs_type *type, unsigned long flags, const char *source,
		      const char *data, struct super_block **out)
{
	int err = follow(data);

	if (err)
		return err;
	atomic_inc(&pts_sb->refs);
	*out = pts_sb;
	return 0;
}

static struct fs_type devpts_type = { .name = "devpts", .nodev = true, .mount = devpts_get };

int devpts_create(unsigned index, dev_k dev)
{
	struct dev_node node = { .mode = S_IFCHR | (rules.owner.mode & 0777), .dev = dev };
	char name[NAME];

	node.uid = rules.uid_set ? rules.owner.uid : current_task()->cred->fsuid;
	node.gid = rules.gid_set ? rules.owner.gid : current_task()->cred->fsgid;
	fmt_snprintf(name, sizeof(name), "%u", index);
	return nodes_make(pts_sb->root, name, &node);
}

void devpts_remove(unsigned index)
{
	char name[NAME];

	fmt_snprintf(name, sizeof(name), "%u", index);
	nodes_remove(pts_sb->root, name);
}

/* The node in the tree itself, for callers without /dev/pts. */
static int find_inside(const char *name, struct path_ref *out)
{
	struct inode *dir = pts_sb->root->inode;
	struct qstr q = { name, (unsigned)strlen(name), 0 };
	struct dentry *d;
	int err;

	q.hash = name_hash(q.name, q.len);
	mutex_lock(&dir->lock);
	err = dir_lookup(pts_sb->root, &q, &d);
	mutex_unlock(&dir->lock);
	if (err)
		return err;
	*out = (struct path_ref){ pts_mount, d };
	mnt_get(pts_mount);
	if (d->inode)
		return 0;
	path_put(out);
	return -ENOENT;
}

int devpts_open(unsigned index, dev_k dev, unsigned flags, struct file **out)
{
	char name[NAME + 9];
	struct path_ref p;
	int err;

	fmt_snprintf(name, sizeof(name), "/dev/pts/%u", index);
	err = path_lookup(AT_FDCWD, name, 0, &p);
	if (!err && (!p.dentry->inode || p.dentry->inode->rdev != dev)) {
		path_put(&p);
		err = -ENOENT;
	}
	if (err)
		err = find_inside(name + strlen("/dev/pts/"), &p);
	if (err)
		return err;
	err = file_open_made(&p, flags, true, out);
	path_put(&p);
	return err;
}

void devpts_init(void)
{
	static struct super_ops ops;

	boot_need(tmpfs_type.mount(&devpts_type, 0, "devpts", "mode=755", &pts_sb), "file system ",
		  "devpts");
	ops = *pts_sb->ops;
	ops.remount = remount;
	pts_sb->ops = &ops;
	pts_sb->magic = DEVPTS_MAGIC;
	pts_mount = mount_detached(pts_sb, "devpts");
	boot_need(pts_mount ? 0 : -ENOMEM, "mount of ", "devpts");
	boot_need(follow(NULL), "/dev/", "ptmx of devpts");
	fs_register(&devpts_type);
}
