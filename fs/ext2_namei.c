/*
 * Names of ext2: look-up, making, removing, renaming.
 *
 * WHY      the rules of the calls are namei_ops.c's; here an entry and an inode change together.
 * I1       an entry is written before a link count rises on the disk and removed before it falls: what a crash leaves behind
 *          is too high a count, never a name without an inode. Within the machine both are one step, under the locks.
 * I2       a directory has one dentry. A disk that gives it two names is broken: locks of the tree would go in circles.
 * LOCKS    inode->lock of the directories, and of a file whose link count changes, from the caller.
 * CONTEXT  tasks; may sleep.
 * FAILS    -EMLINK, -ENOSPC, -EIO, -ENOMEM, -ENAMETOOLONG; then nothing has changed.
 * SOURCES  link(2), mkdir(2), rename(2), symlink(2), open(2) O_TMPFILE.   TESTED BY  tests/guest/disk_ext2.c
 */
#include "base/errno.h"
#include "ext2_impl.h"
#include "lib/string.h"

static struct qstr name_of(const struct dentry *d)
{
	return (struct qstr){ d->name, d->len, d->hash };
}

static int ext2_lookup(struct inode *dir, const struct qstr *name, struct inode **out)
{
	struct ext2_place p;
	uint32_t ino;
	int err = ext2_dir_find(dir, name, &p);

	if (err)
		return err;
	ino = p.entry->inode;
	ext2_place_put(&p);
	err = ext2_iget(dir->sb, ino, out);
	if (err)
		return err;
	if (S_ISDIR((*out)->mode) && READ_ONCE((*out)->alias)) {
		err = ext2_broken(ext2_of(dir->sb), "a directory has two names", ino);
		iput(*out);
	}
	return err;
}

/* ---- making ---- */

/* @inode, new, gets the name @d in @dir; or it goes again. */
static int add_new(struct inode *dir, struct dentry *d, struct inode *inode)
{
	struct qstr name = name_of(d);
	int err = ext2_dir_add(dir, &name, inode);

	if (!err)
		err = ext2_write_inode(inode);
	if (err) {
		inode_set_nlink(inode, 0);
		iput(inode);
		return err;
	}
	inode_touch(dir, TOUCH_M | TOUCH_C);
	dentry_instantiate(d, inode);
	return 0;
}

static int ext2_create(struct inode *dir, struct dentry *d, uint32_t mode, dev_k rdev)
{
	struct inode *inode;
	int err = ext2_new_inode(dir, mode, rdev, &inode);

	return err ? err : add_new(dir, d, inode);
}

static int ext2_mkdir(struct inode *dir, struct dentry *d, uint32_t mode)
{
	struct inode *inode;
	int err;

	if (dir->nlink >= EXT2_LINK_MAX)
		return -EMLINK;
	err = ext2_new_inode(dir, mode, 0, &inode);
	if (err)
		return err;
	err = ext2_dir_make(inode, dir);
	if (err) {
		inode_set_nlink(inode, 0);
		iput(inode);
		return err;
	}
	err = add_new(dir, d, inode);
	if (!err)
		dir->nlink++;
	return err;
}

static int link_text(struct inode *inode, const char *text, size_t len)
{
	struct ext2_inode *ei = ext2_inode_of(inode);
	long n;

	if (len < sizeof(ei->block)) {
		memcpy(ei->block, text, len);
		ext2_set_size(inode, len);
		return 0;
	}
	if (!ei->has_mapping)
		return -EIO;
	n = mapping_write_kernel(&inode->mapping, text, len, 0);
	return n < 0 ? (int)n : 0;
}

static int ext2_symlink(struct inode *dir, struct dentry *d, const char *target)
{
	size_t len = strlen(target);
	struct inode *inode;
	int err;

	if (len + 1 > ext2_of(dir->sb)->g.block_size)
		return -ENAMETOOLONG;
	err = ext2_new_symlink(dir, len, &inode);
	if (err)
		return err;
	err = link_text(inode, target, len);
	if (err) {
		inode_set_nlink(inode, 0);
		iput(inode);
		return err;
	}
	return add_new(dir, d, inode);
}

static int ext2_link(struct inode *dir, struct dentry *d, struct inode *target)
{
	struct qstr name = name_of(d);
	int err = target->nlink >= EXT2_LINK_MAX ? -EMLINK : ext2_dir_add(dir, &name, target);

	if (err)
		return err;
	dentry_linked(dir, d, target);
	return 0;
}

static int ext2_tmpfile(struct inode *dir, struct dentry *d, uint32_t mode)
{
	struct inode *inode;
	int err = ext2_new_inode(dir, mode, 0, &inode);

	if (err)
		return err;
	inode_set_nlink(inode, 0);
	dentry_instantiate(d, inode);
	dentry_forget(d);
	return 0;
}

/* ---- removing ---- */

