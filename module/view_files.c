/*
 * Open files of tasks, their roots and working directories, as modules see them.
 *
 * OWNS     struct task_files_view, of each task's view, while a module is there that looks at files (it uses linux/fdtable.h
 *          or linux/fs_struct.h, which name module_files_wanted).
 * WHY      a module reads task->files->fdt->fd[n]->f_path. The kernel's own tables are other structures, so their contents are
 *          copied when a module looks, as with tasks (view_task.c); nobody else pays.
 * I1       a view holds no file: what a program closes is closed. It can be looked at, not read from (kernel_read: -EBADF).
 * I2       the view of a number keeps its address as long as the task's table does not grow.
 * LOCKS    the view lock. What is held while a file is copied may turn out to be its last reference, and giving it back run the
 *          code of a module, which looks: so the view lock may be taken again by who has it.
 * CONTEXT  tasks; sleeps.   COST  O(open files of all tasks) each look.
 * FAILS    without memory a table is shorter than it should be.   TESTED BY  module_api (guest)
 */
#include "module/api.h"
#include "module/module_impl.h"
#include "module/view_impl.h"

#include "fs/file.h"
#include "fs/path.h"
#include "fs/super.h"
#include "kernel/task.h"
#include "lib/string.h"
#include "mm/mapping.h"
#include "mm/slab.h"
#include "mm/vmalloc.h"
#include "sync/failpoint.h"

enum { LONG_BITS = 8 * sizeof(long), FDS_MIN = 64 }; /* Linux's smallest table */

struct task_files_view {
	struct files_view files;
	struct fs_view fs;
	struct mapped_file_view root, pwd;
	struct mapped_file_view *views; /* one for each number */
	struct file_view **fd;
	unsigned long *open_fds;
};

const char module_files_wanted; /* only its address is used */
static bool wanted;		/* a module that is there names it */

void module_files_want(bool some)
{
	WRITE_ONCE(wanted, some);
}

/* ---- one file ---- */

static void fill_leaf(struct dentry_view *d, const char *path)
{
	const char *slash = strrchr(path, '/');

	str_copy((char *)d->d_iname, slash && slash[1] ? slash + 1 : path, sizeof(d->d_iname));
	d->d_name.name = d->d_iname;
	d->d_name.len = (unsigned)strlen((char *)d->d_iname);
	d->full = path;
}

/* The directory that it is in, by name. */
static void fill_parent(struct mapped_file_view *v)
{
	char *slash = strrchr(v->name, '/');
	char above[sizeof(v->name)];

	v->dentry.d_parent = &v->parent;
	v->parent.d_parent = &v->parent;
	str_copy(above, v->name, sizeof(above));
	if (slash)
		above[slash == v->name ? 1 : slash - v->name] = '\0';
	fill_leaf(&v->parent, above);
	v->parent.full = (char *)v->parent.d_iname;
}

static void fill_inode(struct mapped_file_view *v, struct inode *inode)
{
	v->inode.i_ino = inode->ino;
	v->inode.i_mode = (unsigned short)inode->mode;
	v->inode.i_uid.val = inode->uid;
	v->inode.i_gid.val = inode->gid;
	v->inode.i_nlink = inode->nlink;
	v->inode.i_rdev = inode->rdev;
	v->inode.i_size = (long long)mapping_size(&inode->mapping);
	v->inode.i_blocks = inode_blocks(inode);
	v->inode.i_atime = (struct time_view){ inode->atime.tv_sec, (long)inode->atime.tv_nsec };
	v->inode.i_mtime = (struct time_view){ inode->mtime.tv_sec, (long)inode->mtime.tv_nsec };
	v->inode.i_ctime = (struct time_view){ inode->ctime.tv_sec, (long)inode->ctime.tv_nsec };
	v->type.name = inode->sb->type ? inode->sb->type->name : "";
	v->sb = (struct super_view){ .s_type = &v->type,
				     .s_magic = inode->sb->magic,
				     .s_blocksize =
					     inode->sb->blksize ? inode->sb->blksize : PAGE_SIZE,
				     .s_dev = inode->sb->dev };
	v->inode.i_sb = &v->sb;
}

