/* Programs that a module starts, files that it gives, what it is told of, and the letters behind %p. */
#include <linux/anon_inodes.h>
#include <linux/crc32.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/ioport.h>
#include <linux/kdebug.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/oom.h>
#include <linux/panic_notifier.h>
#include <linux/proc_fs.h>
#include <linux/ptrace.h>
#include <linux/reboot.h>
#include <linux/swapops.h>
#include <linux/uaccess.h>
#include <linux/umh.h>
#include <linux/uuid.h>

#include "want.h"

static bool forget;
module_param(forget, bool, 0444);

/* ---- programs ---- */

static int refuse(struct subprocess_info *info, struct cred *cred)
{
	return uid_eq(cred->uid, GLOBAL_ROOT_UID) ? *(int *)info->data : -EPERM;
}

static void programs(void)
{
	static char *argv[] = { "/bin/busybox", "sh", "-c", "echo $HOME $1 >/tmp/umh; exit 3", "x",
				"arg",		NULL };
	static char *none[] = { "/no/such", NULL };
	static char *dies[] = { "/bin/busybox", "sh", "-c", "kill -9 $$", NULL };
	static char *envp[] = { "HOME=/root", "PATH=/bin", NULL };
	int no = -ENOTTY;
	struct subprocess_info *info;

	WANT(call_usermodehelper(argv[0], argv, envp, UMH_WAIT_PROC) == 3 << 8);
	WANT(call_usermodehelper(dies[0], dies, envp, UMH_WAIT_PROC) == 9);
	WANT(call_usermodehelper(dies[0], dies, NULL, UMH_WAIT_EXEC) == 0);
	WANT(call_usermodehelper(none[0], none, envp, UMH_WAIT_EXEC) == -ENOENT);
	WANT(call_usermodehelper(none[0], none, envp, UMH_NO_WAIT) == 0);
	info = call_usermodehelper_setup(argv[0], argv, envp, GFP_KERNEL, refuse, NULL, &no);
	WANT(info && call_usermodehelper_exec(info, UMH_WAIT_PROC) == -ENOTTY);
}

/* ---- letters ---- */

static void text_is(const char *want, const char *fmt, ...)
{
	char text[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (strcmp(text, want) == 0)
		return;
	failures++;
	pr_err("course_calls: %s is '%s', not '%s'\n", fmt, text, want);
}

static void letters(void)
{
	static const u8 mac[] = { 0, 1, 2, 0xaa, 0xbb, 0xcc },
			ip6[] = { 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 };
	const uuid_t u = UUID_INIT(0x30313233, 0x3435, 0x3637, 8, 9, 10, 11, 12, 13, 14, 15);
	const struct resource mem = DEFINE_RES_MEM(0xfd000000, 0x1000),
			      io = DEFINE_RES_IO(0x300, 1);
	const unsigned long vm = VM_READ | VM_WRITE | VM_MAYREAD, page = 1UL << PG_locked;
	const gfp_t gfp = GFP_KERNEL | __GFP_ZERO;
	const dma_addr_t dma = 0x1000;

	text_is("read|write|mayread", "%pGv", &vm);
	text_is("GFP_KERNEL|__GFP_ZERO", "%pGg", &gfp);
	text_is("0x1(locked|node=0|zone=0)", "%pGp", &page);
	text_is("30313233-3435-3637-0809-0a0b0c0d0e0f", "%pU", &u);
	text_is("33323130-3534-3736-0809-0A0B0C0D0E0F.", "%pUL.", &u);
	text_is("000102aabbcc 00-01-02-aa-bb-cc cc:bb:aa:02:01:00", "%pm %pMF %pMR", mac, mac, mac);
	text_is("fe80::1 fe80:0000:0000:0000:0000:0000:0000:0001", "%pI6c %pI6", ip6, ip6);
	text_is("127.000.000.001", "%pi4", "\177\0\0\001");
	text_is("[mem 0xfd000000-0xfd000fff] [io  0x0300 flags 0x100]", "%pR %pr", &mem, &io);
	text_is("-ENOMEM -EINVAL", "%pe %pe", ERR_PTR(-ENOMEM), ERR_PTR(-EINVAL));
	text_is("a\\tb\\001|", "%*pE|", 4, "a\tb\001");
	text_is("module_printk", "%ps", printk);
	text_is(sizeof(dma) == 8 ? "0x0000000000001000" : "0x00001000", "%pad", &dma);
}

/* ---- what it is told of ---- */

static int told(struct notifier_block *nb, unsigned long action, void *data)
{
	pr_info("course_calls: told %lu\n", action);
	return NOTIFY_DONE;
}

static int told_of_panic(struct notifier_block *nb, unsigned long action, void *data)
{
	pr_emerg("course_calls: panic: %s\n", (char *)data);
	return NOTIFY_DONE;
}

static int told_of_oops(struct notifier_block *nb, unsigned long action, void *data)
{
	const struct die_args *a = data;

	pr_info("course_calls: oops %lu, %s in %ps\n", action, a->str,
		(void *)instruction_pointer(a->regs));
	return NOTIFY_DONE;
}

static int told_of_module(struct notifier_block *nb, unsigned long state, void *data)
{
	const struct module *m = data;

	pr_info("course_calls: module %s %lu\n", m->name, state);
	return NOTIFY_OK;
}

static struct notifier_block on_reboot = { .notifier_call = told },
			     on_oops = { .notifier_call = told_of_oops },
			     on_oom = { .notifier_call = told },
			     on_panic = { .notifier_call = told_of_panic },
			     on_module = { .notifier_call = told_of_module };

static void listen(void)
{
	WANT(register_reboot_notifier(&on_reboot) == 0);
	WANT(register_die_notifier(&on_oops) == 0 && register_oom_notifier(&on_oom) == 0);
	WANT(atomic_notifier_chain_register(&panic_notifier_list, &on_panic) == 0);
	WANT(register_module_notifier(&on_module) == 0);
	WANT(register_module_notifier(&on_module) == -EEXIST);
}

static void listen_no_more(void)
{
	WANT(unregister_module_notifier(&on_module) == 0);
	WANT(unregister_module_notifier(&on_module) == -ENOENT);
	WANT(atomic_notifier_chain_unregister(&panic_notifier_list, &on_panic) == 0);
	WANT(unregister_oom_notifier(&on_oom) == 0 && unregister_die_notifier(&on_oops) == 0);
	WANT(unregister_reboot_notifier(&on_reboot) == 0);
}

/* ---- files ---- */

static ssize_t text_read(struct file *file, char __user *buf, size_t n, loff_t *pos)
{
	return simple_read_from_buffer(buf, n, pos, file->private_data, 5);
}

static int nameless_released;
static int text_release(struct inode *inode, struct file *file)
{
	nameless_released++;
	return 0;
}
static const struct file_operations text_fops = { .owner = THIS_MODULE,
						  .read = text_read,
						  .release = text_release };

/* A number for a nameless file, or, with @cmd 1, for one of the file system. 3: both are given back unused. */
static long calls_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct file *made = cmd == 1 ? filp_open("/proc/self/cmdline", O_RDONLY, 0)
				     : anon_inode_getfile("[calls]", &text_fops, "12345", O_RDONLY);
	int fd;

	if (IS_ERR(made))
		return PTR_ERR(made);
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0 || cmd == 3) {
		fput(made);
		if (fd >= 0)
			put_unused_fd((unsigned int)fd);
		return fd < 0 ? fd : nameless_released;
	}
	fd_install((unsigned int)fd, made);
	return fd;
}
static const struct file_operations calls_fops = { .owner = THIS_MODULE,
						   .unlocked_ioctl = calls_ioctl };
