/* The memory of the calling program. */
#ifndef _LINUX_UACCESS_H
#define _LINUX_UACCESS_H

#include <linux/errno.h>
#include <linux/types.h>

unsigned long copy_from_user(void *to, const void __user *from, unsigned long n);
unsigned long copy_to_user(void __user *to, const void *from, unsigned long n);
unsigned long clear_user(void __user *to, unsigned long n);
long strncpy_from_user(char *to, const char __user *from, long n);

/* One object, as large as what the pointer points to; 0 or -EFAULT. */
#define get_user(x, p)                                                                             \
	({                                                                                         \
		union {                                                                            \
			__typeof__(*(p)) value; /* may be const */                                 \
			char bytes[sizeof(*(p))];                                                  \
		} get_user_;                                                                       \
		int get_err_ =                                                                     \
			copy_from_user(get_user_.bytes, p, sizeof(get_user_)) ? -EFAULT : 0;       \
		(x) = get_user_.value;                                                             \
		get_err_;                                                                          \
	})
#define put_user(x, p)                                                                             \
	({                                                                                         \
		__typeof__(*(p)) put_user_ = (x);                                                  \
		copy_to_user(p, &put_user_, sizeof(put_user_)) ? -EFAULT : 0;                      \
	})
#define __copy_from_user copy_from_user
#define __copy_to_user	 copy_to_user
#define __get_user	 get_user
#define __put_user	 put_user
/* Both forms: (type, addr, size) until Linux 5.0, (addr, size) from it on. The copies check. */
#define access_ok(...) 1
#define VERIFY_READ    0
#define VERIFY_WRITE   1

#define __copy_from_user_inatomic	    copy_from_user
#define __copy_to_user_inatomic		    copy_to_user
#define raw_copy_from_user		    copy_from_user
#define raw_copy_to_user		    copy_to_user
#define copy_from_user_nofault(to, from, n) (copy_from_user(to, from, n) ? -EFAULT : 0)
/* Nothing is paged out while a module looks: a fault may be served. */
#define pagefault_disable() ((void)0)
#define pagefault_enable()  ((void)0)

/* The length with its NUL; 0: cannot be read; more than @n: longer. */
static inline long strnlen_user(const char __user *s, long n)
{
	char c;

	for (long i = 0; i < n; i++) {
		if (copy_from_user(&c, s + i, 1))
			return 0;
		if (!c)
			return i + 1;
	}
	return n + 1;
}
#define strlen_user(s) strnlen_user(s, ~0UL >> 1)

#endif
