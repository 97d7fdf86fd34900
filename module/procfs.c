/*
 * Files of modules in /proc, debugfs and /sys: proc_create, debugfs_create_file and what belongs to them.
 *
 * OWNS     struct module_proc, one for each file or directory that a module has made in one of these trees; struct open_proc, one for each open.
 * WHY      a module's calls get Linux's struct file and struct inode (views), and text through Linux's seq_file calls; /proc
 *          itself has its own. Both kinds of operations, struct proc_ops and the older struct file_operations, become one
 *          struct module_calls in the headers.
 * I1       while a call of a module runs, proc_remove of its entry waits (proc_entry_enter).
 * I2       release is called once for each open: by the last close, or, for what is open then, by proc_remove before it returns.
 * LOCKS    proc_lock for the lists.   CONTEXT  tasks; sleeps.
 * FAILS    NULL: no memory, or the name is taken. After removal: -EIO, -ENOTTY of ioctl, -EINVAL of lseek, as Linux.
 * NOT HERE seq_file (seq.c).   TESTED BY  module_labs (guest)
 */
#include "module/device.h"

#include "base/errno.h"
#include "fs/file.h"
#include "fs/poll.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "module/api.h"
#include "module/module_impl.h"
#include "sync/failpoint.h"
#include "sync/klog.h"

enum { PATH_ROOM = 160 };

struct module_proc {
	struct proc_entry entry;
	struct list_head link; /* p: proc_lock */
	struct module_calls calls;
	void *private,
		*data; /* inode->i_private and the entry's data: the same in /proc and debugfs */
	const struct module
		*mod; /* whose name, or attribute, it has; only compared. NULL: not known */
	enum pseudo_kind tree;
	unsigned short mode;
	const void *gone_by; /* p: the call that removes it */
	const char *target;  /* of a symbolic link, while it is added */
	char path[];
};

struct open_proc {
	struct file_view file; /* first: the module's struct file */
	struct inode_view inode;
	struct dentry_view dentry;
	struct module_proc *proc;
	struct list_head link; /* p */
	bool closed;	       /* release has been called; a: once the entry has gone */
};

static struct mutex proc_lock = MUTEX_INIT(proc_lock, RANK_MODULE_PARAM);
static struct list_head procs = LIST_HEAD_INIT(procs);
static struct list_head opens = LIST_HEAD_INIT(opens); /* p: all open files */
static struct waitq closed = WAITQ_INIT(closed);

/* ---- open files ---- */

static bool enter(const struct inode *inode)
{
	if (!proc_entry_enter(inode))
		return false;
	module_entered();
	return true;
}

static void call_release(struct open_proc *o)
{
	module_entered();
	if (o->proc->calls.release)
		(void)o->proc->calls.release(&o->inode, &o->file);
}

/* Where the entry goes, who removes it closes the file. */
static void calls_release(struct file *f)
{
	struct open_proc *o = f->private;

	if (enter(f->inode)) {
		mutex_lock(&proc_lock);
		list_del(&o->link);
		mutex_unlock(&proc_lock);
		call_release(o);
		proc_entry_leave(f->inode);
	} else {
		wait_event(&closed, __atomic_load_n(&o->closed, __ATOMIC_ACQUIRE));
	}
	kfree(o);
}

static struct open_proc *open_of(const void *remover)
{
	struct open_proc *o, *found = NULL;

	mutex_lock(&proc_lock);
	list_for_each_entry (o, &opens, link)
		if (o->proc->gone_by == remover)
			found = o;
	if (found)
		list_del(&found->link);
	mutex_unlock(&proc_lock);
	return found;
}

/* No call runs, nor will: what @remover has taken away and is still open is closed now, while the module is there. */
static void close_open(const void *remover)
{
	struct open_proc *o;

	while ((o = open_of(remover))) {
		call_release(o);
		__atomic_store_n(&o->closed, true, __ATOMIC_RELEASE);
		waitq_wake_all(&closed);
	}
}

