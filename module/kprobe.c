/*
 * Kprobes: a module's function runs whenever an instruction of the kernel, or of a module, is about to be executed.
 *
 *	breakpoint ─ trap ─ pre_handlers ─ the instruction's copy in the slot ─ breakpoint behind it ─ post_handlers ─ next one
 *
 * OWNS     struct site: one for each place with probes.
 * WHY      what a slot ends with is a breakpoint, too: its address says which site it is of. So a CPU keeps nothing while the
 *          copy runs, and an interrupt, even one with probes, may come there.
 * I1       a site is in the list as long as its breakpoint, or a CPU in its slot, can be met: the byte goes first, then every
 *          CPU comes by (everywhere), then the site goes, then every CPU comes by again.
 * I2       while a handler runs on a CPU no other does: probes it meets itself are counted in nmissed.
 * LOCKS    probe_mutex for changes. Traps read the lists without: they hold the CPU until they are done.
 * CONTEXT  register, unregister: tasks; sleep. Traps: any, interrupts off.
 * FAILS    as Linux: -EINVAL (a place that cannot have one, registered already), -ENOENT (no such symbol), -EILSEQ (inside an
 *          instruction), -ENOMEM.
 * NOT HERE what instructions are (arch/probe.h), returns (kretprobe.c).
 * SOURCES  Linux Documentation/trace/kprobes.rst.   TESTED BY  module_api (guest)
 */
#include "module/probe.h"

#include "arch/machine.h"
#include "arch/percpu.h"
#include "base/errno.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "mm/vmalloc.h"
#include "module/adapt.h"
#include "module/module_impl.h"
#include "module/pages.h"
#include "sync/failpoint.h"
#include "sync/klog.h"

enum { WIDE = sizeof(long) == 8, WHERE_TEXT = 96 };

/* p: probe_mutex to write, traps read */
struct site {
	struct site *next; /* p */
	kaddr_t at;
	struct kprobe_view *first; /* p */
	unsigned char *text;	   /* the page of @at, writable */
	unsigned char *slot;
	unsigned char byte; /* what was at @at */
	struct probe_insn insn;
};

static struct mutex probe_mutex = MUTEX_INIT(probe_mutex, RANK_MODULE_USE);
static struct site *sites;
section_("percpu") static struct kprobe_view *running;

/* ---- traps ---- */

noprobe struct kprobe_view *module_probe_begin(struct kprobe_view *p)
{
	struct kprobe_view *before = this_cpu(running);

	this_cpu(running) = p;
	return before;
}

bool module_in_probe(void)
{
	return this_cpu(running);
}

static noprobe struct site *site_at(kaddr_t at)
{
	struct site *s = READ_ONCE(sites);

	while (s && s->at != at)
		s = READ_ONCE(s->next);
	return s;
}

static noprobe kaddr_t slot_end(const struct site *s)
{
	return (kaddr_t)s->slot + (s->insn.kind == PROBE_CALL ? 5 : s->insn.len);
}

static noprobe struct site *site_of_slot(kaddr_t at)
{
	struct site *s = READ_ONCE(sites);

	while (s && slot_end(s) != at)
		s = READ_ONCE(s->next);
	return s;
}

static noprobe void after(const struct site *s, struct pt_regs *regs)
{
	if (this_cpu(running))
		return;
	for (struct kprobe_view *p = READ_ONCE(s->first); p; p = READ_ONCE(p->next)) {
		if (!p->post_handler || (p->flags & PROBE_DISABLED))
			continue;
		(void)module_probe_begin(p);
		p->post_handler(p, regs, 0);
		(void)module_probe_begin(NULL);
	}
}

/* Return: true, a handler has said where to go on. */
static noprobe bool before(const struct site *s, struct pt_regs *regs)
{
	for (struct kprobe_view *p = READ_ONCE(s->first); p; p = READ_ONCE(p->next)) {
		int own;

		if (p->flags & PROBE_DISABLED)
			continue;
		if (this_cpu(running)) {
			p->nmissed++;
			continue;
		}
		if (!p->pre_handler)
			continue;
		(void)module_probe_begin(p);
		own = p->pre_handler(p, regs);
		(void)module_probe_begin(NULL);
		if (own)
			return true;
	}
	return false;
}

static noprobe void hit(const struct site *s, struct pt_regs *regs)
{
	if (before(s, regs))
		return;
	if (s->insn.kind == PROBE_GO || s->insn.kind == PROBE_COND) {
		regs->ip = probe_insn_next(&s->insn, regs->flags);
		after(s, regs);
	} else {
		regs->ip = (kaddr_t)s->slot;
	}
}

