/* Ends the machine: what=0 reads through a pointer that is NULL, what=1 writes to code. Not for any other use. */
#include <linux/module.h>

static int what;
module_param(what, int, 0);

static noinline void code(void)
{
	pr_info("crashes: it can be written\n");
}

static int __init crashes_init(void)
{
	volatile int *p = what ? (volatile int *)(unsigned long)code : NULL;

	pr_info("crashes: %p\n", p);
	if (what)
		*p = 6;
	code();
	return *p;
}

module_init(crashes_init);
MODULE_LICENSE("GPL");
