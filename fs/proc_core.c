/*
 * /proc and /sys: the trees of registered entries, and how their text is read and written.
 *
 * OWNS     struct proc_node: one per registered name; open text files.
 * WHY      an entry knows how to print its whole text at once; a read at position 0 prints anew, later ones copy, so a
 *          file read in pieces is of one moment, and a monitor that seeks back gets fresh numbers.
 * I1       nodes are never removed; children are in the order of registering.
 * I2       a static inode's private is its node; what belongs to a process is uncached and owned by proc_pid.c.
 * LOCKS    nodes_lock (rank OBJECT) to add and to walk children. file->pos_lock serialises readers of one open file.
 * CONTEXT  tasks; may sleep.
 * SOURCES  proc(5).
 */
#include "proc_impl.h"

#include "arch/uaccess.h"
#include "base/errno.h"
#include "kernel/task.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "sync/failpoint.h"
#include "vfs_impl.h"

struct proc_node {
	struct proc_node *children, *next; /* n: nodes_lock */
	const char *name;
	uint32_t mode;
	unsigned long ino;
	struct proc_entry *entry; /* of a file */
	const char *target;	  /* of a symlink */
	int (*readlink)(char *buf, size_t size);
};

enum { PROC_MAGIC = 0x9fa0, SYSFS_MAGIC = 0x62656572, ROOT_INO = 1, STORE_MAX = 4096 };

static struct spinlock nodes_lock = SPINLOCK_INIT(RANK_OBJECT);
static struct proc_node root_node = { .name = "", .mode = S_IFDIR | 0555, .ino = ROOT_INO };
static struct proc_node sysfs_root = { .name = "", .mode = S_IFDIR | 0555, .ino = ROOT_INO };
static unsigned long next_ino = 0xf0000000UL;

struct proc_tty_hooks proc_tty_hooks;

static const struct inode_ops root_iops, dir_iops, link_iops;
static const struct file_ops dir_fops;

/* ---- the tree ---- */

static struct proc_node *child_find(struct proc_node *dir, const char *name, size_t len)
	must_hold(nodes_lock)
{
	struct proc_node *n;

	for (n = dir->children; n; n = n->next)
		if (!strncmp(n->name, name, len) && !n->name[len])
			return n;
	return NULL;
}

/* Add @fresh to @dir unless its name is taken. Return: the node of that name. */
static struct proc_node *child_add(struct proc_node *dir, struct proc_node *fresh)
{
	struct proc_node *old, **end;

	spin_lock(&nodes_lock);
	old = child_find(dir, fresh->name, strlen(fresh->name));
	if (!old) {
		fresh->ino = next_ino++;
		for (end = &dir->children; *end; end = &(*end)->next)
			;
		*end = fresh;
	}
	spin_unlock(&nodes_lock);
	return old ? old : fresh;
}

static struct proc_node *node_new(const char *name, size_t len, uint32_t mode)
{
	struct proc_node *n =
		failpoint("proc_node") ? NULL : kzalloc(sizeof(*n) + len + 1, GFP_KERNEL);

	if (!n)
		return NULL;
	memcpy(n + 1, name, len);
	n->name = (char *)(n + 1);
	n->mode = mode;
	return n;
}

/* The directories of @path below @dir, made where missing; *leaf gets what follows the last slash. NULL: no memory. */
static struct proc_node *make_parents(struct proc_node *dir, const char *path, const char **leaf)
{
	const char *slash;

	while ((slash = strchr(path, '/')) != NULL) {
		struct proc_node *n = node_new(path, (size_t)(slash - path), S_IFDIR | 0555), *kept;

		if (!n)
			return NULL;
		kept = child_add(dir, n);
		if (kept != n)
			kfree(n);
		dir = kept;
		path = slash + 1;
	}
	*leaf = path;
	return dir;
}

static int register_node(struct proc_node *root, const char *path, const struct proc_node *proto)
{
	const char *leaf;
	struct proc_node *dir = make_parents(root, path, &leaf), *n;

	if (!dir)
		return -ENOMEM;
	n = node_new(leaf, strlen(leaf), proto->mode);
	if (!n)
		return -ENOMEM;
	n->entry = proto->entry;
	n->target = proto->target;
	n->readlink = proto->readlink;
	if (child_add(dir, n) == n)
		return 0;
	kfree(n);
	return -EEXIST;
}

int proc_register(const char *path, uint32_t mode, struct proc_entry *entry)
{
	struct proc_node n = { .mode = (mode & S_IFMT ? mode : mode | S_IFREG), .entry = entry };

	return register_node(&root_node, path, &n);
}

