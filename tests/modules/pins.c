/* /dev/pins: pages of its callers, pinned or held, looked at and written through their frames. The same on Linux 6.1. */
#include <linux/highmem.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/uaccess.h>

enum { PIN = 0x100, PIN_WRITE, GET_WRITE, LET_GO, COUNT, MAYBE, BYTE, WRITE_BYTE, MODES, NOTHING };

static struct page *page;
static bool pinned;

static long take(unsigned long addr, unsigned int flags, bool pin)
{
	long n;

	if (page)
		return -EBUSY;
	pinned = pin;
	if (pin) {
		n = pin_user_pages_fast(addr, 1, flags, &page);
	} else {
		n = get_user_pages_fast(addr, 1, flags, &page);
	}
	if (n != 1)
		page = NULL;
	return n;
}

static long let_go(void)
{
	if (!page)
		return -ENOENT;
	if (pinned)
		unpin_user_page(page);
	else
		put_page(page);
	page = NULL;
	return 0;
}

/* The other ways to pin: each counts. */
static long modes(unsigned long addr)
{
	struct page *p[2], *q[2];
	long sum;

	mmap_read_lock(current->mm);
	if (pin_user_pages(addr, 2, FOLL_WRITE, p, NULL) != 2) {
		mmap_read_unlock(current->mm);
		return -1;
	}
	if (pin_user_pages_remote(current->mm, addr, 2, 0, q, NULL, NULL) != 2) {
		mmap_read_unlock(current->mm);
		return -2;
	}
	mmap_read_unlock(current->mm);
	if (p[0] != q[0] || p[1] != q[1])
		return -3;
	sum = page_count(p[0]) + page_count(p[1]);
	unpin_user_pages(p, 2);
	unpin_user_pages_dirty_lock(q, 2, true);
	return sum;
}

static long on_page(unsigned int cmd, unsigned long arg)
{
	unsigned char *at;
	long byte;

	if (!page)
		return -ENOENT;
	if (cmd == COUNT)
		return page_count(page);
	if (cmd == MAYBE)
		return page_maybe_dma_pinned(page);
	at = kmap(page);
	if (cmd == WRITE_BYTE)
		*at = arg;
	byte = *at;
	kunmap(page);
	return byte;
}

static long pins_ioctl(struct file *f, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case PIN:
		return take(arg, 0, true);
	case PIN_WRITE:
		return take(arg, FOLL_WRITE, true);
	case GET_WRITE:
		return take(arg, FOLL_WRITE, false);
	case LET_GO:
		return let_go();
	case MODES:
		return modes(arg);
	}
	return cmd < NOTHING ? on_page(cmd, arg) : -ENOTTY;
}

static const struct file_operations pins_fops = { .owner = THIS_MODULE,
						  .unlocked_ioctl = pins_ioctl };
static struct miscdevice pins_device = { .minor = MISC_DYNAMIC_MINOR,
					 .name = "pins",
					 .fops = &pins_fops };

static int __init pins_init(void)
{
	return misc_register(&pins_device);
}

static void __exit pins_exit(void)
{
	let_go();
	misc_deregister(&pins_device);
}

module_init(pins_init);
module_exit(pins_exit);
MODULE_LICENSE("GPL");
