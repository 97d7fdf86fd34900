/*
 * /proc/PID/maps, smaps, smaps_rollup: a process's memory, mapping by mapping.
 *
 * LOCKS    mmap_lock for read while the mappings are walked; the text grows under it (allocation ranks above).
 * CONTEXT  tasks; may sleep.
 * SOURCES  proc(5); Linux Documentation/filesystems/proc.rst.
 */
#include "proc_impl.h"

#include "base/errno.h"
#include "kernel/task.h"
#include "mm/huge.h"
#include "mm/mm.h"
#include "mm/slab.h"
#include "mm/thp.h"
#include "sync/failpoint.h"
#include "vfs_impl.h"

enum { NAME_COLUMN = sizeof(long) == 8 ? 73 : 49 };

int proc_each_vma(struct seq_file *m, struct task *t,
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
		for (vma = find_vma(mm, (unsigned long)m->from); vma && !m->err && !m->more;
		     vma = vma_next(mm, vma)) {
			size_t before = m->len;

			show(m, vma, buf, arg);
			m->more = m->len >= m->want;
			if (before && m->len >= PAGE_SIZE) {
				m->len = before;
				m->more = true;
			} else {
				m->from = vma->vm_end;
			}
		}
		rwsem_up_read(&mm->mmap_lock);
		kfree(buf);
	}
	mmput(mm);
	return buf ? 0 : -ENOMEM;
}

bool proc_vma_is_file(const struct vm_area_struct *vma)
{
	return vma->mapping && vma->mapping->ops->ident;
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
	const char rights[] = { ' ',
				flags & VM_READ ? 'r' : '-',
				flags & VM_WRITE ? 'w' : '-',
				flags & VM_EXEC ? 'x' : '-',
				flags & VM_MAYSHARE ? 's' : 'p',
				' ' };

	seq_put_hex(m, start, 8);
	seq_putc(m, '-');
	seq_put_hex(m, end, 8);
	seq_write(m, rights, sizeof(rights));
	seq_put_hex(m, offset, 8);
	seq_putc(m, ' ');
}

void proc_put_vma(struct seq_file *m, struct vm_area_struct *vma, char *buf)
{
	struct address_space *map = vma->mapping;
	unsigned major = 0, minor = 0;
	unsigned long ino = 0;
	size_t line = m->len;

	if (map && map->ops->ident)
		map->ops->ident(map, &major, &minor, &ino);
	else if (vma->vm_ops && vma->vm_ops->ident)
		vma->vm_ops->ident(vma, &major, &minor, &ino);
	put_head(m, vma->vm_start, vma->vm_end, vma->vm_flags,
		 map || ino ? (unsigned long long)vma->vm_pgoff << PAGE_SHIFT : 0);
	seq_put_hex(m, major, 2);
	seq_putc(m, ':');
	seq_put_hex(m, minor, 2);
	seq_putc(m, ' ');
	seq_put_decimal(m, ino, 0);
	seq_putc(m, ' ');
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
	return proc_each_vma(m, t, show_map, NULL);
}

/* ---- smaps ---- */

struct rollup {
	struct smaps_stat sum;
	unsigned long pss_anon, pss_file, pss_shmem;
	unsigned long start, end;
};

static void put_kb(struct seq_file *m, const char *label, unsigned long bytes)
{
	seq_put_kb(m, label, bytes >> 10);
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
	put_kb(m, "Shared_Clean", s->shared_clean);
	put_kb(m, "Shared_Dirty", s->shared_dirty);
	put_kb(m, "Private_Clean", s->private_clean);
	put_kb(m, "Private_Dirty", s->private_dirty);
	put_kb(m, "Referenced", s->referenced);
	put_kb(m, "Anonymous", s->anonymous);
	put_kb(m, "LazyFree", s->lazyfree);
	put_kb(m, "AnonHugePages", s->anon_huge);
	put_kb(m, "ShmemPmdMapped", 0);
	put_kb(m, "FilePmdMapped", 0);
	put_kb(m, "Shared_Hugetlb", s->hugetlb_shared);
	put_kb(m, "Private_Hugetlb", s->hugetlb_private);
	put_kb(m, "Swap", s->swap);
	put_kb(m, "SwapPss", s->swap_pss);
	put_kb(m, "Locked", s->locked);
}

