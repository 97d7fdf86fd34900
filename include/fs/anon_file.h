/* Files without a name: eventfd, epoll, timerfd, signalfd and the like. They share one inode. */
#ifndef FS_ANON_FILE_H
#define FS_ANON_FILE_H

#include "fs/file.h"

/**
 * anon_file_alloc - an open file of @ops that is in no directory.
 * @name:    as /proc/PID/fd shows it after "anon_inode:", such as "[eventfd]".
 * @private: for file->private; ops->release gives it back. On failure it stays the caller's.
 * @flags:   O_RDONLY, O_WRONLY or O_RDWR, and what fcntl(F_GETFL) is to show; O_CLOEXEC is ignored.
 * Return: the file with one reference, or NULL: no memory.
 */
struct file *must_check anon_file_alloc(const char *name, const struct file_ops *ops, void *private,
					unsigned flags);
/* The same with a descriptor of the calling task (O_CLOEXEC in @flags counts). Return: its number, or -EMFILE, -ENOMEM;
 * then @private stays the caller's. */
int must_check anon_file_fd(const char *name, const struct file_ops *ops, void *private,
			    unsigned flags);
/* A socket: an inode of its own. Return: the file with one reference and no private data, or NULL: no memory. */
struct file *must_check socket_file_alloc(const struct file_ops *ops, unsigned flags);
/* A seek operation for files that have no position but do not mind being asked: changes nothing. */
int64_t anon_file_seek(struct file *f, int64_t off, int whence);

#endif
