/*
 * Bytes between files and pipes without a user buffer.
 *
 *   file ── read_kernel ──> page of the pipe          pipe ── page ──> write_kernel of the file
 *   pipe ── page ──> page of the other pipe           file ── a page on loan ──> file
 *
 * OWNS     nothing.
 * WHY      a pipe's page is the buffer: a file is read into it or written from it, one copy instead of two and no system call
 *          between. Text of /proc and /sys goes by a page of its own: what prints it takes locks before a pipe's.
 * I1       what leaves a pipe has arrived: the pipe's tail moves by what the other side took.
 * LOCKS    one pipe is locked around a transfer; a second one is only tried (pipe_put), so two transfers in opposite
 *          directions cannot wait for one another. Positions: pos_lock before.
 * CONTEXT  tasks; may sleep.
 * FAILS    as splice(2), tee(2), sendfile(2), copy_file_range(2); short, when something has been moved.
 * SOURCES  splice(2), tee(2), sendfile(2), copy_file_range(2).   TESTED BY  tests/guest/file_splice.c
 */
#include "fs/splice.h"

#include "base/errno.h"
#include "fs/notify.h"
#include "fs/vfs_impl.h"
#include "kernel/task.h"
#include "lib/string.h"
#include "mm/alloc.h"
#include "sync/failpoint.h"

#define MAX_RW ((size_t)(INT_MAX & PAGE_MASK))

struct side {
	struct file *f;
	uint64_t pos;
};

static long read_side(void *arg, char *mem, size_t len)
{
	struct side *s = arg;

	return s->f->ops->read_kernel(s->f, mem, len, &s->pos);
}

static long write_side(void *arg, char *mem, size_t len)
{
	struct side *s = arg;

	return s->f->ops->write_kernel(s->f, mem, len, &s->pos);
}

/* Where a file's side begins: *off, or the position, which is then locked. -EINVAL: a bad offset. */
static int side_begin(struct side *s, struct file *f, const int64_t *off) no_lock_analysis
{
	s->f = f;
	if (off && *off < 0)
		return -EINVAL;
	if (!off && !f->ops->is_stream)
		mutex_lock(&f->pos_lock);
	s->pos = off ? (uint64_t)*off : f->pos;
	return 0;
}

static void side_end(struct side *s, int64_t *off, bool moved) no_lock_analysis
{
	if (off) {
		*off = (int64_t)s->pos;
		return;
	}
	if (s->f->ops->is_stream)
		return;
	if (moved)
		s->f->pos = s->pos;
	mutex_unlock(&s->f->pos_lock);
}

/* ---- splice(2) ---- */

struct to_pipe {
	struct file *out;
	long err; /* of pipe_put */
};

static long put_actor(void *arg, char *mem, size_t len)
{
	struct to_pipe *t = arg;
	long n = pipe_put(t->out, mem, len);

	t->err = n < 0 ? n : 0;
	return n < 0 ? 0 : n;
}

/* @keep: the bytes stay in the first pipe. */
static long pipe_to_pipe(struct file *in, struct file *out, size_t len, unsigned flags, bool keep)
{
	bool nonblock = flags & SPLICE_F_NONBLOCK;
	struct to_pipe t = { .out = out };

	if (pipe_has_packets(in) || pipe_has_packets(out))
		return -EINVAL;
	for (;;) {
		long n =
			pipe_drain(in, len, (nonblock ? PIPE_NONBLOCK : 0) | (keep ? PIPE_KEEP : 0),
				   put_actor, &t);

		if (n || !t.err)
			return n;
		if (t.err == -EPIPE) {
			signal_send_thread(current_task(), SIGPIPE, NULL);
			return -EPIPE;
		}
		if (t.err == -EAGAIN && (nonblock || (out->flags & O_NONBLOCK)))
			return -EAGAIN;
		if (t.err == -EAGAIN && pipe_wait_room(out))
			return -ERESTARTSYS;
		if (t.err != -EAGAIN && t.err != -EBUSY)
			return t.err;
		t.err = 0;
		sched_yield_current();
	}
}

/* A page on loan, and what of it has gone on. */
struct bounce {
	char *page;
	size_t at;
};

static long take_bounce(void *arg, char *mem, size_t len)
{
	struct bounce *b = arg;

	memcpy(mem, b->page + b->at, len);
	b->at += len;
	return (long)len;
}

static long fill_bounce(void *arg, char *mem, size_t len)
{
	struct bounce *b = arg;

	memcpy(b->page + b->at, mem, len);
	b->at += len;
	return (long)len;
}

