/*
 * /sys/module/NAME: what a module is, its parameters, where its sections lie.
 *
 *	coresize initsize initstate refcnt taint [version] [srcversion] uevent   parameters/NAME   sections/.NAME   holders/
 *
 * OWNS     the directory of each module, from before its init until after its exit.
 * CONTEXT  tasks; sleeps.   FAILS  -ENOMEM, -EEXIST: the directory is taken down again.
 * SOURCES  Linux Documentation/ABI/{stable,testing}/sysfs-module.   TESTED BY  module_basic (guest)
 */
#include "module/module_impl.h"

#include "base/errno.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "mm/alloc.h"

enum { PATH_ROOM = 160 };

/* ---- the module's own ---- */

static int coresize_show(struct seq_file *m)
{
	const struct module *mod = m->private;

	seq_printf(m, "%zu\n", mod->core.size);
	return 0;
}

static int initsize_show(struct seq_file *m)
{
	const struct module *mod = m->private;

	seq_printf(m, "%zu\n", mod->init.size);
	return 0;
}

static int initstate_show(struct seq_file *m)
{
	static const char *const names[] = { "live", "coming", "going" };
	const struct module *mod = m->private;

	seq_printf(m, "%s\n", names[mod->state]);
	return 0;
}

static int refcnt_show(struct seq_file *m)
{
	const struct module *mod = m->private;

	seq_printf(m, "%d\n", atomic_read(&mod->refcnt) - 1);
	return 0;
}

static int taint_show(struct seq_file *m)
{
	const struct module *mod = m->private;
	char taints[TAINT_TEXT];

	taint_letters(mod->taints, taints);
	seq_printf(m, "%s\n", taints);
	return 0;
}

static int version_show(struct seq_file *m)
{
	const struct module *mod = m->private;

	seq_printf(m, "%s\n", mod->version);
	return 0;
}

static int srcversion_show(struct seq_file *m)
{
	const struct module *mod = m->private;

	seq_printf(m, "%s\n", mod->srcversion);
	return 0;
}

/* Nobody listens to events. */
static int uevent_store(struct proc_entry *e, char *text, size_t len)
{
	return 0;
}

static const struct sysfs_attr attrs[] = {
	{ .name = "coresize", .mode = 0444, .show = coresize_show },
	{ .name = "initsize", .mode = 0444, .show = initsize_show },
	{ .name = "initstate", .mode = 0444, .show = initstate_show },
	{ .name = "refcnt", .mode = 0444, .show = refcnt_show },
	{ .name = "taint", .mode = 0444, .show = taint_show },
	{ .name = "uevent", .mode = 0200, .store = uevent_store },
};
static const struct sysfs_attr version_attr = { .name = "version",
						.mode = 0444,
						.show = version_show };
static const struct sysfs_attr srcversion_attr = { .name = "srcversion",
						   .mode = 0444,
						   .show = srcversion_show };

/* ---- parameters ---- */

static int param_show(struct seq_file *m)
{
	const struct kernel_param *kp = m->private;
	char *buf = (char *)get_zeroed_page(GFP_KERNEL);
	int len;

	if (!buf)
		return -ENOMEM;
	len = module_param_show(kp, buf);
	if (len > 0)
		seq_write(m, buf, min_of(size_t, (size_t)len, PAGE_SIZE));
	free_page((unsigned long)buf);
	return len < 0 ? len : 0;
}

static int param_store(struct proc_entry *e, char *text, size_t len)
{
	const struct kernel_param *kp = e->data;
	size_t n = strlen(text);

	if (n && text[n - 1] == '\n')
		text[n - 1] = '\0';
	return module_param_store(kp, text);
}

static int add_params(const struct module *mod)
{
	char dir[PATH_ROOM];
	int err = 0;

	(void)fmt_snprintf(dir, sizeof(dir), "module/%s/parameters", mod->name);
	for (unsigned i = 0; i < mod->nr_params && !err; i++) {
		const struct kernel_param *kp = &mod->params[i];
		const struct sysfs_attr a = { .name = kp->name,
					      .mode = kp->perm & 0777,
					      .show = kp->perm & 0444 ? param_show : NULL,
					      .store = kp->perm & 0222 ? param_store : NULL };

		if (kp->perm & 0777)
			err = sysfs_create_files(dir, &a, 1, (void *)kp);
	}
	return err;
}

/* ---- sections ---- */

static int section_show(struct seq_file *m)
{
	const struct section_attr *s = m->private;

	seq_printf(m, "0x%0*lx\n", (int)sizeof(s->addr) * 2, s->addr);
	return 0;
}

static int add_sections(const struct module *mod)
{
	char dir[PATH_ROOM];
	int err = 0;

	(void)fmt_snprintf(dir, sizeof(dir), "module/%s/sections", mod->name);
	for (unsigned i = 0; i < mod->nr_sections && !err; i++) {
		const struct sysfs_attr a = { .name = mod->sections[i].name,
					      .mode = 0400,
					      .show = section_show };

		err = sysfs_create_files(dir, &a, 1, &mod->sections[i]);
		if (err == -EEXIST) /* two sections of one name: the first is shown */
			err = 0;
	}
	return err;
}

/* ---- holders ---- */

static int add_holders(const struct module *mod)
{
	char path[2 * PATH_ROOM], target[PATH_ROOM];
	const struct module_use *u;
	int err;

	(void)fmt_snprintf(path, sizeof(path), "module/%s/holders", mod->name);
	err = sysfs_create_dir(path);
	list_for_each_entry (u, &mod->providers, source_link) {
		if (err)
			break;
		(void)fmt_snprintf(path, sizeof(path), "module/%s/holders/%s", u->target->name,
				   mod->name);
		(void)fmt_snprintf(target, sizeof(target), "../../%s", mod->name);
		err = sysfs_create_link(path, target);
	}
	return err;
}

int module_sysfs_add(struct module *mod)
{
	char dir[PATH_ROOM];
	int err;

	(void)fmt_snprintf(dir, sizeof(dir), "module/%s", mod->name);
	err = sysfs_create_files(dir, attrs, ARRAY_SIZE(attrs), mod);
	if (!err && mod->version)
		err = sysfs_create_files(dir, &version_attr, 1, mod);
	if (!err && mod->srcversion)
		err = sysfs_create_files(dir, &srcversion_attr, 1, mod);
	if (!err)
		err = add_params(mod);
	if (!err)
		err = add_sections(mod);
	return err ? err : add_holders(mod);
}

void module_sysfs_remove(struct module *mod)
{
	const struct module_use *u;
	char path[2 * PATH_ROOM];

	list_for_each_entry (u, &mod->providers, source_link) {
		(void)fmt_snprintf(path, sizeof(path), "module/%s/holders/%s", u->target->name,
				   mod->name);
		(void)sysfs_remove(path); /* not there when adding it failed */
	}
	(void)fmt_snprintf(path, sizeof(path), "module/%s", mod->name);
	(void)sysfs_remove(path);
}
