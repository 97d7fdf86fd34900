/*
 * Loading a module: from the bytes of a file to code that has run its init.
 *
 *	relfile_open ── names, vermagic ── layout: memory, sections copied ── link: values of all symbols ── relocations ──
 *	read-only what is constant, executable what is code ── on the list, COMING ── parameters ── /sys ── init() ══ LIVE
 *
 * OWNS     struct load_ctx for the time of one call; the struct module until it is on the list.
 * WHY      whatever can be wrong with the file is found before anything of it is visible; from there on an error takes the module
 *          off the list again and frees it. One ladder, module_free, undoes every state.
 * I1       code is never writable: it is written first, then given its rights, and only then run.
 * LOCKS    module_mutex for the list; not held while init runs, so that init may load modules itself and sleep.
 * CONTEXT  a task with CAP_SYS_MODULE; sleeps.
 * FAILS    as init_module(2); every failure is a line in the log, and leaves nothing behind.
 * NOT HERE checking the bytes (relfile.c), /proc and /sys (list.c, sysfs.c), system calls (sys/sys_module.c).
 * SOURCES  init_module(2), delete_module(2), modinfo(8).   TESTED BY  module_basic, module_refused (guest)
 */
#include "module/module_impl.h"
#include "module/relfile.h"

#include "arch/abi.h"
#include "arch/machine.h"
#include "base/errno.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "mm/vmalloc.h"
#include "module/calls.h"
#include "module/view_impl.h"
#include "sync/failpoint.h"
#include "sync/klog.h"

struct mutex module_mutex = MUTEX_INIT(module_mutex, RANK_MODULE);
struct list_head module_list = LIST_HEAD_INIT(module_list);
static struct waitq state_changed = WAITQ_INIT(state_changed);

/* ---- .modinfo: "key=value" strings ---- */

const char *module_info_next(const struct load_ctx *x, const char *key, const char *prev)
{
	const char *end = x->info + x->info_len, *p = prev ? prev : x->info;
	size_t len = strlen(key);

	if (prev)
		p += strlen(prev) + 1;
	for (; p < end; p += strlen(p) + 1)
		if (!strncmp(p, key, len) && p[len] == '=')
			return p + len + 1;
	return NULL;
}

static int find_info(struct load_ctx *x)
{
	struct rel_section s;
	unsigned nr;

	if (!relfile_find(x->file, ".modinfo", &nr))
		return 0;
	relfile_section(x->file, nr, &s);
	if (s.type == SHT_NOBITS || !s.size)
		return 0;
	x->info = (const char *)x->file->image + s.offset;
	x->info_len = (size_t)s.size;
	return x->info[x->info_len - 1] ? -ENOEXEC : 0;
}

static bool license_is_free(const char *license)
{
	static const char *const known[] = {
		"GPL",		"GPL v2",	"GPL and additional rights",
		"Dual BSD/GPL", "Dual MIT/GPL", "Dual MPL/GPL"
	};

	for (unsigned i = 0; license && i < ARRAY_SIZE(known); i++)
		if (!strcmp(license, known[i]))
			return true;
	return false;
}

/* It will be a line's first word in /proc/modules, and a directory. */
static bool name_ok(const char *name)
{
	size_t len = name ? strlen(name) : 0;

	for (size_t i = 0; i < len; i++)
		if (name[i] <= ' ' || name[i] > '~' || name[i] == '/')
			return false;
	return len && len < MODULE_NAME_LEN && *name != '.';
}

static void note_out_of_tree(struct module *mod)
{
	if (taint_add(TAINT_OUT_OF_TREE))
		pr_warn("%s: loading out-of-tree module taints kernel.", mod->name);
	mod->taints |= 1UL << TAINT_OUT_OF_TREE;
}

static int check_info(struct load_ctx *x)
{
	const char *magic = module_info(x, "vermagic"), *name = module_info(x, "name");
	struct module *mod = x->mod;

	if (!name_ok(name)) {
		pr_err("Module has no usable name.");
		return -ENOEXEC;
	}
	str_copy(mod->name, name, sizeof(mod->name));
	if (!(x->flags & MODULE_LOAD_IGNORE_VERMAGIC) &&
	    (!magic || strcmp(magic, MODULE_VERMAGIC))) {
		pr_err("%s: version magic '%s' should be '%s'", name, magic ? magic : "",
		       MODULE_VERMAGIC);
		return -ENOEXEC;
	}
	if (!module_info(x, "intree"))
		note_out_of_tree(mod);
	if (!license_is_free(module_info(x, "license"))) {
		pr_warn("%s: module license '%s' taints kernel.", name,
			module_info(x, "license") ? module_info(x, "license") : "unspecified");
		mod->taints |= 1UL << TAINT_PROPRIETARY;
		(void)taint_add(TAINT_PROPRIETARY);
	}
	return 0;
}

