/* POSIX access control lists, acl(5): rights of single users and groups beside a file's mode. */
#ifndef FS_ACL_H
#define FS_ACL_H

#include "base/atomic.h"
#include "base/compiler.h"

#include "fs/super.h"

struct cred;

enum {
	ACL_USER_OBJ = 1,
	ACL_USER = 2,
	ACL_GROUP_OBJ = 4,
	ACL_GROUP = 8,
	ACL_MASK = 16,
	ACL_OTHER = 32,
	ACL_NO_ID = -1
};
enum acl_type { ACL_ACCESS, ACL_DEFAULT, NR_ACLS };

struct acl_entry {
	uint16_t tag, perm;
	uint32_t id; /* of ACL_USER and ACL_GROUP; others: ACL_NO_ID */
};

/* Not to be changed once it is an inode's. */
struct posix_acl {
	atomic_t refs;
	unsigned nr;
	struct acl_entry entry[];
};

struct posix_acl *must_check acl_alloc(unsigned nr); /* refs 1; NULL: no memory */
void acl_put(struct posix_acl *a);		     /* NULL legal */
/* Are the entries in acl(5)'s order, with all that has to be there? */
bool acl_valid(const struct posix_acl *a);

/**
 * acl_allows - what the access list of @inode says to the rights @mask of @c, who is not its owner.
 * Return: 1 granted, 0 refused, -1 there is no list that counts.    Locks: takes acl_lock. Any context of a task.
 */
int acl_allows(const struct inode *inode, const struct cred *c, unsigned mask);
/* Do new files in @dir get their rights from a default list, and not by the umask? dir->lock held. */
static inline bool acl_has_default(const struct inode *dir)
{
	return unlikely(READ_ONCE(dir->acl[ACL_DEFAULT]) != NULL) && dir->sb->keeps_acls;
}

/* The list as the value of an extended attribute, as xattr_get. -ENODATA, -EOPNOTSUPP, -ERANGE. */
long must_check acl_get_value(struct inode *inode, enum acl_type type, void *buf, size_t size);
/* Another list; @value NULL: none. 0, -EINVAL, -EACCES, -EPERM, -EOPNOTSUPP, -ENOMEM, -ENOSPC. Takes inode->lock. */
int must_check acl_set_value(struct inode *inode, enum acl_type type, const void *value,
			     size_t size);
/* The mode of @inode becomes @mode: so do the entries that are the mode's. inode->lock held. 0, -ENOMEM, -ENOSPC, -EIO. */
int must_check acl_chmod(struct inode *inode, uint32_t mode);
int must_check acl_inherit_default(struct inode *inode, const struct inode *dir);
/* @inode is new in @dir (locked; NULL: in none): its lists and its mode by the default list. 0, -ENOMEM, -ENOSPC, -EIO. */
static inline int must_check acl_inherit(struct inode *inode, const struct inode *dir)
{
	return dir && acl_has_default(dir) ? acl_inherit_default(inode, dir) : 0;
}
void acl_inode_gone(struct inode *inode);

#endif
