/*
 * The system-call table: dispatch arrays of both ABIs from one list, and the count of calls nobody implements.
 *
 * OWNS     sys_call_table, sys_call_table32 (read by arch/x86/entry), missing[].
 * WHY      one list keeps names, both numbers and handlers together; a call without a handler still has its name,
 *          so /proc/mnemos/missing_syscalls can say what a program wanted.
 *          What Linux 6.1 has no handler for either, be it a name of old or a number of none, is not missed and not counted.
 * I1       no entry of sys_call_table is NULL: a number without a name leads to sys_absent, and so does a number beyond.
 * LOCKS    none: counters are atomic.
 * SOURCES  syscalls(2); the numbers are those of Linux's asm/unistd_32.h and unistd_64.h.
 */
#include "sys/sys.h"

#include "fs/proc.h"
#include "lib/cmdline.h"
#include "sync/klog.h"

/* Behind the tables: the entry of all numbers beyond, and a spare slot for rows that an ABI lacks (-1). */
enum { NR_TABLE = 470, NR_SPARE = NR_TABLE + 1 };
#define SLOT(nr)	   ((nr) < 0 ? NR_SPARE : (nr))
#define NATIVE(nr32, nr64) SLOT(ABI_32 ? (nr32) : (nr64))

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
#define SYSCALL(name, nr32, nr64, handler) [NATIVE(nr32, nr64)] = sys_##handler,
const sys_fn sys_call_table[NR_SPARE + 1] = {
	[0 ... NR_TABLE] = sys_absent,
#include "sys/table.inc"
};
#undef SYSCALL
#define SYSCALL(name, nr32, nr64, handler) [SLOT(nr32)] = sys_##handler,
const sys_fn sys_call_table32[NR_SPARE + 1] = {
	[0 ... NR_TABLE] = sys_absent,
#include "sys/table.inc"
};
#undef SYSCALL
#define SYSCALL(name, nr32, nr64, handler) [NATIVE(nr32, nr64)] = #name,
static const char *const names[NR_SPARE + 1] = {
#include "sys/table.inc"
};
#undef SYSCALL
#define SYSCALL(name, nr32, nr64, handler) [SLOT(nr32)] = #name,
static const char *const names32[NR_SPARE + 1] = {
#include "sys/table.inc"
};
#undef SYSCALL
#pragma GCC diagnostic pop

const unsigned long sys_call_nr = NR_TABLE;

/* Calls of programs of the kernel's ABI, and of 32-bit ones beside it. */
static atomic_t missing[NR_TABLE], missing32[ABI_32 ? 1 : NR_TABLE];

static void count_missing(atomic_t *count, const char *const *name, unsigned long nr)
{
	if (atomic_add_return(&count[nr], 1) == 1)
		pr_debug("%s[%d]: system call %s (%lu) is not there", current_task()->comm,
			 current_task()->pid, name[nr], nr);
}

SYS(missing)
{
	count_missing(abi_narrow() ? missing32 : missing, abi_narrow() ? names32 : names,
		      current_regs()->orig_ax);
	return -ENOSYS;
}

SYS(absent)
{
	return -ENOSYS;
}

static void missing_of(struct seq_file *m, const atomic_t *count, const char *const *name)
{
	for (unsigned nr = 0; nr < NR_TABLE; nr++) {
		int n = atomic_read(&count[nr]);

		if (n)
			seq_printf(m, "%s %d\n", name[nr], n);
	}
}

static int missing_show(struct seq_file *m)
{
	missing_of(m, missing, names);
	if (!ABI_32)
		missing_of(m, missing32, names32);
	return 0;
}

static struct proc_entry missing_entry = { .show = missing_show };

void syscalls_init(void)
{
	membarrier_init();
	core_init();
	seccomp_init();
	if (cmdline_get(boot_info.cmdline, "norandmaps", NULL, 0))
		exec_randomize = 0;
	if (proc_register("mnemos/missing_syscalls", 0444, &missing_entry))
		pr_warn("no memory for /proc/mnemos/missing_syscalls");
	if (proc_register_int("sys/kernel/randomize_va_space", &exec_randomize, 0, 2))
		pr_warn("no memory for /proc/sys/kernel/randomize_va_space");
}
