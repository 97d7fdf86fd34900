/*
 * Walking a path: from text to (mount, dentry).
 *
 * WHY      nearly every component is cached, so the walk holds dcache_lock from start to end and takes no reference and
 *          no memory on the way; only the result is referenced. What can sleep - asking the file system, reading a
 *          symlink, a permission hook - leaves the lock with `pin` holding the place, and comes back.
 * I1       dcache_lock held: w->cur is alive (freeing a dentry or a mount needs the lock).
 * I2       dcache_lock not held: w->pin holds references of w->cur, and w->root is pinned.
 * I3       w->texts: each symlink that is being walked has its own copy of its text; rest points into the topmost (or
 *          into the caller's name). At most VFS_SYMLOOP_MAX symlinks per walk.
 * LOCKS    dcache_lock; a directory's inode->lock around lookup, without dcache_lock.
 * CONTEXT  tasks; may sleep.
 * COST     cached: one hash and one compare per component, one lock, one reference.
 * I4       LOOKUP_SCOPED: w->root is where the walk started; what a step up or the end of the walk arrives at is below it,
 *          whatever others move meanwhile.
 * FAILS    ENOENT ENOTDIR EACCES ELOOP ENAMETOOLONG EBADF ENOMEM, as path_resolution(7) says; EXDEV, EAGAIN as openat2(2).
 * SOURCES  path_resolution(7), symlink(7), openat(2), openat2(2).
 */
#include "vfs_impl.h"

#include "arch/uaccess.h"
#include "base/errno.h"
#include "fs/acl.h"
#include "fs/file.h"
#include "kernel/task.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "sync/failpoint.h"

struct walk_text {
	struct walk_text *prev;
	const char *saved_rest; /* where the text below goes on */
	char text[];
};

enum { WALK_DONE = 1, SHORT_LINK = 256, SMALL_NAME = 192 };

void path_get(const struct path_ref *p)
{
	mnt_get(p->mnt);
	dget(p->dentry);
}

void path_put(const struct path_ref *p)
{
	dput(p->dentry);
	mnt_put(p->mnt);
}

/* ---- names from user space ---- */

int name_get(uaddr_t uname, bool empty_ok, char **out)
{
	char *name = failpoint("name") ? NULL : kmalloc(VFS_PATH_MAX, GFP_KERNEL);
	long n;

	if (!name)
		return -ENOMEM;
	n = strncpy_from_user(name, uname, VFS_PATH_MAX);
	if (n >= VFS_PATH_MAX)
		n = -ENAMETOOLONG;
	else if (n == 0 && !empty_ok)
		n = -ENOENT;
	if (n < 0) {
		kfree(name);
		return (int)n;
	}
	*out = name;
	return 0;
}

void name_put(char *name)
{
	kfree(name);
}

/* ---- leaving and entering dcache_lock ---- */

/* Drop the lock with w->cur pinned. */
static void walk_unlock(struct walk *w) releases(dcache_lock)
{
	struct path_ref old = w->pin;
	struct dentry *child = w->child;

	if (!w->root_pinned) {
		path_get(&w->root);
		w->root_pinned = true;
	}
	path_get(&w->cur);
	w->pin = w->cur;
	w->child = NULL;
	spin_unlock(&dcache_lock);
	path_put(&old);
	dput(child);
}

static void walk_lock(struct walk *w) acquires(dcache_lock)
{
	spin_lock(&dcache_lock);
	w->cur = w->pin;
}

/* Without the lock: stand at @p instead, taking over its references. */
static void walk_jump(struct walk *w, const struct path_ref *p)
{
	path_put(&w->pin);
	w->pin = *p;
}

/* ---- one component ---- */

static bool more_to_come(const struct walk *w)
{
	const struct walk_text *t;

	for (t = w->texts; t; t = t->prev)
		if (*t->saved_rest)
			return true;
	return false;
}

