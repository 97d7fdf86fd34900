/*
 * /proc/PID/maps, smaps, smaps_rollup, pagemap: a process's memory, mapping by mapping and page by page.
 *
 * LOCKS    mmap_lock for read while the mappings are walked; the text grows under it (allocation ranks above).
 *          pagemap copies to the user after it is dropped.
 * CONTEXT  tasks; may sleep.
 * SOURCES  proc(5); Linux Documentation/filesystems/proc.rst, Documentation/admin-guide/mm/pagemap.rst.
 */
#include "proc_impl.h"

#include "arch/pt.h"
#include "arch/uaccess.h"
#include "base/errno.h"
#include "kernel/task.h"
#include "mm/mm.h"
#include "mm/pt.h"
#include "mm/slab.h"
#include "mm/thp.h"
#include "sync/failpoint.h"
#include "vfs_impl.h"

enum { NAME_COLUMN = sizeof(long) == 8 ? 73 : 49 };

/* Call @show for each mapping of @t. @buf: VFS_PATH_MAX bytes for names. */
static int each_vma(struct seq_file *m, struct task *t,
		    void (*show)(struct seq_file *m, struct vm_area_struct *vma, char *buf,
				 void *arg),
		    void *arg)
{
	struct vm_area_struct *vma;
	struct mm_struct *mm;
	char *buf;
	int err = task_mm_inspect(t, &mm);

	if (err || !mm)
		return err;
	buf = failpoint("maps_name") ? NULL : kmalloc(VFS_PATH_MAX, GFP_KERNEL);
	if (buf) {
		rwsem_down_read(&mm->mmap_lock);
		for (vma = vma_first(mm); vma && !m->err; vma = vma_next(mm, vma))
			show(m, vma, buf, arg);
		rwsem_up_read(&mm->mmap_lock);
		kfree(buf);
	}
	mmput(mm);
	return buf ? 0 : -ENOMEM;
}

/* Only the line feed would break the line. */
static void put_name(struct seq_file *m, const char *name)
{
	for (; *name; name++) {
		if (*name == '\n')
			seq_puts(m, "\\012");
		else
			seq_putc(m, *name);
	}
}

static void put_head(struct seq_file *m, unsigned long start, unsigned long end,
		     unsigned long flags, unsigned long long offset)
{
	seq_printf(m, "%08lx-%08lx %c%c%c%c %08llx ", start, end, flags & VM_READ ? 'r' : '-',
		   flags & VM_WRITE ? 'w' : '-', flags & VM_EXEC ? 'x' : '-',
		   flags & VM_MAYSHARE ? 's' : 'p', offset);
}

void proc_put_vma(struct seq_file *m, struct vm_area_struct *vma, char *buf)
{
	struct address_space *map = vma->mapping;
	unsigned major = 0, minor = 0;
	unsigned long ino = 0;
	size_t line = m->len;

	if (map && map->ops->ident)
		map->ops->ident(map, &major, &minor, &ino);
	put_head(m, vma->vm_start, vma->vm_end, vma->vm_flags,
		 map ? (unsigned long long)vma->vm_pgoff << PAGE_SHIFT : 0);
	seq_printf(m, "%02x:%02x %lu ", major, minor, ino);
	if (vma_name(vma, buf, VFS_PATH_MAX)) {
		seq_pad(m, line, NAME_COLUMN);
		put_name(m, buf);
	}
	seq_putc(m, '\n');
}

static void show_map(struct seq_file *m, struct vm_area_struct *vma, char *buf, void *arg)
{
	proc_put_vma(m, vma, buf);
}

int maps_show(struct seq_file *m, struct task *t)
{
	return each_vma(m, t, show_map, NULL);
}

/* ---- smaps ---- */

struct rollup {
	struct smaps_stat sum;
	unsigned long pss_anon, pss_file, pss_shmem;
	unsigned long start, end;
};

static void put_kb(struct seq_file *m, const char *label, unsigned long bytes)
{
	size_t start = m->len;

	seq_puts(m, label);
	seq_putc(m, ':');
	seq_pad(m, start, 16);
	seq_printf(m, "%8lu kB\n", bytes >> 10);
}

