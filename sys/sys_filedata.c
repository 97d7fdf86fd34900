/*
 * System calls on a file's data as a whole: truncate, fallocate, fadvise, readahead, fsync and its kind,
 * cachestat, memfd_create.
 *
 * OWNS     nothing.  WHY  numbers from registers here (i386 passes 64-bit ones in two), rules in fs/filedata.c.
 * LOCKS    none held across a call down.   CONTEXT  a task in a system call; may sleep.
 * SOURCES  truncate(2), fallocate(2), posix_fadvise(2), readahead(2), fsync(2), sync(2), sync_file_range(2), cachestat(2),
 *          memfd_create(2).
 * TESTED BY  tests/guest/file_space.c, file_sync.c, file_memfd.c
 */
#include "sys/sys.h"

#include "fs/file.h"
#include "fs/filedata.h"
#include "fs/memfd.h"

static long truncate_path(uaddr_t name, int64_t size)
{
	struct path_ref p;
	long ret;

	if (size < 0)
		return -EINVAL;
	ret = user_path(AT_FDCWD, name, LOOKUP_FOLLOW, &p);
	if (ret)
		return ret;
	ret = path_truncate(&p, size);
	path_put(&p);
	return ret;
}

static long truncate_fd(int fd, int64_t size)
{
	struct file *f;
	long ret;

	if (size < 0)
		return -EINVAL;
	f = fd_file(fd);
	if (!f)
		return -EBADF;
	ret = file_truncate(f, size);
	fput(f);
	return ret;
}

SYS(truncate)
{
	return truncate_path(a0, abi_long(a1));
}

SYS(ftruncate)
{
	return truncate_fd((int)a0, abi_long(a1));
}

SYS(truncate64)
{
	return truncate_path(a0, (int64_t)arg64(a1, a2));
}

SYS(ftruncate64)
{
	return truncate_fd((int)a0, (int64_t)arg64(a1, a2));
}

/* i386: offset and length take two registers each. */
SYS(fallocate)
{
	int64_t off = (int64_t)arg64(a2, a3), len = (int64_t)(abi_32() ? arg64(a4, a5) : a3);
	struct file *f = fd_file((int)a0);
	long ret;

	if (!f)
		return -EBADF;
	ret = file_fallocate(f, (unsigned)a1, off, len);
	fput(f);
	return ret;
}

/* ---- advice ---- */

static long do_fadvise(int fd, int64_t off, int64_t len, int advice)
{
	struct file *f = fd_file(fd);
	long ret;

	if (!f)
		return -EBADF;
	ret = file_advise(f, off, len, advice);
	fput(f);
	return ret;
}

/* i386: the length of this older call is one register. */
SYS(fadvise64)
{
	if (abi_32())
		return do_fadvise((int)a0, (int64_t)arg64(a1, a2), (int64_t)a3, (int)a4);
	return do_fadvise((int)a0, (int64_t)a1, (int64_t)a2, (int)a3);
}

SYS(fadvise64_64)
{
	return do_fadvise((int)a0, (int64_t)arg64(a1, a2), (int64_t)arg64(a3, a4), (int)a5);
}

SYS(readahead)
{
	struct file *f = fd_file((int)a0);
	long ret;

	if (!f)
		return -EBADF;
	ret = file_readahead(f, (int64_t)arg64(a1, a2), (int64_t)(abi_32() ? a3 : a2));
	fput(f);
	return ret;
}

/* ---- synchronising ---- */

static long do_fsync(int fd, bool data_only)
{
	struct file *f = fd_file(fd);
	long ret;

	if (!f)
		return -EBADF;
	ret = file_sync(f, data_only);
	fput(f);
	return ret;
}

SYS(fsync)
{
	return do_fsync((int)a0, false);
}

SYS(fdatasync)
{
	return do_fsync((int)a0, true);
}

SYS(sync_file_range)
{
	int64_t off = (int64_t)arg64(a1, a2), nbytes = (int64_t)(abi_32() ? arg64(a3, a4) : a2);
	struct file *f = fd_file((int)a0);
	long ret;

	if (!f)
		return -EBADF;
	ret = file_sync_range(f, off, nbytes, (unsigned)(abi_32() ? a5 : a3));
	fput(f);
	return ret;
}

SYS(syncfs)
{
	struct file *f = fd_file((int)a0);
	long ret;

	if (!f)
		return -EBADF;
	ret = file_sync_super(f);
	fput(f);
	return ret;
}

SYS(sync)
{
	sync_all();
	return 0;
}

/* ---- cachestat ---- */

struct cachestat_range {
	uint64_t off, len;
};

struct cachestat {
	uint64_t nr_cache, nr_dirty, nr_writeback, nr_evicted, nr_recently_evicted;
};

static long do_cachestat(struct file *f, uaddr_t range, uaddr_t out, unsigned flags)
{
	struct cachestat_range r;
	struct mapping_counts n;
	struct cachestat cs = { 0 };
	long err;

	if (get_user(&r, range))
		return -EFAULT;
	if (flags)
		return -EINVAL;
	err = file_cachestat(f, r.off, r.len, &n);
	if (err)
		return err;
	cs.nr_cache = n.cached;
	cs.nr_dirty = n.dirty;
	cs.nr_writeback = n.writeback;
	cs.nr_evicted = n.evicted;
	cs.nr_recently_evicted = n.recent;
	return put_user(out, &cs);
}

SYS(cachestat)
{
	struct file *f = fd_file((int)a0);
	long ret;

	if (!f)
		return -EBADF;
	ret = do_cachestat(f, a1, a2, (unsigned)a3);
	fput(f);
	return ret;
}

/* ---- memfd_create ---- */

static long memfd_fd(const char *name, unsigned flags)
{
	int fd = fd_reserve(0, flags & MFD_CLOEXEC);
	struct file *f;
	int err;

	if (fd < 0)
		return fd;
	err = memfd_create(name, flags, &f);
	if (err) {
		fd_unreserve(fd);
		return err;
	}
	fd_install(fd, f);
	return fd;
}

SYS(memfd_create)
{
	char name[MFD_NAME_MAX + 1];
	unsigned flags = (unsigned)a1;
	long len = memfd_flags_ok(&flags);

	if (len)
		return len;
	len = strncpy_from_user(name, a0, sizeof(name));
	if (len < 0)
		return len;
	return len > MFD_NAME_MAX ? -EINVAL : memfd_fd(name, flags);
}
