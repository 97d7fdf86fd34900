/* File-descriptor tables and open files. */
#ifndef FS_FILE_H
#define FS_FILE_H

#include "fs/fs.h"

struct files_struct;

/* Not opened yet; own references. NULL: file_error() says why. */
struct file *must_check file_alloc_path(const struct path_ref *p, unsigned flags);
int file_error(void); /* -ENFILE: the system has as many open files as it may; -ENOMEM */
extern unsigned long
	sysctl_file_max; /* open files of all; root may have more: /proc/sys/fs/file-max */
unsigned long file_count(void);
void fget_file(struct file *f);
void fput(struct file *f); /* last: release. May sleep. */

struct files_struct *must_check files_alloc(void);
struct files_struct *must_check files_dup(struct files_struct *from);
void files_get(struct files_struct *fs);
void files_put(struct files_struct *fs);
void files_close_on_exec(struct files_struct *fs);
bool files_shared(const struct files_struct *fs); /* does anybody else use it? */

/* Of the calling task. fd_file: referenced, or NULL when the number is not open (O_PATH files too: caller looks at flags). */
struct file *fd_file(int fd);
extern int sysctl_nr_open; /* most RLIMIT_NOFILE can be: /proc/sys/fs/nr_open */
/* Lowest free number >= @min, limit RLIMIT_NOFILE; reserves it. fd, -EMFILE, -ENOMEM. */
int must_check fd_reserve(int min, bool cloexec);
void fd_install(int fd, struct file *f); /* consumes the reference */
void fd_unreserve(int fd);
int must_check fd_close(int fd); /* 0, -EBADF */
int must_check fd_dup_to(struct file *f, int fd,
			 bool cloexec); /* dup2: closes the old one; consumes no reference */
bool fd_cloexec(int fd);
void fd_set_cloexec(int fd, bool on);
int fd_close_range(unsigned first, unsigned last, bool cloexec_only);

/* Another task's table, for /proc: the open fd >= *fd with a referenced file; NULL at the end. */
struct task;
struct file *task_file_next(struct task *t, int *fd);
struct file *task_file(struct task *t, int fd);
unsigned task_fd_size(struct task *t);
unsigned task_files_users(struct task *t); /* tasks that share the table */

/* The same for a whole vector of @len bytes, where the file has an operation for that: -EOPNOTSUPP where not. */
long file_vector(struct file *f, const struct iovec_k *v, size_t len, bool is_write);
/* read(2)/write(2) bodies on a file: access mode, position, rlimits. */
long file_read(struct file *f, uaddr_t buf, size_t len);
long file_write(struct file *f, uaddr_t buf, size_t len);
long file_pread(struct file *f, uaddr_t buf, size_t len, uint64_t pos);
long file_pwrite(struct file *f, uaddr_t buf, size_t len, uint64_t pos);
/* The same by number, of the running thread's table. Also -EBADF. */
long fd_read(int fd, uaddr_t buf, size_t len);
long fd_write(int fd, uaddr_t buf, size_t len);
long fd_pread(int fd, uaddr_t buf, size_t len, uint64_t pos);
long fd_pwrite(int fd, uaddr_t buf, size_t len, uint64_t pos);
int64_t file_seek(struct file *f, int64_t off, int whence);
long file_ioctl(struct file *f, unsigned cmd, unsigned long arg);

/* pipe(2): two files, references 1. @flags: O_CLOEXEC (ignored here), O_NONBLOCK, O_DIRECT. 0 or -errno. */
int must_check pipe_create(struct file **rd, struct file **wr, unsigned flags);
/* F_GETPIPE_SZ (@size 0) and F_SETPIPE_SZ. Return: bytes, -EBADF (no pipe), -EBUSY, -EPERM, -ENOMEM. */
long pipe_size(struct file *f, unsigned long size);
/* Moves bytes between a pipe's page at @mem and something else. Return: bytes, 0: no more, -errno. The pipe is locked. */
typedef long (*pipe_actor)(void *arg, char *mem, size_t len);
enum { PIPE_NONBLOCK = 1, PIPE_KEEP = 2 /* tee: the bytes stay */ };
/* Wait for room (for bytes), then let @actor fill (empty) the pipe, at most @len bytes. Return: bytes; 0: the actor had
 * nothing (no writer is left); -EAGAIN, -EPIPE with SIGPIPE, -ERESTARTSYS, -ENOMEM, the actor's error. */
long pipe_fill(struct file *f, size_t len, bool nonblock, pipe_actor actor, void *arg);
long pipe_drain(struct file *f, size_t len, unsigned flags, pipe_actor actor, void *arg);
/* For bytes of another pipe, which is locked. Return: bytes, -EAGAIN (no room: pipe_wait_room), -EBUSY (try again), -EPIPE. */
long pipe_put(struct file *f, const char *mem, size_t len);
int must_check pipe_wait_room(struct file *f); /* 0, -ERESTARTSYS */
bool pipe_has_packets(const struct file *f);
/* As read(2) or write(2) on a pipe, whose file may say otherwise about blocking; a write waits for its first byte only. */
long pipe_copy(struct file *f, uaddr_t buf, size_t len, bool nonblock, bool write);
bool file_is_pipe(const struct file *f);

#endif
