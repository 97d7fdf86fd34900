/* The top-level table's size. */
#ifndef X86_TOP_H
#define X86_TOP_H

#include "arch/pt.h"

/* PAE alone has 8-byte entries for 32-bit addresses, and 4 of them. */
enum {
	PT_TOP_ENTRIES = VA_BITS == 32 && sizeof(pte_t) == 8 ? 4 : PAGE_SIZE / sizeof(pte_t),
	PT_TOP_BYTES = PT_TOP_ENTRIES * sizeof(pte_t),
};

#endif
