/*
 * Chains of modules' functions that the kernel calls: before it restarts or ends, when it panics, at an oops, when memory has
 * run out, when a module comes or goes.
 *
 * OWNS     the heads of the chains, by the layout of include/linux/notifier.h, whose macros modules register with.
 * I1       no chain has a function of a module that has gone: what it forgets is taken off, with a warning.
 * LOCKS    a blocking chain's rwsem while its functions run; an atomic one's lock. A panic takes none: it is alone.
 * CONTEXT  reboot, memory, modules: tasks, may sleep. Oops, panic: any.
 * SOURCES  Linux Documentation/driver-api/basics.rst, "Notifiers".   TESTED BY  module_course (guest), the boots ARCH/panic-oops
 */
#include "module/notify.h"

#include "base/errno.h"
#include "kernel/signal.h"
#include "module/api.h"
#include "module/module_impl.h"
#include "sync/klog.h"

struct notifier_view { /* struct notifier_block */
	int (*call)(struct notifier_view *nb, unsigned long action, void *data);
	struct notifier_view *next;
	int priority;
};
struct atomic_chain { /* struct atomic_notifier_head */
	struct lock_view lock;
	struct notifier_view *head;
};
struct blocking_chain { /* struct blocking_notifier_head */
	struct rwsem_view rwsem;
	struct notifier_view *head;
};
struct die_args_view { /* struct die_args */
	struct pt_regs *regs;
	const char *str;
	long err;
	int trapnr, signr;
};

enum { NOTIFY_STOP_MASK = 0x8000, DIE_OOPS = 1 };

#define BLOCKING_CHAIN_INIT(name)                                                                  \
	{                                                                                          \
		.rwsem = {.wait = WAITQ_VIEW_INIT((name).rwsem.wait) }                             \
	}
struct atomic_chain module_panic_chain, module_die_chain;
struct blocking_chain module_reboot_chain = BLOCKING_CHAIN_INIT(module_reboot_chain),
		      module_oom_chain = BLOCKING_CHAIN_INIT(module_oom_chain),
		      module_state_chain = BLOCKING_CHAIN_INIT(module_state_chain);

static void call_all(struct notifier_view *nb, unsigned long action, void *data)
{
	for (struct notifier_view *next; nb; nb = next) {
		next = nb->next;
		if (nb->call(nb, action, data) & NOTIFY_STOP_MASK)
			return;
	}
}

static void call_blocking(struct blocking_chain *c, unsigned long action, void *data)
{
	if (!READ_ONCE(c->head))
		return;
	module_rwsem_down(&c->rwsem, false);
	module_entered();
	call_all(c->head, action, data);
	module_rwsem_up(&c->rwsem, false);
}

void module_notify_reboot(enum reboot_notice what)
{
	call_blocking(&module_reboot_chain, what, NULL);
}

bool module_notify_oom(void)
{
	unsigned long freed = 0;

	call_blocking(&module_oom_chain, 0, &freed);
	return freed > 0;
}

void module_notify_state(struct module *mod, enum module_state state)
{
	call_blocking(&module_state_chain, state, mod);
}

void module_notify_panic(char *text)
{
	call_all(module_panic_chain.head, 0, text);
}

/* A function that dies itself ends the walk: its report finds the lock taken, and is the last. */
void module_notify_die(const char *what, struct pt_regs *regs, long error)
{
	struct die_args_view args = { .regs = regs, .str = what, .err = error, .signr = SIGSEGV };

	if (READ_ONCE(module_die_chain.head))
		call_all(module_die_chain.head, DIE_OOPS, &args);
}

/* ---- who wants to know of modules ---- */

static int on_chain(struct notifier_view ***at, const struct notifier_view *nb)
{
	while (**at && **at != nb)
		*at = &(**at)->next;
	return **at == nb;
}

int module_register_notifier(struct notifier_view *nb)
{
	struct notifier_view **at = &module_state_chain.head;
	int err;

	module_rwsem_down(&module_state_chain.rwsem, true);
	err = on_chain(&at, nb) ? -EEXIST : 0;
	for (at = &module_state_chain.head; !err && *at && (*at)->priority >= nb->priority;)
		at = &(*at)->next;
	if (!err) {
		nb->next = *at;
		*at = nb;
	}
	module_rwsem_up(&module_state_chain.rwsem, true);
	return err;
}

int module_unregister_notifier(struct notifier_view *nb)
{
	struct notifier_view **at = &module_state_chain.head;
	int err = -ENOENT;

	module_rwsem_down(&module_state_chain.rwsem, true);
	if (on_chain(&at, nb)) {
		*at = nb->next;
		err = 0;
	}
	module_rwsem_up(&module_state_chain.rwsem, true);
	return err;
}

/* ---- a module goes ---- */

static void drop_from(struct notifier_view **at, const char *chain, const struct module *mod)
{
	for (struct notifier_view *nb; (nb = *at);) {
		if (!module_has(mod, (kaddr_t)nb) && !module_has(mod, (kaddr_t)nb->call)) {
			at = &nb->next;
			continue;
		}
		pr_warn("%s: its %s notifier was left behind; removed", mod->name, chain);
		*at = nb->next;
	}
}

static void drop_from_blocking(struct blocking_chain *c, const char *chain,
			       const struct module *mod)
{
	module_rwsem_down(&c->rwsem, true);
	drop_from(&c->head, chain, mod);
	module_rwsem_up(&c->rwsem, true);
}

static void drop_from_atomic(struct atomic_chain *c, const char *chain, const struct module *mod)
{
	module_spin_lock(&c->lock);
	drop_from(&c->head, chain, mod);
	module_spin_unlock(&c->lock);
}

void module_notifiers_left(const struct module *mod)
{
	drop_from_blocking(&module_reboot_chain, "reboot", mod);
	drop_from_blocking(&module_oom_chain, "oom", mod);
	drop_from_blocking(&module_state_chain, "module", mod);
	drop_from_atomic(&module_panic_chain, "panic", mod);
	drop_from_atomic(&module_die_chain, "die", mod);
}