/* ---- what is in it ---- */

/* A section that is an array of things of @size bytes. */
static const void *find_array(const struct load_ctx *x, const char *name, size_t size, unsigned *nr)
{
	struct rel_section s;
	unsigned i;

	*nr = 0;
	if (!relfile_find(x->file, name, &i) || !x->addr[i])
		return NULL;
	relfile_section(x->file, i, &s);
	*nr = (unsigned)(s.size / size);
	return (const void *)x->addr[i];
}

/* A function of the module; NULL: it has none of that name. */
static unsigned long find_function(const struct load_ctx *x, const char *name)
{
	struct rel_section in;
	struct rel_symbol s;

	for (unsigned i = 1; i < x->file->nr_symbols; i++) {
		relfile_symbol(x->file, i, &s);
		if (s.section == SYMBOL_UNDEF || s.section == SYMBOL_ABS || strcmp(s.name, name))
			continue;
		relfile_section(x->file, s.section, &in);
		if (in.flags & SECTION_EXEC)
			return x->values[i];
	}
	return 0;
}

static int note_sections(struct load_ctx *x)
{
	struct module *mod = x->mod;
	struct rel_section s;

	mod->sections = kcalloc(x->file->nr_sections, sizeof(*mod->sections), GFP_KERNEL);
	if (!mod->sections)
		return -ENOMEM;
	for (unsigned i = 1; i < x->file->nr_sections; i++) {
		struct section_attr *a = &mod->sections[mod->nr_sections];

		relfile_section(x->file, i, &s);
		if (!x->addr[i] || !s.size || strchr(s.name, '/') || !*s.name ||
		    strlen(s.name) > 64)
			continue;
		a->name = kstrdup(s.name, GFP_KERNEL);
		if (!a->name)
			return -ENOMEM;
		a->addr = x->addr[i];
		mod->nr_sections++;
	}
	return 0;
}

static int keep_text(const struct load_ctx *x, const char *key, char **out)
{
	const char *text = module_info(x, key);

	if (text)
		*out = kstrdup(text, GFP_KERNEL);
	return text && !*out ? -ENOMEM : 0;
}

static int find_parts(struct load_ctx *x)
{
	struct module *mod = x->mod;
	int err = note_sections(x);

	mod->params = find_array(x, "__param", sizeof(*mod->params), &mod->nr_params);
	mod->exports = find_array(x, "__ksymtab", sizeof(*mod->exports), &mod->nr_exports);
	mod->init_fn = (int (*)(void))find_function(x, "init_module");
	mod->exit_fn = (void (*)(void))find_function(x, "cleanup_module");
	if (!err)
		err = module_note_functions(x);
	if (!err)
		err = keep_text(x, "version", &mod->version);
	if (!err)
		err = keep_text(x, "srcversion", &mod->srcversion);
	return err;
}

static int relocate_section(struct load_ctx *x, const struct rel_section *s, unsigned target)
{
	struct rel_reloc r;

	for (unsigned i = 0; i < relfile_nr_relocs(s); i++) {
		unsigned long at;

		relfile_reloc(x->file, s, i, &r);
		at = x->addr[target] + (unsigned long)r.offset;
		if (reloc_apply(x->file->wide, &r, (void *)at, at, x->values[r.symbol])) {
			pr_err("%s: overflow in relocation type %u val %lx", x->mod->name, r.type,
			       x->values[r.symbol]);
			return -ENOEXEC;
		}
	}
	return 0;
}

static int relocate(struct load_ctx *x)
{
	struct rel_section s;
	unsigned target;
	int err = 0;

	for (unsigned i = 1; i < x->file->nr_sections && !err; i++) {
		relfile_section(x->file, i, &s);
		if (relfile_relocates(x->file, &s, &target) && x->addr[target])
			err = relocate_section(x, &s, target);
	}
	return err;
}