static int calls_open(struct inode *inode, struct file *f)
{
	struct module_proc *p = container_of(proc_entry_of(inode), struct module_proc, entry);
	struct open_proc *o;
	int err = 0;

	if (!enter(inode))
		return -ENOENT;
	o = failpoint("module_proc_open") ? NULL : kzalloc(sizeof(*o), GFP_KERNEL);
	if (!o) {
		proc_entry_leave(inode);
		return -ENOMEM;
	}
	o->proc = p;
	o->inode = (struct inode_view){ .i_ino = inode->ino,
					.i_mode = (unsigned short)inode->mode,
					.i_private = p->private,
					.pde_data = p->data };
	o->file = (struct file_view){ .f_inode = &o->inode,
				      .f_flags = f->flags,
				      .f_mode = (f->flags & O_ACCMODE) == O_RDONLY   ? 1
						: (f->flags & O_ACCMODE) == O_WRONLY ? 2
										     : 3,
				      .f_path.dentry = &o->dentry };
	str_copy((char *)o->dentry.d_iname,
		 strrchr(p->path, '/') ? strrchr(p->path, '/') + 1 : p->path,
		 sizeof(o->dentry.d_iname));
	o->dentry.d_name.name = o->dentry.d_iname;
	o->dentry.d_inode = &o->inode;
	f->private = o;
	if (p->calls.open)
		err = p->calls.open(&o->inode, &o->file);
	if (err) {
		kfree(o);
	} else {
		mutex_lock(&proc_lock);
		list_add_tail(&o->link, &opens);
		mutex_unlock(&proc_lock);
	}
	proc_entry_leave(inode);
	return err;
}

static long calls_read(struct file *f, uaddr_t buf, size_t len, uint64_t *pos)
{
	struct open_proc *o = f->private;
	long n = -EIO;

	if (!enter(f->inode))
		return -EIO;
	if (o->proc->calls.read)
		n = o->proc->calls.read(&o->file, (char *)buf, len, (long long *)pos);
	proc_entry_leave(f->inode);
	return n;
}

static long calls_write(struct file *f, uaddr_t buf, size_t len, uint64_t *pos)
{
	struct open_proc *o = f->private;
	long n = -EIO;

	if (!enter(f->inode))
		return -EIO;
	if (o->proc->calls.write)
		n = o->proc->calls.write(&o->file, (const char *)buf, len, (long long *)pos);
	proc_entry_leave(f->inode);
	return n;
}

static int64_t calls_seek(struct file *f, int64_t off, int whence)
{
	struct open_proc *o = f->private;
	int64_t pos;

	if (!enter(f->inode))
		return -EINVAL;
	o->file.f_pos = (long long)f->pos;
	if (o->proc->calls.lseek) {
		pos = o->proc->calls.lseek(&o->file, off, whence);
	} else { /* as a file whose end is unknown */
		pos = whence == 0 ? off : whence == 1 ? (int64_t)f->pos + off : -EINVAL;
		if (pos < 0)
			pos = -EINVAL;
	}
	proc_entry_leave(f->inode);
	if (pos >= 0)
		f->pos = (uint64_t)pos;
	return pos;
}

static unsigned calls_poll(struct file *f, struct poll_table *pt)
{
	struct open_proc *o = f->private;
	unsigned ready = POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;

	if (!enter(f->inode))
		return ready;
	if (o->proc->calls.poll)
		ready = o->proc->calls.poll(&o->file, pt);
	proc_entry_leave(f->inode);
	return ready;
}

static long calls_ioctl(struct file *f, unsigned cmd, unsigned long arg)
{
	struct open_proc *o = f->private;
	long ret = -ENOTTY;

	if (!enter(f->inode))
		return ret;
	if (o->proc->calls.ioctl)
		ret = o->proc->calls.ioctl(&o->file, cmd, arg);
	proc_entry_leave(f->inode);
	return ret;
}

static const struct file_ops calls_fops = { .open = calls_open,
					    .release = calls_release,
					    .read = calls_read,
					    .write = calls_write,
					    .seek = calls_seek,
					    .poll = calls_poll,
					    .ioctl = calls_ioctl };

/* ---- entries ---- */

static void proc_free(struct proc_entry *e)
{
	kfree(container_of(e, struct module_proc, entry));
}

static struct module_proc *make(enum pseudo_kind tree, const char *name, unsigned mode,
				struct module_proc *parent, const struct module_calls *calls)
{
	char path[PATH_ROOM];
	size_t n = fmt_snprintf(path, sizeof(path), "%s%s%s", parent ? parent->path : "",
				parent ? "/" : "", name);
	struct module_proc *p;

