/*
 * Formatting of text: printf(3) without floating point.
 *
 * OWNS     nothing; a struct out on the caller's stack: buffer, room, and the length the full text would have.
 * I1       at most size-1 characters and one NUL are written; out.len counts all characters asked for.
 * CONTEXT  any; pure. 64-bit numbers are divided by 10 digit by digit; hexadecimal and octal by shifts.
 */
#include "lib/fmt.h"
#include "lib/string.h"

struct out {
	char *buf;
	size_t size, len;
};

/* One conversion specification. */
struct spec {
	bool minus, plus, space, alt, zero;
	bool has_precision;
	unsigned width, precision;
	unsigned base;
	bool upper, is_signed;
};

static void put(struct out *o, char c)
{
	if (o->len + 1 < o->size)
		o->buf[o->len] = c;
	o->len++;
}

/* How many of @n more characters there is room for. */
static size_t fits(const struct out *o, size_t n)
{
	size_t room = o->len + 1 < o->size ? o->size - 1 - o->len : 0;

	return min_of(size_t, n, room);
}

static void put_many(struct out *o, char c, size_t n)
{
	size_t fit = fits(o, n);

	if (fit)
		memset(o->buf + o->len, c, fit);
	o->len += n;
}

static void put_text(struct out *o, const char *s, size_t n)
{
	size_t fit = fits(o, n);

	if (fit)
		memcpy(o->buf + o->len, s, fit);
	o->len += n;
}

/* Digits of @n, last first. Return: how many; none for 0. */
static unsigned digits_of(uint64_t n, unsigned base, bool upper, char *out)
{
	const char *set = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	unsigned nr = 0;

	if (base != 10) {
		for (; n; n >>= base == 16 ? 4 : 3)
			out[nr++] = set[n & (base - 1)];
		return nr;
	}
	for (; n > UINT32_MAX; n /= 10)
		out[nr++] = set[n % 10];
	for (uint32_t small = (uint32_t)n; small; small /= 10)
		out[nr++] = set[small % 10];
	return nr;
}

/* Sign or radix prefix. Return: its length. */
static unsigned prefix_of(const struct spec *sp, uint64_t n, bool negative, char out[2])
{
	if (sp->base == 16 && sp->alt && n) {
		out[0] = '0';
		out[1] = sp->upper ? 'X' : 'x';
		return 2;
	}
	out[0] = negative ? '-' : sp->plus ? '+' : ' ';
	return sp->is_signed && (negative || sp->plus || sp->space);
}

static void put_number(struct out *o, const struct spec *sp, uint64_t n, bool negative)
{
	char digits[24], prefix[2];
	unsigned nr = digits_of(n, sp->base, sp->upper, digits);
	unsigned nr_prefix = prefix_of(sp, n, negative, prefix);
	unsigned want = sp->has_precision ? sp->precision : 1;
	unsigned zeroes, body, pad;

	if (sp->base == 8 && sp->alt && want <= nr)
		want = nr + 1;
	zeroes = want > nr ? want - nr : 0;
	body = nr + nr_prefix;
	if (sp->zero && !sp->minus && !sp->has_precision && sp->width > body + zeroes)
		zeroes = sp->width - body;
	pad = sp->width > body + zeroes ? sp->width - body - zeroes : 0;
	if (!sp->minus)
		put_many(o, ' ', pad);
	put_text(o, prefix, nr_prefix);
	put_many(o, '0', zeroes);
	while (nr > 0)
		put(o, digits[--nr]);
	if (sp->minus)
		put_many(o, ' ', pad);
}

static void put_string(struct out *o, const struct spec *sp, const char *s)
{
	size_t n, pad;

	if (!s)
		s = "(null)";
	n = sp->has_precision ? strnlen(s, sp->precision) : strlen(s);
	pad = sp->width > n ? sp->width - n : 0;
	if (!sp->minus)
		put_many(o, ' ', pad);
	put_text(o, s, n);
	if (sp->minus)
		put_many(o, ' ', pad);
}

static const char *parse_flags(const char *f, struct spec *sp)
{
	for (;; f++) {
		switch (*f) {
		case '-':
			sp->minus = true;
			break;
		case '+':
			sp->plus = true;
			break;
		case ' ':
			sp->space = true;
			break;
		case '#':
			sp->alt = true;
			break;
		case '0':
			sp->zero = true;
			break;
		default:
			return f;
		}
	}
}

/* Digits or '*'. A negative '*' is reported through *negative. */
static const char *parse_count(const char *f, va_list *ap, unsigned *out, bool *negative)
{
	unsigned n = 0;

	*negative = false;
	if (*f == '*') {
		int v = va_arg(*ap, int);

		*negative = v < 0;
		*out = v < 0 ? 0U - (unsigned)v : (unsigned)v;
		return f + 1;
	}
	for (; *f >= '0' && *f <= '9'; f++)
		n = n < 100000 ? n * 10 + (unsigned)(*f - '0') : n;
	*out = n;
	return f;
}

