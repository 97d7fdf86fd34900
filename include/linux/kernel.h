/* What every module of Linux uses: bounds, arithmetic, text. */
#ifndef _LINUX_KERNEL_H
#define _LINUX_KERNEL_H

#include <linux/errno.h>
#include <linux/printk.h>
#include <linux/types.h>

#define U8_MAX	   ((u8)~0U)
#define U16_MAX	   ((u16)~0U)
#define U32_MAX	   ((u32)~0U)
#define S32_MAX	   ((s32)(U32_MAX >> 1))
#define U64_MAX	   ((u64)~0ULL)
#define S64_MAX	   ((s64)(U64_MAX >> 1))
#define LLONG_MAX  ((long long)(~0ULL >> 1))
#define LLONG_MIN  (-LLONG_MAX - 1)
#define ULLONG_MAX (~0ULL)
#ifndef SIZE_MAX
#define SIZE_MAX (~(size_t)0)
#endif

#define ALIGN(x, a)	   (((x) + (__typeof__(x))(a)-1) & ~((__typeof__(x))(a)-1))
#define ALIGN_DOWN(x, a)   ((x) & ~((__typeof__(x))(a)-1))
#define IS_ALIGNED(x, a)   (((x) & ((__typeof__(x))(a)-1)) == 0)
#define DIV_ROUND_UP(n, d) (((n) + (d)-1) / (d))
#define roundup(x, y)	   ((((x) + (y)-1) / (y)) * (y))
#define rounddown(x, y)	   ((x) - (x) % (y))
#define round_up(x, y)	   ALIGN(x, y)
#define round_down(x, y)   ALIGN_DOWN(x, y)
#define upper_32_bits(n)   ((u32)(((n) >> 16) >> 16))
#define lower_32_bits(n)   ((u32)(n))
#define BIT(n)		   (1UL << (n))
#define BIT_ULL(n)	   (1ULL << (n))

#define min(a, b)                                                                                  \
	({                                                                                         \
		__typeof__(a) min_a_ = (a);                                                        \
		__typeof__(b) min_b_ = (b);                                                        \
		min_a_ < min_b_ ? min_a_ : min_b_;                                                 \
	})
#define max(a, b)                                                                                  \
	({                                                                                         \
		__typeof__(a) max_a_ = (a);                                                        \
		__typeof__(b) max_b_ = (b);                                                        \
		max_a_ > max_b_ ? max_a_ : max_b_;                                                 \
	})
#define min_t(type, a, b)   min_of(type, a, b)
#define max_t(type, a, b)   max_of(type, a, b)
#define clamp(v, low, high) min(max(v, low), high)
#define clamp_t(t, v, l, h) min_t(t, max_t(t, v, l), h)
#define swap(a, b)                                                                                 \
	do {                                                                                       \
		__typeof__(a) swap_ = (a);                                                         \
		(a) = (b);                                                                         \
		(b) = swap_;                                                                       \
	} while (0)
#define abs(x)		    ((x) < 0 ? -(x) : (x))
#define typeof_member(t, m) __typeof__(((t *)0)->m)
#define FIELD_SIZEOF(t, m)  (sizeof(((t *)0)->m))
#define sizeof_field(t, m)  (sizeof(((t *)0)->m))

int snprintf(char *buf, size_t size, const char *fmt, ...);
int vsnprintf(char *buf, size_t size, const char *fmt, va_list args);
int scnprintf(char *buf, size_t size, const char *fmt, ...);
int sprintf(char *buf, const char *fmt, ...);
char *kasprintf(gfp_t gfp, const char *fmt, ...);
int sscanf(const char *text, const char *fmt, ...);

int kstrtoint(const char *s, unsigned int base, int *res);
int kstrtouint(const char *s, unsigned int base, unsigned int *res);
int kstrtol(const char *s, unsigned int base, long *res);
int kstrtoul(const char *s, unsigned int base, unsigned long *res);
int kstrtoll(const char *s, unsigned int base, long long *res);
int kstrtoull(const char *s, unsigned int base, unsigned long long *res);
unsigned long simple_strtoul(const char *s, char **end, unsigned int base);
long simple_strtol(const char *s, char **end, unsigned int base);
#define strict_strtoul kstrtoul
#define strict_strtol  kstrtol

void panic(const char *fmt, ...) __noreturn;
void might_sleep(void);
#define BUG() __builtin_trap()
#define BUG_ON(c)                                                                                  \
	do {                                                                                       \
		if (unlikely(c))                                                                   \
			BUG();                                                                     \
	} while (0)
#define WARN(c, fmt, ...)                                                                          \
	({                                                                                         \
		int warn_on_ = !!(c);                                                              \
		if (warn_on_)                                                                      \
			printk(KERN_WARNING fmt, ##__VA_ARGS__);                                   \
		warn_on_;                                                                          \
	})
#define WARN_ON(c)	WARN(c, "WARNING: %s:%d: %s\n", __FILE__, __LINE__, #c)
#define WARN_ON_ONCE(c) WARN_ON(c)

#endif
