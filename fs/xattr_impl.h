/* An extended attribute in memory, for those who keep it elsewhere as well. */
#ifndef FS_XATTR_IMPL_H
#define FS_XATTR_IMPL_H

#include "fs/xattr.h"

struct xattr {
	struct xattr *next;
	size_t name_len, size; /* name_len without the NUL */
	char name[];	       /* its NUL, then the value */
};

static inline const void *xattr_value(const struct xattr *x)
{
	return x->name + x->name_len + 1;
}

/* What @inode, which nobody else has yet, was found to have. 0, -ENOMEM. */
int must_check xattr_found(struct inode *inode, const char *name, const void *value, size_t size);

#endif
