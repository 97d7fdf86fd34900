/*
 * splice(2), tee(2), vmsplice(2), sendfile(2), copy_file_range(2).
 *
 * LOCKS    none.   CONTEXT  a task in a system call; may sleep.
 * SOURCES  the man pages.   TESTED BY  tests/guest/file_splice.c
 */
#include "sys/sys.h"

#include "fs/splice.h"

enum { SPLICE_F_ALL = 15 };

static bool readable(const struct file *f)
{
	unsigned acc = f->flags & O_ACCMODE;

	return !(f->flags & O_PATH) && (acc == O_RDONLY || acc == O_RDWR);
}

static bool writable(const struct file *f)
{
	unsigned acc = f->flags & O_ACCMODE;

	return !(f->flags & O_PATH) && (acc == O_WRONLY || acc == O_RDWR);
}

/* Two files, the one to be read from, the other to be written to. 0, -EBADF. */
struct pair {
	struct file *in, *out;
};

static void pair_put(struct pair *p)
{
	if (p->in)
		fput(p->in);
	if (p->out)
		fput(p->out);
}

/* Whatever they are open for. */
static int pair_get_any(struct pair *p, int in, int out)
{
	p->in = fd_file(in);
	p->out = p->in ? fd_file(out) : NULL;
	if (p->out && !((p->in->flags | p->out->flags) & O_PATH))
		return 0;
	pair_put(p);
	return -EBADF;
}

static int pair_get(struct pair *p, int in, int out)
{
	int err = pair_get_any(p, in, out);

	if (err || (readable(p->in) && writable(p->out)))
		return err;
	pair_put(p);
	return -EBADF;
}

/* An optional 64-bit offset in user memory. *out: NULL or @val. */
static int get_off(uaddr_t addr, int64_t *val, int64_t **out)
{
	*out = addr ? val : NULL;
	return addr && get_user(val, addr) ? -EFAULT : 0;
}

static long put_off(uaddr_t addr, const int64_t *val, long ret)
{
	return addr && put_user(addr, val) ? -EFAULT : ret;
}

SYS(splice)
{
	int64_t in = 0, out = 0, *pin, *pout;
	struct pair p;
	long ret;

	if (!a4)
		return 0;
	if (a5 & ~(unsigned long)SPLICE_F_ALL)
		return -EINVAL;
	ret = pair_get(&p, (int)a0, (int)a2);
	if (ret)
		return ret;
	if ((file_is_pipe(p.in) && a1) || (file_is_pipe(p.out) && a3))
		ret = -ESPIPE;
	else if (get_off(a1, &in, &pin) || get_off(a3, &out, &pout))
		ret = -EFAULT;
	else
		ret = file_splice(p.in, pin, p.out, pout, a4, (unsigned)a5);
	pair_put(&p);
	if (ret >= 0)
		ret = put_off(a1, &in, put_off(a3, &out, ret));
	return ret;
}

SYS(tee)
{
	struct pair p;
	long ret;

	if (a3 & ~(unsigned long)SPLICE_F_ALL)
		return -EINVAL;
	if (!a2)
		return 0;
	ret = pair_get(&p, (int)a0, (int)a1);
	if (ret)
		return ret;
	ret = file_tee(p.in, p.out, a2, (unsigned)a3);
	pair_put(&p);
	return ret;
}

/* Pages are copied into the pipe; SPLICE_F_GIFT is a hint. It waits for the first byte only. */
SYS(vmsplice)
{
	struct file *f;
	long done = 0, n = 0;

	if (a3 & ~(unsigned long)SPLICE_F_ALL)
		return -EINVAL;
	f = fd_file((int)a0);
	if (!f)
		return -EBADF;
	if (!file_is_pipe(f) || (f->flags & O_PATH)) {
		fput(f);
		return -EBADF;
	}
	if (a2 > 1024)
		n = -EINVAL;
	for (unsigned long i = 0; i < a2 && n >= 0; i++) {
		struct {
			uaddr_t base;
			size_t len;
		} iov;

		if (get_abi(&iov, a1 + i * 2 * abi_word(), "2p")) {
			n = -EFAULT;
			break;
		}
		n = iov.len ? pipe_copy(f, iov.base, iov.len, done || (a3 & SPLICE_F_NONBLOCK),
					writable(f))
			    : 0;
		done += n > 0 ? n : 0;
		if (n >= 0 && (size_t)n < iov.len)
			break;
	}
	fput(f);
	return done ? done : n;
}

static long do_sendfile(int out, int in, int64_t *off, size_t len)
{
	struct pair p;
	long ret = pair_get(&p, in, out);

	if (ret)
		return ret;
	ret = file_send(p.out, p.in, off, len);
	pair_put(&p);
	return ret;
}

SYS(sendfile64)
{
	int64_t off, *poff;
	long ret = get_off(a2, &off, &poff);

	if (ret)
		return ret;
	ret = do_sendfile((int)a0, (int)a1, poff, a3);
	return ret < 0 ? ret : put_off(a2, &off, ret);
}

/* The offset is a native long. */
SYS(sendfile)
{
	int64_t off;
	long pos, ret;

	if (!a2)
		return do_sendfile((int)a0, (int)a1, NULL, a3);
	if (get_abi(&pos, a2, "l"))
		return -EFAULT;
	off = pos;
	if (abi_32() && a3 && off == INT32_MAX)
		return -EOVERFLOW;
	if (abi_32() && a3 > (size_t)INT32_MAX - (size_t)min_of(int64_t, off, INT32_MAX))
		a3 = (size_t)(INT32_MAX - off);
	ret = do_sendfile((int)a0, (int)a1, &off, a3);
	pos = (long)off;
	return ret >= 0 && put_abi(a2, &pos, "l") ? -EFAULT : ret;
}

SYS(copy_file_range)
{
	int64_t in = 0, out = 0, *pin, *pout;
	struct pair p;
	long ret = pair_get_any(&p, (int)a0, (int)a2);

	if (ret)
		return ret;
	if (get_off(a1, &in, &pin) || get_off(a3, &out, &pout))
		ret = -EFAULT;
	else if (a5)
		ret = -EINVAL;
	else
		ret = file_copy_range(p.in, pin, p.out, pout, a4);
	pair_put(&p);
	if (ret > 0)
		ret = put_off(a1, &in, put_off(a3, &out, ret));
	return ret;
}
