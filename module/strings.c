/*
 * More of the text calls of Linux's modules: scanning, cutting, comparing, dumping; the calendar.
 *
 * OWNS     nothing.   CONTEXT  as each says; those that allocate sleep.
 * FAILS    -EINVAL, -ERANGE for numbers.
 * NOT HERE printing (text.c), the plain calls (misc.c).
 * SOURCES  sscanf(3), strsep(3), gmtime(3); Linux Documentation/core-api/kernel-api.rst.   TESTED BY  module_api (guest)
 */
#include "module/strings.h"

#include "arch/machine.h"
#include "arch/thread.h"
#include "arch/uaccess.h"
#include "base/errno.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "module/text.h"

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static int lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : (unsigned char)c;
}

static bool is_in(char c, const char *set)
{
	return c && strchr(set, c);
}

/* ---- comparing, joining ---- */

int module_strncasecmp(const char *a, const char *b, size_t n)
{
	for (; n; n--, a++, b++)
		if (lower(*a) != lower(*b) || !*a)
			return lower(*a) - lower(*b);
	return 0;
}

int module_strcasecmp(const char *a, const char *b)
{
	return module_strncasecmp(a, b, SIZE_MAX);
}

char *module_strncat(char *to, const char *from, size_t n)
{
	size_t len = strnlen(from, n), at = strlen(to);

	memcpy(to + at, from, len);
	to[at + len] = '\0';
	return to;
}

size_t module_strlcat(char *to, const char *from, size_t size)
{
	size_t at = strnlen(to, size);

	if (at < size)
		(void)str_copy(to + at, from, size - at);
	return at + strlen(from);
}

/* ---- cutting ---- */

size_t module_strspn(const char *s, const char *set)
{
	size_t n = 0;

	while (is_in(s[n], set))
		n++;
	return n;
}

size_t module_strcspn(const char *s, const char *set)
{
	size_t n = 0;

	while (s[n] && !is_in(s[n], set))
		n++;
	return n;
}

char *module_strpbrk(const char *s, const char *set)
{
	s += module_strcspn(s, set);
	return *s ? (char *)s : NULL;
}

char *module_strsep(char **s, const char *set)
{
	char *word = *s, *end = word ? module_strpbrk(word, set) : NULL;

	if (end)
		*end++ = '\0';
	*s = end;
	return word;
}

char *module_skip_spaces(const char *s)
{
	while (is_space(*s))
		s++;
	return (char *)s;
}

char *module_strim(char *s)
{
	size_t n = strlen(s);

	while (n && is_space(s[n - 1]))
		s[--n] = '\0';
	return module_skip_spaces(s);
}

/* ---- scanning ---- */

struct scan {
	const char *fmt, *in;
	unsigned width; /* 0: none given */
	char size;	/* 'H' hh, 'h', 'l', 'L' ll, 'z', 0 */
	bool store;
};

static void scan_flags(struct scan *x)
{
	x->store = *x->fmt != '*';
	x->fmt += !x->store;
	for (x->width = 0; *x->fmt >= '0' && *x->fmt <= '9'; x->fmt++)
		x->width = x->width * 10 + (unsigned)(*x->fmt - '0');
	x->size = 0;
	if (*x->fmt == 'h' || *x->fmt == 'l' || *x->fmt == 'z' || *x->fmt == 'L') {
		x->size = *x->fmt++;
		if (*x->fmt == x->size) {
			x->size = x->size == 'h' ? 'H' : 'L';
			x->fmt++;
		}
	}
}

static void store_number(const struct scan *x, unsigned long long v, va_list *ap)
{
	void *to = va_arg(*ap, void *);

	if (x->size == 'H')
		*(unsigned char *)to = (unsigned char)v;
	else if (x->size == 'h')
		*(unsigned short *)to = (unsigned short)v;
	else if (x->size == 'L')
		*(unsigned long long *)to = v;
	else if (x->size == 'l' || x->size == 'z')
		*(unsigned long *)to = (unsigned long)v;
	else
		*(unsigned *)to = (unsigned)v;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return lower(c) >= 'a' && lower(c) <= 'z' ? lower(c) - 'a' + 10 : 99;
}

