/*
 * POSIX access control lists: rights of single users and groups beside a file's mode.
 *
 * OWNS     inode->acl[]: the access list, and what a directory gives to new files, the default list.
 * WHY      a list that says no more than the mode is not kept: few files have one, and all others pay for a test of a
 *          pointer. Lists are never changed, a change puts another one in the place.
 * I1       the entries for owner, mask (without one: group) and others are the mode's bits: chmod changes them, and a new
 *          access list changes the mode.
 * I2       what counts is stored: the file system (super_ops.store_attrs) comes first, and may refuse.
 * LOCKS    inode->lock to change a list; acl_lock, a leaf, to change the pointer and to look at it without inode->lock: a
 *          walk asks under dcache_lock.
 * CONTEXT  a task; acl_allows does not sleep.
 * FAILS    -ENOMEM, -ENOSPC, -EIO leave what was there.
 * SOURCES  acl(5), xattr(7), setfacl(1), umask(2).   TESTED BY  tests/guest/file_acl.c
 */
#include "fs/acl.h"

#include "base/errno.h"
#include "fs/super.h"
#include "kernel/task.h"
#include "lib/string.h"
#include "mm/vmalloc.h"
#include "sync/failpoint.h"
#include "vfs_impl.h"

static struct spinlock acl_lock = SPINLOCK_INIT(RANK_OBJECT);

/* As the value of an attribute: a version, then the entries. */
enum { XATTR_VERSION = 2 };
struct acl_value {
	uint32_t version;
	struct acl_entry entry[];
};

enum { NAMED = ACL_USER | ACL_GROUP, NEEDED = ACL_USER_OBJ | ACL_GROUP_OBJ | ACL_OTHER };

/* ---- lists ---- */

struct posix_acl *acl_alloc(unsigned nr)
{
	struct posix_acl *a =
		failpoint("acl") ? NULL : kvzalloc(sizeof(*a) + nr * sizeof(a->entry[0]));

	if (!a)
		return NULL;
	atomic_set(&a->refs, 1);
	a->nr = nr;
	return a;
}

static struct posix_acl *acl_dup(const struct posix_acl *from)
{
	struct posix_acl *a = acl_alloc(from->nr);

	if (a)
		memcpy(a->entry, from->entry, a->nr * sizeof(a->entry[0]));
	return a;
}

void acl_put(struct posix_acl *a)
{
	if (a && atomic_dec_and_test(&a->refs))
		kvfree(a);
}

static bool tag_known(unsigned tag)
{
	return tag && tag <= ACL_OTHER && !(tag & (tag - 1));
}

bool acl_valid(const struct posix_acl *a)
{
	unsigned seen = 0, last = 0;

	for (unsigned i = 0; i < a->nr; i++) {
		const struct acl_entry *e = &a->entry[i];

		if (!tag_known(e->tag) || e->perm > 7)
			return false;
		if (e->tag < last || (e->tag == last && !(e->tag & NAMED)))
			return false;
		if ((e->tag & NAMED) && e->id == (uint32_t)ACL_NO_ID)
			return false;
		last = e->tag;
		seen |= last;
	}
	return (seen & NEEDED) == NEEDED && (!(seen & NAMED) || (seen & ACL_MASK));
}

/* The entry of that tag, one of those that are there once; NULL: none. */
static struct acl_entry *entry_of(struct posix_acl *a, unsigned tag)
{
	for (unsigned i = 0; i < a->nr; i++) {
		if (a->entry[i].tag == tag)
			return &a->entry[i];
	}
	return NULL;
}

/* The entry behind the mode's bits at @shift. */
static struct acl_entry *class_of(struct posix_acl *a, unsigned shift)
{
	struct acl_entry *mask = entry_of(a, ACL_MASK);

	if (shift == 3 && mask)
		return mask;
	return entry_of(a, shift == 6 ? ACL_USER_OBJ : shift == 3 ? ACL_GROUP_OBJ : ACL_OTHER);
}

static uint32_t mode_of(struct posix_acl *a)
{
	return (uint32_t)class_of(a, 6)->perm << 6 | (uint32_t)class_of(a, 3)->perm << 3 |
	       class_of(a, 0)->perm;
}

/* Does it say what no mode can? */
static bool says_more(const struct posix_acl *a)
{
	return a->nr > 3;
}

