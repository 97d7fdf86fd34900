/* Error numbers, and pointers that carry one. */
#ifndef _LINUX_ERRNO_H
#define _LINUX_ERRNO_H

#include "base/errno.h"

#define EWOULDBLOCK EAGAIN
#define ENOIOCTLCMD 515

#endif
