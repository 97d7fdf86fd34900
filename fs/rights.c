/*
 * Who may change names and attributes; chmod, chown, utimensat; working directory and root of a task.
 *
 * LOCKS    a directory's lock for may_create and may_delete; the inode's own for attributes. fs_struct: both dcache_lock
 *          and fs->lock to write, either to read (a walk has the first).
 * CONTEXT  tasks; may sleep.
 * SOURCES  inode(7), chmod(2), chown(2), utimensat(2), unlink(2) (sticky bit), capabilities(7), chdir(2), chroot(2).
 */
#include "vfs_impl.h"

#include "base/errno.h"
#include "fs/acl.h"
#include "fs/notify.h"
#include "kernel/task.h"
#include "mm/slab.h"
#include "sync/failpoint.h"

int may_create(struct inode *dir)
{
	if (dir->nlink == 0)
		return -ENOENT;
	return inode_permission(dir, MAY_WRITE | MAY_EXEC);
}

/* In a sticky directory only the owner of the file or of the directory removes. */
static bool sticky_forbids(const struct inode *dir, const struct inode *victim)
{
	const struct cred *c = current_task()->cred;

	if (!(dir->mode & S_ISVTX) || !c || c->fsuid == victim->uid || c->fsuid == dir->uid)
		return false;
	return !capable(CAP_FOWNER);
}

int may_delete(struct inode *dir, const struct dentry *victim, bool want_dir)
{
	int err = inode_permission(dir, MAY_WRITE | MAY_EXEC);

	if (err)
		return err;
	if (is_append(dir) || is_fixed(victim->inode) || sticky_forbids(dir, victim->inode) ||
	    mapping_is_swap(&victim->inode->mapping))
		return -EPERM;
	if (want_dir && !S_ISDIR(victim->inode->mode))
		return -ENOTDIR;
	if (!want_dir && S_ISDIR(victim->inode->mode))
		return -EISDIR;
	return victim->mounted ? -EBUSY : 0;
}

static bool in_caller_group(uint32_t gid)
{
	const struct cred *c = current_task()->cred;

	return !c || cred_in_group(c, gid);
}

void inode_init_owner(struct inode *inode, const struct inode *dir)
{
	const struct cred *c = current_task()->cred;

	inode->uid = c ? c->fsuid : 0;
	inode->gid = c ? c->fsgid : 0;
	inode->flags = dir ? READ_ONCE(dir->flags) & FS_INHERITED_FL : 0;
	if (!dir || !(dir->mode & S_ISGID))
		return;
	inode->gid = dir->gid;
	if (S_ISDIR(inode->mode))
		inode->mode |= S_ISGID;
}

uint32_t new_file_mode(const struct inode *dir, uint32_t mode)
{
	const uint32_t sgid = S_ISGID | 0010;

	if ((mode & sgid) == sgid && (dir->mode & S_ISGID) && !in_caller_group(dir->gid) &&
	    !capable(CAP_FSETID))
		mode &= ~(uint32_t)S_ISGID;
	return mode & 07777 & ~umask_in(dir);
}

uint32_t umask_in(const struct inode *dir)
{
	return acl_has_default(dir) ? 0 : current_umask();
}

uint32_t current_umask(void)
{
	struct fs_struct *fs = current_task()->fs;

	return fs ? READ_ONCE(fs->umask) : 0;
}

/* ---- attributes ---- */

static int set_attr(struct inode *inode, uint32_t mode, uint32_t uid, uint32_t gid)
{
	int err = inode->ops->setattr ? inode->ops->setattr(inode, mode, uid, gid) : 0;

	if (err)
		return err;
	inode->mode = mode;
	inode->uid = uid;
	inode->gid = gid;
	inode_touch(inode, TOUCH_C);
	return 0;
}