/* ---- life ---- */

static void module_free(struct module *mod)
{
	module_drop_providers(mod);
	for (unsigned i = 0; i < mod->nr_sections; i++)
		kfree(mod->sections[i].name);
	kfree(mod->sections);
	kvfree(mod->functions);
	kfree(mod->version);
	kfree(mod->srcversion);
	vfree_module(mod->init.base);
	if (mod->core.base)
		vfree_module(mod->core.base); /* it is in there */
	else
		kfree(mod);
}

static struct module *module_find(const char *name) must_hold(module_mutex)
{
	struct module *mod;

	list_for_each_entry (mod, &module_list, list)
		if (!strcmp(mod->name, name))
			return mod;
	return NULL;
}

/* Is no module of that name coming or going? */
static bool is_settled(const char *name)
{
	const struct module *mod;
	bool settled;

	mutex_lock(&module_mutex);
	mod = module_find(name);
	settled = !mod || mod->state == MODULE_LIVE;
	mutex_unlock(&module_mutex);
	return settled;
}

/* After a change of the list. Under module_mutex. */
static void files_wanted(void)
{
	const struct module *m;
	bool some = false;

	list_for_each_entry (m, &module_list, list)
		some |= m->uses_files;
	module_files_want(some);
}

/* On the list, COMING. 0, -EEXIST, -EINTR. */
static int publish(struct module *mod)
{
	struct module *other;
	irqflags_t flags;

	for (;;) {
		mutex_lock(&module_mutex);
		other = module_find(mod->name);
		if (!other) {
			flags = module_code_lock();
			list_add(&mod->list, &module_list);
			module_code_unlock(flags);
			files_wanted();
		}
		if (!other || other->state == MODULE_LIVE)
			break;
		mutex_unlock(&module_mutex);
		if (wait_event_interruptible(&state_changed, is_settled(mod->name)))
			return -EINTR;
	}
	mutex_unlock(&module_mutex);
	return other ? -EEXIST : 0;
}

static void set_state(struct module *mod, enum module_state state)
{
	mutex_lock(&module_mutex);
	mod->state = state;
	mutex_unlock(&module_mutex);
	waitq_wake_all(&state_changed);
}

static void unpublish(struct module *mod)
{
	irqflags_t flags;

	mutex_lock(&module_mutex);
	flags = module_code_lock();
	list_del(&mod->list);
	module_code_unlock(flags);
	files_wanted();
	mutex_unlock(&module_mutex);
	waitq_wake_all(&state_changed);
}

/* ---- what is there while any module is: threads for timers and work ---- */

static struct mutex services_lock = MUTEX_INIT(services_lock, RANK_MODULE);
static unsigned services_users; /* services_lock */

static int services_get(void)
{
	int err = 0;

	mutex_lock(&services_lock);
	if (!services_users) {
		module_init_mm_fill();
		err = module_later_start();
		if (!err)
			err = module_work_start();
		if (err)
			module_later_stop();
	}
	services_users += !err;
	if (!err)
		module_ticks_start();
	mutex_unlock(&services_lock);
	return err;
}

static void services_put(void)
{
	mutex_lock(&services_lock);
	if (!--services_users) {
		module_work_stop();
		module_later_stop();
		module_ticks_stop();
	}
	mutex_unlock(&services_lock);
}

/* Nobody looks at tasks when there is no module. */
static void drop_views(void)
{
	bool none;

	mutex_lock(&module_mutex);
	none = list_empty(&module_list);
	mutex_unlock(&module_mutex);
	if (none)
		module_views_drop();
}

/* Nobody calls it any more: parameters, files and memory go. */
static void take_down(struct module *mod)
{
	module_notify_state(mod, MODULE_GOING);
	module_notifiers_left(mod);
	module_probes_left(mod);
	module_sysctls_left(mod);
	module_shrinkers_left(mod);
	module_mmu_notifiers_left(mod);
	module_netlinks_left(mod);
	module_kthreads_left(mod);
	module_irqs_left(mod);
	module_claims_left(mod);
	module_sysfs_remove(mod);
	module_devices_left(mod);
	module_buses_left(mod);
	module_cdevs_left(mod);
	module_proc_left(mod);
	module_free_params(mod);
	unpublish(mod);
	module_free(mod);
	drop_views();
	services_put();
}

