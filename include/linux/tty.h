/* The terminal of the running task: to write to it. */
#ifndef _LINUX_TTY_H
#define _LINUX_TTY_H

#include <linux/fs.h>
#include <linux/sched.h>

struct tty_struct;
struct tty_operations {
	int (*write)(struct tty_struct *tty, const unsigned char *text, int n);
};
struct tty_driver {
	const struct tty_operations *ops;
};
struct tty_struct {
	struct tty_driver *driver;
	const struct tty_operations *ops;
};

static inline int module_tty_write(struct tty_struct *tty, const unsigned char *text, int n)
{
	struct file *file = filp_open("/dev/tty", O_WRONLY, 0);
	ssize_t done;

	(void)tty;
	if (IS_ERR(file))
		return -EIO;
	done = module_kernel_write(file, text, (size_t)n, NULL);
	filp_close(file, NULL);
	return (int)done;
}

/* NULL: it has none. */
static inline struct tty_struct *get_current_tty(void)
{
	static const struct tty_operations ops = { .write = module_tty_write };
	static struct tty_driver driver = { .ops = &ops };
	static struct tty_struct tty = { .driver = &driver, .ops = &ops };
	struct file *file = filp_open("/dev/tty", O_WRONLY, 0);

	if (IS_ERR(file))
		return NULL;
	filp_close(file, NULL);
	return &tty;
}
#define tty_kref_put(tty) ((void)(tty))

#endif
