/* Has an init and no exit: it stays. */
#include <linux/module.h>

static int __init noexit_init(void)
{
	pr_info("noexit: here to stay\n");
	return 0;
}
module_init(noexit_init);
MODULE_LICENSE("GPL");
