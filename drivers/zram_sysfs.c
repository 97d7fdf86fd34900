/*
 * /sys/block/zramN, in Linux 6.1's formats.
 *
 * OWNS     nothing: the figures belong to zram.c.
 * CONTEXT  a task; may sleep.
 * FAILS    -EBUSY, -EINVAL, -ENOMEM as Linux's.
 * SOURCES  Linux Documentation/admin-guide/blockdev/zram.rst, ABI/testing/sysfs-block-zram.
 * TESTED BY tests/guest/mem_swap.c
 */
#include "zram_impl.h"

#include "base/errno.h"
#include "fs/sysfs.h"
#include "lib/fmt.h"
#include "lib/string.h"

/* "64M": a number with a suffix of the powers of 1024. -EINVAL: none, or something behind it. */
static int parse_bytes(const char *text, uint64_t *out)
{
	static const char suffixes[] = "KMGT";
	const char *p = text, *s;
	uint64_t v = 0;

	while (*p >= '0' && *p <= '9' && v < UINT64_MAX / 16)
		v = v * 10 + (uint64_t)(*p++ - '0');
	if (p == text)
		return -EINVAL;
	s = *p && *p != '\n' ? strchr(suffixes, *p & ~0x20) : NULL;
	if (s) {
		v <<= 10 * (unsigned)(s - suffixes + 1);
		p++;
	}
	if (*p && *p != '\n')
		return -EINVAL;
	*out = v;
	return 0;
}

static int disksize_show(struct seq_file *m)
{
	const struct zram *z = m->private;

	seq_printf(m, "%llu\n", (unsigned long long)z->nr_pages << PAGE_SHIFT);
	return 0;
}

static int disksize_store(struct proc_entry *e, char *text, size_t len)
{
	uint64_t bytes;
	int err = parse_bytes(text, &bytes);

	return err ? err : zram_setup(e->data, (bytes + PAGE_SIZE - 1) >> PAGE_SHIFT);
}

static int initstate_show(struct seq_file *m)
{
	const struct zram *z = m->private;

	seq_printf(m, "%u\n", z->nr_pages != 0);
	return 0;
}

static int reset_store(struct proc_entry *e, char *text, size_t len)
{
	uint64_t v;

	return parse_bytes(text, &v) || !v ? -EINVAL : zram_reset(e->data);
}

static int algorithm_show(struct seq_file *m)
{
	seq_puts(m, "[lz4] \n");
	return 0;
}

static int algorithm_store(struct proc_entry *e, char *text, size_t len)
{
	const struct zram *z = e->data;

	if (strcmp(text, "lz4") != 0 && strcmp(text, "lz4\n") != 0)
		return -EINVAL;
	return z->nr_pages ? -EBUSY : 0;
}

static int streams_show(struct seq_file *m)
{
	seq_puts(m, "1\n");
	return 0;
}

/* An old file of Linux: taken, and of no effect. */
static int ignore_store(struct proc_entry *e, char *text, size_t len)
{
	return 0;
}

static int limit_store(struct proc_entry *e, char *text, size_t len)
{
	struct zram *z = e->data;
	uint64_t bytes;
	irqflags_t irq;

	if (parse_bytes(text, &bytes))
		return -EINVAL;
	irq = spin_lock_irqsave(&z->lock);
	z->limit = (unsigned long)((bytes + PAGE_SIZE - 1) >> PAGE_SHIFT);
	spin_unlock_irqrestore(&z->lock, irq);
	return 0;
}

/* "0" forgets the highest use until now. */
static int max_used_store(struct proc_entry *e, char *text, size_t len)
{
	struct zram *z = e->data;
	uint64_t v;
	irqflags_t irq;

	if (parse_bytes(text, &v) || v)
		return -EINVAL;
	irq = spin_lock_irqsave(&z->lock);
	z->max_used = z->pool.nr_pages;
	spin_unlock_irqrestore(&z->lock, irq);
	return 0;
}

