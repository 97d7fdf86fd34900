/*
 * Lab 10: a program's frame has a second mapping, the kernel's own.
 *
 * Write { address, pid, write, value } to /proc/two_mappings. With write = 1 the four bytes at that address become value, through the
 * kernel's mapping of the frame; the program's is not used. Then read: both addresses, both entries, the value there, and every
 * entry of every process that leads to the frame.
 */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/proc_fs.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

struct request {
	unsigned long address;
	int pid, write;
	unsigned int value;
};

/* Where a walk ended. */
struct place {
	unsigned long long entry; /* 0: nothing there */
	unsigned long size;	  /* bytes that the entry maps, or leaves out */
	unsigned long pfn;
};

static struct request asked;

/* ---- one walk ---- */

static int ends_here(struct place *p, unsigned long long entry, unsigned long size, bool leaf)
{
	if (entry && !leaf)
		return 0;
	p->entry = entry;
	p->size = size;
	return 1;
}

/* Top table @top, down to the entry of @a. */
static void walk(pgd_t *top, unsigned long a, struct place *p)
{
	pgd_t *pgd = pgd_offset_pgd(top, a);
	p4d_t *p4d = p4d_offset(pgd, a);
	pud_t *pud;
	pmd_t *pmd;
	pte_t *pte;

	*p = (struct place){ 0 };
	if ((pgd_none(*pgd) && ends_here(p, 0, PGDIR_SIZE, false)) ||
	    (p4d_none(*p4d) && ends_here(p, 0, P4D_SIZE, false)))
		return;
	pud = pud_offset(p4d, a);
	if ((pud_none(*pud) || pud_leaf(*pud)) && ends_here(p, pud_val(*pud), PUD_SIZE, true))
		return;
	pmd = pmd_offset(pud, a);
	if ((pmd_none(*pmd) || pmd_leaf(*pmd)) && ends_here(p, pmd_val(*pmd), PMD_SIZE, true))
		return;
	pte = pte_offset_kernel(pmd, a);
	p->size = PAGE_SIZE;
	if (pte_present(*pte))
		p->entry = pte_val(*pte);
}

/* The frame of address @a, which *p maps. */
static void find_frame(struct place *p, unsigned long a)
{
	unsigned long long first = (p->entry & PTE_PFN_MASK) & ~((unsigned long long)p->size - 1);

	p->pfn = (first + (a & (p->size - 1))) >> PAGE_SHIFT;
}

/* ---- the frame through the kernel's mapping ---- */

static unsigned int *kernel_address(const struct place *p)
{
	phys_addr_t phys = PFN_PHYS(p->pfn) + offset_in_page(asked.address);
	void *v = __va(phys);

	return virt_addr_valid(v) && __pa(v) == phys ? v : NULL;
}

static void show_kernel_side(struct seq_file *m, const struct place *user)
{
	unsigned int *v = kernel_address(user);
	struct place k;

	if (!v) {
		seq_puts(m, "kernel none\n"); /* high memory */
		return;
	}
	walk(swapper_pg_dir, (unsigned long)v, &k);
	find_frame(&k, (unsigned long)v);
	seq_printf(m, "kernel %lx %llx %lu %lx\n", (unsigned long)v, k.entry, k.size >> 10, k.pfn);
	seq_printf(m, "value %x\n", *v);
}

/* ---- who else ---- */

static unsigned int search_vma(struct seq_file *m, struct task_struct *task,
			       struct vm_area_struct *vma, unsigned long pfn)
{
	unsigned long a = vma->vm_start;
	unsigned int found = 0;
	struct place p;

	while (a < vma->vm_end) {
		walk(vma->vm_mm->pgd, a, &p);
		if (p.entry) {
			find_frame(&p, a);
			p.size = PAGE_SIZE;
		}
		if (p.entry && p.pfn == pfn) {
			seq_printf(m, "user_of %d %lx\n", task->pid, a);
			found++;
		}
		if ((a | (p.size - 1)) == ~0UL)
			break;
		a = (a | (p.size - 1)) + 1;
	}
	return found;
}

static void search(struct seq_file *m, unsigned long pfn)
{
	unsigned int found = 0, processes = 0;
	struct task_struct *p;

	rcu_read_lock();
	for_each_process(p)
	{
		struct mm_struct *mm = get_task_mm(p);
		struct vm_area_struct *vma;
		VMA_ITERATOR(vmi, mm, 0);

		if (!mm)
			continue;
		processes++;
		mmap_read_lock(mm);
		for_each_vma(vmi, vma) found += search_vma(m, p, vma, pfn);
		mmap_read_unlock(mm);
		mmput(mm);
	}
	rcu_read_unlock();
	seq_printf(m, "searched %u\nusers %u\n", processes, found);
}

/* ---- /proc/two_mappings ---- */

static struct mm_struct *asked_mm(void)
{
	struct task_struct *task = get_pid_task(find_vpid(asked.pid), PIDTYPE_PID);
	struct mm_struct *mm = task ? get_task_mm(task) : NULL;

	if (task)
		put_task_struct(task);
	return mm;
}

static void find_user_side(struct mm_struct *mm, struct place *p)
{
	mmap_read_lock(mm);
	walk(mm->pgd, asked.address, p);
	if (p->entry)
		find_frame(p, asked.address);
	mmap_read_unlock(mm);
}

static int two_mappings_show(struct seq_file *m, void *v)
{
	struct mm_struct *mm = asked_mm();
	struct place user;

	if (!mm)
		return -ESRCH;
	find_user_side(mm, &user);
	mmput(mm);
	seq_printf(m, "user %lx %llx %lx\n", asked.address, user.entry, user.pfn);
	if (!user.entry)
		return 0;
	show_kernel_side(m, &user);
	search(m, user.pfn);
	return 0;
}

static int two_mappings_open(struct inode *inode, struct file *file)
{
	return single_open(file, two_mappings_show, NULL);
}

static int poke(void)
{
	struct mm_struct *mm = asked_mm();
	struct place user;
	unsigned int *v;

	if (!mm)
		return -ESRCH;
	find_user_side(mm, &user);
	mmput(mm);
	if (!user.entry)
		return -EFAULT;
	if (!(user.entry & _PAGE_RW)) /* the zero page, say, which is everybody's */
		return -EACCES;
	v = kernel_address(&user);
	if (!v)
		return -ENXIO;
	*v = asked.value;
	return 0;
}

static ssize_t two_mappings_write(struct file *file, const char __user *buf, size_t len,
				  loff_t *pos)
{
	struct request r;
	int err;

	if (len != sizeof(r))
		return -EINVAL;
	if (copy_from_user(&r, buf, sizeof(r)))
		return -EFAULT;
	if (r.address % sizeof(r.value))
		return -EINVAL;
	asked = r;
	err = r.write ? poke() : 0;
	return err ? err : (ssize_t)len;
}

static const struct proc_ops two_mappings_ops = {
	.proc_open = two_mappings_open,
	.proc_read = seq_read,
	.proc_write = two_mappings_write,
	.proc_lseek = seq_lseek,
	.proc_release = single_release,
};

static int __init two_mappings_init(void)
{
	return proc_create("two_mappings", 0600, NULL, &two_mappings_ops) ? 0 : -ENOMEM;
}

static void __exit two_mappings_exit(void)
{
	remove_proc_entry("two_mappings", NULL);
}

module_init(two_mappings_init);
module_exit(two_mappings_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Lab 10: two mappings of one frame");