	if (n >= sizeof(path) || failpoint("module_proc"))
		return NULL;
	p = kzalloc(sizeof(*p) + n + 1, GFP_KERNEL);
	if (!p)
		return NULL;
	memcpy(p->path, path, n + 1);
	if (calls)
		p->calls = *calls;
	p->tree = tree;
	p->mod = module_of((kaddr_t)name);
	p->mode = (unsigned short)mode;
	p->entry.fops = &calls_fops;
	p->entry.free = proc_free;
	return p;
}

static int add_entry(struct module_proc *p)
{
	int err = S_ISLNK(p->mode) ? pseudo_add_link(p->tree, p->path, p->target)
				   : pseudo_add(p->tree, p->path, p->mode,
						S_ISDIR(p->mode) ? NULL : &p->entry);

	if (err)
		return err;
	mutex_lock(&proc_lock);
	list_add_tail(&p->link, &procs);
	mutex_unlock(&proc_lock);
	return 0;
}

/* NULL is passed on; what cannot be added is freed. */
static struct module_proc *add(struct module_proc *p)
{
	int err;

	if (!p)
		return NULL;
	err = add_entry(p);
	if (err == -EEXIST && p->tree == IN_PROC)
		pr_warn("proc_create: '/proc/%s' already registered", p->path);
	if (err)
		kfree(p);
	return err ? NULL : p;
}

struct module_proc *module_proc_create(const char *name, unsigned mode, struct module_proc *parent,
				       const struct module_calls *calls, void *data)
{
	struct module_proc *p =
		make(IN_PROC, name, S_IFREG | (mode & 07777 ? mode & 07777 : 0444), parent, calls);

	if (p)
		p->private = p->data = data;
	return add(p);
}

struct module_proc *module_proc_mkdir(const char *name, struct module_proc *parent)
{
	return add(make(IN_PROC, name, S_IFDIR | 0555, parent, NULL));
}

struct module_proc *module_proc_symlink(const char *name, struct module_proc *parent,
					const char *target)
{
	struct module_proc *p = make(IN_PROC, name, S_IFLNK | 0777, parent, NULL);

	if (p)
		p->target = target;
	return add(p);
}

/* What is at @path and below it. Directories and links have no entry that frees them: they are freed here. */
void module_tree_remove(enum pseudo_kind tree, const char *path)
{
	struct list_head dirs = LIST_HEAD_INIT(dirs);
	struct module_proc *q, *next;
	size_t n = strlen(path);

	mutex_lock(&proc_lock);
	list_for_each_entry_safe (q, next, &procs, link) {
		if (q->tree != tree || strncmp(q->path, path, n) ||
		    (q->path[n] && q->path[n] != '/'))
			continue;
		q->gone_by = &dirs;
		list_del(&q->link);
		if (!S_ISREG(q->mode))
			list_add(&q->link, &dirs);
	}
	mutex_unlock(&proc_lock);
	pseudo_remove(tree, path);
	close_open(&dirs);
	list_for_each_entry_safe (q, next, &dirs, link)
		kfree(q);
}

void module_proc_remove(struct module_proc *p)
{
	char path[PATH_ROOM];

	if (!p || (uintptr_t)p >= (uintptr_t)-4095L)
		return;
	(void)str_copy(path, p->path, sizeof(path));
	module_tree_remove(p->tree, path);
}

int module_tree_file(enum pseudo_kind tree, const char *path, uint32_t mode,
		     const struct module_calls *calls, void *private, void *data, kaddr_t from)
{
	struct module_proc *p = make(tree, path, mode, NULL, calls);
	int err;

	if (!p)
		return -ENOMEM;
	p->private = private;
	p->data = data;
	p->mod = module_of(from);
	err = add_entry(p);
	if (err)
		kfree(p);
	return err;
}

int module_tree_link(enum pseudo_kind tree, const char *path, const char *target, kaddr_t from)
{
	struct module_proc *p = make(tree, path, S_IFLNK | 0777, NULL, NULL);
	int err;

	if (!p)
		return -ENOMEM;
	p->target = target;
	p->mod = module_of(from);
	err = add_entry(p);
	if (err)
		kfree(p);
	return err;
}

int module_tree_dir(enum pseudo_kind tree, const char *path, kaddr_t from)
{
	return module_tree_file(tree, path, S_IFDIR | 0755, NULL, NULL, NULL, from);
}

