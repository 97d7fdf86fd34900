/*
 * What a module may use: the kernel's exports, and those of modules loaded before it.
 *
 * OWNS     module_exports[], the kernel's table, and the records of who uses whose symbols.
 * WHY      the table is a constant array that is searched when a module is loaded: it costs nothing at boot and nothing at run
 *          time. A symbol with a namespace is for those who import it (MODULE_IMPORT_NS): so the parts of the kernel that
 *          Linux's modules cannot know are not used by accident.
 * I1       a module in somebody's providers has one count for it and is not unloaded.
 * LOCKS    module_mutex.   CONTEXT  a task; sleeps.
 * FAILS    -ENOENT: nobody has it; -EINVAL: its namespace is not imported; -ENOMEM.   TESTED BY  module_basic (guest)
 */
#include "module/module_impl.h"
#include "module/relfile.h"

#include "base/errno.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "sync/failpoint.h"
#include "sync/klog.h"

/* By address only, so that no declaration is needed here: the table names functions of every room. */
#define EXPORT_AS(name, symbol) EXPORT_NS(name, symbol, NULL)
#define EXPORT(name)		EXPORT_AS(name, name)
#define EXPORT_MAYBE(name)                                                                         \
	extern const char export_of_##name[] __asm__(#name) __attribute__((weak));
#define EXPORT_NS(name, symbol, ns) extern const char export_of_##name[] __asm__(#symbol);
#include "module/exports.inc"
#undef EXPORT_MAYBE
#undef EXPORT_NS
#define EXPORT_MAYBE(name)	    EXPORT(name)
#define EXPORT_NS(name, symbol, ns) { #name, export_of_##name, ns },
const struct module_symbol module_exports[] = {
#include "module/exports.inc"
};
const unsigned module_nr_exports = ARRAY_SIZE(module_exports);

static const struct module_symbol *find_in(const struct module_symbol *table, unsigned nr,
					   const char *name)
{
	for (unsigned i = 0; i < nr; i++)
		if (table[i].addr && !strcmp(table[i].name, name))
			return &table[i];
	return NULL;
}

unsigned long module_export_address(const char *name)
{
	const struct module_symbol *s = find_in(module_exports, module_nr_exports, name);

	return s ? (unsigned long)s->addr : 0;
}

/* *owner: the module that has it, NULL the kernel. */
static const struct module_symbol *find_symbol(const char *name, struct module **owner)
{
	const struct module_symbol *s = find_in(module_exports, module_nr_exports, name);
	struct module *mod;

	*owner = NULL;
	if (s)
		return s;
	list_for_each_entry (mod, &module_list, list) {
		s = find_in(mod->exports, mod->nr_exports, name);
		if (s && mod->state != MODULE_GOING) {
			*owner = mod;
			return s;
		}
	}
	return NULL;
}

static bool imports(const struct load_ctx *x, const char *ns)
{
	const char *have = NULL;

	while ((have = module_info_next(x, "import_ns", have)))
		if (!strcmp(have, ns))
			return true;
	return false;
}

/* @mod needs @target from now on. */
static int use(struct module *mod, struct module *target)
{
	struct module_use *u;

	list_for_each_entry (u, &mod->providers, source_link)
		if (u->target == target)
			return 0;
	if (target->state != MODULE_LIVE || !module_try_get(target))
		return -EBUSY;
	u = failpoint("module_use") ? NULL : kmalloc(sizeof(*u), GFP_KERNEL);
	if (!u) {
		module_put(target);
		return -ENOMEM;
	}
	u->source = mod;
	u->target = target;
	list_add_tail(&u->source_link, &mod->providers);
	list_add_tail(&u->target_link, &target->users);
	return 0;
}

static int resolve(struct load_ctx *x, const struct rel_symbol *s, unsigned long *value)
{
	const struct module_symbol *found;
	struct module *owner;
	int err = -ENOENT;

	if (!strcmp(s->name, "__this_module")) {
		*value = (unsigned long)x->mod;
		return 0;
	}
	found = find_symbol(s->name, &owner);
	if (!found && s->bind == SYMBOL_WEAK)
		return 0;
	if (found && found->ns && !imports(x, found->ns)) {
		pr_err("%s: module uses symbol (%s) from namespace %s, but does not import it.",
		       x->mod->name, s->name, found->ns);
		err = -EINVAL;
	} else if (found) {
		if (!strcmp(s->name, "init_task"))
			module_uses_init_task();
		if (!strcmp(s->name, "module_files_wanted"))
			x->mod->uses_files = true;
		if (!strcmp(s->name, "jiffies"))
			module_uses_jiffies();
		err = owner ? use(x->mod, owner) : 0;
		*value = (unsigned long)found->addr;
	}
	if (err)
		pr_warn("%s: Unknown symbol %s (err %d)", x->mod->name, s->name, err);
	return err;
}

int module_link(struct load_ctx *x)
{
	int err = 0;

	mutex_lock(&module_mutex);
	for (unsigned i = 1; i < x->file->nr_symbols; i++) {
		struct rel_symbol s;
		int one = 0;

		relfile_symbol(x->file, i, &s);
		if (s.section == SYMBOL_ABS)
			x->values[i] = (unsigned long)s.value;
		else if (s.section != SYMBOL_UNDEF)
			x->values[i] = x->addr[s.section] + (unsigned long)s.value;
		else
			one = resolve(x, &s, &x->values[i]);
		err = err ? err : one;
	}
	mutex_unlock(&module_mutex);
	return err;
}

void module_drop_providers(struct module *mod)
{
	struct module_use *u, *next;

	mutex_lock(&module_mutex);
	list_for_each_entry_safe (u, next, &mod->providers, source_link) {
		list_del(&u->source_link);
		list_del(&u->target_link);
		module_put(u->target);
		kfree(u);
	}
	mutex_unlock(&module_mutex);
}
