/* What uname(2) says. */
#ifndef _LINUX_UTSNAME_H
#define _LINUX_UTSNAME_H

#include <linux/sched.h>

#define uts_view new_utsname
#include "module/uts_view.h"

#define __NEW_UTS_LEN 64

/* There is one namespace. */
struct uts_namespace {
	struct new_utsname name;
};
#define init_uts_ns    (*(struct uts_namespace *)module_utsname())
#define utsname()      module_utsname()
#define init_utsname() module_utsname()

#include "base/version.h"
#define UTS_RELEASE KERNEL_RELEASE
#define UTS_VERSION KERNEL_BUILD
#define UTS_SYSNAME "Linux"

#endif
