/* Vectors of user memory as readv(2) and its relatives take them. */
#ifndef SYS_IOVEC_H
#define SYS_IOVEC_H

#include "base/compiler.h"
#include "base/types.h"
#include "fs/iovec.h"

enum { IOVEC_MAX = 1024, IOVEC_MAX_BYTES = 0x7ffff000 };

/**
 * iovec_read - copy in @nr entries at @uiov; nothing is said of where they point.
 * Return: 0 and a vector to kfree in *out; -EINVAL (too many, a length that is negative as a signed one), -EFAULT, -ENOMEM.
 */
int must_check iovec_read(uaddr_t uiov, unsigned long nr, struct iovec_k **out);
/* The same for the caller's own memory: lengths beyond IOVEC_MAX_BYTES in all are cut. Return: bytes, or -errno; *out is to
 * be freed only when that is more than 0. */
long must_check iovec_import(uaddr_t uiov, unsigned long nr, struct iovec_k **out);

#endif
