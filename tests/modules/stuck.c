/* /dev/stuck: who reads from it waits, and no signal wakes him; a write lets all go. */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/wait.h>

static DECLARE_WAIT_QUEUE_HEAD(stuck_queue);
static int go;

static ssize_t stuck_read(struct file *file, char __user *buf, size_t n, loff_t *pos)
{
	wait_event(stuck_queue, READ_ONCE(go));
	return 0;
}

static ssize_t stuck_write(struct file *file, const char __user *buf, size_t n, loff_t *pos)
{
	WRITE_ONCE(go, 1);
	wake_up(&stuck_queue);
	return (ssize_t)n;
}

static const struct file_operations stuck_fops = {
	.owner = THIS_MODULE,
	.read = stuck_read,
	.write = stuck_write,
};

static struct miscdevice stuck_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "stuck",
	.fops = &stuck_fops,
};

module_misc_device(stuck_device);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("A wait that does not end");
