/*
 * The contract of include/arch as tests: the same functions run in the simulator and, on request, at boot. Each
 * returns the number of failures and logs every one.
 */
#ifndef ARCH_CONFORMANCE_H
#define ARCH_CONFORMANCE_H

#include "sync/klog.h"

/* Entries by value and in memory. Any time. */
int conformance_pt_entry(void);
/* Linear map, frame copies, kmap slots. After mm_init. */
int conformance_physmap(void);
/* Kernel and user translations, flushes, A and D. After mm_init, interrupts on. */
int conformance_tlb(void);

/* In a function with a variable `failures`. */
#define conform(c)                                                                                 \
	do {                                                                                       \
		if (!(c)) {                                                                        \
			failures++;                                                                \
			pr_err("conformance: %s is false at %s:%d", #c, __FILE__, __LINE__);       \
		}                                                                                  \
	} while (0)

#endif
