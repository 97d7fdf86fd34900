/*
 * Changing the tree: mknod, mkdir, symlink, link, unlink, rmdir, rename.
 *
 * WHY      every operation is: walk to the directory, lock it, look the last name up again under the lock (it may have
 *          changed since), check rights, let the file system act, adjust the dentry.
 * LOCKS    directory inode lock, then a removed or overwritten directory's. Two directories (rename between them):
 *          rename_lock first, which keeps the tree's shape, so that "who is above whom" stays true; then the upper one
 *          first, unrelated ones by address.
 * CONTEXT  tasks; may sleep.
 * SOURCES  mknod(2), mkdir(2), symlink(2), link(2), unlink(2), rmdir(2), rename(2), with their ERRORS.
 */
#include "vfs_impl.h"

#include "base/errno.h"
#include "fs/notify.h"
#include "kernel/task.h"
#include "lib/string.h"

static struct mutex rename_lock = MUTEX_INIT(rename_lock, RANK_FS_MOUNT);

/* ---- making ---- */

struct new_name {
	struct walk w;
	struct inode *dir; /* locked */
	struct dentry *d;  /* negative, referenced */
};

/* @slash_ok: the name may end in a slash (mkdir). On 0 the directory is locked; end with new_name_end. */
static int new_name_check(struct new_name *n, bool slash_ok)
{
	int err;

	if (n->d->inode)
		return -EEXIST;
	if (n->w.must_dir && !slash_ok)
		return -ENOENT;
	err = path_want_write(&n->w.pin);
	return err ? err : may_create(n->dir);
}

/* The operation ended with @err: the name is there, or not. */
static int new_name_made(struct new_name *n, int err)
{
	if (!err)
		notify_created(n->dir, n->d);
	return err;
}

static void new_name_end(struct new_name *n) no_lock_analysis
{
	dput(n->d);
	if (n->dir)
		mutex_unlock(&n->dir->lock);
	walk_end(&n->w);
}

static int new_name_begin(struct new_name *n, int dirfd, const char *name,
			  bool slash_ok) no_lock_analysis
{
	int err;

	n->dir = NULL;
	n->d = NULL;
	err = walk_begin(&n->w, dirfd, name, WALK_PARENT);
	if (!err && n->w.last_type != LAST_NORM)
		err = -EEXIST;
	if (!err) {
		n->dir = n->w.pin.dentry->inode;
		mutex_lock(&n->dir->lock);
		err = dir_lookup(n->w.pin.dentry, &n->w.last, &n->d);
	}
	if (!err)
		err = new_name_check(n, slash_ok);
	if (err)
		new_name_end(n);
	return err;
}

int vfs_mknod(int dirfd, const char *name, uint32_t mode, dev_k dev)
{
	struct new_name n;
	uint32_t type = mode & S_IFMT;
	int err;

	if (!type)
		type = S_IFREG;
	if (type == S_IFDIR)
		return -EPERM;
	if (!S_ISREG(type) && !S_ISCHR(type) && !S_ISBLK(type) && !S_ISFIFO(type) &&
	    !S_ISSOCK(type))
		return -EINVAL;
	err = new_name_begin(&n, dirfd, name, false);
	if (err)
		return err;
	if ((S_ISCHR(type) || S_ISBLK(type)) && current_task()->cred && !capable(CAP_MKNOD))
		err = -EPERM;
	else if (!n.dir->ops->create)
		err = -EPERM;
	else
		err = n.dir->ops->create(n.dir, n.d, type | new_file_mode(n.dir, mode), dev);
	err = new_name_made(&n, err);
	new_name_end(&n);
	return err;
}

int vfs_mkdir(int dirfd, const char *name, uint32_t mode)
{
	struct new_name n;
	int err = new_name_begin(&n, dirfd, name, true);

	if (err)
		return err;
	if (!n.dir->ops->mkdir)
		err = -EPERM;
	else if (n.dir->nlink == UINT_MAX)
		err = -EMLINK;
	else
		err = n.dir->ops->mkdir(n.dir, n.d, S_IFDIR | (mode & 01777 & ~umask_in(n.dir)));
	err = new_name_made(&n, err);
	new_name_end(&n);
	return err;
}

int vfs_symlink(const char *target, int dirfd, const char *name)
{
	struct new_name n;
	int err;

	if (!*target)
		return -ENOENT;
	err = new_name_begin(&n, dirfd, name, false);
	if (err)
		return err;
	err = n.dir->ops->symlink ? n.dir->ops->symlink(n.dir, n.d, target) : -EPERM;
	err = new_name_made(&n, err);
	new_name_end(&n);
	return err;
}

static int link_to(struct new_name *n, const struct path_ref *old)
{
	struct inode *inode = old->dentry->inode;
	int err;

	if (old->mnt != n->w.pin.mnt)
		return -EXDEV;
	if (S_ISDIR(inode->mode) || !n->dir->ops->link || is_fixed(inode))
		return -EPERM;
	mutex_lock(&inode->lock); /* not a directory: below its parent in the order */
	if (inode->nlink == 0 && !inode->linkable)
		err = -ENOENT;
	else if (inode->nlink == UINT_MAX)
		err = -EMLINK;
	else
		err = n->dir->ops->link(n->dir, n->d, inode);
	mutex_unlock(&inode->lock);
	if (!err && notify_wanted())
		notify_self(inode, IN_ATTRIB);
	return new_name_made(n, err);
}

