/* Compiler attributes and the few macros every file needs. */
#ifndef BASE_COMPILER_H
#define BASE_COMPILER_H

#define must_check     __attribute__((warn_unused_result))
#define maybe_unused   __attribute__((unused))
#define noreturn_      __attribute__((noreturn))
#define noinline_      __attribute__((noinline))
#define always_inline_ inline __attribute__((always_inline))
#define packed_	       __attribute__((packed))
#define aligned_(n)    __attribute__((aligned(n)))
#define printf_(f, a)  __attribute__((format(printf, f, a)))
#define section_(s)    __attribute__((section(s)))
#define cacheline_     __attribute__((aligned(64)))

#define likely(c)   __builtin_expect(!!(c), 1)
#define unlikely(c) __builtin_expect(!!(c), 0)

#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))
#define ARRAY_SIZE(a)			(sizeof(a) / sizeof((a)[0]))

/* One access, not torn by the compiler, not repeated; for data read without its lock. */
#define READ_ONCE(x)	 (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))
#define barrier()	 __asm__ volatile("" ::: "memory")

/* Each argument is evaluated once: others may be writing what it reads. Names of their own, as arguments may be such themselves. */
#define unique_join_(name, n) name##n
#define unique_(name, n)      unique_join_(name, n)
#define choose_(type, a, op, b, x, y)                                                              \
	({                                                                                         \
		type x = (a), y = (b);                                                             \
		x op y ? x : y;                                                                    \
	})
#define min_of(type, a, b)                                                                         \
	choose_(type, a, <, b, unique_(a_, __COUNTER__), unique_(b_, __COUNTER__))
#define max_of(type, a, b)                                                                         \
	choose_(type, a, >, b, unique_(a_, __COUNTER__), unique_(b_, __COUNTER__))
#define round_up_pow2(n, p2)   (((n) + (p2)-1) & ~((__typeof__(n))(p2)-1))
#define round_down_pow2(n, p2) ((n) & ~((__typeof__(n))(p2)-1))
#define div_round_up(n, d)     (((n) + (d)-1) / (d))
#define is_pow2(n)	       ((n) && !((n) & ((n)-1)))

/* A function that reads, on purpose, what others may be writing without READ_ONCE's like: ThreadSanitizer looks away. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define racy_ __attribute__((no_sanitize("thread")))
#endif
#endif
#ifndef racy_
#define racy_
#endif

/* Lock annotations, checked by clang -Wthread-safety; nothing under gcc. */
#ifdef __clang__
#define ts_attr_(x) __attribute__((x))
#else
#define ts_attr_(x)
#endif
#define lock_type_	     ts_attr_(capability("lock"))
#define acquires(...)	     ts_attr_(acquire_capability(__VA_ARGS__))
#define releases(...)	     ts_attr_(release_capability(__VA_ARGS__))
#define try_acquires(...)    ts_attr_(try_acquire_capability(__VA_ARGS__))
#define must_hold(...)	     ts_attr_(requires_capability(__VA_ARGS__))
#define acquires_shared(...) ts_attr_(acquire_shared_capability(__VA_ARGS__))
#define releases_shared(...) ts_attr_(release_shared_capability(__VA_ARGS__))
#define releases_any(...)    ts_attr_(release_generic_capability(__VA_ARGS__))
#define no_lock_analysis     ts_attr_(no_thread_safety_analysis)

#endif
