/*
 * The contract of include/arch as tests: the same functions run in the simulator and, on request, at boot. Each
 * returns the number of failures and logs every one.
 */
#ifndef ARCH_CONFORMANCE_H
#define ARCH_CONFORMANCE_H

#include "sync/klog.h"

int conformance_pt_entry(void); /* entries by value and in memory; any time */
int conformance_physmap(void);  /* linear map, frame copies, kmap slots; after mm_init */
int conformance_tlb(void);      /* kernel and user translations, flushes, A and D; after mm_init, interrupts on */

/* In a function with a variable `failures`. */
#define conform(c)                                                                                 \
	do {                                                                                       \
		if (!(c)) {                                                                        \
			failures++;                                                                \
			pr_err("conformance: %s is false at %s:%d", #c, __FILE__, __LINE__);       \
		}                                                                                  \
	} while (0)

#endif
