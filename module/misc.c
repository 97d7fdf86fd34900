/*
 * Small things that Linux's modules call and this kernel has under other names: text, numbers, sleeping, locks of modules.
 *
 * OWNS     nothing.
 * CONTEXT  as each says.   FAILS  -EINVAL, -ERANGE for numbers.
 * SOURCES  Linux Documentation/core-api/kernel-api.rst.   TESTED BY  module_labs (guest)
 */
#include "arch/irqflags.h"
#include "arch/uaccess.h"
#include "kernel/task.h"
#include "kernel/time.h"
#include "lib/string.h"
#include "mm/mm.h"
#include "module/api.h"
#include "module/view_impl.h"

/* ---- text ---- */

char *module_strcpy(char *to, const char *from)
{
	memcpy(to, from, strlen(from) + 1);
	return to;
}

char *module_strncpy(char *to, const char *from, size_t n)
{
	size_t len = strnlen(from, n);

	memcpy(to, from, len);
	memset(to + len, 0, n - len);
	return to;
}

char *module_strcat(char *to, const char *from)
{
	(void)module_strcpy(to + strlen(to), from);
	return to;
}

size_t module_strlcpy(char *to, const char *from, size_t size)
{
	if (size)
		(void)str_copy(to, from, size);
	return strlen(from);
}

long module_strscpy(char *to, const char *from, size_t size)
{
	size_t len = strnlen(from, size);

	if (!size)
		return -E2BIG;
	(void)str_copy(to, from, size);
	return len < size ? (long)len : -E2BIG;
}

/* ---- numbers ---- */

static unsigned digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'z')
		return (unsigned)((c | 0x20) - 'a' + 10);
	return 99;
}

/* Digits of @base (0: by the prefix) at *s, which moves behind them. 0, -EINVAL: none, -ERANGE. */
static int parse(const char **s, unsigned base, uint64_t *out)
{
	const char *p = *s;
	int err = -EINVAL;

	if ((base == 0 || base == 16) && p[0] == '0' && (p[1] | 0x20) == 'x' &&
	    digit_of(p[2]) < 16) {
		p += 2;
		base = 16;
	}
	if (!base)
		base = *p == '0' ? 8 : 10;
	for (*out = 0; digit_of(*p) < base; p++) {
		uint64_t more;

		if (err == -EINVAL)
			err = 0;
		if (__builtin_mul_overflow(*out, (uint64_t)base, &more) ||
		    __builtin_add_overflow(more, (uint64_t)digit_of(*p), out))
			err = -ERANGE;
	}
	*s = p;
	return err;
}

/* A whole text: sign where @is_signed, digits, a newline. */
static int parse_whole(const char *s, unsigned base, bool is_signed, uint64_t max, uint64_t *out)
{
	bool minus = is_signed && *s == '-';
	int err;

	s += minus || *s == '+';
	err = parse(&s, base, out);
	s += *s == '\n';
	if (!err && *s)
		err = -EINVAL;
	if (!err && *out > max + minus)
		err = -ERANGE;
	if (minus)
		*out = -*out;
	return err;
}

int module_kstrtoull(const char *s, unsigned base, unsigned long long *res)
{
	uint64_t v;
	int err = parse_whole(s, base, false, UINT64_MAX, &v);

	if (!err)
		*res = v;
	return err;
}

int module_kstrtoll(const char *s, unsigned base, long long *res)
{
	uint64_t v;
	int err = parse_whole(s, base, true, INT64_MAX, &v);

	if (!err)
		*res = (long long)v;
	return err;
}

int module_kstrtoul(const char *s, unsigned base, unsigned long *res)
{
	uint64_t v;
	int err = parse_whole(s, base, false, ULONG_MAX, &v);

	if (!err)
		*res = (unsigned long)v;
	return err;
}

int module_kstrtol(const char *s, unsigned base, long *res)
{
	uint64_t v;
	int err = parse_whole(s, base, true, LONG_MAX, &v);

	if (!err)
		*res = (long)v;
	return err;
}

