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

/* A buffer with room for @n more bytes. Return: false without memory. */
static noinline_ bool grow(struct seq_file *m, size_t n)
{
	size_t size = m->size ? m->size : FIRST_SIZE;
	char *buf;

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

/* Is there room for @n more bytes? After an error there is none. */
static always_inline_ bool reserve(struct seq_file *m, size_t n)
{
	if (unlikely(m->err))
		return false;
	return likely(m->size - m->len >= n) || grow(m, n);
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
	if (reserve(m, 1))
		m->buf[m->len++] = c;
}

/* The digits of @v, the last one before @end. Return: the first. */
static char *digits_before(char *end, unsigned long v)
{
	do {
		*--end = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	return end;
}

void seq_put_decimal(struct seq_file *m, unsigned long v, unsigned width)
{
	char text[3 * sizeof(v)], *end = text + sizeof(text), *first = digits_before(end, v);
	size_t n = (size_t)(end - first), pad = width > n ? width - n : 0;

	if (!reserve(m, pad + n))
		return;
	memset(m->buf + m->len, ' ', pad);
	memcpy(m->buf + m->len + pad, first, n);
	m->len += pad + n;
}

void seq_put_hex(struct seq_file *m, uint64_t v, unsigned digits)
{
	unsigned n = max_of(unsigned, (63 - (unsigned)__builtin_clzll(v | 1)) / 4 + 1, digits);
	char *end;

	if (!reserve(m, n))
		return;
	m->len += n;
	for (end = m->buf + m->len; n > 0; n--, v >>= 4)
		*--end = "0123456789abcdef"[v & 15];
}

void seq_put_kb(struct seq_file *m, const char *label, unsigned long kb)
{
	enum { COLUMN = 16, WIDTH = 8 };
	char text[3 * sizeof(kb)], *end = text + sizeof(text), *first = digits_before(end, kb);
	size_t n = strlen(label), digits = (size_t)(end - first);
	size_t at = max_of(size_t, n + 1, COLUMN) + (digits < WIDTH ? WIDTH - digits : 0);
	char *p;

	if (!reserve(m, at + digits + 4))
		return;
	p = m->buf + m->len;
	memcpy(p, label, n);
	p[n] = ':';
	memset(p + n + 1, ' ', at - n - 1);
	memcpy(p + at, first, digits);
	memcpy(p + at + digits, " kB\n", 4);
	m->len += at + digits + 4;
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
	size_t used = m->len - line_start, n = used < column ? column - used : 0;

	if (!reserve(m, n))
		return;
	memset(m->buf + m->len, ' ', n);
	m->len += n;
}
