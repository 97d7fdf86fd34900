/*
 * References out of the bytes of a trace: lines for formats.c, and the one binary format, oracleGeneral (libCacheSim): 24 bytes,
 * little endian: u32 time, u64 object, u32 size, i64 number of the object's next request (negative or the greatest: none).
 *
 *   trace_next   left-over pages of the last line, then line by line until @max
 *
 * OWNS     struct trace, its buffer of one piece of the file.
 * I1       [pos, len) of buf is unread; a line that the end of buf cuts is moved to its beginning before more is read.
 * FAILS    the number of the line (or byte) and what is wrong.   TESTED BY replay_test.c
 */
#include "sim/replay/trace.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUF = 1 << 18, LINE_MAX_ = 4096, ORACLE = 24, ORACLE_LOOK = 64 };
#define FUTURE_MAX ((int64_t)1 << 48) /* requests of a trace, to be believed */

struct trace {
	struct input *in;
	const struct format *format; /* NULL: oracleGeneral */
	struct layout layout;
	struct access rest; /* of the last line */
	const char *more;   /* of that line: not parsed yet; NULL: a new line is due */
	uint64_t line;	    /* number of the last line, or record */
	uint64_t lost;
	bool any; /* a reference was met */
	size_t pos, len;
	const char *zero; /* first byte in [pos, len) that no text has; NULL: none */
	bool end;
	char error[320];
	char buf[BUF + 1];
};

const char *trace_formats(void)
{
	static char names[160] = "oracleGeneral";

	if (!strchr(names, ' '))
		for (unsigned i = 0; i < nr_formats; i++) {
			strcat(names, " ");
			strcat(names, formats[i].name);
		}
	return names;
}

/* More bytes behind those that are unread. false: error. */
static bool more(struct trace *t)
{
	long got;

	memmove(t->buf, t->buf + t->pos, t->len - t->pos);
	t->len -= t->pos;
	t->pos = 0;
	while (t->len < BUF && !t->end) {
		got = input_read(t->in, t->buf + t->len, BUF - t->len);
		if (got < 0) {
			snprintf(t->error, sizeof(t->error), "%s", input_error(t->in));
			return false;
		}
		t->end = got == 0;
		t->len += (size_t)got;
	}
	t->zero = memchr(t->buf, '\0', t->len);
	return true;
}

static bool is_text(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!p[i] || (unsigned char)p[i] == 0x7f ||
		    (p[i] > 0 && p[i] < ' ' && !strchr("\t\r\n", p[i])))
			return false;
	return true;
}

static uint64_t little(const char *p, unsigned bytes)
{
	uint64_t v = 0;

	for (unsigned i = bytes; i--;)
		v = v << 8 | (unsigned char)p[i];
	return v;
}

/* Do the first records go on in time, each with a next request that comes after it, or none? */
static bool oracle_like(const struct trace *t)
{
	uint64_t time = 0;

	for (size_t i = 0; i < ORACLE_LOOK && (i + 1) * ORACLE <= t->len; i++) {
		const char *p = t->buf + i * ORACLE;
		int64_t next = (int64_t)little(p + 16, 8);
		bool future = next > (int64_t)i && next < FUTURE_MAX;

		if (little(p, 4) < time || !(future || next == -1 || next == INT64_MAX))
			return false;
		time = little(p, 4);
	}
	return t->len >= ORACLE;
}

/* By the first line that says something. NULL: t->error says which line that is. */
static const struct format *guess(struct trace *t)
{
	size_t n = 0;
	unsigned nr = 0;
	char line[LINE_MAX_];

	for (size_t i = 0; i < t->len; i += n + 1) {
		const char *end = memchr(t->buf + i, '\n', t->len - i);

		n = (end ? (size_t)(end - t->buf) : t->len) - i;
		nr++;
		if (n >= sizeof(line))
			n = sizeof(line) - 1;
		memcpy(line, t->buf + i, n);
		line[n && line[n - 1] == '\r' ? n - 1 : n] = '\0';
		if (!*line || *line == '#')
			continue;
		for (unsigned f = 0; f < nr_formats; f++)
			if (formats[f].like && formats[f].like(line))
				return &formats[f];
		snprintf(t->error, sizeof(t->error),
			 "line %u looks like none of the formats: \"%.60s%s\"; --format names one",
			 nr, line, n > 60 ? "..." : "");
		return NULL;
	}
	return format_by_name("plain");
}

/* Which format: the one that is named, or the one it looks like. NULL: fine. */
static const char *choose(struct trace *t, const char *name)
{
	if (name && !strcmp(name, "oracleGeneral"))
		return NULL;
	if (name) {
		t->format = format_by_name(name);
		return t->format ? NULL : "there is no such format";
	}
	if (!is_text(t->buf, t->len < 512 ? t->len : 512))
		return oracle_like(t) ? NULL : "neither text nor a binary trace (oracleGeneral)";
	t->format = guess(t);
	return t->format ? NULL : t->error;
}

