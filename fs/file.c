/*
 * Open files: struct file, its life, and opening devices without a name.
 *
 * OWNS     struct file.
 * I1       refs counts descriptors and running system calls; the last put releases the object, the write access and
 *          the path.
 * LOCKS    pos_lock (rank FILE_POS) for pos; flags are read and written whole.
 * CONTEXT  tasks; fput may sleep.
 */
#include "vfs_impl.h"

#include "base/errno.h"
#include "fs/epoll.h"
#include "fs/file.h"
#include "fs/lock.h"
#include "mm/slab.h"
#include "sync/failpoint.h"

static struct kmem_cache *filp_cache;
static const struct file_ops no_file_ops; /* O_PATH, and a file whose open failed */

void file_init(void)
{
	filp_cache = kmem_cache_create("filp", sizeof(struct file), 0, SLAB_PANIC, NULL);
}

static struct file *file_new(const struct file_ops *ops, unsigned flags)
{
	struct file *f = failpoint("file") ? NULL : kmem_cache_alloc(filp_cache, GFP_KERNEL);

	if (!f)
		return NULL;
	atomic_set(&f->refs, 1);
	f->flags = flags;
	f->opened_write = f->no_release = false;
	f->ops = ops;
	f->pos = 0;
	f->private = NULL;
	list_init(&f->ep_items);
	mutex_init(&f->pos_lock, RANK_FILE_POS);
	return f;
}

struct file *file_reserve(void)
{
	return file_new(&no_file_ops, 0);
}

void file_unreserve(struct file *f)
{
	kmem_cache_free(filp_cache, f);
}

void file_set_path(struct file *f, const struct path_ref *p, unsigned flags)
{
	f->flags = flags;
	f->path = *p;
	path_get(p);
	f->inode = p->dentry->inode;
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

static noinline_ void file_free(struct file *f)
{
	epoll_file_gone(f);
	lock_file_gone(f);
	if (f->ops->release && !f->no_release)
		f->ops->release(f);
	if (f->opened_write)
		atomic_dec(&f->inode->writers);
	path_put(&f->path);
	kmem_cache_free(filp_cache, f);
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
		return -ENOMEM;
	err = file_open_inode(f);
	if (err) {
		fput(f);
		return err;
	}
	*out = f;
	return 0;
}
