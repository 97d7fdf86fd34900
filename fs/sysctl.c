/*
 * /proc/sys: numbers.
 *
 * OWNS     a proc_entry for each registered variable; the variable belongs to the file that uses it.
 * WHY      a table line for a tunable: where, which variable, which bounds, what follows from a change.
 * LOCKS    none: an aligned word is written whole; whoever reads it more than once copies it first.
 * CONTEXT  tasks; may sleep.
 * FAILS    -EINVAL for what is no number or out of bounds; -EACCES at open for what the file cannot do, for root too.
 * SOURCES  proc(5); Linux Documentation/admin-guide/sysctl.   TESTED BY proc_sysvm.c
 */
#include "fs/sysctl.h"

#include "base/errno.h"
#include "lib/fmt.h"
#include "mm/slab.h"
#include "sync/failpoint.h"

enum { PATH_ROOM = 96 };

struct sysctl_entry {
	struct proc_entry entry; /* first: store gets it */
	const struct sysctl *ctl;
};

static int number_show(struct seq_file *m)
{
	const struct sysctl *c = m->private;

	if (c->number)
		seq_printf(m, "%d\n", READ_ONCE(*c->number));
	else
		seq_printf(m, "%lu\n", READ_ONCE(*c->word));
	return 0;
}

static bool in_bounds(const struct sysctl *c, long v)
{
	if (c->word)
		return v >= c->min && (!c->max || v <= c->max);
	return v >= c->min && v <= c->max;
}

static int number_store(struct proc_entry *entry, char *text, size_t len)
{
	const struct sysctl *c = container_of(entry, struct sysctl_entry, entry)->ctl;
	long v;
	int err = proc_parse_long(text, &v);

	if (err)
		return err;
	if (!in_bounds(c, v))
		return -EINVAL;
	if (c->number)
		WRITE_ONCE(*c->number, (int)v);
	else
		WRITE_ONCE(*c->word, (unsigned long)v);
	if (c->changed)
		c->changed();
	return 0;
}

static int register_one(const struct sysctl *c)
{
	struct sysctl_entry *e = failpoint("sysctl") ? NULL : kzalloc(sizeof(*e), GFP_KERNEL);
	uint32_t mode = c->mode ? c->mode : 0644;
	char path[PATH_ROOM];
	int err;

	if (!e)
		return -ENOMEM;
	e->ctl = c;
	e->entry.data = (void *)(uintptr_t)c;
	e->entry.show = mode & 0400 ? number_show : NULL;
	e->entry.store = mode & 0200 ? number_store : NULL;
	fmt_snprintf(path, sizeof(path), "sys/%s", c->path);
	err = proc_register(path, mode, &e->entry);
	if (err)
		kfree(e);
	return err;
}

int sysctl_register(const struct sysctl *table, unsigned nr)
{
	int err = 0;

	for (unsigned i = 0; i < nr && !err; i++)
		err = register_one(&table[i]);
	return err;
}

int proc_register_int(const char *path, int *value, int min, int max)
{
	struct sysctl *c = failpoint("proc_int") ? NULL : kzalloc(sizeof(*c), GFP_KERNEL);
	int err;

	if (!c)
		return -ENOMEM;
	*c = (struct sysctl){ .path = path + 4, .number = value, .min = min, .max = max };
	err = register_one(c);
	if (err)
		kfree(c);
	return err;
}