int sysfs_register(const char *path, struct proc_entry *entry)
{
	struct proc_node n = { .mode = entry ? S_IFREG | 0444 : S_IFDIR | 0755, .entry = entry };

	return register_node(&sysfs_root, path, &n);
}

int proc_register_symlink(const char *path, const char *target)
{
	struct proc_node n = { .mode = S_IFLNK | 0777, .target = target };

	return register_node(&root_node, path, &n);
}

struct proc_entry *proc_entry_of(const struct inode *inode)
{
	const struct proc_node *n = inode->private;

	return n->entry;
}

/* ---- inodes ---- */

static struct inode *node_inode(struct super_block *sb, struct proc_node *n)
{
	struct inode *inode = inode_alloc(sb, n->mode);

	if (!inode)
		return NULL;
	inode->ino = n->ino;
	inode->private = n;
	if (S_ISDIR(n->mode)) {
		inode->nlink = 2;
		inode->ops = n == &root_node ? &root_iops : &dir_iops;
		inode->fops = &dir_fops;
	} else if (S_ISLNK(n->mode)) {
		inode->ops = &link_iops;
	} else {
		inode->fops = n->entry->fops ? n->entry->fops : &proc_text_fops;
	}
	return inode;
}

static int dir_lookup_node(struct inode *dir, const struct qstr *name, struct inode **out)
{
	struct proc_node *n;

	spin_lock(&nodes_lock);
	n = child_find(dir->private, name->name, name->len);
	spin_unlock(&nodes_lock);
	if (!n)
		return -ENOENT;
	*out = node_inode(dir->sb, n);
	return *out ? 0 : -ENOMEM;
}

static int root_lookup(struct inode *dir, const struct qstr *name, struct inode **out)
{
	int err = dir_lookup_node(dir, name, out);

	return err == -ENOENT ? proc_pid_lookup(dir, name, out) : err;
}

