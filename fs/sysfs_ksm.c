/*
 * /sys/kernel/mm/ksm: the tunables and figures of page merging, in Linux 6.1's formats.
 *
 * OWNS     nothing: the variables belong to mm/aspace/ksm.c.
 * LOCKS    none: an aligned word is written whole; what pages in use depend on goes through ksm_set_*.
 * CONTEXT  boot; tasks, may sleep.
 * FAILS    -EINVAL for a number that the file does not know, -EBUSY for what cannot change while pages are merged.
 * SOURCES  Linux Documentation/admin-guide/mm/ksm.rst.   TESTED BY mem_ksm.c
 */
#include "fs/sysfs.h"

#include "base/errno.h"
#include "kernel/ksmd.h"
#include "mm/ksm.h"
#include "mm/numa.h"
#include "vfs_impl.h"

enum ksm_file {
	F_RUN,
	F_PAGES_TO_SCAN,
	F_SLEEP,
	F_ACROSS,
	F_MAX_SHARING,
	F_ZERO_PAGES,
	F_PRUNE,
	F_SHARED,
	F_SHARING,
	F_UNSHARED,
	F_VOLATILE,
	F_FULL_SCANS,
	F_CHAINS,
	F_DUPS
};

/* Items that were looked at in the last round, and are in neither tree. The figures are of different moments. */
static unsigned long nr_volatile(const struct ksm_counts *c)
{
	unsigned long settled = c->shared + c->sharing + c->unshared;

	return c->items > settled ? c->items - settled : 0;
}

static unsigned long count_of(enum ksm_file f)
{
	struct ksm_counts c;

	ksm_get_counts(&c);
	switch (f) {
	case F_SHARED:
		return c.shared;
	case F_SHARING:
		return c.sharing;
	case F_UNSHARED:
		return c.unshared;
	case F_VOLATILE:
		return nr_volatile(&c);
	case F_FULL_SCANS:
		return c.full_scans;
	case F_CHAINS:
		return c.chains;
	default:
		return c.dups;
	}
}

static unsigned long value_of(enum ksm_file f)
{
	switch (f) {
	case F_RUN:
		return READ_ONCE(ksm_run);
	case F_PAGES_TO_SCAN:
		return READ_ONCE(ksm_pages_to_scan);
	case F_SLEEP:
		return READ_ONCE(ksm_sleep_ms);
	case F_ACROSS:
		return READ_ONCE(ksm_merge_across_nodes);
	case F_MAX_SHARING:
		return READ_ONCE(ksm_max_page_sharing);
	case F_ZERO_PAGES:
		return READ_ONCE(ksm_use_zero_pages);
	case F_PRUNE:
		return READ_ONCE(ksm_chains_prune_ms);
	default:
		return count_of(f);
	}
}

static int ksm_show(struct seq_file *m)
{
	seq_printf(m, "%lu\n", value_of((enum ksm_file)(uintptr_t)m->private));
	return 0;
}

static int set_run(unsigned v)
{
	int err = ksm_set_run(v);

	if (!err && v == KSM_MERGE)
		ksmd_wake();
	return err;
}

static int set_value(enum ksm_file f, unsigned v)
{
	switch (f) {
	case F_RUN:
		return set_run(v);
	case F_PAGES_TO_SCAN:
		WRITE_ONCE(ksm_pages_to_scan, v);
		return 0;
	case F_SLEEP:
		WRITE_ONCE(ksm_sleep_ms, v);
		if (READ_ONCE(ksm_run) == KSM_MERGE)
			ksmd_wake(); /* the old sleep may be long */
		return 0;
	case F_ACROSS:
		return v > 1 ? -EINVAL : ksm_set_across_nodes(v);
	case F_MAX_SHARING:
		return ksm_set_max_sharing(v);
	case F_PRUNE:
		WRITE_ONCE(ksm_chains_prune_ms, v);
		return 0;
	default:
		if (v > 1)
			return -EINVAL;
		WRITE_ONCE(ksm_use_zero_pages, v);
		return 0;
	}
}

static int ksm_store(struct proc_entry *e, char *text, size_t len)
{
	long v;

	if (proc_parse_long(text, &v) || v < 0 || (unsigned long)v > UINT_MAX)
		return -EINVAL;
	return set_value((enum ksm_file)(uintptr_t)e->data, (unsigned)v);
}

static void make(enum ksm_file f, const char *name, bool writable)
{
	const struct sysfs_attr a = { .name = name,
				      .mode = writable ? 0644 : 0444,
				      .show = ksm_show,
				      .store = writable ? ksm_store : NULL };

	boot_need(sysfs_create_files("kernel/mm/ksm", &a, 1, (void *)(uintptr_t)f), "/sys/",
		  "kernel/mm/ksm");
}

void sysfs_ksm_init(void)
{
	static const char *const tunables[] = { "run",
						"pages_to_scan",
						"sleep_millisecs",
						"merge_across_nodes",
						"max_page_sharing",
						"use_zero_pages",
						"stable_node_chains_prune_millisecs" };
	static const char *const figures[] = { "pages_shared",	  "pages_sharing",
					       "pages_unshared",  "pages_volatile",
					       "full_scans",	  "stable_node_chains",
					       "stable_node_dups" };

	for (unsigned i = 0; i < ARRAY_SIZE(tunables); i++) {
		if (i != F_ACROSS || CFG_NUMA)
			make((enum ksm_file)i, tunables[i], true);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(figures); i++)
		make((enum ksm_file)(F_SHARED + i), figures[i], false);
}
