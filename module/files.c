/*
 * Files that modules open, and mappings they make for the calling program.
 *
 * OWNS     struct opened: a module's view of a file that it has opened, until filp_close or fput; or of a name (kern_path), until
 *          path_put.
 * WHY      a module reads and writes with memory of its own: read_kernel and write_kernel of the file's operations. Before Linux 5.10
 *          modules did that with vfs_read after set_fs(KERNEL_DS): an address of the kernel says so by itself.
 * LOCKS    none here.   CONTEXT  tasks; sleeps.
 * FAILS    ERR_PTR as open(2); -EINVAL: the file can only be read by programs (a terminal, a file of /proc).
 * SOURCES  open(2), read(2), mmap(2); Linux Documentation/filesystems/vfs.rst.   TESTED BY  module_api (guest)
 */
#include "module/api.h"

#include "base/errno.h"
#include "fs/file.h"
#include "fs/inode.h"
#include "fs/path.h"
#include "kernel/task.h"
#include "mm/mm.h"
#include "mm/slab.h"
#include "module/view_impl.h"
#include "pt_geom.h"
#include "sync/failpoint.h"
#include "uapi/mman.h"

/* f_count counts; mount.opened is itself: so a file of a view, where it is NULL, is told from it. */
struct opened {
	struct mapped_file_view view;
	struct file *real;    /* NULL: only a name */
	struct path_ref path; /* then */
};

static struct opened *opened_of(struct file_view *v)
{
	return container_of(v, struct opened, view.file);
}

static void fill(struct opened *o)
{
	unsigned mode = o->real->flags & O_ACCMODE;

	view_path_fill(&o->view, &o->real->path);
	o->view.file.f_flags = o->real->flags;
	o->view.file.f_mode = mode == O_RDONLY ? 1 : mode == O_WRONLY ? 2 : 3;
}

static struct opened *opened_alloc(void)
{
	struct opened *o = failpoint("module_file") ? NULL : kzalloc(sizeof(*o), GFP_KERNEL);

	if (o) {
		o->view.file.f_count.counter = 1;
		o->view.mount.opened = o;
	}
	return o;
}

/* Consumes the reference. ERR_PTR(-ENOMEM): it is given back. */
static struct file_view *opened_new(struct file *real)
{
	struct opened *o = opened_alloc();

	if (!o) {
		fput(real);
		return (struct file_view *)-ENOMEM;
	}
	o->real = real;
	fill(o);
	return &o->view.file;
}

struct file_view *module_filp_open(const char *name, int flags, unsigned mode)
{
	struct file *real;
	int err = file_open(AT_FDCWD, name, (unsigned)flags, mode, &real);

	return err ? (struct file_view *)(long)err : opened_new(real);
}

/* Number @fd of the calling program; NULL: it is not open. */
struct file_view *module_fget(int fd)
{
	struct file *real = fd_file(fd);
	struct file_view *v = real ? opened_new(real) : NULL;

	return (uintptr_t)v >= (uintptr_t)-4095L ? NULL : v;
}

struct file_view *module_exe_file(struct mm_view *mm)
{
	struct mm_struct *real = mm->real;
	struct file_view *v = NULL;
	struct path_ref path;
	struct file *file;

	if (!real->exe || inode_map_path(real->exe, &path))
		return NULL;
	if (!file_open_path(&path, O_RDONLY, &file))
		v = opened_new(file);
	path_put(&path);
	return (uintptr_t)v >= (uintptr_t)-4095L ? NULL : v;
}

/* NULL: a view of a file that others have opened, or a device's. */
static struct opened *holder(const struct path_view *p)
{
	return p->mnt ? p->mnt->opened : NULL;
}

static struct file *anon_of(const struct file_view *v)
{
	return v->f_path.mnt ? v->f_path.mnt->anon : NULL;
}

struct file_view *module_get_file(struct file_view *v)
{
	struct file *anon = anon_of(v);

