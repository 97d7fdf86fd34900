/* What a thread has read and written; included by kernel/task.h. */
#ifndef KERNEL_TASK_IO_H
#define KERNEL_TASK_IO_H

#include "kernel/task.h"

/* A call that reads or writes files has ended: @n bytes, or an error. */
static inline void task_io_read(long n)
{
	struct task_io *io = &current_task()->io;

	if (likely(n > 0))
		io->rchar += (unsigned long)n;
	io->syscr++;
}

static inline void task_io_write(long n)
{
	struct task_io *io = &current_task()->io;

	if (likely(n > 0))
		io->wchar += (unsigned long)n;
	io->syscw++;
}

#endif