static int mm_stat_show(struct seq_file *m)
{
	struct zram *z = m->private;
	irqflags_t irq = spin_lock_irqsave(&z->lock);
	unsigned long long stored = z->stored, packed = z->packed_bytes, same = z->same,
			   huge = z->huge, since = z->huge_since, max = z->max_used;
	unsigned long used = z->pool.nr_pages, limit = z->limit;

	spin_unlock_irqrestore(&z->lock, irq);
	seq_printf(m, "%8llu %8llu %8llu %8lu %8llu %8llu %8u %8llu %8llu\n", stored << PAGE_SHIFT,
		   packed, (unsigned long long)used << PAGE_SHIFT, limit << PAGE_SHIFT,
		   max << PAGE_SHIFT, same, 0U, huge, since);
	return 0;
}

static int io_stat_show(struct seq_file *m)
{
	const struct zram *z = m->private;

	seq_printf(m, "%8llu %8llu %8llu %8llu\n", (unsigned long long)z->failed_reads,
		   (unsigned long long)z->failed_writes, (unsigned long long)z->invalid_io,
		   (unsigned long long)z->notify_free);
	return 0;
}

/* Old kernels' file, which old programs read instead of mm_stat. */
static int mem_used_show(struct seq_file *m)
{
	struct zram *z = m->private;

	seq_printf(m, "%llu\n", (unsigned long long)READ_ONCE(z->pool.nr_pages) << PAGE_SHIFT);
	return 0;
}

/* No write waits for memory with its compressed bytes at hand, and no slot's end comes too early to be taken. */
static int debug_stat_show(struct seq_file *m)
{
	seq_printf(m, "version: 1\n%8u %8u\n", 0U, 0U);
	return 0;
}

int zram_files_init(struct zram *z)
{
	static const struct sysfs_attr attrs[] = {
		{ .name = "disksize",
		  .mode = 0644,
		  .show = disksize_show,
		  .store = disksize_store },
		{ .name = "initstate", .mode = 0444, .show = initstate_show },
		{ .name = "reset", .mode = 0200, .store = reset_store },
		{ .name = "comp_algorithm",
		  .mode = 0644,
		  .show = algorithm_show,
		  .store = algorithm_store },
		{ .name = "max_comp_streams",
		  .mode = 0644,
		  .show = streams_show,
		  .store = ignore_store },
		{ .name = "mem_limit", .mode = 0200, .store = limit_store },
		{ .name = "mem_used_max", .mode = 0200, .store = max_used_store },
		{ .name = "compact", .mode = 0200, .store = ignore_store },
		{ .name = "mm_stat", .mode = 0444, .show = mm_stat_show },
		{ .name = "mem_used_total", .mode = 0444, .show = mem_used_show },
		{ .name = "debug_stat", .mode = 0444, .show = debug_stat_show },
		{ .name = "io_stat", .mode = 0444, .show = io_stat_show },
	};
	char dir[24];

	(void)fmt_snprintf(dir, sizeof(dir), "block/zram%u", z->index);
	return sysfs_create_files(dir, attrs, ARRAY_SIZE(attrs), z);
}

/* ---- /sys/class/zram-control ---- */

/* Reading makes one. */
static int hot_add_show(struct seq_file *m)
{
	int n = zram_add();

	if (n >= 0)
		seq_printf(m, "%d\n", n);
	return n < 0 ? n : 0;
}

static int hot_remove_store(struct proc_entry *e, char *text, size_t len)
{
	uint64_t n;

	if (parse_bytes(text, &n))
		return -EINVAL;
	return n < ZRAM_DEVICES ? zram_remove((unsigned)n) : -ENODEV;
}

void zram_control_init(void)
{
	static const struct sysfs_attr attrs[] = {
		{ .name = "hot_add", .mode = 0400, .show = hot_add_show },
		{ .name = "hot_remove", .mode = 0200, .store = hot_remove_store },
	};

	boot_need(sysfs_create_files("class/zram-control", attrs, ARRAY_SIZE(attrs), NULL), "/sys/",
		  "class/zram-control");
}
