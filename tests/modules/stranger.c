/* Uses a function that nobody has. */
#include <linux/module.h>

int nobody_has_this(void);

static int __init stranger_init(void)
{
	return nobody_has_this();
}

module_init(stranger_init);
MODULE_LICENSE("GPL");
