/* What is told to modules that want to know: module/notify.c. Without a module that does, nothing happens. */
#ifndef MODULE_NOTIFY_H
#define MODULE_NOTIFY_H

#include "base/compiler.h"
#include "base/types.h"

struct pt_regs;
enum reboot_notice { NOTICE_RESTART = 1, NOTICE_HALT, NOTICE_POWER_OFF }; /* Linux's SYS_* */

void module_notify_reboot(enum reboot_notice what); /* the machine is about to. Sleeps. */
bool must_check module_notify_oom(void); /* no memory: has somebody given some back? Sleeps. */
void module_notify_panic(char *text);	 /* the last that is done. Interrupts off. */
void module_notify_die(const char *what, struct pt_regs *regs, long error); /* an oops. Likewise. */

#endif