void view_path_fill(struct mapped_file_view *v, const struct path_ref *p)
{
	if (path_format(p, v->name, sizeof(v->name)) < 0)
		v->name[0] = '\0';
	fill_leaf(&v->dentry, v->name);
	fill_parent(v);
	if (p->dentry->inode)
		fill_inode(v, p->dentry->inode);
	v->dentry.d_inode = v->file.f_inode = &v->inode;
	v->file.f_path.dentry = &v->dentry;
	v->file.f_path.mnt = &v->mount;
	v->mount.mnt_sb = &v->sb;
}

static void fill_file(struct mapped_file_view *v, const struct file *f)
{
	unsigned mode = f->flags & O_ACCMODE;

	view_path_fill(v, &f->path);
	v->file.f_pos = f->ops->is_stream ? 0 : (long long)f->pos;
	v->file.f_flags = f->flags;
	v->file.f_mode = mode == O_RDONLY ? 1 : mode == O_WRONLY ? 2 : 3;
	v->file.f_count.counter = atomic_read(&f->refs) - 1; /* one is ours */
}

/* ---- the table ---- */

static void table_free(struct task_files_view *s)
{
	kfree(s->fd);
	kfree(s->open_fds);
	kvfree(s->views);
	s->fd = NULL;
	s->open_fds = NULL;
	s->views = NULL;
	s->files.fdtab.max_fds = 0;
}

/* Room for @nr numbers. */
static bool table_grow(struct task_files_view *s, unsigned nr)
{
	if (nr <= s->files.fdtab.max_fds)
		return true;
	table_free(s);
	nr = (nr + FDS_MIN - 1) / FDS_MIN * FDS_MIN;
	s->fd = failpoint("module_fds") ? NULL : kzalloc(nr * sizeof(*s->fd), GFP_KERNEL);
	s->open_fds = kzalloc(nr / 8, GFP_KERNEL);
	s->views = kvzalloc(nr * sizeof(*s->views));
	if (!s->fd || !s->open_fds || !s->views) {
		table_free(s);
		return false;
	}
	s->files.fdtab.max_fds = nr;
	return true;
}

static void fill_table(struct task_files_view *s, struct task *t)
{
	unsigned nr = task_fd_size(t), max;
	struct file *f;

	if (!table_grow(s, nr ? nr : FDS_MIN))
		return;
	max = s->files.fdtab.max_fds;
	memset(s->fd, 0, max * sizeof(*s->fd));
	memset(s->open_fds, 0, max / 8);
	for (int fd = 0; (f = task_file_next(t, &fd)); fd++) {
		if ((unsigned)fd < max) {
			fill_file(&s->views[fd], f);
			s->fd[fd] = &s->views[fd].file;
			s->open_fds[fd / LONG_BITS] |= 1UL << fd % LONG_BITS;
		}
		fput(f);
	}
	for (s->files.next_fd = 0; s->files.next_fd < max && s->fd[s->files.next_fd];)
		s->files.next_fd++;
	s->files.fdtab.fd = s->fd;
	s->files.fdtab.open_fds = s->open_fds;
}

/* ---- places ---- */

static void fill_places(struct task_files_view *s, struct task *t)
{
	struct fs_struct *fs = task_fs_get(t);
	struct path_ref root, pwd;

	if (!fs)
		return;
	fs_struct_look(fs, &root, &pwd);
	view_path_fill(&s->root, &root);
	view_path_fill(&s->pwd, &pwd);
	s->fs.users = atomic_read(&fs->refs) - 1;
	s->fs.umask = (int)READ_ONCE(fs->umask);
	path_put(&root);
	path_put(&pwd);
	fs_struct_put(fs);
	s->fs.root.dentry = &s->root.dentry;
	s->fs.pwd.dentry = &s->pwd.dentry;
}

void view_files_fill(struct task_view *v, struct task *t)
{
	struct task_files_view *s = v->own_files;

	v->files = NULL;
	v->fs = NULL;
	if (!READ_ONCE(wanted) || t->exit_state)
		return;
	if (!s)
		s = v->own_files =
			failpoint("module_files") ? NULL : kzalloc(sizeof(*s), GFP_KERNEL);
	if (!s)
		return;
	s->files.fdt = &s->files.fdtab;
	fill_table(s, t);
	s->files.count.counter = (int)task_files_users(t);
	fill_places(s, t);
	v->files = &s->files;
	v->fs = &s->fs;
}

void view_files_free(struct task_view *v)
{
	if (v->own_files) {
		table_free(v->own_files);
		kfree(v->own_files);
	}
	v->own_files = NULL;
	v->files = NULL;
	v->fs = NULL;
}
