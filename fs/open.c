/*
 * Opening: from a name and flags to an open file.
 *
 * LOCKS    with O_CREAT the directory's lock while the name is looked up and made; none while the object is opened.
 * CONTEXT  tasks; may sleep (FIFOs wait for the other side).
 * SOURCES  open(2) with its ERRORS and NOTES; O_PATH, O_TMPFILE, O_EXCL; fifo(7).
 */
#include "vfs_impl.h"

#include "base/errno.h"
#include "fs/file.h"
#include "fs/notify.h"
#include "kernel/task.h"
#include "mm/mm.h"

/* What the access mode of @flags asks of the object: MAY_*. */
static unsigned acc_mask(unsigned flags)
{
	static const uint8_t by_mode[] = { MAY_READ, MAY_WRITE, MAY_READ | MAY_WRITE,
					   MAY_READ | MAY_WRITE };

	return by_mode[flags & O_ACCMODE] | (flags & O_TRUNC ? MAY_WRITE : 0);
}

/* @mask 0: the caller has just made the file and may do anything with it. */
static int may_open(const struct path_ref *p, unsigned flags, unsigned mask)
{
	struct inode *inode = p->dentry->inode;
	int err;

	if (S_ISLNK(inode->mode))
		return -ELOOP;
	if (S_ISDIR(inode->mode) && (mask & MAY_WRITE))
		return -EISDIR;
	if ((S_ISCHR(inode->mode) || S_ISBLK(inode->mode)) && (p->mnt->flags & MS_NODEV))
		return -EACCES;
	if ((mask & MAY_WRITE) && S_ISREG(inode->mode) && mount_readonly(p->mnt))
		return -EROFS;
	err = mask ? inode_permission(inode, mask) : 0;
	if (!err && is_append(inode) &&
	    (((flags & O_ACCMODE) != O_RDONLY && !(flags & O_APPEND)) || (flags & O_TRUNC)))
		err = -EPERM;
	if (!err && (flags & O_NOATIME) && !inode_owner_ok(inode))
		err = -EPERM;
	return err;
}

/* ---- write access against execution ---- */

/* Is the inode's data some process's program? Asked only when memory maps it at all. */
static bool inode_is_running(const struct inode *inode)
{
	bool running = false;
	struct task *t;
	int pid = 0;

	if (!READ_ONCE(inode->nr_maps))
		return false;
	while (!running && (t = task_next(&pid, true)) != NULL) {
		struct mm_struct *mm = task_mm_get(t);

		if (mm) {
			running = mm->exe == &inode->mapping;
			mmput(mm);
		}
		task_put(t);
		pid++;
	}
	return running;
}