noprobe bool kprobe_trap(struct pt_regs *regs)
{
	const kaddr_t at = regs->ip - 1;
	const struct site *s = site_at(at);

	if (s) {
		hit(s, regs);
		return true;
	}
	s = site_of_slot(at);
	if (s) {
		regs->ip = s->insn.kind == PROBE_CALL ? s->insn.target : s->insn.next;
		after(s, regs);
		return true;
	}
	if (at == (kaddr_t)probe_return_here)
		return module_probe_returned(regs);
	if (*(const unsigned char *)at == PROBE_BREAKPOINT)
		return false;
	regs->ip = at; /* it was taken away meanwhile */
	return true;
}

void module_probe_crashed(void)
{
	this_cpu(running) = NULL;
}

/* ---- places ---- */

static void serialize(void *unused)
{
	cpu_serialize();
}

/* Every CPU has finished what it was at in the kernel, and fetches instructions anew. */
static void everywhere(void)
{
	const unsigned long cpus = module_cpus_online();

	for (unsigned cpu = 0; cpu < CFG_NR_CPUS; cpu++)
		if (cpus >> cpu & 1)
			(void)module_on_cpu(cpu, serialize, NULL);
}

void module_probes_settle(void)
{
	everywhere();
}

/* Code at @at as it is without probes. */
static void read_code(kaddr_t at, unsigned char *buf, unsigned n)
{
	memcpy(buf, (const void *)at, n);
	for (const struct site *s = sites; s; s = s->next)
		if (s->at - at < n)
			buf[s->at - at] = s->byte;
}

/* Is an instruction there? Functions are read from their beginning. */
static int check_boundary(kaddr_t at, kaddr_t start, kaddr_t end)
{
	unsigned char code[PROBE_INSN_MAX];

	while (start < at) {
		const unsigned n = min_of(unsigned, PROBE_INSN_MAX, (unsigned)(end - start));
		unsigned len;

		read_code(start, code, n);
		len = probe_insn_length(code, n, WIDE);
		if (!len)
			return -EILSEQ;
		start += len;
	}
	return start == at ? 0 : -EILSEQ;
}

static int check_place(kaddr_t at)
{
	const struct module *mod = module_of(at);
	kaddr_t start, end;

	if (!mod && !probe_allowed(at))
		return -EINVAL;
	if (mod ? !module_function_range(at, &start, &end) : !symbol_range(at, &start, &end))
		return -EINVAL;
	return check_boundary(at, start, end);
}

static void site_free(struct site *s)
{
	vunmap(s->text);
	vfree_module(s->slot);
	kfree(s);
}

static int site_prepare(struct site *s, kaddr_t at)
{
	struct page *page = module_vmalloc_to_page((const void *)at);
	unsigned char code[PROBE_INSN_MAX];
	int err;

	s->at = at;
	s->slot = vmalloc_module(PAGE_SIZE);
	s->text = page ? vmap(&page, 1) : NULL;
	if (!s->slot || !s->text)
		return page ? -ENOMEM : -EINVAL;
	read_code(at, code, PROBE_INSN_MAX);
	err = probe_insn_make(&s->insn, code, at, (kaddr_t)s->slot, WIDE);
	if (err)
		return err;
	s->byte = code[0];
	memcpy(s->slot, s->insn.slot, PROBE_SLOT);
	vmalloc_protect(s->slot, PAGE_SIZE, VM_RIGHTS_CODE);
	return 0;
}

static void site_poke(const struct site *s, unsigned char byte)
{
	WRITE_ONCE(s->text[s->at & ~PAGE_MASK], byte);
	everywhere();
}

static int site_new(kaddr_t at, struct kprobe_view *first)
{
	int err = check_place(at);
	struct site *s;

	if (err)
		return err;
	s = failpoint("kprobe") ? NULL : kzalloc(sizeof(*s), GFP_KERNEL);
	if (!s)
		return -ENOMEM;
	err = site_prepare(s, at);
	if (err) {
		site_free(s);
		return err;
	}
	first->next = NULL;
	s->first = first;
	s->next = sites;
	__atomic_store_n(&sites, s, __ATOMIC_RELEASE);
	site_poke(s, PROBE_BREAKPOINT);
	return 0;
}

/* Without its last probe: I1. */
static void site_remove(struct site *gone)
{
	struct site **at = &sites;

	site_poke(gone, gone->byte);
	while (*at != gone)
		at = &(*at)->next;
	WRITE_ONCE(*at, gone->next);
	everywhere();
	site_free(gone);
}

