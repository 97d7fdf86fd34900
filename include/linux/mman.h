/* Kinds of mappings: mmap(2). */
#ifndef _LINUX_MMAN_H
#define _LINUX_MMAN_H

#include <linux/mm.h>

#include "uapi/mman.h"

#endif
