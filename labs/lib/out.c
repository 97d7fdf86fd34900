/*
 * Output of labs: text, and the JSON lines of --json.
 *
 * Every item is drawn as text once. Without --json that text goes out; with it the text is kept and becomes the member "text" of the
 * item's object, so that whoever draws the figures has what the person at the terminal sees.
 */
#define _GNU_SOURCE
#include "lab_impl.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

int lab_wants_json, lab_wants_color;

static FILE *item; /* a memory stream, with --json */
static char *item_text;
static size_t item_size;
static int needs_comma;

FILE *text_begin(void)
{
	if (!lab_wants_json)
		return stdout;
	item = open_memstream(&item_text, &item_size);
	if (!item)
		abort();
	return item;
}

int text_end(void)
{
	if (!lab_wants_json)
		return 0;
	fclose(item);
	return 1;
}

/* ---- JSON ---- */

static void quoted(const char *s)
{
	putchar('"');
	for (; *s; s++) {
		const unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c < 0x20)
			printf("\\u%04x", c);
		else
			putchar(c);
	}
	putchar('"');
}

static void member(const char *key)
{
	if (needs_comma)
		putchar(',');
	needs_comma = 1;
	if (key) {
		quoted(key);
		putchar(':');
	}
}

void json_text(const char *key, const char *s)
{
	member(key);
	if (s)
		quoted(s);
	else
		fputs("null", stdout);
}

void json_number(const char *key, unsigned long long v)
{
	member(key);
	printf("%llu", v);
}

void json_open(const char *key, char bracket)
{
	member(key);
	putchar(bracket);
	needs_comma = 0;
}

void json_close(char bracket)
{
	putchar(bracket);
	needs_comma = 1;
}

void json_begin(const char *type, const char *title)
{
	needs_comma = 0;
	json_open(NULL, '{');
	json_text("type", type);
	json_text("title", title);
}

void json_end(void)
{
	if (item_text)
		json_text("text", item_text);
	free(item_text);
	item_text = NULL;
	json_close('}');
	putchar('\n');
	fflush(stdout);
}

/* ---- text ---- */

const char *bold(void)
{
	return lab_wants_color ? "\033[1m" : "";
}

const char *dim(void)
{
	return lab_wants_color ? "\033[2m" : "";
}

const char *plain(void)
{
	return lab_wants_color ? "\033[0m" : "";
}

const char *color(unsigned n)
{
	static const char *const codes[LAB_NR_COLORS] = { "\033[36m", "\033[33m", "\033[32m",
							  "\033[35m", "\033[34m", "\033[31m",
							  "\033[96m", "\033[93m" };

	return lab_wants_color ? codes[n % LAB_NR_COLORS] : "";
}

int text_width(const char *s)
{
	int n = 0;

	for (; s && *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

void text_repeat(FILE *f, const char *s, int n)
{
	while (n-- > 0)
		fputs(s, f);
}

void text_padded(FILE *f, const char *s, int width)
{
	fputs(s ? s : "", f);
	text_repeat(f, " ", width - text_width(s));
}

void text_wrapped(FILE *f, const char *s, int indent)
{
	char *copy = strdup(s), *state = NULL;
	int at = 0;

	for (char *w = strtok_r(copy, " \n", &state); w; w = strtok_r(NULL, " \n", &state)) {
		const int width = text_width(w);

		if (at && at + 1 + width > LAB_COLUMNS) {
			fputc('\n', f);
			at = 0;
		}
		if (at)
			at += fprintf(f, " ") + width;
		else
			at = fprintf(f, "%*s", indent, "") + width;
		fputs(w, f);
	}
	fputc('\n', f);
	free(copy);
}

void text_title(FILE *f, const char *title)
{
	fprintf(f, "\n  %s%s%s\n", bold(), title, plain());
}

const char *text_size(unsigned long long bytes, int rounded)
{
	static const char *const unit[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB" };
	unsigned u = 0;

	while (u < 5 && bytes >= 1024 && (bytes % 1024 == 0 || (rounded && bytes >= 10240))) {
		bytes /= 1024;
		u++;
	}
	return lab_f("%llu %s", bytes, unit[u]);
}

const char *lab_f(const char *format, ...)
{
	va_list ap;
	char *s;

	va_start(ap, format);
	if (vasprintf(&s, format, ap) < 0)
		abort();
	va_end(ap);
	return s;
}