/* Search permission on the directory w->cur. */
static int may_search(struct walk *w) must_hold(dcache_lock)
{
	struct inode *dir = w->cur.dentry->inode;
	int err;

	if (!S_ISDIR(dir->mode))
		return -ENOTDIR;
	if (likely((dir->mode & 0111) == 0111 && !dir->ops->permission && !dir->acl[ACL_ACCESS]))
		return 0;
	if (!dir->ops->permission)
		return inode_permission(dir, MAY_EXEC);
	walk_unlock(w);
	err = inode_permission(dir, MAY_EXEC);
	walk_lock(w);
	return err;
}

static void step_mounts(struct path_ref *p) must_hold(dcache_lock)
{
	while (unlikely(p->dentry->mounted)) {
		struct vfsmount *m = mount_at(p->mnt, p->dentry);

		if (!m)
			return;
		p->mnt = m;
		p->dentry = m->root;
	}
}

void path_follow_mounts(struct path_ref *p)
{
	struct path_ref old = *p;

	spin_lock(&dcache_lock);
	step_mounts(p);
	path_get(p);
	spin_unlock(&dcache_lock);
	path_put(&old);
}

static bool same_place(const struct path_ref *a, const struct path_ref *b)
{
	return a->dentry == b->dentry && a->mnt == b->mnt;
}

static bool is_below_locked(struct path_ref p, const struct path_ref *top) must_hold(dcache_lock)
{
	while (p.mnt != top->mnt) {
		if (!p.mnt->parent)
			return false;
		p.dentry = p.mnt->mountpoint;
		p.mnt = p.mnt->parent;
	}
	return dentry_is_below_locked(p.dentry, top->dentry);
}

bool path_is_below(const struct path_ref *p, const struct path_ref *top)
{
	bool below;

	spin_lock(&dcache_lock);
	below = is_below_locked(*p, top);
	spin_unlock(&dcache_lock);
	return below;
}

static int step_up(struct walk *w) must_hold(dcache_lock)
{
	const struct vfsmount *from = w->cur.mnt;
	struct path_ref *c = &w->cur;

	if ((w->flags & LOOKUP_BENEATH) && same_place(c, &w->root))
		return -EXDEV;
	for (;;) {
		if (same_place(c, &w->root))
			break;
		if (c->dentry != c->mnt->root) {
			c->dentry = c->dentry->parent;
			break;
		}
		if (!c->mnt->parent)
			break;
		c->dentry = c->mnt->mountpoint;
		c->mnt = c->mnt->parent;
	}
	step_mounts(c);
	if ((w->flags & LOOKUP_NO_XDEV) && c->mnt != from)
		return -EXDEV;
	return (w->flags & LOOKUP_SCOPED) && !is_below_locked(*c, &w->root)
		       ? -EAGAIN
		       : 0; /* it was moved away */
}

int dir_lookup(struct dentry *dir, const struct qstr *name, struct dentry **out)
{
	struct inode *parent = dir->inode, *inode = NULL;
	struct dentry *d;
	int err;

	*out = NULL;
	if (parent->nlink == 0)
		return -ENOENT;
	*out = dentry_lookup_cached(dir, name);
	if (*out)
		return 0;
	d = dentry_alloc(dir, dir->sb, name);
	if (!d)
		return -ENOMEM;
	*out = d;
	if (!parent->ops->lookup)
		return 0;
	err = parent->ops->lookup(parent, name, &inode);
	if (err && (err != -ENOENT || dir->sb->no_negative)) {
		dput(d);
		*out = NULL;
		return err;
	}
	if (inode && inode->uncached)
		d->inode = inode; /* nobody else can find it */
	else if (!inode && dir->sb->no_keep)
		; /* it is hashed if it is made */
	else
		*out = dentry_add(d, inode);
	return 0;
}

/* Ask the file system for a name that is not cached. On 0 *next is a child of w->cur, kept alive by w->child. */
static int lookup_slow(struct walk *w, const struct qstr *name, struct dentry **next)
	must_hold(dcache_lock)
{
	struct dentry *dir = w->cur.dentry, *d = NULL;
	int err;

	if (w->flags & LOOKUP_CACHED)
		return -EAGAIN;
	walk_unlock(w);
	mutex_lock(&dir->inode->lock);
	err = dir_lookup(dir, name, &d);
	mutex_unlock(&dir->inode->lock);
	if (!err)
		w->child = d;
	walk_lock(w);
	*next = d;
	return err;
}

