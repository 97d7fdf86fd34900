/*
 * fcntl(2) and flock(2).
 *
 * WHY      struct flock comes in three layouts: native offsets, and 64-bit ones on i386 (fcntl64), of 4-byte alignment.
 * LOCKS    none.   CONTEXT  a task in a system call; may sleep.
 * SOURCES  fcntl(2), flock(2).   TESTED BY  tests/guest/file_lock.c
 */
#include "sys/sys.h"

#include "fs/fasync.h"
#include "fs/file.h"
#include "fs/lock.h"
#include "fs/memfd.h"
#include "fs/path.h"

enum {
	F_DUPFD,
	F_GETFD,
	F_SETFD,
	F_GETFL,
	F_SETFL,
	F_GETLK,
	F_SETLK,
	F_SETLKW,
	F_SETOWN,
	F_GETOWN,
	F_SETSIG,
	F_GETSIG,
	F_GETLK64 = 12,
	F_SETLK64,
	F_SETLKW64,
	F_SETOWN_EX,
	F_GETOWN_EX,
	F_GETOWNER_UIDS = 17,
	F_OFD_GETLK = 36,
	F_OFD_SETLK,
	F_OFD_SETLKW,
	F_SETLEASE = 1024,
	F_GETLEASE = 1025,
	F_DUPFD_CLOEXEC = 1030,
	F_SETPIPE_SZ = 1031,
	F_GETPIPE_SZ = 1032,
	F_ADD_SEALS = 1033,
	F_GET_SEALS = 1034
};

/* ---- record locks ---- */

struct flock_native {
	short type, whence;
	long start, len;
	int pid;
};

struct packed_ flock64_k { /* i386 */
	short type, whence;
	int64_t start, len;
	int pid;
};

/* Any layout. */
struct flock_any {
	short type, whence;
	int64_t start, len;
	int pid;
};

static int get_flock(uaddr_t addr, bool wide, struct flock_any *out)
{
	struct flock_native n;
	struct flock64_k w;

	if (wide) {
		if (get_user(&w, addr))
			return -EFAULT;
		*out = (struct flock_any){ w.type, w.whence, w.start, w.len, w.pid };
		return 0;
	}
	if (get_abi(&n, addr, "2s2li"))
		return -EFAULT;
	*out = (struct flock_any){ n.type, n.whence, n.start, n.len, n.pid };
	return 0;
}

static int put_flock(uaddr_t addr, bool wide, const struct flock_any *fl)
{
	struct flock64_k w = { fl->type, fl->whence, fl->start, fl->len, fl->pid };
	struct flock_native n = { fl->type, fl->whence, (long)fl->start, (long)fl->len, fl->pid };

	if (wide)
		return put_user(addr, &w);
	if (abi_long((unsigned long)n.start) != fl->start ||
	    abi_long((unsigned long)n.len) != fl->len)
		return -EOVERFLOW;
	return put_abi(addr, &n, "2s2li");
}

/* fcntl(2): start and length, relative to a place, to a range. 0, -EINVAL, -EOVERFLOW. */
static int flock_range(struct file *f, const struct flock_any *fl, struct lock_range *r)
{
	int64_t start = fl->start, base = 0, end = INT64_MAX;

	if (fl->whence == SEEK_CUR)
		base = (int64_t)f->pos;
	else if (fl->whence == SEEK_END)
		base = (int64_t)mapping_size(&f->inode->mapping);
	else if (fl->whence != SEEK_SET)
		return -EINVAL;
	if (start > INT64_MAX - base)
		return -EOVERFLOW;
	start += base;
	if (start < 0)
		return -EINVAL;
	if (fl->len > 0) {
		if (fl->len - 1 > INT64_MAX - start)
			return -EOVERFLOW;
		end = start + fl->len - 1;
	} else if (fl->len < 0) {
		if (start + fl->len < 0)
			return -EINVAL;
		end = start - 1;
		start += fl->len;
	}
	if (fl->type < LOCK_READ || fl->type > LOCK_NONE)
		return -EINVAL;
	*r = (struct lock_range){ (enum lock_type)fl->type, (uint64_t)start, (uint64_t)end, 0 };
	return 0;
}