/* debugfs: ERR_PTR(-EEXIST), ERR_PTR(-ENOMEM), never NULL. */
static struct module_proc *debugfs_add(struct module_proc *p)
{
	int err = p ? add_entry(p) : -ENOMEM;

	if (!err)
		return p;
	kfree(p);
	return (struct module_proc *)(long)err;
}

static struct module_proc *usable(struct module_proc *parent)
{
	return (uintptr_t)parent >= (uintptr_t)-4095L ? NULL : parent;
}

/* Of a number (kobject.c) @private is where it is. */
struct module_proc *module_debugfs_new(const char *name, unsigned mode, struct module_proc *parent,
				       const struct module_calls *calls, void *private, void *data)
{
	struct module_proc *p =
		make(IN_DEBUGFS, name, S_IFREG | (mode & 07777), usable(parent), calls);

	if (p) {
		p->private = private;
		p->data = data;
	}
	return debugfs_add(p);
}

struct module_proc *module_debugfs_file(const char *name, unsigned mode, struct module_proc *parent,
					const struct module_calls *calls, void *data)
{
	return module_debugfs_new(name, mode, parent, calls, data, data);
}

struct module_proc *module_debugfs_dir(const char *name, struct module_proc *parent)
{
	return debugfs_add(make(IN_DEBUGFS, name, S_IFDIR | 0755, usable(parent), NULL));
}

struct module_proc *module_debugfs_symlink(const char *name, struct module_proc *parent,
					   const char *target)
{
	struct module_proc *p = make(IN_DEBUGFS, name, S_IFLNK | 0777, usable(parent), NULL);

	if (p)
		p->target = target;
	return debugfs_add(p);
}

/* What a module has made there. */
static struct module_proc *find(enum pseudo_kind tree, const char *name,
				const struct module_proc *parent)
{
	char path[PATH_ROOM];
	struct module_proc *p, *found = NULL;

	(void)fmt_snprintf(path, sizeof(path), "%s%s%s", parent ? parent->path : "",
			   parent ? "/" : "", name);
	mutex_lock(&proc_lock);
	list_for_each_entry (p, &procs, link)
		if (p->tree == tree && !strcmp(p->path, path))
			found = p;
	mutex_unlock(&proc_lock);
	return found;
}

struct module_proc *module_debugfs_lookup(const char *name, struct module_proc *parent)
{
	return find(IN_DEBUGFS, name, usable(parent));
}

void module_remove_proc_entry(const char *name, struct module_proc *parent)
{
	struct module_proc *found = find(IN_PROC, name, parent);

	if (found)
		module_proc_remove(found);
	else
		pr_warn("remove_proc_entry: name '%s'", name);
}

static bool calls_are_of(const struct module_calls *c, const struct module *mod)
{
	const kaddr_t all[] = { (kaddr_t)c->open,  (kaddr_t)c->release, (kaddr_t)c->read,
				(kaddr_t)c->write, (kaddr_t)c->show,	(kaddr_t)c->ioctl };

	for (unsigned i = 0; i < ARRAY_SIZE(all); i++)
		if (all[i] - (kaddr_t)mod->core.base < mod->core.size)
			return true;
	return false;
}

void module_proc_left(const struct module *mod)
{
	static const char *const roots[] = {
		[IN_PROC] = "/proc", [IN_SYSFS] = "/sys", [IN_DEBUGFS] = "/sys/kernel/debug"
	};
	struct module_proc *p, *found;

	do {
		found = NULL;
		mutex_lock(&proc_lock);
		list_for_each_entry (p, &procs, link)
			if (p->mod == mod || calls_are_of(&p->calls, mod))
				found = p;
		mutex_unlock(&proc_lock);
		if (found)
			pr_warn("%s: %s/%s was left behind; removed", mod->name, roots[found->tree],
				found->path);
		module_proc_remove(found);
	} while (found);
}

/* proc_create_single: what its open shows. */
int module_proc_open_single(struct inode_view *inode, struct file_view *file)
{
	const struct open_proc *o = container_of(file, struct open_proc, file);

	return module_single_open(file, o->proc->calls.show, inode->pde_data);
}

/* proc_create_seq: the same for a sequence. */
int module_proc_open_seq(struct inode_view *inode, struct file_view *file)
{
	const struct open_proc *o = container_of(file, struct open_proc, file);

	return module_seq_open(file, o->proc->calls.seq);
}
