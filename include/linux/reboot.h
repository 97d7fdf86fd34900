/* Who wants to know that the machine restarts or ends. */
#ifndef _LINUX_REBOOT_H
#define _LINUX_REBOOT_H

#include <linux/notifier.h>

#define SYS_DOWN      0x0001
#define SYS_RESTART   SYS_DOWN
#define SYS_HALT      0x0002
#define SYS_POWER_OFF 0x0003

extern struct blocking_notifier_head module_reboot_chain;
#define register_reboot_notifier(nb)   blocking_notifier_chain_register(&module_reboot_chain, nb)
#define unregister_reboot_notifier(nb) blocking_notifier_chain_unregister(&module_reboot_chain, nb)

#endif