/* ---- symlinks ---- */

/* A text node with the text of @link. 0, or -errno. */
static int read_link(struct inode *link, struct walk_text **out)
{
	size_t cap =
		mapping_size(&link->mapping) ? (size_t)mapping_size(&link->mapping) : SHORT_LINK;
	struct walk_text *t;
	int len;

	if (!link->ops->readlink)
		return -EINVAL;
	t = failpoint("walk_text") ? NULL : kmalloc(sizeof(*t) + cap + 1, GFP_KERNEL);
	if (!t)
		return -ENOMEM;
	len = link->ops->readlink(link, t->text, cap);
	if (len <= 0) {
		kfree(t);
		return len ? len : -ENOENT;
	}
	inode_accessed(link, true);
	t->text[len] = '\0';
	*out = t;
	return 0;
}

static void push_text(struct walk *w, struct walk_text *t)
{
	struct walk_text *top = w->texts;

	t->saved_rest = w->rest;
	if (top && !*w->rest) { /* a tail: the text above ours has nothing left */
		t->saved_rest = top->saved_rest;
		w->texts = top->prev;
		kfree(top);
	}
	t->prev = w->texts;
	w->texts = t;
	w->rest = t->text;
}

/* Through a link of /proc, which stands for an object and has no text. */
static int follow_magic(struct walk *w, struct inode *link)
{
	struct path_ref p;
	int err;

	if (w->flags & LOOKUP_NO_MAGICLINKS)
		return -ELOOP;
	err = link->ops->follow(link, &p);
	if (err)
		return err;
	if ((w->flags & LOOKUP_SCOPED) || ((w->flags & LOOKUP_NO_XDEV) && p.mnt != w->pin.mnt)) {
		path_put(&p);
		return -EXDEV;
	}
	walk_jump(w, &p);
	return 0;
}

/* Go through the symlink @link, whose directory is pinned; no lock held. */
static int follow_link(struct walk *w, struct inode *link)
{
	struct walk_text *t;
	int err;

	if ((w->flags & LOOKUP_NO_SYMLINKS) || (w->pin.mnt->flags & MS_NOSYMFOLLOW) ||
	    ++w->nr_links > VFS_SYMLOOP_MAX)
		return -ELOOP;
	if (link->ops->follow)
		return follow_magic(w, link);
	err = read_link(link, &t);
	if (err)
		return err;
	push_text(w, t);
	if (t->text[0] != '/')
		return 0;
	if ((w->flags & LOOKUP_BENEATH) ||
	    ((w->flags & LOOKUP_NO_XDEV) && w->pin.mnt != w->root.mnt))
		return -EXDEV;
	path_get(&w->root);
	walk_jump(w, &w->root);
	return 0;
}

static int follow_locked(struct walk *w, struct dentry *link) must_hold(dcache_lock)
{
	int err;

	dget(link);
	walk_unlock(w);
	err = follow_link(w, link->inode);
	dput(link);
	walk_lock(w);
	return err;
}

/* ---- the loop ---- */

/* Cut the next component off w->rest. Return: false at the end of everything. */
static bool next_component(struct walk *w, struct qstr *name, bool *is_last)
{
	const char *p = w->rest;
	uint32_t h = HASH_SEED;

	for (;;) {
		while (*p == '/')
			p++;
		if (*p)
			break;
		if (!w->texts)
			return false;
		struct walk_text *t = w->texts;

		p = t->saved_rest;
		w->texts = t->prev;
		kfree(t);
	}
	for (name->name = p; *p && *p != '/'; p++)
		h = hash_step(h, (unsigned char)*p);
	name->len = (unsigned)(p - name->name);
	name->hash = h;
	*is_last = false;
	if (*p == '/') {
		while (*p == '/')
			p++;
		if (!*p && !more_to_come(w))
			w->must_dir = *is_last = true;
	} else if (!more_to_come(w)) {
		*is_last = true;
	}
	w->rest = p;
	return true;
}

