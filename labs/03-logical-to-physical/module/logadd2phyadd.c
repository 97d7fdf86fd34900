/*
 * Lab 3: from a program's address to the place in physical memory, level by level.
 *
 * Write { address, pid } to /proc/logadd2phyadd, then read: each level's index and entry, the frame, the offset, the physical
 * address, and the four bytes found there through the kernel's own mapping.
 */
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/proc_fs.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

struct request {
	unsigned long address;
	int pid;
};

static struct request asked;

/* The last step: a frame of 1 << shift bytes, and what is in it. */
static void show_frame(struct seq_file *m, unsigned long long entry, unsigned int shift)
{
	unsigned long offset = asked.address & ((1UL << shift) - 1);
	unsigned long long phys = (entry & PTE_PFN_MASK & ~((1ULL << shift) - 1)) | offset;

	seq_printf(m, "frame  %llx\n", phys >> PAGE_SHIFT);
	seq_printf(m, "offset %lx\n", offset);
	seq_printf(m, "phys   %llx\n", phys);
	if (phys >> PAGE_SHIFT < lowmem_end_pfn) {
		seq_printf(m, "kernel %px\n", __va(phys));
		seq_printf(m, "value  %x\n", *(unsigned int *)__va(phys & ~3ULL));
	} else {
		seq_puts(m, "value  in high memory\n");
	}
}

/* Where memory is mapped; how the address is cut: the lowest bit of each level's index, and entries of its table (folded: one). */
static void show_geometry(struct seq_file *m)
{
	seq_printf(m, "shift  %u %u %u %u %u\n", (unsigned)PGDIR_SHIFT, (unsigned)P4D_SHIFT,
		   (unsigned)PUD_SHIFT, (unsigned)PMD_SHIFT, (unsigned)PAGE_SHIFT);
	seq_printf(m, "base   %lx\n", (unsigned long)PAGE_OFFSET);
	seq_printf(m, "ptrs   %u %u %u %u %u\n", (unsigned)PTRS_PER_PGD, (unsigned)PTRS_PER_P4D,
		   (unsigned)PTRS_PER_PUD, (unsigned)PTRS_PER_PMD, (unsigned)PTRS_PER_PTE);
}

static void walk(struct seq_file *m, struct mm_struct *mm)
{
	unsigned long a = asked.address;
	pgd_t *pgd = pgd_offset(mm, a);
	p4d_t *p4d;
	pud_t *pud;
	pmd_t *pmd;
	pte_t *pte;

	seq_printf(m, "pgd    %lu %llx\n", (unsigned long)pgd_index(a),
		   (unsigned long long)pgd_val(*pgd));
	if (pgd_none(*pgd) || pgd_bad(*pgd))
		return;
	p4d = p4d_offset(pgd, a);
	seq_printf(m, "p4d    %lu %llx\n", (unsigned long)p4d_index(a),
		   (unsigned long long)p4d_val(*p4d));
	if (p4d_none(*p4d) || p4d_bad(*p4d))
		return;
	pud = pud_offset(p4d, a);
	seq_printf(m, "pud    %lu %llx\n", (unsigned long)pud_index(a),
		   (unsigned long long)pud_val(*pud));
	if (pud_none(*pud) || pud_bad(*pud))
		return;
	if (pud_large(*pud)) {
		show_frame(m, pud_val(*pud), PUD_SHIFT);
		return;
	}
	pmd = pmd_offset(pud, a);
	seq_printf(m, "pmd    %lu %llx\n", (unsigned long)pmd_index(a),
		   (unsigned long long)pmd_val(*pmd));
	if (pmd_none(*pmd) || pmd_bad(*pmd))
		return;
	if (pmd_large(*pmd)) {
		show_frame(m, pmd_val(*pmd), PMD_SHIFT);
		return;
	}
	pte = pte_offset_kernel(pmd, a);
	seq_printf(m, "pte    %lu %llx\n", (unsigned long)pte_index(a),
		   (unsigned long long)pte_val(*pte));
	if (pte_present(*pte))
		show_frame(m, pte_val(*pte), PAGE_SHIFT);
}

static int translate_show(struct seq_file *m, void *v)
{
	struct task_struct *task;
	struct mm_struct *mm;

	rcu_read_lock();
	task = pid_task(find_vpid(asked.pid), PIDTYPE_PID);
	rcu_read_unlock();
	if (!task)
		return -ESRCH;
	mm = get_task_mm(task);
	if (!mm)
		return -EINVAL;
	seq_printf(m, "task   %d %s\n", task->pid, task->comm);
	seq_printf(m, "linear %lx\n", asked.address);
	show_geometry(m);
	down_read(&mm->mmap_sem);
	walk(m, mm);
	up_read(&mm->mmap_sem);
	mmput(mm);
	return 0;
}

static int translate_open(struct inode *inode, struct file *file)
{
	return single_open(file, translate_show, NULL);
}

static ssize_t translate_write(struct file *file, const char __user *buf, size_t len, loff_t *pos)
{
	struct request r;

	if (len != sizeof(r))
		return -EINVAL;
	if (copy_from_user(&r, buf, sizeof(r)))
		return -EFAULT;
	asked = r;
	return len;
}

static const struct file_operations translate_fops = {
	.owner = THIS_MODULE,
	.open = translate_open,
	.read = seq_read,
	.write = translate_write,
	.llseek = seq_lseek,
	.release = single_release,
};

static int __init translate_init(void)
{
	if (!proc_create("logadd2phyadd", 0666, NULL, &translate_fops))
		return -ENOMEM;
	printk(KERN_INFO "lab 3: write { address, pid } to /proc/logadd2phyadd\n");
	return 0;
}

static void __exit translate_exit(void)
{
	remove_proc_entry("logadd2phyadd", NULL);
}

module_init(translate_init);
module_exit(translate_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Lab 3: logical to physical");
