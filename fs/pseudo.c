/*
 * Trees of registered names: /proc, /sys and debugfs.
 *
 * OWNS     struct pseudo_node: one per registered name; struct pseudo_tree: one per file system.
 * WHY      three file systems whose directories are made by the kernel: one tree code, one mount. What differs is the
 *          root's lookup (/proc has processes) and the rules for opening a file (/sys refuses what it could not do).
 * I1       children are in the order of registering. A node that is removable is out of the tree once it is gone; it lives as
 *          long as an inode or a listing has a reference. Its entry is not called after pseudo_unregister.
 * I2       an inode with ops of this file, or the root's, has its node as private; those of processes are proc_pid.c's. Inodes of removable nodes are uncached: the name is looked up anew each time.
 * I3       a tree has one super block, kept by a detached mount: mounted twice it is the same file system, as on Linux.
 * LOCKS    nodes_lock (rank OBJECT) to add, to remove and to walk children.
 * CONTEXT  tasks; may sleep.
 * FAILS    registering: -ENOMEM, -EEXIST.
 * NOT HERE what is in the files (proc_*.c, sysfs*.c), their text (proc_text.c).   TESTED BY proc_files.c, proc_sysfs.c
 */
#include "pseudo.h"

#include "base/errno.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "proc_impl.h"
#include "sync/failpoint.h"
#include "vfs_impl.h"

static struct spinlock nodes_lock = SPINLOCK_INIT(RANK_OBJECT);
static unsigned long next_ino = 0xf0000000UL; /* n */

static const struct inode_ops link_iops, file_iops, cut_iops;
static const struct file_ops dir_fops;
static struct waitq users_gone =
	WAITQ_INIT(users_gone); /* somebody waits for node->users to fall to 0 */

/* ---- the tree ---- */

static struct pseudo_node *child_find(struct pseudo_node *dir, const char *name, size_t len)
	must_hold(nodes_lock)
{
	struct pseudo_node *n;

	for (n = dir->children; n; n = n->next)
		if (n->name[0] == name[0] && !strncmp(n->name, name, len) && !n->name[len])
			return n;
	return NULL;
}

/* Add @fresh to @dir unless its name is taken. Return: the node of that name. */
static struct pseudo_node *child_add(struct pseudo_node *dir, struct pseudo_node *fresh)
{
	struct pseudo_node *old, **end;

	spin_lock(&nodes_lock);
	old = child_find(dir, fresh->name, strlen(fresh->name));
	if (!old) {
		fresh->ino = next_ino++;
		atomic_set(&fresh->refs, 1);
		for (end = &dir->children; *end; end = &(*end)->next)
			;
		*end = fresh;
	}
	spin_unlock(&nodes_lock);
	return old ? old : fresh;
}

static void node_put(struct pseudo_node *n)
{
	if (!n || !atomic_dec_and_test(&n->refs))
		return;
	if (n->entry && n->entry->free)
		n->entry->free(n->entry);
	kfree(n);
}

static struct pseudo_node *node_get(struct pseudo_node *n)
{
	if (n)
		atomic_inc(&n->refs);
	return n;
}

/* With its own copy of the name, and of a symlink's target behind it. */
static struct pseudo_node *node_new(const char *name, size_t len, uint32_t mode, const char *target)
{
	size_t target_len = target ? strlen(target) : 0;
	struct pseudo_node *n = failpoint("pseudo_node")
					? NULL
					: kzalloc(sizeof(*n) + len + target_len + 2, GFP_KERNEL);
	char *text = (char *)(n + 1);

	if (!n)
		return NULL;
	memcpy(text, name, len);
	n->name = text;
	if (target)
		n->target = memcpy(text + len + 1, target, target_len);
	n->mode = mode;
	return n;
}

/* The directories of @path below @dir, made where missing; *leaf gets what follows the last slash. NULL: no memory. */
static struct pseudo_node *make_parents(struct pseudo_node *dir, const char *path, bool removable,
					const char **leaf)
{
	const char *slash;

	while ((slash = strchr(path, '/')) != NULL) {
		struct pseudo_node *n = node_new(path, (size_t)(slash - path), dir->mode, NULL);
		struct pseudo_node *kept;

		if (!n)
			return NULL;
		n->removable = removable;
		kept = child_add(dir, n);
		if (kept != n)
			kfree(n);
		dir = kept;
		path = slash + 1;
	}
	*leaf = path;
	return dir;
}

