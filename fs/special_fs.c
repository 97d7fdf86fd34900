/*
 * File systems of one directory whose files are the kernel's objects.
 *
 * WHY      the directory is a tmpfs, so names, rights, sticky bit and listing need no second copy; only making and ending a
 *          file is the maker's.
 * I1       the root directory is sticky and everybody's; there are no others.
 * LOCKS    the root's inode lock around looking up and making a name.
 * CONTEXT  tasks; may sleep.
 * FAILS    as open(2) and unlink(2) say for names.
 * SOURCES  mq_overview(7).   TESTED BY  tests/guest/ipc_mqueue.c
 */
#include "fs/special_fs.h"

#include "base/errno.h"
#include "lib/string.h"
#include "tmpfs_impl.h"

/* The same tree again. */
static int special_get(const struct fs_type *type, unsigned long flags, const char *source,
		       const char *data, struct super_block **out)
{
	const struct special_fs *fs = container_of(type, const struct special_fs, type);

	atomic_inc(&fs->sb->refs);
	*out = fs->sb;
	return 0;
}

void special_fs_init(struct special_fs *fs)
{
	fs->type.nodev = true;
	fs->type.mount = special_get;
	boot_need(tmpfs_special(&fs->type, fs->files, &fs->sb), "file system ", fs->type.name);
	fs->sb->magic = fs->magic;
	fs->mount = mount_detached(fs->sb, fs->type.name);
	boot_need(fs->mount ? 0 : -ENOMEM, "mount of ", fs->type.name);
	fs_register(&fs->type);
}

/* One component, no directory. 0, -EACCES, -ENAMETOOLONG. */
static int check_name(const char *name, struct qstr *q)
{
	size_t len = strlen(name);

	if (len > VFS_NAME_MAX)
		return -ENAMETOOLONG;
	if (!len || strchr(name, '/') || !strcmp(name, ".") || !strcmp(name, ".."))
		return -EACCES;
	*q = (struct qstr){ name, (unsigned)len, name_hash(name, (unsigned)len) };
	return 0;
}

/* The name, made if it is not there. Return: 1 made, 0 found, or -errno. */
static int lookup_or_make(struct special_fs *fs, const struct qstr *q, unsigned flags,
			  uint32_t mode, const void *arg, struct dentry **out)
{
	struct inode *dir = fs->sb->root->inode;
	int ret;

	mutex_lock(&dir->lock);
	ret = dir_lookup(fs->sb->root, q, out);
	if (!ret && !(*out)->inode) {
		ret = flags & O_CREAT ? may_create(dir) : -ENOENT;
		if (!ret)
			ret = tmpfs_make_special(dir, *out,
						 S_IFREG | (mode & 0777 & ~current_umask()), arg);
		if (ret)
			dput(*out);
		else
			ret = 1;
	}
	mutex_unlock(&dir->lock);
	return ret;
}

int special_open(struct special_fs *fs, const char *name, unsigned flags, uint32_t mode,
		 const void *arg, struct file **out)
{
	struct path_ref p = { fs->mount, NULL };
	struct qstr q;
	int made, err = check_name(name, &q);

	if (err)
		return err;
	made = lookup_or_make(fs, &q, flags, mode, arg, &p.dentry);
	if (made < 0)
		return made;
	if (!made && (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL))
		err = -EEXIST;
	else if ((flags & O_ACCMODE) == O_ACCMODE)
		err = -EINVAL;
	else
		err = file_open_made(&p, flags, made, out);
	dput(p.dentry);
	return err;
}

static void remove_locked(struct inode *dir, struct dentry *d)
{
	mutex_lock(&d->inode->lock);   /* its link count */
	if (!dir->ops->unlink(dir, d)) /* tmpfs's: cannot fail */
		dentry_forget(d);
	mutex_unlock(&d->inode->lock);
}

int special_unlink(struct special_fs *fs, const char *name)
{
	struct inode *dir = fs->sb->root->inode;
	struct dentry *d;
	struct qstr q;
	int err = check_name(name, &q);

	if (err)
		return err;
	mutex_lock(&dir->lock);
	err = dir_lookup(fs->sb->root, &q, &d);
	if (!err) {
		err = d->inode ? may_delete(dir, d, false) : -ENOENT;
		if (!err)
			remove_locked(dir, d);
		dput(d);
	}
	mutex_unlock(&dir->lock);
	return err;
}
