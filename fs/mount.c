/*
 * Mounts: which file system sits where, and paths as text.
 *
 * OWNS     struct vfsmount; the mount tree; the hash of mounts by (parent mount, mountpoint).
 * I1       an attached mount has a parent, is in the hash, and its mountpoint dentry is `mounted`; it holds one reference
 *          of itself for the tree, one of its mountpoint, one of its parent.
 * I2       mount refs beyond the tree's are users (files, directories, children): umount gives EBUSY.
 * LOCKS    mount_lock (rank FS_MOUNT) makes changes of the tree one at a time; the links themselves change and are read
 *          under dcache_lock, so a walk needs no other lock.
 * CONTEXT  tasks; may sleep.
 * SOURCES  mount(2), umount(2), pivot_root(2), proc(5) /proc/PID/mounts and mountinfo.
 */
#include "vfs_impl.h"

#include "base/errno.h"
#include "fs/initramfs.h"
#include "fs/notify.h"
#include "kernel/task.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "sync/failpoint.h"

enum { MOUNT_BUCKETS = 64, MNT_FORCE = 1, MNT_DETACH = 2, MNT_EXPIRE = 4 };

struct mutex mount_lock;
struct vfsmount *root_mount;

static struct list_head buckets[MOUNT_BUCKETS];		 /* d */
static struct list_head mounts = LIST_HEAD_INIT(mounts); /* d: attached ones, by id */
static int next_id = 1;					 /* mount_lock */

void mount_init(void)
{
	unsigned i;

	mutex_init(&mount_lock, RANK_FS_MOUNT);
	for (i = 0; i < MOUNT_BUCKETS; i++)
		list_init(&buckets[i]);
}

static struct list_head *bucket_of(const struct vfsmount *parent, const struct dentry *d)
{
	uintptr_t h = (uintptr_t)parent / 64 + (uintptr_t)d / 32;

	return &buckets[(h ^ h >> 6) % MOUNT_BUCKETS];
}

struct vfsmount *mount_at(const struct vfsmount *mnt, const struct dentry *d)
{
	struct list_head *b = bucket_of(mnt, d);
	struct vfsmount *m, *found = NULL;

	list_for_each_entry (m, b, hash_link) {
		if (m->parent == mnt && m->mountpoint == d)
			found = m;
	}
	return found;
}

void mnt_get(struct vfsmount *mnt)
{
	atomic_inc(&mnt->refs);
}

/* The last mount of a super block is gone. */
static void super_kill(struct super_block *sb)
{
	notify_unmount(sb);
	if (sb->ops->kill)
		sb->ops->kill(sb);
	dcache_forget_sb(sb);
	dput(sb->root);
	sb->root = NULL;
}

/* The tree's reference is dropped under mount_lock; later ones belong to lazily detached mounts. */
void mnt_put(struct vfsmount *mnt)
{
	struct super_block *sb;
	bool last;

	if (!mnt || !atomic_dec_and_test(&mnt->refs))
		return;
	sb = mnt->sb;
	spin_lock(&dcache_lock);
	last = --sb->nr_mounts == 0;
	spin_unlock(&dcache_lock);
	dput(mnt->root);
	kfree(mnt);
	if (last && sb->root)
		super_kill(sb);
	super_put(sb);
}

/* Takes over the caller's reference of @sb, on success. */
static struct vfsmount *mount_alloc(struct super_block *sb, struct dentry *root, const char *source)
{
	struct vfsmount *m = failpoint("mount") ? NULL : kzalloc(sizeof(*m), GFP_KERNEL);

	if (!m)
		return NULL;
	m->sb = sb;
	m->root = root;
	if (root)
		dget(root);
	atomic_set(&m->refs, 1);
	list_init(&m->link);
	list_init(&m->hash_link);
	str_copy(m->source, source, sizeof(m->source));
	spin_lock(&dcache_lock);
	sb->nr_mounts++;
	spin_unlock(&dcache_lock);
	return m;
}