	if (anon)
		fget_file(anon);
	else
		(void)__atomic_fetch_add(&v->f_count.counter, 1, __ATOMIC_SEQ_CST);
	return v;
}

int module_filp_close(struct file_view *v)
{
	struct file *anon = anon_of(v);
	struct opened *o = holder(&v->f_path);

	if (anon)
		fput(anon);
	if (!o || __atomic_sub_fetch(&v->f_count.counter, 1, __ATOMIC_SEQ_CST) > 0)
		return 0;
	if (o->real)
		fput(o->real);
	else
		path_put(&o->path);
	kfree(o);
	return 0;
}

int module_fd_reserve(unsigned flags)
{
	return fd_reserve(0, flags & O_CLOEXEC);
}

/* The calling program's number @fd; the module's reference of the file is the number's. */
void module_fd_install(unsigned fd, struct file_view *v)
{
	struct file *anon = anon_of(v);
	struct opened *o = holder(&v->f_path);

	if (anon) {
		fd_install((int)fd, anon);
	} else if (o && o->real) {
		fget_file(o->real);
		fd_install((int)fd, o->real);
		(void)module_filp_close(v);
	} else {
		fd_unreserve((int)fd);
	}
}

/* ---- what it is like ---- */

enum { STATX_BASIC_STATS = 0x7ff };

static void stat_fill(const struct inode_view *i, struct kstat_view *s)
{
	*s = (struct kstat_view){ .result_mask = STATX_BASIC_STATS,
				  .mode = i->i_mode,
				  .nlink = i->i_nlink,
				  .blksize = (unsigned)i->i_sb->s_blocksize,
				  .ino = i->i_ino,
				  .dev = i->i_sb->s_dev,
				  .rdev = i->i_rdev,
				  .uid = i->i_uid,
				  .gid = i->i_gid,
				  .size = i->i_size,
				  .atime = i->i_atime,
				  .mtime = i->i_mtime,
				  .ctime = i->i_ctime,
				  .blocks = i->i_blocks };
}

/* As it is now, of what the module holds; else as the view has it. */
int module_getattr(const struct path_view *p, struct kstat_view *s)
{
	struct opened *o = holder(p);
	int err = 0;

	if (o) {
		const struct path_ref *path = o->real ? &o->real->path : &o->path;

		err = inode_getattr(path->dentry->inode);
		if (!err)
			view_path_fill(&o->view, path);
	}
	if (!err && !p->dentry->d_inode->i_sb)
		err = -EINVAL; /* a device's own view */
	if (!err)
		stat_fill(p->dentry->d_inode, s);
	return err;
}

/* ---- names without a file ---- */

int module_kern_path(const char *name, unsigned flags, struct path_view *out)
{
	struct opened *o = opened_alloc();
	int err;

	if (!o)
		return -ENOMEM;
	err = path_lookup(AT_FDCWD, name, flags & (LOOKUP_FOLLOW | LOOKUP_DIRECTORY), &o->path);
	if (err) {
		kfree(o);
		return err;
	}
	view_path_fill(&o->view, &o->path);
	*out = o->view.file.f_path;
	return 0;
}

/* Paths of views that hold nothing have no mount. */
void module_path_get(const struct path_view *p)
{
	struct opened *o = holder(p);

	if (o)
		(void)__atomic_fetch_add(&o->view.file.f_count.counter, 1, __ATOMIC_SEQ_CST);
}

void module_path_put(const struct path_view *p)
{
	struct opened *o = holder(p);

	if (o)
		(void)module_filp_close(&o->view.file);
}

/* Who only sees a file in a view has not opened it. */
static bool may(const struct opened *o, unsigned access)
{
	if (o->view.file.f_path.mnt != &o->view.mount || o->view.mount.opened != o || !o->real)
		return false;
	return (o->real->flags & O_ACCMODE) == O_RDWR || (o->real->flags & O_ACCMODE) == access;
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
		got = file_pread(o->real, (uaddr_t)buf, n, at);
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
		put = file_pwrite(o->real, (uaddr_t)buf, n, at);
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