static long do_getlk(struct file *f, enum lock_kind kind, uaddr_t addr, bool wide)
{
	struct lock_range r;
	struct flock_any fl;
	int err = get_flock(addr, wide, &fl);

	if (err)
		return err;
	if ((fl.type != LOCK_READ && fl.type != LOCK_WRITE) || (kind == LOCK_OFD && fl.pid))
		return -EINVAL;
	err = flock_range(f, &fl, &r);
	if (err)
		return err;
	lock_test(f, kind, &r);
	fl.type = (short)r.type;
	if (r.type != LOCK_NONE) {
		fl.whence = SEEK_SET;
		fl.start = (int64_t)r.start;
		fl.len = r.end == INT64_MAX ? 0 : (int64_t)(r.end - r.start + 1);
		fl.pid = r.pid;
	}
	return put_flock(addr, wide, &fl);
}

/* A lock needs the file open for what it protects. */
static bool open_for(const struct file *f, enum lock_type type)
{
	unsigned acc = f->flags & O_ACCMODE;

	return type == LOCK_NONE || acc == O_RDWR ||
	       acc == (type == LOCK_READ ? O_RDONLY : O_WRONLY);
}

static long do_setlk(int fd, struct file *f, enum lock_kind kind, uaddr_t addr, bool wide,
		     bool wait)
{
	struct file *now;
	struct lock_range r;
	struct flock_any fl;
	int err = get_flock(addr, wide, &fl);

	if (!err)
		err = flock_range(f, &fl, &r);
	if (err)
		return err;
	if (!open_for(f, r.type))
		return -EBADF;
	if (kind == LOCK_OFD && fl.pid)
		return -EINVAL;
	err = lock_set(f, kind, &r, wait);
	if (err || kind != LOCK_POSIX || r.type == LOCK_NONE)
		return err;
	now = fd_file(fd); /* closed meanwhile by another thread: the lock would stay for ever */
	if (now != f) {
		lock_close(f, current_task()->files);
		err = -EBADF;
	}
	if (now)
		fput(now);
	return err;
}

static long fcntl_lock(int fd, struct file *f, unsigned cmd, uaddr_t addr, bool wide)
{
	switch (cmd) {
	case F_GETLK:
	case F_GETLK64:
		return do_getlk(f, LOCK_POSIX, addr, wide);
	case F_SETLK:
	case F_SETLK64:
		return do_setlk(fd, f, LOCK_POSIX, addr, wide, false);
	case F_SETLKW:
	case F_SETLKW64:
		return do_setlk(fd, f, LOCK_POSIX, addr, wide, true);
	case F_OFD_GETLK:
		return do_getlk(f, LOCK_OFD, addr, wide);
	default:
		return do_setlk(fd, f, LOCK_OFD, addr, wide, cmd == F_OFD_SETLKW);
	}
}

/* ---- fcntl(2) ---- */

static long fcntl_dup(struct file *f, unsigned long min, bool cloexec)
{
	int fd;

	if (min >= rlimit_cur(RLIMIT_NOFILE))
		return -EINVAL;
	fd = fd_reserve((int)min, cloexec);
	if (fd < 0)
		return fd;
	fget_file(f);
	fd_install(fd, f);
	return fd;
}

/* ---- signals of files ---- */

struct owner_ex {
	int type, pid;
};

static long set_owner_ex(struct file *f, uaddr_t addr)
{
	struct owner_ex o;

	if (get_user(&o, addr))
		return -EFAULT;
	if (o.type < FASYNC_TID || o.type > FASYNC_PGRP)
		return -EINVAL;
	return fasync_set_owner(f, (enum fasync_owner)o.type, o.pid);
}

static long get_owner_ex(struct file *f, uaddr_t addr)
{
	enum fasync_owner kind;
	struct owner_ex o = { .pid = fasync_owner(f, &kind) };

	o.type = (int)kind;
	return put_user(addr, &o);
}

static long get_owner_uids(struct file *f, uaddr_t addr)
{
	uint32_t ids[2];

	fasync_owner_uids(f, ids);
	return put_user(addr, &ids);
}

static long fcntl_signals(struct file *f, unsigned cmd, unsigned long arg)
{
	switch (cmd) {
	case F_SETOWN:
		return file_set_owner(f, (int)arg);
	case F_GETOWN:
		return file_owner(f);
	case F_SETSIG:
		return fasync_set_signal(f, arg);
	case F_GETSIG:
		return fasync_signal(f);
	case F_SETOWN_EX:
		return set_owner_ex(f, arg);
	case F_GETOWN_EX:
		return get_owner_ex(f, arg);
	default:
		return get_owner_uids(f, arg);
	}
}

