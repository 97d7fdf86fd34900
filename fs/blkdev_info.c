/*
 * What there is of block devices: nodes in /dev, /proc/partitions, /proc/diskstats, /sys/block.
 *
 * OWNS     the names of devices in these trees; they come and go with the devices.
 * CONTEXT  tasks; may sleep.   FAILS  a name that cannot be made for want of memory is missing: the device works.
 * SOURCES  proc(5); Documentation/admin-guide/iostats and Documentation/block/stat of Linux.
 * TESTED BY  tests/guest/disk_block.c
 */
#include "block/gendisk.h"
#include "fs/proc.h"
#include "fs/sysfs.h"
#include "lib/fmt.h"
#include "sync/klog.h"
#include "vfs_impl.h"

enum { PATH_ROOM = 64, MS = 1000 * 1000 };

/* ---- /proc ---- */

void blkdev_majors(struct seq_file *m)
{
	unsigned pos = 0, last = 0;
	struct block_device *b;

	while ((b = block_next(&pos)) != NULL) {
		if (MAJOR(b->dev) != last)
			seq_printf(m, "%3u %s\n", MAJOR(b->dev), b->disk->driver);
		last = MAJOR(b->dev);
	}
}

static int partitions_show(struct seq_file *m)
{
	struct block_device *b;
	unsigned pos = 0;

	while ((b = block_next(&pos)) != NULL) {
		if (!m->len)
			seq_puts(m, "major minor  #blocks  name\n\n");
		if (b->nr_sectors)
			seq_printf(m, "%4u  %7u %10llu %s\n", MAJOR(b->dev), MINOR(b->dev),
				   (unsigned long long)(b->nr_sectors >> 1), b->name);
	}
	return 0;
}

static unsigned long ms(uint64_t ns)
{
	return (unsigned long)(ns / MS);
}

/* The numbers of one device; @sysfs: as wide as its stat file has them. */
static void put_stats(struct seq_file *m, struct block_device *b, bool sysfs)
{
	static const enum req_op ops[] = { REQ_OP_READ, REQ_OP_WRITE, REQ_OP_DISCARD };
	struct disk_stats s;
	uint64_t all = 0;

	block_stats(b, &s);
	for (unsigned op = 0; op < REQ_OP_NR; op++)
		all += s.ns[op];
	for (unsigned i = 0; i < ARRAY_SIZE(ops); i++) {
		enum req_op op = ops[i];

		if (i == 2)
			seq_printf(m, sysfs ? "%8lu %8lu %8lu " : "%lu %lu %lu ", s.in_flight,
				   ms(s.busy_ns), ms(all));
		seq_printf(m, sysfs ? "%8lu %8lu %8llu %8lu " : "%lu %lu %llu %lu ", s.ios[op],
			   s.merges[op], (unsigned long long)s.sectors[op], ms(s.ns[op]));
	}
	seq_printf(m, sysfs ? "%8lu %8lu\n" : "%lu %lu\n", s.ios[REQ_OP_FLUSH],
		   ms(s.ns[REQ_OP_FLUSH]));
}

static int diskstats_show(struct seq_file *m)
{
	struct block_device *b;
	unsigned pos = 0;

	while ((b = block_next(&pos)) != NULL) {
		seq_printf(m, "%4u %7u %s ", MAJOR(b->dev), MINOR(b->dev), b->name);
		put_stats(m, b, false);
	}
	return 0;
}

/* ---- /sys/block ---- */

static int show_number(struct seq_file *m, unsigned long long n)
{
	seq_printf(m, "%llu\n", n);
	return 0;
}

static int dev_show(struct seq_file *m)
{
	const struct block_device *b = m->private;

	seq_printf(m, "%u:%u\n", MAJOR(b->dev), MINOR(b->dev));
	return 0;
}

static int size_show(struct seq_file *m)
{
	return show_number(m, ((struct block_device *)m->private)->nr_sectors);
}

static int start_show(struct seq_file *m)
{
	return show_number(m, ((struct block_device *)m->private)->start);
}

static int partition_show(struct seq_file *m)
{
	return show_number(m, ((struct block_device *)m->private)->partno);
}

static int ro_show(struct seq_file *m)
{
	return show_number(m, block_is_readonly(m->private));
}

static int zero_show(struct seq_file *m)
{
	return show_number(m, 0);
}

static int rotational_show(struct seq_file *m)
{
	return show_number(m, !((struct block_device *)m->private)->disk->memory);
}

static int stat_show(struct seq_file *m)
{
	put_stats(m, m->private, true);
	return 0;
}

static int block_size_show(struct seq_file *m)
{
	return show_number(m, block_size(m->private));
}

static int readahead_show(struct seq_file *m)
{
	const struct block_device *b = m->private;

	return show_number(m, (unsigned long long)b->bdi.ra_pages << (PAGE_SHIFT - 10));
}

static int readahead_store(struct proc_entry *e, char *text, size_t len)
{
	struct block_device *b = e->data;
	long kb;
	int err = proc_parse_long(text, &kb);

	if (!err && kb >= 0)
		WRITE_ONCE(b->bdi.ra_pages, (unsigned)(kb >> (PAGE_SHIFT - 10)));
	return err;
}

static int segments_show(struct seq_file *m)
{
	return show_number(m, ((struct block_device *)m->private)->disk->max_vecs);
}

static int sectors_kb_show(struct seq_file *m)
{
	return show_number(m, ((struct block_device *)m->private)->disk->max_sectors / 2);
}