int inode_get_write(struct inode *inode)
{
	int old = atomic_read(&inode->writers);

	do {
		if (old < 0)
			return -ETXTBSY;
	} while (!__atomic_compare_exchange_n(&inode->writers.v, &old, old + 1, false,
					      __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
	if (inode_is_running(inode)) {
		atomic_dec(&inode->writers);
		return -ETXTBSY;
	}
	return 0;
}

void inode_put_write(struct inode *inode)
{
	atomic_dec(&inode->writers);
}

/* ---- opening a known object ---- */

/* /proc/PID/maps shows the name a file was last opened by. */
static void note_alias(struct inode *inode, struct dentry *d)
{
	if (likely(inode->alias && !inode->alias->deleted))
		return;
	spin_lock(&dcache_lock);
	if (!d->deleted || !inode->alias)
		inode->alias = d;
	spin_unlock(&dcache_lock);
}

int file_open_inode(struct file *f)
{
	struct inode *inode = f->path.dentry->inode;
	bool writes = S_ISREG(inode->mode) && (f->flags & O_ACCMODE) != O_RDONLY;
	const struct file_ops *ops = inode->fops;
	int err = 0;

	f->inode = inode;
	if (S_ISSOCK(inode->mode))
		return -ENXIO;
	if (S_ISCHR(inode->mode) || S_ISBLK(inode->mode) || S_ISFIFO(inode->mode))
		ops = special_fops(inode);
	if (!ops)
		return -ENXIO;
	if (writes)
		err = inode_get_write(inode);
	if (writes && !err) {
		err = mnt_get_write(f->path.mnt);
		if (err)
			inode_put_write(inode);
	}
	if (err)
		return err;
	note_alias(inode, f->path.dentry);
	if (inode->mapping.bdi)
		filedata_open(f);
	f->ops = ops; /* from here on fput gives back what was taken */
	f->opened_write = writes;
	if (ops->open) {
		err = ops->open(inode, f); /* a terminal's asks for O_NOCTTY */
		if (err)
			f->no_release = true;
	}
	f->flags &= ~(unsigned)O_NOCTTY;
	return err;
}

static int open_truncate(struct file *f)
{
	int err = inode_truncate(f->inode, 0);

	if (!err)
		notify_dentry(f->path.dentry, IN_MODIFY);
	return err;
}

/* Open what @p names with the file *@spare, which is used up. */
static int open_with(const struct path_ref *p, unsigned flags, unsigned mask, struct file **spare,
		     struct file **out)
{
	struct file *f = *spare;
	int err = flags & O_PATH ? 0 : may_open(p, flags, mask);

	if (err)
		return err;
	*spare = NULL;
	file_set_path(f, p, flags & ~(unsigned)(O_CREAT | O_EXCL | O_TRUNC | O_CLOEXEC));
	if (!(flags & O_PATH))
		err = file_open_inode(f);
	/* generated files have nothing to cut */
	if (!err && (flags & O_TRUNC) && mask && f->inode->ops->truncate)
		err = open_truncate(f);
	if (err) {
		fput(f);
		return err;
	}
	*out = f;
	return 0;
}

static int open_at(const struct path_ref *p, unsigned flags, unsigned mask, struct file **out)
{
	struct file *spare = file_reserve();
	int err = spare ? open_with(p, flags, mask, &spare, out) : file_error();

	file_unreserve(spare);
	return err;
}

int file_open_made(const struct path_ref *p, unsigned flags, bool made, struct file **out)
{
	return open_at(p, flags, made ? 0 : acc_mask(flags), out);
}

int file_open_exec(const struct path_ref *p, struct file **out)
{
	int err = inode_permission(p->dentry->inode, MAY_EXEC);

	if (!err)
		err = open_at(p, O_RDONLY | O_LARGEFILE, 0, out);
	if (!err)
		notify_file(*out, IN_OPEN);
	return err;
}

int file_open_path(const struct path_ref *p, unsigned flags, struct file **out)
{
	int err = open_at(p, flags, acc_mask(flags), out);

	if (!err)
		notify_file(*out, IN_OPEN);
	return err;
}

/* ---- O_CREAT ---- */

/* Make @d, the last name of the locked directory. */
static int create_file(struct walk *w, struct dentry *d, uint32_t mode)
{
	struct inode *dir = w->pin.dentry->inode;
	int err = path_want_write(&w->pin);

	if (!err)
		err = may_create(dir);
	if (!err)
		err = dir->ops->create
			      ? dir->ops->create(dir, d, S_IFREG | new_file_mode(dir, mode), 0)
			      : -EACCES;
	if (!err)
		notify_created(dir, d);
	return err;
}

/* The last name, made if it was not there. Return: 1 made, 0 found, or -errno. */
static int lookup_or_create(struct walk *w, uint32_t mode, struct dentry **out)
{
	struct inode *dir = w->pin.dentry->inode;
	struct dentry *d = dentry_lookup_cached(w->pin.dentry, &w->last);
	int ret = 0;

	*out = d;
	if (d && READ_ONCE(d->inode))
		return 0;
	dput(d);
	mutex_lock(&dir->lock);
	ret = dir_lookup(w->pin.dentry, &w->last, &d);
	if (!ret && !d->inode) {
		ret = create_file(w, d, mode);
		if (ret)
			dput(d);
		else
			ret = 1;
	}
	mutex_unlock(&dir->lock);
	*out = d;
	return ret;
}

/* The name existed as @d (reference consumed). Return: 0 opened, 1 the walk goes on through a symlink, -errno. */
static int open_existing(struct walk *w, struct dentry *d, unsigned flags, struct file **spare,
			 struct file **out)
{
	struct path_ref p = { w->pin.mnt, d };
	int err;

	mnt_get(p.mnt);
	path_follow_mounts(&p);
	if (flags & O_EXCL)
		err = -EEXIST;
	else if (S_ISLNK(p.dentry->inode->mode) && !(flags & O_NOFOLLOW))
		err = 1;
	else if (S_ISDIR(p.dentry->inode->mode))
		err = -EISDIR;
	else
		err = open_with(&p, flags, acc_mask(flags), spare, out);
	if (err == 1) {
		err = walk_through(w, p.dentry);
		err = err ? err : 1;
	}
	path_put(&p);
	return err;
}

/* One round: the walk stands at the directory of the last name, or (a magic symlink) at the object itself. */
static int open_create_step(struct walk *w, unsigned flags, uint32_t mode, struct file **spare,
			    struct file **out)
{
	struct path_ref p;
	struct dentry *d;
	int ret;

	if (w->last_type != LAST_NORM && S_ISDIR(w->pin.dentry->inode->mode))
		return -EISDIR;
	if (w->last_type == LAST_ROOT)
		return open_with(&w->pin, flags, acc_mask(flags), spare, out);
	if (w->must_dir)
		return -EISDIR;
	ret = lookup_or_create(w, mode, &d);
	if (ret < 0)
		return ret;
	if (ret == 0)
		return open_existing(w, d, flags, spare, out);
	p = (struct path_ref){ w->pin.mnt, d };
	ret = open_with(&p, flags, 0, spare, out);
	dput(d);
	return ret;
}

/* The struct file comes first: a file that was made is also opened. */
static int open_create(int dirfd, const char *name, unsigned flags, uint32_t mode, unsigned lookup,
		       struct file **out)
{
	struct file *spare = file_reserve();
	struct walk w;
	int err;

	if (!spare)
		return file_error();
	err = walk_begin(&w, dirfd, name, WALK_PARENT | lookup);
	while (!err) {
		err = open_create_step(&w, flags, mode, &spare, out);
		if (err != 1)
			break;
		err = 0;
	}
	walk_end(&w);
	file_unreserve(spare);
	return err;
}

/* ---- O_TMPFILE ---- */

static int open_tmpfile(int dirfd, const char *name, unsigned flags, uint32_t mode, unsigned lookup,
			struct file **out)
{
	static const struct qstr anon = { "#", 1, 0 };
	struct path_ref dir, p;
	struct inode *inode;
	int err;

	if (!(flags & O_DIRECTORY) || !(acc_mask(flags) & MAY_WRITE))
		return -EINVAL;
	err = path_lookup(dirfd, name, LOOKUP_FOLLOW | LOOKUP_DIRECTORY | lookup, &dir);
	if (err)
		return err;
	inode = dir.dentry->inode;
	p = (struct path_ref){ dir.mnt, NULL };
	err = path_want_write(&dir);
	if (!err)
		err = may_create(inode);
	if (!err && !inode->ops->tmpfile)
		err = -EOPNOTSUPP;
	if (!err) {
		p.dentry = dentry_alloc(dir.dentry, dir.dentry->sb, &anon);
		err = p.dentry ? 0 : -ENOMEM;
	}
	if (!err) {
		mutex_lock(&inode->lock);
		err = inode->ops->tmpfile(inode, p.dentry, S_IFREG | new_file_mode(inode, mode));
		mutex_unlock(&inode->lock);
	}
	if (!err) {
		p.dentry->inode->linkable = !(flags & O_EXCL);
		err = open_at(&p, flags & ~(unsigned)(O_DIRECTORY | O_TMPFILE), 0, out);
	}
	dput(p.dentry);
	path_put(&dir);
	return err;
}

/* ---- open(2) ---- */

static int open_by_name(int dirfd, const char *name, unsigned flags, uint32_t mode, unsigned lookup,
			struct file **out)
{
	struct path_ref p;
	int err;

	if (flags & O_PATH)
		flags &= O_DIRECTORY | O_NOFOLLOW | O_PATH | O_CLOEXEC;
	if (flags & O_TMPFILE)
		return flags & O_CREAT ? -EINVAL
				       : open_tmpfile(dirfd, name, flags, mode, lookup, out);
	if (flags & O_CREAT)
		return flags & O_DIRECTORY ? -EINVAL
					   : open_create(dirfd, name, flags, mode, lookup, out);
	if (!(flags & O_NOFOLLOW))
		lookup |= LOOKUP_FOLLOW;
	if (flags & O_DIRECTORY)
		lookup |= LOOKUP_DIRECTORY;
	err = path_lookup(dirfd, name, lookup, &p);
	if (err)
		return err;
	err = open_at(&p, flags, acc_mask(flags), out);
	path_put(&p);
	return err;
}

int file_open_within(int dirfd, const char *name, unsigned flags, uint32_t mode, unsigned lookup,
		     struct file **out)
{
	int err = open_by_name(dirfd, name, flags, mode, lookup, out);

	if (unlikely(err == -ESTALE)) /* the name led elsewhere, and is forgotten */
		err = open_by_name(dirfd, name, flags, mode, lookup, out);
	if (!err && !(flags & O_PATH))
		notify_file(*out, IN_OPEN);
	return err;
}

int file_open(int dirfd, const char *name, unsigned flags, uint32_t mode, struct file **out)
{
	return file_open_within(dirfd, name, flags, mode, 0, out);
}
