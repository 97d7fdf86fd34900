/*
 * Messages of 9P2000.L: put together, and taken apart without believing them.
 *
 *   size[4] type[1] tag[2] ...        string: len[2] bytes        qid: type[1] version[4] path[8]
 *
 * OWNS     nothing: memory is the caller's.
 * I1       nothing is read behind the bytes that came, nothing is written behind the room there is.
 * I2       a number of an error is one that system calls may give: 1 to MAX_ERRNO; others are EIO.
 * CONTEXT  any.   FAILS  -EIO, the server's error.
 * SOURCES  the protocol's description, version 9P2000.L; intro(5) of Plan 9.   TESTED BY  p9_wire_test.c
 */
#include "p9_wire.h"

#include "base/errno.h"
#include "lib/string.h"

enum { MAX_ERRNO = 4095, NAME_MOST = 255 };

static uint8_t *take(struct p9_buf *b, uint32_t n)
{
	uint8_t *p = b->data + b->at;

	if (b->bad || n > b->size - b->at) {
		b->bad = true;
		return NULL;
	}
	b->at += n;
	return p;
}

static void put_number(struct p9_buf *b, uint64_t v, unsigned bytes)
{
	uint8_t *p = take(b, bytes);

	for (unsigned i = 0; p && i < bytes; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

static uint64_t get_number(struct p9_buf *b, unsigned bytes)
{
	const uint8_t *p = take(b, bytes);
	uint64_t v = 0;

	for (unsigned i = 0; p && i < bytes; i++)
		v |= (uint64_t)p[i] << 8 * i;
	return v;
}

static void put_string(struct p9_buf *b, const struct p9_str *s)
{
	uint8_t *p;

	if (s->len > UINT16_MAX)
		b->bad = true;
	put_number(b, s->len, 2);
	p = take(b, s->len);
	if (p)
		memcpy(p, s->s, s->len);
}

void p9_vput(struct p9_buf *b, const char *letters, va_list ap)
{
	for (; *letters; letters++) {
		switch (*letters) {
		case 'b':
			put_number(b, (unsigned)va_arg(ap, int), 1);
			break;
		case 'w':
			put_number(b, (unsigned)va_arg(ap, int), 2);
			break;
		case 'd':
			put_number(b, va_arg(ap, uint32_t), 4);
			break;
		case 'q':
			put_number(b, va_arg(ap, uint64_t), 8);
			break;
		default:
			put_string(b, va_arg(ap, const struct p9_str *));
		}
	}
}

void p9_put(struct p9_buf *b, const char *letters, ...)
{
	va_list ap;

	va_start(ap, letters);
	p9_vput(b, letters, ap);
	va_end(ap);
}

static void get_string(struct p9_buf *b, struct p9_str *s)
{
	s->len = (unsigned)get_number(b, 2);
	s->s = (const char *)take(b, s->len);
	if (!s->s)
		s->len = 0;
}

static void get_qid(struct p9_buf *b, struct p9_qid *q)
{
	q->type = (uint8_t)get_number(b, 1);
	q->version = (uint32_t)get_number(b, 4);
	q->path = get_number(b, 8);
}

int p9_get(struct p9_buf *b, const char *letters, ...)
{
	va_list ap;

	va_start(ap, letters);
	for (; *letters; letters++) {
		switch (*letters) {
		case 'b':
			*va_arg(ap, uint8_t *) = (uint8_t)get_number(b, 1);
			break;
		case 'w':
			*va_arg(ap, uint16_t *) = (uint16_t)get_number(b, 2);
			break;
		case 'd':
			*va_arg(ap, uint32_t *) = (uint32_t)get_number(b, 4);
			break;
		case 'q':
			*va_arg(ap, uint64_t *) = get_number(b, 8);
			break;
		case 'Q':
			get_qid(b, va_arg(ap, struct p9_qid *));
			break;
		default:
			get_string(b, va_arg(ap, struct p9_str *));
		}
	}
	va_end(ap);
	return b->bad ? -EIO : 0;
}

void p9_begin(struct p9_buf *b, enum p9_type type, unsigned tag)
{
	b->at = 0;
	b->bad = false;
	p9_put(b, "dbw", 0U, (int)type, (int)tag);
}

void p9_end(struct p9_buf *b, uint32_t more)
{
	uint32_t len = b->at;

	b->at = 0;
	put_number(b, len + more, 4);
	b->at = len;
}

int p9_check(struct p9_buf *b, uint32_t got, enum p9_type type, unsigned tag)
{
	uint32_t size, error;
	uint16_t its_tag;
	uint8_t its_type;

	b->at = 0;
	b->bad = false;
	b->size = min_of(uint32_t, b->size, got);
	if (p9_get(b, "dbw", &size, &its_type, &its_tag) || size > got || size < P9_HEADER ||
	    its_tag != tag)
		return -EIO;
	b->size = min_of(uint32_t, b->size, size);
	if (its_type == P9_RLERROR)
		return p9_get(b, "d", &error) || !error || error > MAX_ERRNO ? -EIO : -(int)error;
	return its_type == type + 1 ? 0 : -EIO;
}

bool p9_name_ok(const struct p9_str *name)
{
	return name->len && name->len <= NAME_MOST && !memchr(name->s, '/', name->len) &&
	       !memchr(name->s, '\0', name->len);
}
