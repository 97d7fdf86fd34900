/* Assertions. A user's mistake is an errno, never an assert. */
#ifndef SYNC_KASSERT_H
#define SYNC_KASSERT_H

#include "base/compiler.h"
#include "base/config.h"

/*
 * Import of floor 3: stop the machine with a message, registers and stack (kernel: arch/x86/entry/panic.c;
 * simulator: fail the test). Any context.
 */
noreturn_ void panic(const char *fmt, ...) printf_(1, 2);
extern int panic_on_oops, panic_on_warn; /* sysctls kernel.* (sync/taint.c) */

/* Our invariant, cheap; on in debug builds and the simulator. */
#define kassert(c)                                                                                 \
	do {                                                                                       \
		if (CFG_DEBUG && unlikely(!(c)))                                                   \
			panic("assertion failed: %s at %s:%d", #c, __FILE__, __LINE__);            \
	} while (0)

/* Going on would corrupt memory; always on. */
#define must(c)                                                                                    \
	do {                                                                                       \
		if (unlikely(!(c)))                                                                \
			panic("fatal: %s at %s:%d", #c, __FILE__, __LINE__);                       \
	} while (0)

/*
 * While the kernel comes to life: without @where @what (two parts of one name: "/proc/", "locks") it cannot go on. @err: 0, or
 * why it cannot be had: the panic says what and why. Sleeps: no.
 */
void boot_need(int err, const char *where, const char *what);

#endif
