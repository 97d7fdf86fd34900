/*
 * /sys/devices/system/memory: physical memory in blocks of 128 MiB.
 *
 * OWNS     nothing: a block's number is its object; what it says is read from the page array.
 * WHY      lsmem(1) and node tools ask here where memory is. Nothing goes on- or offline, so every block says that it is
 *          online and cannot be removed, and no file takes a value.
 * I1       a directory for each block that has a descriptor of a frame in it, and for no other.
 * CONTEXT  boot; then tasks.
 * SOURCES  Linux Documentation/ABI/testing/sysfs-devices-memory, admin-guide/mm/memory-hotplug.rst; lsmem(1).
 * TESTED BY proc_sysfs.c
 */
#include "fs/sysfs.h"

#include "lib/fmt.h"
#include "mm/zone.h"
#include "vfs_impl.h"

#define BLOCK_BYTES (128UL << 20)
#define BLOCK_PAGES (BLOCK_BYTES >> PAGE_SHIFT)

enum { PATH_ROOM = 64, STEP = 1 << MAX_ORDER }; /* the page array has no smaller holes */

/* The first frame with a descriptor from @pfn on, below @end; @end: none. */
static pfn_t next_frame(pfn_t pfn, pfn_t end)
{
	while (pfn < end && !pfn_valid(pfn))
		pfn += STEP;
	return pfn < end ? pfn : end;
}

static pfn_t start_of(const struct seq_file *m)
{
	return (pfn_t)(uintptr_t)m->private * BLOCK_PAGES;
}

static int size_show(struct seq_file *m)
{
	seq_printf(m, "%lx\n", BLOCK_BYTES);
	return 0;
}

static int index_show(struct seq_file *m)
{
	seq_printf(m, "%08lx\n", (unsigned long)(uintptr_t)m->private);
	return 0;
}

static int state_show(struct seq_file *m)
{
	seq_puts(m, "online\n");
	return 0;
}

static int one_show(struct seq_file *m)
{
	seq_puts(m, "1\n");
	return 0;
}

static int zero_show(struct seq_file *m)
{
	seq_puts(m, "0\n");
	return 0;
}

/* The zone of all its frames. */
static int zones_show(struct seq_file *m)
{
	pfn_t end = start_of(m) + BLOCK_PAGES, pfn = next_frame(start_of(m), end);
	const struct zone *z = page_zone(pfn_to_page(pfn));

	while ((pfn = next_frame(pfn + STEP, end)) != end) {
		if (page_zone(pfn_to_page(pfn)) != z) {
			seq_puts(m, "none\n");
			return 0;
		}
	}
	seq_printf(m, "%s\n", z->name);
	return 0;
}

static const struct sysfs_attr all_attrs[] = {
	{ .name = "block_size_bytes", .mode = 0444, .show = size_show },
};

static const struct sysfs_attr block_attrs[] = {
	{ .name = "phys_index", .mode = 0444, .show = index_show },
	{ .name = "online", .mode = 0444, .show = one_show },
	{ .name = "state", .mode = 0444, .show = state_show },
	{ .name = "removable", .mode = 0444, .show = zero_show },
	{ .name = "phys_device", .mode = 0444, .show = zero_show },
	{ .name = "valid_zones", .mode = 0444, .show = zones_show },
};

static void add_block(unsigned long nr, int node)
{
	char dir[PATH_ROOM], path[PATH_ROOM], target[PATH_ROOM];

	fmt_snprintf(dir, sizeof(dir), "devices/system/memory/memory%lu", nr);
	boot_need(sysfs_create_files(dir, block_attrs, ARRAY_SIZE(block_attrs), (void *)nr),
		  "/sys/", dir);
	fmt_snprintf(path, sizeof(path), "%s/node%d", dir, node);
	fmt_snprintf(target, sizeof(target), "../../node/node%d", node);
	boot_need(sysfs_create_link(path, target), "/sys/", path);
	fmt_snprintf(path, sizeof(path), "devices/system/node/node%d/memory%lu", node, nr);
	fmt_snprintf(target, sizeof(target), "../../memory/memory%lu", nr);
	boot_need(sysfs_create_link(path, target), "/sys/", path);
}

void sysfs_memory_init(void)
{
	boot_need(
		sysfs_create_files("devices/system/memory", all_attrs, ARRAY_SIZE(all_attrs), NULL),
		"/sys/", "devices/system/memory");
	for (pfn_t start = 0; start < max_pfn; start += BLOCK_PAGES) {
		pfn_t end = start + BLOCK_PAGES, pfn = next_frame(start, end);

		if (pfn != end)
			add_block(start / BLOCK_PAGES, (int)page_node_id(pfn_to_page(pfn)));
	}
}
