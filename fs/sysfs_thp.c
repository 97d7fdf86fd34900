/*
 * /sys/kernel/mm/transparent_hugepage: the tunables of transparent huge pages, in Linux 6.1's formats.
 *
 * OWNS     nothing: the variables belong to mm/aspace/thp.c and collapse.c.
 * LOCKS    none: an aligned word is written whole.   CONTEXT  boot; tasks, may sleep.
 * FAILS    -EINVAL for a word or number that the file does not know. shmem_enabled knows only that shared memory has no
 *          huge pages.
 * SOURCES  Linux Documentation/admin-guide/mm/transhuge.rst.   TESTED BY huge_thp.c
 */
#include "fs/sysfs.h"

#include "base/errno.h"
#include "kernel/khugepaged.h"
#include "lib/string.h"
#include "mm/huge.h"
#include "mm/thp.h"
#include "vfs_impl.h"

/* All words, the one in force in brackets. */
static int show_choice(struct seq_file *m, const char *const *words, unsigned nr, unsigned chosen)
{
	for (unsigned i = 0; i < nr; i++)
		seq_printf(m, i == chosen ? "%s[%s]" : "%s%s", i ? " " : "", words[i]);
	seq_putc(m, '\n');
	return 0;
}

/* Which of @words the text is; negative: none. A line feed at its end does not matter. */
static int find_choice(const char *text, const char *const *words, unsigned nr)
{
	size_t len = strlen(text);

	if (len && text[len - 1] == '\n')
		len--;
	for (unsigned i = 0; i < nr; i++) {
		if (strlen(words[i]) == len && !strncmp(text, words[i], len))
			return (int)i;
	}
	return -EINVAL;
}

/* ---- words ---- */

static const char *const enabled_words[] = { "always", "madvise", "never" };
static const char *const defrag_words[] = { "always", "defer", "defer+madvise", "madvise",
					    "never" };
static const char *const shmem_words[] = { "always", "within_size", "advise",
					   "never",  "deny",	    "force" };
enum { SHMEM_NEVER = 3, SHMEM_DENY = 4 };
static int shmem_choice = SHMEM_NEVER;

static int enabled_show(struct seq_file *m)
{
	return show_choice(m, enabled_words, ARRAY_SIZE(enabled_words), (unsigned)thp_enabled);
}

static int enabled_store(struct proc_entry *e, char *text, size_t len)
{
	int i = find_choice(text, enabled_words, ARRAY_SIZE(enabled_words));

	if (i < 0)
		return i;
	WRITE_ONCE(thp_enabled, i);
	if (i == THP_ALWAYS)
		khugepaged_wake();
	return 0;
}

static int defrag_show(struct seq_file *m)
{
	return show_choice(m, defrag_words, ARRAY_SIZE(defrag_words), (unsigned)thp_defrag);
}

static int defrag_store(struct proc_entry *e, char *text, size_t len)
{
	int i = find_choice(text, defrag_words, ARRAY_SIZE(defrag_words));

	if (i < 0)
		return i;
	WRITE_ONCE(thp_defrag, i);
	return 0;
}

static int shmem_show(struct seq_file *m)
{
	return show_choice(m, shmem_words, ARRAY_SIZE(shmem_words), (unsigned)shmem_choice);
}

static int shmem_store(struct proc_entry *e, char *text, size_t len)
{
	int i = find_choice(text, shmem_words, ARRAY_SIZE(shmem_words));

	if (i != SHMEM_NEVER && i != SHMEM_DENY)
		return -EINVAL;
	shmem_choice = i;
	return 0;
}

static int zero_page_show(struct seq_file *m)
{
	seq_printf(m, "%d\n", READ_ONCE(thp_use_zero_page));
	return 0;
}

static int zero_page_store(struct proc_entry *e, char *text, size_t len)
{
	long n;

	if (proc_parse_long(text, &n) || n < 0 || n > 1)
		return -EINVAL;
	WRITE_ONCE(thp_use_zero_page, (int)n);
	return 0;
}

static int pmd_size_show(struct seq_file *m)
{
	seq_printf(m, "%lu\n", HPAGE_SIZE);
	return 0;
}

