/*
 * System calls on open files: read, write, seek, descriptors, ioctl, pipes, directory reading.
 *
 * OWNS     nothing.  WHY  argument checks at the border; the work is fs/'s.
 * LOCKS    none held across a call down.   CONTEXT  a task in a system call; may sleep.
 * SOURCES  read(2), pread(2), readv(2), lseek(2), dup(2), ioctl(2), pipe(2), getdents(2).
 */
#include "sys/sys.h"

#include "fs/fasync.h"
#include "fs/file.h"
#include "fs/filedata.h"
#include "fs/memfd.h"
#include "fs/notify.h"
#include "fs/path.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "uapi/clone.h"

enum { IOV_MAX_K = 1024 };

struct iovec_k {
	uaddr_t base;
	size_t len;
};

SYS(read)
{
	return fd_read((int)a0, a1, a2);
}

SYS(write)
{
	return fd_write((int)a0, a1, a2);
}

/* pread64: i386 passes the offset in two registers. */
SYS(pread64)
{
	return fd_pread((int)a0, a1, a2, arg64(a3, a4));
}

SYS(pwrite64)
{
	return fd_pwrite((int)a0, a1, a2, arg64(a3, a4));
}

/* Copy in and check an iovec array; *out is inline_iov or kmalloc'ed. Return: total bytes or -errno. */
static long iov_get(uaddr_t uiov, unsigned long nr, struct iovec_k *inline_iov, unsigned nr_inline,
		    struct iovec_k **out)
{
	struct iovec_k *iov = inline_iov;
	size_t total = 0;

	if (nr > IOV_MAX_K)
		return -EINVAL;
	if (nr > nr_inline) {
		iov = kmalloc(nr * sizeof(*iov), GFP_KERNEL);
		if (!iov)
			return -ENOMEM;
	}
	*out = iov;
	if (abi_get_array(iov, uiov, nr, sizeof(*iov), "pl"))
		goto fault;
	for (unsigned long i = 0; i < nr; i++) {
		if ((long)iov[i].len < 0 || total + iov[i].len > (size_t)LONG_MAX) {
			if (iov != inline_iov)
				kfree(iov);
			return -EINVAL;
		}
		total += iov[i].len;
	}
	return (long)total;
fault:
	if (iov != inline_iov)
		kfree(iov);
	return -EFAULT;
}

static long each_segment(struct file *f, const struct iovec_k *iov, unsigned long nr,
			 const int64_t *pos, bool is_write)
{
	long done = 0, n = 0;

	for (unsigned long i = 0; i < nr; i++) {
		if (!iov[i].len)
			continue;
		if (pos)
			n = is_write ? file_pwrite(f, iov[i].base, iov[i].len,
						   (uint64_t)(*pos + done))
				     : file_pread(f, iov[i].base, iov[i].len,
						  (uint64_t)(*pos + done));
		else
			n = is_write ? file_write(f, iov[i].base, iov[i].len)
				     : file_read(f, iov[i].base, iov[i].len);
		if (n < 0)
			break;
		done += n;
		if ((size_t)n < iov[i].len)
			break;
	}
	return done ? done : n;
}

static long vector_fd(int fd, uaddr_t uiov, unsigned long nr, const int64_t *pos, bool is_write,
		      unsigned rwf)
{
	struct iovec_k inline_iov[8], *iov;
	struct file *f = fd_file(fd);
	long ret;

	if (!f)
		return -EBADF;
	ret = pos && file_is_pipe(f) ? -ESPIPE
				     : iov_get(uiov, nr, inline_iov, ARRAY_SIZE(inline_iov), &iov);
	if (ret >= 0) {
		ret = f->ops->vector && !pos ? file_vector(f, iov, (size_t)ret, is_write)
					     : each_segment(f, iov, nr, pos, is_write);
		if (rwf && is_write)
			ret = file_write_through(f, ret, pos, rwf);
		if (iov != inline_iov)
			kfree(iov);
	}
	fput(f);
	return ret;
}

/* @pos: NULL uses and moves the file position. One call in /proc/PID/io, whatever becomes of it. */
static long vector_call(int fd, uaddr_t uiov, unsigned long nr, const int64_t *pos, bool is_write,
			unsigned rwf)
{
	struct task_io *io = &current_task()->io;
	uint64_t *calls = is_write ? &io->syscw : &io->syscr, before = *calls;
	long ret = vector_fd(fd, uiov, nr, pos, is_write, rwf);

	*calls = before + 1;
	return ret;
}

static long do_vector(int fd, uaddr_t uiov, unsigned long nr, const int64_t *pos, bool is_write)
{
	return vector_call(fd, uiov, nr, pos, is_write, 0);
}

SYS(readv)
{
	return do_vector((int)a0, a1, a2, NULL, false);
}

SYS(writev)
{
	return do_vector((int)a0, a1, a2, NULL, true);
}