static long run_init(struct module *mod)
{
	struct module_block init = mod->init;
	irqflags_t flags;
	int ret;

	module_entered();
	ret = mod->init_fn ? mod->init_fn() : 0;

	if (ret < 0) {
		set_state(mod, MODULE_GOING);
		take_down(mod);
		return ret;
	}
	if (ret > 0)
		pr_warn("%s: init suspiciously returned %d, it should follow 0/-E convention",
			mod->name, ret);
	module_block_protect(&mod->core, true);
	flags = module_code_lock();
	mod->init = (struct module_block){ 0 };
	module_code_unlock(flags);
	set_state(mod, MODULE_LIVE);
	module_notify_state(mod, MODULE_LIVE);
	if (!module_init_keeps(mod))
		module_put(mod); /* init's */
	vfree_module(init.base);
	return 0;
}

static long start(struct module *mod, char *args)
{
	int err;

	cpu_serialize();
	module_block_protect(&mod->core, false);
	module_block_protect(&mod->init, false);
	module_block_protect(&mod->init, true);
	err = publish(mod);
	if (err) {
		module_free(mod);
		services_put();
		return err;
	}
	module_notify_state(mod, MODULE_COMING);
	err = module_parse_args(mod, args);
	if (!err)
		err = module_sysfs_add(mod);
	if (!err)
		return run_init(mod);
	set_state(mod, MODULE_GOING);
	take_down(mod);
	return err;
}

/* Everything that does not show outside. */
static int build(struct load_ctx *x)
{
	int err;

	x->addr = kvzalloc(x->file->nr_sections * sizeof(*x->addr));
	x->values = kvzalloc((x->file->nr_symbols + 1) * sizeof(*x->values));
	if (!x->addr || !x->values)
		return -ENOMEM;
	err = find_info(x);
	if (!err)
		err = check_info(x);
	if (!err)
		err = module_layout(x);
	if (!err)
		err = module_link(x);
	if (!err)
		err = relocate(x);
	return err ? err : find_parts(x);
}

static struct module *module_new(void)
{
	struct module *mod = failpoint("module") ? NULL : kzalloc(sizeof(*mod), GFP_KERNEL);

	if (!mod)
		return NULL;
	mod->state = MODULE_COMING;
	atomic_set(&mod->refcnt, 2); /* its own and init's */
	list_init(&mod->users);
	list_init(&mod->providers);
	return mod;
}

long module_load(const void *image, size_t len, char *args, unsigned flags)
{
	static const struct rel_target native = { ABI_ELFCLASS, ABI_EM };
	struct relfile file;
	struct load_ctx x = { .file = &file, .flags = flags };
	const char *why;
	int err = relfile_open(&file, image, len, &native, &why);

	if (err) {
		pr_err("module: invalid module file: %s", why);
		return err;
	}
	x.mod = module_new();
	if (!x.mod)
		return -ENOMEM;
	err = build(&x);
	kvfree(x.addr);
	kvfree(x.values);
	if (!err)
		err = services_get();
	if (!err)
		return start(x.mod, args);
	module_free(x.mod);
	return err;
}

long module_unload(const char *name)
{
	struct module *mod;
	int err = 0;

	devmap_settle();
	mutex_lock(&module_mutex);
	mod = module_find(name);
	if (!mod)
		err = -ENOENT;
	else if (!list_empty(&mod->users))
		err = -EAGAIN;
	else if (mod->state != MODULE_LIVE || mod->crashed || (mod->init_fn && !mod->exit_fn))
		err = -EBUSY;
	else if (!atomic_cmpxchg(&mod->refcnt, 1, 0))
		err = -EAGAIN;
	if (!err)
		mod->state = MODULE_GOING;
	mutex_unlock(&module_mutex);
	if (err)
		return err;
	if (mod->exit_fn)
		mod->exit_fn();
	take_down(mod);
	return 0;
}

bool module_try_get(struct module *mod)
{
	return !mod || (READ_ONCE(mod->state) != MODULE_GOING && atomic_inc_not_zero(&mod->refcnt));
}

void module_put(struct module *mod)
{
	if (mod)
		atomic_dec(&mod->refcnt);
}

int module_users(const struct module *mod)
{
	return atomic_read(&mod->refcnt) - 1;
}
