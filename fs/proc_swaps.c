/*
 * /proc/swaps and /proc/sys/vm/page-cluster.
 *
 * OWNS     swaps_event: areas that came and went.   CONTEXT  a task.
 * SOURCES  proc(5) /proc/swaps.   TESTED BY  tests/guest/mem_swap.c
 */
#include "fs/proc_impl.h"

#include "fs/fs.h"
#include "fs/sysctl.h"
#include "mm/swap.h"

static struct proc_event swaps_event = { .waiters = WAITQ_INIT(swaps_event.waiters) };

/* Linux's columns: a name shorter than 40 is filled with spaces, and tabs are spared after numbers of 8 digits. */
static void put_swap_area(struct seq_file *m, unsigned type)
{
	const unsigned kb = PAGE_SHIFT - 10;
	struct swap_info a;
	size_t start = m->len, len;
	unsigned long size, used;

	if (!swap_area_info(type, &a))
		return;
	seq_puts(m, a.name);
	len = m->len - start;
	size = a.pages << kb;
	used = a.used << kb;
	seq_printf(m, "%*s%s\t%lu\t%s%lu\t%s%d\n", len < 40 ? (int)(40 - len) : 1, " ",
		   a.file ? "file\t" : "partition", size, size < 10000000 ? "\t" : "", used,
		   used < 10000000 ? "\t" : "", a.prio);
}

static int swaps_show(struct seq_file *m)
{
	seq_puts(m, "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
	for (unsigned type = 0; type < MAX_SWAPFILES; type++)
		put_swap_area(m, type);
	return 0;
}

static int swaps_open(struct inode *inode, struct file *f)
{
	int err = proc_text_open(inode, f);

	if (!err)
		proc_event_seen(f, &swaps_event);
	return err;
}

static unsigned swaps_poll(struct file *f, struct poll_table *pt)
{
	return proc_event_poll(f, pt, &swaps_event);
}

void proc_swaps_changed(void)
{
	proc_event_tell(&swaps_event);
}

void proc_swaps_init(void)
{
	static const struct file_ops fops = {
		.open = swaps_open,
		.release = proc_text_release,
		.read = proc_text_read,
		.write = proc_text_write,
		.read_kernel = proc_text_read_kernel,
		.own_locks = true,
		.poll = swaps_poll,
	};
	static struct proc_entry swaps = { .show = swaps_show, .fops = &fops };
	static const struct sysctl table[] = {
		{ "vm/page-cluster", .number = &sysctl_page_cluster, .max = INT_MAX },
	};
	int err = proc_register("swaps", 0444, &swaps);

	if (err || sysctl_register(table, ARRAY_SIZE(table)))
		panic("/proc/swaps");
}
