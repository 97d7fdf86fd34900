/*
 * /proc/sys: what there is of files, and what is done when there is no memory left.
 *
 *   fs   file-max, file-nr, nr_open, inode-nr, inode-state       open files, inodes
 *   fs   dentry-state                                        names that are cached
 *   vm   panic_on_oom, oom_kill_allocating_task, oom_dump_tasks  who goes, what the log says
 *   vm   memory_failure_recovery                             broken memory: a signal, or a panic
 *   vm   vdso_enabled (32-bit builds)                            new programs
 *
 * OWNS     nothing: each variable belongs to the file that uses it.
 * LOCKS    none: an aligned word is written whole.   CONTEXT  tasks; may sleep.
 * FAILS    -EINVAL for what is no number or out of bounds.
 * SOURCES  proc(5); Linux Documentation/admin-guide/sysctl/fs.rst, vm.rst.   TESTED BY proc_sysvm.c, oom.c
 */
#include "arch/vdso.h"
#include "base/errno.h"
#include "fs/file.h"
#include "fs/sysctl.h"
#include "kernel/cred.h"
#include "mm/oom.h"
#include "mm/poison.h"
#include "proc_impl.h"
#include "vfs_impl.h"

static int file_nr_show(struct seq_file *m)
{
	seq_printf(m, "%lu\t0\t%lu\n", file_count(), READ_ONCE(sysctl_file_max));
	return 0;
}

/* No inode is kept that nobody uses: a file system frees it, or its name keeps it. */
static int inode_nr_show(struct seq_file *m)
{
	seq_printf(m, "%lu\t0\n", inode_count());
	return 0;
}

static int inode_state_show(struct seq_file *m)
{
	seq_printf(m, "%lu\t0\t0\t0\t0\t0\t0\n", inode_count());
	return 0;
}

/* As on Linux: 45 is an age that nobody asks for, the last is not used. */
static int dentry_state_show(struct seq_file *m)
{
	struct dentry_counts c = dcache_count();

	seq_printf(m, "%lu\t%lu\t45\t0\t%lu\t0\n", c.all, c.unused, c.negative);
	return 0;
}

static const struct sysctl table[] = {
	{ "fs/file-max", .word = &sysctl_file_max, .max = LONG_MAX },
	{ "fs/suid_dumpable", .number = &sysctl_suid_dumpable, .max = SUID_DUMP_ROOT },
	{ "fs/nr_open", .number = &sysctl_nr_open, .min = 64, .max = 1 << 30 },
	{ "vm/panic_on_oom", .number = &sysctl_panic_on_oom, .max = 2 },
	{ "vm/oom_kill_allocating_task", .number = &sysctl_oom_kill_allocating_task, .min = INT_MIN,
	  .max = INT_MAX },
	{ "vm/oom_dump_tasks", .number = &sysctl_oom_dump_tasks, .min = INT_MIN, .max = INT_MAX },
	{ "vm/memory_failure_recovery", .number = &sysctl_memory_failure_recovery, .max = 1 },
	/* Last: there it is the fast way into the kernel. */
	{ "vm/vdso_enabled", .number = &vdso_enabled, .max = 1 },
};

void proc_limits_init(void)
{
	static struct proc_entry file_nr = { .show = file_nr_show },
				 inode_nr = { .show = inode_nr_show },
				 inode_state = { .show = inode_state_show },
				 dentry_state = { .show = dentry_state_show };

	boot_need(sysctl_register(table, ARRAY_SIZE(table) - (sizeof(long) == 8)), "sysctls of ",
		  "proc_limits");
	boot_need(proc_register("sys/fs/file-nr", 0444, &file_nr), "/proc/", "sys/fs/file-nr");
	boot_need(proc_register("sys/fs/inode-nr", 0444, &inode_nr), "/proc/", "sys/fs/inode-nr");
	boot_need(proc_register("sys/fs/inode-state", 0444, &inode_state), "/proc/",
		  "sys/fs/inode-state");
	boot_need(proc_register("sys/fs/dentry-state", 0444, &dentry_state), "/proc/",
		  "sys/fs/dentry-state");
}
