/* What the paging modes ask of the machine they run on. */
#ifndef ARCH_PT_HOOKS_H
#define ARCH_PT_HOOKS_H

#include "base/types.h"

/* Bit 63, or 0 to simulate a CPU without NX. */
extern uint64_t pt_nx_mask;

/* Between the halves of an 8-byte entry written by a 32-bit CPU: another virtual CPU may look now. */
void pt_tear_point(void);

#endif
