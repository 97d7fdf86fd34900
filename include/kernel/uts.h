/* Host and domain name, for uname(2) and /proc/sys/kernel. */
#ifndef KERNEL_UTS_H
#define KERNEL_UTS_H

#include "base/compiler.h"
#include "base/types.h"

enum uts_name { UTS_HOSTNAME, UTS_DOMAINNAME };
enum { UTS_LEN = 65 };
void uts_get(enum uts_name which, char buf[UTS_LEN]);
int must_check uts_set(enum uts_name which, const char *name,
		       size_t len); /* 0, -EINVAL over 64 bytes */

#endif
