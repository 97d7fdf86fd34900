/* Nothing at all, and a dash in its name. */
#include <linux/module.h>

MODULE_LICENSE("GPL");
