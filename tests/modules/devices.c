/* A character device that keeps what is written to it, maps memory, blocks and wakes; attributes in /sys; files in debugfs. */
#include <linux/cdev.h>
#include <linux/debugfs.h>
#include <linux/device.h>
#include <linux/ioctl.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pagemap.h>
#include <linux/poll.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

enum { ROOM = 100 };
#define LAB_CLEAR      _IO('L', 1)
#define LAB_GET_LEN    _IOR('L', 2, int)
#define LAB_MAP_MODE   _IOW('L', 3, int)
#define LAB_GET_COUNTS _IOR('L', 4, int[5])

static int refuse;
module_param(refuse, int, 0);

struct lab {
	struct cdev cdev;
	struct mutex lock;
	wait_queue_head_t readers;
	char text[ROOM];
	size_t len;
	int opens;
};

static struct lab lab;
static dev_t first;
static struct class *lab_class;
static char *pages; /* two of them */
static int map_mode, vma_opens, vma_closes, faults;
static unsigned fault_flags; /* of the last fault */
static unsigned long
	told[2]; /* the vma that open or close was told of last, in pages of the mapping */

static int lab_open(struct inode *inode, struct file *file)
{
	struct lab *l = container_of(inode->i_cdev, struct lab, cdev);

	if (iminor(inode) > 1 || imajor(inode) != MAJOR(first))
		return -ENODEV;
	file->private_data = l;
	l->opens++;
	return 0;
}

static int lab_release(struct inode *inode, struct file *file)
{
	((struct lab *)file->private_data)->opens--;
	return 0;
}

static ssize_t lab_read(struct file *file, char __user *buf, size_t n, loff_t *pos)
{
	struct lab *l = file->private_data;

	if (mutex_lock_interruptible(&l->lock))
		return -ERESTARTSYS;
	while ((size_t)*pos >= l->len) {
		mutex_unlock(&l->lock);
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		if (wait_event_interruptible(l->readers, (size_t)*pos < l->len))
			return -ERESTARTSYS;
		if (mutex_lock_interruptible(&l->lock))
			return -ERESTARTSYS;
	}
	n = min(n, l->len - (size_t)*pos);
	if (copy_to_user(buf, l->text + *pos, n)) {
		mutex_unlock(&l->lock);
		return -EFAULT;
	}
	*pos += n;
	mutex_unlock(&l->lock);
	return n;
}

static ssize_t lab_write(struct file *file, const char __user *buf, size_t n, loff_t *pos)
{
	struct lab *l = file->private_data;
	ssize_t done = -ENOSPC;

	mutex_lock(&l->lock);
	if (l->len < ROOM) {
		n = min_t(size_t, n, ROOM - l->len);
		done = copy_from_user(l->text + l->len, buf, n) ? -EFAULT : (ssize_t)n;
		if (done > 0)
			l->len += (size_t)done;
	}
	mutex_unlock(&l->lock);
	wake_up_interruptible(&l->readers);
	return done;
}

static loff_t lab_llseek(struct file *file, loff_t off, int whence)
{
	return fixed_size_llseek(file, off, whence, (loff_t)lab.len);
}

static unsigned int lab_poll(struct file *file, poll_table *wait)
{
	poll_wait(file, &lab.readers, wait);
	return POLLOUT | POLLWRNORM | (file->f_pos < (loff_t)lab.len ? POLLIN | POLLRDNORM : 0);
}

static long lab_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	int len = (int)lab.len, counts[5];

	switch (cmd) {
	case LAB_CLEAR:
		lab.len = 0;
		return 0;
	case LAB_GET_LEN:
		return put_user(len, (int __user *)arg);
	case LAB_MAP_MODE:
		return get_user(map_mode, (int __user *)arg);
	case LAB_GET_COUNTS:
		counts[0] = vma_opens;
		counts[1] = vma_closes;
		counts[2] = (int)fault_flags;
		counts[3] = (int)told[0];
		counts[4] = (int)told[1];
		return copy_to_user((void __user *)arg, counts, sizeof(counts)) ? -EFAULT : 0;
	default:
		return -ENOTTY;
	}
}

/* ---- memory ---- */

static void lab_vm_open(struct vm_area_struct *vma)
{
	vma_opens++;
	told[0] = vma->vm_pgoff;
	told[1] = vma->vm_pgoff + vma_pages(vma);
}

static void lab_vm_close(struct vm_area_struct *vma)
{
	if (vma->vm_private_data == &lab)
		vma_closes++;
	told[0] = vma->vm_pgoff;
	told[1] = vma->vm_pgoff + vma_pages(vma);
}

static struct page *page_at(unsigned long pgoff)
{
	return pgoff < 2 ? virt_to_page(pages + pgoff * PAGE_SIZE) : NULL;
}

