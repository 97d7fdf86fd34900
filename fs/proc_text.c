/*
 * The text files of /proc, /sys and debugfs: printed when they are read, parsed when they are written.
 *
 * OWNS     struct proc_file: an open text file.
 * WHY      an entry knows how to print its whole text at once; a read at position 0 prints anew, later ones copy, so a
 *          file read in pieces is of one moment, and a monitor that seeks back gets fresh numbers. Mappings, of which there
 *          may be 65,530, come a page of text at a time, as they are read: who wants the first line does not hold mmap_lock
 *          for all of them, and only that page is kept; who goes back to an earlier one starts again from the first.
 *          A piece has whole mappings, as many as a page takes and the reader wants, and a read ends with one: programs that
 *          take a short read for the end rely on it (stress-ng --madvise does, thousands of times).
 * LOCKS    proc_file->lock (rank TEXT) for its text: pread and splice come without file->pos_lock.
 * CONTEXT  tasks; may sleep.
 * SOURCES  proc(5), sysfs(5).
 */
#include "proc_impl.h"

#include "arch/uaccess.h"
#include "base/errno.h"
#include "fs/file.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "pseudo.h"
#include "sync/failpoint.h"

enum { STORE_MAX = 4096 };

struct proc_file *proc_file_new(struct file *f)
{
	struct proc_file *pf = failpoint("proc_file") ? NULL : kzalloc(sizeof(*pf), GFP_KERNEL);

	if (pf)
		mutex_init(&pf->lock, RANK_TEXT);
	f->private = pf;
	return pf;
}

/* /sys and /proc/sys say at open what they could not do. */
static bool open_allowed(const struct proc_entry *e, const struct inode *inode, unsigned mode)
{
	const struct pseudo_tree *tree = inode->sb->private;

	if (!tree->strict && !e->strict)
		return true;
	return (mode == O_RDONLY || e->store) && (mode == O_WRONLY || e->show);
}

int proc_text_open(struct inode *inode, struct file *f)
{
	struct proc_file *pf;

	if (!open_allowed(proc_entry_of(inode), inode, f->flags & O_ACCMODE))
		return -EACCES;
	pf = proc_file_new(f);
	if (!pf)
		return -ENOMEM;
	pf->entry = proc_entry_of(inode);
	pf->m.private = pf->entry->data;
	return 0;
}

void proc_text_release(struct file *f)
{
	struct proc_file *pf = f->private;

	seq_free(&pf->m);
	kfree(pf);
}

/* What is read of a file whose maker has gone: no such device, as Linux says. */
static int entry_show(struct proc_file *pf, const struct inode *inode)
{
	int err;

	if (!pseudo_enter(inode))
		return -ENODEV;
	err = pf->entry->show ? pf->entry->show(&pf->m) : -EINVAL;
	pseudo_leave(inode);
	return err;
}

static int entry_store(struct proc_file *pf, const struct inode *inode, char *text, size_t len)
{
	int err;

	if (!pseudo_enter(inode))
		return -ENODEV;
	err = pf->entry->store(pf->entry, text, len);
	pseudo_leave(inode);
	return err;
}

static int fill(struct proc_file *pf, const struct inode *inode)
{
	int err;

	pf->filled = false;
	if (pf->entry)
		err = entry_show(pf, inode);
	else
		err = proc_fill_pid(pf);
	if (!err)
		err = pf->m.err;
	pf->filled = !err;
	return err;
}

/* Print the text, or its next piece for who wants @len bytes, in place of what there is. 0 or -errno. */
static int fill_next(struct proc_file *pf, const struct inode *inode, bool anew, size_t len)
	must_hold(pf->lock)
{
	pf->base = anew ? 0 : pf->base + pf->m.len;
	pf->m.len = 0;
	if (anew) {
		pf->m.err = 0;
		pf->m.from = 0;
	}
	pf->m.more = false;
	pf->m.want = max_of(size_t, len, 1);
	return fill(pf, inode);
}

/* See to it that the buffer has the byte at @pos, if there is one, for a read of @len. 0 or -errno. */
static int fill_to(struct proc_file *pf, const struct inode *inode, bool anew, uint64_t pos,
		   size_t len) must_hold(pf->lock)
{
	int err = anew || !pf->filled || pos < pf->base ? fill_next(pf, inode, true, len) : 0;

	while (!err && pf->m.more && pos >= pf->base + pf->m.len)
		err = fill_next(pf, inode, false, len);
	return err;
}

/* How much of [@pos, @pos + @len) there is in the piece that has its first byte, at *from; or -errno. */
static long text_ready(struct proc_file *pf, const struct inode *inode, size_t len, uint64_t pos,
		       bool anew, const char **from) must_hold(pf->lock)
{
	int err = fill_to(pf, inode, anew, pos, len);
	size_t at;

	*from = NULL;
	if (err || pos >= pf->base + pf->m.len)
		return err;
	at = (size_t)(pos - pf->base);
	*from = pf->m.buf + at;
	return (long)min_of(size_t, len, pf->m.len - at);
}

