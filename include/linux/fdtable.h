/* Open files of tasks: task->files. Members are true as of the last call that looks (linux/sched.h). */
#ifndef _LINUX_FDTABLE_H
#define _LINUX_FDTABLE_H

#include <linux/bitops.h>
#include <linux/fs.h>
#include <linux/sched.h>
#include <linux/spinlock.h>

/* Says to the kernel that this module looks at files (module/view_files.c). */
extern const char module_files_wanted;
static const char *const __attribute__((used)) module_looks_at_files = &module_files_wanted;

#define NR_OPEN_DEFAULT	     64
#define files_fdtable(files) ((files)->fdt)

static inline bool fd_is_open(unsigned int fd, const struct fdtable *fdt)
{
	return fd < fdt->max_fds && fdt->fd[fd];
}

/* NULL: the number is not open. */
static inline struct file *files_lookup_fd(struct files_struct *files, unsigned int fd)
{
	return fd_is_open(fd, files->fdt) ? files->fdt->fd[fd] : NULL;
}
#define fcheck_files(files, fd)	       files_lookup_fd(files, fd)
#define files_lookup_fd_rcu(files, fd) files_lookup_fd(files, fd)
#define files_lookup_fd_raw(files, fd) files_lookup_fd(files, fd)
#define files_lookup_fd_locked(f, fd)  files_lookup_fd(f, fd)
#define lookup_fd_rcu(fd)	       files_lookup_fd(current->files, fd)
#define fcheck(fd)		       files_lookup_fd(current->files, fd)

/* Calls @fn for each open number from @n on, until it returns something else than 0. */
static inline int iterate_fd(struct files_struct *files, unsigned int n,
			     int (*fn)(const void *p, struct file *file, unsigned int fd),
			     const void *p)
{
	int ret = 0;

	for (; files && n < files->fdt->max_fds && !ret; n++)
		if (files->fdt->fd[n])
			ret = fn(p, files->fdt->fd[n], n);
	return ret;
}

#endif
