/* What the paging modes ask of the machine they run on. */
#ifndef ARCH_PT_HOOKS_H
#define ARCH_PT_HOOKS_H

#include "base/types.h"

/* Bit 63 once the CPU has EFER.NXE set, else 0: a CPU without it takes the bit for a reserved one. */
extern uint64_t pt_nx_mask;

/* Between the halves of an 8-byte entry written by a 32-bit CPU: another CPU may look now. */
static inline void pt_tear_point(void)
{
}

#endif