/* ---- asking ---- */

static bool counts(const struct inode *inode)
{
	return inode->sb->keeps_acls;
}

static bool concerns(const struct acl_entry *e, const struct inode *inode, const struct cred *c)
{
	if (e->tag == ACL_GROUP_OBJ)
		return cred_in_group(c, inode->gid);
	return e->tag == ACL_GROUP && cred_in_group(c, e->id);
}

/* What the entries say, before the mask: the user's own, else the best of the groups', else the others'. */
static bool entries_allow(const struct posix_acl *a, const struct inode *inode,
			  const struct cred *c, unsigned want, unsigned mask)
{
	bool member = false;

	for (unsigned i = 0; i < a->nr; i++) {
		const struct acl_entry *e = &a->entry[i];
		unsigned perm = e->perm & mask;

		if (e->tag == ACL_USER && e->id == c->fsuid)
			return (perm & want) == want;
		if (concerns(e, inode, c)) {
			member = true;
			if ((e->perm & want) == want)
				return (perm & want) == want;
		}
		if (e->tag == ACL_OTHER && !member)
			return (e->perm & want) == want;
	}
	return false;
}

int acl_allows(const struct inode *inode, const struct cred *c, unsigned mask)
{
	struct posix_acl *a;
	struct acl_entry *limit;
	int ret = -1;

	spin_lock(&acl_lock);
	a = inode->acl[ACL_ACCESS];
	if (a && counts(inode)) {
		limit = entry_of(a, ACL_MASK);
		ret = entries_allow(a, inode, c, mask, limit ? limit->perm : 7);
	}
	spin_unlock(&acl_lock);
	return ret;
}

/* ---- changing ---- */

/* @acl, references that become the inode's, are stored and count from now on. inode->lock held, or nobody has it yet. */
static int install(struct inode *inode, struct posix_acl *acl[NR_ACLS])
{
	const struct super_ops *ops = inode->sb->ops;
	struct posix_acl *old;
	int err = ops->store_attrs ? ops->store_attrs(inode, acl) : 0;

	for (int i = 0; i < NR_ACLS && !err; i++) {
		spin_lock(&acl_lock);
		old = inode->acl[i];
		inode->acl[i] = acl[i];
		spin_unlock(&acl_lock);
		if (old != acl[i])
			acl_put(old);
	}
	return err;
}

/* The same, where one of the lists changes. */
static int install_one(struct inode *inode, enum acl_type type, struct posix_acl *a)
{
	struct posix_acl *acl[NR_ACLS] = { inode->acl[ACL_ACCESS], inode->acl[ACL_DEFAULT] };
	int err;

	acl[type] = a;
	err = install(inode, acl);
	if (err)
		acl_put(a);
	return err;
}

int acl_chmod(struct inode *inode, uint32_t mode)
{
	struct posix_acl *a;

	if (!inode->acl[ACL_ACCESS] || !counts(inode))
		return 0;
	a = acl_dup(inode->acl[ACL_ACCESS]);
	if (!a)
		return -ENOMEM;
	for (unsigned shift = 0; shift <= 6; shift += 3)
		class_of(a, shift)->perm = (uint16_t)(mode >> shift & 7);
	return install_one(inode, ACL_ACCESS, a);
}

int acl_inherit_default(struct inode *inode, const struct inode *dir)
{
	struct posix_acl *acl[NR_ACLS] = { NULL, NULL }, *from;
	uint32_t mode = inode->mode;
	int err;

	if (S_ISLNK(mode))
		return 0;
	from = dir->acl[ACL_DEFAULT];
	acl[ACL_ACCESS] = acl_dup(from);
	if (!acl[ACL_ACCESS])
		return -ENOMEM;
	for (unsigned shift = 0; shift <= 6; shift += 3) /* no more than was asked for */
		class_of(acl[ACL_ACCESS], shift)->perm &= (uint16_t)(mode >> shift & 7);
	inode->mode = (mode & ~(uint32_t)0777) | mode_of(acl[ACL_ACCESS]);
	if (!says_more(acl[ACL_ACCESS])) {
		acl_put(acl[ACL_ACCESS]);
		acl[ACL_ACCESS] = NULL;
	}
	if (S_ISDIR(mode)) {
		atomic_inc(&from->refs);
		acl[ACL_DEFAULT] = from;
	}
	err = acl[ACL_ACCESS] || acl[ACL_DEFAULT] ? install(inode, acl) : 0;
	if (err) {
		acl_put(acl[ACL_ACCESS]);
		acl_put(acl[ACL_DEFAULT]);
	}
	return err;
}

