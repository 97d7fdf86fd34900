/* Open files for the length of one system call, without counting it: for the calls that programs make most. */
#ifndef FS_FD_LEND_H
#define FS_FD_LEND_H

#include "fs/file.h"
#include "kernel/task.h"

/* How struct files_struct begins (fs/fdtable.c). */
struct files_head {
	atomic_t refs;
	unsigned size;	    /* f: numbers the arrays hold */
	struct file **file; /* f */
};

/*
 * The file of a number of the calling task. No reference is taken: while the table is the caller's alone nobody else can
 * close the number, and who shares it later is made by this very thread. NULL: it is shared, or the number is not open:
 * fd_file() knows. Who calls by number is a program: it has a table until it ends.
 */
static inline struct file *fd_lend(int fd)
{
	const struct files_head *fs =
		(const struct files_head *)(const void *)current_task()->files;

	if (likely(atomic_read(&fs->refs) == 1 && (unsigned)fd < fs->size))
		return fs->file[fd];
	return NULL;
}

#endif
