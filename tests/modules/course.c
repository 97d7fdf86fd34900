/* What modules of courses use beside what the others here have: files of tasks, trees of vmas, SIGIO, files without a name. */
#include <linux/anon_inodes.h>
#include <linux/atomic.h>
#include <linux/bitmap.h>
#include <linux/fdtable.h>
#include <linux/fs_struct.h>
#include <linux/kthread.h>
#include <linux/llist.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/namei.h>
#include <linux/nsproxy.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include "want.h"

static int fd = -1;
module_param(fd, int, 0);
static int number = 7;

/* ---- the running program ---- */

static void look_at_files(void)
{
	struct files_struct *files = current->files;
	struct fdtable *fdt = files_fdtable(files);
	struct path pwd, root;
	char buf[64];

	WANT(files && atomic_read(&files->count) == 1);
	WANT(fd < (int)fdt->max_fds && fdt->fd[fd] && test_bit(fd, fdt->open_fds));
	WANT(!strcmp(d_path(&fdt->fd[fd]->f_path, buf, sizeof(buf)), "/tmp/course-file"));
	WANT(fdt->fd[fd]->f_pos == 3 && i_size_read(file_inode(fdt->fd[fd])) == 6);
	WANT(!strcmp(fdt->fd[fd]->f_path.dentry->d_parent->d_iname, "tmp"));
	WANT(fcheck_files(files, fd + 1) == NULL);
	get_fs_pwd(current->fs, &pwd);
	get_fs_root(current->fs, &root);
	WANT(!strcmp(d_path(&pwd, buf, sizeof(buf)), "/tmp"));
	WANT(!strcmp(root.dentry->d_iname, "/"));
	path_put(&root);
	path_put(&pwd);
}

static void look_at_self(void)
{
	sigset_t set;

	sigemptyset(&set);
	WANT(sigisemptyset(&set));
	sigaddset(&set, 40);
	WANT(sigismember(&set, 40) && !sigismember(&set, 39) && !sigisemptyset(&set));
	WANT(sigismember(&current->blocked, SIGUSR2));
	WANT(current->sighand->action[SIGUSR1 - 1].sa.sa_handler == (void *)1);
	WANT(rlimit(RLIMIT_NOFILE) == 64 && atomic_read(&current->signal->live) == 1);
	WANT(cap_raised(current_cred()->cap_effective, CAP_SYS_ADMIN));
	WANT(cpumask_test_cpu(task_cpu(current), &current->cpus_mask));
	WANT(!strcmp(current->nsproxy->uts_ns->name.sysname, "Linux"));
	WANT(current->min_flt > 0 && refcount_read(&current->usage) > 0);
}

static void look_at_memory(void)
{
	struct mm_struct *mm = current->mm;
	unsigned long index = 0, stack = mm->start_stack;
	struct vm_area_struct *vma;
	struct file *exe;
	struct rb_node *n;
	spinlock_t *lock;
	pte_t *pte;
	int nr = 0;

	mmap_read_lock(mm);
	for (n = rb_first(&mm->mm_rb); n; n = rb_next(n), nr++)
		WANT(rb_entry(n, struct vm_area_struct, vm_rb)->vm_start < mm->highest_vm_end);
	WANT(nr == mm->map_count);
	mt_for_each(&mm->mm_mt, vma, index, ULONG_MAX) nr--;
	WANT(nr == 0);
	WANT(follow_pte(mm, 0, &pte, &lock) == -EINVAL);
	WANT(follow_pte(mm, stack, &pte, &lock) == 0 && pte_present(*pte));
	pte_unmap_unlock(pte, lock);
	WANT(follow_pfn(vma_lookup(mm, stack), stack, &index) == -EINVAL);
	mmap_read_unlock(mm);
	exe = get_mm_exe_file(mm);
	WANT(exe && mm->exe_file && !strcmp(exe->f_path.dentry->d_iname, "module_course"));
	WANT(file_inode(exe)->i_ino == file_inode(mm->exe_file)->i_ino);
	fput(exe);
}

/* ---- files ---- */

