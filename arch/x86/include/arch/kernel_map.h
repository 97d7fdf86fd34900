/* Where the kernel's windows lie: the paging mode says. */
#ifndef ARCH_KERNEL_MAP_H
#define ARCH_KERNEL_MAP_H

#include "pt_kernel_map.h"

#endif