static uint8_t last_type_of(const struct qstr *n)
{
	if (n->name[0] != '.' || n->len > 2)
		return LAST_NORM;
	if (n->len == 1)
		return LAST_DOT;
	return n->name[1] == '.' ? LAST_DOTDOT : LAST_NORM;
}

/* Step from w->cur to its child @name. */
static int step_down(struct walk *w, const struct qstr *name, bool is_last) must_hold(dcache_lock)
{
	struct path_ref next = w->cur;
	struct dentry *dir = w->cur.dentry;

	next.dentry = dcache_find(dir, name);
	if (unlikely(!next.dentry)) {
		int err;

		if (!dir->inode->ops->lookup)
			return -ENOENT;
		err = lookup_slow(w, name, &next.dentry);
		if (err)
			return err;
	}
	if (!next.dentry->inode)
		return -ENOENT;
	step_mounts(&next);
	if (unlikely(next.mnt != w->cur.mnt) && (w->flags & LOOKUP_NO_XDEV))
		return -EXDEV;
	if (unlikely(S_ISLNK(next.dentry->inode->mode)) &&
	    (!is_last || w->must_dir || (w->flags & LOOKUP_FOLLOW)))
		return follow_locked(w, next.dentry);
	w->cur = next;
	return 0;
}

/* Return: 0 to go on, WALK_DONE, -errno. */
static int walk_step(struct walk *w) must_hold(dcache_lock)
{
	struct qstr name;
	bool is_last;
	int err;

	if (!next_component(w, &name, &is_last))
		return WALK_DONE;
	err = may_search(w);
	if (err)
		return err;
	if (unlikely(name.len > VFS_NAME_MAX))
		return -ENAMETOOLONG;
	w->last_type = last_type_of(&name);
	if (is_last && (w->flags & WALK_PARENT)) {
		w->last = name;
		return WALK_DONE;
	}
	if (likely(w->last_type == LAST_NORM))
		return step_down(w, &name, is_last);
	return w->last_type == LAST_DOTDOT ? step_up(w) : 0;
}

/*
 * The common run of plain cached directories and the file at their end, kept in registers; what is unusual (dots, symlinks,
 * mounts, missing names, rights to think about, the last name in parent mode) is left to walk_step, which starts over
 * with that component.
 */
static void walk_fast(struct walk *w) must_hold(dcache_lock)
{
	const char *p = w->rest, *s;
	struct dentry *d = w->cur.dentry;

	for (;;) {
		const struct inode *dir = d->inode;
		struct dentry *next;
		struct qstr name;
		uint32_t h = HASH_SEED;

		while (*p == '/')
			p++;
		if (*p == '.' || !*p || (dir->mode & (S_IFMT | 0111)) != (S_IFDIR | 0111) ||
		    dir->ops->permission || dir->acl[ACL_ACCESS])
			break;
		for (s = p; *s && *s != '/'; s++)
			h = hash_step(h, (unsigned char)*s);
		name.name = p;
		name.len = (unsigned)(s - p);
		name.hash = h;
		while (*s == '/')
			s++;
		if (unlikely(name.len > VFS_NAME_MAX) || (!*s && (w->flags & WALK_PARENT)))
			break;
		next = dcache_find(d, &name);
		if (!next || !next->inode || next->mounted || S_ISLNK(next->inode->mode))
			break;
		if (!*s && s[-1] == '/')
			w->must_dir = true;
		d = next;
		p = s;
	}
	w->rest = p;
	w->cur.dentry = d;
}

static int walk_run(struct walk *w) releases(dcache_lock)
{
	struct path_ref old;
	struct dentry *child;
	int err;

	do {
		if (likely(!w->texts))
			walk_fast(w);
		err = walk_step(w);
	} while (err == 0);
	if (err == WALK_DONE)
		err = 0;
	if (!err && !(w->flags & WALK_PARENT) && (w->must_dir || (w->flags & LOOKUP_DIRECTORY)) &&
	    !S_ISDIR(w->cur.dentry->inode->mode))
		err = -ENOTDIR;
	if (!err && unlikely(w->flags & LOOKUP_SCOPED) && !is_below_locked(w->cur, &w->root))
		err = -EXDEV;
	old = w->pin;
	child = w->child;
	w->child = NULL;
	if (!err) {
		path_get(&w->cur);
		w->pin = w->cur;
	} else {
		w->pin.dentry = NULL;
		w->pin.mnt = NULL;
	}
	if ((w->flags & WALK_PARENT) && !w->root_pinned) { /* walk_through may need it */
		path_get(&w->root);
		w->root_pinned = true;
	}
	spin_unlock(&dcache_lock);
	if (unlikely(old.dentry)) {
		dput(child);
		path_put(&old);
	}
	return err;
}