/* As file_to_pipe, a page at a time without the pipe's lock; only the first one waits for room. */
static long text_to_pipe(struct side *in, struct file *out, size_t len, bool nonblock, char *page)
{
	size_t done = 0;
	long n = 0;

	while (done < len) {
		uint64_t start = in->pos;
		struct bounce b = { page, 0 };
		long got = read_side(in, page, min_of(size_t, len - done, PAGE_SIZE));

		n = got > 0 ? pipe_fill(out, (size_t)got, nonblock || done, take_bounce, &b) : got;
		in->pos = start + (n > 0 ? (uint64_t)n : 0);
		if (n <= 0)
			break;
		done += (size_t)n;
		if (n < got)
			break;
	}
	return done ? (long)done : n;
}

/* Takes what is equal to what has been written. */
static long drop_written(void *arg, char *mem, size_t len)
{
	struct bounce *b = arg;
	size_t n = 0;

	while (n < len && mem[n] == b->page[b->at + n])
		n++;
	b->at += n;
	return (long)n;
}

/*
 * Bytes that the file refuses stay in the pipe: it is only looked at first, and what was written is taken afterwards. Who
 * reads the pipe at the same time may have had it too.
 */
static long pipe_to_text(struct file *in, struct side *out, size_t len, unsigned flags, char *page)
{
	struct bounce b = { page, 0 };
	long n = pipe_drain(in, min_of(size_t, len, PAGE_SIZE), flags | PIPE_KEEP, fill_bounce, &b);

	if (n > 0)
		n = write_side(out, page, (size_t)n);
	b.at = 0;
	if (n > 0)
		(void)pipe_drain(in, (size_t)n, PIPE_NONBLOCK, drop_written, &b);
	return n;
}

static char *bounce_page(void)
{
	return failpoint("splice_page") ? NULL : (char *)__get_free_page(GFP_KERNEL);
}

static long file_to_pipe(struct side *in, struct file *out, size_t len, unsigned flags)
{
	char *page;
	long ret;

	if (!in->f->ops->read_kernel)
		return -EINVAL;
	if (in->f->ops->own_locks) {
		page = bounce_page();
		if (!page)
			return -ENOMEM;
		ret = text_to_pipe(in, out, len, flags & SPLICE_F_NONBLOCK, page);
		free_page((unsigned long)page);
		return ret;
	}
	return pipe_fill(out, len, flags & SPLICE_F_NONBLOCK, read_side, in);
}

static long pipe_to_file(struct file *in, struct side *out, size_t len, unsigned flags)
{
	char *page;
	long ret;

	if (!out->f->ops->write_kernel || (out->f->flags & O_APPEND))
		return -EINVAL;
	flags = flags & SPLICE_F_NONBLOCK ? PIPE_NONBLOCK : 0;
	if (out->f->ops->own_locks) {
		page = bounce_page();
		if (!page)
			return -ENOMEM;
		ret = pipe_to_text(in, out, len, flags, page);
		free_page((unsigned long)page);
		return ret;
	}
	return pipe_drain(in, len, flags, write_side, out);
}

static long splice_pipe_file(struct file *in, struct file *out, int64_t *off, size_t len,
			     unsigned flags)
{
	struct side s;
	long ret = off && out->ops->is_stream ? -EINVAL : side_begin(&s, out, off);

	if (ret)
		return ret;
	ret = pipe_to_file(in, &s, len, flags);
	side_end(&s, off, ret > 0);
	return ret;
}

static long splice_file_pipe(struct file *in, int64_t *off, struct file *out, size_t len,
			     unsigned flags)
{
	struct side s;
	long ret = off && in->ops->is_stream ? -EINVAL : side_begin(&s, in, off);

	if (ret)
		return ret;
	ret = file_to_pipe(&s, out, len, flags);
	side_end(&s, off, ret > 0);
	return ret;
}

long file_splice(struct file *in, int64_t *off_in, struct file *out, int64_t *off_out, size_t len,
		 unsigned flags)
{
	bool from = file_is_pipe(in), to = file_is_pipe(out);

	if ((from && off_in) || (to && off_out))
		return -ESPIPE;
	len = min_of(size_t, len, MAX_RW);
	if (from && to)
		return in->private == out->private ? -EINVAL
						   : pipe_to_pipe(in, out, len, flags, false);
	if (from)
		return splice_pipe_file(in, out, off_out, len, flags);
	return to ? splice_file_pipe(in, off_in, out, len, flags) : -EINVAL;
}

long file_tee(struct file *in, struct file *out, size_t len, unsigned flags)
{
	if (!file_is_pipe(in) || !file_is_pipe(out) || in->private == out->private)
		return -EINVAL;
	return pipe_to_pipe(in, out, min_of(size_t, len, MAX_RW), flags, true);
}

/* ---- file to file ---- */

/* Through the page @buf, until the end of @in, an error or a short write. */
static long copy_loop(struct side *in, struct side *out, char *buf, size_t len)
{
	size_t done = 0;
	long n = 0;

	while (done < len) {
		uint64_t start = in->pos;
		long got = read_side(in, buf, min_of(size_t, len - done, PAGE_SIZE));

		n = got > 0 ? write_side(out, buf, (size_t)got) : got;
		if (n <= 0 || fatal_signal_pending()) {
			in->pos = n > 0 ? in->pos : start;
			done += n > 0 ? (size_t)n : 0;
			break;
		}
		done += (size_t)n;
		in->pos = start + (uint64_t)n;
		if (n < got || signal_pending())
			break;
		cond_resched();
	}
	return done ? (long)done : n;
}