static const char *parse_spec(const char *f, va_list *ap, struct spec *sp)
{
	bool negative;

	f = parse_flags(f, sp);
	f = parse_count(f, ap, &sp->width, &negative);
	sp->minus |= negative;
	if (*f != '.')
		return f;
	f = parse_count(f + 1, ap, &sp->precision, &negative);
	sp->has_precision = !negative;
	return f;
}

enum size_mod { SIZE_INT, SIZE_CHAR, SIZE_SHORT, SIZE_LONG, SIZE_LLONG };

static const char *parse_size(const char *f, enum size_mod *mod)
{
	*mod = SIZE_INT;
	switch (*f) {
	case 'h':
		*mod = f[1] == 'h' ? SIZE_CHAR : SIZE_SHORT;
		return f + (f[1] == 'h' ? 2 : 1);
	case 'l':
		*mod = f[1] == 'l' ? SIZE_LLONG : SIZE_LONG;
		return f + (f[1] == 'l' ? 2 : 1);
	case 'z':
	case 't':
		*mod = SIZE_LONG;
		return f + 1;
	case 'j':
		*mod = SIZE_LLONG;
		return f + 1;
	default:
		return f;
	}
}

static int64_t next_signed(va_list *ap, enum size_mod mod)
{
	switch (mod) {
	case SIZE_CHAR:
		return (signed char)va_arg(*ap, int);
	case SIZE_SHORT:
		return (short)va_arg(*ap, int);
	case SIZE_LONG:
		return va_arg(*ap, long);
	case SIZE_LLONG:
		return va_arg(*ap, long long);
	default:
		return va_arg(*ap, int);
	}
}

static uint64_t next_unsigned(va_list *ap, enum size_mod mod)
{
	switch (mod) {
	case SIZE_CHAR:
		return (unsigned char)va_arg(*ap, unsigned);
	case SIZE_SHORT:
		return (unsigned short)va_arg(*ap, unsigned);
	case SIZE_LONG:
		return va_arg(*ap, unsigned long);
	case SIZE_LLONG:
		return va_arg(*ap, unsigned long long);
	default:
		return va_arg(*ap, unsigned);
	}
}

static void put_signed(struct out *o, struct spec *sp, int64_t v)
{
	sp->is_signed = true;
	sp->base = 10;
	put_number(o, sp, v < 0 ? 0 - (uint64_t)v : (uint64_t)v, v < 0);
}

static void put_pointer(struct out *o, struct spec *sp, const void *p)
{
	char text[2 + 2 * sizeof(p)];
	unsigned i;

	text[0] = '0';
	text[1] = 'x';
	for (i = 0; i < 2 * sizeof(p); i++) {
		unsigned shift = (unsigned)(4 * (2 * sizeof(p) - 1 - i));

		text[2 + i] = "0123456789abcdef"[(uintptr_t)p >> shift & 15];
	}
	sp->has_precision = true;
	sp->precision = sizeof(text);
	put_string(o, sp, text);
}

static void put_char(struct out *o, const struct spec *sp, char c)
{
	unsigned pad = sp->width > 1 ? sp->width - 1 : 0;

	put_many(o, ' ', sp->minus ? 0 : pad);
	put(o, c);
	put_many(o, ' ', sp->minus ? pad : 0);
}

/* The conversion character at @f. Return: past it. An unknown one is printed as it stands. */
static const char *convert(struct out *o, const char *f, struct spec *sp, va_list *ap)
{
	enum size_mod mod;

	f = parse_size(f, &mod);
	switch (*f) {
	case 'd':
	case 'i':
		put_signed(o, sp, next_signed(ap, mod));
		break;
	case 'u':
	case 'x':
	case 'X':
	case 'o':
		sp->base = *f == 'u' ? 10 : *f == 'o' ? 8 : 16;
		sp->upper = *f == 'X';
		put_number(o, sp, next_unsigned(ap, mod), false);
		break;
	case 'c':
		put_char(o, sp, (char)va_arg(*ap, int));
		break;
	case 's':
		put_string(o, sp, va_arg(*ap, const char *));
		break;
	case 'p':
		put_pointer(o, sp, va_arg(*ap, const void *));
		break;
	case '\0':
		return f;
	default:
		put(o, *f);
		break;
	}
	return f + 1;
}

size_t fmt_vsnprintf(char *buf, size_t size, const char *fmt, va_list ap)
{
	struct out o = { buf, size, 0 };
	va_list args;

	va_copy(args, ap);
	while (*fmt) {
		struct spec sp = { .base = 10 };
		size_t n = 0;

		while (fmt[n] && fmt[n] != '%')
			n++;
		put_text(&o, fmt, n);
		fmt += n;
		if (!*fmt)
			break;
		fmt = parse_spec(fmt + 1, &args, &sp);
		fmt = convert(&o, fmt, &sp, &args);
	}
	va_end(args);
	if (size)
		buf[o.len < size ? o.len : size - 1] = '\0';
	return o.len;
}

size_t fmt_snprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	n = fmt_vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return n;
}

size_t fmt_scnprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	n = fmt_vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	if (!size)
		return 0;
	return n < size ? n : size - 1;
}
