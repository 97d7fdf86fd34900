/*
 * Character devices of modules: numbers, struct cdev, open files.
 *
 * OWNS     the list of cdevs that are added; struct open_chr, one for each open file.
 * WHY      the table of numbers (fs/chrdev.c) knows one set of operations for all devices of modules; which of them it is, open
 *          finds by the number. So a node made by mknod works as one of devtmpfs.
 * I1       a file holds its module (cdev->owner, ops->owner) while it is open. A module that says no owner may be unloaded
 *          all the same: its files answer EIO from then on.
 * LOCKS    chrs_lock (a mutex): both lists.   CONTEXT  threads; sleeps.
 * FAILS    -EBUSY: numbers taken; -ENXIO: nobody's number; -ENOMEM.
 * NOT HERE memory maps of devices (devmap.c), /dev and /sys/class (device.c).
 * SOURCES  Linux Documentation/core-api/kernel-api.rst, "Char devices".   TESTED BY  module_api (guest)
 */
#include "module/cdev.h"

#include "base/errno.h"
#include "fs/anon_file.h"
#include "fs/poll.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "module/api.h"
#include "module/module_impl.h"
#include "sync/failpoint.h"
#include "sync/klog.h"

enum { ENOIOCTLCMD = 515 }; /* of Linux's modules: no such command */

static struct mutex chrs_lock = MUTEX_INIT(chrs_lock, RANK_MODULE_PARAM);
static struct list_head cdevs = LIST_HEAD_INIT(cdevs); /* c: chrs_lock */
static struct list_head opens = LIST_HEAD_INIT(opens); /* c */
static struct waitq calls_left = WAITQ_INIT(calls_left);
static const struct file_ops chr_fops;

/* ---- calls into the module ---- */

bool open_chr_enter(struct open_chr *o)
{
	atomic_inc(&o->users);
	if (!READ_ONCE(o->dead)) {
		module_entered();
		return true;
	}
	open_chr_leave(o);
	return false;
}

void open_chr_leave(struct open_chr *o)
{
	if (atomic_dec_and_test(&o->users))
		waitq_wake_all(&calls_left);
}

static struct cdev_view *cdev_of(dev_k dev) must_hold(chrs_lock)
{
	struct cdev_view *c;

	list_for_each_entry (c, &cdevs, list)
		if (dev - c->dev < c->count)
			return c;
	return NULL;
}

/* The device's operations, its module held; -ENXIO: it has gone. */
static int find_calls(struct open_chr *o, dev_k dev)
{
	struct cdev_view *c;
	int err = -ENXIO;

	mutex_lock(&chrs_lock);
	c = cdev_of(dev);
	o->owner = c ? c->owner ? c->owner : c->calls.owner : NULL;
	if (c && module_try_get(o->owner)) {
		o->calls = c->calls;
		o->inode.i_cdev = c;
		o->file.f_op = c->ops;
		list_add(&o->link, &opens);
		err = 0;
	}
	mutex_unlock(&chrs_lock);
	return err;
}

static void forget(struct open_chr *o)
{
	mutex_lock(&chrs_lock);
	list_del(&o->link);
	mutex_unlock(&chrs_lock);
	if (!o->dead)
		module_put(o->owner);
	kfree(o);
}

static void fill_views(struct open_chr *o, struct inode *inode, struct file *f)
{
	unsigned mode = f->flags & O_ACCMODE;
	const char *leaf;

	o->inode.i_ino = inode->ino;
	o->inode.i_mode = (unsigned short)inode->mode;
	o->inode.i_rdev = inode->rdev;
	o->file.f_inode = &o->inode;
	o->file.f_flags = f->flags;
	o->file.f_mode = mode == O_RDONLY ? 1 : mode == O_WRONLY ? 2 : 3;
	o->file.f_path.dentry = &o->dentry;
	o->dentry.d_inode = &o->inode;
	if (path_format(&f->path, o->path, sizeof(o->path)) < 0)
		o->path[0] = '\0';
	leaf = strrchr(o->path, '/');
	str_copy((char *)o->dentry.d_iname, leaf ? leaf + 1 : o->path, sizeof(o->dentry.d_iname));
	o->dentry.d_name.name = o->dentry.d_iname;
	o->dentry.d_name.len = (unsigned)strlen((char *)o->dentry.d_iname);
	o->dentry.full = o->path;
}

static int chr_open(struct inode *inode, struct file *f)
{
	struct open_chr *o = failpoint("module_chr") ? NULL : kzalloc(sizeof(*o), GFP_KERNEL);
	int err;

	if (!o)
		return -ENOMEM;
	fill_views(o, inode, f);
	o->real = f;
	err = find_calls(o, inode->rdev);
	if (err) {
		kfree(o);
		return err;
	}
	f->private = o;
	if (o->calls.open && open_chr_enter(o)) {
		err = o->calls.open(&o->inode, &o->file);
		open_chr_leave(o);
	}
	if (err)
		forget(o);
	return err;
}