/* O_ASYNC changes only where there is something to be told: as on Linux nobody hears of the others. */
static int set_async(int fd, struct file *f, unsigned long flags)
{
	if (!((f->flags ^ flags) & O_ASYNC) || !fasync_can(f))
		return 0;
	return fasync_enable(f, fd, flags & O_ASYNC);
}

/* Commands that know no layout. */
static long fcntl_plain(int fd, struct file *f, unsigned cmd, unsigned long arg)
{
	const unsigned settable = O_APPEND | O_NONBLOCK | O_DIRECT | O_NOATIME;
	int err;

	switch (cmd) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		return fcntl_dup(f, arg, cmd == F_DUPFD_CLOEXEC);
	case F_GETFD:
		return fd_cloexec(fd);
	case F_SETFD:
		fd_set_cloexec(fd, arg & 1);
		return 0;
	case F_GETFL:
		return f->flags & ~(O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC);
	case F_SETFL:
		if (((unsigned)arg ^ f->flags) & O_APPEND && f->inode->flags & FS_APPEND_FL)
			return -EPERM;
		err = set_async(fd, f, arg);
		if (err)
			return err;
		f->flags = (f->flags & ~settable) | ((unsigned)arg & settable);
		return 0;
	case F_SETOWN:
	case F_GETOWN:
	case F_SETSIG:
	case F_GETSIG:
	case F_SETOWN_EX:
	case F_GETOWN_EX:
	case F_GETOWNER_UIDS:
		return fcntl_signals(f, cmd, arg);
	case F_GETPIPE_SZ:
	case F_SETPIPE_SZ:
		return pipe_size(f, cmd == F_SETPIPE_SZ ? arg : 0);
	case F_ADD_SEALS:
		return file_add_seals(f, arg);
	case F_GET_SEALS:
		return file_get_seals(f);
	case F_GETLEASE:
		return LOCK_NONE;
	case F_SETLEASE: /* as a file system without leases */
	default:
		return -EINVAL;
	}
}

static bool allowed_with_path(unsigned cmd)
{
	return cmd == F_DUPFD || cmd == F_DUPFD_CLOEXEC || cmd == F_GETFD || cmd == F_SETFD ||
	       cmd == F_GETFL;
}

/* @has64: fcntl64, or the native call of x86_64, which has no F_*LK64. */
static long do_fcntl(int fd, unsigned cmd, unsigned long arg, bool has64)
{
	bool ofd = cmd >= F_OFD_GETLK && cmd <= F_OFD_SETLKW,
	     lk64 = cmd >= F_GETLK64 && cmd <= F_SETLKW64;
	struct file *f = fd_file(fd);
	long ret;

	if (!f)
		return -EBADF;
	if ((f->flags & O_PATH) && !allowed_with_path(cmd))
		ret = -EBADF;
	else if (cmd >= F_GETLK && cmd <= F_SETLKW)
		ret = fcntl_lock(fd, f, cmd, arg, false);
	else if ((ofd && has64) || (lk64 && abi_32() && has64))
		ret = fcntl_lock(fd, f, cmd, arg, abi_32());
	else
		ret = fcntl_plain(fd, f, cmd, arg);
	fput(f);
	return ret;
}

SYS(fcntl)
{
	return do_fcntl((int)a0, (unsigned)a1, a2, !abi_32());
}

SYS(fcntl64)
{
	return do_fcntl((int)a0, (unsigned)a1, a2, true);
}

/* ---- flock(2) ---- */

enum { LOCK_SH_K = 1, LOCK_EX_K = 2, LOCK_NB_K = 4, LOCK_UN_K = 8, LOCK_MAND_K = 32 };

SYS(flock)
{
	unsigned op = (unsigned)a1 & ~(unsigned)LOCK_NB_K;
	enum lock_type type = op == LOCK_SH_K	? LOCK_READ
			      : op == LOCK_EX_K ? LOCK_WRITE
						: LOCK_NONE;
	struct file *f;
	long ret;

	if (a1 & LOCK_MAND_K)
		return 0; /* gone from Linux; it says so by doing nothing */
	if (op != LOCK_SH_K && op != LOCK_EX_K && op != LOCK_UN_K)
		return -EINVAL;
	f = fd_file((int)a0);
	if (!f)
		return -EBADF;
	ret = f->flags & O_PATH ? -EBADF : lock_flock(f, type, !(a1 & LOCK_NB_K));
	fput(f);
	return ret;
}
