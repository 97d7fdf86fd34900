/* Uses what basic.ko exports, also from its namespace. */
#include <linux/module.h>

#include "basic.h"

MODULE_IMPORT_NS(BASIC_PRIVATE);

static int __init user_init(void)
{
	pr_info("user: %d %d\n", basic_add(20, 22), basic_hidden(8));
	return 0;
}

static void __exit user_exit(void)
{
}

module_init(user_init);
module_exit(user_exit);
MODULE_LICENSE("GPL");