/* A number of @base, 0: by its prefix. False: there is none. */
static bool scan_number(struct scan *x, int base, unsigned long long *v)
{
	const char *p = x->in, *end = x->width ? p + x->width : (const char *)UINTPTR_MAX;
	bool minus = *p == '-', any = false;

	p += minus || *p == '+';
	if ((base == 0 || base == 16) && p[0] == '0' && lower(p[1]) == 'x' && digit(p[2]) < 16) {
		p += 2;
		base = 16;
	}
	if (!base)
		base = *p == '0' ? 8 : 10;
	for (*v = 0; p < end && digit(*p) < base; p++, any = true)
		*v = *v * (unsigned)base + (unsigned)digit(*p);
	if (minus)
		*v = -*v;
	if (any)
		x->in = p;
	return any;
}

/* %s, %c. */
static bool scan_text(struct scan *x, bool word, va_list *ap)
{
	char *to = x->store ? va_arg(*ap, char *) : NULL;
	unsigned n = 0, max = x->width ? x->width : word ? UINT_MAX : 1;

	for (; n < max && *x->in && !(word && is_space(*x->in)); n++, x->in++)
		if (to)
			to[n] = *x->in;
	if (to && word)
		to[n] = '\0';
	return n > 0;
}

/* %[set]: up to the first character outside (inside, after ^) of it. */
static bool scan_set(struct scan *x, va_list *ap)
{
	bool inverse = x->fmt[1] == '^';
	const char *set = x->fmt + 1 + inverse, *end = strchr(set + 1, ']');
	char *to = x->store ? va_arg(*ap, char *) : NULL;
	unsigned n = 0, max = x->width ? x->width : UINT_MAX;

	if (!end)
		return false;
	for (; n < max && *x->in; n++, x->in++) {
		bool inside = false;

		for (const char *s = set; s < end; s++) {
			bool range = s + 2 < end && s[1] == '-';

			inside |= range ? *x->in >= s[0] && *x->in <= s[2] : *x->in == *s;
			s += range ? 2 : 0;
		}
		if (inside == inverse)
			break;
		if (to)
			to[n] = *x->in;
	}
	if (to)
		to[n] = '\0';
	x->fmt = end;
	return n > 0;
}

/* One conversion. Return: 1 stored, 0 done without, -1 the input does not fit. */
static int convert(struct scan *x, const char *begin, va_list *ap)
{
	unsigned long long v;
	int base;

	scan_flags(x);
	if (*x->fmt == 'n') {
		store_number(x, (unsigned long long)(x->in - begin), ap);
		return 0;
	}
	if (*x->fmt != 'c' && *x->fmt != '[')
		x->in = module_skip_spaces(x->in);
	if (*x->fmt == '%')
		return *x->in++ == '%' ? 0 : -1;
	if (*x->fmt == '[')
		return scan_set(x, ap) ? x->store : -1;
	if (*x->fmt == 's' || *x->fmt == 'c')
		return scan_text(x, *x->fmt == 's', ap) ? x->store : -1;
	if (*x->fmt == 'p')
		x->size = 'l';
	base = *x->fmt == 'i'				 ? 0
	       : lower(*x->fmt) == 'x' || *x->fmt == 'p' ? 16
	       : *x->fmt == 'o'				 ? 8
							 : 10;
	if (!*x->fmt || !scan_number(x, base, &v))
		return -1;
	if (x->store)
		store_number(x, v, ap);
	return x->store;
}

int module_vsscanf(const char *text, const char *fmt, va_list args)
{
	struct scan x = { .fmt = fmt, .in = text };
	int stored = 0, one;
	va_list ap;

	va_copy(ap, args);
	for (; *x.fmt; x.fmt++) {
		if (is_space(*x.fmt)) {
			x.in = module_skip_spaces(x.in);
			continue;
		}
		if (*x.fmt != '%') {
			if (*x.fmt != *x.in++)
				break;
			continue;
		}
		x.fmt++;
		one = convert(&x, text, &ap);
		if (one < 0)
			break;
		stored += one;
	}
	va_end(ap);
	return stored;
}

int module_sscanf(const char *text, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = module_vsscanf(text, fmt, ap);
	va_end(ap);
	return n;
}

/* ---- bytes as text ---- */

enum { DUMP_OFFSET = 2, DUMP_ADDRESS = 1, DUMP_LINE_MAX = 32 };

static void dump_line(char *out, size_t size, const unsigned char *p, size_t n, int row, int group,
		      bool ascii)
{
	size_t at = 0;

	if (group != 2 && group != 4 && group != 8)
		group = 1;
	for (size_t i = 0; i < (size_t)row; i += (size_t)group) {
		at += (size_t)module_scnprintf(out + at, size - at, i ? " " : "");
		for (int b = group - 1; b >= 0; b--)
			at += (size_t)module_scnprintf(out + at, size - at,
						       i + (size_t)b < n ? "%02x"
						       : ascii		 ? "  "
									 : "",
						       i + (size_t)b < n ? p[i + (size_t)b] : 0);
	}
	if (ascii)
		at += (size_t)module_scnprintf(out + at, size - at, "  ");
	for (size_t i = 0; ascii && i < n && at + 1 < size; i++) {
		out[at++] = p[i] >= ' ' && p[i] < 127 ? (char)p[i] : '.';
		out[at] = '\0';
	}
}