static void use_files(void)
{
	struct file *file = filp_open("/tmp/course-own", O_RDWR | O_CREAT | O_TRUNC, 0640), *seen;
	struct path path;
	char buf[16] = "";
	loff_t pos = 0;

	WANT(!IS_ERR(file));
	WANT(kernel_write(file, "written", 7, &pos) == 7 && pos == 7);
	WANT(kernel_read(file, 2, buf, 3) == 3 && !strcmp(buf, "itt")); /* before Linux 4.14 */
	WANT(file_inode(file)->i_size == 7 && (file_inode(file)->i_mode & 0777) == 0640);
	filp_close(file, NULL);
	WANT(PTR_ERR(filp_open("/tmp/none", O_RDONLY, 0)) == -ENOENT);
	WANT(kern_path("/tmp/none", LOOKUP_FOLLOW, &path) == -ENOENT);
	WANT(kern_path("/tmp/course-own", LOOKUP_DIRECTORY, &path) == -ENOTDIR);
	WANT(kern_path("/tmp/course-own", LOOKUP_FOLLOW, &path) == 0);
	WANT(d_is_reg(path.dentry) && d_inode(path.dentry)->i_size == 7);
	path_put(&path);
	seen = files_fdtable(current->files)->fd[fd]; /* to be looked at only */
	WANT(kernel_read(seen, buf, 1, &pos) == -EBADF);
	seen = fget(fd);
	pos = 0;
	WANT(seen && kernel_read(seen, buf, 6, &pos) == 6 && !memcmp(buf, "course", 6));
	fput(seen);
	WANT(fget(63) == NULL);
}

/* ---- what headers do alone ---- */

struct thing {
	int value;
	struct llist_node link;
	struct kthread_work work;
};

static void work_fn(struct kthread_work *work)
{
	container_of(work, struct thing, work)->value *= 2;
}

static void use_headers(void)
{
	struct thing things[3], *t;
	struct kthread_worker *worker = kthread_create_worker(0, "course");
	DECLARE_BITMAP(bits, 40);
	LLIST_HEAD(list);
	atomic64_t wide = ATOMIC64_INIT(1LL << 40);
	char text[64], *memory;
	int i, sum = 0;

	for (i = 0; i < 3; i++) {
		things[i].value = i + 1;
		kthread_init_work(&things[i].work, work_fn);
		llist_add(&things[i].link, &list);
		WANT(kthread_queue_work(worker, &things[i].work));
	}
	for (i = 0; i < 3; i++)
		kthread_flush_work(&things[i].work);
	kthread_destroy_worker(worker);
	llist_for_each_entry(t, llist_del_all(&list), link) sum += t->value;
	WANT(sum == 12);
	atomic64_add(5, &wide);
	WANT(atomic64_inc_return(&wide) == (1LL << 40) + 6 && atomic64_read(&wide) >> 40 == 1);
	WANT(!bitmap_parselist("0-3,36", bits, 40) && bitmap_weight(bits, 40) == 5);
	snprintf(text, sizeof(text), "%*pb %*pbl", 40, bits, 40, bits);
	WANT(!strcmp(text, "10,0000000f 0-3,36"));
	memory = kvmalloc(100, GFP_KERNEL);
	strcpy(memory, "kept");
	memory = kvrealloc(memory, 100000, GFP_KERNEL);
	memory = kvrealloc(memory, 100000, 200000, GFP_KERNEL);
	WANT(!strcmp(memory, "kept"));
	kvfree(memory);
}

/* ---- /proc/course, /dev/course ---- */

static int course_show(struct seq_file *m, void *v)
{
	seq_printf(m, "private %d\n", *(int *)m->private);
	seq_setwidth(m, 8);
	seq_escape(m, "a b", " ");
	seq_pad(m, '|');
	seq_put_decimal_ull(m, "\nnumber ", 42);
	seq_putc(m, '\n');
	return 0;
}

static struct fasync_struct *listeners;

static ssize_t course_write(struct file *file, const char __user *buf, size_t n, loff_t *pos)
{
	kill_fasync(&listeners, SIGIO, POLL_IN);
	return (ssize_t)n;
}

static int course_fasync(int number_of_file, struct file *file, int on)
{
	return fasync_helper(number_of_file, file, on, &listeners);
}

static ssize_t nameless_read(struct file *file, char __user *buf, size_t n, loff_t *pos)
{
	return simple_read_from_buffer(buf, n, pos, file->private_data, 8);
}

static const struct file_operations nameless = { .owner = THIS_MODULE, .read = nameless_read };

static long course_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return cmd == 1 ? anon_inode_getfd("[course]", &nameless, "nameless", O_RDONLY | O_CLOEXEC)
			: -ENOTTY;
}

static const struct file_operations course_ops = { .owner = THIS_MODULE,
						   .write = course_write,
						   .fasync = course_fasync,
						   .unlocked_ioctl = course_ioctl };
static struct miscdevice course_device = { .minor = MISC_DYNAMIC_MINOR,
					   .name = "course",
					   .fops = &course_ops };

static int __init course_init(void)
{
	look_at_files();
	look_at_self();
	look_at_memory();
	use_files();
	use_headers();
	pr_info("course: %d failures\n", failures);
	if (!proc_create_single_data("course", 0444, NULL, course_show, &number))
		return -ENOMEM;
	return misc_register(&course_device);
}

static void __exit course_exit(void)
{
	misc_deregister(&course_device);
	remove_proc_entry("course", NULL);
}
module_init(course_init);
module_exit(course_exit);
MODULE_LICENSE("GPL");