static vm_fault_t lab_fault(struct vm_fault *vmf)
{
	faults++;
	fault_flags = vmf->flags;
	if (!page_at(vmf->pgoff) || vmf->address < vmf->vma->vm_start)
		return VM_FAULT_SIGBUS;
	vmf->page = page_at(vmf->pgoff);
	get_page(vmf->page);
	return 0;
}

/* As before Linux 4.11. */
static int lab_fault_old(struct vm_area_struct *vma, struct vm_fault *vmf)
{
	unsigned long addr = (unsigned long)vmf->virtual_address;

	faults++;
	if (addr < vma->vm_start || addr >= vma->vm_end || !page_at(vmf->pgoff))
		return VM_FAULT_SIGBUS;
	vmf->page = page_at(vmf->pgoff);
	get_page(vmf->page);
	return 0;
}

/* Is asked before the first write of each page: the page comes locked. The fourth is refused. */
static vm_fault_t lab_mkwrite(struct vm_fault *vmf)
{
	fault_flags = vmf->flags;
	told[0] = vmf->pgoff;
	told[1] = vmf->page ? vmf->page == page_at(vmf->pgoff % 2) : 2;
	if (vmf->pgoff == 3)
		return VM_FAULT_SIGBUS;
	if (!vmf->page)
		return 0;
	lock_page(vmf->page);
	return VM_FAULT_LOCKED;
}

/* Pages 0 and 1 by turns. */
static vm_fault_t lab_shared_fault(struct vm_fault *vmf)
{
	faults++;
	vmf->page = page_at(vmf->pgoff % 2);
	get_page(vmf->page);
	return 0;
}

static vm_fault_t lab_pfn_fault(struct vm_fault *vmf)
{
	faults++;
	return vmf_insert_pfn(vmf->vma, vmf->address, page_to_pfn(page_at(vmf->pgoff % 2)));
}

/* Nothing smaller than two pages. */
static int lab_may_split(struct vm_area_struct *vma, unsigned long addr)
{
	return ((addr - vma->vm_start) >> PAGE_SHIFT) % 2 ? -EACCES : 0;
}

static const struct vm_operations_struct asking_ops = { .open = lab_vm_open,
							.close = lab_vm_close,
							.fault = lab_shared_fault,
							.page_mkwrite = lab_mkwrite,
							.may_split = lab_may_split };
static const struct vm_operations_struct pfn_ops = { .open = lab_vm_open,
						     .close = lab_vm_close,
						     .fault = lab_pfn_fault,
						     .pfn_mkwrite = lab_mkwrite };
static const struct vm_operations_struct new_ops = { .open = lab_vm_open,
						     .close = lab_vm_close,
						     .fault = lab_fault };
static const struct vm_operations_struct old_ops = { .open = lab_vm_open,
						     .close = lab_vm_close,
						     .fault = lab_fault_old };

enum { FAR_AWAY = 100 };

static int lab_mmap(struct file *file, struct vm_area_struct *vma)
{
	unsigned long size = vma->vm_end - vma->vm_start;

	if (vma->vm_file != file || size != vma_pages(vma) * PAGE_SIZE)
		return -EINVAL;
	vma->vm_private_data = &lab;
	if (vma->vm_pgoff >= FAR_AWAY) /* another name for the same pages */
		vma->vm_pgoff -= FAR_AWAY;
	if (map_mode == 0)
		return remap_pfn_range(vma, vma->vm_start,
				       (virt_to_phys(pages) >> PAGE_SHIFT) + vma->vm_pgoff, size,
				       vma->vm_page_prot);
	if (map_mode == 1)
		return vm_insert_page(vma, vma->vm_start, virt_to_page(pages));
	if (map_mode == 4)
		vma->vm_ops = &asking_ops;
	else if (map_mode == 5)
		vma->vm_ops = &pfn_ops;
	else
		vma->vm_ops = map_mode == 2 ? &new_ops : &old_ops;
	if (map_mode == 5)
		vm_flags_set(vma, VM_PFNMAP | VM_IO);
	lab_vm_open(vma);
	return 0;
}

static const struct file_operations lab_ops = {
	.owner = THIS_MODULE,
	.open = lab_open,
	.release = lab_release,
	.read = lab_read,
	.write = lab_write,
	.llseek = lab_llseek,
	.poll = lab_poll,
	.unlocked_ioctl = lab_ioctl,
	.mmap = lab_mmap,
};

/* ---- a misc device, and one of register_chrdev without an owner ---- */

static ssize_t hello_read(struct file *file, char __user *buf, size_t n, loff_t *pos)
{
	return simple_read_from_buffer(buf, n, pos, "hello\n", 6);
}

