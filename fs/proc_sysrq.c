/*
 * /proc/sysrq-trigger: what an administrator can have done by one letter, when a machine is short of memory or stuck.
 *
 *   b restart at once   c crash   f kill for memory   m show memory   o power off   s write all to disks   others: the list of these
 *
 * OWNS     nothing.
 * WHY      only the first letter of a write counts, as on Linux. The letters that need a keyboard, a debugger or namespaces are not here.
 * CONTEXT  a task with the right to write the file (root's); sleeps.
 * FAILS    never: what is not possible is said in the log.
 * SOURCES  Linux Documentation/admin-guide/sysrq.rst.   TESTED BY tests/guest/oom.c
 */
#include "fs/proc_impl.h"

#include "arch/machine.h"
#include "fs/filedata.h"
#include "lib/fmt.h"
#include "mm/oom.h"
#include "mm/show_mem.h"
#include "sync/kassert.h"
#include "sync/klog.h"

static void restart(void)
{
	machine_restart();
}

static void crash(void)
{
	panic("sysrq triggered crash");
}

static void kill_for_memory(void)
{
	if (!oom_kill_now())
		pr_info("OOM request ignored. No task eligible");
}

static void power_off(void)
{
	machine_power_off();
}

static void sync_disks(void)
{
	sync_all();
	pr_info("Emergency Sync complete");
}

static const struct sysrq_key {
	char key;
	const char *help, *action;
	void (*run)(void);
} keys[] = {
	{ 'b', "reboot(b)", "Resetting", restart },
	{ 'c', "crash(c)", "Trigger a crash", crash },
	{ 'f', "memory-full-oom-kill(f)", "Manual OOM execution", kill_for_memory },
	{ 'm', "show-memory-usage(m)", "Show Memory", show_mem },
	{ 'o', "poweroff(o)", "Power Off", power_off },
	{ 's', "sync(s)", "Emergency Sync", sync_disks },
};

static void help(void)
{
	char text[160] = "";
	size_t len = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(keys); i++)
		len += fmt_scnprintf(text + len, sizeof(text) - len, " %s", keys[i].help);
	pr_info("sysrq: HELP :%s", text);
}

static int trigger_store(struct proc_entry *e, char *text, size_t len)
{
	if (!len)
		return 0;
	for (unsigned i = 0; i < ARRAY_SIZE(keys); i++) {
		if (keys[i].key == text[0]) {
			pr_info("sysrq: %s", keys[i].action);
			keys[i].run();
			return 0;
		}
	}
	help();
	return 0;
}

void proc_sysrq_init(void)
{
	static struct proc_entry trigger = { .store = trigger_store };

	boot_need(proc_register("sysrq-trigger", 0200, &trigger), "/proc/", "sysrq-trigger");
}
