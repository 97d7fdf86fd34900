/* Descriptors that stand for a process: pidfd_open(2). The process cannot become another one under its number. */
#ifndef FS_PIDFD_H
#define FS_PIDFD_H

#include "fs/file.h"

struct task;
struct signal_struct;

/* A descriptor for the process of @leader. @flags: O_NONBLOCK. Return: its number, -EMFILE, -ENOMEM. */
int must_check pidfd_create(struct task *leader, unsigned flags);
/* A file of its own for group @sig, in no table yet; NULL: no memory. @flags: O_NONBLOCK. */
struct file *must_check pidfd_file(struct signal_struct *sig, unsigned flags);
/* The group that descriptor @fd stands for, referenced, and the file's flags. 0 or -EBADF. */
int must_check pidfd_group(int fd, struct signal_struct **out, unsigned *flags);
/* The leader of the process that descriptor @fd stands for, referenced. 0, -EBADF (no such descriptor), -ESRCH (it is gone). */
int must_check pidfd_task(int fd, struct task **out);

#endif
