/*
 * /proc/mnemos/failpoint, in debug builds: a program makes the n-th allocation site from now on fail, and so walks the
 * error paths of its system calls.
 *
 * FORMAT   write a number: arm (0: disarm). Read: "reached N fired 0|1 [NAME]" since it was armed.
 * CONTEXT  tasks.   SOURCES  sync/failpoint.h.   TESTED BY  tests/guest/fs_nomem.c
 */
#include "base/errno.h"
#include "proc_impl.h"
#include "sync/failpoint.h"

static int failpoint_show(struct seq_file *m)
{
	seq_printf(m, "reached %u fired %d %s\n", failpoint_count(), failpoint_fired(),
		   failpoint_name());
	return 0;
}

static int failpoint_store(struct proc_entry *e, char *text, size_t len)
{
	long n;

	if (proc_parse_long(text, &n) || n < 0 || n > INT_MAX)
		return -EINVAL;
	failpoint_arm((unsigned)n);
	return 0;
}

void proc_failpoint_init(void)
{
	static struct proc_entry entry = { .show = failpoint_show, .store = failpoint_store };

	if (CFG_DEBUG)
		boot_need(proc_register("mnemos/failpoint", 0600, &entry), "/proc/",
			  "mnemos/failpoint");
}
