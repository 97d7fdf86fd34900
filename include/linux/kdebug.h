/* Who wants to know of oopses. Reports of breakpoints and traps go to kprobes alone. */
#ifndef _LINUX_KDEBUG_H
#define _LINUX_KDEBUG_H

#include <linux/notifier.h>
#include <linux/ptrace.h>

enum die_val {
	DIE_OOPS = 1,
	DIE_INT3,
	DIE_DEBUG,
	DIE_PANIC,
	DIE_NMI,
	DIE_DIE,
	DIE_KERNELDEBUG,
	DIE_TRAP,
	DIE_GPF,
	DIE_CALL,
	DIE_PAGE_FAULT,
	DIE_NMIUNKNOWN
};
struct die_args {
	struct pt_regs *regs;
	const char *str;
	long err;
	int trapnr, signr;
};

extern struct atomic_notifier_head module_die_chain;
#define register_die_notifier(nb)   atomic_notifier_chain_register(&module_die_chain, nb)
#define unregister_die_notifier(nb) atomic_notifier_chain_unregister(&module_die_chain, nb)

#endif