struct vfsmount *mount_detached(struct super_block *sb, const char *source)
{
	return mount_alloc(sb, sb->root, source);
}

/* ---- attaching ---- */

static void attach_locked(struct vfsmount *m, const struct path_ref *at) must_hold(dcache_lock)
{
	m->parent = at->mnt;
	m->mountpoint = at->dentry;
	mnt_get(at->mnt);
	dget(at->dentry);
	at->dentry->mounted = true;
	at->mnt->nr_children++;
	list_add_tail(&m->hash_link, bucket_of(at->mnt, at->dentry));
	if (list_empty(&m->link))
		list_add_tail(&m->link, &mounts);
}

/* Return: the place it was at, whose references the caller now owns. */
static struct path_ref detach_locked(struct vfsmount *m) must_hold(dcache_lock)
{
	struct path_ref at = { m->parent, m->mountpoint };
	struct vfsmount *other;
	bool still = false;

	list_del_init(&m->hash_link);
	m->parent->nr_children--;
	m->parent = NULL;
	m->mountpoint = NULL;
	list_for_each_entry (other, &mounts, link) {
		if (other->mountpoint == at.dentry)
			still = true;
	}
	at.dentry->mounted = still;
	return at;
}

/* Attach under mount_lock; the caller's reference becomes the tree's. The place is looked up again: what is mounted
 * there now is covered. */
static int attach(struct vfsmount *m, const struct path_ref *where)
{
	struct path_ref at = *where;
	int err = 0;

	path_get(&at);
	path_follow_mounts(&at);
	if (S_ISDIR(at.dentry->inode->mode) != S_ISDIR(m->root->inode->mode))
		err = -ENOTDIR;
	if (!err && at.dentry->deleted)
		err = -ENOENT;
	if (!err) {
		m->id = next_id++;
		spin_lock(&dcache_lock);
		attach_locked(m, &at);
		spin_unlock(&dcache_lock);
	}
	path_put(&at);
	return err;
}

/* ---- mount(2) ---- */

static unsigned long mnt_flags_of(unsigned long flags)
{
	unsigned long keep = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME |
			     MS_NODIRATIME | MS_NOSYMFOLLOW;
	unsigned long f = flags & keep;

	if (!(flags & (MS_NOATIME | MS_STRICTATIME)))
		f |= MS_RELATIME;
	return f;
}

/* Is the file system @sb what one sees at @where already? */
static bool mounted_there(const struct path_ref *where, const struct super_block *sb)
{
	struct path_ref at = *where;
	bool there;

	path_get(&at);
	path_follow_mounts(&at);
	there = at.mnt->sb == sb && at.dentry == at.mnt->root;
	path_put(&at);
	return there;
}

static int mount_new(const char *source, const struct path_ref *at, const char *type,
		     unsigned long flags, const char *data)
{
	struct fs_type *t = type ? fs_find(type) : NULL;
	struct super_block *sb;
	struct vfsmount *m;
	int err;

	if (!type)
		return -EINVAL;
	if (!t || !t->mount)
		return -ENODEV;
	err = t->mount(t, flags, source, data, &sb);
	if (err)
		return err;
	m = mount_alloc(sb, sb->root, source ? source : "none");
	if (!m) {
		if (!sb->nr_mounts)
			super_kill(sb);
		super_put(sb);
		return -ENOMEM;
	}
	m->flags = mnt_flags_of(flags);
	err = mounted_there(at, sb) ? -EBUSY : attach(m, at);
	if (err)
		mnt_put(m);
	return err;
}

static struct vfsmount *clone_mount(struct vfsmount *from, struct dentry *root)
{
	struct vfsmount *m;

	atomic_inc(&from->sb->refs);
	m = mount_alloc(from->sb, root, from->source);
	if (!m) {
		super_put(from->sb);
		return NULL;
	}
	m->flags = from->flags;
	return m;
}

