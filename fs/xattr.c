/*
 * Extended attributes, kept in memory with the inode; where a file system stores them, there as well.
 *
 * OWNS     inode->xattrs: a list of names with values. In memory only: the newest first, as Linux 6.1's tmpfs lists them.
 *          Stored ones: in the order that ext2 has on the disk (prefix, length, bytes).
 * WHY      tmpfs keeps what it keeps on Linux 6.1: trusted.* and security.*. user.* has no limit there, so it has none of
 *          them: it would be kernel memory for everybody. ext2 has a block for a file's attributes, and so user.*, too. Few
 *          files have any, so a list does, and a file system that stores them reads them with the inode.
 * I1       no name is twice on a list.
 * I2       a change that cannot be stored (super_ops.store_attrs) is taken back: nobody has seen it.
 * LOCKS    inode->lock guards list and values. Memory comes and goes outside it.
 * CONTEXT  a task; may sleep.
 * FAILS    -ENOMEM, -ENOSPC, -EIO leave what was there.
 * NOT HERE POSIX ACLs, which are attributes for who asks, but have their own form (acl.c); file capabilities, which would
 *          have to count when a file is executed (-EOPNOTSUPP, as a Linux that was built without them).
 * SOURCES  xattr(7), setxattr(2), getxattr(2), listxattr(2), removexattr(2).   TESTED BY  tests/guest/file_xattr.c, disk_ext2.c
 */
#include "xattr_impl.h"

#include "base/errno.h"
#include "fs/acl.h"
#include "fs/notify.h"
#include "fs/super.h"
#include "kernel/cred.h"
#include "lib/string.h"
#include "mm/vmalloc.h"
#include "sync/failpoint.h"
#include "vfs_impl.h"

static const char *const ACL_NAMES[NR_ACLS] = { "system.posix_acl_access",
						"system.posix_acl_default" };

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
	bool user = has_prefix(name, "user.") && inode->sb->keeps_user_xattrs;
	const char *rest = has_prefix(name, "trusted.")	   ? name + 8
			   : has_prefix(name, "security.") ? name + 9
			   : user			   ? name + 5
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

	if (!err && is_fixed(inode))
		err = -EPERM;
	if (!err)
		err = may_access(inode, name, MAY_WRITE);
	if (!err && has_prefix(name, "security.") && !capable(CAP_SYS_ADMIN))
		err = -EPERM;
	return err ? err : is_kept(inode, name);
}

