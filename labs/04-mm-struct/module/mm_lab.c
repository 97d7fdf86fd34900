/* Lab 4: a process's mm_struct. Write a pid to /proc/mm_lab, then read. */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/sched/mm.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

static int pid = 1;
module_param(pid, int, 0644);

static void show_mm(struct seq_file *m, struct mm_struct *mm)
{
	seq_printf(m, "pgd %px\n", mm->pgd);
	seq_printf(m, "code %lx %lx\n", mm->start_code, mm->end_code);
	seq_printf(m, "data %lx %lx\n", mm->start_data, mm->end_data);
	seq_printf(m, "heap %lx %lx\n", mm->start_brk, mm->brk);
	seq_printf(m, "stack %lx\n", mm->start_stack);
	seq_printf(m, "args %lx %lx\n", mm->arg_start, mm->arg_end);
	seq_printf(m, "env %lx %lx\n", mm->env_start, mm->env_end);
	seq_printf(m, "map_count %d\n", mm->map_count);
	seq_printf(m, "total_vm %lu\n", mm->total_vm);
	seq_printf(m, "locked_vm %lu\n", mm->locked_vm);
	seq_printf(m, "data_vm %lu exec_vm %lu stack_vm %lu\n", mm->data_vm, mm->exec_vm,
		   mm->stack_vm);
	seq_printf(m, "rss %lu\n", get_mm_rss(mm));
	seq_printf(m, "tables %ld\n", atomic_long_read(&mm->pgtables_bytes) / PAGE_SIZE);
	seq_printf(m, "users %d\n", atomic_read(&mm->mm_users));
}

static int mm_lab_show(struct seq_file *m, void *v)
{
	struct task_struct *task = get_pid_task(find_vpid(pid), PIDTYPE_PID);
	struct mm_struct *mm;

	if (!task)
		return -ESRCH;
	mm = get_task_mm(task);
	seq_printf(m, "task %d %s\n", task->pid, task->comm);
	if (mm) {
		mmap_read_lock(mm);
		show_mm(m, mm);
		mmap_read_unlock(mm);
		mmput(mm);
	} else {
		seq_puts(m, "a kernel thread: no mm_struct\n");
	}
	put_task_struct(task);
	return 0;
}

static int mm_lab_open(struct inode *inode, struct file *file)
{
	return single_open(file, mm_lab_show, NULL);
}

static ssize_t mm_lab_write(struct file *file, const char __user *buf, size_t len, loff_t *pos)
{
	int err = kstrtoint_from_user(buf, len, 10, &pid);

	return err ? err : (ssize_t)len;
}

static const struct proc_ops mm_lab_ops = {
	.proc_open = mm_lab_open,
	.proc_read = seq_read,
	.proc_write = mm_lab_write,
	.proc_lseek = seq_lseek,
	.proc_release = single_release,
};

static int __init mm_lab_init(void)
{
	return proc_create("mm_lab", 0666, NULL, &mm_lab_ops) ? 0 : -ENOMEM;
}

static void __exit mm_lab_exit(void)
{
	remove_proc_entry("mm_lab", NULL);
}

module_init(mm_lab_init);
module_exit(mm_lab_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Lab 4: mm_struct");
