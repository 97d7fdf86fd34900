/* Does not import the namespace that it uses. */
#include <linux/module.h>

#include "basic.h"

static int __init asks_init(void)
{
	return basic_hidden(1);
}

module_init(asks_init);
MODULE_LICENSE("GPL");