/* Is the attribute a list of acl.c? *type: which. */
static bool is_acl(const char *name, enum acl_type *type)
{
	*type = !strcmp(name, ACL_NAMES[ACL_DEFAULT]) ? ACL_DEFAULT : ACL_ACCESS;
	return !strcmp(name, ACL_NAMES[*type]);
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

/* ext2's number of a prefix; what it has and we do not know is not told. */
static unsigned prefix_of(const char *name)
{
	return has_prefix(name, "user.")       ? 1
	       : has_prefix(name, "trusted.")  ? 4
	       : has_prefix(name, "security.") ? 6
					       : (unsigned char)*name;
}

/* Does @a come before @b on the disk? */
static bool comes_before(const struct xattr *a, const struct xattr *b)
{
	unsigned pa = prefix_of(a->name), pb = prefix_of(b->name);

	if (pa != pb)
		return pa < pb;
	if (a->name_len != b->name_len)
		return a->name_len < b->name_len;
	return memcmp(a->name, b->name, a->name_len) < 0;
}

/* Where a new one hangs itself. */
static struct xattr **place_of(struct inode *inode, const struct xattr *fresh)
{
	struct xattr **slot = &inode->xattrs;

	while (inode->sb->ops->store_attrs && *slot && comes_before(*slot, fresh))
		slot = &(*slot)->next;
	return slot;
}

/* Put @fresh in the place of @name's attribute, NULL: remove that. *old: what was there. */
static int exchange(struct inode *inode, const char *name, struct xattr *fresh, unsigned flags,
		    struct xattr **old)
{
	const struct super_ops *ops = inode->sb->ops;
	struct xattr **slot = slot_of(inode, name);
	int err;

	*old = *slot;
	if (*old && (flags & XATTR_CREATE))
		return -EEXIST;
	if (!*old && (flags & XATTR_REPLACE))
		return -ENODATA;
	if (fresh && !*old)
		slot = place_of(inode, fresh);
	if (fresh)
		fresh->next = *old ? (*old)->next : *slot;
	*slot = fresh ? fresh : (*old)->next;
	err = ops->store_attrs ? ops->store_attrs(inode, inode->acl) : 0;
	if (err)
		*slot = *old ? *old : fresh->next;
	else if (ops->store_attrs)
		inode_touch(inode, TOUCH_C);
	return err;
}

static int replace(struct inode *inode, const char *name, struct xattr *fresh, unsigned flags,
		   struct xattr **old)
{
	int err;

	mutex_lock(&inode->lock);
	err = exchange(inode, name, fresh, flags, old);
	mutex_unlock(&inode->lock);
	return err;
}

int xattr_found(struct inode *inode, const char *name, const void *value, size_t size)
{
	struct xattr *fresh = make(name, value, size), **slot;

	if (!fresh)
		return -ENOMEM;
	slot = place_of(inode, fresh);
	fresh->next = *slot;
	*slot = fresh;
	return 0;
}

static int set_acl(struct path_ref *p, enum acl_type type, const void *value, size_t size)
{
	int err = path_want_write(p);

	if (!err && !p->dentry->inode->sb->keeps_acls)
		err = -EOPNOTSUPP;
	if (!err)
		err = acl_set_value(p->dentry->inode, type, value, size);
	if (!err)
		notify_dentry(p->dentry, IN_ATTRIB);
	return err;
}

int xattr_set(struct path_ref *p, const char *name, const void *value, size_t size, unsigned flags)
{
	struct inode *inode = p->dentry->inode;
	struct xattr *fresh, *old = NULL;
	enum acl_type type;
	int err;

	if (is_acl(name, &type))
		return set_acl(p, type, size ? value : "", size);
	err = may_change(p, name);
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
	enum acl_type type;
	int err;

	if (is_acl(name, &type))
		return set_acl(p, type, NULL, 0);
	err = may_change(p, name);
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
	const struct xattr *x;
	enum acl_type type;
	long ret;

	if (is_acl(name, &type))
		return acl_get_value(inode, type, buf, size);
	ret = may_access(inode, name, MAY_READ);
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
		memcpy(buf, xattr_value(x), x->size);
	mutex_unlock(&inode->lock);
	return ret;
}

struct names {
	char *buf;
	size_t size, len;
};

static void add_name(struct names *n, const char *name, size_t name_len)
{
	if (n->size && n->len + name_len + 1 <= n->size)
		memcpy(n->buf + n->len, name, name_len + 1);
	n->len += name_len + 1;
}

/* Those whose prefix is user., or the others that the caller may know of. */
static void add_names(struct names *n, const struct inode *inode, bool user)
{
	bool trusted = capable(CAP_SYS_ADMIN);

	for (const struct xattr *x = inode->xattrs; x; x = x->next) {
		bool shown = prefix_of(x->name) == 1   ? inode->sb->keeps_user_xattrs
			     : prefix_of(x->name) == 4 ? trusted
						       : prefix_of(x->name) == 6;

		if (shown && user == (prefix_of(x->name) == 1))
			add_name(n, x->name, x->name_len);
	}
}

long xattr_list(struct path_ref *p, char *buf, size_t size)
{
	struct inode *inode = p->dentry->inode;
	struct names n = { buf, size, 0 };

	mutex_lock(&inode->lock);
	add_names(&n, inode, true);
	for (int i = 0; i < NR_ACLS; i++) {
		if (inode->acl[i] && inode->sb->keeps_acls)
			add_name(&n, ACL_NAMES[i], strlen(ACL_NAMES[i]));
	}
	add_names(&n, inode, false);
	mutex_unlock(&inode->lock);
	return size && n.len > size ? -ERANGE : (long)n.len;
}

void xattr_inode_gone(struct inode *inode)
{
	struct xattr *x;

	while ((x = inode->xattrs)) {
		inode->xattrs = x->next;
		kvfree(x);
	}
}
