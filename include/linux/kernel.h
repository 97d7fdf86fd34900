/* What every module of Linux uses: bounds, arithmetic, text. */
#ifndef _LINUX_KERNEL_H
#define _LINUX_KERNEL_H

#include <linux/errno.h>
#include <linux/printk.h>
#include <linux/string.h>

#define S8_MAX	   ((s8)(U8_MAX >> 1))
#define S8_MIN	   ((s8)(-S8_MAX - 1))
#define S16_MAX	   ((s16)(U16_MAX >> 1))
#define S16_MIN	   ((s16)(-S16_MAX - 1))
#define S32_MIN	   ((s32)(-S32_MAX - 1))
#define S64_MIN	   ((s64)(-S64_MAX - 1))
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
#define min3(a, b, c)	    min(min(a, b), c)
#define max3(a, b, c)	    max(max(a, b), c)
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

int vsscanf(const char *text, const char *fmt, va_list args);
char *kvasprintf(gfp_t gfp, const char *fmt, va_list args);

int kstrtou8(const char *s, unsigned int base, u8 *res);
int kstrtos8(const char *s, unsigned int base, s8 *res);
int kstrtou16(const char *s, unsigned int base, u16 *res);
int kstrtos16(const char *s, unsigned int base, s16 *res);
int kstrtobool(const char *s, bool *res);
int kstrtoint(const char *s, unsigned int base, int *res);
int kstrtouint(const char *s, unsigned int base, unsigned int *res);
int kstrtol(const char *s, unsigned int base, long *res);
int kstrtoul(const char *s, unsigned int base, unsigned long *res);
int kstrtoll(const char *s, unsigned int base, long long *res);
int kstrtoull(const char *s, unsigned int base, unsigned long long *res);
unsigned long simple_strtoul(const char *s, char **end, unsigned int base);
long simple_strtol(const char *s, char **end, unsigned int base);
#define kstrtou32		kstrtouint
#define kstrtos32		kstrtoint
#define kstrtou64(s, base, res) kstrtoull(s, base, (unsigned long long *)(res))
#define kstrtos64(s, base, res) kstrtoll(s, base, (long long *)(res))
#define strtobool		kstrtobool
#define strict_strtoul		kstrtoul
#define strict_strtol		kstrtol

int module_kstrto_from_user(const void __user *from, size_t n, unsigned int base, void *res,
			    int (*convert)(const char *s, unsigned int base, void *res));
#define KSTRTO_USER(fn, from, n, base, res)                                                        \
	module_kstrto_from_user(from, n, base, res,                                                \
				(int (*)(const char *, unsigned int, void *))(fn))
#define kstrtoint_from_user(p, n, base, res)  KSTRTO_USER(kstrtoint, p, n, base, res)
#define kstrtouint_from_user(p, n, base, res) KSTRTO_USER(kstrtouint, p, n, base, res)
#define kstrtol_from_user(p, n, base, res)    KSTRTO_USER(kstrtol, p, n, base, res)
#define kstrtoul_from_user(p, n, base, res)   KSTRTO_USER(kstrtoul, p, n, base, res)
#define kstrtoll_from_user(p, n, base, res)   KSTRTO_USER(kstrtoll, p, n, base, res)
#define kstrtoull_from_user(p, n, base, res)  KSTRTO_USER(kstrtoull, p, n, base, res)

void panic(const char *fmt, ...) __noreturn;
void might_sleep(void);
#define BUG()                                                                                      \
	do {                                                                                       \
		printk(KERN_ALERT "------------[ cut here ]------------\n");                       \
		printk(KERN_ALERT "kernel BUG at %s:%d!\n", __FILE__, __LINE__);                   \
		__builtin_trap();                                                                  \
	} while (0)
#define BUG_ON(c)                                                                                  \
	do {                                                                                       \
		if (unlikely(c))                                                                   \
			BUG();                                                                     \
	} while (0)
/* A report with the stack; @fmt NULL: nothing is said beside. */
void module_warn(const char *file, int line, const char *fmt, ...);
#define WARN_IF(c, once, ...)                                                                      \
	({                                                                                         \
		static bool warned_;                                                               \
		const bool warn_on_ = !!(c);                                                       \
		if (unlikely(warn_on_) && !((once) && warned_)) {                                  \
			warned_ = true;                                                            \
			module_warn(__FILE__, __LINE__, __VA_ARGS__);                              \
		}                                                                                  \
		unlikely(warn_on_);                                                                \
	})
#define WARN(c, ...)		  WARN_IF(c, false, __VA_ARGS__)
#define WARN_ON(c)		  WARN_IF(c, false, NULL)
#define WARN_ONCE(c, ...)	  WARN_IF(c, true, __VA_ARGS__)
#define WARN_ON_ONCE(c)		  WARN_IF(c, true, NULL)
#define WARN_TAINT(c, taint, ...) WARN(c, __VA_ARGS__)
#define WARN_RATELIMIT(c, ...)	  WARN(c, __VA_ARGS__)

#include <linux/byteorder.h>
#include <linux/math.h>

#endif