/* From Rss to Pss_Dirty, and what follows it in both forms. */
static void put_first(struct seq_file *m, const struct smaps_stat *s)
{
	put_kb(m, "Rss", s->rss);
	put_kb(m, "Pss", s->pss);
	put_kb(m, "Pss_Dirty", s->pss_dirty);
}

static void put_rest(struct seq_file *m, const struct smaps_stat *s)
{
	static const char *const absent[] = { "ShmemPmdMapped",	 "FilePmdMapped", "Shared_Hugetlb",
					      "Private_Hugetlb", "Swap",	  "SwapPss" };
	unsigned i;

	put_kb(m, "Shared_Clean", s->shared_clean);
	put_kb(m, "Shared_Dirty", s->shared_dirty);
	put_kb(m, "Private_Clean", s->private_clean);
	put_kb(m, "Private_Dirty", s->private_dirty);
	put_kb(m, "Referenced", s->referenced);
	put_kb(m, "Anonymous", s->anonymous);
	put_kb(m, "LazyFree", 0);
	put_kb(m, "AnonHugePages", s->anon_huge);
	for (i = 0; i < ARRAY_SIZE(absent); i++)
		put_kb(m, absent[i], 0);
	put_kb(m, "Locked", s->locked);
}

static void put_flags(struct seq_file *m, unsigned long flags)
{
	static const struct {
		unsigned long bit;
		const char name[3];
	} names[] = { { VM_READ, "rd" },       { VM_WRITE, "wr" },     { VM_EXEC, "ex" },
		      { VM_SHARED, "sh" },     { VM_MAYREAD, "mr" },   { VM_MAYWRITE, "mw" },
		      { VM_MAYEXEC, "me" },    { VM_MAYSHARE, "ms" },  { VM_GROWSDOWN, "gd" },
		      { VM_PFNMAP, "pf" },     { VM_LOCKED, "lo" },    { VM_IO, "io" },
		      { VM_SEQ_READ, "sr" },   { VM_RAND_READ, "rr" }, { VM_DONTCOPY, "dc" },
		      { VM_DONTEXPAND, "de" }, { VM_ACCOUNT, "ac" },   { VM_NORESERVE, "nr" },
		      { VM_WIPEONFORK, "wf" }, { VM_DONTDUMP, "dd" },  { VM_HUGEPAGE, "hg" },
		      { VM_NOHUGEPAGE, "nh" } };
	unsigned i;

	seq_puts(m, "VmFlags: ");
	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (flags & names[i].bit)
			seq_printf(m, "%s ", names[i].name);
	seq_putc(m, '\n');
}

static void show_smap(struct seq_file *m, struct vm_area_struct *vma, char *buf, void *arg)
{
	struct smaps_stat s;

	vma_smaps(vma, &s);
	show_map(m, vma, buf, NULL);
	put_kb(m, "Size", vma->vm_end - vma->vm_start);
	put_kb(m, "KernelPageSize", PAGE_SIZE);
	put_kb(m, "MMUPageSize", PAGE_SIZE);
	put_first(m, &s);
	put_rest(m, &s);
	seq_printf(m, "THPeligible:    %d\n", thp_eligible(vma));
	put_flags(m, vma->vm_flags);
}

int smaps_show(struct seq_file *m, struct task *t)
{
	return each_vma(m, t, show_smap, NULL);
}

static void add_smap(struct seq_file *m, struct vm_area_struct *vma, char *buf, void *arg)
{
	struct rollup *r = arg;
	struct smaps_stat s;

	vma_smaps(vma, &s);
	if (!r->end)
		r->start = vma->vm_start;
	r->end = vma->vm_end;
	r->sum.rss += s.rss;
	r->sum.pss += s.pss;
	r->sum.pss_dirty += s.pss_dirty;
	r->sum.shared_clean += s.shared_clean;
	r->sum.shared_dirty += s.shared_dirty;
	r->sum.private_clean += s.private_clean;
	r->sum.private_dirty += s.private_dirty;
	r->sum.referenced += s.referenced;
	r->sum.anonymous += s.anonymous;
	r->sum.locked += s.locked;
	r->sum.anon_huge += s.anon_huge;
	r->pss_anon += s.pss_anon;
	r->pss_file += s.pss_file;
	r->pss_shmem += s.pss_shmem;
}

