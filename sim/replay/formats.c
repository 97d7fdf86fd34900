/*
 * The text formats of traces, a function each: what a line means, or what is wrong with it. A line is a C string.
 *
 *   plain     page numbers, decimal or 0x, any number on a line; "w" behind a number: written; # begins a comment. LIRS traces
 *             too: a line of * is a mark to skip                lirs      the same with one number on a line
 *   lackey    valgrind --tool=lackey --trace-mem=yes        address   s/l 0x1fffff50 1 (UCSD, Caffeine)
 *   memtrace  readi/readd/write 0x04000BE0 2 (Ewha)         arc       first block, blocks, -, - (the ARC paper's .lis)
 *   msr       MSR Cambridge's csv                           csv       any table; --columns says which column is what
 *   drmemtrace  DynamoRIO's `-tool view`                    ftrace    page_fault_user and page_fault_kernel events
 *   mnemos    what `./mnemos run --trace` has recorded
 *
 * OWNS     nothing.   FAILS  a message for people.   SOURCES  the tools' own documentation.   TESTED BY replay_test.c
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/replay/trace.h"

enum { RANGE_MAX = 1 << 20, DIGITS_SAFE = 19 /* decimal ones that 64 bits always hold */ };

static void skip_spaces(const char **p)
{
	while (**p == ' ' || **p == '\t')
		++*p;
}

/* A decimal number. false: there is none, or it is too great. */
static bool decimal(const char **p, uint64_t *out)
{
	const char *s = *p;
	uint64_t v = 0;

	for (; *s >= '0' && *s <= '9'; s++)
		if (s - *p < DIGITS_SAFE)
			v = v * 10 + (unsigned)(*s - '0');
		else if (__builtin_mul_overflow(v, 10, &v) ||
			 __builtin_add_overflow(v, (unsigned)(*s - '0'), &v))
			return false;
	*out = v;
	if (s == *p)
		return false;
	*p = s;
	return true;
}

