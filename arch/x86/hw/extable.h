/* Kernel instructions that may fault, and where to go on. Private to arch/x86. */
#ifndef HW_EXTABLE_H
#define HW_EXTABLE_H

#include "base/types.h"

/*
 * Return: the address to go on at when the instruction at @ip has faulted; 0 when none is
 * registered.
 */
unsigned long extable_find(unsigned long ip);

extern char uaccess_text_start[],
	uaccess_text_end[]; /* kernel.ld.S: all code that touches user memory */

/* Per-CPU: not 0 while a copy that must not page in runs here. */
extern unsigned uaccess_nofault;

#endif
