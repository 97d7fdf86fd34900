/*
 * Formatted text as Linux's modules write it: printk, snprintf, and %p with its letters.
 *
 * OWNS     nothing.
 * WHY      lib/fmt.c is printf(3)'s; a module's formats are Linux's: %p without 0x and as wide as a pointer, %pS a symbol, %pa a
 *          physical address by reference, %pI4, %pM, %*ph bytes, %pV a format in a format (flags, errors and the like: text_objects.c); L is ll. Each conversion is cut out,
 *          and what lib/fmt.c knows it does.
 * CONTEXT  any.   FAILS  text that does not fit is cut off; lengths are what it would have had.
 * SOURCES  Linux Documentation/core-api/{printk-basics,printk-formats}.rst.   TESTED BY  module_labs (guest)
 */
#include "module/text.h"

#include "arch/machine.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "module/file_view.h"
#include "module/text_objects.h"
#include "sync/klog.h"

enum { SPEC_ROOM = 32, LINE_ROOM = 480, BYTES_MAX = 64 };

struct out {
	char *buf;
	size_t size, len; /* len: what it would have */
};

/* One conversion: %[flags][width][.precision][length]letter */
struct spec {
	char text[SPEC_ROOM]; /* with numbers for * */
	size_t len;
	int width;   /* -1: none */
	char length; /* 'H' hh, 'h', 'l', 'L' ll, 'z', 0 */
	char letter;
};

static char *room(struct out *o, size_t *left)
{
	*left = o->len < o->size ? o->size - o->len : 0;
	return *left ? o->buf + o->len : NULL;
}

static void put(struct out *o, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++, o->len++)
		if (o->len + 1 < o->size)
			o->buf[o->len] = s[i];
}

/* ---- reading a conversion ---- */

static void add(struct spec *s, const char *text)
{
	while (*text && s->len < SPEC_ROOM - 8)
		s->text[s->len++] = *text++;
	s->text[s->len] = '\0';
}

/* Digits or *. */
static const char *read_number(struct spec *s, const char *f, va_list *ap, int *value)
{
	char text[16];

	if (*f == '*') {
		*value = va_arg(*ap, int);
		(void)fmt_snprintf(text, sizeof(text), "%d", *value);
		add(s, text);
		return f + 1;
	}
	for (*value = -1; *f >= '0' && *f <= '9'; f++) {
		char digit[2] = { *f, '\0' };

		*value = min_of(int, max_of(int, *value, 0) * 10 + (*f - '0'), 10000);
		add(s, digit);
	}
	return f;
}

static const char *read_length(struct spec *s, const char *f)
{
	s->length = 0;
	for (;; f++) {
		switch (*f) {
		case 'h':
			s->length = s->length == 'h' ? 'H' : 'h';
			break;
		case 'l':
			s->length = s->length == 'l' ? 'L' : 'l';
			break;
		case 'L':
		case 'q':
		case 'j':
			s->length = 'L';
			break;
		case 'z':
		case 'Z':
		case 't':
			s->length = 'z';
			break;
		default:
			return f;
		}
	}
}

static const char *read_spec(struct spec *s, const char *f, va_list *ap)
{
	int precision;

	*s = (struct spec){ .text = "%", .len = 1 };
	for (; *f && strchr("-+ #0", *f); f++) {
		char flag[2] = { *f, '\0' };

		add(s, flag);
	}
	f = read_number(s, f, ap, &s->width);
	if (*f == '.') {
		add(s, ".");
		f = read_number(s, f + 1, ap, &precision);
	}
	f = read_length(s, f);
	s->letter = *f;
	return *f ? f + 1 : f;
}

/* ---- writing one ---- */

static void put_integer(struct out *o, struct spec *s, va_list *ap)
{
	static const struct {
		char length;
		const char *text;
	} lengths[] = { { 'H', "hh" }, { 'h', "h" }, { 'l', "l" }, { 'L', "ll" }, { 'z', "z" } };
	char letter[2] = { s->letter, '\0' };
	size_t left;
	char *at = room(o, &left);

	for (unsigned i = 0; i < ARRAY_SIZE(lengths); i++)
		if (lengths[i].length == s->length)
			add(s, lengths[i].text);
	add(s, letter);
	if (s->length == 'L')
		o->len += fmt_snprintf(at, left, s->text, va_arg(*ap, long long));
	else if (s->length == 'l' || s->length == 'z')
		o->len += fmt_snprintf(at, left, s->text, va_arg(*ap, long));
	else
		o->len += fmt_snprintf(at, left, s->text, va_arg(*ap, int));
}

static void put_string(struct out *o, struct spec *s, const char *text)
{
	size_t left;
	char *at = room(o, &left);

	add(s, "s");
	o->len += fmt_snprintf(at, left, s->text, text ? text : "(null)");
}

static void put_bytes(struct out *o, const uint8_t *p, int n, const char *between)
{
	char text[4];

	for (int i = 0; i < min_of(int, n, BYTES_MAX); i++) {
		if (i)
			put(o, between, strlen(between));
		put(o, text, fmt_snprintf(text, sizeof(text), "%02x", p[i]));
	}
}