/* Is @m the mount @top or attached somewhere below it? */
static bool mount_is_below(const struct vfsmount *m, const struct vfsmount *top)
	must_hold(dcache_lock)
{
	for (; m; m = m->parent)
		if (m == top)
			return true;
	return false;
}

struct vfsmount *mount_next(int *id)
{
	struct vfsmount *m, *found = NULL;

	spin_lock(&dcache_lock);
	list_for_each_entry (m, &mounts, link) {
		if (m->id > *id && (!found || m->id < found->id))
			found = m;
	}
	if (found) {
		mnt_get(found);
		*id = found->id;
	}
	spin_unlock(&dcache_lock);
	return found;
}

/* Clone the mounts that sit directly on @from at or below @root onto the clone @to; then theirs. */
static int bind_children(struct vfsmount *from, struct dentry *root, struct vfsmount *to,
			 int last_id)
{
	struct vfsmount *child, *copy;
	int id = 0, err = 0;

	while (!err && (child = mount_next(&id)) != NULL) {
		struct dentry *point = child->mountpoint;

		if (id <= last_id && child->parent == from && dentry_is_below(point, root)) {
			struct path_ref at = { to, point };

			copy = clone_mount(child, child->root);
			err = copy ? attach(copy, &at) : -ENOMEM;
			if (err && copy)
				mnt_put(copy);
			if (!err)
				err = bind_children(child, child->root, copy, last_id);
		}
		mnt_put(child);
	}
	return err;
}

static int mount_bind(const char *source, const struct path_ref *at, unsigned long flags)
{
	struct path_ref from;
	struct vfsmount *m;
	int err = path_lookup(AT_FDCWD, source, LOOKUP_FOLLOW, &from), last_id = next_id - 1;

	if (err)
		return err;
	m = clone_mount(from.mnt, from.dentry);
	err = m ? attach(m, at) : -ENOMEM;
	if (err && m)
		mnt_put(m);
	else if (!err && (flags & MS_REC))
		err = bind_children(from.mnt, from.dentry, m, last_id);
	path_put(&from);
	return err;
}

static int mount_move(const char *source, const struct path_ref *at)
{
	struct path_ref from, old;
	struct path_ref to = *at;
	int err = path_lookup(AT_FDCWD, source, LOOKUP_FOLLOW, &from);

	if (err)
		return err;
	path_get(&to);
	path_follow_mounts(&to);
	spin_lock(&dcache_lock);
	if (from.dentry != from.mnt->root || !from.mnt->parent)
		err = -EINVAL;
	else if (mount_is_below(to.mnt, from.mnt))
		err = -ELOOP;
	else if (S_ISDIR(to.dentry->inode->mode) != S_ISDIR(from.dentry->inode->mode))
		err = -ENOTDIR;
	if (!err) {
		old = detach_locked(from.mnt);
		attach_locked(from.mnt, &to);
	}
	spin_unlock(&dcache_lock);
	if (!err)
		path_put(&old);
	path_put(&to);
	path_put(&from);
	return err;
}

/* ---- becoming read-only ---- */

int mnt_get_write(struct vfsmount *m)
{
	(void)atomic_add_return(&m->writers, 1); /* a barrier, too: remount sees it, or is seen */
	while (READ_ONCE(m->sb->to_readonly))
		cpu_relax();
	if (likely(!mount_readonly(m)))
		return 0;
	atomic_dec(&m->writers);
	return -EROFS;
}

void mnt_put_write(struct vfsmount *m)
{
	atomic_dec(&m->writers);
}

/* The dentry after @d in @root's tree, parents first; NULL: it was the last. */
static struct dentry *next_in_tree(struct dentry *root, struct dentry *d) must_hold(dcache_lock)
{
	if (!list_empty(&d->children))
		return list_entry(d->children.next, struct dentry, child_link);
	while (d != root && d->child_link.next == &d->parent->children)
		d = d->parent;
	return d == root ? NULL : list_entry(d->child_link.next, struct dentry, child_link);
}

