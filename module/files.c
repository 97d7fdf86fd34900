/*
 * Files that modules open, and mappings they make for the calling program.
 *
 * OWNS     struct opened: a module's view of a file that it has opened, until filp_close or fput.
 * WHY      a module reads and writes with memory of its own: read_kernel and write_kernel of the file's operations. Before Linux 5.10
 *          modules did that with vfs_read after set_fs(KERNEL_DS): an address of the kernel says so by itself.
 * LOCKS    none here.   CONTEXT  tasks; sleeps.
 * FAILS    ERR_PTR as open(2); -EINVAL: the file can only be read by programs (a terminal, a file of /proc).
 * SOURCES  open(2), read(2), mmap(2); Linux Documentation/filesystems/vfs.rst.   TESTED BY  module_api (guest)
 */
#include "module/api.h"

#include "base/errno.h"
#include "fs/file.h"
#include "fs/path.h"
#include "kernel/task.h"
#include "lib/string.h"
#include "mm/mapping.h"
#include "mm/mm.h"
#include "mm/slab.h"
#include "pt_geom.h"
#include "sync/failpoint.h"
#include "uapi/mman.h"

struct opened {
	struct mapped_file_view view;
	struct file *real;
};

static struct opened *opened_of(struct file_view *v)
{
	return container_of(v, struct opened, view.file);
}

static void fill(struct opened *o)
{
	struct mapped_file_view *v = &o->view;
	const char *slash;

	if (path_format(&o->real->path, v->name, sizeof(v->name)) < 0)
		v->name[0] = '\0';
	slash = strrchr(v->name, '/');
	str_copy((char *)v->dentry.d_iname, slash ? slash + 1 : v->name, sizeof(v->dentry.d_iname));
	v->dentry.d_name.name = v->dentry.d_iname;
	v->dentry.d_name.len = (unsigned)strlen((char *)v->dentry.d_iname);
	v->dentry.d_inode = v->file.f_inode = &v->inode;
	v->dentry.full = v->name;
	v->file.f_path.dentry = &v->dentry;
	v->file.f_flags = o->real->flags;
	v->inode.i_mode = (unsigned short)o->real->inode->mode;
	v->inode.i_ino = (unsigned long)o->real->inode->ino;
	v->inode.i_size = (long long)mapping_size(&o->real->inode->mapping);
}

struct file_view *module_filp_open(const char *name, int flags, unsigned mode)
{
	struct opened *o = failpoint("module_file") ? NULL : kzalloc(sizeof(*o), GFP_KERNEL);
	int err;

	if (!o)
		return (struct file_view *)-ENOMEM;
	err = file_open(AT_FDCWD, name, (unsigned)flags, mode, &o->real);
	if (err) {
		kfree(o);
		return (struct file_view *)(long)err;
	}
	fill(o);
	return &o->view.file;
}

int module_filp_close(struct file_view *v)
{
	struct opened *o = opened_of(v);

	fput(o->real);
	kfree(o);
	return 0;
}

static bool may(const struct opened *o, unsigned access)
{
	unsigned how = o->real->flags & O_ACCMODE;

	return how == O_RDWR || how == access;
}

long module_kernel_read(struct file_view *v, void *buf, size_t n, long long *pos)
{
	struct opened *o = opened_of(v);
	long long *where = pos ? pos : &v->f_pos;
	uint64_t at = (uint64_t)*where;
	long got;

	if (!may(o, O_RDONLY))
		return -EBADF;
	if ((kaddr_t)buf < USER_TOP)
		got = file_pread(o->real, (uaddr_t)buf, n, (int64_t)at);
	else
		got = o->real->ops->read_kernel ? o->real->ops->read_kernel(o->real, buf, n, &at)
						: -EINVAL;
	*where += got > 0 ? got : 0;
	return got;
}

long module_kernel_write(struct file_view *v, const void *buf, size_t n, long long *pos)
{
	struct opened *o = opened_of(v);
	long long *where = pos ? pos : &v->f_pos;
	uint64_t at = (uint64_t)*where;
	long put;

	if (!may(o, O_WRONLY))
		return -EBADF;
	if ((kaddr_t)buf < USER_TOP)
		put = file_pwrite(o->real, (uaddr_t)buf, n, (int64_t)at);
	else
		put = o->real->ops->write_kernel ? o->real->ops->write_kernel(o->real, buf, n, &at)
						 : -EINVAL;
	*where += put > 0 ? put : 0;
	v->f_inode->i_size = (long long)mapping_size(&o->real->inode->mapping);
	return put;
}

/* ---- mappings of the calling program ---- */

unsigned long module_vm_mmap(unsigned long addr, unsigned long len, unsigned long prot,
			     unsigned long flags)
{
	struct mm_struct *mm = current_task()->mm_ctx.mm;
	const struct vm_map_args a = { .addr = addr,
				       .len = len,
				       .prot = (unsigned)prot,
				       .flags = (unsigned)flags | MAP_ANONYMOUS };

	return mm ? (unsigned long)vm_map(mm, &a) : (unsigned long)-ENOMEM;
}

int module_vm_munmap(unsigned long addr, unsigned long len)
{
	struct mm_struct *mm = current_task()->mm_ctx.mm;

	return mm ? vm_unmap(mm, addr, len) : -EINVAL;
}
