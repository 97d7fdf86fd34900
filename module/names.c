/*
 * The names of modules' functions, and which addresses are modules' code: for traces of the stack, %pS, oopses.
 *
 * OWNS     a module's list of its functions (mod->functions), made when it is loaded; code_lock.
 * WHY      an oops says in which function of which module it was, and what becomes of the machine hangs on whether a module was
 *          on the stack. A trap may come anywhere, so that it can only try the lock; who holds it changes a list and nothing else.
 * I1       a module in which a task has ended (crashed) has one use for that: counted at once when it is live (held); else it is
 *          init's own, which init then does not give back, or never comes to.
 * LOCKS    code_lock, interrupts off: for changes of module_list and of where the code of those on it lies, beside
 *          module_mutex (readers have one of the two); crashed and held.
 * CONTEXT  lookups: any.   COST  a lookup: O(functions of the module).   FAILS  -ENOMEM.
 * TESTED BY  module_oops (guest)
 */
#include "module/api.h"
#include "module/module_impl.h"
#include "module/oops.h"
#include "module/relfile.h"

#include "arch/machine.h"
#include "base/errno.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "mm/vmalloc.h"
#include "sync/failpoint.h"
#include "sync/klog.h"

enum { TRIES = 1 << 20, LINE_TEXT = 400 };

struct module_function {
	unsigned long addr, size;
	const char *name; /* behind the last of the list */
};

static struct spinlock code_lock = SPINLOCK_INIT(RANK_OBJECT);

irqflags_t module_code_lock(void) no_lock_analysis
{
	return spin_lock_irqsave(&code_lock);
}

void module_code_unlock(irqflags_t flags) no_lock_analysis
{
	spin_unlock_irqrestore(&code_lock, flags);
}

static bool try_lock(irqflags_t *flags) no_lock_analysis
{
	*flags = irq_save();
	for (unsigned i = 0; i < TRIES; i++) {
		if (spin_trylock(&code_lock))
			return true;
		cpu_relax();
	}
	irq_restore(*flags);
	return false;
}

static void unlock(irqflags_t flags) no_lock_analysis
{
	spin_unlock(&code_lock);
	irq_restore(flags);
}

/* ---- the list of functions ---- */

static bool is_function(const struct load_ctx *x, unsigned nr, struct rel_symbol *s)
{
	relfile_symbol(x->file, nr, s);
	return s->type == SYMBOL_FUNC && s->section != SYMBOL_UNDEF && s->section != SYMBOL_ABS &&
	       x->addr[s->section] && *s->name;
}

int module_note_functions(struct load_ctx *x)
{
	struct module *mod = x->mod;
	struct rel_symbol s;
	size_t bytes = 0;
	unsigned nr = 0;
	char *text;

	for (unsigned i = 1; i < x->file->nr_symbols; i++)
		if (is_function(x, i, &s)) {
			bytes += sizeof(*mod->functions) + strlen(s.name) + 1;
			nr++;
		}
	mod->functions = failpoint("module_names") ? NULL : kvzalloc(bytes + 1);
	if (!mod->functions)
		return -ENOMEM;
	text = (char *)(mod->functions + nr);
	for (unsigned i = 1; i < x->file->nr_symbols; i++) {
		struct module_function *f = &mod->functions[mod->nr_functions];

		if (!is_function(x, i, &s))
			continue;
		*f = (struct module_function){ x->values[i], (unsigned long)s.size, text };
		memcpy(text, s.name, strlen(s.name) + 1);
		text += strlen(s.name) + 1;
		mod->nr_functions++;
	}
	return 0;
}

/* ---- looking up ---- */

static bool block_has_code(const struct module_block *b, kaddr_t addr)
{
	return b->base && addr - (kaddr_t)b->base < b->end[BLOCK_CODE];
}

static struct module *find(kaddr_t addr)
{
	struct module *mod;

	list_for_each_entry (mod, &module_list, list)
		if (block_has_code(&mod->core, addr) || block_has_code(&mod->init, addr))
			return mod;
	return NULL;
}

bool modules_any(void)
{
	return !list_empty(&module_list);
}

