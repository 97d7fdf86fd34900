/*
 * /sys/kernel/mm/policy: which replacement policy reclaims memory. Reading shows all that can, the one in force in brackets.
 *
 * OWNS     nothing.   LOCKS  none.   CONTEXT  boot; tasks, may sleep.
 * FAILS    -EINVAL for a name that there is not, -ENOMEM when there is no memory for its tables: the old one stays.
 * SOURCES  Linux's selectors, as /sys/kernel/mm/transparent_hugepage/enabled.   TESTED BY mem_replace.c
 */
#include "fs/sysfs.h"

#include "lib/string.h"
#include "mm/policy.h"
#include "mm/vmscan.h"
#include "vfs_impl.h"

static int policy_show(struct seq_file *m)
{
	const struct policy *now = reclaim_policy();
	const char *space = "";

	for (const struct policy *const *p = __start_policies; p < __stop_policies; p++) {
		if (!policy_can_reclaim(*p))
			continue;
		seq_printf(m, *p == now ? "%s[%s]" : "%s%s", space, (*p)->name);
		space = " ";
	}
	seq_putc(m, '\n');
	return 0;
}

static int policy_store(struct proc_entry *e, char *text, size_t len)
{
	size_t n = strlen(text);

	if (n && text[n - 1] == '\n')
		n--;
	return reclaim_policy_set(text, n);
}

void sysfs_policy_init(void)
{
	static const struct sysfs_attr attr = {
		.name = "policy", .mode = 0644, .show = policy_show, .store = policy_store
	};

	boot_need(sysfs_create_files("kernel/mm", &attr, 1, NULL), "/sys/", "kernel/mm");
}
