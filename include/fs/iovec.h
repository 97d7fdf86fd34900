/* One piece of user memory, as readv(2) and its relatives name them. */
#ifndef FS_IOVEC_H
#define FS_IOVEC_H

#include "base/types.h"

struct iovec_k {
	uaddr_t base;
	size_t len;
};

#endif