/* Does a program map a file of @sb so that it may write to it? */
static bool mapped_for_writing(struct super_block *sb) must_hold(dcache_lock)
{
	struct dentry *d;

	for (d = sb->root; d; d = next_in_tree(sb->root, d)) {
		if (d->inode && S_ISREG(d->inode->mode) &&
		    READ_ONCE(d->inode->mapping.i_mmap_writable) > 0)
			return true;
	}
	return false;
}

/* @only NULL: through any mount of @sb. */
static bool has_writers(struct super_block *sb, const struct vfsmount *only) must_hold(dcache_lock)
{
	const struct vfsmount *m;

	list_for_each_entry (m, &mounts, link) {
		if (m->sb == sb && (!only || m == only) && atomic_read(&m->writers))
			return true;
	}
	return !only && (atomic_read(&sb->nr_unlinked) || mapped_for_writing(sb));
}

/* The mount, or with @all the file system, becomes read-only. 0; -EBUSY: somebody writes there. */
static int make_readonly(struct vfsmount *m, bool all)
{
	struct super_block *sb = m->sb;
	int err = 0;

	if ((all ? sb->flags : m->flags) & MS_RDONLY)
		return 0;
	spin_lock(&dcache_lock);
	__atomic_store_n(&sb->to_readonly, true, __ATOMIC_SEQ_CST);
	if (has_writers(sb, all ? NULL : m))
		err = -EBUSY;
	else if (all)
		sb->flags |= MS_RDONLY;
	else
		m->flags |= MS_RDONLY;
	__atomic_store_n(&sb->to_readonly, false, __ATOMIC_SEQ_CST);
	spin_unlock(&dcache_lock);
	return err;
}

static int mount_remount(const struct path_ref *at, unsigned long flags, const char *data)
{
	struct super_block *sb = at->mnt->sb;
	unsigned long before = sb->flags;
	bool all = !(flags & MS_BIND);
	int err = 0;

	if (at->dentry != at->mnt->root)
		return -EINVAL;
	if (flags & MS_RDONLY)
		err = make_readonly(at->mnt, all);
	if (!err && all && sb->ops->remount && data)
		err = sb->ops->remount(sb, data);
	if (!err && all && sb->ops->set_writable && ((before ^ flags) & MS_RDONLY))
		err = sb->ops->set_writable(sb, !(flags & MS_RDONLY));
	if (err) {
		sb->flags = before;
		return err;
	}
	if (all)
		sb->flags = (sb->flags & ~(unsigned long)MS_RDONLY) | (flags & MS_RDONLY);
	at->mnt->flags = mnt_flags_of(flags);
	return 0;
}

int vfs_mount(const char *source, const struct path_ref *at, const char *type, unsigned long flags,
	      const char *data)
{
	int err;

	if ((flags & 0xffff0000UL) == 0xc0ed0000UL) /* the magic of old programs */
		flags &= 0xffff;
	mutex_lock(&mount_lock);
	if (flags & MS_REMOUNT)
		err = mount_remount(at, flags, data);
	else if ((flags & (MS_BIND | MS_MOVE)) && (!source || !*source))
		err = -EINVAL;
	else if (flags & MS_BIND)
		err = mount_bind(source, at, flags);
	else if (flags & (MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE))
		err = at->dentry == at->mnt->root ? 0 : -EINVAL; /* mounts do not propagate here */
	else if (flags & MS_MOVE)
		err = mount_move(source, at);
	else
		err = mount_new(source, at, type, flags, data);
	mutex_unlock(&mount_lock);
	if (!err)
		mount_changed();
	return err;
}

/* ---- umount(2) ---- */

/* The caller and the tree hold one reference each. */
static bool mount_busy(const struct vfsmount *m) must_hold(dcache_lock)
{
	if (m->nr_children || atomic_read(&m->refs) > 2)
		return true;
	return m->sb->nr_mounts == 1 && atomic_read(&m->sb->nr_maps) > 0;
}

