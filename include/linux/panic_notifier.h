/* Who wants to know that the kernel panics. */
#ifndef _LINUX_PANIC_NOTIFIER_H
#define _LINUX_PANIC_NOTIFIER_H

#include <linux/notifier.h>

extern struct atomic_notifier_head module_panic_chain;
#define panic_notifier_list module_panic_chain

#endif