/* The offset comes as two longs on both ABIs; on x86_64 the low one has it all. */
SYS(preadv)
{
	int64_t pos = (int64_t)arg64(a3, a4);

	return pos < 0 ? -EINVAL : do_vector((int)a0, a1, a2, &pos, false);
}

SYS(pwritev)
{
	int64_t pos = (int64_t)arg64(a3, a4);

	return pos < 0 ? -EINVAL : do_vector((int)a0, a1, a2, &pos, true);
}

/* preadv2(2), pwritev2(2): position -1 is the file's own. */
static long do_vector2(SYS_ARGS, bool is_write)
{
	int64_t pos = (int64_t)arg64(a3, a4);

	if (a5 & ~(unsigned long)(RWF_HIPRI | RWF_DSYNC | RWF_SYNC))
		return -EOPNOTSUPP;
	if (pos < -1)
		return -EINVAL;
	return vector_call((int)a0, a1, a2, pos == -1 ? NULL : &pos, is_write, (unsigned)a5);
}

SYS(preadv2)
{
	return do_vector2(a0, a1, a2, a3, a4, a5, false);
}

SYS(pwritev2)
{
	return do_vector2(a0, a1, a2, a3, a4, a5, true);
}

static int64_t do_lseek(int fd, int64_t off, unsigned whence)
{
	struct file *f = fd_file(fd);
	int64_t ret;

	if (!f)
		return -EBADF;
	ret = whence > SEEK_HOLE ? -EINVAL : file_seek(f, off, (int)whence);
	fput(f);
	return ret;
}

SYS(lseek)
{
	int64_t ret = do_lseek((int)a0, abi_long(a1), (unsigned)a2);

	return ret > (abi_32() ? INT32_MAX : LONG_MAX) ? -EOVERFLOW : (long)ret;
}

/* _llseek(fd, high, low, result, whence) of i386. */
SYS(llseek)
{
	int64_t ret =
		do_lseek((int)a0, (int64_t)((uint64_t)a1 << 16 << 16 | (uint32_t)a2), (unsigned)a4);

	if (ret < 0)
		return (long)ret;
	return put_user(a3, &ret);
}

SYS(close)
{
	return fd_close((int)a0);
}

enum { CLOSE_RANGE_UNSHARE = 2, CLOSE_RANGE_CLOEXEC = 4 };

SYS(close_range)
{
	if (a0 > a1 || a2 & ~(unsigned long)(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC))
		return -EINVAL;
	if (a2 & CLOSE_RANGE_UNSHARE) {
		int err = unshare_parts(CLONE_FILES);

		if (err)
			return err;
	}
	return fd_close_range((unsigned)a0, (unsigned)min_of(unsigned long, a1, UINT_MAX),
			      a2 & CLOSE_RANGE_CLOEXEC);
}

static long do_dup(struct file *f, int min, bool cloexec)
{
	int fd = fd_reserve(min, cloexec);

	if (fd < 0)
		return fd;
	fget_file(f);
	fd_install(fd, f);
	return fd;
}

SYS(dup)
{
	struct file *f = fd_file((int)a0);
	long ret;

	if (!f)
		return -EBADF;
	ret = do_dup(f, 0, false);
	fput(f);
	return ret;
}

static long do_dup3(int oldfd, int newfd, unsigned flags, bool same_ok)
{
	struct file *f = fd_file(oldfd);
	long ret;

	if (!f)
		return -EBADF;
	if (oldfd == newfd)
		ret = same_ok ? newfd : -EINVAL;
	else if ((uint64_t)(unsigned)newfd >= rlimit_cur(RLIMIT_NOFILE))
		ret = -EBADF;
	else
		ret = fd_dup_to(f, newfd, flags & O_CLOEXEC);
	fput(f);
	return ret < 0 ? ret : newfd;
}

SYS(dup2)
{
	return do_dup3((int)a0, (int)a1, 0, true);
}

SYS(dup3)
{
	if (a2 & ~(unsigned long)O_CLOEXEC || (int)a0 == (int)a1)
		return -EINVAL;
	return do_dup3((int)a0, (int)a1, (unsigned)a2, false);
}

enum { FIOASYNC = 0x5452 };

/* O_ASYNC, where the descriptor's number matters. */
static long ioctl_async(int fd, struct file *f, uaddr_t arg)
{
	int on;

	if (f->flags & O_PATH)
		return -EBADF;
	if (get_user(&on, arg))
		return -EFAULT;
	return !on == !(f->flags & O_ASYNC) ? 0 : fasync_enable(f, fd, on);
}

SYS(ioctl)
{
	struct file *f = fd_file((int)a0);
	long ret;

	if (!f)
		return -EBADF;
	ret = (unsigned)a1 == FIOASYNC ? ioctl_async((int)a0, f, a2)
				       : file_ioctl(f, (unsigned)a1, a2);
	fput(f);
	return ret;
}

