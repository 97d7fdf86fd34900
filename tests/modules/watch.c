/* Who watches a program's page tables: what happens to one page of it, as letters. */
#include <linux/delay.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/mmu_notifier.h>
#include <linux/module.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "want.h"

enum { REGISTER = 0x100, UNREGISTER, GET, PUT, INSERT, REMOVE, UNCHANGED, WAIT, REFUSE, LEAVE };

static char log[256];
static unsigned int len, frees, flushes, youngs, changes;
static unsigned long first, end_;
static bool refuse;
static DEFINE_SPINLOCK(log_lock);

static void say(char what)
{
	spin_lock(&log_lock);
	if (len < sizeof(log) - 1)
		log[len++] = what;
	spin_unlock(&log_lock);
}

static bool ours(const struct mmu_notifier_range *r)
{
	return r->start <= first && r->end >= end_;
}

static int on_start(struct mmu_notifier *n, const struct mmu_notifier_range *r)
{
	if (refuse && !mmu_notifier_range_blockable(r))
		return -EAGAIN;
	if (!ours(r))
		return 0;
	WANT(r->mm == n->mm && mm_has_notifiers(r->mm));
	say('0' + r->event);
	if (mmu_notifier_range_blockable(r))
		msleep(1); /* it may sleep */
	else
		say('!');
	return 0;
}

static void on_end(struct mmu_notifier *n, const struct mmu_notifier_range *r)
{
	if (ours(r))
		say('.');
}

static void on_release(struct mmu_notifier *n, struct mm_struct *mm)
{
	WANT(n->mm == mm);
	say('r');
}

static int on_young(struct mmu_notifier *n, struct mm_struct *mm, unsigned long a, unsigned long e)
{
	youngs++;
	return 0;
}

static void on_flush(struct mmu_notifier *n, struct mm_struct *mm, unsigned long a, unsigned long e)
{
	flushes += a <= first && e >= end_;
}

static void on_change(struct mmu_notifier *n, struct mm_struct *mm, unsigned long a, pte_t e)
{
	if (a == first) {
		changes++;
		WANT(pte_present(e) && pte_write(e));
	}
}

static struct mmu_notifier *on_alloc(struct mm_struct *mm)
{
	struct mmu_notifier *n = kzalloc(sizeof(*n), GFP_KERNEL);

	say('a');
	return n ? n : ERR_PTR(-ENOMEM);
}

static void on_free(struct mmu_notifier *n)
{
	frees++;
	say('f');
	kfree(n);
}

static const struct mmu_notifier_ops ops = { .invalidate_range_start = on_start,
					     .invalidate_range_end = on_end,
					     .invalidate_range = on_flush,
					     .change_pte = on_change,
					     .clear_flush_young = on_young,
					     .release = on_release };
static const struct mmu_notifier_ops got_ops = { .alloc_notifier = on_alloc,
						 .free_notifier = on_free,
						 .release = on_release };
static struct mmu_notifier mine = { .ops = &ops }, *got;
static struct mmu_interval_notifier interval;
static unsigned long seq;

static bool on_invalidate(struct mmu_interval_notifier *n, const struct mmu_notifier_range *r,
			  unsigned long cur)
{
	if (refuse && !mmu_notifier_range_blockable(r))
		return false;
	mmu_interval_set_seq(n, cur);
	WANT(cur & 1);
	say(r->event == MMU_NOTIFY_RELEASE ? 'R' : 'i');
	return true;
}

static const struct mmu_interval_notifier_ops interval_ops = { .invalidate = on_invalidate };

static long do_get(void)
{
	struct mmu_notifier *n = mmu_notifier_get(&got_ops, current->mm);

	if (IS_ERR(n))
		return PTR_ERR(n);
	WANT(!got || got == n);
	got = n;
	return n->users;
}

static long watch_ioctl(struct file *f, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case REGISTER:
		first = arg;
		end_ = arg + PAGE_SIZE;
		return mmu_notifier_register(&mine, current->mm);
	case UNREGISTER:
		mmu_notifier_unregister(&mine, mine.mm);
		return 0;
	case GET:
		return do_get();
	case PUT:
		mmu_notifier_put(got);
		if (arg)
			mmu_notifier_synchronize();
		return frees;
	case INSERT:
		return mmu_interval_notifier_insert(&interval, current->mm, arg,
						    arg ? PAGE_SIZE : 0, &interval_ops);
	case REMOVE:
		mmu_interval_notifier_remove(&interval);
		return 0;
	case UNCHANGED:
		return !mmu_interval_read_retry(&interval, seq);
	case WAIT:
		seq = mmu_interval_read_begin(&interval);
		return 0;
	case REFUSE:
		refuse = arg;
		return 0;
	}
	return cmd == LEAVE ? flushes | (long)changes << 8 | (long)(youngs > 0) << 16 : -ENOTTY;
}

static ssize_t watch_read(struct file *f, char __user *to, size_t n, loff_t *pos)
{
	char copy[sizeof(log)];
	unsigned int all;

	spin_lock(&log_lock);
	all = len;
	memcpy(copy, log, len);
	len = 0;
	spin_unlock(&log_lock);
	all = min_t(unsigned int, all, n);
	return copy_to_user(to, copy, all) ? -EFAULT : all;
}

static const struct file_operations watch_fops = { .owner = THIS_MODULE,
						   .read = watch_read,
						   .unlocked_ioctl = watch_ioctl };
static struct miscdevice watch_device = { .minor = MISC_DYNAMIC_MINOR,
					  .name = "watch",
					  .fops = &watch_fops };

static int __init watch_init(void)
{
	return misc_register(&watch_device);
}

static void __exit watch_exit(void)
{
	mmu_notifier_synchronize();
	misc_deregister(&watch_device);
	pr_info("watch: %d failures\n", failures);
}

module_init(watch_init);
module_exit(watch_exit);
MODULE_LICENSE("GPL");