int pseudo_register(struct pseudo_tree *tree, const char *path, const struct pseudo_node *proto)
{
	const char *leaf;
	struct pseudo_node *dir = make_parents(&tree->root, path, proto->removable, &leaf), *n;

	if (!dir)
		return -ENOMEM;
	n = node_new(leaf, strlen(leaf), proto->mode, proto->target);
	if (!n)
		return -ENOMEM;
	n->entry = proto->entry;
	n->readlink = proto->readlink;
	n->removable = proto->removable;
	if (child_add(dir, n) == n)
		return 0;
	kfree(n);
	return -EEXIST;
}

/* ---- removing ---- */

/* Out of the list @link is in. Return: the node that was there. */
static struct pseudo_node *unlink_node(struct pseudo_node **link) must_hold(nodes_lock)
{
	struct pseudo_node *n = *link;

	*link = n->next;
	n->gone = true;
	n->next = NULL;
	return n;
}

/* Take @path's node out of the tree. NULL: there is none, or it stays for ever. */
static struct pseudo_node *take_path(struct pseudo_node *dir, const char *path)
{
	struct pseudo_node **link = &dir->children, *n = NULL;

	spin_lock(&nodes_lock);
	for (;;) {
		const char *slash = strchr(path, '/');
		size_t len = slash ? (size_t)(slash - path) : strlen(path);

		while ((n = *link) && (strncmp(n->name, path, len) || n->name[len]))
			link = &n->next;
		if (!n || !path[len])
			break;
		path += len + 1;
		link = &n->children;
	}
	if (n && n->removable)
		n = unlink_node(link);
	else
		n = NULL;
	spin_unlock(&nodes_lock);
	return n;
}

/* The leaf that lies deepest on the left of @n, taken out of it; @n itself when it has no children. */
static struct pseudo_node *take_leaf(struct pseudo_node *n)
{
	struct pseudo_node **link = NULL;

	spin_lock(&nodes_lock);
	while (n->children) {
		link = &n->children;
		n = *link;
	}
	if (link)
		n = unlink_node(link);
	spin_unlock(&nodes_lock);
	return n;
}

int pseudo_unregister(struct pseudo_tree *tree, const char *path)
{
	struct pseudo_node *top = take_path(&tree->root, path), *n;

	if (!top)
		return -ENOENT;
	do {
		n = take_leaf(top);
		wait_event(&users_gone, atomic_read(&n->users) == 0);
		node_put(n);
	} while (n != top);
	return 0;
}

bool pseudo_enter(const struct inode *inode)
{
	struct pseudo_node *n = inode->private;
	bool here = true;

	if (!n->removable)
		return true;
	spin_lock(&nodes_lock);
	here = !n->gone;
	if (here)
		atomic_inc(&n->users);
	spin_unlock(&nodes_lock);
	return here;
}

void pseudo_leave(const struct inode *inode)
{
	struct pseudo_node *n = inode->private;

	if (n->removable && atomic_dec_and_test(&n->users))
		waitq_wake_all(&users_gone);
}

struct proc_entry *proc_entry_of(const struct inode *inode)
{
	const struct pseudo_node *n = inode->private;

	return n->entry;
}

/* ---- inodes ---- */

struct inode *pseudo_inode(struct super_block *sb, struct pseudo_node *n)
{
	const struct pseudo_tree *tree = sb->private;
	struct inode *inode = inode_alloc(sb, n->mode);

	if (!inode)
		return NULL;
	inode->ino = n->ino;
	inode->private = node_get(n);
	inode->uncached = n->removable;
	if (S_ISDIR(n->mode)) {
		inode->nlink = 2;
		inode->ops = n == &tree->root ? tree->root_iops : &pseudo_dir_iops;
		inode->fops = &dir_fops;
	} else if (S_ISLNK(n->mode)) {
		inode->ops = &link_iops;
		inode->mapping.size = tree->sizes_links && n->target ? strlen(n->target) : 0;
	} else {
		inode->ops = n->entry->cut ? &cut_iops : &file_iops;
		inode->fops = n->entry->fops ? n->entry->fops : &proc_text_fops;
		inode->mapping.size = tree->file_size;
	}
	return inode;
}

int pseudo_lookup(struct inode *dir, const struct qstr *name, struct inode **out)
{
	struct pseudo_node *n;

	spin_lock(&nodes_lock);
	n = node_get(child_find(dir->private, name->name, name->len));
	spin_unlock(&nodes_lock);
	if (!n)
		return -ENOENT;
	*out = pseudo_inode(dir->sb, n);
	node_put(n);
	return *out ? 0 : -ENOMEM;
}

static int node_readlink(struct inode *inode, char *buf, size_t size)
{
	const struct pseudo_node *n = inode->private;
	size_t len;

	if (n->readlink)
		return n->readlink(buf, size);
	len = min_of(size_t, strlen(n->target), size);
	memcpy(buf, n->target, len);
	return (int)len;
}

