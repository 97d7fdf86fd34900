/* Its init returns an error of the caller's choice. */
#include <linux/module.h>

static int err = 5;
module_param(err, int, 0);

static int __init refuses_init(void)
{
	return -err;
}

static void __exit refuses_exit(void)
{
}

module_init(refuses_init);
module_exit(refuses_exit);
MODULE_LICENSE("Secret");