int vfs_link(int odirfd, const char *old, int ndirfd, const char *name, unsigned at_flags)
{
	unsigned lookup = at_flags & AT_SYMLINK_FOLLOW ? LOOKUP_FOLLOW : 0;
	struct path_ref from;
	struct new_name n;
	int err;

	if (at_flags & AT_EMPTY_PATH) {
		if (!*old && current_task()->cred && !capable(CAP_DAC_READ_SEARCH))
			return -ENOENT;
		lookup |= LOOKUP_EMPTY;
	}
	err = path_lookup(odirfd, old, lookup, &from);
	if (err)
		return err;
	err = new_name_begin(&n, ndirfd, name, false);
	if (!err) {
		err = link_to(&n, &from);
		new_name_end(&n);
	}
	path_put(&from);
	return err;
}

/* ---- removing ---- */

static int unlink_locked(const struct walk *w, struct dentry *d)
{
	struct inode *dir = w->pin.dentry->inode;
	int err;

	if (!d->inode)
		return -ENOENT;
	if (w->must_dir)
		return S_ISDIR(d->inode->mode) ? -EISDIR : -ENOTDIR;
	err = path_want_write(&w->pin);
	if (!err)
		err = may_delete(dir, d, false);
	if (!err && !dir->ops->unlink)
		err = -EPERM;
	if (err)
		return err;
	mutex_lock(&d->inode->lock); /* its link count */
	err = dir->ops->unlink(dir, d);
	if (!err)
		dentry_forget(d);
	mutex_unlock(&d->inode->lock);
	if (!err && notify_wanted())
		notify_unlinked(dir, d);
	return err;
}

static int rmdir_locked(const struct walk *w, struct dentry *d)
{
	struct inode *dir = w->pin.dentry->inode;
	int err;

	if (!d->inode)
		return -ENOENT;
	err = path_want_write(&w->pin);
	if (!err)
		err = may_delete(dir, d, true);
	if (err)
		return err;
	if (!dir->ops->rmdir)
		return -EPERM;
	mutex_lock(&d->inode->lock);
	err = dir->ops->rmdir(dir, d);
	if (!err)
		dentry_forget(d);
	mutex_unlock(&d->inode->lock);
	if (err)
		return err;
	dcache_forget_children(d); /* names that were not there: they would keep the directory */
	if (notify_wanted())
		notify_unlinked(dir, d);
	return 0;
}

/* Walk to the directory of @name, lock it and remove the last component by @fn. */
static int remove_name(struct walk *w, int (*fn)(const struct walk *w, struct dentry *d))
{
	struct inode *dir = w->pin.dentry->inode;
	struct dentry *d = NULL;
	int err;

	mutex_lock(&dir->lock);
	err = dir_lookup(w->pin.dentry, &w->last, &d);
	if (!err)
		err = fn(w, d);
	mutex_unlock(&dir->lock);
	dput(d); /* the file itself may go now: outside the lock */
	return err;
}

int vfs_unlink(int dirfd, const char *name)
{
	struct walk w;
	int err = walk_begin(&w, dirfd, name, WALK_PARENT);

	if (!err)
		err = w.last_type == LAST_NORM ? remove_name(&w, unlink_locked) : -EISDIR;
	walk_end(&w);
	return err;
}

int vfs_rmdir(int dirfd, const char *name)
{
	struct walk w;
	int err = walk_begin(&w, dirfd, name, WALK_PARENT);

	if (err)
		;
	else if (w.last_type == LAST_DOTDOT)
		err = -ENOTEMPTY;
	else if (w.last_type == LAST_DOT)
		err = -EINVAL;
	else if (w.last_type == LAST_ROOT)
		err = -EBUSY;
	else
		err = remove_name(&w, rmdir_locked);
	walk_end(&w);
	return err;
}

/* ---- rename ---- */

struct rename {
	struct walk from, to;
	struct dentry *od, *nd; /* the two directories */
	struct dentry *o, *n;	/* the two names, referenced */
	unsigned flags;
};

static void lock_dirs(struct rename *r) no_lock_analysis
{
	struct dentry *first = r->od, *second = r->nd, *tmp;

	if (r->od == r->nd) {
		mutex_lock(&r->od->inode->lock);
		return;
	}
	mutex_lock(&rename_lock);
	if (dentry_is_below(r->od, r->nd) ||
	    (!dentry_is_below(r->nd, r->od) && r->od->inode > r->nd->inode)) {
		tmp = first;
		first = second;
		second = tmp;
	}
	mutex_lock(&first->inode->lock);
	mutex_lock(&second->inode->lock);
}

static void unlock_dirs(struct rename *r) no_lock_analysis
{
	mutex_unlock(&r->od->inode->lock);
	if (r->od == r->nd)
		return;
	mutex_unlock(&r->nd->inode->lock);
	mutex_unlock(&rename_lock);
}

