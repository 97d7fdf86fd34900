/* What modules of courses show in /sys and /proc beside attributes of kobjects: sets, links, bytes, classes; and what they count. */
#include <linux/device.h>
#include <linux/kobject.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/proc_fs.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/sysfs.h>
#include <linux/timer.h>
#include <linux/uaccess.h>

#include "want.h"

/* ---- counts ---- */

static DEFINE_SPINLOCK(lock);
static DEFINE_RWLOCK(rwlock);
static DEFINE_PER_CPU(int, hits);

static void count(void)
{
	unsigned long flags;

	WANT(preempt_count() == 0 && !in_atomic() && preemptible() && in_task());
	preempt_disable();
	WANT(preempt_count() == 1 && in_atomic() && !preemptible() && !in_interrupt());
	get_cpu();
	WANT(preempt_count() == 2);
	put_cpu();
	preempt_enable();
	get_cpu_var(hits)++;
	WANT(preempt_count() == 1);
	put_cpu_var(hits);
	this_cpu_inc(hits);
	WANT(preempt_count() == 0 && this_cpu_read(hits) == 2);
	local_bh_disable();
	WANT(preempt_count() == 0x200 && in_softirq() == 0x200 && in_interrupt() && in_task());
	WANT(!in_serving_softirq());
	local_bh_enable();
	spin_lock(&lock);
	WANT(preempt_count() == 1);
	WANT(!spin_trylock(&lock) && preempt_count() == 1);
	spin_unlock(&lock);
	spin_lock_bh(&lock);
	WANT(preempt_count() == 0x201);
	spin_unlock_bh(&lock);
	spin_lock_irqsave(&lock, flags);
	WANT(preempt_count() == 1 && irqs_disabled());
	spin_unlock_irqrestore(&lock, flags);
	read_lock(&rwlock);
	WANT(read_trylock(&rwlock) && preempt_count() == 2 && !write_trylock(&rwlock));
	read_unlock(&rwlock);
	read_unlock(&rwlock);
	write_lock_bh(&rwlock);
	WANT(preempt_count() == 0x201);
	write_unlock_bh(&rwlock);
	WANT(preempt_count() == 0);
}

static struct timer_list timer;
static DECLARE_COMPLETION(rung);
static unsigned int count_in_timer;

static void ring(struct timer_list *t)
{
	count_in_timer = preempt_count();
	complete(&rung);
}

static void count_in_softirq(void)
{
	timer_setup(&timer, ring, 0);
	mod_timer(&timer, jiffies);
	wait_for_completion(&rung);
	del_timer_sync(&timer);
	WANT(count_in_timer == 0x100);
}

static void set_page_aside(void)
{
	struct page *page = alloc_page(GFP_KERNEL);

	WANT(page && !PageReserved(page));
	SetPageReserved(page);
	WANT(PageReserved(page) && test_bit(PG_reserved, &page->flags));
	ClearPageReserved(page);
	WANT(!PageReserved(page));
	SetPageReserved(page); /* forgotten: the next owner does not see it */
	__free_page(page);
}

/* ---- what there is to see ---- */

static char bytes[16] = "0123456789abcdef";
static int value = 5;

static ssize_t raw_read(struct file *file, struct kobject *kobj, struct bin_attribute *attr,
			char *buf, loff_t pos, size_t n)
{
	memcpy(buf, (char *)attr->private + pos, n);
	return (ssize_t)n;
}

static ssize_t raw_write(struct file *file, struct kobject *kobj, struct bin_attribute *attr,
			 char *buf, loff_t pos, size_t n)
{
	memcpy((char *)attr->private + pos, buf, n);
	return (ssize_t)n;
}
static struct bin_attribute raw = { .attr = { .name = "raw", .mode = 0600 },
				    .size = sizeof(bytes),
				    .private = bytes,
				    .read = raw_read,
				    .write = raw_write };

static ssize_t value_show(struct class *class, struct class_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s %d\n", class->name, value);
}

static ssize_t value_store(struct class *class, struct class_attribute *attr, const char *buf,
			   size_t n)
{
	return kstrtoint(buf, 10, &value) ? -EINVAL : (ssize_t)n;
}
static CLASS_ATTR_RW(value);

/* A group of attributes that decides itself what is to be seen; a class with attributes of its own. */
static ssize_t secret_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", attr->attr.name);
}
static struct kobj_attribute open_attr = __ATTR(open, 0644, secret_show, NULL),
			     secret_attr = __ATTR(secret, 0644, secret_show, NULL);
static struct attribute *shy_attrs[] = { &open_attr.attr, &secret_attr.attr, NULL };
static umode_t shy_visible(struct kobject *kobj, struct attribute *attr, int n)
{
	return n == 0 && attr == &open_attr.attr ? 0444 : 0;
}
static const struct attribute_group shy_group = { .name = "shy",
						  .attrs = shy_attrs,
						  .is_visible = shy_visible };
static struct attribute *own_attrs[] = { &class_attr_value.attr, NULL };
ATTRIBUTE_GROUPS(own);
static struct class own_class = { .name = "course_own", .class_groups = own_groups };

static int released;
static void member_release(struct kobject *k)
{
	released++;
}
static struct kobj_type member_type = { .release = member_release };
static struct kobject member;
static struct kset *set;
static struct class *class;

static int __init sys_init(void)
{
	WANT(!current->files); /* copied only for modules that look at them, as course does, before */
	count();
	count_in_softirq();
	set_page_aside();
	set = kset_create_and_add("course_set", NULL, kernel_kobj);
	class = class_create(THIS_MODULE, "course_class");
	WANT(set && !IS_ERR(class));
	WANT(class_create_file(class, &class_attr_value) == 0);
	member.kset = set;
	WANT(kobject_init_and_add(&member, &member_type, NULL, "member%d", 1) == 0);
	WANT(sysfs_create_bin_file(&member, &raw) == 0);
	WANT(sysfs_create_group(&member, &shy_group) == 0 && class_register(&own_class) == 0);
	WANT(sysfs_create_link(&set->kobj, &class->kobj, "class") == 0);
	WANT(sysfs_create_link(&set->kobj, &class->kobj, "class") == -EEXIST);
	WANT(sysfs_create_link(&member, &set->kobj, "forgotten") == 0);
	WANT(proc_symlink("course_link", NULL, "/sys/kernel/course_set/member1/raw") != NULL);
	pr_info("course_sys: %d failures\n", failures);
	return 0;
}

static void __exit sys_exit(void)
{
	remove_proc_entry("course_link", NULL);
	sysfs_remove_link(&set->kobj, "class");
	sysfs_remove_bin_file(&member, &raw);
	sysfs_remove_group(&member, &shy_group);
	class_unregister(&own_class);
	kobject_put(&member);
	kset_unregister(set);
	class_remove_file(class, &class_attr_value);
	class_destroy(class);
	pr_info("course_sys: released %d\n", released);
}
module_init(sys_init);
module_exit(sys_exit);
MODULE_LICENSE("GPL");
