/*
 * /proc/sys/vm/dirty_*, laptop_mode: limits and times of write-back; /sys/kernel/debug/fault_*_bytes: how much one fault maps.
 *
 * OWNS     nothing: the variables are mm/backing's and mm/aspace's.
 * WHY      a limit is given in percent or in bytes, never both: setting one forgets the other, as on Linux.
 * LOCKS    none: an aligned word is written whole.   CONTEXT  a task; sleeps.
 * FAILS    -EINVAL for text that is no number or out of bounds.
 * SOURCES  admin-guide/sysctl/vm; Linux's debugfs file fault_around_bytes.   TESTED BY  tests/guest/file_tunables.c
 */
#include "fs/proc_impl.h"

#include "arch/pt.h"
#include "base/errno.h"
#include "fs/sysctl.h"
#include "fs/sysfs.h"
#include "lib/string.h"
#include "mm/mm.h"
#include "mm/writeback.h"
#include "sync/klog.h"

/* A limit in its two forms. */
struct limit {
	int *ratio;
	unsigned long *bytes;
};
static struct limit thresh = { &vm_dirty_ratio, &vm_dirty_bytes },
		    background = { &dirty_background_ratio, &dirty_background_bytes };

static int parse(const char *text, unsigned long max, unsigned long *out)
{
	long v;
	int err = proc_parse_long(text, &v);

	if (err)
		return err;
	if (v < 0 || (unsigned long)v > max)
		return -EINVAL;
	*out = (unsigned long)v;
	return 0;
}

static int ratio_show(struct seq_file *m)
{
	const struct limit *l = m->private;

	seq_printf(m, "%d\n", *l->ratio);
	return 0;
}

static int ratio_store(struct proc_entry *e, char *text, size_t len)
{
	const struct limit *l = e->data;
	unsigned long v;
	int err = parse(text, 100, &v);

	if (err)
		return err;
	if ((int)v != *l->ratio)
		WRITE_ONCE(*l->bytes, 0);
	WRITE_ONCE(*l->ratio, (int)v);
	return 0;
}

static int bytes_show(struct seq_file *m)
{
	const struct limit *l = m->private;

	seq_printf(m, "%lu\n", *l->bytes);
	return 0;
}

static int bytes_store(struct proc_entry *e, char *text, size_t len)
{
	const struct limit *l = e->data;
	unsigned long v, least = l == &thresh ? 2 * PAGE_SIZE : 1;
	int err = parse(text, LONG_MAX, &v);

	if (err)
		return err;
	if (v < least)
		return -EINVAL;
	if (v != *l->bytes)
		WRITE_ONCE(*l->ratio, 0);
	WRITE_ONCE(*l->bytes, v);
	return 0;
}

static int interval_show(struct seq_file *m)
{
	const int *value = m->private;

	seq_printf(m, "%d\n", *value);
	return 0;
}

static int interval_store(struct proc_entry *e, char *text, size_t len)
{
	unsigned long v;
	int err = parse(text, INT_MAX, &v);

	if (err)
		return err;
	WRITE_ONCE(*(int *)e->data, (int)v);
	writeback_wake(); /* the flusher sleeps as long as it was told before */
	return 0;
}

/* ---- debugfs ---- */

static int around_show(struct seq_file *m)
{
	seq_printf(m, "%lu\n", (unsigned long)max_of(int, fault_around_pages, 1) << PAGE_SHIFT);
	return 0;
}

static int batch_show(struct seq_file *m)
{
	seq_printf(m, "%lu\n", (unsigned long)max_of(int, fault_batch_pages, 1) << PAGE_SHIFT);
	return 0;
}

/* Bytes to pages, rounded down to a power of two, at least one. */
static int store_pages(const char *text, int *pages)
{
	unsigned long v, n = 1;
	int err = parse(text, (unsigned long)pt_span(PT_PMD), &v);

	if (err)
		return err;
	while (n * 2 <= v >> PAGE_SHIFT)
		n *= 2;
	WRITE_ONCE(*pages, (int)n);
	return 0;
}

static int around_store(struct proc_entry *e, char *text, size_t len)
{
	return store_pages(text, &fault_around_pages);
}

static int batch_store(struct proc_entry *e, char *text, size_t len)
{
	return store_pages(text, &fault_batch_pages);
}

/* Seconds, which Linux keeps in ticks of 1/250. */
static const struct sysctl laptop = { "vm/laptop_mode", .number = &laptop_mode,
				      .max = INT_MAX / 250 };

void proc_dirty_init(void)
{
	static struct proc_entry entries[] = {
		{ .show = ratio_show, .store = ratio_store, .data = &thresh },
		{ .show = bytes_show, .store = bytes_store, .data = &thresh },
		{ .show = ratio_show, .store = ratio_store, .data = &background },
		{ .show = bytes_show, .store = bytes_store, .data = &background },
		{ .show = interval_show, .store = interval_store, .data = &dirty_expire_centisecs },
		{ .show = interval_show,
		  .store = interval_store,
		  .data = &dirty_writeback_centisecs },
	};
	static const char *const names[] = {
		"sys/vm/dirty_ratio",
		"sys/vm/dirty_bytes",
		"sys/vm/dirty_background_ratio",
		"sys/vm/dirty_background_bytes",
		"sys/vm/dirty_expire_centisecs",
		"sys/vm/dirty_writeback_centisecs",
	};
	static const struct sysfs_attr debug[] = {
		{ .name = "fault_around_bytes",
		  .mode = 0644,
		  .show = around_show,
		  .store = around_store },
		{ .name = "fault_batch_bytes",
		  .mode = 0644,
		  .show = batch_show,
		  .store = batch_store },
	};
	int err = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(entries) && !err; i++)
		err = proc_register(names[i], 0644, &entries[i]);
	if (!err)
		err = sysctl_register(&laptop, 1);
	if (!err)
		err = debugfs_create_files("", debug, ARRAY_SIZE(debug), NULL);
	if (err)
		pr_warn("procfs: no memory for write-back's files");
}
