/*
 * Start order: the only file that knows everything.
 *
 *   boot CPU   kernel_main ── console, memory map, page tables, allocators, CPU ── scheduler ── init thread ── idle
 *   init       interrupts and time, other CPUs, files, initramfs ── exec /init as process 1
 *   other CPU  secondary_main ── idle
 *
 * OWNS     the parsed command line and the working copy of its text.
 * I1       every step finds what it uses set up by the steps above it; nothing is set up twice.
 * CONTEXT  boot; interrupts off until the init thread turns them on.
 * FAILS    a machine without memory or without a working init: panic with the reason.
 */
#include "arch/conformance/conformance.h"
#include "arch/machine.h"
#include "arch/physmap.h"
#include "arch/thread.h"
#include "arch/vdso.h"
#include "base/version.h"
#include "block/fail.h"
#include "drivers/console.h"
#include "drivers/tty.h"
#include "drivers/virtio.h"
#include "drivers/zram.h"
#include "fs/file.h"
#include "fs/path.h"
#include "init/boot_impl.h"
#include "init/cmdline.h"
#include "ipc/ipc.h"
#include "kernel/kswapd.h"
#include "kernel/oom_reaper.h"
#include "kernel/task.h"
#include "kernel/time.h"
#include "lib/string.h"
#include "mm/alloc.h"
#include "mm/hugetlb.h"
#include "mm/mm.h"
#include "mm/thp.h"
#include "mm/vmscan.h"
#include "module/module.h"
#include "net/socket.h"
#include "sync/failpoint.h"
#include "sync/klog.h"
#include "sync/spinlock.h"
#include "sync/trace.h"
#include "sys/sys.h"

static struct cmdline cmdline;
static char cmdline_text[BOOT_CMDLINE];

/* Switches of memory management that were given. */
static void set_fault_switches(void)
{
	if (cmdline.fault_batch >= 0)
		fault_batch_pages = cmdline.fault_batch;
	if (cmdline.fault_around >= 0)
		fault_around_pages = cmdline.fault_around;
}

/* What is to fail. */
static void set_failures(void)
{
	if (cmdline.failpoint >= 0 && !CFG_DEBUG)
		pr_warn("failpoint=: only kernels built with DEBUG=1 have them, ignored");
	else if (cmdline.failpoint >= 0)
		failpoint_boot((unsigned)cmdline.failpoint);
	if (cmdline.fail_make_request && fail_make_request_boot(cmdline.fail_make_request))
		pr_warn("fail_make_request= is no interval,probability,space,times: ignored");
}

/* Processor, then what it needs to run threads. */
static void start_cpu(void)
{
	cpu_init_boot();
	spin_fair = !cpu_is_virtual();
	console_init(boot_info.cmdline);
	pr_info("Linux version " KERNEL_RELEASE " (" KERNEL_BUILD "), booted by %s",
		boot_info.protocol);
	pr_info("Command line: %s", boot_info.cmdline);
	str_copy(cmdline_text, boot_info.cmdline, sizeof(cmdline_text));
	cmdline_parse(cmdline_text, &cmdline);
	set_fault_switches();
	set_failures();
}

static void set_thp(const char *word)
{
	static const char *const words[] = { "always", "madvise", "never" }; /* enum thp_enabled */

	for (unsigned i = 0; i < ARRAY_SIZE(words); i++) {
		if (!strcmp(word, words[i])) {
			thp_enabled = (int)i;
			return;
		}
	}
	pr_warn("transparent_hugepage= cannot parse, ignored");
}

/* Which pages leave memory first. */
static void set_policy(void)
{
	int err = cmdline.policy ? reclaim_policy_set(cmdline.policy, strlen(cmdline.policy)) : 0;

	if (err == -EINVAL)
		pr_warn("policy=%s: no policy of that name, ignored", cmdline.policy);
	else if (err)
		pr_warn("policy=%s: no memory for it, ignored", cmdline.policy);
}

