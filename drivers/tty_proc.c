/*
 * What there is of terminals: /proc/consoles, /proc/tty/drivers, /proc/tty/ldiscs, /sys/class/tty/console/active.
 *
 * OWNS     the list of drivers; they never go.
 * WHY      ps(1) finds the names of terminals by /proc/tty/drivers.
 * LOCKS    none: a driver is added whole, in front of the others, by one CPU at a time (boot).   CONTEXT  boot; tasks.
 * SOURCES  proc(5); Linux Documentation/filesystems/proc.rst, Documentation/ABI/testing/sysfs-tty.   TESTED BY  tests/guest/proc_sysfs.c
 */
#include "drivers/serial.h"
#include "fs/proc.h"
#include "fs/sysfs.h"
#include "tty_impl.h"

static struct tty_driver_line *drivers; /* ours to read */

void tty_driver_add(struct tty_driver_line *d)
{
	d->next = drivers;
	WRITE_ONCE(drivers, d);
}

/* The one that the log goes to (W): enabled, preferred, shows the log from its start, usable in any context. */
static int consoles_show(struct seq_file *m)
{
	if (serial_present())
		seq_printf(m, "%-21s-W- (EC p a) %4u:%u\n", "ttyS0", TTY_MAJOR, TTYS0_MINOR);
	return 0;
}

static int active_show(struct seq_file *m)
{
	if (serial_present())
		seq_puts(m, "ttyS0\n");
	return 0;
}

static void put_line(struct seq_file *m, const struct tty_driver_line *d)
{
	seq_printf(m, "%-20s /dev/%-8s %3u ", d->driver, d->node, d->major);
	if (d->nr > 1)
		seq_printf(m, "%u-%u ", d->first, d->first + d->nr - 1);
	else
		seq_printf(m, "%7u ", d->first);
	seq_printf(m, "%s\n", d->kind);
}

static int drivers_show(struct seq_file *m)
{
	static const struct tty_driver_line first[] = {
		{ "/dev/tty", "tty", "system:/dev/tty", TTYAUX_MAJOR, TTY_MINOR, 1, NULL },
		{ "/dev/console", "console", "system:console", TTYAUX_MAJOR, CONSOLE_MINOR, 1,
		  NULL },
		{ "/dev/ptmx", "ptmx", "system", TTYAUX_MAJOR, PTMX_MINOR, 1, NULL },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(first); i++)
		put_line(m, &first[i]);
	for (const struct tty_driver_line *d = READ_ONCE(drivers); d; d = d->next)
		put_line(m, d);
	return 0;
}

static int ldiscs_show(struct seq_file *m)
{
	seq_puts(m, "n_tty       0\n");
	return 0;
}

void tty_proc_init(void)
{
	static struct proc_entry consoles = { .show = consoles_show },
				 lines = { .show = drivers_show }, ldiscs = { .show = ldiscs_show };
	static const struct sysfs_attr active = { .name = "active",
						  .mode = 0444,
						  .show = active_show };

	boot_need(proc_register("consoles", 0444, &consoles), "/proc/", "consoles");
	boot_need(proc_register("tty/drivers", 0444, &lines), "/proc/", "tty/drivers");
	boot_need(proc_register("tty/ldiscs", 0444, &ldiscs), "/proc/", "tty/ldiscs");
	boot_need(sysfs_create_files("devices/virtual/tty/console", &active, 1, NULL), "/sys/",
		  "class/tty/console/active");
}
