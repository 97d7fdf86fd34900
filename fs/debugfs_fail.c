/*
 * debugfs fail_make_request: which transfers of the devices with make-it-fail set end with an error.
 *
 * OWNS     nothing: block/fail.c does the work.   LOCKS  none.   CONTEXT  boot; tasks.
 * FAILS    -EINVAL for what is no number or out of range.   SOURCES  Linux Documentation/fault-injection.
 * TESTED BY  tests/guest/disk_swap.c
 */
#include "base/errno.h"
#include "block/fail.h"
#include "fs/proc.h"
#include "fs/sysfs.h"
#include "vfs_impl.h"

static int number_show(struct seq_file *m)
{
	seq_printf(m, "%d\n", READ_ONCE(*(const int *)m->private));
	return 0;
}

static int number_store(struct proc_entry *e, char *text, size_t len)
{
	int *number = e->data;
	long v;

	if (proc_parse_long(text, &v) || v > INT_MAX ||
	    v < (number == &fail_make_request.times ? -1 : 0))
		return -EINVAL;
	if (number == &fail_make_request.interval)
		fail_make_request_interval((int)v);
	else
		WRITE_ONCE(*number, (int)v);
	return 0;
}

void debugfs_fail_init(void)
{
	static int *const numbers[] = { &fail_make_request.probability, &fail_make_request.interval,
					&fail_make_request.times, &fail_make_request.space };
	static const char *const names[] = { "probability", "interval", "times", "space" };

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		struct sysfs_attr file = {
			.name = names[i], .mode = 0600, .show = number_show, .store = number_store
		};

		boot_need(debugfs_create_files("fail_make_request", &file, 1, numbers[i]),
			  "/sys/kernel/debug/", "fail_make_request");
	}
}
