/*
 * The end of a machine that cannot go on: say everything that helps, then stop with a failing
 * status.
 *
 * OWNS     panic_cpu: the CPU that panics, or nobody. The first one wins; others halt, and a panic
 *          inside a panic skips the report.
 * ORDER    the message first, the risky parts (stack walk, event rings, page tables, what modules want) last: if one of them
 *          faults, what came before is out already.
 * LOCKS    none are taken: the log is told to ignore its own.
 * CONTEXT  any. Interrupts go off and stay off.
 * ENDS     panic=-n on the command line: restart at once; panic=n: after n seconds; without it, or
 *          with debug-exit: machine_exit(1), which ends an emulator with a failing status and
 *          switches other machines off.
 * NOT HERE the register dump of a trap: trap code prints it before it calls panic().
 */
#include "trap.h"

#include "arch/irqflags.h"
#include "arch/machine.h"
#include "arch/thread.h"
#include "drivers/serial.h"
#include "lib/cmdline.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "module/notify.h"
#include "sync/kassert.h"
#include "sync/klog.h"
#include "sync/trace.h"

enum { NOBODY = -1, PANIC_TRACE_EVENTS = 32, PANIC_EXIT_STATUS = 1, PANIC_WAIT_MAX = 3600 };

static atomic_t panic_cpu = { NOBODY };
static int panic_timeout; /* seconds; negative: restart at once; 0: end the machine */

static void stop_this_cpu(void)
{
	for (;;)
		__asm__ volatile("cli; hlt");
}

static int parse_timeout(const char *cmdline)
{
	char value[16];
	uint64_t n;

	if (!cmdline_get(cmdline, "panic", value, sizeof(value)))
		return 0;
	if (value[0] == '-')
		return -1;
	return str_to_u64(value, &n) ? 0 : (int)min_of(uint64_t, n, PANIC_WAIT_MAX);
}

void panic_init(void)
{
	char value[16];

	ipi_register(IPI_STOP, stop_this_cpu);
	panic_timeout = parse_timeout(boot_info.cmdline);
	panic_on_oops = cmdline_get(boot_info.cmdline, "oops", value, sizeof(value)) &&
			!strcmp(value, "panic");
}

noreturn_ static void panic_end(void)
{
	if (!panic_timeout || machine_debug_exit)
		machine_exit(PANIC_EXIT_STATUS);
	for (int s = 0; s < panic_timeout; s++)
		for (unsigned ms = 0; ms < 1000; ms++)
			udelay(1000);
	machine_restart();
}

void panic(const char *fmt, ...)
{
	char text[256];
	va_list ap;

	irq_disable();
	if (!atomic_cmpxchg(&panic_cpu, NOBODY, (int)cpu_id())) {
		if (atomic_read(&panic_cpu) != (int)cpu_id())
			stop_this_cpu();
		panic_end();
	}
	panic_memory_note();
	va_start(ap, fmt);
	fmt_vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	klog_panic();
	serial_panic();
	klog_set_console_level(KLOG_DEBUG + 1);
	smp_stop_others();
	klog(KLOG_EMERG, "Kernel panic - not syncing: %s", text);
	klog(KLOG_EMERG, "CPU: %u", cpu_id());
	backtrace_print(&STACK_PLACE((unsigned long)__builtin_return_address(0)));
	trace_dump(PANIC_TRACE_EVENTS);
	panic_memory();
	module_notify_panic(text);
	klog(KLOG_EMERG, "---[ end Kernel panic - not syncing: %s ]---", text);
	panic_end();
}