struct trace *trace_open(const char *path, const char *format, const struct columns *c,
			 unsigned page_shift, const char **error)
{
	static char text[400];
	struct trace *t = calloc(1, sizeof(*t));

	*error = "no memory";
	if (!t)
		return NULL;
	t->layout = (struct layout){ page_shift, c ? *c : (struct columns){ .delim = ',' } };
	t->in = input_open(path);
	if (!t->in)
		*error = strerror(errno);
	else if (!more(t))
		*error = t->error;
	else
		*error = choose(t, format);
	if (!*error && t->format == format_by_name("csv") && !t->layout.columns.page &&
	    !t->layout.columns.addr)
		*error = "csv: --columns must say where page= or addr= is";
	if (!*error)
		return t;
	snprintf(text, sizeof(text), "%s: %s", path, *error);
	*error = text;
	trace_close(t);
	return NULL;
}

/* ---- lines ---- */

static bool fail(struct trace *t, const char *line, const char *what)
{
	snprintf(t->error, sizeof(t->error), "line %llu: %s: \"%.60s%s\"",
		 (unsigned long long)t->line, what, line, strlen(line) > 60 ? "..." : "");
	return false;
}

/* The next line as a string in the buffer: *line, NULL at the end. */
static bool next_line(struct trace *t, char **line)
{
	char *begin = t->buf + t->pos, *end = memchr(begin, '\n', t->len - t->pos);

	if (!end && !t->end) {
		if (!more(t))
			return false;
		begin = t->buf;
		end = memchr(begin, '\n', t->len);
	}
	*line = NULL;
	if (!end && t->pos == t->len)
		return true;
	t->line++;
	if (!end)
		end = t->buf + t->len;
	*end = '\0';
	if (end - begin >= LINE_MAX_)
		return fail(t, begin, "the line is too long");
	if (t->zero && t->zero < end)
		return fail(t, begin, "a zero byte in a text trace");
	t->pos = (size_t)(end - t->buf) + 1;
	if (t->pos > t->len)
		t->pos = t->len;
	if (end > begin && end[-1] == '\r')
		end[-1] = '\0';
	*line = begin;
	return true;
}

/* The next access of the trace into t->rest. 1, 0 at the end, -1: error. */
static int next_access(struct trace *t)
{
	while (!t->rest.nr) {
		const char *wrong, *line;

		if (!t->more || !*t->more) {
			char *fresh;

			if (!next_line(t, &fresh))
				return -1;
			if (!fresh)
				return 0;
			t->more = fresh;
			if (t->line == 1 && t->layout.columns.header &&
			    t->format == format_by_name("csv"))
				t->more = NULL;
			if (!t->more)
				continue;
		}
		line = t->more;
		wrong = t->format->parse(&t->layout, &t->more, &t->rest);
		if (wrong)
			return fail(t, line, wrong) - 1;
		t->lost += t->rest.lost;
		t->rest.lost = 0;
	}
	return 1;
}

static int next_text(struct trace *t, struct ref *out, int max)
{
	int n = 0;

	while (n < max) {
		int got = next_access(t);

		if (got < 0)
			return -1;
		if (!got)
			break;
		for (; t->rest.nr && n < max; t->rest.nr--)
			out[n++] = (struct ref){ t->rest.page++, 0, t->rest.write };
	}
	return n;
}

/* ---- oracleGeneral ---- */

static int next_oracle(struct trace *t, struct ref *out, int max)
{
	int n = 0;

	for (; n < max; n++) {
		const char *p;
		int64_t next;

		if (t->len - t->pos < ORACLE && !t->end && !more(t))
			return -1;
		if (t->len - t->pos < ORACLE)
			break;
		p = t->buf + t->pos;
		next = (int64_t)little(p + 16, 8);
		t->pos += ORACLE;
		t->line++;
		out[n] = (struct ref){ little(p + 4, 8), next < 0 ? NEVER : (uint64_t)next, false };
		if (next >= 0 && next != INT64_MAX && (uint64_t)next < t->line) {
			snprintf(t->error, sizeof(t->error),
				 "record %llu: its next request, %lld, is not after it",
				 (unsigned long long)t->line, (long long)next);
			return -1;
		}
	}
	if (n || t->pos == t->len)
		return n;
	snprintf(t->error, sizeof(t->error), "record %llu: cut off after %zu of %d bytes",
		 (unsigned long long)t->line + 1, t->len - t->pos, ORACLE);
	return -1;
}

int trace_next(struct trace *t, struct ref *out, int max)
{
	int n = t->format ? next_text(t, out, max) : next_oracle(t, out, max);

	if (n || t->any) {
		t->any = true;
		return n;
	}
	if (!t->line)
		snprintf(t->error, sizeof(t->error), "it is empty");
	else
		snprintf(t->error, sizeof(t->error),
			 "line %llu is the last, and there was no reference (format %s)",
			 (unsigned long long)t->line, trace_format(t));
	return -1;
}

const char *trace_error(const struct trace *t)
{
	return t->error;
}

const char *trace_format(const struct trace *t)
{
	return t->format ? t->format->name : "oracleGeneral";
}

uint64_t trace_lost(const struct trace *t)
{
	return t->lost;
}

bool trace_knows_future(const struct trace *t)
{
	return !t->format;
}

void trace_progress(const struct trace *t, uint64_t *done, uint64_t *size)
{
	input_progress(t->in, done, size);
}

void trace_close(struct trace *t)
{
	if (t->in)
		input_close(t->in);
	free(t);
}
