/* Where the kernel's messages go. */
#ifndef DRIVERS_CONSOLE_H
#define DRIVERS_CONSOLE_H

/**
 * console_init - find the console and send the log there; may be the first call of the kernel.
 * Reads console=ttyS0[,BAUD], quiet, debug, loglevel=N.   Without a port the log stays in its ring.
 */
void console_init(const char *cmdline);

#endif
