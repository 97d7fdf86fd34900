/* The calls that are under way, as addresses. The first is the caller of these functions. */
#ifndef _LINUX_STACKTRACE_H
#define _LINUX_STACKTRACE_H

#include <linux/kernel.h>
#include <linux/types.h>

/* Up to @size return addresses to @store, without the first @skip. Return: how many. */
unsigned int stack_trace_save(unsigned long *store, unsigned int size, unsigned int skip);
/* A line each in the log, behind @spaces + 1 blanks. */
void stack_trace_print(const unsigned long *trace, unsigned int n, int spaces);
/* The same to @buf. Return: the length it has, at most @size. */
int stack_trace_snprint(char *buf, size_t size, const unsigned long *trace, unsigned int n,
			int spaces);

/* Before Linux 5.2. */
struct stack_trace {
	unsigned int nr_entries, max_entries;
	unsigned long *entries;
	int skip;
};
#define save_stack_trace(t)                                                                        \
	((void)((t)->nr_entries = stack_trace_save((t)->entries, (t)->max_entries,                 \
						   (unsigned int)(t)->skip)))
#define print_stack_trace(t, spaces) stack_trace_print((t)->entries, (t)->nr_entries, spaces)
#define snprint_stack_trace(buf, size, t, spaces)                                                  \
	stack_trace_snprint(buf, size, (t)->entries, (t)->nr_entries, spaces)

#endif
