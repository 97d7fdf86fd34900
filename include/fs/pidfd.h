/* Descriptors that stand for a process: pidfd_open(2). The process cannot become another one under its number. */
#ifndef FS_PIDFD_H
#define FS_PIDFD_H

#include "fs/file.h"

struct task;

/* A descriptor for the process of @leader. @flags: O_NONBLOCK. Return: its number, -EMFILE, -ENOMEM. */
int must_check pidfd_create(struct task *leader, unsigned flags);
/* The leader of the process that descriptor @fd stands for, referenced. 0, -EBADF (no such descriptor), -ESRCH (it is gone). */
int must_check pidfd_task(int fd, struct task **out);

#endif