static int node_truncate(struct inode *inode, uint64_t size)
{
	struct proc_entry *e = proc_entry_of(inode);

	e->cut(e);
	return 0;
}

/* ---- reading directories ---- */

bool proc_emit(struct dir_context *c, uint64_t next, const char *name, uint64_t ino, unsigned type)
{
	uint64_t own = c->pos;

	c->pos = next;
	if (c->emit(c, name, (unsigned)strlen(name), ino, type))
		return true;
	c->pos = own;
	return false;
}

bool proc_emit_dots(struct file *f, struct dir_context *c)
{
	struct dentry *d = f->path.dentry;

	if (c->pos == 0 && !proc_emit(c, 1, ".", f->inode->ino, DT_DIR))
		return false;
	return c->pos != 1 || proc_emit(c, 2, "..", d->parent->inode->ino, DT_DIR);
}

/* The child of @dir after @before, which is at @pos - 1 unless it is gone; NULL: the first. Referenced; @before is put. */
static struct pseudo_node *node_after(struct pseudo_node *dir, struct pseudo_node *before,
				      uint64_t pos)
{
	struct pseudo_node *n;
	uint64_t at = 2;

	spin_lock(&nodes_lock);
	if (before && !before->gone)
		n = before->next;
	else
		for (n = dir->children; n && at < pos; n = n->next)
			at++;
	node_get(n);
	spin_unlock(&nodes_lock);
	node_put(before);
	return n;
}

static int dir_iterate(struct file *f, struct dir_context *c)
{
	const struct pseudo_tree *tree = f->inode->sb->private;
	struct pseudo_node *dir = f->inode->private, *n = NULL;

	if (!proc_emit_dots(f, c))
		return 0;
	while (c->pos < PSEUDO_MORE_POS && (n = node_after(dir, n, c->pos))) {
		if (!proc_emit(c, c->pos + 1, n->name, n->ino, mode_to_dtype(n->mode))) {
			node_put(n);
			return 0;
		}
	}
	if (dir == &tree->root && tree->emit_more) {
		c->pos = max_of(uint64_t, c->pos, PSEUDO_MORE_POS);
		tree->emit_more(c, (int)(c->pos - PSEUDO_MORE_POS));
	}
	return 0;
}

const struct inode_ops pseudo_dir_iops = { .lookup = pseudo_lookup };
static const struct inode_ops link_iops = { .readlink = node_readlink };
static const struct inode_ops file_iops = { 0 };
static const struct inode_ops cut_iops = { .truncate = node_truncate };
static const struct file_ops dir_fops = { .iterate = dir_iterate };

/* ---- mounts ---- */

static void pseudo_evict(struct inode *inode)
{
	const struct pseudo_tree *tree = inode->sb->private;

	if (inode->ops == &file_iops || inode->ops == &cut_iops || inode->ops == &link_iops ||
	    inode->ops == &pseudo_dir_iops || inode->ops == tree->root_iops)
		node_put(inode->private);
	else if (inode->uncached)
		proc_pid_evict(inode);
}

static int pseudo_statfs(struct super_block *sb, struct statfs_k *out)
{
	*out = (struct statfs_k){
		.type = sb->magic, .bsize = PAGE_SIZE, .frsize = PAGE_SIZE, .namelen = VFS_NAME_MAX
	};
	return 0;
}

static const struct super_ops pseudo_super_ops = { .evict = pseudo_evict, .statfs = pseudo_statfs };

static struct super_block *make_super(struct pseudo_tree *tree)
{
	struct super_block *sb = super_alloc(&tree->type, &pseudo_super_ops);
	struct inode *inode;

	if (!sb)
		return NULL;
	sb->no_negative = true;
	sb->magic = tree->magic;
	sb->private = tree;
	inode = pseudo_inode(sb, &tree->root);
	sb->root = inode ? dentry_make_root(sb, inode) : NULL;
	if (sb->root)
		return sb;
	super_put(sb);
	return NULL;
}

/* The same tree again. */
static int pseudo_mount(const struct fs_type *type, unsigned long flags, const char *source,
			const char *data, struct super_block **out)
{
	const struct pseudo_tree *tree = container_of(type, const struct pseudo_tree, type);

	atomic_inc(&tree->mount->sb->refs);
	*out = tree->mount->sb;
	return 0;
}

void pseudo_start(struct pseudo_tree *tree)
{
	struct super_block *sb = make_super(tree);

	boot_need(sb ? 0 : -ENOMEM, "file system ", tree->type.name);
	tree->mount = mount_detached(sb, tree->type.name);
	boot_need(tree->mount ? 0 : -ENOMEM, "mount of ", tree->type.name);
	tree->type.nodev = true;
	tree->type.mount = pseudo_mount;
	fs_register(&tree->type);
}