/* A device without a function for it takes O_ASYNC, and nobody is told. */
static int chr_fasync(struct file *f, int fd, bool on)
{
	struct open_chr *o = f->private;
	int ret = 0;

	if (!open_chr_enter(o))
		return -EIO;
	if (o->calls.fasync)
		ret = o->calls.fasync(fd, &o->file, on);
	open_chr_leave(o);
	return ret;
}

static void chr_release(struct file *f)
{
	struct open_chr *o = f->private;

	if (f->flags & O_ASYNC)
		(void)chr_fasync(f, -1, false);
	if (o->calls.release && open_chr_enter(o)) {
		(void)o->calls.release(&o->inode, &o->file);
		open_chr_leave(o);
	}
	forget(o);
}

static void chr_flush(struct file *f)
{
	struct open_chr *o = f->private;

	if (o->calls.flush && open_chr_enter(o)) {
		(void)o->calls.flush(&o->file, NULL);
		open_chr_leave(o);
	}
}

static long chr_read(struct file *f, uaddr_t buf, size_t len, uint64_t *pos)
{
	struct open_chr *o = f->private;
	long n = -EINVAL;

	if (!open_chr_enter(o))
		return -EIO;
	if (o->calls.read)
		n = o->calls.read(&o->file, (char *)buf, len, (long long *)pos);
	o->file.f_pos = (long long)*pos;
	open_chr_leave(o);
	return n;
}

static long chr_write(struct file *f, uaddr_t buf, size_t len, uint64_t *pos)
{
	struct open_chr *o = f->private;
	long n = -EINVAL;

	if (!open_chr_enter(o))
		return -EIO;
	if (o->calls.write)
		n = o->calls.write(&o->file, (const char *)buf, len, (long long *)pos);
	o->file.f_pos = (long long)*pos;
	open_chr_leave(o);
	return n;
}

static int64_t chr_seek(struct file *f, int64_t off, int whence)
{
	struct open_chr *o = f->private;
	int64_t pos = -ESPIPE;

	if (!open_chr_enter(o))
		return -EIO;
	o->file.f_pos = (long long)f->pos;
	if (o->calls.lseek)
		pos = o->calls.lseek(&o->file, off, whence);
	open_chr_leave(o);
	if (pos >= 0)
		f->pos = (uint64_t)pos;
	return pos;
}

static long chr_ioctl(struct file *f, unsigned cmd, unsigned long arg)
{
	struct open_chr *o = f->private;
	long ret = -ENOTTY;

	if (!open_chr_enter(o))
		return -EIO;
	if (o->calls.ioctl)
		ret = o->calls.ioctl(&o->file, cmd, arg);
	open_chr_leave(o);
	return ret == -ENOIOCTLCMD ? -ENOTTY : ret;
}

static unsigned chr_poll(struct file *f, struct poll_table *pt)
{
	struct open_chr *o = f->private;
	unsigned ready = POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;

	if (!open_chr_enter(o))
		return POLLERR | POLLHUP;
	o->file.f_flags = f->flags;
	if (o->calls.poll)
		ready = o->calls.poll(&o->file, pt);
	open_chr_leave(o);
	return ready;
}

void module_poll_wait(struct waitq_view *q, struct poll_table *pt)
{
	poll_wait(pt, (struct waitq *)(void *)q);
}

static const struct file_ops chr_fops = { .open = chr_open,
					  .release = chr_release,
					  .flush = chr_flush,
					  .read = chr_read,
					  .write = chr_write,
					  .seek = chr_seek,
					  .ioctl = chr_ioctl,
					  .poll = chr_poll,
					  .fasync = chr_fasync,
					  .mmap = devmap_mmap };

/* ---- files without a device: anon_inode_getfile, anon_inode_getfd ---- */

/* ERR_PTR(-ENOMEM), ERR_PTR(-ENOENT): its module goes. */
struct file_view *module_anon_file(const char *name, const struct module_calls *calls, void *data,
				   int flags)
{
	struct open_chr *o = failpoint("module_anon") ? NULL : kzalloc(sizeof(*o), GFP_KERNEL);
	int err = -ENOMEM;

	if (!o)
		return (struct file_view *)(long)err;
	if (!module_try_get(calls->owner)) {
		kfree(o);
		return (struct file_view *)-ENOENT;
	}
	o->real = anon_file_alloc(name, &chr_fops, o, (unsigned)flags);
	if (!o->real) {
		module_put(calls->owner);
		kfree(o);
		return (struct file_view *)(long)err;
	}
	o->mount.anon = o->real;
	o->file.f_path.mnt = &o->mount;
	o->calls = *calls;
	o->owner = calls->owner;
	fill_views(o, o->real->inode, o->real);
	o->file.private_data = data;
	mutex_lock(&chrs_lock);
	list_add(&o->link, &opens);
	mutex_unlock(&chrs_lock);
	return &o->file;
}