static struct miscdevice calls_dev = { .minor = MISC_DYNAMIC_MINOR,
				       .name = "course_calls",
				       .fops = &calls_fops };

static void attributes(void)
{
	struct file *f = filp_open("/bin/busybox", O_RDONLY, 0);
	const struct pt_regs *regs = task_pt_regs(current);
	struct kstat st;

	WANT(!IS_ERR(f) && vfs_getattr(&f->f_path, &st, STATX_BASIC_STATS, 0) == 0);
	WANT(S_ISREG(st.mode) && st.size == i_size_read(file_inode(f)) && st.size > 100000);
	WANT(st.nlink >= 1 && st.ino == file_inode(f)->i_ino && st.blocks >= st.size / 512);
	WANT(f->f_path.mnt->mnt_sb == file_inode(f)->i_sb);
	filp_close(f, NULL);
	WANT(user_mode(regs) && instruction_pointer(regs) < TASK_SIZE);
	WANT(user_stack_pointer(regs) >= current->mm->mmap_base);
}

/* ---- pages: folios, the page of zeroes, ranges of tables ---- */

static void pages(void)
{
	struct folio *f = folio_alloc(GFP_KERNEL, 2);
	const bool folded = PMD_SIZE == PGDIR_SIZE; /* two levels */
	const unsigned long end = PGDIR_SIZE + 2 * PMD_SIZE;
	swp_entry_t none = swp_entry(3, 77);

	WANT(f && folio_nr_pages(f) == 4 && folio_size(f) == 4 * PAGE_SIZE && folio_test_large(f));
	WANT(page_folio(folio_page(f, 3)) == f && folio_ref_count(f) == 1 && !folio_test_anon(f));
	folio_put(f);
	WANT(is_zero_pfn(page_to_pfn(ZERO_PAGE(0))));
	WANT(pgd_addr_end(0, end) == PGDIR_SIZE &&
	     pgd_addr_end(PGDIR_SIZE, end) == (folded ? 2 * PGDIR_SIZE : end));
	WANT(pmd_addr_end(0, end) == (folded ? end : PMD_SIZE));
	WANT(pgd_addr_end(-PAGE_SIZE, 0) == 0);
	WANT(swp_type(none) == 3 && swp_offset(none) == 77 && !non_swap_entry(none));
	WANT((crc32_le(~0U, "123456789", 9) ^ ~0U) == 0xcbf43926);
}

/* ---- files in /proc that are open when the module goes ---- */

static int closed;
static int note_release(struct inode *inode, struct file *file)
{
	pr_info("course_calls: release %d of %s\n", ++closed, (char *)pde_data(inode));
	return 0;
}

static ssize_t note_read(struct file *file, char __user *buf, size_t n, loff_t *pos)
{
	return simple_read_from_buffer(buf, n, pos, "note", 4);
}
static const struct proc_ops note_ops = { .proc_read = note_read, .proc_release = note_release };

static int __init calls_init(void)
{
	programs();
	letters();
	attributes();
	pages();
	listen();
	WANT(proc_create_data("course_note", 0, NULL, &note_ops, "note") != NULL);
	WANT(misc_register(&calls_dev) == 0);
	pr_info("course_calls: %d failures\n", failures);
	return 0;
}

static void __exit calls_exit(void)
{
	misc_deregister(&calls_dev);
	if (!forget) {
		listen_no_more();
		remove_proc_entry("course_note", NULL);
	}
	pr_info("course_calls: exit %d failures, %d closed\n", failures, closed);
}
module_init(calls_init);
module_exit(calls_exit);
MODULE_LICENSE("GPL");