/* ---- what modules call ---- */

/* What Linux's exercises probe, where the function that does it has another name here. Its arguments differ. */
static const char *name_here(const char *name)
{
	static const char *const pairs[][2] = {
		{ "kernel_clone", "do_clone" },
		{ "_do_fork", "do_clone" },
		{ "do_fork", "do_clone" },
		{ "vfs_read", "file_read" },
		{ "vfs_write", "file_write" },
		{ "do_sys_open", "do_open" },
		{ "do_sys_openat2", "do_open" },
		{ "do_execve", "do_exec" },
		{ "do_execveat_common", "do_exec" },
		{ "__schedule", "schedule" },
		{ "__alloc_pages", "alloc_pages_nodemask" },
		{ "__alloc_pages_nodemask", "alloc_pages_nodemask" },
		{ "__kmalloc", "kmalloc" },
		{ "do_page_fault", "page_fault_user" },
		{ "exc_page_fault", "page_fault_user" },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(pairs); i++)
		if (!strcmp(name, pairs[i][0]))
			return pairs[i][1];
	return name;
}

static int find_address(struct kprobe_view *p)
{
	unsigned long at;

	if (!p->symbol_name == !p->addr)
		return -EINVAL;
	at = p->symbol_name ? module_kallsyms_lookup_name(name_here(p->symbol_name))
			    : (unsigned long)p->addr;
	if (!at)
		return -ENOENT;
	p->addr = (unsigned char *)at + p->offset;
	return 0;
}

static struct site *site_of(const struct kprobe_view *p)
{
	for (struct site *s = sites; s; s = s->next)
		for (const struct kprobe_view *q = s->first; q; q = q->next)
			if (q == p)
				return s;
	return NULL;
}

static int add(struct kprobe_view *p)
{
	struct site *s = site_at((kaddr_t)p->addr);

	if (!s)
		return site_new((kaddr_t)p->addr, p);
	p->next = s->first;
	__atomic_store_n(&s->first, p, __ATOMIC_RELEASE);
	return 0;
}

int module_register_kprobe(struct kprobe_view *p)
{
	int err;

	mutex_lock(&probe_mutex);
	err = site_of(p) ? -EINVAL : find_address(p);
	if (!err) {
		p->flags &= PROBE_DISABLED;
		p->nmissed = 0;
		err = add(p);
	}
	if (!err)
		p->opcode = site_of(p)->byte;
	mutex_unlock(&probe_mutex);
	return err;
}

static void remove_locked(struct kprobe_view *p) must_hold(&probe_mutex)
{
	struct site *s = site_of(p);
	struct kprobe_view **at;

	if (!s)
		return;
	if (s->first == p && !p->next) {
		site_remove(s);
	} else {
		at = &s->first;
		while (*at != p)
			at = &(*at)->next;
		WRITE_ONCE(*at, p->next);
		everywhere();
	}
	p->flags |= PROBE_GONE;
}

void module_unregister_kprobe(struct kprobe_view *p)
{
	mutex_lock(&probe_mutex);
	remove_locked(p);
	mutex_unlock(&probe_mutex);
}

int module_kprobe_enable(struct kprobe_view *p, bool on)
{
	int err = 0;

	mutex_lock(&probe_mutex);
	if (!site_of(p))
		err = -EINVAL;
	else if (on)
		p->flags &= ~(uint32_t)PROBE_DISABLED;
	else
		p->flags |= PROBE_DISABLED;
	mutex_unlock(&probe_mutex);
	return err;
}

/* A probe of @mod, or in its code. */
static struct kprobe_view *find_left(const struct module *mod)
{
	for (const struct site *s = sites; s; s = s->next)
		for (struct kprobe_view *p = s->first; p; p = p->next)
			if (module_has(mod, (kaddr_t)p) || module_has(mod, s->at))
				return p;
	return NULL;
}

void module_probes_left(const struct module *mod)
{
	struct kprobe_view *p;
	char where[WHERE_TEXT];

	mutex_lock(&probe_mutex);
	while ((p = find_left(mod))) {
		if (module_has(mod, (kaddr_t)p)) {
			symbol_format((kaddr_t)p->addr, where, sizeof(where));
			pr_warn("%s: it has not unregistered its probe of %s", mod->name, where);
		}
		remove_locked(p);
	}
	mutex_unlock(&probe_mutex);
	module_kretprobes_left(mod);
}