int module_anon_fd(const char *name, const struct module_calls *calls, void *data, int flags)
{
	int fd = fd_reserve(0, flags & O_CLOEXEC);
	struct file_view *v;

	if (fd < 0)
		return fd;
	v = module_anon_file(name, calls, data, flags);
	if ((uintptr_t)v < (uintptr_t)-4095L) {
		fd_install(fd, v->f_path.mnt->anon);
		return fd;
	}
	fd_unreserve(fd);
	return (int)(intptr_t)v;
}

/* ---- numbers ---- */

/* @major 0: any that is free. Return: the major number, or -errno. */
int module_region_add(unsigned major, unsigned minor, unsigned nr, const char *name)
{
	int err;

	if (!major)
		return chrdev_register_any(minor, nr, &chr_fops, name);
	err = chrdev_register(major, minor, nr, &chr_fops, name);
	return err ? err : (int)major;
}

void module_region_remove(unsigned major, unsigned minor, unsigned nr)
{
	chrdev_unregister(major, minor, nr);
}

int module_cdev_add(struct cdev_view *c, const struct module_calls *calls, unsigned dev,
		    unsigned nr)
{
	int err = -EBUSY;

	mutex_lock(&chrs_lock);
	if (!cdev_of(dev)) {
		c->calls = *calls;
		c->dev = dev;
		c->count = nr;
		c->added = true;
		list_add_tail(&c->list, &cdevs);
		err = 0;
	}
	mutex_unlock(&chrs_lock);
	return err;
}

struct cdev_view *module_cdev_alloc(void)
{
	struct cdev_view *c = failpoint("module_cdev") ? NULL : kzalloc(sizeof(*c), GFP_KERNEL);

	if (c)
		c->own = true;
	return c;
}

/* Files that are open go on. */
void module_cdev_del(struct cdev_view *c)
{
	mutex_lock(&chrs_lock);
	if (c->added)
		list_del(&c->list);
	c->added = false;
	mutex_unlock(&chrs_lock);
	if (c->own)
		kfree(c);
}

/* register_chrdev: 256 minors and a device in one. Return: the major number when @major is 0, else 0; -errno. */
int module_register_chrdev(unsigned major, const char *name, const struct module_calls *calls,
			   const void *ops)
{
	struct cdev_view *c = module_cdev_alloc();
	int got = c ? module_region_add(major, 0, 256, name) : -ENOMEM, err;

	if (got < 0) {
		kfree(c);
		return got;
	}
	c->ops = ops;
	err = module_cdev_add(c, calls, MKDEV((unsigned)got, 0), 256);
	if (err) {
		module_region_remove((unsigned)got, 0, 256);
		kfree(c);
		return err;
	}
	return major ? 0 : got;
}

void module_unregister_chrdev(unsigned major)
{
	struct cdev_view *c;

	mutex_lock(&chrs_lock);
	c = cdev_of(MKDEV(major, 0));
	mutex_unlock(&chrs_lock);
	if (!c)
		return;
	module_cdev_del(c);
	module_region_remove(major, 0, 256);
}

/* ---- a module goes ---- */

static bool is_of(const struct module_calls *c, const struct module *mod)
{
	const kaddr_t all[] = { (kaddr_t)c->open,    (kaddr_t)c->read,	(kaddr_t)c->write,
				(kaddr_t)c->release, (kaddr_t)c->ioctl, (kaddr_t)c->mmap };

	for (unsigned i = 0; i < ARRAY_SIZE(all); i++)
		if (all[i] - (kaddr_t)mod->core.base < mod->core.size)
			return true;
	return false;
}

static bool all_left(const struct module *mod)
{
	struct open_chr *o;
	bool none = true;

	mutex_lock(&chrs_lock);
	list_for_each_entry (o, &opens, link)
		none &= !is_of(&o->calls, mod) || atomic_read(&o->users) == 0;
	mutex_unlock(&chrs_lock);
	return none;
}

void module_cdevs_left(const struct module *mod)
{
	struct cdev_view *c, *next;
	struct open_chr *o;

	mutex_lock(&chrs_lock);
	list_for_each_entry_safe (c, next, &cdevs, list) {
		if (!is_of(&c->calls, mod))
			continue;
		pr_warn("%s: device %u:%u was left behind; removed", mod->name, MAJOR(c->dev),
			MINOR(c->dev));
		list_del(&c->list);
		chrdev_unregister(MAJOR(c->dev), MINOR(c->dev), c->count);
		if (c->own)
			kfree(c);
	}
	list_for_each_entry (o, &opens, link)
		if (is_of(&o->calls, mod))
			WRITE_ONCE(o->dead, true);
	mutex_unlock(&chrs_lock);
	wait_event(&calls_left, all_left(mod));
}
