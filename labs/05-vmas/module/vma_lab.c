/* Lab 5: the vmas of every process: by the list (/proc/vma_list, as before Linux 6.1) and by an iterator (/proc/vma_iter). */
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

static int __init vma_lab_init(void)
{
	if (!proc_create_single("vma_list", 0444, NULL, list_show))
		return -ENOMEM;
	if (proc_create_single("vma_iter", 0444, NULL, iter_show))
		return 0;
	remove_proc_entry("vma_list", NULL);
	return -ENOMEM;
}

static void __exit vma_lab_exit(void)
{
	remove_proc_entry("vma_list", NULL);
	remove_proc_entry("vma_iter", NULL);
}

module_init(vma_lab_init);
module_exit(vma_lab_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Lab 5: vmas");
