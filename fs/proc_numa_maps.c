/*
 * /proc/PID/numa_maps: a process's mappings by node.
 *
 * FORMAT   address, policy, then file=NAME | heap | stack, huge (hugetlb), then of what is resident: anon, dirty, mapped, mapmax, active,
 *          writeback, N<node>=pages, and the page size.
 * LOCKS    mmap_lock for read; table locks inside.   CONTEXT  tasks; may sleep.
 * SOURCES  numa(7); the captured texts of a real 6.1.   TESTED BY proc_mem.c, huge_tlb.c, mem_policy.c
 */
#include "proc_impl.h"

#include "kernel/task.h"
#include "lib/string.h"
#include "mm/huge.h"
#include "mm/mempolicy.h"
#include "mm/mm.h"
#include "mm/range.h"
#include "mm/zone.h"

enum { POLICY_TEXT = 64 };

struct counts {
	unsigned long pages, anon, dirty, active, writeback, swapcache, mapmax;
	unsigned long node[CFG_MAX_NODES];
};

static int count_entry(pte_t e, uaddr_t va, void *arg)
{
	struct counts *c = arg;
	const struct page *page;

	if (!pte_present(e) || pte_special(e))
		return 0;
	page = pfn_to_page(pte_pfn(e));
	if (page_state(page) == PS_TAIL) /* hugetlb counts whole pages */
		return 0;
	c->pages++;
	c->anon += page_state(page) == PS_ANON;
	c->dirty += pte_dirty(e) || page_test(page, PG_dirty);
	c->active += page_test(page, PG_active) || page_test(page, PG_unevictable);
	c->writeback += page_test(page, PG_writeback);
	c->swapcache += page_test(page, PG_swapcache);
	c->mapmax = max_of(unsigned long, c->mapmax, (unsigned long)page_mapcount(page));
	c->node[page_node_id(page)]++;
	return 0;
}

static void put_count(struct seq_file *m, const char *name, unsigned long n)
{
	if (n)
		seq_printf(m, " %s=%lu", name, n);
}

static void put_counts(struct seq_file *m, const struct counts *c, bool huge)
{
	put_count(m, "anon", c->anon);
	put_count(m, "dirty", c->dirty);
	if (c->pages != c->anon && c->pages != c->dirty)
		put_count(m, "mapped", c->pages);
	if (c->mapmax > 1)
		put_count(m, "mapmax", c->mapmax);
	put_count(m, "swapcache", c->swapcache);
	if (c->active < c->pages && !huge)
		seq_printf(m, " active=%lu", c->active);
	put_count(m, "writeback", c->writeback);
	for (unsigned n = 0; n < nr_nodes; n++) {
		if (c->node[n])
			seq_printf(m, " N%u=%lu", n, c->node[n]);
	}
	seq_printf(m, " kernelpagesize_kB=%lu", (huge ? HPAGE_SIZE : PAGE_SIZE) >> 10);
}

static void put_file(struct seq_file *m, const char *name)
{
	for (; *name; name++) {
		if (*name == ' ' || *name == '\n' || *name == '\t' || *name == '=')
			seq_printf(m, "\\%03o", (unsigned)(unsigned char)*name);
		else
			seq_putc(m, *name);
	}
}

/* The policy that a fault would follow: the mapping's, else the thread's. */
static void put_policy(struct seq_file *m, const struct vm_area_struct *vma,
		       const struct mempolicy *of_task)
{
	struct mempolicy *pol = vma_policy_get(vma, vma->vm_start);
	char text[POLICY_TEXT];

	(void)mpol_to_str(pol ? pol : of_task, text, sizeof(text));
	mpol_put(pol);
	seq_puts(m, text);
}

static void show_vma(struct seq_file *m, struct vm_area_struct *vma, char *buf, void *arg)
{
	bool huge = vma->vm_flags & VM_HUGETLB;
	struct counts c = { 0 };

	seq_printf(m, "%08lx ", vma->vm_start);
	put_policy(m, vma, arg);
	(void)vma_name(vma, buf, VFS_PATH_MAX);
	if (proc_vma_is_file(vma)) {
		seq_puts(m, " file=");
		put_file(m, buf);
	} else if (vma->vm_start <= vma->vm_mm->brk && vma->vm_end >= vma->vm_mm->start_brk) {
		seq_puts(m, " heap");
	} else if (!strcmp(buf, "[stack]")) {
		seq_puts(m, " stack");
	}
	if (huge)
		seq_puts(m, " huge");
	if (!vma->mapping ||
	    vma->mapping->ops->ident) /* the vDSO's pages belong to no node's programs */
		(void)range_each(vma->vm_mm, vma->vm_start, vma->vm_end, count_entry, &c);
	if (c.pages)
		put_counts(m, &c, huge);
	seq_putc(m, '\n');
}

int numa_maps_show(struct seq_file *m, struct task *t)
{
	struct mempolicy *pol = mpol_get_task(&t->mm_ctx);
	int err = proc_each_vma(m, t, show_vma, pol);

	mpol_put(pol);
	return err;
}
