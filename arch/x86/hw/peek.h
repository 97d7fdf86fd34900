/* Reading kernel memory that may not be there: for reports. Private to arch/x86. */
#ifndef HW_PEEK_H
#define HW_PEEK_H

#include "base/compiler.h"
#include "base/types.h"

/*
 * The word at kernel address @addr into *@out. Return: false when nothing is mapped there. Any
 * context.
 */
bool must_check kernel_peek(kaddr_t addr, unsigned long *out);

#endif