void acl_inode_gone(struct inode *inode)
{
	acl_put(inode->acl[ACL_ACCESS]);
	acl_put(inode->acl[ACL_DEFAULT]);
}

/* ---- as attributes ---- */

long acl_get_value(struct inode *inode, enum acl_type type, void *buf, size_t size)
{
	struct acl_value *v = buf;
	const struct posix_acl *a;
	long len = -ENODATA;

	if (!counts(inode) || S_ISLNK(inode->mode))
		return -EOPNOTSUPP;
	mutex_lock(&inode->lock);
	a = inode->acl[type];
	if (a) {
		len = (long)(sizeof(*v) + a->nr * sizeof(v->entry[0]));
		if (size && size < (size_t)len) {
			len = -ERANGE;
		} else if (size) {
			v->version = XATTR_VERSION;
			memcpy(v->entry, a->entry, a->nr * sizeof(v->entry[0]));
		}
	}
	mutex_unlock(&inode->lock);
	return len;
}

/* *out NULL: an empty list, which is none. */
static int parse(const void *value, size_t size, struct posix_acl **out)
{
	const struct acl_value *v = value;
	struct posix_acl *a;

	*out = NULL;
	if (size < sizeof(*v))
		return -EINVAL;
	if (v->version != XATTR_VERSION)
		return -EOPNOTSUPP;
	size -= sizeof(*v);
	if (size % sizeof(v->entry[0]))
		return -EINVAL;
	if (!size)
		return 0;
	a = acl_alloc((unsigned)(size / sizeof(v->entry[0])));
	if (!a)
		return -ENOMEM;
	memcpy(a->entry, v->entry, size);
	for (unsigned i = 0; i < a->nr; i++) {
		struct acl_entry *e = &a->entry[i];

		if (!tag_known(e->tag) || ((e->tag & NAMED) && e->id == (uint32_t)ACL_NO_ID)) {
			acl_put(a);
			return -EINVAL;
		}
		if (!(e->tag & NAMED))
			e->id = (uint32_t)ACL_NO_ID;
	}
	*out = a;
	return 0;
}

/* inode->lock held; @a is used up. */
static int set_access(struct inode *inode, struct posix_acl *a)
{
	uint32_t mode = inode->mode;
	int err;

	if (a) {
		mode = (mode & ~(uint32_t)0777) | mode_of(a);
		if (!cred_in_group(current_task()->cred, inode->gid) && !capable(CAP_FSETID))
			mode &= ~(uint32_t)S_ISGID;
	}
	if (a && !says_more(a)) {
		acl_put(a);
		a = NULL;
	}
	err = install_one(inode, ACL_ACCESS, a);
	if (!err)
		inode->mode = mode;
	return err;
}

static int may_set(struct inode *inode, enum acl_type type, const struct posix_acl *a)
{
	if (!counts(inode) || S_ISLNK(inode->mode))
		return -EOPNOTSUPP;
	if (type == ACL_DEFAULT && !S_ISDIR(inode->mode))
		return -EACCES;
	if (!inode_owner_ok(inode))
		return -EPERM;
	return a && !acl_valid(a) ? -EINVAL : 0;
}

int acl_set_value(struct inode *inode, enum acl_type type, const void *value, size_t size)
{
	struct posix_acl *a = NULL;
	int err = value ? parse(value, size, &a) : 0;

	if (!err && !a && type == ACL_DEFAULT && counts(inode) && !S_ISDIR(inode->mode))
		return 0; /* there is none already */
	if (err)
		return err;
	mutex_lock(&inode->lock);
	err = may_set(inode, type, a);
	if (err)
		acl_put(a);
	else
		err = type == ACL_ACCESS ? set_access(inode, a) : install_one(inode, type, a);
	if (!err)
		inode_touch(inode, TOUCH_C);
	mutex_unlock(&inode->lock);
	return err;
}