static long do_pipe(uaddr_t ufds, unsigned flags)
{
	struct file *rd, *wr;
	int fds[2], err;

	if (flags & ~(unsigned)(O_CLOEXEC | O_NONBLOCK | O_DIRECT))
		return -EINVAL;
	err = pipe_create(&rd, &wr, flags);
	if (err)
		return err;
	fds[0] = fd_reserve(0, flags & O_CLOEXEC);
	err = fds[0];
	if (fds[0] < 0)
		goto put_files;
	fds[1] = fd_reserve(0, flags & O_CLOEXEC);
	err = fds[1];
	if (fds[1] < 0)
		goto unreserve_0;
	err = copy_to_user(ufds, fds, sizeof(fds)) ? -EFAULT : 0;
	if (err)
		goto unreserve_1;
	fd_install(fds[0], rd);
	fd_install(fds[1], wr);
	return 0;
unreserve_1:
	fd_unreserve(fds[1]);
unreserve_0:
	fd_unreserve(fds[0]);
put_files:
	fput(rd);
	fput(wr);
	return err;
}

SYS(pipe)
{
	return do_pipe(a0, 0);
}

SYS(pipe2)
{
	return do_pipe(a0, (unsigned)a1);
}

/* ---- directories ---- */

struct getdents {
	struct dir_context ctx;
	uaddr_t buf;
	size_t left, done;
	uaddr_t last_off; /* where the previous record's d_off is to be written */
	bool is64;
	int err;
};

struct dirent64_head {
	uint64_t d_ino;
	int64_t d_off;
	uint16_t d_reclen;
	uint8_t d_type;
} packed_;

struct dirent_head {
	unsigned long d_ino, d_off;
	uint16_t d_reclen;
} packed_;

struct dirent32_head {
	uint32_t d_ino, d_off;
	uint16_t d_reclen;
} packed_;

/* The record of getdents(2), but for name and type. */
static void dirent_head_fill(char *rec, uint64_t ino, uint64_t off, size_t reclen)
{
	struct dirent_head h = { (unsigned long)ino, (unsigned long)off, (uint16_t)reclen };
	struct dirent32_head n = { (uint32_t)ino, (uint32_t)off, (uint16_t)reclen };

	if (abi_narrow())
		memcpy(rec, &n, sizeof(n));
	else
		memcpy(rec, &h, sizeof(h));
}

/* One record. The old layout has the type in the last byte. */
static bool getdents_emit(struct dir_context *c, const char *name, unsigned len, uint64_t ino,
			  unsigned type)
{
	struct getdents *g = container_of(c, struct getdents, ctx);
	char rec[sizeof(struct dirent64_head) + VFS_NAME_MAX + 16];
	size_t head = g->is64 ? sizeof(struct dirent64_head) : 2 * abi_word() + sizeof(uint16_t);
	size_t align = g->is64 ? 8 : abi_word();
	size_t reclen = round_up_pow2(head + len + (g->is64 ? 1 : 2), align);

	if (len > VFS_NAME_MAX)
		return false;
	if (reclen > g->left) {
		if (!g->done)
			g->err = -EINVAL;
		return false;
	}
	memset(rec, 0, reclen);
	if (g->is64) {
		struct dirent64_head h = { ino, (int64_t)c->pos, (uint16_t)reclen, (uint8_t)type };

		memcpy(rec, &h, head);
	} else {
		dirent_head_fill(rec, ino, c->pos, reclen);
		rec[reclen - 1] = (char)type;
	}
	memcpy(rec + head, name, len);
	if (copy_to_user(g->buf + g->done, rec, reclen)) {
		g->err = -EFAULT;
		return false;
	}
	g->done += reclen;
	g->left -= reclen;
	return true;
}

static long do_getdents(int fd, uaddr_t buf, size_t size, bool is64)
{
	struct getdents g = { .ctx.emit = getdents_emit, .buf = buf, .left = size, .is64 = is64 };
	struct file *f = fd_file(fd);
	long ret;

	if (!f)
		return -EBADF;
	if (f->flags & O_PATH) {
		fput(f);
		return -EBADF;
	}
	if (!f->ops->iterate) {
		fput(f);
		return -ENOTDIR;
	}
	mutex_lock(&f->pos_lock);
	g.ctx.pos = f->pos;
	ret = f->ops->iterate(f, &g.ctx);
	f->pos = g.ctx.pos;
	mutex_unlock(&f->pos_lock);
	notify_file(f, IN_ACCESS);
	fput(f);
	if (g.done)
		return (long)g.done;
	return g.err ? g.err : ret;
}

SYS(getdents)
{
	return do_getdents((int)a0, a1, (unsigned)a2, false);
}

SYS(getdents64)
{
	return do_getdents((int)a0, a1, (unsigned)a2, true);
}