static void put_flags(struct seq_file *m, unsigned long flags)
{
	static const struct {
		unsigned long bit;
		const char name[3];
	} names[] = { { VM_READ, "rd" },	 { VM_WRITE, "wr" },	 { VM_EXEC, "ex" },
		      { VM_SHARED, "sh" },	 { VM_MAYREAD, "mr" },	 { VM_MAYWRITE, "mw" },
		      { VM_MAYEXEC, "me" },	 { VM_MAYSHARE, "ms" },	 { VM_GROWSDOWN, "gd" },
		      { VM_UFFD_MISSING, "um" }, { VM_PFNMAP, "pf" },	 { VM_UFFD_WP, "uw" },
		      { VM_LOCKED, "lo" },	 { VM_IO, "io" },	 { VM_SEQ_READ, "sr" },
		      { VM_RAND_READ, "rr" },	 { VM_DONTCOPY, "dc" },	 { VM_DONTEXPAND, "de" },
		      { VM_LOCKONFAULT, "lf" },	 { VM_ACCOUNT, "ac" },	 { VM_NORESERVE, "nr" },
		      { VM_HUGETLB, "ht" },	 { VM_SYNC, "sf" },	 { VM_WIPEONFORK, "wf" },
		      { VM_DONTDUMP, "dd" },	 { VM_SOFTDIRTY, "sd" }, { VM_HUGEPAGE, "hg" },
		      { VM_NOHUGEPAGE, "nh" },	 { VM_MERGEABLE, "mg" }, { VM_UFFD_MINOR, "ui" },
		      { VM_SEALED, "sl" } };
	unsigned i;

	seq_puts(m, "VmFlags: ");
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (flags & names[i].bit) {
			seq_puts(m, names[i].name);
			seq_putc(m, ' ');
		}
	}
	seq_putc(m, '\n');
}

static void show_smap(struct seq_file *m, struct vm_area_struct *vma, char *buf, void *arg)
{
	struct smaps_stat s;

	vma_smaps(vma, &s);
	show_map(m, vma, buf, NULL);
	put_kb(m, "Size", vma->vm_end - vma->vm_start);
	put_kb(m, "KernelPageSize", vma->vm_flags & VM_HUGETLB ? HPAGE_SIZE : PAGE_SIZE);
	put_kb(m, "MMUPageSize", vma->vm_flags & VM_HUGETLB ? HPAGE_SIZE : PAGE_SIZE);
	put_first(m, &s);
	put_rest(m, &s);
	seq_printf(m, "THPeligible:    %d\n", thp_eligible(vma));
	put_flags(m, vma->vm_flags);
}

int smaps_show(struct seq_file *m, struct task *t)
{
	return proc_each_vma(m, t, show_smap, NULL);
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
	r->sum.lazyfree += s.lazyfree;
	r->sum.swap += s.swap;
	r->sum.swap_pss += s.swap_pss;
	r->sum.anon_huge += s.anon_huge;
	r->sum.hugetlb_shared += s.hugetlb_shared;
	r->sum.hugetlb_private += s.hugetlb_private;
	r->pss_anon += s.pss_anon;
	r->pss_file += s.pss_file;
	r->pss_shmem += s.pss_shmem;
}

int smaps_rollup_show(struct seq_file *m, struct task *t)
{
	struct rollup r = { { 0 }, 0, 0, 0, 0, 0 };
	struct mm_struct *mm = task_mm_get(t);
	size_t line = m->len;
	int err = mm ? proc_each_vma(m, t, add_smap, &r) : -ESRCH;

	if (mm)
		mmput(mm);
	if (err) /* a program may have unmapped everything: zeroes */
		return err;
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
