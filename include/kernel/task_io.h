/* What a thread has read and written; included by kernel/task.h. */
#ifndef KERNEL_TASK_IO_H
#define KERNEL_TASK_IO_H

#include "kernel/task.h"

/* A call that reads or writes files has ended: @n bytes, or an error. */
static inline void task_io_read(long n)
{
	struct task_io *io = &current_task()->io;

	io->rchar += n > 0 ? (unsigned long)n : 0;
	io->syscr++;
}

static inline void task_io_write(long n)
{
	struct task_io *io = &current_task()->io;

	io->wchar += n > 0 ? (unsigned long)n : 0;
	io->syscw++;
}

#endif
