/*
 * sysfs, debugfs and tracefs: directories of attributes, one value to a file.
 *
 * OWNS     the three trees; a proc_entry for each registered attribute.
 * WHY      one description of an attribute serves every object of its kind (a node, a processor, a size of huge pages): the
 *          object comes to show and store as data.
 * CONTEXT  boot, or tasks; may sleep.
 * I1       what is below /sys/module, and what modules have added, can be removed, nothing else.
 * FAILS    -ENOMEM, -EEXIST.
 * NOT HERE what is in them: sysfs_system.c (processors, nodes), and whoever registers.
 * SOURCES  sysfs(5); Linux Documentation/filesystems/{sysfs,debugfs}.rst.
 * SEE      pseudo.c: the tree; proc_text.c: reading and writing.   TESTED BY proc_sysfs.c
 */
#include "fs/sysfs.h"

#include "base/errno.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "proc_impl.h"
#include "pseudo.h"
#include "sync/failpoint.h"
#include "vfs_impl.h"

enum {
	SYSFS_MAGIC = 0x62656572,
	DEBUGFS_MAGIC = 0x64626720,
	TRACEFS_MAGIC = 0x74726163,
	PATH_ROOM = 160,
	WORD_BITS = 8 * sizeof(long)
};

static struct pseudo_tree sysfs_tree = {
	.type = { .name = "sysfs" },
	.root = { .name = "", .mode = S_IFDIR | 0755, .ino = PSEUDO_ROOT_INO, .refs = { 1 } },
	.magic = SYSFS_MAGIC,
	.file_size = PAGE_SIZE,
	.strict = true,
	.root_iops = &pseudo_dir_iops,
};

static struct pseudo_tree debugfs_tree = {
	.type = { .name = "debugfs" },
	.root = { .name = "", .mode = S_IFDIR | 0700, .ino = PSEUDO_ROOT_INO, .refs = { 1 } },
	.magic = DEBUGFS_MAGIC,
	.root_iops = &pseudo_dir_iops,
};

static struct pseudo_tree tracefs_tree = {
	.type = { .name = "tracefs" },
	.root = { .name = "", .mode = S_IFDIR | 0700, .ino = PSEUDO_ROOT_INO, .refs = { 1 } },
	.magic = TRACEFS_MAGIC,
	.root_iops = &pseudo_dir_iops,
};

/* Modules and partitions come and go. */
static bool is_removable(const char *path)
{
	static const char *const places[] = { "module/", "block/", "dev/block/", "class/block/" };

	for (unsigned i = 0; i < ARRAY_SIZE(places); i++)
		if (!strncmp(path, places[i], strlen(places[i])))
			return true;
	return false;
}

static void free_entry(struct proc_entry *e)
{
	kfree(e);
}

static int create_file(struct pseudo_tree *tree, const char *dir, const struct sysfs_attr *a,
		       void *data)
{
	struct proc_entry *e = failpoint("sysfs_file") ? NULL : kzalloc(sizeof(*e), GFP_KERNEL);
	struct pseudo_node n = { .mode = S_IFREG | a->mode,
				 .entry = e,
				 .removable = is_removable(dir) };
	char path[PATH_ROOM];
	int err;

	if (!e)
		return -ENOMEM;
	*e = (struct proc_entry){ .show = a->show,
				  .store = a->store,
				  .cut = a->cut,
				  .fops = a->fops,
				  .data = data,
				  .free = free_entry };
	must(fmt_snprintf(path, sizeof(path), "%s%s%s", dir, *dir ? "/" : "", a->name) <
	     sizeof(path));
	err = pseudo_register(tree, path, &n);
	if (err)
		kfree(e);
	return err;
}

static int create_files(struct pseudo_tree *tree, const char *dir, const struct sysfs_attr *attrs,
			unsigned nr, void *data)
{
	int err = 0;

	for (unsigned i = 0; i < nr && !err; i++)
		err = create_file(tree, dir, &attrs[i], data);
	return err;
}

int sysfs_create_files(const char *dir, const struct sysfs_attr *attrs, unsigned nr, void *data)
{
	return create_files(&sysfs_tree, dir, attrs, nr, data);
}

int debugfs_create_files(const char *dir, const struct sysfs_attr *attrs, unsigned nr, void *data)
{
	return create_files(&debugfs_tree, dir, attrs, nr, data);
}

