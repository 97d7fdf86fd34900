/*
 * The twelve calls of xattr(7): set, get, list and remove; by path, by path without following a last link, by descriptor.
 *
 * WHY      each of the four is one function of a referenced path; a path or a descriptor leads to it.
 * LOCKS    none held across a call down.   CONTEXT  a task in a system call; may sleep.
 * SOURCES  setxattr(2), getxattr(2), listxattr(2), removexattr(2).   TESTED BY  tests/guest/file_xattr.c
 */
#include "sys/sys.h"

#include "fs/file.h"
#include "fs/xattr.h"
#include "mm/vmalloc.h"
#include "sync/failpoint.h"

/* The arguments after the file. */
struct xattr_call {
	uaddr_t name, buf;
	size_t size;
	unsigned flags;
};

typedef long xattr_fn(struct path_ref *p, const struct xattr_call *c);

static long on_path(uaddr_t path, unsigned lookup, xattr_fn *fn, struct xattr_call c)
{
	struct path_ref p;
	long ret = user_path(AT_FDCWD, path, lookup, &p);

	if (ret)
		return ret;
	ret = fn(&p, &c);
	path_put(&p);
	return ret;
}

static long on_fd(int fd, xattr_fn *fn, struct xattr_call c)
{
	struct file *f = fd_file(fd);
	long ret;

	if (!f)
		return -EBADF;
	ret = f->flags & O_PATH ? -EBADF : fn(&f->path, &c);
	fput(f);
	return ret;
}

static long read_name(char *name, uaddr_t from)
{
	long len = strncpy_from_user(name, from, XATTR_NAME_MAX + 1);

	return len < 0 ? len : len == 0 || len > XATTR_NAME_MAX ? -ERANGE : 0;
}

static long do_set(struct path_ref *p, const struct xattr_call *c)
{
	char name[XATTR_NAME_MAX + 1];
	void *value = NULL;
	long ret;

	if (c->flags & ~(unsigned)(XATTR_CREATE | XATTR_REPLACE))
		return -EINVAL;
	ret = read_name(name, c->name);
	if (ret)
		return ret;
	if (c->size > XATTR_SIZE_MAX)
		return -E2BIG;
	if (c->size) {
		value = failpoint("xattr_value") ? NULL : kvzalloc(c->size);
		if (!value)
			return -ENOMEM;
	}
	ret = c->size && copy_from_user(value, c->buf, c->size)
		      ? -EFAULT
		      : xattr_set(p, name, value, c->size, c->flags);
	kvfree(value);
	return ret;
}

/* What @name (NULL: the list of names) has, to the user's buffer. */
static long give(struct path_ref *p, const char *name, const struct xattr_call *c)
{
	size_t room = min_of(size_t, c->size, XATTR_SIZE_MAX);
	void *buf = NULL;
	long ret;

	if (room) {
		buf = failpoint("xattr_value") ? NULL : kvzalloc(room);
		if (!buf)
			return -ENOMEM;
	}
	ret = name ? xattr_get(p, name, buf, room) : xattr_list(p, buf, room);
	if (ret > 0 && room && copy_to_user(c->buf, buf, (size_t)ret))
		ret = -EFAULT;
	else if (ret == -ERANGE && c->size >= XATTR_SIZE_MAX)
		ret = -E2BIG; /* no buffer could be large enough */
	kvfree(buf);
	return ret;
}

static long do_get(struct path_ref *p, const struct xattr_call *c)
{
	char name[XATTR_NAME_MAX + 1];
	long ret = read_name(name, c->name);

	return ret ? ret : give(p, name, c);
}

static long do_list(struct path_ref *p, const struct xattr_call *c)
{
	return give(p, NULL, c);
}

static long do_remove(struct path_ref *p, const struct xattr_call *c)
{
	char name[XATTR_NAME_MAX + 1];
	long ret = read_name(name, c->name);

	return ret ? ret : xattr_remove(p, name);
}

SYS(setxattr)
{
	return on_path(a0, LOOKUP_FOLLOW, do_set, (struct xattr_call){ a1, a2, a3, (unsigned)a4 });
}

SYS(lsetxattr)
{
	return on_path(a0, 0, do_set, (struct xattr_call){ a1, a2, a3, (unsigned)a4 });
}

SYS(fsetxattr)
{
	return on_fd((int)a0, do_set, (struct xattr_call){ a1, a2, a3, (unsigned)a4 });
}

SYS(getxattr)
{
	return on_path(a0, LOOKUP_FOLLOW, do_get, (struct xattr_call){ a1, a2, a3, 0 });
}

SYS(lgetxattr)
{
	return on_path(a0, 0, do_get, (struct xattr_call){ a1, a2, a3, 0 });
}

SYS(fgetxattr)
{
	return on_fd((int)a0, do_get, (struct xattr_call){ a1, a2, a3, 0 });
}

SYS(listxattr)
{
	return on_path(a0, LOOKUP_FOLLOW, do_list, (struct xattr_call){ 0, a1, a2, 0 });
}

SYS(llistxattr)
{
	return on_path(a0, 0, do_list, (struct xattr_call){ 0, a1, a2, 0 });
}

SYS(flistxattr)
{
	return on_fd((int)a0, do_list, (struct xattr_call){ 0, a1, a2, 0 });
}

SYS(removexattr)
{
	return on_path(a0, LOOKUP_FOLLOW, do_remove, (struct xattr_call){ a1, 0, 0, 0 });
}

SYS(lremovexattr)
{
	return on_path(a0, 0, do_remove, (struct xattr_call){ a1, 0, 0, 0 });
}

SYS(fremovexattr)
{
	return on_fd((int)a0, do_remove, (struct xattr_call){ a1, 0, 0, 0 });
}
