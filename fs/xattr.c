/*
 * Extended attributes, kept in memory with the inode.
 *
 * OWNS     inode->xattrs: a list of names with values, the newest first, as Linux 6.1 lists them.
 * WHY      what tmpfs of Linux 6.1 keeps: trusted.* and security.*. user.* has no limit there, so it has none of them: it
 *          would be kernel memory for everybody. Few files have any, so a list does.
 * I1       no name is twice on a list.
 * LOCKS    inode->lock guards list and values. Memory comes and goes outside it.
 * CONTEXT  a task; may sleep.
 * FAILS    -ENOMEM leaves what was there.
 * NOT HERE attributes on disks (no file system here stores any: -EOPNOTSUPP); POSIX ACLs and file capabilities, which would
 *          have to count when a file is opened or executed (-EOPNOTSUPP, as a Linux that was built without them).
 * SOURCES  xattr(7), setxattr(2), getxattr(2), listxattr(2), removexattr(2).   TESTED BY  tests/guest/file_xattr.c
 */
#include "fs/xattr.h"

#include "base/errno.h"
#include "fs/notify.h"
#include "fs/super.h"
#include "kernel/cred.h"
#include "lib/string.h"
#include "mm/vmalloc.h"
#include "sync/failpoint.h"
#include "vfs_impl.h"

struct xattr {
	struct xattr *next;
	size_t name_len, size; /* name_len without the NUL */
	char name[];	       /* its NUL, then the value */
};

static bool has_prefix(const char *name, const char *prefix)
{
	return !strncmp(name, prefix, strlen(prefix));
}

/* May the caller do this to the attribute? -ENODATA: as if it were not there. */
static int may_access(struct inode *inode, const char *name, unsigned mask)
{
	bool write = mask & MAY_WRITE;

	if (has_prefix(name, "security.") || has_prefix(name, "system."))
		return 0;
	if (has_prefix(name, "trusted."))
		return capable(CAP_SYS_ADMIN) ? 0 : write ? -EPERM : -ENODATA;
	if (has_prefix(name, "user.")) {
		if (!S_ISREG(inode->mode) && !S_ISDIR(inode->mode))
			return write ? -EPERM : -ENODATA;
		if (write && S_ISDIR(inode->mode) && (inode->mode & S_ISVTX) &&
		    !inode_owner_ok(inode))
			return -EPERM;
	}
	return inode_permission(inode, mask);
}

/* Does the file system keep attributes of this name? */
static int is_kept(const struct inode *inode, const char *name)
{
	const char *rest = has_prefix(name, "trusted.")	   ? name + 8
			   : has_prefix(name, "security.") ? name + 9
							   : NULL;

	if (!inode->sb->keeps_xattrs || !rest || !strcmp(name, "security.capability"))
		return -EOPNOTSUPP;
	return *rest ? 0 : -EINVAL;
}

/* All that stands before a change of @name. */
static int may_change(struct path_ref *p, const char *name)
{
	struct inode *inode = p->dentry->inode;
	int err = path_want_write(p);

	if (!err)
		err = may_access(inode, name, MAY_WRITE);
	if (!err && has_prefix(name, "security.") && !capable(CAP_SYS_ADMIN))
		err = -EPERM;
	return err ? err : is_kept(inode, name);
}

/* Where the attribute hangs, or the end of the list. */
static struct xattr **slot_of(struct inode *inode, const char *name)
{
	struct xattr **slot = &inode->xattrs;

	while (*slot && strcmp((*slot)->name, name) != 0)
		slot = &(*slot)->next;
	return slot;
}

static struct xattr *make(const char *name, const void *value, size_t size)
{
	size_t len = strlen(name);
	struct xattr *x = failpoint("xattr") ? NULL : kvzalloc(sizeof(*x) + len + 1 + size);

	if (!x)
		return NULL;
	x->name_len = len;
	x->size = size;
	memcpy(x->name, name, len + 1);
	if (size)
		memcpy(x->name + len + 1, value, size);
	return x;
}

/* Put @fresh in the place of @name's attribute, NULL: remove that. *old: what was there. */
static int replace(struct inode *inode, const char *name, struct xattr *fresh, unsigned flags,
		   struct xattr **old)
{
	struct xattr **slot;
	int err = 0;

	mutex_lock(&inode->lock);
	slot = slot_of(inode, name);
	*old = *slot;
	if (*old && (flags & XATTR_CREATE)) {
		err = -EEXIST;
	} else if (!*old && (flags & XATTR_REPLACE)) {
		err = -ENODATA;
	} else if (fresh && *old) {
		fresh->next = (*old)->next;
		*slot = fresh;
	} else if (fresh) {
		fresh->next = inode->xattrs;
		inode->xattrs = fresh;
	} else {
		*slot = (*old)->next;
	}
	mutex_unlock(&inode->lock);
	return err;
}

int xattr_set(struct path_ref *p, const char *name, const void *value, size_t size, unsigned flags)
{
	struct inode *inode = p->dentry->inode;
	struct xattr *fresh, *old = NULL;
	int err = may_change(p, name);

	if (err)
		return err;
	fresh = make(name, value, size);
	if (!fresh)
		return -ENOMEM;
	err = replace(inode, name, fresh, flags, &old);
	kvfree(err ? fresh : old);
	if (!err)
		notify_dentry(p->dentry, IN_ATTRIB);
	return err;
}

int xattr_remove(struct path_ref *p, const char *name)
{
	struct xattr *old = NULL;
	int err = may_change(p, name);

	if (!err)
		err = replace(p->dentry->inode, name, NULL, XATTR_REPLACE, &old);
	if (err)
		return err;
	kvfree(old);
	notify_dentry(p->dentry, IN_ATTRIB);
	return 0;
}

long xattr_get(struct path_ref *p, const char *name, void *buf, size_t size)
{
	struct inode *inode = p->dentry->inode;
	long ret = may_access(inode, name, MAY_READ);
	const struct xattr *x;

	if (!ret)
		ret = is_kept(inode, name);
	if (ret)
		return ret;
	mutex_lock(&inode->lock);
	x = *slot_of(inode, name);
	if (!x)
		ret = -ENODATA;
	else if (size && size < x->size)
		ret = -ERANGE;
	else
		ret = (long)x->size;
	if (ret > 0 && size)
		memcpy(buf, x->name + x->name_len + 1, x->size);
	mutex_unlock(&inode->lock);
	return ret;
}

long xattr_list(struct path_ref *p, char *buf, size_t size)
{
	struct inode *inode = p->dentry->inode;
	bool trusted = capable(CAP_SYS_ADMIN);
	size_t len = 0;

	mutex_lock(&inode->lock);
	for (const struct xattr *x = inode->xattrs; x; x = x->next) {
		if (!trusted && has_prefix(x->name, "trusted."))
			continue;
		if (size && len + x->name_len + 1 <= size)
			memcpy(buf + len, x->name, x->name_len + 1);
		len += x->name_len + 1;
	}
	mutex_unlock(&inode->lock);
	return size && len > size ? -ERANGE : (long)len;
}

void xattr_inode_gone(struct inode *inode)
{
	struct xattr *x;

	while ((x = inode->xattrs)) {
		inode->xattrs = x->next;
		kvfree(x);
	}
}
