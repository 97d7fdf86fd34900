/*
 * /proc/sys/vm: the tunables of memory management.
 *
 * OWNS     nothing: each variable belongs to the file of mm/ that uses it.
 * LOCKS    none: an aligned word is written whole.   CONTEXT  a task; sleeps.
 * FAILS    -EINVAL for text that is no number or out of bounds.
 * SOURCES  Documentation of /proc/sys/vm (admin-guide/sysctl/vm), proc(5).
 */
#include "fs/proc_impl.h"

#include "base/errno.h"
#include "fs/memfd.h"
#include "lib/string.h"
#include "mm/alloc.h"
#include "mm/mm.h"
#include "mm/slab.h"
#include "mm/vmalloc.h"
#include "mm/vmevent.h"
#include "sync/klog.h"

/* A number in a text that may end in a newline. */
static int parse(char *text, uint64_t *out)
{
	size_t n = strlen(text);

	while (n && (text[n - 1] == '\n' || text[n - 1] == ' '))
		text[--n] = '\0';
	return str_to_u64(text, out);
}

static int min_addr_show(struct seq_file *m)
{
	seq_printf(m, "%lu\n", mmap_min_addr);
	return 0;
}

static int min_addr_store(struct proc_entry *e, char *text, size_t len)
{
	uint64_t v;
	int err = parse(text, &v);

	if (err || v > MIB(1024))
		return -EINVAL;
	mmap_min_addr = page_align((unsigned long)v);
	return 0;
}

static int min_free_show(struct seq_file *m)
{
	seq_printf(m, "%d\n", min_free_kbytes);
	return 0;
}

static int min_free_store(struct proc_entry *e, char *text, size_t len)
{
	uint64_t v;
	int err = parse(text, &v);

	if (err || v > totalram_pages() << (PAGE_SHIFT - 10))
		return -EINVAL;
	min_free_kbytes = (int)v;
	setup_per_zone_wmarks();
	return 0;
}

/*
 * 1: page cache. Every cached page here is the only copy (tmpfs), so there is none to drop, as on a Linux that has only
 * tmpfs. 2: dentries and slabs; per-CPU caches, stacks and lazily unmapped ranges go with them.
 */
static int drop_caches_store(struct proc_entry *e, char *text, size_t len)
{
	uint64_t v;
	int err = parse(text, &v);

	if (err || v < 1 || v > 4)
		return -EINVAL;
	if (v & 1)
		count_vm_event(DROP_PAGECACHE);
	if (v & 2) {
		count_vm_event(DROP_SLAB);
		while (dcache_shrink(1024) == 1024)
			;
		vmalloc_purge();
		slab_shrink_all();
	}
	drain_all_pages();
	return 0;
}

static int drop_caches_show(struct seq_file *m)
{
	seq_puts(m, "0\n");
	return 0;
}

static struct proc_entry min_addr = { .show = min_addr_show, .store = min_addr_store },
			 min_free = { .show = min_free_show, .store = min_free_store },
			 drop_caches = { .show = drop_caches_show, .store = drop_caches_store };

void proc_sysvm_init(void)
{
	int err = proc_register_int("sys/vm/overcommit_memory", &sysctl_overcommit_memory, 0, 2);

	err = err ? err
		  : proc_register_int("sys/vm/overcommit_ratio", &sysctl_overcommit_ratio, 0,
				      INT_MAX);
	err = err ? err
		  : proc_register_int("sys/vm/max_map_count", &sysctl_max_map_count, 0, INT_MAX);
	err = err ? err : proc_register("sys/vm/mmap_min_addr", 0644, &min_addr);
	err = err ? err : proc_register("sys/vm/min_free_kbytes", 0644, &min_free);
	err = err ? err : proc_register_int("sys/vm/memfd_noexec", &sysctl_memfd_noexec, 0, 2);
	err = err ? err : proc_register("sys/vm/drop_caches", 0644, &drop_caches);
	if (err)
		pr_warn("procfs: no memory for sys/vm");
}