static const struct file_operations hello_ops = { .owner = THIS_MODULE, .read = hello_read };
static const struct file_operations old_style_ops = { .read = hello_read };
static struct miscdevice hello = {
	.minor = MISC_DYNAMIC_MINOR, .name = "lab_misc", .fops = &hello_ops, .mode = 0666
};
static int old_major;

/* ---- /sys ---- */

static int value = 5;

static ssize_t value_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sprintf(buf, "%s %s %d\n", kobj->name, attr->attr.name, value);
}

static ssize_t value_store(struct kobject *kobj, struct kobj_attribute *attr, const char *buf,
			   size_t n)
{
	int err = kstrtoint(buf, 0, &value);

	return err ? err : (ssize_t)n;
}
static struct kobj_attribute value_attr = __ATTR(value, 0644, value_show, value_store);
static struct kobject *kobj;

static ssize_t opens_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s %d %d\n", dev_name(dev), lab.opens,
			  dev_get_drvdata(dev) == &lab);
}
static DEVICE_ATTR_RO(opens);
static struct attribute *more_attrs[] = { &value_attr.attr, NULL };
static const struct attribute_group more = { .name = "more", .attrs = more_attrs };

/* ---- debugfs ---- */

static struct dentry *debug;
static u32 number = 77;
static bool on = true;

static int counts_show(struct seq_file *m, void *v)
{
	seq_printf(m, "opens %d closes %d faults %d\n", vma_opens, vma_closes, faults);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(counts);

static int lab_devices(void)
{
	struct device *dev;
	int err;

	err = alloc_chrdev_region(&first, 0, 2, "lab_dev");
	if (err)
		return err;
	mutex_init(&lab.lock);
	init_waitqueue_head(&lab.readers);
	cdev_init(&lab.cdev, &lab_ops);
	lab.cdev.owner = THIS_MODULE;
	err = cdev_add(&lab.cdev, first, 2);
	if (err)
		goto region;
	lab_class = class_create(THIS_MODULE, "lab_class");
	if (IS_ERR(lab_class)) {
		err = PTR_ERR(lab_class);
		goto cdev;
	}
	dev = device_create(lab_class, NULL, first, &lab, "lab%d", MINOR(first));
	if (IS_ERR(dev)) {
		err = PTR_ERR(dev);
		goto class;
	}
	err = device_create_file(dev, &dev_attr_opens);
	if (!err)
		return 0;
	device_destroy(lab_class, first);
	class : class_destroy(lab_class);
cdev:
	cdev_del(&lab.cdev);
region:
	unregister_chrdev_region(first, 2);
	return err;
}

static int __init devices_init(void)
{
	int err;

	pages = (char *)__get_free_pages(GFP_KERNEL | __GFP_ZERO, 1);
	if (!pages)
		return -ENOMEM;
	split_page(virt_to_page(pages), 1);
	strcpy(pages + PAGE_SIZE, "second page");
	err = lab_devices();
	if (err)
		goto free;
	err = misc_register(&hello);
	if (err)
		goto devices;
	old_major = register_chrdev(0, "lab_old", &old_style_ops);
	kobj = kobject_create_and_add("lab_object", kernel_kobj);
	err = kobj ? sysfs_create_file(kobj, &value_attr.attr) : -ENOMEM;
	if (!err)
		err = sysfs_create_group(kobj, &more);
	debug = debugfs_create_dir("lab_debug", NULL);
	debugfs_create_u32("number", 0644, debug, &number);
	debugfs_create_bool("on", 0644, debug, &on);
	debugfs_create_file("counts", 0444, debug, NULL, &counts_fops);
	if (refuse) { /* its memory goes; all the rest is left behind, and taken away */
		free_page(pages);
		free_page(pages + PAGE_SIZE);
		return -refuse;
	}
	pr_info("devices: major %d old %d misc %d\n", MAJOR(first), old_major, hello.minor);
	return err;
devices:
	device_destroy(lab_class, first);
	class_destroy(lab_class);
	cdev_del(&lab.cdev);
	unregister_chrdev_region(first, 2);
free:
	free_page(pages);
	free_page(pages + PAGE_SIZE);
	return err;
}

static void __exit devices_exit(void)
{
	debugfs_remove_recursive(debug);
	kobject_put(kobj);
	unregister_chrdev(old_major, "lab_old");
	misc_deregister(&hello);
	device_destroy(lab_class, first);
	class_destroy(lab_class);
	cdev_del(&lab.cdev);
	unregister_chrdev_region(first, 2);
	free_page(pages);
	free_page(pages + PAGE_SIZE);
}

module_init(devices_init);
module_exit(devices_exit);
MODULE_LICENSE("GPL");
