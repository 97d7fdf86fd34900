/* Terminals: /dev/ttyS0, /dev/console, /dev/tty; and a process's controlling terminal. */
#ifndef DRIVERS_TTY_H
#define DRIVERS_TTY_H

#include "base/compiler.h"
#include "base/types.h"

struct tty;

/* Register the devices, create their nodes, take the port's input. After irq_init and fs_init. */
void tty_init(void);
/* Device number major << 20 | minor, and foreground process group (0: none). NULL legal: 0 and -1.
 * */
uint32_t tty_device(const struct tty *tty);
int tty_foreground(const struct tty *tty);
/**
 * tty_disassociate - the calling process gives up its controlling terminal, if it has one.
 * @on_exit: the process ends. A session leader takes the terminal from the whole session: its
 *   foreground group gets
 * SIGHUP and SIGCONT; with @on_exit every open file of the terminal is hung up, except the
 * console's.
 * Context: thread; no lock held.
 */
void tty_disassociate(bool on_exit);
/* vhangup(2): every open file of the caller's controlling terminal is dead, the terminal nobody's. Thread. */
void tty_vhangup_caller(void);

#endif
