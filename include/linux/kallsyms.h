/* Names of addresses, and addresses of functions by name. */
#ifndef _LINUX_KALLSYMS_H
#define _LINUX_KALLSYMS_H

#include <linux/kernel.h>

#define KSYM_NAME_LEN	512
#define KSYM_SYMBOL_LEN 640

unsigned long
kallsyms_lookup_name(const char *name); /* of functions and of what is exported; 0: none */

static inline int sprint_symbol(char *buf, unsigned long addr)
{
	return snprintf(buf, KSYM_SYMBOL_LEN, "%pS", (void *)addr);
}

static inline void print_symbol(const char *fmt, unsigned long addr)
{
	char buf[KSYM_SYMBOL_LEN];

	sprint_symbol(buf, addr);
	printk(fmt, buf);
}

#endif
