/*
 * /proc files of modules: proc_create and what belongs to it.
 *
 * OWNS     struct module_proc, one for each file or directory that a module has made; struct open_proc, one for each open.
 * WHY      a module's calls get Linux's struct file and struct inode (views), and text through Linux's seq_file calls; /proc
 *          itself has its own. Both kinds of operations, struct proc_ops and the older struct file_operations, become one
 *          struct module_calls in the headers.
 * I1       while a call of a module runs, proc_remove of its entry waits (proc_entry_enter).
 * LOCKS    proc_lock for the list.   CONTEXT  tasks; sleeps.
 * FAILS    NULL: no memory, or the name is taken. After removal: -EIO, as Linux.
 * NOT HERE seq_file (seq.c).   TESTED BY  module_labs (guest)
 */
#include "module/calls.h"

#include "base/errno.h"
#include "fs/file.h"
#include "fs/proc.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "module/module_impl.h"
#include "sync/failpoint.h"
#include "sync/klog.h"

enum { PATH_ROOM = 160 };

struct module_proc {
	struct proc_entry entry;
	struct list_head link; /* p: proc_lock */
	struct module_calls calls;
	void *data;
	unsigned short mode;
	char path[];
};

struct open_proc {
	struct file_view file; /* first: the module's struct file */
	struct inode_view inode;
	struct dentry_view dentry;
	struct module_proc *proc;
};

static struct mutex proc_lock = MUTEX_INIT(proc_lock, RANK_MODULE_PARAM);
static struct list_head procs = LIST_HEAD_INIT(procs);

/* ---- open files ---- */

static void calls_release(struct file *f)
{
	struct open_proc *o = f->private;

	if (o->proc->calls.release && proc_entry_enter(f->inode)) {
		(void)o->proc->calls.release(&o->inode, &o->file);
		proc_entry_leave(f->inode);
	}
	kfree(o);
}

static int calls_open(struct inode *inode, struct file *f)
{
	struct module_proc *p = container_of(proc_entry_of(inode), struct module_proc, entry);
	struct open_proc *o;
	int err = 0;

	if (!proc_entry_enter(inode))
		return -ENOENT;
	o = failpoint("module_proc_open") ? NULL : kzalloc(sizeof(*o), GFP_KERNEL);
	if (!o) {
		proc_entry_leave(inode);
		return -ENOMEM;
	}
	o->proc = p;
	o->inode = (struct inode_view){ .i_ino = inode->ino,
					.i_mode = (unsigned short)inode->mode,
					.i_private = p->data,
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
	proc_entry_leave(inode);
	if (err)
		kfree(o);
	return err;
}

static long calls_read(struct file *f, uaddr_t buf, size_t len, uint64_t *pos)
{
	struct open_proc *o = f->private;
	long n = -EIO;

	if (!proc_entry_enter(f->inode))
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

	if (!proc_entry_enter(f->inode))
		return -EIO;
	if (o->proc->calls.write)
		n = o->proc->calls.write(&o->file, (const char *)buf, len, (long long *)pos);
	proc_entry_leave(f->inode);
	return n;
}

static int64_t calls_seek(struct file *f, int64_t off, int whence)
{
	struct open_proc *o = f->private;
	int64_t pos = -EIO;

	if (!proc_entry_enter(f->inode))
		return -EIO;
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

static long calls_ioctl(struct file *f, unsigned cmd, unsigned long arg)
{
	struct open_proc *o = f->private;
	long ret = -ENOTTY;

	if (!proc_entry_enter(f->inode))
		return -EIO;
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
					    .ioctl = calls_ioctl };

/* ---- entries ---- */

static void proc_free(struct proc_entry *e)
{
	kfree(container_of(e, struct module_proc, entry));
}

static struct module_proc *make(const char *name, unsigned mode, struct module_proc *parent,
				const struct module_calls *calls, void *data)
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
	p->data = data;
	p->mode = (unsigned short)mode;
	p->entry.fops = &calls_fops;
	p->entry.free = proc_free;
	return p;
}

static struct module_proc *add(struct module_proc *p)
{
	int err;

	if (!p)
		return NULL;
	err = proc_register_removable(p->path, p->mode, &p->entry);
	if (err) {
		if (err == -EEXIST)
			pr_warn("proc_create: '/proc/%s' already registered", p->path);
		kfree(p);
		return NULL;
	}
	mutex_lock(&proc_lock);
	list_add_tail(&p->link, &procs);
	mutex_unlock(&proc_lock);
	return p;
}

struct module_proc *module_proc_create(const char *name, unsigned mode, struct module_proc *parent,
				       const struct module_calls *calls, void *data)
{
	return add(make(name, S_IFREG | (mode & 07777 ? mode & 07777 : 0444), parent, calls, data));
}

struct module_proc *module_proc_mkdir(const char *name, struct module_proc *parent)
{
	return add(make(name, S_IFDIR | 0555, parent, NULL, NULL));
}

/* @p and what is below it. */
void module_proc_remove(struct module_proc *p)
{
	struct module_proc *q, *next;
	char path[PATH_ROOM];
	size_t n;

	if (!p)
		return;
	n = str_copy(path, p->path, sizeof(path));
	mutex_lock(&proc_lock);
	list_for_each_entry_safe (q, next, &procs, link)
		if (!strncmp(q->path, path, n) && (!q->path[n] || q->path[n] == '/'))
			list_del(&q->link);
	mutex_unlock(&proc_lock);
	(void)proc_unregister(path);
}

void module_remove_proc_entry(const char *name, struct module_proc *parent)
{
	char path[PATH_ROOM];
	struct module_proc *p, *found = NULL;

	(void)fmt_snprintf(path, sizeof(path), "%s%s%s", parent ? parent->path : "",
			   parent ? "/" : "", name);
	mutex_lock(&proc_lock);
	list_for_each_entry (p, &procs, link)
		if (!strcmp(p->path, path))
			found = p;
	mutex_unlock(&proc_lock);
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
	struct module_proc *p, *found;

	do {
		found = NULL;
		mutex_lock(&proc_lock);
		list_for_each_entry (p, &procs, link)
			if (calls_are_of(&p->calls, mod))
				found = p;
		mutex_unlock(&proc_lock);
		if (found)
			pr_warn("%s: /proc/%s was left behind; removed", mod->name, found->path);
		module_proc_remove(found);
	} while (found);
}

/* proc_create_single: what its open shows. */
int module_proc_open_single(struct inode_view *inode, struct file_view *file)
{
	const struct open_proc *o = container_of(file, struct open_proc, file);

	return module_single_open(file, o->proc->calls.show, inode->pde_data);
}