/* I or i, then 4 or 6, c: packed; i without separators, or with zeroes in front. Return: letters used. */
static unsigned put_ip(struct out *o, const char *f, const uint8_t *p)
{
	const bool plain = *f == 'i', packed = f[1] == '6' && f[2] == 'c';
	char text[48];

	if (f[1] == '6' && plain)
		put_bytes(o, p, 16, "");
	else if (f[1] == '6')
		put(o, text, text_ipv6(text, sizeof(text), packed, p));
	else
		put(o, text,
		    fmt_snprintf(text, sizeof(text), plain ? "%03u.%03u.%03u.%03u" : "%u.%u.%u.%u",
				 p[0], p[1], p[2], p[3]));
	return packed ? 3 : 2;
}

/* M or m, then F: dashes, R: from the end. Return: letters used. */
static unsigned put_mac(struct out *o, const char *f, const uint8_t *p)
{
	const char *between = *f == 'm' ? "" : f[1] == 'F' ? "-" : ":";
	uint8_t turned[6];

	for (int i = 0; i < 6; i++)
		turned[i] = p[f[1] == 'R' ? 5 - i : i];
	put_bytes(o, turned, 6, between);
	return f[1] == 'F' || f[1] == 'R' ? 2 : 1;
}

/* As C would write it, what cannot be printed. */
static void put_escaped(struct out *o, const uint8_t *p, int n)
{
	static const char from[] = "\n\r\t\v\f\a\033", to[] = "nrtvfae";
	char text[8];

	for (int i = 0; i < n; i++) {
		const char *at = p[i] ? strchr(from, p[i]) : NULL;

		if (p[i] >= ' ' && p[i] < 127)
			put(o, (const char *)&p[i], 1);
		else
			put(o, text,
			    at	   ? fmt_snprintf(text, sizeof(text), "\\%c", to[at - from])
			    : p[i] ? fmt_snprintf(text, sizeof(text), "\\%03o", p[i])
				   : fmt_snprintf(text, sizeof(text), "\\0"));
	}
}

static void put_nested(struct out *o, const struct va_format *v)
{
	va_list copy;
	size_t left;
	char *at = room(o, &left);

	va_copy(copy, *v->va);
	o->len += (size_t)module_vsnprintf(at, left, v->fmt, copy);
	va_end(copy);
}

/* Bits as words of 32, the highest first: "1,0000000f". */
static void put_words(struct out *o, const unsigned long *map, int bits)
{
	const int word = 8 * sizeof(*map);
	char text[16];

	for (int top = bits ? (bits - 1) / 32 * 32 : -1, i = top; i >= 0; i -= 32) {
		uint32_t v = (uint32_t)(map[i / word] >> i % word);

		if (bits - i < 32)
			v &= (1u << (bits - i)) - 1;
		put(o, text,
		    fmt_snprintf(text, sizeof(text), "%s%0*x", i == top ? "" : ",",
				 i == top ? (bits - i + 3) / 4 : 8, v));
	}
}

/* Bits as ranges: "0-3,7". */
static void put_bits(struct out *o, const unsigned long *map, int bits)
{
	const int word = 8 * sizeof(*map);
	char text[32];
	bool any = false;

	for (int i = 0, first; i < bits; i++) {
		if (!(map[i / word] >> i % word & 1))
			continue;
		for (first = i; i + 1 < bits && map[(i + 1) / word] >> (i + 1) % word & 1; i++)
			;
		put(o, text,
		    first == i ? fmt_snprintf(text, sizeof(text), "%s%d", any ? "," : "", i)
			       : fmt_snprintf(text, sizeof(text), "%s%d-%d", any ? "," : "", first,
					      i));
		any = true;
	}
}

/* Of a dentry, or of a file's. */
static const char *leaf_name(const void *p, bool of_file)
{
	const struct dentry_view *d =
		of_file && p ? ((const struct file_view *)p)->f_path.dentry : p;

	return d ? (const char *)d->d_name.name : "(null)";
}

/* "name+0x0/0x50 [module]" becomes "name [module]". */
static void cut_offset(char *text)
{
	char *from = strchr(text, '+'), *to = from ? strchr(from, ' ') : NULL;

	if (from)
		memmove(from, to ? to : "", to ? strlen(to) + 1 : 1);
}