void module_print_hex_dump(const char *level, const char *prefix, int type, int row, int group,
			   const void *buf, size_t len, bool ascii)
{
	const unsigned char *p = buf;
	char line[DUMP_LINE_MAX * 4 + 8];

	if (row != 16 && row != 32)
		row = 16;
	for (size_t at = 0; at < len; at += (size_t)row) {
		size_t n = min_of(size_t, len - at, (size_t)row);

		dump_line(line, sizeof(line), p + at, n, row, group, ascii);
		if (type == DUMP_OFFSET)
			(void)module_printk("%s%s%.8x: %s\n", level, prefix, (unsigned)at, line);
		else if (type == DUMP_ADDRESS)
			(void)module_printk("%s%s%p: %s\n", level, prefix, (const void *)(p + at),
					    line);
		else
			(void)module_printk("%s%s%s\n", level, prefix, line);
	}
}

/* Return: the length it would have. */
int module_hex_dump_to_buffer(const void *buf, size_t len, int row, int group, char *line,
			      size_t size, bool ascii)
{
	char whole[DUMP_LINE_MAX * 4 + 8] = "";

	if (row != 16 && row != 32)
		row = 16;
	len = min_of(size_t, len, (size_t)row);
	dump_line(whole, sizeof(whole), buf, len, ascii ? row : (int)len, group, ascii);
	return module_snprintf(line, size, "%s", whole);
}

char *module_kmemdup_nul(const char *s, size_t len, unsigned gfp)
{
	char *copy = kmalloc(len + 1, gfp);

	if (copy) {
		memcpy(copy, s, len);
		copy[len] = '\0';
	}
	return copy;
}

char *module_kvasprintf(unsigned gfp, const char *fmt, va_list ap)
{
	va_list copy;
	char *text;
	int n;

	va_copy(copy, ap);
	n = module_vsnprintf(NULL, 0, fmt, copy);
	va_end(copy);
	text = kmalloc((size_t)n + 1, gfp);
	if (text)
		(void)module_vsnprintf(text, (size_t)n + 1, fmt, ap);
	return text;
}

int module_sysfs_emit(char *buf, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = module_vsnprintf(buf, PAGE_SIZE, fmt, ap);
	va_end(ap);
	return min_of(int, n, (int)PAGE_SIZE - 1);
}

/* A copy of @n bytes of the program, and a 0 behind them; -EFAULT, -ENOMEM in the pointer. */
void *module_memdup_user(const void *from, size_t n)
{
	char *p = kmalloc(n + 1, GFP_KERNEL);

	if (!p)
		return (void *)-ENOMEM;
	if (copy_from_user(p, (uaddr_t)from, n)) {
		kfree(p);
		return (void *)-EFAULT;
	}
	p[n] = '\0';
	return p;
}

/* ---- the calendar ---- */

static bool is_leap(long year)
{
	return year % 4 == 0 && (year % 100 || year % 400 == 0);
}

void module_time64_to_tm(long long secs, int offset, struct tm_view *t)
{
	static const unsigned char days_of[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	long long days = secs / 86400, rest = secs % 86400 + offset;
	int month = 0;
	long year = 1970;

	for (; rest < 0; rest += 86400)
		days--;
	for (; rest >= 86400; rest -= 86400)
		days++;
	t->tm_hour = (int)(rest / 3600);
	t->tm_min = (int)(rest / 60 % 60);
	t->tm_sec = (int)(rest % 60);
	t->tm_wday = (int)(((days + 4) % 7 + 7) % 7);
	for (; days < 0; year--)
		days += is_leap(year - 1) ? 366 : 365;
	for (; days >= (is_leap(year) ? 366 : 365); year++)
		days -= is_leap(year) ? 366 : 365;
	t->tm_yday = (int)days;
	for (; days >= days_of[month] + (month == 1 && is_leap(year)); month++)
		days -= days_of[month] + (month == 1 && is_leap(year));
	t->tm_mon = month;
	t->tm_mday = (int)days + 1;
	t->tm_year = year - 1900;
}
