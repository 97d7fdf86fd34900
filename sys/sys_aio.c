/*
 * Asynchronous I/O: io_setup, io_submit, io_cancel, io_getevents, io_pgetevents and io_destroy.
 *
 * WHY      a request is carried out inside of io_submit, by who submits it, and its event is in the ring when the call
 *          returns; only IOCB_CMD_POLL waits. io_submit(2) promises no more: on Linux, too, only direct transfers of disks end
 *          later, and which requests are refused at once and which by their event is the same here.
 * LOCKS    none across a call down.   CONTEXT  a task in a system call; may sleep.
 * FAILS    as the manual pages say. A request that was refused leaves its block (but for aio_key) and the ring as they were.
 * NOT HERE contexts (fs/aio.c), the ring (fs/aio_ring.c).
 * SOURCES  io_setup(2), io_submit(2), io_cancel(2), io_getevents(2), io_destroy(2).   TESTED BY  tests/guest/file_aio.c
 */
#include "sys/sys.h"

#include "fs/aio.h"
#include "fs/event.h"
#include "fs/file.h"
#include "fs/filedata.h"
#include "kernel/time.h"
#include "mm/slab.h"
#include "sys/iovec.h"

enum { CMD_PREAD, CMD_PWRITE, CMD_FSYNC, CMD_FDSYNC, CMD_POLL = 5, CMD_PREADV = 7, CMD_PWRITEV };
enum { FLAG_RESFD = 1, FLAG_IOPRIO = 2 };

/* struct iocb, the same for all programs. */
struct iocb_k {
	uint64_t data;
	uint32_t key, rw_flags;
	uint16_t opcode;
	int16_t reqprio;
	uint32_t fd;
	uint64_t buf, nbytes;
	int64_t offset;
	uint64_t reserved2;
	uint32_t flags, resfd;
};

struct request {
	struct iocb_k b;
	struct aio_ctx *ctx;
	struct file *f, *resfd; /* resfd: NULL, or an eventfd */
	struct aio_event e;
};

static long destroy(uaddr_t id)
{
	struct aio_ctx *ctx = aio_find(id);
	int err;

	if (!ctx)
		return -EINVAL;
	err = aio_destroy(ctx, id);
	aio_put(ctx);
	return err;
}

SYS(io_setup)
{
	unsigned long ctxp = 0;
	uaddr_t id;
	long err;

	if (get_abi(&ctxp, a1, "p"))
		return -EFAULT;
	if (ctxp)
		return -EINVAL;
	err = aio_create((unsigned)a0, &id);
	if (err)
		return err;
	ctxp = id;
	if (!put_abi(a1, &ctxp, "p"))
		return 0;
	err = destroy(id);
	return err ? err : -EFAULT;
}

SYS(io_destroy)
{
	return destroy(a0);
}

/* ---- reads and writes ---- */

static long transfer(struct request *r, uaddr_t buf, size_t len, int64_t pos, bool is_write)
{
	if (r->f->ops->is_stream)
		return is_write ? file_write(r->f, buf, len) : file_read(r->f, buf, len);
	return is_write ? file_pwrite(r->f, buf, len, pos) : file_pread(r->f, buf, len, pos);
}

static long transfer_vector(struct request *r, const struct iovec_k *v, size_t len, bool is_write)
{
	long done = 0, n = 0;

	if (r->f->ops->is_stream && r->f->ops->vector)
		return file_vector(r->f, v, len, is_write);
	for (; len; v++) {
		n = v->len ? transfer(r, v->base, v->len, r->b.offset + done, is_write) : 0;
		if (n < 0)
			break;
		done += n;
		len -= (size_t)n;
		if ((size_t)n < v->len)
			break;
	}
	return done ? done : n;
}

/* How the file is open, and what is refused before a byte moves. */
static long rw_refused(const struct request *r, bool is_write)
{
	const struct file *f = r->f;
	unsigned acc = f->flags & O_ACCMODE;

	if (r->b.rw_flags & ~(unsigned)(RWF_HIPRI | RWF_DSYNC | RWF_SYNC))
		return -EOPNOTSUPP;
	if (is_write ? !((acc + 1) & 2) : (acc & O_WRONLY) != 0)
		return -EBADF;
	if (S_ISDIR(f->inode->mode) || !(is_write ? f->ops->write : f->ops->read))
		return -EINVAL;
	return r->b.offset < 0 && !f->ops->is_stream ? -EINVAL : 0;
}

/* A call that was interrupted is not begun again: its event says EINTR. */
static void complete(struct request *r, long ret)
{
	if (ret <= -ERESTARTSYS && ret >= -ERESTART_RESTARTBLOCK)
		ret = -EINTR;
	r->e.res = ret;
	aio_complete(r->ctx, &r->e, r->resfd);
	fput(r->f);
}

static long do_rw(struct request *r, bool is_write, bool vector)
{
	struct iovec_k *v = NULL, one = { (uaddr_t)r->b.buf, (size_t)r->b.nbytes };
	long ret = rw_refused(r, is_write), len;

	if (ret)
		return ret;
	len = vector ? iovec_import(one.base, one.len, &v) : (long)one.len;
	if (len < 0)
		return len;
	if (!vector && !access_ok(one.base, one.len))
		return -EFAULT;
	ret = vector && !len ? 0
	      : vector	     ? transfer_vector(r, v, (size_t)len, is_write)
			     : transfer(r, one.base, one.len, r->b.offset, is_write);
	if (vector && len)
		kfree(v);
	complete(r, is_write ? file_write_through(r->f, ret, &r->b.offset, r->b.rw_flags) : ret);
	return 0;
}

/* ---- the rest ---- */