static int discard_max_show(struct seq_file *m)
{
	const struct gendisk *d = ((struct block_device *)m->private)->disk;

	return show_number(m, d->can_discard ? d->max_discard << SECTOR_SHIFT : 0);
}

static int discard_granularity_show(struct seq_file *m)
{
	const struct gendisk *d = ((struct block_device *)m->private)->disk;

	return show_number(m, d->can_discard ? d->discard_align << SECTOR_SHIFT : 0);
}

static int write_cache_show(struct seq_file *m)
{
	const struct gendisk *d = ((struct block_device *)m->private)->disk;

	seq_puts(m, d->can_flush ? "write back\n" : "write through\n");
	return 0;
}

static int scheduler_show(struct seq_file *m)
{
	seq_puts(m, "[none]\n");
	return 0;
}

static int fail_show(struct seq_file *m)
{
	return show_number(m, ((struct block_device *)m->private)->make_it_fail);
}

static int fail_store(struct proc_entry *e, char *text, size_t len)
{
	long v;
	int err = proc_parse_long(text, &v);

	if (!err)
		WRITE_ONCE(((struct block_device *)e->data)->make_it_fail, v != 0);
	return err;
}

#define RO(n, fn)                                                                                  \
	{                                                                                          \
		.name = (n), .mode = 0444, .show = (fn)                                            \
	}
static const struct sysfs_attr all_attrs[] = {
	RO("dev", dev_show),
	RO("size", size_show),
	RO("ro", ro_show),
	RO("stat", stat_show),
	{ .name = "make-it-fail", .mode = 0644, .show = fail_show, .store = fail_store }
};
static const struct sysfs_attr disk_attrs[] = { RO("removable", zero_show) };
static const struct sysfs_attr part_attrs[] = { RO("partition", partition_show),
						RO("start", start_show) };
static const struct sysfs_attr queue_attrs[] = {
	RO("logical_block_size", block_size_show),
	RO("physical_block_size", block_size_show),
	RO("hw_sector_size", block_size_show),
	RO("minimum_io_size", block_size_show),
	RO("optimal_io_size", zero_show),
	RO("rotational", rotational_show),
	{ .name = "read_ahead_kb", .mode = 0644, .show = readahead_show, .store = readahead_store },
	RO("max_segments", segments_show),
	RO("max_sectors_kb", sectors_kb_show),
	RO("discard_max_bytes", discard_max_show),
	RO("discard_granularity", discard_granularity_show),
	RO("write_cache", write_cache_show),
	RO("scheduler", scheduler_show),
};

static void dir_of(const struct block_device *b, char *dir)
{
	if (b->partno)
		fmt_snprintf(dir, PATH_ROOM, "block/%s/%s", b->disk->name, b->name);
	else
		fmt_snprintf(dir, PATH_ROOM, "block/%s", b->name);
}

/* Where a device is found by its number, and by its name whether it is a disk or a partition. */
static void link_names(const struct block_device *b, char *by_number, char *by_name)
{
	fmt_snprintf(by_number, PATH_ROOM, "dev/block/%u:%u", MAJOR(b->dev), MINOR(b->dev));
	fmt_snprintf(by_name, PATH_ROOM, "class/block/%s", b->name);
}

static int make_links(const struct block_device *b, const char *dir)
{
	char by_number[PATH_ROOM], by_name[PATH_ROOM], target[PATH_ROOM];
	int err;

	link_names(b, by_number, by_name);
	fmt_snprintf(target, sizeof(target), "../../%s", dir);
	err = sysfs_create_link(by_number, target);
	return err ? err : sysfs_create_link(by_name, target);
}

static int make_sysfs(struct block_device *b)
{
	char dir[PATH_ROOM], queue[PATH_ROOM];
	int err;

	dir_of(b, dir);
	err = sysfs_create_files(dir, all_attrs, ARRAY_SIZE(all_attrs), b);
	if (!err)
		err = make_links(b, dir);
	if (!err && b->partno)
		return sysfs_create_files(dir, part_attrs, ARRAY_SIZE(part_attrs), b);
	fmt_snprintf(queue, sizeof(queue), "%s/queue", dir);
	if (!err)
		err = sysfs_create_files(dir, disk_attrs, ARRAY_SIZE(disk_attrs), b);
	if (!err)
		err = sysfs_create_files(queue, queue_attrs, ARRAY_SIZE(queue_attrs), b);
	return err;
}

static void device_added(struct block_device *b)
{
	int err = devtmpfs_create(b->name, S_IFBLK | 0660, b->dev);

	if (!err)
		err = make_sysfs(b);
	if (err)
		pr_warn("%s: its names are not complete (error %d)", b->name, -err);
}

static void device_removed(struct block_device *b)
{
	char dir[PATH_ROOM], by_number[PATH_ROOM], by_name[PATH_ROOM];

	link_names(b, by_number, by_name);
	(void)sysfs_remove(by_number);
	(void)sysfs_remove(by_name);
	dir_of(b, dir);
	(void)sysfs_remove(dir);
	devtmpfs_remove(b->name);
}

void blkdev_init(void)
{
	static const struct block_watch watch = { device_added, device_removed };
	static struct proc_entry partitions = { .show = partitions_show },
				 diskstats = { .show = diskstats_show };

	boot_need(proc_register("partitions", 0444, &partitions), "/proc/", "partitions");
	boot_need(proc_register("diskstats", 0444, &diskstats), "/proc/", "diskstats");
	block_set_watch(&watch);
}
