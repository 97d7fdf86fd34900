/* The top-level table's size. */
#ifndef X86_TOP_H
#define X86_TOP_H

#include "arch/pt.h"

/* PAE's is 4 entries, which the CPU copies. */
enum {
	PT_TOP_ENTRIES = PT_TOP_RELOAD ? 4 : PAGE_SIZE / sizeof(pte_t),
	PT_TOP_BYTES = PT_TOP_ENTRIES * sizeof(pte_t),
};

#endif