/* The pool that the command line asks for, while memory is in one piece. */
static void boot_huge_pages(void)
{
	struct hugetlb_counts c;

	if (cmdline.thp)
		set_thp(cmdline.thp);
	if (!cmdline.hugepages)
		return;
	if (hugetlb_resize_text(cmdline.hugepages))
		pr_warn("HugeTLB: Invalid hugepages parameter %s", cmdline.hugepages);
	hugetlb_count(HUGETLB_ANY_NODE, &c);
	pr_info("HugeTLB: registered %lu.00 MiB page size, pre-allocated %lu pages",
		HPAGE_SIZE >> 20, c.nr);
}

/* Why there may be no first program though there is one: the first that is there and could not be run. */
static const char *broken_init;
static int broken_init_err, initramfs_err;

static void run_init(const char *path)
{
	int err;

	cmdline.argv[0] = path;
	err = exec_kernel(path, cmdline.argv, cmdline.envp);
	if (!err) {
		pr_info("Run %s as init process", path);
		arch_enter_user();
	}
	if (err == -ENOENT)
		return;
	pr_err("init: %s could not be run (error %d)", path, -err);
	if (!broken_init) {
		broken_init = path;
		broken_init_err = -err;
	}
}

/* The first that works, in Linux's order. */
static noreturn_ void run_first_program(void)
{
	static const char *const usual[] = { "/sbin/init", "/etc/init", "/bin/init", "/bin/sh" };

	run_init(cmdline.rdinit);
	if (cmdline.init)
		run_init(cmdline.init);
	for (unsigned i = 0; !cmdline.init && i < ARRAY_SIZE(usual); i++)
		run_init(usual[i]);
	if (initramfs_err)
		panic("No working init found: the initramfs could not be unpacked whole (error %d)",
		      -initramfs_err);
	if (broken_init)
		panic("No working init found: %s could not be run (error %d)", broken_init,
		      broken_init_err);
	panic("No working init found. Give an initramfs with /init (-initrd), or name a program with rdinit=");
}

/* Standard input, output and error of init. */
static void open_console(void)
{
	struct file *f;

	if (file_open(AT_FDCWD, "/dev/console", O_RDWR, 0, &f) &&
	    file_open_chrdev(MKDEV(5, 1), O_RDWR, &f)) {
		pr_warn("init: no console to open");
		return;
	}
	for (int i = 0; i < 3; i++) {
		int fd = fd_reserve(0, false);

		if (fd < 0)
			break;
		fget_file(f);
		fd_install(fd, f);
	}
	fput(f);
}

/* The machine contract's tests on the real machine: arch/conformance. The exit status says whether all passed. */
static noreturn_ void run_conformance(void)
{
	int failures = conformance_pt_entry() + conformance_physmap() + conformance_tlb();

	pr_err("conformance: %d failures", failures);
	machine_exit(failures ? 1 : 0);
}

static void init_thread(void *arg)
{
	struct task *t = current_task();

	smp_start_secondaries();
	if (cmdline.conformance)
		run_conformance();
	boot_huge_pages();
	set_policy();
	vdso_init();
	fs_init();
	ipc_init();
	net_init();
	modules_init();
	syscalls_init();
	tty_init();
	zram_init();
	virtio_init();
	t->fs = fs_struct_root();
	t->files = files_alloc();
	if (!t->fs || !t->files)
		panic("no memory for the first process");
	initramfs_err = boot_unpack_initramfs();
	setup_per_zone_wmarks();
	kswapd_start();
	oom_reaper_start();
	open_console();
	physmap_protect();
	run_first_program();
}

void kernel_main(void)
{
	start_cpu();
	boot_memory(cmdline.mem_limit);
	panic_init();
	acpi_init();
	boot_percpu();
	tlb_init();
	sched_init();
	irq_init();
	time_init();
	time_start();
	trace_enable(cmdline.show_trace);
	task_create_init(init_thread, NULL);
	cpu_idle_loop();
}

void secondary_main(unsigned cpu)
{
	sched_init_secondary(cpu);
	time_start_secondary();
	cpu_set_online(cpu);
	cpu_idle_loop();
}
