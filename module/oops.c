/*
 * Modules and oopses: what becomes of a module whose code has ended a task, and warnings.
 *
 * WHY      the task's stack ends inside the module, and whatever the module has begun there will never be finished. So it stays:
 *          it counts one use more, and delete_module says EBUSY. Its other files and threads go on, as on Linux.
 * I1       who waits for the thread that has ended is told: kthread_stop returns; a queue of work does not count the work as running.
 * LOCKS    those of names.c, kthread.c, work.c, param.c.   CONTEXT  module_oops: a task, interrupts off, about to end. The rest: any.
 * NOT HERE the report and the task's end (arch/x86/entry/oops.c).
 * SOURCES  Linux Documentation/admin-guide/tainted-kernels.rst, sysctl/kernel.rst.   TESTED BY  module_oops (guest)
 */
#include "module/oops.h"
#include "module/api.h"
#include "module/module_impl.h"
#include "module/text.h"

#include "arch/machine.h"
#include "arch/percpu.h"
#include "arch/physmap.h"
#include "arch/thread.h"
#include "kernel/task.h"
#include "sync/kassert.h"
#include "sync/klog.h"
#include "sync/lockorder.h"

enum { WARN_TEXT = 400 };

bool module_is_softirq(void)
{
	return module_in_softirq();
}

void module_oops(const unsigned long *ips, unsigned n)
{
	struct lockorder_held *held = lockorder_current();
	struct mm_ctx *ctx = &current_task()->mm_ctx;

	module_param_crashed();
	if (held)
		*held = (struct lockorder_held){ 0 };
	while (ctx->kmap_depth)
		physmap_unmap_slot(--ctx->kmap_depth);
	module_probe_crashed();
	module_code_crashed(ips, n);
	module_kthread_crashed();
	module_worker_crashed();
}

/* ---- warnings ---- */

static void warn_report(const char *file, int line, unsigned long caller)
{
	const struct task *t = current_task();
	char where[96];

	symbol_format(caller, where, sizeof(where));
	pr_warn("WARNING: CPU: %u PID: %d at %s:%d %s", cpu_id(), t->pid, file, line, where);
	modules_print();
	module_task_line();
	backtrace_print(&STACK_PLACE(caller));
	pr_warn("---[ end trace %016x ]---", 0);
	if (panic_on_warn)
		panic("panic_on_warn set ...");
	(void)taint_add(TAINT_WARN);
}

void module_warn(const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	pr_warn("------------[ cut here ]------------");
	if (fmt) {
		va_start(ap, fmt);
		(void)module_vprintk(fmt, ap);
		va_end(ap);
	}
	warn_report(file, line, (unsigned long)__builtin_return_address(0));
}
