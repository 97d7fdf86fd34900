/* The machine is told when frames turn free or used; real machines do not care. */
#ifndef ARCH_FRAME_HOOK_H
#define ARCH_FRAME_HOOK_H

#include "base/types.h"

static inline void arch_frames_freed(pfn_t first, unsigned order)
{
	(void)first;
	(void)order;
}

static inline void arch_frames_allocated(pfn_t first, unsigned order)
{
	(void)first;
	(void)order;
}

#endif