bool module_code_has(kaddr_t addr)
{
	irqflags_t flags;
	bool has;

	if (!addr || !modules_any() || !try_lock(&flags))
		return false;
	has = find(addr);
	unlock(flags);
	return has;
}

/* The function at or below @addr; NULL: none is. */
static const struct module_function *function_of(const struct module *mod, kaddr_t addr)
{
	const struct module_function *best = NULL;

	for (unsigned i = 0; i < mod->nr_functions; i++) {
		const struct module_function *f = &mod->functions[i];

		if (f->addr <= addr && (!best || f->addr > best->addr))
			best = f;
	}
	return best;
}

size_t module_symbol_format(kaddr_t addr, char *buf, size_t size)
{
	const struct module_function *f;
	const struct module *mod;
	irqflags_t flags;
	size_t n = 0;

	if (!addr || !modules_any() || !try_lock(&flags))
		return 0;
	mod = find(addr);
	f = mod ? function_of(mod, addr) : NULL;
	if (f)
		n = fmt_scnprintf(buf, size, "%s+0x%lx/0x%lx [%s]", f->name, addr - f->addr,
				  f->size, mod->name);
	else if (mod)
		n = fmt_scnprintf(buf, size, "0x%lx [%s]", addr, mod->name);
	unlock(flags);
	return n;
}

bool module_function_range(kaddr_t addr, kaddr_t *start, kaddr_t *end)
{
	const struct module *mod = module_of(addr);
	const struct module_function *f = mod ? function_of(mod, addr) : NULL;

	if (!f || addr - f->addr >= f->size || !block_has_code(&mod->core, addr))
		return false;
	*start = f->addr;
	*end = f->addr + f->size;
	return true;
}

/* What is exported under that name, a function of the kernel, a module's; 0: none. */
unsigned long module_kallsyms_lookup_name(const char *name)
{
	const struct module *mod;
	kaddr_t addr = module_export_address(name);
	irqflags_t flags;

	if (!addr)
		addr = symbol_address(name);
	if (addr || !try_lock(&flags))
		return addr;
	list_for_each_entry (mod, &module_list, list)
		for (unsigned i = 0; i < mod->nr_functions && !addr; i++)
			if (!strcmp(mod->functions[i].name, name))
				addr = mod->functions[i].addr;
	unlock(flags);
	return addr;
}

/* ---- reports ---- */

void module_taints(const struct module *mod, char *buf)
{
	const char state = mod->state == MODULE_COMING ? '+' : mod->state == MODULE_GOING ? '-' : 0;
	size_t n = 0;

	*buf = '\0';
	if (!mod->taints && !state)
		return;
	buf[n++] = '(';
	n += taint_letters(mod->taints, buf + n);
	if (state)
		buf[n++] = state;
	buf[n++] = ')';
	buf[n] = '\0';
}

void modules_print(void)
{
	char line[LINE_TEXT], taints[TAINT_TEXT];
	const struct module *mod;
	irqflags_t flags;
	size_t n = fmt_scnprintf(line, sizeof(line), "Modules linked in:");

	if (!try_lock(&flags))
		return;
	list_for_each_entry (mod, &module_list, list) {
		module_taints(mod, taints);
		n += fmt_scnprintf(line + n, sizeof(line) - n, " %s%s", mod->name, taints);
	}
	unlock(flags);
	pr_err("%s", line);
}

static bool is_on(const struct module *mod, const unsigned long *ips, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (block_has_code(&mod->core, ips[i] - 1) ||
		    block_has_code(&mod->init, ips[i] - 1))
			return true;
	return !n;
}

void module_code_crashed(const unsigned long *ips, unsigned n)
{
	struct module *mod;
	irqflags_t flags;

	if (!try_lock(&flags))
		return;
	list_for_each_entry (mod, &module_list, list) {
		if (mod->crashed || !is_on(mod, ips, n))
			continue;
		mod->crashed = true;
		if (mod->state == MODULE_LIVE) { /* while it comes its init has one */
			mod->held = true;
			atomic_inc(&mod->refcnt);
		}
	}
	unlock(flags);
}

bool module_init_keeps(struct module *mod)
{
	irqflags_t flags = module_code_lock();
	bool keeps = mod->crashed && !mod->held;

	mod->held |= keeps;
	module_code_unlock(flags);
	return keeps;
}