/* Take everything attached to @m off, deepest first. mount_lock held. */
static void detach_children(struct vfsmount *m)
{
	struct vfsmount *c, *found;
	struct path_ref at;

	do {
		found = NULL;
		spin_lock(&dcache_lock);
		list_for_each_entry (c, &mounts, link) {
			if (c != m && !c->nr_children && mount_is_below(c, m))
				found = c;
		}
		if (found) {
			at = detach_locked(found);
			list_del_init(&found->link);
		}
		spin_unlock(&dcache_lock);
		if (found) {
			mnt_put(found);
			path_put(&at);
		}
	} while (found);
}

int vfs_umount(const struct path_ref *p, unsigned flags)
{
	struct vfsmount *m = p->mnt;
	struct path_ref at = { NULL, NULL };
	int err = 0;

	if (flags & ~15U)
		return -EINVAL;
	if (p->dentry != m->root)
		return -EINVAL;
	mutex_lock(&mount_lock);
	if (flags & MNT_DETACH)
		detach_children(m);
	dcache_forget_sb(m->sb);
	spin_lock(&dcache_lock);
	if (!m->parent)
		err = m == root_mount ? -EBUSY : -EINVAL;
	else if (!(flags & MNT_DETACH) && mount_busy(m))
		err = -EBUSY;
	if (!err) {
		at = detach_locked(m);
		list_del_init(&m->link);
	}
	spin_unlock(&dcache_lock);
	if (!err) {
		mnt_put(m);
		path_put(&at);
	}
	mutex_unlock(&mount_lock);
	if (!err)
		mount_changed();
	return err;
}

/* Every task whose root or working directory is @from continues at @to. */
static void move_tasks(const struct path_ref *from, const struct path_ref *to)
{
	struct task *t;
	int pid = 0;

	while ((t = task_next(&pid, false)) != NULL) {
		struct fs_struct *fs;
		unsigned moved = 0;
		irqflags_t flags;

		spin_lock(&dcache_lock);
		flags = spin_lock_irqsave(&tasklist_lock); /* t->fs goes away under it */
		fs = t->fs;
		if (fs && fs->root.mnt == from->mnt && fs->root.dentry == from->dentry) {
			fs->root = *to;
			moved++;
		}
		if (fs && fs->pwd.mnt == from->mnt && fs->pwd.dentry == from->dentry) {
			fs->pwd = *to;
			moved++;
		}
		for (unsigned i = 0; i < moved; i++)
			path_get(to);
		spin_unlock_irqrestore(&tasklist_lock, flags);
		spin_unlock(&dcache_lock);
		while (moved--)
			path_put(from);
		pid++;
		task_put(t);
	}
}

int vfs_pivot_root(const struct path_ref *new_root, const struct path_ref *put_old)
{
	struct vfsmount *nm = new_root->mnt, *om;
	struct path_ref old_at, new_at, old_root;
	int err = 0;

	mutex_lock(&mount_lock);
	spin_lock(&dcache_lock);
	old_root = current_task()->fs->root;
	om = old_root.mnt;
	if (nm == om || put_old->mnt == om)
		err = -EBUSY;
	else if (new_root->dentry != nm->root || old_root.dentry != om->root || !nm->parent ||
		 !om->parent)
		err = -EINVAL;
	else if (!mount_is_below(put_old->mnt, nm))
		err = -EINVAL;
	if (!err) {
		path_get(&old_root);
		new_at = detach_locked(nm);
		old_at = detach_locked(om);
		attach_locked(nm, &old_at);
		attach_locked(om, put_old);
	}
	spin_unlock(&dcache_lock);
	if (!err) {
		move_tasks(&old_root, new_root);
		path_put(&old_root);
		path_put(&old_at);
		path_put(&new_at);
	}
	mutex_unlock(&mount_lock);
	if (!err)
		mount_changed();
	return err;
}