/* Where the walk starts; dcache_lock is taken on success. */
static int walk_start(struct walk *w, int dirfd, const char *name)
{
	struct fs_struct *fs = current_task()->fs;

	if (name[0] == '/' && (w->flags & LOOKUP_BENEATH))
		return -EXDEV;
	if ((name[0] != '/' || (w->flags & LOOKUP_IN_ROOT)) && dirfd != AT_FDCWD) {
		w->start_file = fd_file(dirfd);
		if (!w->start_file)
			return -EBADF;
		if (name[0] && !S_ISDIR(w->start_file->inode->mode))
			return -ENOTDIR;
	}
	return fs || root_mount ? 0 : -ENOENT;
}

static void walk_place(struct walk *w, const char *name) must_hold(dcache_lock)
{
	struct fs_struct *fs = current_task()->fs;

	if (likely(fs)) {
		w->root = fs->root;
		w->cur = fs->pwd;
	} else { /* kernel threads: the whole tree */
		w->root = (struct path_ref){ root_mount, root_mount->root };
		w->cur = w->root;
	}
	if (w->start_file)
		w->cur = w->start_file->path;
	else if (name[0] == '/' && !(w->flags & LOOKUP_IN_ROOT))
		w->cur = w->root;
	if (unlikely(w->flags & LOOKUP_SCOPED))
		w->root = w->cur;
}

int walk_begin(struct walk *w, int dirfd, const char *name, unsigned flags)
{
	int err;

	w->pin.mnt = NULL;
	w->pin.dentry = NULL;
	w->child = NULL;
	w->start_file = NULL;
	w->rest = name;
	w->texts = NULL;
	w->flags = flags;
	w->nr_links = 0;
	w->last_type = LAST_ROOT;
	w->must_dir = w->root_pinned = false;
	if (!name[0] && !(flags & LOOKUP_EMPTY))
		return -ENOENT;
	err = walk_start(w, dirfd, name);
	if (err)
		return err;
	spin_lock(&dcache_lock);
	walk_place(w, name);
	return walk_run(w);
}

int walk_through(struct walk *w, struct dentry *link)
{
	int err;

	w->last_type = LAST_ROOT;
	err = follow_link(w, link->inode);
	if (err)
		return err;
	walk_lock(w);
	return walk_run(w);
}

void walk_end(struct walk *w)
{
	while (w->texts) {
		struct walk_text *t = w->texts;

		w->texts = t->prev;
		kfree(t);
	}
	if (w->pin.dentry)
		path_put(&w->pin);
	if (w->root_pinned)
		path_put(&w->root);
	if (w->start_file)
		fput(w->start_file);
}

int path_lookup(int dirfd, const char *name, unsigned flags, struct path_ref *out)
{
	struct walk w;
	int err = walk_begin(&w, dirfd, name, flags);

	if (!err) {
		*out = w.pin;
		w.pin.dentry = NULL;
	}
	walk_end(&w);
	return err;
}

int user_path(int dirfd, uaddr_t uname, unsigned flags, struct path_ref *out)
{
	char small[SMALL_NAME], *big;
	long n = strncpy_from_user(small, uname, sizeof(small));
	int err;

	if (n < 0)
		return (int)n;
	if (likely(n < (long)sizeof(small)))
		return path_lookup(dirfd, small, flags, out);
	err = name_get(uname, true, &big);
	if (err)
		return err;
	err = path_lookup(dirfd, big, flags, out);
	name_put(big);
	return err;
}