int tracefs_create_files(const char *dir, const struct sysfs_attr *attrs, unsigned nr, void *data)
{
	return create_files(&tracefs_tree, dir, attrs, nr, data);
}

int sysfs_create_dir(const char *dir)
{
	struct pseudo_node n = { .mode = S_IFDIR | 0755, .removable = is_removable(dir) };
	int err = pseudo_register(&sysfs_tree, dir, &n);

	return err == -EEXIST ? 0 : err;
}

int sysfs_create_link(const char *path, const char *target)
{
	struct pseudo_node n = { .mode = S_IFLNK | 0777,
				 .target = target,
				 .removable = is_removable(path) };

	return pseudo_register(&sysfs_tree, path, &n);
}

int sysfs_remove(const char *path)
{
	must(is_removable(path));
	return pseudo_unregister(&sysfs_tree, path);
}

/* ---- for modules ---- */

static int add_node(enum pseudo_kind tree, const char *path, const struct pseudo_node *n)
{
	if (tree == IN_PROC)
		return proc_register_node(path, n);
	return pseudo_register(tree == IN_SYSFS ? &sysfs_tree : &debugfs_tree, path, n);
}

int pseudo_add(enum pseudo_kind tree, const char *path, uint32_t mode, struct proc_entry *entry)
{
	const struct pseudo_node n = { .mode = mode & S_IFMT ? mode : mode | S_IFREG,
				       .entry = entry,
				       .removable = true };

	return add_node(tree, path, &n);
}

int pseudo_add_link(enum pseudo_kind tree, const char *path, const char *target)
{
	const struct pseudo_node n = { .mode = S_IFLNK | 0777,
				       .target = target,
				       .removable = true };

	return add_node(tree, path, &n);
}

void pseudo_remove(enum pseudo_kind tree, const char *path)
{
	if (tree == IN_PROC)
		(void)proc_unregister(path);
	else
		(void)pseudo_unregister(tree == IN_SYSFS ? &sysfs_tree : &debugfs_tree, path);
}

/* ---- sets of numbers ---- */

void seq_bit_list(struct seq_file *m, unsigned long mask)
{
	const char *comma = "";
	unsigned first, last;

	for (first = 0; first < WORD_BITS; first = last + 1) {
		last = first;
		if (!(mask >> first & 1))
			continue;
		while (last + 1 < WORD_BITS && mask >> (last + 1) & 1)
			last++;
		seq_printf(m, last > first ? "%s%u-%u" : "%s%u", comma, first, last);
		comma = ",";
	}
	seq_putc(m, '\n');
}

void seq_bit_map(struct seq_file *m, unsigned long mask, unsigned nr_bits)
{
	unsigned groups = (nr_bits + 31) / 32;

	for (unsigned g = groups; g-- > 0;) {
		unsigned top = g + 1 == groups && nr_bits % 32 ? nr_bits % 32 : 32;
		unsigned long word = g * 32 < WORD_BITS ? mask >> g * 32 & 0xffffffffUL : 0;

		seq_printf(m, g ? "%0*lx," : "%0*lx", (int)(top + 3) / 4, word);
	}
	seq_putc(m, '\n');
}

void sysfs_init(void)
{
	static const char *const dirs[] = { "block",	      "bus",	      "class/block",
					    "class/misc",     "dev/block",    "dev/char",
					    "devices",	      "firmware",     "fs",
					    "kernel",	      "kernel/debug", "kernel/mm",
					    "kernel/tracing", "module",	      "power" };

	pseudo_start(&sysfs_tree);
	pseudo_start(&debugfs_tree);
	pseudo_start(&tracefs_tree);
	for (unsigned i = 0; i < ARRAY_SIZE(dirs); i++)
		boot_need(sysfs_create_dir(dirs[i]), "/sys/", dirs[i]);
	sysfs_system_init();
	debugfs_pt_init();
	debugfs_poison_init();
	debugfs_extfrag_init();
	debugfs_thp_init();
	debugfs_fail_init();
	debugfs_frames_init();
	tracefs_init();
	sysfs_idle_init();
	sysfs_thp_init();
	sysfs_policy_init();
	sysfs_ksm_init();
	sysfs_hugetlb_init();
}