/* The rules of rename(2) about what exists and what the names say. */
static int rename_check_names(const struct rename *r)
{
	bool o_dir;

	if (!r->o->inode)
		return -ENOENT;
	if (r->n->inode && (r->flags & RENAME_NOREPLACE))
		return -EEXIST;
	if (!r->n->inode && (r->flags & RENAME_EXCHANGE))
		return -ENOENT;
	o_dir = S_ISDIR(r->o->inode->mode);
	if (!o_dir && r->from.must_dir)
		return -ENOTDIR;
	if (!(r->flags & RENAME_EXCHANGE) && !o_dir && r->to.must_dir)
		return -ENOTDIR;
	if ((r->flags & RENAME_EXCHANGE) && r->to.must_dir && !S_ISDIR(r->n->inode->mode))
		return -ENOTDIR;
	if (dentry_is_below(r->nd, r->o))
		return -EINVAL; /* a directory into itself */
	if (r->n->inode && dentry_is_below(r->od, r->n))
		return r->flags & RENAME_EXCHANGE ? -EINVAL : -ENOTEMPTY;
	return 0;
}

static int rename_check_rights(const struct rename *r)
{
	struct inode *od = r->od->inode, *nd = r->nd->inode;
	bool o_dir = S_ISDIR(r->o->inode->mode), exchange = r->flags & RENAME_EXCHANGE;
	int err = path_want_write(&r->from.pin);

	if (!err)
		err = may_delete(od, r->o, o_dir);
	if (!err && !r->n->inode)
		err = may_create(nd);
	else if (!err)
		err = may_delete(nd, r->n, exchange ? S_ISDIR(r->n->inode->mode) : o_dir);
	/* ".." of a directory that moves is written */
	if (!err && od != nd && o_dir)
		err = inode_permission(r->o->inode, MAY_WRITE);
	if (!err && od != nd && exchange && S_ISDIR(r->n->inode->mode))
		err = inode_permission(r->n->inode, MAY_WRITE);
	if (!err && !od->ops->rename)
		err = -EPERM;
	return err;
}

/* @source: what was called r->from.last. */
static void notify_renamed(const struct rename *r, struct inode *source, struct inode *target)
{
	bool exchange = r->flags & RENAME_EXCHANGE;
	struct notify_move there = { r->od->inode, r->nd->inode, &r->from.last,
				     &r->to.last,  source,	 exchange ? NULL : target },
			   back = { r->nd->inode,  r->od->inode, &r->to.last,
				    &r->from.last, target,	 NULL };

	notify_moved(&there);
	if (exchange)
		notify_moved(&back);
}

static int rename_locked(struct rename *r) no_lock_analysis
{
	bool exchange = r->flags & RENAME_EXCHANGE;
	struct inode *target = r->n->inode;
	struct inode *victim;
	int err = rename_check_names(r);

	if (err || r->o->inode == r->n->inode)
		return err;
	err = rename_check_rights(r);
	if (err)
		return err;
	victim = exchange ? NULL : r->n->inode;
	if (victim)
		mutex_lock(&victim->lock);
	err = r->od->inode->ops->rename(r->od->inode, r->o, r->nd->inode, r->n, r->flags);
	if (!err)
		dentry_move(r->o, r->n, exchange);
	if (victim)
		mutex_unlock(&victim->lock);
	if (!err && victim && S_ISDIR(victim->mode))
		dcache_forget_children(r->n);
	if (!err && notify_wanted())
		notify_renamed(r, r->o->inode, target);
	return err;
}

static int rename_walked(struct rename *r)
{
	int err;

	if (r->from.pin.mnt != r->to.pin.mnt)
		return -EXDEV;
	if (r->from.last_type != LAST_NORM)
		return -EBUSY;
	if (r->to.last_type != LAST_NORM)
		return r->flags & RENAME_NOREPLACE ? -EEXIST : -EBUSY;
	r->od = r->from.pin.dentry;
	r->nd = r->to.pin.dentry;
	lock_dirs(r);
	err = dir_lookup(r->od, &r->from.last, &r->o);
	if (!err)
		err = dir_lookup(r->nd, &r->to.last, &r->n);
	if (!err)
		err = rename_locked(r);
	unlock_dirs(r);
	dput(r->o);
	dput(r->n);
	return err;
}

int vfs_rename(int odirfd, const char *old, int ndirfd, const char *name, unsigned flags)
{
	struct rename r;
	int err;

	if ((flags & ~(unsigned)(RENAME_NOREPLACE | RENAME_EXCHANGE)) ||
	    flags == (RENAME_NOREPLACE | RENAME_EXCHANGE))
		return -EINVAL;
	r.flags = flags;
	r.o = r.n = NULL;
	err = walk_begin(&r.from, odirfd, old, WALK_PARENT);
	if (!err) {
		err = walk_begin(&r.to, ndirfd, name, WALK_PARENT);
		if (!err)
			err = rename_walked(&r);
		walk_end(&r.to);
	}
	walk_end(&r.from);
	return err;
}