int smaps_rollup_show(struct seq_file *m, struct task *t)
{
	struct rollup r = { { 0 }, 0, 0, 0, 0, 0 };
	size_t line = m->len;
	int err = each_vma(m, t, add_smap, &r);

	if (err || !r.end)
		return err ? err : -ESRCH;
	put_head(m, r.start, r.end, 0, 0);
	seq_puts(m, "00:00 0 ");
	seq_pad(m, line, NAME_COLUMN);
	seq_puts(m, "[rollup]\n");
	put_first(m, &r.sum);
	put_kb(m, "Pss_Anon", r.pss_anon);
	put_kb(m, "Pss_File", r.pss_file);
	put_kb(m, "Pss_Shmem", r.pss_shmem);
	put_rest(m, &r.sum);
	return 0;
}

/* ---- pagemap: 64 bits for each virtual page ---- */

enum { PM_BATCH = 512, PM_SWAP_TYPE_BITS = 5 };
#define PM_EXCLUSIVE (1ULL << 56)
#define PM_FILE	     (1ULL << 61)
#define PM_SWAP	     (1ULL << 62)
#define PM_PRESENT   (1ULL << 63)

static uint64_t pagemap_entry(pte_t e, bool show_pfn)
{
	const struct page *page;
	uint64_t v;

	if (pte_is_swap(e))
		return PM_SWAP |
		       (show_pfn ? (uint64_t)pte_swap_type(e) | (uint64_t)pte_swap_offset(e)
									<< PM_SWAP_TYPE_BITS
				 : 0);
	if (!pte_present(e))
		return 0;
	v = PM_PRESENT | (show_pfn ? pte_pfn(e) : 0);
	if (pte_special(e))
		return v;
	page = pfn_to_page(pte_pfn(e));
	if (page_state(page) != PS_ANON)
		v |= PM_FILE;
	if (page_mapcount(page) == 1)
		v |= PM_EXCLUSIVE;
	return v;
}

/* Entries of @nr pages from @vpn on; pages that no mapping covers are zero. */
static void pagemap_batch(struct mm_struct *mm, uint64_t vpn, unsigned nr, uint64_t *out)
{
	bool show_pfn = capable(CAP_SYS_ADMIN);
	struct vm_area_struct *vma = NULL;
	unsigned i;

	rwsem_down_read(&mm->mmap_lock);
	for (i = 0; i < nr; i++) {
		unsigned long va = (unsigned long)(vpn + i) << PAGE_SHIFT;

		if (!vma || va >= vma->vm_end)
			vma = find_vma(mm, va);
		out[i] = 0;
		if (vma && va >= vma->vm_start)
			out[i] = pagemap_entry(pt_peek_page(&mm->root, va), show_pfn);
	}
	rwsem_up_read(&mm->mmap_lock);
}

static long pagemap_read_mm(struct mm_struct *mm, uaddr_t buf, size_t len, uint64_t *pos)
{
	uint64_t *batch =
		failpoint("pagemap") ? NULL : kmalloc(PM_BATCH * sizeof(*batch), GFP_KERNEL);
	uint64_t end = (uint64_t)USER_TOP >> PAGE_SHIFT;
	size_t done = 0;

	if (!batch)
		return -ENOMEM;
	while (done < len && *pos / 8 < end) {
		uint64_t vpn = *pos / 8;
		unsigned n = (unsigned)min_of(uint64_t, min_of(size_t, (len - done) / 8, PM_BATCH),
					      end - vpn);

		pagemap_batch(mm, vpn, n, batch);
		if (copy_to_user(buf + done, batch, n * 8))
			break;
		done += n * 8;
		*pos += n * 8;
		if (fatal_signal_pending())
			break;
	}
	kfree(batch);
	return done || !len || *pos / 8 >= end ? (long)done : -EFAULT;
}

static long pagemap_read(struct file *f, uaddr_t buf, size_t len, uint64_t *pos)
{
	struct mm_struct *mm;
	long ret = task_mm_inspect(proc_task_of(f->inode), &mm);

	if (ret || !mm)
		return ret;
	if (*pos % 8 || len % 8)
		ret = -EINVAL;
	else
		ret = pagemap_read_mm(mm, buf, len, pos);
	mmput(mm);
	return ret;
}

const struct file_ops pagemap_fops = { .read = pagemap_read };
