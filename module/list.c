/*
 * The modules there are: /proc/modules, and whose an address is.
 *
 * OWNS     nothing; reads module_list.
 * LOCKS    module_mutex.   CONTEXT  tasks; sleeps.   SOURCES  proc(5), lsmod(8); Linux's kernel/module prints the columns:
 *          name, bytes, references, users, state, address, taints.   TESTED BY  module_basic (guest)
 */
#include "module/module_impl.h"
#include "module/view_impl.h"

#include "fs/proc.h"
#include "kernel/cred.h"
#include "lib/string.h"
#include "sync/kassert.h"

const char *module_name(const struct module *mod)
{
	return mod->name;
}

const char *module_state_name(const struct module *mod)
{
	static const char *const names[] = { "Live", "Loading", "Unloading" };

	return names[mod->state];
}

static void put_users(struct seq_file *m, const struct module *mod)
{
	const struct module_use *u;
	bool any = false;

	seq_printf(m, " %d ", max_of(int, atomic_read(&mod->refcnt) - 1, 0));
	list_for_each_entry (u, &mod->users, target_link) {
		seq_printf(m, "%s,", u->source->name);
		any = true;
	}
	if (mod->init_fn && !mod->exit_fn) {
		seq_puts(m, "[permanent],");
		any = true;
	}
	if (!any)
		seq_putc(m, '-');
}

static void put_module(struct seq_file *m, const struct module *mod)
{
	unsigned long base = capable(CAP_SYS_ADMIN) ? (unsigned long)mod->core.base : 0;
	char taints[TAINT_TEXT];

	seq_printf(m, "%s %zu", mod->name, mod->core.size + mod->init.size);
	put_users(m, mod);
	seq_printf(m, " %s 0x%0*lx", module_state_name(mod), (int)sizeof(base) * 2, base);
	module_taints(mod, taints);
	if (*taints)
		seq_printf(m, " %s", taints);
	seq_putc(m, '\n');
}

static int modules_show(struct seq_file *m)
{
	const struct module *mod;

	mutex_lock(&module_mutex);
	list_for_each_entry (mod, &module_list, list)
		put_module(m, mod);
	mutex_unlock(&module_mutex);
	return 0;
}

static bool block_has(const struct module_block *b, kaddr_t addr)
{
	return addr - (kaddr_t)b->base < b->size;
}

bool module_has(const struct module *mod, kaddr_t addr)
{
	return block_has(&mod->core, addr) || block_has(&mod->init, addr);
}

struct module *module_of(kaddr_t addr)
{
	struct module *mod, *found = NULL;

	mutex_lock(&module_mutex);
	list_for_each_entry (mod, &module_list, list) {
		if (module_has(mod, addr))
			found = mod;
	}
	mutex_unlock(&module_mutex);
	return found;
}

void modules_init(void)
{
	static struct proc_entry modules = { .show = modules_show };

	view_mm_init();
	boot_need(proc_register("modules", 0444, &modules), "/proc/", "modules");
}
