/* What stack.c gives to modules; shared by the files of module/ only. */
#ifndef MODULE_STACK_H
#define MODULE_STACK_H

#include "base/types.h"

void module_dump_stack(void);
unsigned module_stack_save(unsigned long *store, unsigned size, unsigned skip);
void module_stack_print(const unsigned long *trace, unsigned n, int spaces);
int module_stack_snprint(char *buf, size_t size, const unsigned long *trace, unsigned n,
			 int spaces);

#endif