/* ---- khugepaged: numbers ---- */

struct number {
	unsigned *value, max;
	bool wake; /* a new value must be seen before the old sleep ends */
};

static const struct number numbers[] = {
	{ &khugepaged_max_ptes_none, HPAGE_NR - 1, false },
	{ &khugepaged_max_ptes_swap, HPAGE_NR - 1, false },
	{ &khugepaged_max_ptes_shared, HPAGE_NR - 1, false },
	{ &khugepaged_pages_to_scan, UINT_MAX, false },
	{ &khugepaged_scan_sleep_ms, UINT_MAX, true },
	{ &khugepaged_alloc_sleep_ms, UINT_MAX, true },
};
static const char *const number_names[] = { "max_ptes_none",	    "max_ptes_swap",
					    "max_ptes_shared",	    "pages_to_scan",
					    "scan_sleep_millisecs", "alloc_sleep_millisecs" };

static int number_show(struct seq_file *m)
{
	const struct number *n = m->private;

	seq_printf(m, "%u\n", READ_ONCE(*n->value));
	return 0;
}

static int number_store(struct proc_entry *e, char *text, size_t len)
{
	const struct number *n = e->data;
	long v;

	if (proc_parse_long(text, &v) || v < 0 || (unsigned long)v > n->max ||
	    (n->value == &khugepaged_pages_to_scan && !v))
		return -EINVAL;
	WRITE_ONCE(*n->value, (unsigned)v);
	if (n->wake && thp_enabled != THP_NEVER)
		khugepaged_wake();
	return 0;
}

static int daemon_defrag_show(struct seq_file *m)
{
	seq_printf(m, "%d\n", khugepaged_defrag);
	return 0;
}

static int daemon_defrag_store(struct proc_entry *e, char *text, size_t len)
{
	long v;

	if (proc_parse_long(text, &v) || v < 0 || v > 1)
		return -EINVAL;
	WRITE_ONCE(khugepaged_defrag, (int)v);
	return 0;
}

static int collapsed_show(struct seq_file *m)
{
	seq_printf(m, "%lu\n", khugepaged_pages_collapsed);
	return 0;
}

static int scans_show(struct seq_file *m)
{
	seq_printf(m, "%lu\n", khugepaged_full_scans);
	return 0;
}

static const struct sysfs_attr thp_attrs[] = {
	{ .name = "enabled", .mode = 0644, .show = enabled_show, .store = enabled_store },
	{ .name = "defrag", .mode = 0644, .show = defrag_show, .store = defrag_store },
	{ .name = "shmem_enabled", .mode = 0644, .show = shmem_show, .store = shmem_store },
	{ .name = "use_zero_page", .mode = 0644, .show = zero_page_show, .store = zero_page_store },
	{ .name = "hpage_pmd_size", .mode = 0444, .show = pmd_size_show },
};

static const struct sysfs_attr daemon_attrs[] = {
	{ .name = "defrag",
	  .mode = 0644,
	  .show = daemon_defrag_show,
	  .store = daemon_defrag_store },
	{ .name = "pages_collapsed", .mode = 0444, .show = collapsed_show },
	{ .name = "full_scans", .mode = 0444, .show = scans_show },
};

void sysfs_thp_init(void)
{
	const char *dir = "kernel/mm/transparent_hugepage";
	const char *daemon_dir = "kernel/mm/transparent_hugepage/khugepaged";

	boot_need(sysfs_create_files(dir, thp_attrs, ARRAY_SIZE(thp_attrs), NULL), "/sys/", dir);
	boot_need(sysfs_create_files(daemon_dir, daemon_attrs, ARRAY_SIZE(daemon_attrs), NULL),
		  "/sys/", daemon_dir);
	for (unsigned i = 0; i < ARRAY_SIZE(numbers); i++) {
		const struct sysfs_attr a = { .name = number_names[i],
					      .mode = 0644,
					      .show = number_show,
					      .store = number_store };

		boot_need(sysfs_create_files(daemon_dir, &a, 1, (void *)&numbers[i]), "/sys/",
			  daemon_dir);
	}
}