static int remove_entry(struct inode *dir, const struct dentry *d)
{
	struct qstr name = name_of(d);
	struct ext2_place p;
	int err = ext2_dir_find(dir, &name, &p);

	if (err)
		return err == -ENOENT ? -EIO : err;
	ext2_dir_remove(dir, &p);
	ext2_place_put(&p);
	inode_touch(dir, TOUCH_M | TOUCH_C);
	return 0;
}

static int ext2_unlink(struct inode *dir, struct dentry *d)
{
	int err = remove_entry(dir, d);

	if (err)
		return err;
	inode_set_nlink(d->inode, d->inode->nlink ? d->inode->nlink - 1 : 0);
	inode_touch(d->inode, TOUCH_C);
	return 0;
}

static int ext2_rmdir(struct inode *dir, struct dentry *d)
{
	int err = ext2_dir_empty(d->inode);

	if (!err)
		err = remove_entry(dir, d);
	if (err)
		return err;
	inode_set_nlink(d->inode, 0);
	inode_touch(d->inode, TOUCH_C);
	dir->nlink -= dir->nlink > 2;
	return 0;
}

/* ---- renaming ---- */

struct renaming {
	struct inode *od, *nd, *inode;
	struct ext2_place dotdot, target; /* page NULL: there is none */
	bool is_dir;
};

static const struct qstr dotdot = { "..", 2, 0 };

/* All that can fail before the first change. */
static int rename_begin(struct renaming *r, const struct dentry *n)
{
	struct qstr name = name_of(n);
	int err = 0;

	r->dotdot.page = r->target.page = NULL;
	if (r->is_dir && r->od != r->nd && !n->inode && r->nd->nlink >= EXT2_LINK_MAX)
		return -EMLINK;
	if (n->inode && S_ISDIR(n->inode->mode))
		err = ext2_dir_empty(n->inode);
	if (!err && r->is_dir && r->od != r->nd)
		err = ext2_dir_find(r->inode, &dotdot, &r->dotdot);
	if (!err && n->inode)
		err = ext2_dir_find(r->nd, &name, &r->target);
	else if (!err)
		err = ext2_dir_add(r->nd, &name,
				   r->inode); /* the first change; it can be taken back */
	return err == -ENOENT ? -EIO : err;
}

static void rename_end(struct renaming *r)
{
	ext2_place_put(&r->dotdot);
	ext2_place_put(&r->target);
}

/* The name @n is the old object's now; what it named loses a link. */
static void replace_target(struct renaming *r, struct dentry *n)
{
	struct inode *victim = n->inode;

	ext2_dir_set(r->nd, &r->target, r->inode);
	inode_touch(victim, TOUCH_C);
	if (S_ISDIR(victim->mode)) {
		inode_set_nlink(victim, 0);
		r->nd->nlink--;
	} else {
		inode_set_nlink(victim, victim->nlink ? victim->nlink - 1 : 0);
	}
}

static int ext2_rename(struct inode *od, struct dentry *o, struct inode *nd, struct dentry *n,
		       unsigned flags)
{
	struct renaming r = { .od = od, .nd = nd, .inode = o->inode };
	int err;

	if (flags & RENAME_EXCHANGE)
		return -EINVAL;
	r.is_dir = S_ISDIR(o->inode->mode);
	err = rename_begin(&r, n);
	if (!err) {
		err = remove_entry(od, o);
		if (err && !n->inode) /* the new name goes again */
			(void)remove_entry(nd, n);
	}
	if (err) {
		rename_end(&r);
		return err;
	}
	if (n->inode)
		replace_target(&r, n);
	if (r.dotdot.page)
		ext2_dir_set(r.inode, &r.dotdot, nd);
	if (r.is_dir) {
		od->nlink--;
		nd->nlink++;
	}
	inode_touch(nd, TOUCH_M | TOUCH_C);
	inode_touch(r.inode, TOUCH_C);
	rename_end(&r);
	return 0;
}

/* ---- symlinks ---- */

static int ext2_readlink(struct inode *inode, char *buf, size_t size)
{
	struct ext2_inode *ei = ext2_inode_of(inode);
	size_t len = min_of(size_t, (size_t)mapping_size(&inode->mapping), size);

	if (ei->has_mapping)
		return (int)mapping_read_kernel(&inode->mapping, buf, len, 0);
	memcpy(buf, ei->block, len);
	return (int)len;
}

const struct inode_ops ext2_dir_iops = {
	.lookup = ext2_lookup,
	.create = ext2_create,
	.mkdir = ext2_mkdir,
	.symlink = ext2_symlink,
	.link = ext2_link,
	.unlink = ext2_unlink,
	.rmdir = ext2_rmdir,
	.rename = ext2_rename,
	.tmpfile = ext2_tmpfile,
};
const struct inode_ops ext2_link_iops = { .readlink = ext2_readlink };
const struct inode_ops ext2_special_iops;
