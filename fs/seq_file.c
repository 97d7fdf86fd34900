/*
 * Buffers of generated text.
 *
 * OWNS     seq_file->buf.
 * I1       buf is kmalloc'ed up to SMALL_MAX bytes, vmalloc'ed above; size says which.
 * I2       once growing failed, err is set and nothing more is stored: the reader gets -ENOMEM, not half a text.
 * CONTEXT  tasks; may sleep (allocation), also under mmap_lock.
 * COST     amortised O(1) per byte.
 */
#include "fs/seq_file.h"

#include "base/errno.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "mm/vmalloc.h"
#include "sync/failpoint.h"

enum { FIRST_SIZE = 1024, SMALL_MAX = 8192 };

static void buf_free(char *buf, size_t size)
{
	if (size > SMALL_MAX)
		vfree(buf);
	else
		kfree(buf);
}

void seq_free(struct seq_file *m)
{
	buf_free(m->buf, m->size);
	m->buf = NULL;
	m->size = m->len = 0;
}

/* Room for @n more bytes. Return: false without memory. */
static bool reserve(struct seq_file *m, size_t n)
{
	size_t size = m->size ? m->size : FIRST_SIZE;
	char *buf;

	if (m->err)
		return false;
	if (likely(m->size - m->len >= n))
		return true;
	while (size - m->len < n)
		size *= 2;
	buf = failpoint("seq_file") ? NULL
	      : size > SMALL_MAX    ? vmalloc(size)
				    : kmalloc(size, GFP_KERNEL);
	if (!buf) {
		m->err = -ENOMEM;
		return false;
	}
	memcpy(buf, m->buf, m->len);
	buf_free(m->buf, m->size);
	m->buf = buf;
	m->size = size;
	return true;
}

void seq_write(struct seq_file *m, const void *data, size_t len)
{
	if (!reserve(m, len))
		return;
	memcpy(m->buf + m->len, data, len);
	m->len += len;
}

void seq_puts(struct seq_file *m, const char *s)
{
	seq_write(m, s, strlen(s));
}

void seq_putc(struct seq_file *m, char c)
{
	seq_write(m, &c, 1);
}

void seq_printf(struct seq_file *m, const char *fmt, ...)
{
	va_list ap;
	size_t n;

	if (!reserve(m, 1))
		return;
	va_start(ap, fmt);
	n = fmt_vsnprintf(m->buf + m->len, m->size - m->len, fmt, ap);
	va_end(ap);
	if (n >= m->size - m->len) { /* it did not fit, its NUL included */
		if (!reserve(m, n + 1))
			return;
		va_start(ap, fmt);
		n = fmt_vsnprintf(m->buf + m->len, m->size - m->len, fmt, ap);
		va_end(ap);
	}
	m->len += n;
}

void seq_escape(struct seq_file *m, const char *s)
{
	for (; *s; s++) {
		if (*s == ' ' || *s == '\t' || *s == '\n' || *s == '\\')
			seq_printf(m, "\\%03o", (unsigned)(unsigned char)*s);
		else
			seq_putc(m, *s);
	}
}

void seq_pad(struct seq_file *m, size_t line_start, size_t column)
{
	while (!m->err && m->len - line_start < column)
		seq_putc(m, ' ');
}
