/*
 * /proc: what is in its root, and how the rooms of the kernel add to it.
 *
 * OWNS     the tree of /proc.
 * CONTEXT  tasks; may sleep.
 * SOURCES  proc(5).
 * SEE      pseudo.c: the tree; proc_text.c: its text files; proc_pid.c: processes.
 */
#include "proc_impl.h"

#include "base/errno.h"
#include "fs/claims.h"
#include "kernel/task.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "pseudo.h"
#include "vfs_impl.h"

enum { PROC_MAGIC = 0x9fa0 };

struct proc_tty_hooks proc_tty_hooks;

static int root_lookup(struct inode *dir, const struct qstr *name, struct inode **out)
{
	int err = pseudo_lookup(dir, name, out);

	return err == -ENOENT ? proc_pid_lookup(dir, name, out) : err;
}

static const struct inode_ops root_iops = { .lookup = root_lookup };

static struct pseudo_tree proc_tree = {
	.type = { .name = "proc" },
	.root = { .name = "", .mode = S_IFDIR | 0555, .ino = PSEUDO_ROOT_INO, .refs = { 1 } },
	.magic = PROC_MAGIC,
	.sizes_links = true,
	.root_iops = &root_iops,
	.emit_more = proc_pid_emit,
};

/* What is below /proc/net: each process has that directory, as its network namespace would be its own. Looked up anew each time, as a
   process's directory may go. */
static struct pseudo_tree net_tree = {
	.root = { .name = "net",
		  .mode = S_IFDIR | 0555,
		  .ino = PROC_NET_INO,
		  .refs = { 1 },
		  .removable = true },
};

/* The tree that *path is in, and *path relative to that. */
static struct pseudo_tree *tree_of(const char **path)
{
	if (strncmp(*path, "net/", 4))
		return &proc_tree;
	*path += 4;
	return &net_tree;
}

struct inode *proc_net_inode(struct super_block *sb)
{
	return pseudo_inode(sb, &net_tree.root);
}

int proc_register(const char *path, uint32_t mode, struct proc_entry *entry)
{
	struct pseudo_tree *tree = tree_of(&path);
	struct pseudo_node n = { .mode = (mode & S_IFMT ? mode : mode | S_IFREG),
				 .entry = entry,
				 .removable = tree->root.removable };

	if (!strncmp(path, "sys/", 4))
		entry->strict = true;
	return pseudo_register(tree, path, &n);
}

int proc_register_node(const char *path, const struct pseudo_node *n)
{
	struct pseudo_tree *tree = tree_of(&path);

	return pseudo_register(tree, path, n);
}

int proc_unregister(const char *path)
{
	struct pseudo_tree *tree = tree_of(&path);

	return pseudo_unregister(tree, path);
}

bool proc_entry_enter(const struct inode *inode)
{
	return pseudo_enter(inode);
}

void proc_entry_leave(const struct inode *inode)
{
	pseudo_leave(inode);
}

int proc_register_symlink(const char *path, const char *target)
{
	struct pseudo_node n = { .mode = S_IFLNK | 0777, .target = target };

	return pseudo_register(&proc_tree, path, &n);
}

static int self_readlink(char *buf, size_t size)
{
	return (int)fmt_scnprintf(buf, size, "%d", current_task()->tgid);
}

static int thread_self_readlink(char *buf, size_t size)
{
	return (int)fmt_scnprintf(buf, size, "%d/task/%d", current_task()->tgid,
				  current_task()->pid);
}

static void register_special(const char *path, int (*readlink)(char *buf, size_t size))
{
	struct pseudo_node n = { .mode = S_IFLNK | 0777, .readlink = readlink };

	boot_need(pseudo_register(&proc_tree, path, &n), "/proc/", path);
}

void proc_init(void)
{
	pseudo_start(&proc_tree);
	register_special("self", self_readlink);
	register_special("thread-self", thread_self_readlink);
	boot_need(proc_register_symlink("mounts", "self/mounts"), "/proc/", "mounts");
	boot_need(proc_register_symlink("net", "self/net"), "/proc/", "net");
	proc_mem_init();
	proc_swaps_init();
	proc_vmstat_init();
	proc_iomem_init();
	claims_init();
	proc_zone_init();
	proc_kpage_init();
	proc_sysvm_init();
	proc_dirty_init();
	proc_misc_init();
	proc_kernel_init();
	proc_limits_init();
	proc_failpoint_init();
	proc_sysrq_init();
	proc_pid_init();
	proc_vtop_init();
}
