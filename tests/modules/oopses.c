/*
 * Ends the task that runs it, in many ways. how= for its init: null, bug, kthread, early (a thread, before init ends), work, timer,
 * deep, param; "" leaves a file /proc/NAME: a word written to it says what reading does: null, bug, wild, jump, divide, string, warn,
 * irqs, direct, double.
 */
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/slab.h>
#include <linux/timer.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>

static char *how = "";
module_param(how, charp, 0444);

static char word[16] = "warn";
static volatile int zero;
static int *volatile nowhere;
static struct task_struct *thread;
static DEFINE_MUTEX(held);

static noinline void touch_null(void)
{
	*nowhere = 6;
}

static int set_bad(const char *text, const struct kernel_param *kp)
{
	touch_null();
	return 0;
}

static const struct kernel_param_ops bad_ops = { .set = set_bad };
module_param_cb(bad, &bad_ops, NULL, 0200);

static int thread_main(void *data)
{
	touch_null();
	return 5;
}

static void work_main(struct work_struct *w)
{
	BUG();
}
static DECLARE_WORK(work, work_main);

static void timer_main(struct timer_list *t)
{
	touch_null();
}
static DEFINE_TIMER(timer, timer_main);

static noinline int deeper(int n)
{
	volatile char room[256];

	room[n & 255] = (char)n;
	return n > 0 ? deeper(n + 1) + room[0] : 0;
}

static bool is(const char *name)
{
	return !strcmp(word, name);
}

static void free_twice(void)
{
	char *p = kmalloc(100, GFP_KERNEL);

	kfree(p);
	kfree(p);
}

static noinline ssize_t misbehave(char __user *buf)
{
	unsigned long flags;

	if (is("null"))
		touch_null();
	if (is("bug"))
		BUG_ON(!zero);
	if (is("double"))
		free_twice();
	if (is("wild"))
		return *(volatile char *)-5000L;
	if (is("jump"))
		((void (*volatile)(void))nowhere)();
	if (is("divide"))
		return 100 / zero;
	if (is("string"))
		return (ssize_t)strlen((char *)nowhere + 8);
	if (is("direct"))
		return *(volatile char __force *)buf == 7 ? 1 : 0;
	if (is("irqs")) {
		local_irq_save(flags);
		touch_null();
		local_irq_restore(flags);
	}
	if (is("mutex")) {
		mutex_lock(&held);
		touch_null();
	}
	return WARN_ON(!zero) && WARN(1, "oopses: %d\n", 11) ? 0 : 1;
}

static ssize_t oopses_read(struct file *file, char __user *buf, size_t len, loff_t *pos)
{
	return misbehave(buf);
}

static ssize_t oopses_write(struct file *file, const char __user *buf, size_t len, loff_t *pos)
{
	size_t n = min(len, sizeof(word) - 1);

	if (copy_from_user(word, buf, n))
		return -EFAULT;
	word[n] = '\0';
	strim(word);
	return (ssize_t)len;
}

static const struct proc_ops oopses_ops = { .proc_read = oopses_read, .proc_write = oopses_write };

static int __init oopses_init(void)
{
	if (!strcmp(how, "null"))
		touch_null();
	if (!strcmp(how, "bug"))
		BUG();
	if (!strcmp(how, "deep"))
		return deeper(1);
	if (!strcmp(how, "kthread")) {
		thread = kthread_run(thread_main, NULL, "oopses_thread");
		return PTR_ERR_OR_ZERO(thread);
	}
	if (!strcmp(how, "early")) {
		thread = kthread_run(thread_main, NULL, "oopses_early");
		if (IS_ERR(thread))
			return PTR_ERR(thread);
		msleep(50);
		(void)kthread_stop(thread); /* it has ended */
	}
	if (!strcmp(how, "work"))
		schedule_work(&work);
	if (!strcmp(how, "timer"))
		mod_timer(&timer, jiffies + 1);
	return proc_create(KBUILD_MODNAME, 0666, NULL, &oopses_ops) ? 0 : -ENOMEM;
}

static void __exit oopses_exit(void)
{
	remove_proc_entry(KBUILD_MODNAME, NULL);
}

module_init(oopses_init);
module_exit(oopses_exit);
MODULE_LICENSE("GPL");