/* ---- rights of a mount ---- */

bool mount_readonly(const struct vfsmount *mnt)
{
	return (mnt->flags | mnt->sb->flags) & MS_RDONLY;
}

int path_want_write(const struct path_ref *p)
{
	return mount_readonly(p->mnt) ? -EROFS : 0;
}

bool path_noexec(const struct path_ref *p)
{
	return p->mnt->flags & MS_NOEXEC;
}

bool path_nosuid(const struct path_ref *p)
{
	return p->mnt->flags & MS_NOSUID;
}

/* ---- the root ---- */

/* Make @sb the root of the tree; consumes its reference. */
static void mount_root(struct super_block *sb)
{
	root_mount = mount_alloc(sb, sb->root, "rootfs");
	boot_need(root_mount ? 0 : -ENOMEM, "mount of ", "/");
	root_mount->id = next_id++;
	list_add_tail(&root_mount->link, &mounts);
}

void root_init(void)
{
	struct super_block *sb;

	boot_need(rootfs_type.mount(&rootfs_type, 0, "rootfs", NULL, &sb), "file system ",
		  "rootfs");
	mount_root(sb);
}

void root_limit(void)
{
	tmpfs_limit(root_mount->sb);
}

/* ---- paths as text ---- */

/* Put @s in front of *pos. Return: false when the buffer is full. */
static bool prepend(const char *buf, char **pos, const char *s, size_t len)
{
	if ((size_t)(*pos - buf) < len)
		return false;
	*pos -= len;
	memcpy(*pos, s, len);
	return true;
}

struct vfsmount *mount_of_super(const struct super_block *sb)
{
	struct vfsmount *m;

	list_for_each_entry (m, &mounts, link)
		if (m->sb == sb)
			return m;
	return NULL;
}

static bool format_up(const struct path_ref *p, const struct path_ref *root, const char *buf,
		      char **pos) must_hold(dcache_lock)
{
	const struct vfsmount *m = p->mnt;
	const struct dentry *d = p->dentry;

	for (;;) {
		if (root && d == root->dentry && m == root->mnt)
			return true;
		if (m && d == m->root) {
			if (!m->parent)
				return true;
			d = m->mountpoint;
			m = m->parent;
			continue;
		}
		if (d->parent == d)
			return true;
		if (!prepend(buf, pos, d->name, d->len) || !prepend(buf, pos, "/", 1))
			return false;
		d = d->parent;
	}
}

long path_format_locked(const struct path_ref *p, const struct path_ref *root, char *buf,
			size_t size) must_hold(dcache_lock)
{
	static const char gone[] = " (deleted)";
	struct path_ref at = *p;
	char *pos = buf + size, *end;
	size_t len;

	if (!at.mnt)
		at.mnt = mount_of_super(at.dentry->sb);
	if (!size || !prepend(buf, &pos, "", 1))
		return -ENAMETOOLONG;
	if (at.dentry->deleted && !prepend(buf, &pos, gone, sizeof(gone) - 1))
		return -ENAMETOOLONG;
	end = pos;
	if (!format_up(&at, root, buf, &pos))
		return -ENAMETOOLONG;
	if (pos == end && !prepend(buf, &pos, "/", 1))
		return -ENAMETOOLONG;
	len = (size_t)(buf + size - pos);
	memmove(buf, pos, len);
	return (long)len - 1;
}

long path_format(const struct path_ref *p, char *buf, size_t size)
{
	const struct super_ops *ops = p->dentry->sb->ops;
	struct fs_struct *fs = current_task()->fs;
	long len;

	if (ops->dname)
		return (long)ops->dname(p->dentry, buf, size);
	spin_lock(&dcache_lock);
	len = path_format_locked(p, fs ? &fs->root : NULL, buf, size);
	spin_unlock(&dcache_lock);
	return len;
}
