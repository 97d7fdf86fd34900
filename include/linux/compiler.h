/* Attributes of Linux's sources. */
#ifndef _LINUX_COMPILER_H
#define _LINUX_COMPILER_H

#include "base/compiler.h"

#define __user
#define __kernel
#define __iomem
#define __force
#define __rcu
#define __percpu
#define __bitwise
#define __must_check
#define __cold		__attribute__((cold))
#define __used		__attribute__((used))
#define __maybe_unused	__attribute__((unused))
#define __always_unused __attribute__((unused))
#define __packed	__attribute__((packed))
#define __aligned(n)	__attribute__((aligned(n)))
#define __printf(f, a)	__attribute__((format(printf, f, a)))
#define __section(s)	__attribute__((section(s)))
#define __weak		__attribute__((weak))
#define __noreturn	__attribute__((noreturn))
#define __read_mostly
#define __visible
#define asmlinkage
#define noinline __attribute__((noinline))
#undef inline
#undef always_inline
#define __always_inline	     inline __attribute__((always_inline))
#define fallthrough	     __attribute__((fallthrough))
#define unreachable()	     __builtin_unreachable()
#define ACCESS_ONCE(x)	     (*(volatile __typeof__(x) *)&(x))
#define __same_type(a, b)    __builtin_types_compatible_p(__typeof__(a), __typeof__(b))
#define BUILD_BUG_ON(cond)   _Static_assert(!(cond), #cond)
#define BUILD_BUG_ON_ZERO(e) ((int)(sizeof(struct { int : (-!!(e)); })))

#endif
