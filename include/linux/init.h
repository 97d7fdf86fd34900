/* Where a module begins and ends. */
#ifndef _LINUX_INIT_H
#define _LINUX_INIT_H

#include <linux/compiler.h>

#define __init	    __attribute__((section(".init.text"), cold))
#define __exit	    __attribute__((section(".exit.text"), used, cold))
#define __initdata  __attribute__((section(".init.data")))
#define __initconst __attribute__((section(".init.rodata")))
#define __exitdata
#define __devinit
#define __devexit
#define __ro_after_init __attribute__((section(".data..ro_after_init")))

typedef int (*initcall_t)(void);
typedef void (*exitcall_t)(void);

int init_module(void);
void cleanup_module(void);

#define module_init(fn)                                                                            \
	static inline initcall_t maybe_unused init_module_type(void)                               \
	{                                                                                          \
		return fn;                                                                         \
	}                                                                                          \
	int init_module(void) __attribute__((alias(#fn), copy(fn)));
#define module_exit(fn)                                                                            \
	static inline exitcall_t maybe_unused exit_module_type(void)                               \
	{                                                                                          \
		return fn;                                                                         \
	}                                                                                          \
	void cleanup_module(void) __attribute__((alias(#fn), copy(fn)));
/* Each of them is complete without a semicolon, as on Linux. */
#define device_initcall(fn) module_init(fn)
#define late_initcall(fn)   module_init(fn)
#define __initcall(fn)	    module_init(fn)
#define __exitcall(fn)	    module_exit(fn)

#endif
