/* Extended attributes of files, xattr(7): names with values beside a file's data. */
#ifndef FS_XATTR_H
#define FS_XATTR_H

#include "fs/path.h"

struct inode;
enum { XATTR_CREATE = 1, XATTR_REPLACE = 2 };
enum { XATTR_NAME_MAX = 255, XATTR_SIZE_MAX = 65536, XATTR_LIST_MAX = 65536 };

/**
 * xattr_set - give a file an attribute, or another value to one.
 * @flags: 0, XATTR_CREATE (-EEXIST if it is there) or XATTR_REPLACE (-ENODATA if not).
 * Return: 0, -EOPNOTSUPP (the file system keeps none of this kind), -EPERM, -EACCES, -EROFS, -EINVAL, -ENOMEM.
 * Sleeps: yes. Locks: takes inode->lock. See: setxattr(2).
 */
int must_check xattr_set(struct path_ref *p, const char *name, const void *value, size_t size,
			 unsigned flags);
int must_check xattr_remove(struct path_ref *p, const char *name); /* also -ENODATA */
/* The value into @buf of @size bytes; @size 0: only its length. Length, -ENODATA, -ERANGE, and as above. */
long must_check xattr_get(struct path_ref *p, const char *name, void *buf, size_t size);
/* The names that the caller may see, each with its NUL; @size as in xattr_get. Length or -ERANGE. */
long must_check xattr_list(struct path_ref *p, char *buf, size_t size);
void xattr_inode_gone(struct inode *inode); /* the last reference is gone: frees them */

#endif
