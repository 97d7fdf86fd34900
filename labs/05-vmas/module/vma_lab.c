/*
 * Lab 5: the vmas of every process: by the list (/proc/vma_list, as before Linux 6.1), by an iterator (/proc/vma_iter), and
 * how many pages of each have a frame (/proc/vma_resident), counted in the page tables.
 */
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>

static void show_vma(struct seq_file *m, struct vm_area_struct *vma)
{
	seq_printf(m, "%08lx-%08lx %c%c%c%c %08lx\n", vma->vm_start, vma->vm_end,
		   vma->vm_flags & VM_READ ? 'r' : '-', vma->vm_flags & VM_WRITE ? 'w' : '-',
		   vma->vm_flags & VM_EXEC ? 'x' : '-', vma->vm_flags & VM_MAYSHARE ? 's' : 'p',
		   vma->vm_file ? vma->vm_pgoff << PAGE_SHIFT : 0UL);
}

static void show_list(struct seq_file *m, struct mm_struct *mm)
{
	struct vm_area_struct *vma;

	down_read(&mm->mmap_sem);
	for (vma = mm->mmap; vma; vma = vma->vm_next)
		show_vma(m, vma);
	up_read(&mm->mmap_sem);
}

static void show_iter(struct seq_file *m, struct mm_struct *mm)
{
	struct vm_area_struct *vma;
	VMA_ITERATOR(vmi, mm, 0);

	mmap_read_lock(mm);
	for_each_vma(vmi, vma) show_vma(m, vma);
	mmap_read_unlock(mm);
}

/* Pages of a PMD entry's part of [a, end) that have a frame of their own; *next: where the next part begins. */
static unsigned long count_part(struct mm_struct *mm, unsigned long a, unsigned long end,
				unsigned long *next)
{
	unsigned long n = 0;
	pgd_t *pgd = pgd_offset(mm, a);
	p4d_t *p4d;
	pud_t *pud;
	pmd_t *pmd;
	pte_t *pte;

	*next = min(end - 1, a | ~PMD_MASK) + 1;
	if (pgd_none(*pgd))
		return 0;
	p4d = p4d_offset(pgd, a);
	if (p4d_none(*p4d))
		return 0;
	pud = pud_offset(p4d, a);
	if (pud_none(*pud))
		return 0;
	pmd = pmd_offset(pud, a);
	if (pmd_none(*pmd))
		return 0;
	if (pmd_large(*pmd))
		return (*next - a) >> PAGE_SHIFT;
	for (; a < *next; a += PAGE_SIZE) {
		pte = pte_offset_kernel(pmd, a);
		n += pte_present(*pte) && !pte_special(*pte); /* special: the page of zeroes */
	}
	return n;
}

static unsigned long count_resident(struct vm_area_struct *vma)
{
	unsigned long a = vma->vm_start, n = 0, next;

	if (vma->vm_flags & VM_HUGETLB)
		return 0; /* another account */
	for (; a < vma->vm_end; a = next)
		n += count_part(vma->vm_mm, a, vma->vm_end, &next);
	return n;
}

static void show_resident(struct seq_file *m, struct mm_struct *mm)
{
	struct vm_area_struct *vma;

	mmap_read_lock(mm);
	for (vma = mm->mmap; vma; vma = vma->vm_next)
		seq_printf(m, "%08lx-%08lx %lu of %lu\n", vma->vm_start, vma->vm_end,
			   count_resident(vma), (vma->vm_end - vma->vm_start) >> PAGE_SHIFT);
	mmap_read_unlock(mm);
}

static int show_all(struct seq_file *m, void (*show)(struct seq_file *m, struct mm_struct *mm))
{
	struct task_struct *p;

	rcu_read_lock();
	for_each_process(p)
	{
		struct mm_struct *mm = get_task_mm(p);

		seq_printf(m, "%d %s\n", p->pid, p->comm);
		if (!mm)
			continue;
		show(m, mm);
		mmput(mm);
	}
	rcu_read_unlock();
	return 0;
}

static int list_show(struct seq_file *m, void *v)
{
	return show_all(m, show_list);
}

static int iter_show(struct seq_file *m, void *v)
{
	return show_all(m, show_iter);
}

static int resident_show(struct seq_file *m, void *v)
{
	return show_all(m, show_resident);
}

static int __init vma_lab_init(void)
{
	if (!proc_create_single("vma_list", 0444, NULL, list_show))
		return -ENOMEM;
	if (!proc_create_single("vma_iter", 0444, NULL, iter_show))
		goto no_iter;
	if (proc_create_single("vma_resident", 0444, NULL, resident_show))
		return 0;
	remove_proc_entry("vma_iter", NULL);
no_iter:
	remove_proc_entry("vma_list", NULL);
	return -ENOMEM;
}

static void __exit vma_lab_exit(void)
{
	remove_proc_entry("vma_list", NULL);
	remove_proc_entry("vma_iter", NULL);
	remove_proc_entry("vma_resident", NULL);
}

module_init(vma_lab_init);
module_exit(vma_lab_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Lab 5: vmas");