static long copy_files(struct side *in, struct side *out, size_t len)
{
	char *buf;
	long ret;

	if (!in->f->ops->read_kernel || !out->f->ops->write_kernel)
		return -EINVAL;
	buf = bounce_page();
	if (!buf)
		return -ENOMEM;
	ret = copy_loop(in, out, buf, len);
	free_page((unsigned long)buf);
	return ret;
}

/* Positions are read and stored whole, without a lock held over the copy: both may be one open file. */
static struct side side_at(struct file *f, const int64_t *off)
{
	return (struct side){ f, off ? (uint64_t)*off : f->pos };
}

static void side_store(const struct side *s, int64_t *off)
{
	if (off)
		*off = (int64_t)s->pos;
	else if (!s->f->ops->is_stream)
		s->f->pos = s->pos;
}

static void was_copied(struct file *in, struct file *out, long ret)
{
	task_io_read(ret);
	task_io_write(ret);
	if (ret > 0) {
		notify_file(in, IN_ACCESS);
		notify_file(out, IN_MODIFY);
	}
}

long file_send(struct file *out, struct file *in, int64_t *off, size_t len)
{
	struct side from, to;
	long ret;

	if (off && in->ops->is_stream)
		return -ESPIPE;
	if ((off && *off < 0) || in->ops->is_stream)
		return -EINVAL;
	from = side_at(in, off);
	to = side_at(out, NULL);
	if ((int64_t)(from.pos + len) < 0)
		return -EINVAL;
	if (len && from.pos >= FILE_SIZE_MAX)
		return -EOVERFLOW;
	len = min_of(size_t, len, MAX_RW);
	if (file_is_pipe(out))
		ret = file_to_pipe(&from, out, len, 0);
	else
		ret = out->flags & O_APPEND ? -EINVAL : copy_files(&from, &to, len);
	if (ret > 0) {
		side_store(&from, off);
		if (!file_is_pipe(out))
			side_store(&to, NULL);
	}
	was_copied(in, out, ret);
	return ret;
}

/* copy_file_range(2) ERRORS. @len becomes what the source has. */
static int check_range(const struct side *in, const struct side *out, size_t *len)
{
	uint64_t size = mapping_size(&in->f->inode->mapping);

	if (S_ISDIR(in->f->inode->mode) || S_ISDIR(out->f->inode->mode))
		return -EISDIR;
	if (!S_ISREG(in->f->inode->mode) || !S_ISREG(out->f->inode->mode))
		return -EINVAL;
	if ((in->f->flags & O_ACCMODE) == O_WRONLY || (out->f->flags & O_ACCMODE) == O_RDONLY ||
	    (out->f->flags & O_APPEND))
		return -EBADF;
	if (in->f->inode->sb != out->f->inode->sb)
		return -EXDEV;
	if (in->pos + *len < in->pos || out->pos + *len < out->pos)
		return -EOVERFLOW;
	if ((int64_t)in->pos < 0 || (int64_t)out->pos < 0)
		return -EINVAL;
	*len = in->pos >= size ? 0 : (size_t)min_of(uint64_t, *len, size - in->pos);
	if (in->f->inode == out->f->inode && in->pos < out->pos + *len && out->pos < in->pos + *len)
		return -EINVAL;
	return 0;
}

/* ioctl_ficlonerange(2): no file system here shares blocks between files, and each reason to refuse is Linux's. */
long file_clone(const struct file *in, const struct file *out)
{
	if (in->inode->sb != out->inode->sb)
		return -EXDEV;
	if (S_ISDIR(in->inode->mode) || S_ISDIR(out->inode->mode))
		return -EISDIR;
	if (!S_ISREG(in->inode->mode) || !S_ISREG(out->inode->mode))
		return -EINVAL;
	if ((in->flags & O_ACCMODE) == O_WRONLY || (out->flags & O_ACCMODE) == O_RDONLY ||
	    (out->flags & O_APPEND))
		return -EBADF;
	return -EOPNOTSUPP;
}

long file_copy_range(struct file *in, int64_t *off_in, struct file *out, int64_t *off_out,
		     size_t len)
{
	struct side from = side_at(in, off_in), to = side_at(out, off_out);
	long ret = check_range(&from, &to, &len);

	if (ret || !len)
		return ret;
	ret = copy_files(&from, &to, min_of(size_t, len, MAX_RW));
	if (ret > 0) {
		side_store(&from, off_in);
		side_store(&to, off_out);
	}
	was_copied(in, out, ret);
	return ret;
}