/* As text_ready, to user memory; *pos goes along. */
static long read_piece(struct proc_file *pf, const struct inode *inode, uaddr_t buf, size_t len,
		       uint64_t *pos, bool anew) must_hold(pf->lock)
{
	const char *from;
	long n = text_ready(pf, inode, len, *pos, anew, &from);

	if (n <= 0)
		return n;
	n -= (long)copy_to_user(buf, from, (size_t)n);
	*pos += (uint64_t)n;
	return n ? n : -EFAULT;
}

long proc_text_read(struct file *f, uaddr_t buf, size_t len, uint64_t *pos)
{
	struct proc_file *pf = f->private;
	bool anew = *pos == 0, rest;
	long n, more = 0;

	mutex_lock(&pf->lock);
	rest = !anew && pf->filled && *pos >= pf->base && *pos < pf->base + pf->m.len;
	n = read_piece(pf, f->inode, buf, len, pos, anew);
	if (rest && n > 0 && (size_t)n < len)
		more = read_piece(pf, f->inode, buf + n, len - (size_t)n, pos, false);
	mutex_unlock(&pf->lock);
	return more > 0 ? n + more : n;
}

long proc_text_read_kernel(struct file *f, void *buf, size_t len, uint64_t *pos)
{
	struct proc_file *pf = f->private;
	const char *from;
	long n;

	mutex_lock(&pf->lock);
	n = text_ready(pf, f->inode, len, *pos, *pos == 0, &from);
	if (n > 0) {
		memcpy(buf, from, (size_t)n);
		*pos += (uint64_t)n;
	}
	mutex_unlock(&pf->lock);
	return n;
}

/* Room for @len bytes that somebody writes, and a NUL behind them. 0 or -errno. */
static int store_room(const struct proc_file *pf, size_t len, char **text)
{
	if (pf->entry ? !pf->entry->store : !pf->pid_entry || !pf->pid_entry->store)
		return -EIO;
	if (len >= STORE_MAX)
		return -EINVAL;
	*text = failpoint("proc_store") ? NULL : kmalloc(len + 1, GFP_KERNEL);
	if (!*text)
		return -ENOMEM;
	(*text)[len] = '\0';
	return 0;
}

static int store(struct file *f, char *text, size_t len)
{
	struct proc_file *pf = f->private;

	return pf->entry ? entry_store(pf, f->inode, text, len)
			 : pf->pid_entry->store(pf->task, text, len);
}

long proc_text_write(struct file *f, uaddr_t buf, size_t len, uint64_t *pos)
{
	char *text;
	int err = store_room(f->private, len, &text);

	if (err)
		return err;
	err = copy_from_user(text, buf, len) ? -EFAULT : store(f, text, len);
	kfree(text);
	if (err)
		return err;
	*pos += len;
	return (long)len;
}

long proc_text_write_kernel(struct file *f, const void *buf, size_t len, uint64_t *pos)
{
	char *text;
	int err = store_room(f->private, len, &text);

	if (err)
		return err;
	memcpy(text, buf, len);
	err = store(f, text, len);
	kfree(text);
	if (err)
		return err;
	*pos += len;
	return (long)len;
}

const struct file_ops proc_text_fops = {
	.open = proc_text_open,
	.release = proc_text_release,
	.read = proc_text_read,
	.write = proc_text_write,
	.read_kernel = proc_text_read_kernel,
	.write_kernel = proc_text_write_kernel,
	.own_locks = true,
};

/* ---- files that tell of changes ---- */

void proc_event_seen(const struct file *f, const struct proc_event *e)
{
	struct proc_file *pf = f->private;

	pf->seen = READ_ONCE(e->nr);
}

unsigned proc_event_poll(struct file *f, struct poll_table *pt, struct proc_event *e)
{
	struct proc_file *pf = f->private;
	unsigned nr, ready = POLLIN | POLLRDNORM;

	poll_wait(pt, &e->waiters);
	nr = READ_ONCE(e->nr);
	if (__atomic_exchange_n(&pf->seen, nr, __ATOMIC_RELAXED) != nr)
		ready |= POLLERR | POLLPRI;
	return ready;
}

void proc_event_tell(struct proc_event *e)
{
	(void)__atomic_add_fetch(&e->nr, 1, __ATOMIC_SEQ_CST);
	waitq_wake_all(&e->waiters);
}

/* ---- numbers ---- */

int proc_parse_number(const struct qstr *name)
{
	long v = 0;
	unsigned i;

	if (!name->len || name->len > 10 || (name->name[0] == '0' && name->len > 1))
		return -1;
	for (i = 0; i < name->len; i++) {
		unsigned digit = (unsigned)(name->name[i] - '0');

		if (digit > 9 || v > (INT_MAX - 9) / 10)
			return -1;
		v = v * 10 + (long)digit;
	}
	return (int)v;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

int proc_parse_long(const char *text, long *out)
{
	bool minus;
	long v = 0;

	while (is_space(*text))
		text++;
	minus = *text == '-';
	text += minus;
	if (*text < '0' || *text > '9')
		return -EINVAL;
	for (; *text >= '0' && *text <= '9'; text++)
		if (__builtin_mul_overflow(v, 10L, &v) ||
		    __builtin_add_overflow(v, *text - '0', &v))
			return -EINVAL;
	while (is_space(*text))
		text++;
	*out = minus ? -v : v;
	return *text ? -EINVAL : 0;
}