int vfs_chmod(struct path_ref *p, uint32_t mode)
{
	struct inode *inode = p->dentry->inode;
	int err = path_want_write(p);

	if (err)
		return err;
	if (S_ISLNK(inode->mode))
		return -EOPNOTSUPP;
	mutex_lock(&inode->lock);
	mode = (inode->mode & S_IFMT) | (mode & 07777);
	if (is_fixed(inode) || !inode_owner_ok(inode)) {
		err = -EPERM;
	} else {
		if (!in_caller_group(inode->gid) && !capable(CAP_FSETID))
			mode &= ~(uint32_t)S_ISGID;
		err = acl_chmod(inode, mode);
		if (!err)
			err = set_attr(inode, mode, inode->uid, inode->gid);
	}
	mutex_unlock(&inode->lock);
	if (!err)
		notify_dentry(p->dentry, IN_ATTRIB);
	return err;
}

/* chown(2): the owner may pass the file to a group of their own; everything else needs CAP_CHOWN. */
static bool chown_ok(const struct inode *inode, uint32_t uid, uint32_t gid)
{
	const struct cred *c = current_task()->cred;

	if (!c || capable(CAP_CHOWN))
		return true;
	return c->fsuid == inode->uid && uid == inode->uid &&
	       (gid == inode->gid || in_caller_group(gid));
}

int vfs_chown(struct path_ref *p, uint32_t uid, uint32_t gid)
{
	struct inode *inode = p->dentry->inode;
	uint32_t mode;
	int err = path_want_write(p);

	if (err)
		return err;
	mutex_lock(&inode->lock);
	mode = inode->mode;
	if (uid == UINT_MAX)
		uid = inode->uid;
	if (gid == UINT_MAX)
		gid = inode->gid;
	if (!S_ISDIR(mode)) { /* set-id bits do not survive a change of owner */
		mode &= ~(uint32_t)S_ISUID;
		if (mode & 0010)
			mode &= ~(uint32_t)S_ISGID;
	}
	err = !is_fixed(inode) && chown_ok(inode, uid, gid) ? set_attr(inode, mode, uid, gid)
							    : -EPERM;
	mutex_unlock(&inode->lock);
	if (!err)
		notify_dentry(p->dentry, IN_ATTRIB);
	return err;
}

enum { UTIME_NOW = 0x3fffffff, UTIME_OMIT = 0x3ffffffe };

static void set_time(struct timespec64_k *to, const struct timespec64_k *ts,
		     struct timespec64_k now)
{
	if (!ts || ts->tv_nsec == UTIME_NOW)
		*to = now;
	else if (ts->tv_nsec != UTIME_OMIT)
		*to = *ts;
}

/* One time that changes alone is told as what changes it otherwise. */
static unsigned times_event(const struct timespec64_k *ts)
{
	if (ts && ts[0].tv_nsec == UTIME_OMIT)
		return IN_MODIFY;
	return ts && ts[1].tv_nsec == UTIME_OMIT ? IN_ACCESS : IN_ATTRIB;
}

static bool omitted(const struct timespec64_k *ts, unsigned i)
{
	return ts && ts[i].tv_nsec == UTIME_OMIT;
}

static int set_times(struct inode *inode, const struct timespec64_k ts[2])
{
	struct timespec64_k now = inode_now(inode), a = inode->atime, m = inode->mtime;
	int err = 0;

	set_time(&a, ts ? &ts[0] : NULL, now);
	set_time(&m, ts ? &ts[1] : NULL, now);
	if (inode->sb->whole_seconds)
		a.tv_nsec = m.tv_nsec = 0;
	if (inode->ops->settimes)
		err = inode->ops->settimes(inode, omitted(ts, 0) ? NULL : &a,
					   omitted(ts, 1) ? NULL : &m);
	if (err)
		return err;
	inode->atime = a;
	inode->mtime = m;
	inode->ctime = now;
	return 0;
}