/* Value of a hexadecimal digit and one; 0: it is none. */
static const uint8_t digit[256] = {
	['0'] = 1,  ['1'] = 2,	['2'] = 3,  ['3'] = 4,	['4'] = 5,  ['5'] = 6,
	['6'] = 7,  ['7'] = 8,	['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12,
	['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16, ['A'] = 11, ['B'] = 12,
	['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

/* Hexadecimal digits, at most 16. */
static bool hex(const char **p, uint64_t *out)
{
	const char *s = *p;
	uint64_t v = 0;
	unsigned d;

	for (; (d = digit[(unsigned char)*s]); s++)
		v = v << 4 | (d - 1);
	*out = v;
	if (s == *p || s - *p > 16)
		return false;
	*p = s;
	return true;
}

static bool prefixed(const char **p, uint64_t *out)
{
	if ((*p)[0] != '0' || ((*p)[1] | 0x20) != 'x')
		return false;
	*p += 2;
	return hex(p, out);
}

static bool number(const char **p, uint64_t *out)
{
	return (*p)[0] == '0' && ((*p)[1] | 0x20) == 'x' ? prefixed(p, out) : decimal(p, out);
}

/* A decimal number, and nothing behind it on the line. */
static bool last_number(const char **p)
{
	uint64_t n;

	if (!decimal(p, &n))
		return false;
	skip_spaces(p);
	return !**p;
}

static bool word(const char **p, const char *w)
{
	size_t n = strlen(w);

	if (strncmp(*p, w, n))
		return false;
	*p += n;
	return true;
}

static void to_end(const char **p)
{
	*p += strlen(*p);
}

/* The pages of @size bytes at @addr. */
static const char *bytes_at(const struct layout *l, uint64_t addr, uint64_t size, bool write,
			    struct access *out)
{
	uint64_t last;

	if (!size)
		size = 1;
	if (__builtin_add_overflow(addr, size - 1, &last))
		return "the access goes beyond the last address";
	if ((last >> l->page_shift) - (addr >> l->page_shift) >= RANGE_MAX)
		return "the size is too great to be believed";
	*out = (struct access){ addr >> l->page_shift,
				(last >> l->page_shift) - (addr >> l->page_shift) + 1, write, 0 };
	return NULL;
}

/* @nr pages from @page. */
static const char *pages_at(uint64_t page, uint64_t nr, bool write, struct access *out)
{
	if (nr > RANGE_MAX)
		return "the number of pages is too great to be believed";
	if (nr && page > UINT64_MAX - (nr - 1))
		return "the access goes beyond the last page";
	*out = (struct access){ page, nr, write, 0 };
	return NULL;
}

/* ---- plain numbers, LIRS ---- */

static bool plain_like(const char *line)
{
	uint64_t n;

	skip_spaces(&line);
	if (*line == '#' || *line == '*')
		return true;
	if (!number(&line, &n))
		return false;
	return strchr(" \t\rw", *line); /* the end too */
}

static const char *plain_parse(const struct layout *l, const char **p, struct access *out)
{
	skip_spaces(p);
	if (**p == '*') {
		while (**p == '*')
			++*p;
		skip_spaces(p);
		return **p ? "what follows the mark * is neither * nor a space" : NULL;
	}
	if (!**p || **p == '#') {
		to_end(p);
		return NULL;
	}
	out->nr = 1;
	if (!number(p, &out->page))
		return "not a page number (decimal, or hexadecimal with 0x)";
	out->write = **p == 'w';
	*p += out->write;
	return **p && !isspace((unsigned char)**p) ? "what follows the page number is no space"
						   : NULL;
}

static const char *lirs_parse(const struct layout *l, const char **p, struct access *out)
{
	const char *wrong = plain_parse(l, p, out);

	skip_spaces(p);
	return !wrong && **p && **p != '#' ? "more than one number on the line" : wrong;
}

/* ---- lackey ---- */

static bool lackey_like(const char *line)
{
	bool data = line[0] == ' ' && line[1] && strchr("LSM", line[1]);
	const char *p = line + 3;
	uint64_t n;

	if (!strncmp(line, "==", 2))
		return true;
	return (!strncmp(line, "I  ", 3) || (data && line[2] == ' ')) && hex(&p, &n) && *p == ',';
}

static const char *lackey_parse(const struct layout *l, const char **p, struct access *out)
{
	const char *line = *p;
	uint64_t addr, size;
	bool write;

	if (line[0] == 'I') {
		write = false;
		line += 1;
	} else if (line[0] == ' ') {
		write = line[1] != 'L';
		if (write && line[1] != 'S' && line[1] != 'M')
			return "the kind of access is none of L, S, M";
		line += 2;
	} else if (!*line || !strncmp(line, "==", 2) || !strncmp(line, "--", 2)) {
		to_end(p);
		return NULL;
	} else {
		return "neither I nor a blank at the beginning";
	}
	skip_spaces(&line);
	if (!hex(&line, &addr))
		return "no hexadecimal address";
	if (*line++ != ',' || !decimal(&line, &size) || *line)
		return "no ,size behind the address";
	*p = line;
	return bytes_at(l, addr, size, write, out);
}

/* ---- an address and a letter or a word ---- */

static bool address_like(const char *line)
{
	return (line[0] == 's' || line[0] == 'l') && line[1] == ' ' && !strncmp(line + 2, "0x", 2);
}

static const char *address_parse(const struct layout *l, const char **p, struct access *out)
{
	const char *line = *p;
	bool write = *line == 's';
	uint64_t addr;

	to_end(p);
	if (!*line)
		return NULL;
	if (*line != 's' && *line != 'l')
		return "neither s nor l at the beginning";
	line++;
	skip_spaces(&line);
	if (!prefixed(&line, &addr))
		return "no address (hexadecimal with 0x)";
	skip_spaces(&line);
	if (*line && !last_number(&line))
		return "what follows the address is no number of instructions";
	return bytes_at(l, addr, 1, write, out);
}

static bool memtrace_like(const char *line)
{
	return !strncmp(line, "readi ", 6) || !strncmp(line, "readd ", 6) ||
	       !strncmp(line, "write ", 6);
}

static const char *memtrace_parse(const struct layout *l, const char **p, struct access *out)
{
	const char *line = *p;
	bool write = *line == 'w';
	uint64_t addr, size;

	to_end(p);
	if (!*line)
		return NULL;
	if (!memtrace_like(line))
		return "the kind of access is none of readi, readd, write";
	line += 6;
	skip_spaces(&line);
	if (!prefixed(&line, &addr))
		return "no address (hexadecimal with 0x)";
	skip_spaces(&line);
	if (!decimal(&line, &size))
		return "no size behind the address";
	skip_spaces(&line);
	if (*line)
		return "more than a size behind the address";
	return bytes_at(l, addr, size, write, out);
}

/* ---- ARC: first block, number of blocks, two figures to ignore ---- */

static bool arc_like(const char *line)
{
	uint64_t n;

	for (int i = 0; i < 4; i++) {
		if (!decimal(&line, &n))
			return false;
		skip_spaces(&line);
	}
	return !*line;
}

static const char *arc_parse(const struct layout *l, const char **p, struct access *out)
{
	const char *line = *p;
	uint64_t ignored;

	to_end(p);
	skip_spaces(&line);
	if (!*line)
		return NULL;
	if (!decimal(&line, &out->page))
		return "no first block";
	skip_spaces(&line);
	if (!decimal(&line, &out->nr))
		return "no number of blocks";
	skip_spaces(&line);
	if (!decimal(&line, &ignored))
		return "fewer than four numbers";
	skip_spaces(&line);
	if (!last_number(&line))
		return "not four numbers";
	return pages_at(out->page, out->nr, false, out);
}

/* ---- drmemtrace's view: record: tid kind N byte(s) @ 0xaddress ... ---- */

static bool drmemtrace_like(const char *line)
{
	return strstr(line, "byte(s) @ 0x") || !strncmp(line, "Output format:", 14);
}

/* The word, and the number behind it, that stand before @at. */
static bool kind_and_size(const char *line, const char *at, char kind[16], uint64_t *size)
{
	const char *p = at;
	size_t n = 0;

	while (p > line && p[-1] == ' ')
		p--;
	while (p > line && isdigit((unsigned char)p[-1]))
		p--;
	at = p;
	if (!decimal(&at, size))
		return false;
	while (p > line && p[-1] == ' ')
		p--;
	while (p > line && p[-1] != ' ' && ++n < 16)
		p--;
	memcpy(kind, p, n < 16 ? n : 15);
	kind[n < 16 ? n : 15] = '\0';
	return n;
}

/* What the view prints beside accesses: titles, rules, <markers>, and figures at the end. */
static bool drmemtrace_title(const char *line)
{
	static const char *const titles[] = { "Output format:", "<--record", "---",
					      "View tool results:" };

	for (unsigned i = 0; i < sizeof(titles) / sizeof(titles[0]); i++)
		if (!strncmp(line, titles[i], strlen(titles[i])))
			return true;
	return !*line ||
	       (isdigit((unsigned char)*line) && (strchr(line, '<') || strstr(line, " : total ")));
}

static const char *drmemtrace_parse(const struct layout *l, const char **p, struct access *out)
{
	const char *line = *p, *at = strstr(line, "byte(s) @ ");
	uint64_t addr, size;
	char kind[16];

	to_end(p);
	skip_spaces(&line);
	if (!at)
		return drmemtrace_title(line)
			       ? NULL
			       : "neither a marker nor an access (N byte(s) @ 0x...)";
	if (!kind_and_size(line, at, kind, &size))
		return "no kind and size before byte(s)";
	at += strlen("byte(s) @ ");
	if (!prefixed(&at, &addr))
		return "no address (hexadecimal with 0x)";
	return bytes_at(l, addr, size, !strcmp(kind, "write"), out);
}

/* ---- ftrace: the exceptions of a kernel's own trace ---- */

static bool ftrace_like(const char *line)
{
	return strstr(line, "page_fault_user: address=") || !strncmp(line, "# tracer:", 9);
}

/* Not a page fault: # titles, trace-cmd's "cpus=2", or another event, which says its CPU. A buffer that was full says what is lost. */
static const char *ftrace_other(const char *line, struct access *out)
{
	const char *lost = strstr(line, "[LOST "), *cpu = strstr(line, " [");

	if (lost) {
		lost += strlen("[LOST ");
		return decimal(&lost, &out->lost) ? NULL : "no number of events that are lost";
	}
	skip_spaces(&line);
	if (!*line || *line == '#' || !strncmp(line, "cpus=", 5) ||
	    (cpu && isdigit((unsigned char)cpu[2])))
		return NULL;
	return "not an event (TASK-PID [CPU] ... TIME: NAME: ...)";
}

static const char *ftrace_parse(const struct layout *l, const char **p, struct access *out)
{
	const char *line = *p, *at = strstr(line, ": address="),
		   *code = strstr(line, "error_code=");
	bool fault = strstr(line, "page_fault_");
	uint64_t addr, bits;

	to_end(p);
	if (!fault)
		return ftrace_other(line, out);
	if (!at || !code)
		return "a page fault without address= or error_code=";
	at += strlen(": address=");
	code += strlen("error_code=");
	(void)word(&at, "0x");
	(void)word(&code, "0x");
	if (!hex(&at, &addr) || !hex(&code, &bits))
		return "address= or error_code= is no hexadecimal number";
	return bytes_at(l, addr, 1, bits & 2, out);
}

/* ---- ./mnemos run --trace: JSON, an event on each line; "ref" is in those that are uses of pages ---- */

static bool mnemos_like(const char *line)
{
	return !strncmp(line, "{\"displayTimeUnit\"", 18) || strstr(line, "\"ref\":\"0x");
}

/* Begins and ends @line as one that tools/pack/trace.py writes? */
static bool mnemos_whole(const char *line)
{
	size_t n = strlen(line);

	return !n || (strchr("{]\"", *line) &&
		      (strchr("[]}", line[n - 1]) ||
		       (n > 1 && line[n - 1] == ',' && strchr("]}", line[n - 2]))));
}

static const char *mnemos_parse(const struct layout *l, const char **p, struct access *out)
{
	const char *line = *p, *ref = strstr(line, "\"ref\":\""),
		   *write = strstr(line, "\"write\":"), *lost = strstr(line, "\"lost_events\": ");

	to_end(p);
	if (*line && !strchr("{]\"", *line))
		return "not a line of a recording: neither {, ] nor \" at the beginning";
	if (!mnemos_whole(line))
		return "the line of the recording is cut off";
	if (lost) {
		lost += strlen("\"lost_events\": ");
		return decimal(&lost, &out->lost) ? NULL : "no number of events that are lost";
	}
	if (!ref)
		return NULL;
	ref += strlen("\"ref\":\"");
	if (!prefixed(&ref, &out->page) || *ref != '"')
		return "ref is no page number (hexadecimal with 0x)";
	write += write ? strlen("\"write\":") : 0;
	if (!write || (*write != '0' && *write != '1'))
		return "a ref without \"write\":0 or 1";
	out->nr = 1;
	out->write = *write == '1';
	return NULL;
}

/* ---- tables ---- */

/* Column @n of @line, from 1: its beginning; *len. NULL: there are fewer. */
static const char *column(const char *line, char delim, unsigned n, size_t *len)
{
	const char *end;

	while (--n) {
		line = strchr(line, delim);
		if (!line)
			return NULL;
		line++;
	}
	end = strchr(line, delim);
	*len = end ? (size_t)(end - line) : strlen(line);
	return line;
}

static bool number_in(const char *line, char delim, unsigned n, uint64_t *out)
{
	size_t len;
	const char *p = column(line, delim, n, &len), *begin = p;

	if (!p)
		return false;
	skip_spaces(&p);
	if (!number(&p, out))
		return false;
	skip_spaces(&p);
	return (size_t)(p - begin) == len;
}

static const char *csv_parse(const struct layout *l, const char **p, struct access *out)
{
	static char wrong[64];
	const struct columns *c = &l->columns;
	const char *line = *p, *op;
	uint64_t at, size = 1;
	size_t len;

	to_end(p);
	if (!*line)
		return NULL;
	if (!number_in(line, c->delim, c->page ? c->page : c->addr, &at)) {
		snprintf(wrong, sizeof(wrong), "column %u is no number",
			 c->page ? c->page : c->addr);
		return wrong;
	}
	if (c->size && !number_in(line, c->delim, c->size, &size)) {
		snprintf(wrong, sizeof(wrong), "column %u is no number", c->size);
		return wrong;
	}
	op = c->op ? column(line, c->delim, c->op, &len) : NULL;
	if (c->op && !op)
		return "the column of the operation is missing";
	if (!c->page)
		return bytes_at(l, at, size, op && *op && strchr("wWsS", *op), out);
	return pages_at(at, size, op && *op && strchr("wWsS", *op), out);
}

static const struct columns msr_columns = { .addr = 5, .size = 6, .op = 4, .delim = ',' };

static bool msr_like(const char *line)
{
	size_t len;
	const char *op = column(line, ',', 4, &len);
	uint64_t n;

	return op && (!strncmp(op, "Read,", 5) || !strncmp(op, "Write,", 6)) &&
	       number_in(line, ',', 5, &n) && number_in(line, ',', 6, &n);
}

static const char *msr_parse(const struct layout *l, const char **p, struct access *out)
{
	struct layout mine = { l->page_shift, msr_columns };

	return csv_parse(&mine, p, out);
}

/* The order in which a trace's first line is tried: the less particular come last. */
const struct format formats[] = {
	{ "lackey", lackey_like, lackey_parse },
	{ "address", address_like, address_parse },
	{ "memtrace", memtrace_like, memtrace_parse },
	{ "drmemtrace", drmemtrace_like, drmemtrace_parse },
	{ "mnemos", mnemos_like, mnemos_parse },
	{ "ftrace", ftrace_like, ftrace_parse },
	{ "msr", msr_like, msr_parse },
	{ "arc", arc_like, arc_parse },
	{ "csv", NULL, csv_parse },
	{ "plain", plain_like, plain_parse },
	{ "lirs", NULL, lirs_parse },
};
const unsigned nr_formats = sizeof(formats) / sizeof(formats[0]);

const struct format *format_by_name(const char *name)
{
	for (unsigned i = 0; i < nr_formats; i++)
		if (!strcmp(formats[i].name, name))
			return &formats[i];
	return NULL;
}