int module_kstrtouint(const char *s, unsigned base, unsigned *res)
{
	uint64_t v;
	int err = parse_whole(s, base, false, UINT_MAX, &v);

	if (!err)
		*res = (unsigned)v;
	return err;
}

int module_kstrtoint(const char *s, unsigned base, int *res)
{
	uint64_t v;
	int err = parse_whole(s, base, true, INT_MAX, &v);

	if (!err)
		*res = (int)v;
	return err;
}

#define NARROW(name, type, low, high)                                                              \
	int module_##name(const char *s, unsigned base, type *res)                                 \
	{                                                                                          \
		int v, err = module_kstrtoint(s, base, &v);                                        \
                                                                                                   \
		if (!err && (v < (int)(low) || v > (int)(high)))                                   \
			err = -ERANGE;                                                             \
		if (!err)                                                                          \
			*res = (type)v;                                                            \
		return err;                                                                        \
	}
NARROW(kstrtou8, uint8_t, 0, UINT8_MAX)
NARROW(kstrtos8, int8_t, INT8_MIN, INT8_MAX)
NARROW(kstrtou16, uint16_t, 0, UINT16_MAX)
NARROW(kstrtos16, int16_t, INT16_MIN, INT16_MAX)

/* y, n, on, off, 1, 0, t, f by their first letters. */
int module_kstrtobool(const char *s, bool *res)
{
	char c = s ? s[0] : 0;
	bool on = (c | 0x20) == 'y' || (c | 0x20) == 't' || c == '1' ||
		  ((c | 0x20) == 'o' && (s[1] | 0x20) == 'n');
	bool off = (c | 0x20) == 'n' || (c | 0x20) == 'f' || c == '0' ||
		   ((c | 0x20) == 'o' && (s[1] | 0x20) == 'f');

	if (!on && !off)
		return -EINVAL;
	*res = on;
	return 0;
}

/* kstrtoTYPE of @n bytes of the program, by one of the above. */
int module_kstrto_from_user(uaddr_t from, size_t n, unsigned base, void *res,
			    int (*convert)(const char *s, unsigned base, void *res))
{
	char text[66];

	n = min_of(size_t, n, sizeof(text) - 1);
	if (copy_from_user(text, from, n))
		return -EFAULT;
	text[n] = '\0';
	return convert(text, base, res);
}

unsigned long module_simple_strtoul(const char *s, char **end, unsigned base)
{
	uint64_t v;

	(void)parse(&s, base, &v);
	if (end)
		*end = (char *)s;
	return (unsigned long)v;
}

long module_simple_strtol(const char *s, char **end, unsigned base)
{
	if (*s == '-')
		return -(long)module_simple_strtoul(s + 1, end, base);
	return (long)module_simple_strtoul(s, end, base);
}

/* ---- locks ---- */

unsigned long module_irq_save(void)
{
	return irq_save();
}

void module_irq_restore(unsigned long flags)
{
	irq_restore(flags);
}

/* ---- user memory, with Linux's types ---- */

long module_strncpy_from_user(char *to, uaddr_t from, long n)
{
	return strncpy_from_user(to, from, (size_t)n);
}

/* ---- time ---- */

void module_msleep(unsigned ms)
{
	const uint64_t end = clock_ns() + ms * NSEC_PER_MSEC;

	while (clock_ns() < end)
		(void)thread_park(PARK_UNINTERRUPTIBLE, end);
}

int module_cond_resched(void)
{
	cond_resched();
	return 0;
}

int module_access_process_vm(struct task_view *task, unsigned long addr, void *buf, int len,
			     unsigned flags)
{
	struct mm_struct *mm = task->real ? task_mm_get(task->real) : NULL;
	size_t n;

	if (!mm)
		return 0;
	n = mm_access(mm, addr, buf, (size_t)len, flags & 1);
	mmput(mm);
	return (int)n;
}
