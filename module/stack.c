/*
 * The stack of who calls, for modules: dump_stack, stack_trace_*.
 *
 * OWNS     nothing.   COST  the words of one kernel stack, looked at once.
 * WHY      modules have no frame pointers, so a trace is what arch/x86/entry/backtrace.c finds: none is missing, and the place that an
 *          earlier call has left may be among them.
 * CONTEXT  any.   FAILS  nothing.
 * SOURCES  Linux Documentation/core-api/kernel-api.rst; what Linux 6.1 prints.   TESTED BY  module_course (guest)
 */
#include "module/stack.h"

#include "arch/machine.h"
#include "arch/percpu.h"
#include "arch/thread.h"
#include "base/version.h"
#include "kernel/task.h"
#include "module/oops.h"
#include "module/text.h"
#include "sync/klog.h"
#include "sync/taint.h"

enum { TRACE_MAX = 64 };

void module_task_line(void)
{
	const struct task *t = current_task();
	char taints[TAINT_TEXT];

	taint_format(taints);
	pr_warn("CPU: %u PID: %d Comm: %s %s %s #1", cpu_id(), t->pid, t->comm, taints,
		KERNEL_RELEASE);
}

void module_dump_stack(void)
{
	module_task_line();
	backtrace_print(&STACK_PLACE((unsigned long)__builtin_return_address(0)));
}

unsigned module_stack_save(unsigned long *store, unsigned size, unsigned skip)
{
	unsigned long ips[TRACE_MAX];
	unsigned n = backtrace_save(&STACK_PLACE((unsigned long)__builtin_return_address(0)), ips,
				    TRACE_MAX);
	unsigned kept = 0;

	for (unsigned i = skip; i < n && kept < size; i++)
		store[kept++] = ips[i];
	return kept;
}

void module_stack_print(const unsigned long *trace, unsigned n, int spaces)
{
	for (unsigned i = 0; i < n; i++)
		(void)module_printk("%*c%pS\n", 1 + spaces, ' ', (const void *)trace[i]);
}

int module_stack_snprint(char *buf, size_t size, const unsigned long *trace, unsigned n, int spaces)
{
	int total = 0;

	for (unsigned i = 0; i < n && size; i++) {
		int len = module_snprintf(buf, size, "%*c%pS\n", 1 + spaces, ' ',
					  (const void *)trace[i]);

		total += len;
		if ((size_t)len >= size)
			break;
		buf += len;
		size -= (size_t)len;
	}
	return total;
}