static long do_sync(struct request *r, bool data_only)
{
	if (r->b.buf || r->b.offset || r->b.nbytes || r->b.rw_flags || !r->f->ops->fsync)
		return -EINVAL;
	complete(r, file_sync(r->f, data_only));
	return 0;
}

static long do_poll(struct request *r)
{
	if (r->b.buf > 0xffff || r->b.offset || r->b.nbytes || r->b.rw_flags)
		return -EINVAL;
	return aio_poll(r->ctx, r->f, (unsigned)r->b.buf, &r->e, r->resfd);
}

/* 0: the event is there or will come, and what @r refers to is the event's; -errno: none comes. */
static long dispatch(struct request *r)
{
	switch (r->b.opcode) {
	case CMD_PREAD:
		return do_rw(r, false, false);
	case CMD_PWRITE:
		return do_rw(r, true, false);
	case CMD_PREADV:
		return do_rw(r, false, true);
	case CMD_PWRITEV:
		return do_rw(r, true, true);
	case CMD_FSYNC:
		return do_sync(r, false);
	case CMD_FDSYNC:
		return do_sync(r, true);
	case CMD_POLL:
		return do_poll(r);
	default:
		return -EINVAL;
	}
}

static long with_files(struct request *r, uaddr_t uiocb)
{
	const uint32_t key = 0;
	long ret = 0;

	r->f = fd_file((int)r->b.fd);
	if (!r->f || (r->f->flags & O_PATH))
		ret = -EBADF;
	else if (r->b.flags & FLAG_RESFD)
		ret = eventfd_file((int)r->b.resfd, &r->resfd);
	if (!ret && put_user(uiocb + offsetof(struct iocb_k, key), &key))
		ret = -EFAULT;
	if (!ret && (r->b.flags & FLAG_IOPRIO) && r->b.opcode != CMD_POLL)
		ret = check_ioprio((uint16_t)r->b.reqprio);
	if (!ret)
		ret = dispatch(r);
	if (ret && r->f)
		fput(r->f);
	if (ret && r->resfd)
		fput(r->resfd);
	return ret;
}

static long submit_one(struct aio_ctx *ctx, uaddr_t uiocb)
{
	struct request r = { .ctx = ctx };
	long ret;

	if (copy_from_user(&r.b, uiocb, sizeof(r.b)))
		return -EFAULT;
	if (r.b.reserved2 || r.b.buf > ULONG_MAX || r.b.nbytes > LONG_MAX)
		return -EINVAL;
	r.e.data = r.b.data;
	r.e.obj = uiocb;
	ret = aio_reserve(ctx);
	if (ret)
		return ret;
	ret = with_files(&r, uiocb);
	if (ret)
		aio_unreserve(ctx);
	return ret;
}

SYS(io_submit)
{
	struct aio_ctx *ctx = (long)abi_long(a1) < 0 ? NULL : aio_find(a0);
	long nr = abi_long(a1), i, ret = 0;

	if (!ctx)
		return -EINVAL;
	if ((unsigned long)nr > aio_room(ctx))
		nr = (long)aio_room(ctx);
	for (i = 0; i < nr && !ret; i++) {
		unsigned long uiocb = 0;

		ret = get_abi(&uiocb, a2 + (size_t)i * abi_word(), "p") ? -EFAULT
									: submit_one(ctx, uiocb);
		if (ret)
			break;
	}
	aio_put(ctx);
	return i ? i : ret;
}

SYS(io_cancel)
{
	struct aio_ctx *ctx;
	uint32_t key;
	int err;

	if (get_user(&key, a1 + offsetof(struct iocb_k, key)))
		return -EFAULT;
	ctx = key ? NULL : aio_find(a0);
	if (!ctx)
		return -EINVAL;
	err = aio_cancel(ctx, a1);
	aio_put(ctx);
	return err ? err : -EINPROGRESS;
}

/* ---- io_getevents(2) ---- */

static long do_getevents(uaddr_t id, long min, long nr, uaddr_t to, uint64_t deadline)
{
	struct aio_ctx *ctx = aio_find(id);
	long ret = -EINVAL;

	if (!ctx)
		return ret;
	if (min <= nr && min >= 0)
		ret = aio_events(ctx, min, nr, to, deadline);
	aio_put(ctx);
	return ret;
}

static int deadline_of(uaddr_t timeout, bool time64, uint64_t *deadline)
{
	struct timespec64_k ts;
	int err;

	*deadline = PARK_FOREVER;
	if (!timeout)
		return 0;
	err = get_timespec(timeout, time64, &ts);
	if (!err)
		*deadline = ts.tv_sec || ts.tv_nsec ? deadline_after(&ts) : 0;
	return err;
}

SYS(io_getevents)
{
	uint64_t deadline;
	int err = deadline_of(a4, false, &deadline);

	return err ? err : do_getevents(a0, abi_long(a1), abi_long(a2), a3, deadline);
}

static long do_pgetevents(SYS_ARGS, bool time64)
{
	struct {
		unsigned long mask, size;
	} sig = { 0, 0 };
	uint64_t deadline;
	sigset_k mask;
	long ret = deadline_of(a4, time64, &deadline);

	if (!ret && a5 && get_abi(&sig, a5, "2p"))
		ret = -EFAULT;
	if (!ret && sig.mask)
		ret = get_sigset(sig.mask, sig.size, &mask);
	if (ret)
		return ret;
	if (sig.mask)
		signal_set_temp_mask(mask);
	ret = do_getevents(a0, abi_long(a1), abi_long(a2), a3, deadline);
	if (ret != -EINTR)
		signal_end_temp_mask();
	return ret;
}

SYS(io_pgetevents)
{
	return do_pgetevents(a0, a1, a2, a3, a4, a5, false);
}

SYS(io_pgetevents_time64)
{
	return do_pgetevents(a0, a1, a2, a3, a4, a5, true);
}
