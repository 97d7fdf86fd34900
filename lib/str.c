/*
 * Strings beyond the C library: bounded copy, numbers and sizes out of text. The same code in kernel and on the host.
 *
 * WHY      parameters of the boot line and of /proc files are hostile text: overflow and trailing rubbish are errors.
 * CONTEXT  any; pure.
 */
#include "base/errno.h"
#include "lib/string.h"

size_t str_copy(char *dst, const char *src, size_t size)
{
	size_t n = 0;

	if (!size)
		return 0;
	while (n + 1 < size && src[n]) {
		dst[n] = src[n];
		n++;
	}
	dst[n] = '\0';
	return n;
}

/* Value of a digit, or 255. */
static unsigned digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a') + 10;
	if (c >= 'A' && c <= 'F')
		return (unsigned)(c - 'A') + 10;
	return 255;
}

/* Skips "0x" or "0". */
static unsigned take_base(const char **s)
{
	if ((*s)[0] != '0')
		return 10;
	if (((*s)[1] == 'x' || (*s)[1] == 'X') && digit_of((*s)[2]) < 16) {
		*s += 2;
		return 16;
	}
	return 8;
}

/* Digits at *s; *s goes past them. 0, -EINVAL (none), -ERANGE (*out is then the largest). */
static int take_number(const char **s, uint64_t *out)
{
	unsigned base = take_base(s);
	uint64_t n = 0;
	int err = -EINVAL;

	for (; digit_of(**s) < base; (*s)++) {
		unsigned d = digit_of(**s);

		if (err == -EINVAL)
			err = 0;
		if (n > (UINT64_MAX - d) / base) {
			err = -ERANGE;
			n = UINT64_MAX;
		} else if (!err) {
			n = n * base + d;
		}
	}
	*out = n;
	return err;
}

int str_to_u64(const char *s, uint64_t *out)
{
	uint64_t n;
	int err = take_number(&s, &n);

	if (*s == '\n')
		s++;
	if (*s)
		return -EINVAL;
	if (!err)
		*out = n;
	return err;
}

static unsigned suffix_shift(char c)
{
	switch (c) {
	case 'k':
	case 'K':
		return 10;
	case 'm':
	case 'M':
		return 20;
	case 'g':
	case 'G':
		return 30;
	case 't':
	case 'T':
		return 40;
	default:
		return 0;
	}
}

uint64_t str_to_size(const char *s, const char **end)
{
	uint64_t n;
	unsigned shift;

	(void)take_number(&s, &n);
	shift = suffix_shift(*s);
	if (shift) {
		s++;
		n = n > UINT64_MAX >> shift ? UINT64_MAX : n << shift;
	}
	if (end)
		*end = s;
	return n;
}