/* The letters behind %p. Return: how many were used. */
static unsigned put_pointer(struct out *o, struct spec *s, const char *f, va_list *ap)
{
	const void *p = va_arg(*ap, void *);
	char text[320];

	switch (*f) {
	case 'S':
	case 's':
	case 'f':
	case 'F':
	case 'B':
		(void)symbol_format((kaddr_t)p, text, sizeof(text));
		if (*f == 's' || *f == 'f')
			cut_offset(text);
		put_string(o, s, text);
		return 1;
	case 'a':
		put(o, text,
		    fmt_snprintf(text, sizeof(text), "0x%0*llx", (int)sizeof(module_phys_t) * 2,
				 (unsigned long long)*(const module_phys_t *)p));
		return f[1] == 'p' || f[1] == 'd' ? 2 : 1;
	case 'I':
	case 'i':
		return put_ip(o, f, p);
	case 'M':
	case 'm':
		return put_mac(o, f, p);
	case 'E':
		put_escaped(o, p, s->width < 0 ? 1 : s->width);
		return 1;
	case 'G':
		put(o, text, text_flags(text, sizeof(text), f[1], p));
		return f[1] ? 2 : 1;
	case 'U':
		put(o, text, text_uuid(text, sizeof(text), f[1], p));
		return f[1] == 'b' || f[1] == 'B' || f[1] == 'l' || f[1] == 'L' ? 2 : 1;
	case 'e':
		(void)text_error(text, sizeof(text), p);
		put_string(o, s, text);
		return 1;
	case 'R':
	case 'r':
		put(o, text, text_resource(text, sizeof(text), *f, p));
		return 1;
	case 'h':
		put_bytes(o, p, s->width < 0 ? 1 : s->width,
			  f[1] == 'C'	? ":"
			  : f[1] == 'D' ? "-"
			  : f[1] == 'N' ? ""
					: " ");
		return f[1] == 'C' || f[1] == 'D' || f[1] == 'N' ? 2 : 1;
	case 'd':
	case 'D':
		put_string(o, s, leaf_name(p, *f == 'D'));
		return f[1] >= '2' && f[1] <= '4' ? 2 : 1;
	case 'V':
		put_nested(o, p);
		return 1;
	case 'b':
		if (f[1] != 'l') {
			put_words(o, p, s->width);
			return 1;
		}
		put_bits(o, p, s->width);
		return 2;
	default:
		put(o, text,
		    fmt_snprintf(text, sizeof(text), "%0*lx", (int)sizeof(p) * 2,
				 (unsigned long)p));
		return *f == 'x' || *f == 'K';
	}
}

/* Return: where the format goes on. */
static const char *put_spec(struct out *o, const char *f, va_list *ap)
{
	struct spec s;

	f = read_spec(&s, f, ap);
	switch (s.letter) {
	case 'd':
	case 'i':
	case 'u':
	case 'x':
	case 'X':
	case 'o':
	case 'c':
		put_integer(o, &s, ap);
		break;
	case 's':
		put_string(o, &s, va_arg(*ap, const char *));
		break;
	case 'p':
		f += put_pointer(o, &s, f, ap);
		break;
	case '%':
		put(o, "%", 1);
		break;
	default: /* nothing that is known: as it stands */
		put(o, s.text, s.len);
		put(o, &s.letter, s.letter != '\0');
	}
	return f;
}

int module_vsnprintf(char *buf, size_t size, const char *fmt, va_list args)
{
	struct out o = { .buf = buf, .size = size };
	va_list ap;

	va_copy(ap, args);
	while (*fmt) {
		size_t plain = 0;

		while (fmt[plain] && fmt[plain] != '%')
			plain++;
		put(&o, fmt, plain);
		fmt += plain;
		if (*fmt)
			fmt = put_spec(&o, fmt + 1, &ap);
	}
	va_end(ap);
	if (size)
		buf[min_of(size_t, o.len, size - 1)] = '\0';
	return (int)o.len;
}

int module_snprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = module_vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return n;
}

int module_scnprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = module_vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return size ? min_of(int, n, (int)size - 1) : 0;
}

int module_sprintf(char *buf, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = module_vsnprintf(buf, INT_MAX, fmt, ap);
	va_end(ap);
	return n;
}

char *module_kasprintf(gfp_t gfp, const char *fmt, ...)
{
	va_list ap;
	char *text;
	int n;

	va_start(ap, fmt);
	n = module_vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	text = kmalloc((size_t)n + 1, gfp);
	if (!text)
		return NULL;
	va_start(ap, fmt);
	(void)module_vsnprintf(text, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return text;
}

/* ---- the log ---- */

/* "\001" and a digit before the text is its level; c continues a line. */
static enum klog_level take_level(const char **text, bool *cont)
{
	enum klog_level level = KLOG_WARN;

	while ((*text)[0] == '\001' && (*text)[1]) {
		if ((*text)[1] >= '0' && (*text)[1] <= '7')
			level = (enum klog_level)((*text)[1] - '0');
		*cont |= (*text)[1] == 'c';
		*text += 2;
	}
	return level;
}

int module_vprintk(const char *fmt, va_list ap)
{
	char line[LINE_ROOM];
	int n = module_vsnprintf(line, sizeof(line), fmt, ap);
	const char *at = line, *end; /* the level stands in the format or in what its first %s is */
	bool cont = false;
	enum klog_level level = take_level(&at, &cont);

	n -= (int)(at - line);
	for (; (end = strchr(at, '\n')); at = end + 1) { /* a record is a line */
		klog_piece(level, at, (size_t)(end - at), cont, true);
		cont = false;
	}
	if (*at)
		klog_piece(level, at, strlen(at), cont, false);
	return n;
}

int module_printk(const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = module_vprintk(fmt, ap);
	va_end(ap);
	return n;
}
