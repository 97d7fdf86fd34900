/*
 * Open files: struct file, its life, and opening devices without a name.
 *
 * OWNS     struct file, and how many there are: who is not root gets no more than sysctl_file_max.
 * I1       refs counts descriptors and running system calls; the last put releases the object, the write access and
 *          the path.
 * LOCKS    pos_lock (rank FILE_POS) for pos; flags are read and written whole.
 * CONTEXT  tasks; fput may sleep.
 */
#include "vfs_impl.h"

#include "base/errno.h"
#include "fs/epoll.h"
#include "fs/fasync.h"
#include "fs/file.h"
#include "fs/lock.h"
#include "fs/notify.h"
#include "kernel/task.h"
#include "mm/alloc.h"
#include "mm/slab.h"
#include "sync/failpoint.h"

enum { FILE_MAX_LEAST = 8192 };

unsigned long sysctl_file_max;

static struct kmem_cache *filp_cache;
static const struct file_ops no_file_ops; /* O_PATH, and a file whose open failed */
static atomic_long_t nr_files;

/* As many as would take a tenth of memory, were each with inode and name a kilobyte: Linux's number. */
static void set_file_max(void)
{
	unsigned long all = totalram_pages(), used = (all - nr_free_pages()) * 3 / 2;

	used = min_of(unsigned long, used, all - 1);
	sysctl_file_max =
		max_of(unsigned long, (all - used) * (PAGE_SIZE / 1024) / 10, FILE_MAX_LEAST);
}

void file_init(void)
{
	set_file_max();
	filp_cache = kmem_cache_create("filp", sizeof(struct file), 0, SLAB_PANIC, NULL);
}

unsigned long file_count(void)
{
	return (unsigned long)atomic_long_read(&nr_files);
}

static bool file_permitted(void)
{
	return file_count() < READ_ONCE(sysctl_file_max) || capable(CAP_SYS_ADMIN);
}

int file_error(void)
{
	return file_permitted() ? -ENOMEM : -ENFILE;
}

static struct file *file_new(const struct file_ops *ops, unsigned flags)
{
	struct file *f = NULL;

	if (likely(file_permitted()) && !failpoint("file"))
		f = kmem_cache_alloc(filp_cache, GFP_KERNEL);
	if (!f)
		return NULL;
	atomic_long_add(&nr_files, 1);
	atomic_set(&f->refs, 1);
	f->flags = flags;
	f->opened_write = f->no_release = false;
	f->ops = ops;
	f->pos = 0;
	f->private = NULL;
	f->async = NULL;
	list_init(&f->ep_items);
	mutex_init(&f->pos_lock, RANK_FILE_POS);
	return f;
}

static void file_end(struct file *f)
{
	atomic_long_add(&nr_files, -1);
	kmem_cache_free(filp_cache, f);
}

struct file *file_reserve(void)
{
	return file_new(&no_file_ops, 0);
}

void file_unreserve(struct file *f)
{
	if (f)
		file_end(f);
}

void file_set_path(struct file *f, const struct path_ref *p, unsigned flags)
{
	f->flags = flags;
	f->path = *p;
	path_get(p);
	f->inode = p->dentry->inode;
	f->mapping = &f->inode->mapping;
}

struct file *file_alloc_path(const struct path_ref *p, unsigned flags)
{
	struct file *f = file_reserve();

	if (f)
		file_set_path(f, p, flags);
	return f;
}

void fget_file(struct file *f)
{
	atomic_inc(&f->refs);
}

static void notify_closed(struct file *f)
{
	if (f->ops != &no_file_ops && !f->no_release)
		notify_object(f->path.dentry,
			      (f->flags & O_ACCMODE) == O_RDONLY ? IN_CLOSE_NOWRITE
								 : IN_CLOSE_WRITE,
			      true);
}

static noinline_ void file_free(struct file *f)
{
	if (notify_wanted())
		notify_closed(f);
	epoll_file_gone(f);
	fasync_file_gone(f);
	lock_file_gone(f);
	if (f->ops->release && !f->no_release)
		f->ops->release(f);
	if (f->opened_write) {
		atomic_dec(&f->inode->writers);
		mnt_put_write(f->path.mnt);
	}
	path_put(&f->path);
	file_end(f);
}

void fput(struct file *f)
{
	if (atomic_dec_and_test(&f->refs))
		file_free(f);
}

int file_open_chrdev(dev_k dev, unsigned flags, struct file **out)
{
	static const struct qstr name = { "[device]", 8, 0 };
	struct inode *inode = inode_alloc(anon_sb, S_IFCHR | 0600);
	struct path_ref p;
	struct file *f;
	int err;

	if (!inode)
		return -ENOMEM;
	inode->rdev = dev;
	err = anon_path(inode, &name, &p);
	if (err)
		return err;
	f = file_alloc_path(&p, flags);
	path_put(&p);
	if (!f)
		return file_error();
	err = file_open_inode(f);
	if (err) {
		fput(f);
		return err;
	}
	*out = f;
	return 0;
}