static int node_readlink(struct inode *inode, char *buf, size_t size)
{
	const struct proc_node *n = inode->private;
	size_t len;

	if (n->readlink)
		return n->readlink(buf, size);
	len = min_of(size_t, strlen(n->target), size);
	memcpy(buf, n->target, len);
	return (int)len;
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

static int dir_iterate(struct file *f, struct dir_context *c)
{
	struct proc_node *dir = f->inode->private, *n;
	uint64_t at = 2;

	if (!proc_emit_dots(f, c))
		return 0;
	spin_lock(&nodes_lock);
	for (n = dir->children; n && at < c->pos; n = n->next)
		at++;
	spin_unlock(&nodes_lock);
	for (; n && c->pos < PROC_PID_POS; n = READ_ONCE(n->next)) {
		if (!proc_emit(c, c->pos + 1, n->name, n->ino, mode_to_dtype(n->mode)))
			return 0;
	}
	if (dir == &root_node) {
		c->pos = max_of(uint64_t, c->pos, PROC_PID_POS);
		proc_pid_emit(c, (int)(c->pos - PROC_PID_POS));
	}
	return 0;
}

static const struct inode_ops root_iops = { .lookup = root_lookup };
static const struct inode_ops dir_iops = { .lookup = dir_lookup_node };
static const struct inode_ops link_iops = { .readlink = node_readlink };
static const struct file_ops dir_fops = { .iterate = dir_iterate };

/* ---- text files ---- */

struct proc_file *proc_file_new(struct file *f)
{
	struct proc_file *pf = failpoint("proc_file") ? NULL : kzalloc(sizeof(*pf), GFP_KERNEL);

	f->private = pf;
	return pf;
}

static int text_open(struct inode *inode, struct file *f)
{
	struct proc_file *pf = proc_file_new(f);

	if (!pf)
		return -ENOMEM;
	pf->entry = proc_entry_of(inode);
	pf->m.private = pf->entry->data;
	return 0;
}

static void text_release(struct file *f)
{
	struct proc_file *pf = f->private;

	seq_free(&pf->m);
	kfree(pf);
}

static int fill(struct proc_file *pf)
{
	int err;

	pf->m.len = 0;
	pf->m.err = 0;
	pf->filled = false;
	if (pf->entry)
		err = pf->entry->show ? pf->entry->show(&pf->m) : -EINVAL;
	else
		err = proc_fill_pid(pf);
	if (!err)
		err = pf->m.err;
	pf->filled = !err;
	return err;
}

static long text_read(struct file *f, uaddr_t buf, size_t len, uint64_t *pos)
{
	struct proc_file *pf = f->private;
	size_t n;

	if (*pos == 0 || !pf->filled) {
		int err = fill(pf);

		if (err)
			return err;
	}
	if (*pos >= pf->m.len)
		return 0;
	n = min_of(size_t, len, pf->m.len - (size_t)*pos);
	n -= copy_to_user(buf, pf->m.buf + (size_t)*pos, n);
	*pos += n;
	return n || !len ? (long)n : -EFAULT;
}

static long text_write(struct file *f, uaddr_t buf, size_t len, uint64_t *pos)
{
	struct proc_file *pf = f->private;
	char *text;
	int err;

	if (pf->entry ? !pf->entry->store : !pf->pid_entry || !pf->pid_entry->store)
		return -EIO;
	if (len >= STORE_MAX)
		return -EINVAL;
	text = failpoint("proc_store") ? NULL : kmalloc(len + 1, GFP_KERNEL);
	if (!text)
		return -ENOMEM;
	err = copy_from_user(text, buf, len) ? -EFAULT : 0;
	text[len] = '\0';
	if (!err)
		err = pf->entry ? pf->entry->store(pf->entry, text, len)
				: pf->pid_entry->store(pf->task, text, len);
	kfree(text);
	if (err)
		return err;
	*pos += len;
	return (long)len;
}

const struct file_ops proc_text_fops = {
	.open = text_open, .release = text_release, .read = text_read, .write = text_write
};

/* ---- numbers ---- */

int proc_parse_number(const struct qstr *name)
{
	long v = 0;
	unsigned i;

	if (!name->len || name->len > 10 || (name->name[0] == '0' && name->len > 1))
		return -1;
	for (i = 0; i < name->len; i++) {
		unsigned digit = (unsigned)(name->name[i] - '0');

		if (digit > 9 || v > (INT_MAX - 9) / 10)
			return -1;
		v = v * 10 + (long)digit;
	}
	return (int)v;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

int proc_parse_long(const char *text, long *out)
{
	bool minus;
	long v = 0;

	while (is_space(*text))
		text++;
	minus = *text == '-';
	text += minus;
	if (*text < '0' || *text > '9')
		return -EINVAL;
	for (; *text >= '0' && *text <= '9'; text++)
		if (__builtin_mul_overflow(v, 10L, &v) ||
		    __builtin_add_overflow(v, *text - '0', &v))
			return -EINVAL;
	while (is_space(*text))
		text++;
	*out = minus ? -v : v;
	return *text ? -EINVAL : 0;
}

/* ---- mounts of /proc ---- */

static void proc_evict(struct inode *inode)
{
	if (inode->uncached)
		proc_pid_evict(inode);
}

static int proc_statfs(struct super_block *sb, struct statfs_k *out)
{
	*out = (struct statfs_k){
		.type = sb->magic, .bsize = PAGE_SIZE, .frsize = PAGE_SIZE, .namelen = VFS_NAME_MAX
	};
	return 0;
}

static const struct super_ops proc_super_ops = { .evict = proc_evict, .statfs = proc_statfs };

static int proc_mount(const struct fs_type *type, unsigned long flags, const char *source,
		      const char *data, struct super_block **out)
{
	struct super_block *sb = super_alloc(type, &proc_super_ops);
	bool is_sysfs = type == &sysfs_type;
	struct inode *inode;

	if (!sb)
		return -ENOMEM;
	sb->flags = flags & MS_RDONLY;
	sb->no_negative = true;
	sb->magic = is_sysfs ? SYSFS_MAGIC : PROC_MAGIC;
	inode = node_inode(sb, is_sysfs ? &sysfs_root : &root_node);
	sb->root = inode ? dentry_make_root(sb, inode) : NULL;
	if (!sb->root) {
		super_put(sb);
		return -ENOMEM;
	}
	*out = sb;
	return 0;
}

struct fs_type proc_type = { .name = "proc", .nodev = true, .mount = proc_mount };
struct fs_type sysfs_type = { .name = "sysfs", .nodev = true, .mount = proc_mount };

static void register_special(const char *path, int (*readlink)(char *buf, size_t size))
{
	struct proc_node n = { .mode = S_IFLNK | 0777, .readlink = readlink };

	must(register_node(&root_node, path, &n) == 0);
}

void proc_init(void)
{
	register_special("self", self_readlink);
	register_special("thread-self", thread_self_readlink);
	must(proc_register_symlink("mounts", "self/mounts") == 0);
	proc_mem_init();
	proc_zone_init();
	proc_kpage_init();
	proc_sysvm_init();
	proc_misc_init();
	proc_kernel_init();
	proc_failpoint_init();
	proc_pid_init();
	proc_vtop_init();
}
