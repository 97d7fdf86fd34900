/*
 * seq_file for modules: single_open, seq_open, seq_read.
 *
 * OWNS     struct module_seq, the private_data of such a file.
 * WHY      the whole text is made at the first read of an open (or when it is read from its beginning again) and copied from then on,
 *          as for the kernel's own files: numbers of one moment.
 * LOCKS    module_seq.lock serialises readers of one open file, also those who say where.
 * CONTEXT  tasks; sleeps.   FAILS  -ENOMEM, what show returned.   TESTED BY  module_labs (guest)
 */
#include "module/api.h"

#include "arch/uaccess.h"
#include "fs/seq_file.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "module/text.h"
#include "sync/failpoint.h"
#include "sync/mutex.h"

/* struct seq_operations of modules. */
struct module_seq_calls {
	void *(*start)(struct seq_file *m, long long *pos);
	void (*stop)(struct seq_file *m, void *v);
	void *(*next)(struct seq_file *m, void *v, long long *pos);
	int (*show)(struct seq_file *m, void *v);
};

enum { SEQ_SKIP = 1, SEQ_START_TOKEN = 1, LINE_MAX_BYTES = 1 << 16 };

struct module_seq {
	struct seq_file m; /* first: private_data is the module's struct seq_file */
	size_t pad_until;  /* that has this behind it */
	const struct module_seq_calls *calls;
	int (*show)(struct seq_file *m, void *data); /* single_open */
	void *private;
	bool filled;
	struct mutex lock; /* of m and filled */
};

/* As include/linux/seq_file.h has it. */
struct seq_view {
	char *buf;
	size_t count, size;
	int err;
	unsigned long kernel_want;
	uint64_t kernel_from;
	bool kernel_more;
	void *private;
	size_t pad_until;
};
_Static_assert(offsetof(struct seq_view, count) == offsetof(struct seq_file, len),
	       "seq_file.count");
_Static_assert(offsetof(struct seq_view, err) == offsetof(struct seq_file, err), "seq_file.err");
_Static_assert(offsetof(struct seq_view, private) == offsetof(struct seq_file, private),
	       "seq_file.private");
_Static_assert(offsetof(struct seq_view, pad_until) == offsetof(struct module_seq, pad_until),
	       "seq_file.pad_until");

static struct module_seq *seq_new(struct file_view *file)
{
	struct module_seq *s = failpoint("module_seq") ? NULL : kzalloc(sizeof(*s), GFP_KERNEL);

	file->private_data = s;
	if (s)
		mutex_init(&s->lock, RANK_TEXT);
	return s;
}

int module_single_open(struct file_view *file, int (*show)(struct seq_file *m, void *data),
		       void *data)
{
	struct module_seq *s = seq_new(file);

	if (!s)
		return -ENOMEM;
	s->show = show;
	s->m.private = data;
	return 0;
}

int module_seq_open(struct file_view *file, const struct module_seq_calls *calls)
{
	struct module_seq *s = seq_new(file);

	if (!s)
		return -ENOMEM;
	s->calls = calls;
	return 0;
}

void *module_seq_open_private(struct file_view *file, const struct module_seq_calls *calls,
			      int size)
{
	void *private = kzalloc((size_t)size, GFP_KERNEL);
	struct module_seq *s = private ? seq_new(file) : NULL;

	if (!s) {
		kfree(private);
		return NULL;
	}
	s->calls = calls;
	s->m.private = s->private = private;
	return private;
}

int module_seq_release(struct inode_view *inode, struct file_view *file)
{
	struct module_seq *s = file->private_data;

	seq_free(&s->m);
	kfree(s->private);
	kfree(s);
	file->private_data = NULL;
	return 0;
}

/* Every element from the first on. An element that says SEQ_SKIP leaves nothing. */
static int show_all(struct module_seq *s)
{
	long long pos = 0;
	void *v = s->calls->start(&s->m, &pos);
	int err = 0;

	while (v && (uintptr_t)v < (uintptr_t)-4095L) {
		size_t before = s->m.len;

		err = s->calls->show(&s->m, v);
		if (err > 0)
			s->m.len = before;
		if (err < 0)
			break;
		err = 0;
		v = s->calls->next(&s->m, v, &pos);
	}
	if (!err && (uintptr_t)v >= (uintptr_t)-4095L)
		err = (int)(intptr_t)v;
	s->calls->stop(&s->m, v);
	return err;
}

static int fill(struct module_seq *s)
{
	int err;

	s->m.len = 0;
	s->pad_until = 0;
	s->m.err = 0;
	s->filled = false;
	err = s->calls ? show_all(s) : s->show(&s->m, (void *)(uintptr_t)SEQ_START_TOKEN);
	if (err > 0)
		err = 0;
	if (!err)
		err = s->m.err;
	s->filled = !err;
	return err;
}

static long read_text(struct module_seq *s, uaddr_t buf, size_t len, long long *pos)
{
	int err = *pos == 0 || !s->filled ? fill(s) : 0;
	size_t n;

	if (err)
		return err;
	if ((uint64_t)*pos >= s->m.len)
		return 0;
	n = min_of(size_t, len, s->m.len - (size_t)*pos);
	n -= copy_to_user(buf, s->m.buf + (size_t)*pos, n);
	*pos += (long long)n;
	return n || !len ? (long)n : -EFAULT;
}

long module_seq_read(struct file_view *file, uaddr_t buf, size_t len, long long *pos)
{
	struct module_seq *s = file->private_data;
	long n;

	mutex_lock(&s->lock);
	n = read_text(s, buf, len, pos);
	mutex_unlock(&s->lock);
	return n;
}

long long module_seq_lseek(struct file_view *file, long long off, int whence)
{
	long long pos = whence == 0 ? off : whence == 1 ? file->f_pos + off : -1;

	return pos < 0 ? -EINVAL : pos;
}

void module_seq_vprintf(struct seq_file *m, const char *fmt, va_list ap)
{
	char line[256], *text = line;
	va_list copy;
	int n;

	va_copy(copy, ap);
	n = module_vsnprintf(line, sizeof(line), fmt, ap);
	if (n >= (int)sizeof(line) && n < LINE_MAX_BYTES) {
		text = kmalloc((size_t)n + 1, GFP_KERNEL);
		if (text)
			(void)module_vsnprintf(text, (size_t)n + 1, fmt, copy);
		else
			m->err = -ENOMEM;
	}
	va_end(copy);
	if (text)
		seq_write(m, text,
			  min_of(size_t, (size_t)n, text == line ? sizeof(line) - 1 : (size_t)n));
	if (text != line)
		kfree(text);
}

void module_seq_printf(struct seq_file *m, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	module_seq_vprintf(m, fmt, ap);
	va_end(ap);
}

int module_seq_write(struct seq_file *m, const void *data, size_t len)
{
	seq_write(m, data, len);
	return 0;
}