int vfs_utimens(struct path_ref *p, const struct timespec64_k ts[2])
{
	struct inode *inode = p->dentry->inode;
	bool both_now = !ts || (ts[0].tv_nsec == UTIME_NOW && ts[1].tv_nsec == UTIME_NOW);
	int err = path_want_write(p);

	if (err)
		return err;
	if (ts && ts[0].tv_nsec == UTIME_OMIT && ts[1].tv_nsec == UTIME_OMIT)
		return 0;
	if (both_now ? is_immutable(inode) : is_fixed(inode))
		return -EPERM;
	if (!inode_owner_ok(inode)) {
		if (!both_now)
			return -EPERM;
		err = inode_permission(inode, MAY_WRITE);
		if (err)
			return err;
	}
	mutex_lock(&inode->lock);
	err = set_times(inode, ts);
	mutex_unlock(&inode->lock);
	if (!err)
		notify_dentry(p->dentry, times_event(ts));
	return err;
}

/* ---- root, working directory and umask of a task ---- */

struct fs_struct *fs_struct_root(void)
{
	struct fs_struct *fs = failpoint("fs_struct") ? NULL : kzalloc(sizeof(*fs), GFP_KERNEL);

	if (!fs)
		return NULL;
	atomic_set(&fs->refs, 1);
	spin_init(&fs->lock, RANK_FILES);
	fs->root = (struct path_ref){ root_mount, root_mount->root };
	fs->pwd = fs->root;
	fs->umask = 0022;
	path_get(&fs->root);
	path_get(&fs->pwd);
	return fs;
}

struct fs_struct *fs_struct_dup(struct fs_struct *from)
{
	struct fs_struct *fs = failpoint("fs_struct") ? NULL : kzalloc(sizeof(*fs), GFP_KERNEL);

	if (!fs)
		return NULL;
	atomic_set(&fs->refs, 1);
	spin_init(&fs->lock, RANK_FILES);
	spin_lock(&from->lock);
	fs->root = from->root;
	fs->pwd = from->pwd;
	fs->umask = from->umask;
	path_get(&fs->root);
	path_get(&fs->pwd);
	spin_unlock(&from->lock);
	return fs;
}

void fs_struct_put(struct fs_struct *fs)
{
	if (!fs || !atomic_dec_and_test(&fs->refs))
		return;
	path_put(&fs->root);
	path_put(&fs->pwd);
	kfree(fs);
}

struct fs_struct *task_fs_get(struct task *t)
{
	irqflags_t flags = spin_lock_irqsave(&tasklist_lock);
	struct fs_struct *fs = t->fs;

	if (fs)
		atomic_inc(&fs->refs);
	spin_unlock_irqrestore(&tasklist_lock, flags);
	return fs;
}

void fs_struct_look(struct fs_struct *fs, struct path_ref *root, struct path_ref *pwd)
{
	spin_lock(&dcache_lock); /* keeps what fs points to */
	*root = fs->root;
	*pwd = fs->pwd;
	path_get(root);
	path_get(pwd);
	spin_unlock(&dcache_lock);
}

static void fs_set(struct fs_struct *fs, struct path_ref *which, const struct path_ref *p)
{
	struct path_ref old;

	path_get(p);
	spin_lock(&dcache_lock);
	spin_lock(&fs->lock);
	old = *which;
	*which = *p;
	spin_unlock(&fs->lock);
	spin_unlock(&dcache_lock);
	path_put(&old);
}

int vfs_chdir(const struct path_ref *p)
{
	int err = S_ISDIR(p->dentry->inode->mode) ? inode_permission(p->dentry->inode, MAY_EXEC)
						  : -ENOTDIR;

	if (!err)
		fs_set(current_task()->fs, &current_task()->fs->pwd, p);
	return err;
}

int vfs_chroot(const struct path_ref *p)
{
	int err = S_ISDIR(p->dentry->inode->mode) ? inode_permission(p->dentry->inode, MAY_EXEC)
						  : -ENOTDIR;

	if (!err && !capable(CAP_SYS_CHROOT))
		err = -EPERM;
	if (!err)
		fs_set(current_task()->fs, &current_task()->fs->root, p);
	return err;
}
