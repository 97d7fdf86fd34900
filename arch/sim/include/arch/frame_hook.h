/* The machine is told when frames turn free or used. */
#ifndef ARCH_FRAME_HOOK_H
#define ARCH_FRAME_HOOK_H

#include "base/types.h"

/* Last act of freeing 1 << @order frames: panics if a TLB still translates to one; from now any access is an error. */
void arch_frames_freed(pfn_t first, unsigned order);
/* First act of allocating them: they may be accessed again. */
void arch_frames_allocated(pfn_t first, unsigned order);

#endif
