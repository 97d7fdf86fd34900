/* Every type of parameter, constants, data, read-only-after-init data, init memory, an exported function and a namespace. */
#include <linux/module.h>

#include "basic.h"

static int number = 7;
static unsigned int mask = 0x10;
static unsigned char small = 3;
static long wide = -5;
static unsigned long long widest = 1;
static bool flag;
static bool inverse = true;
static char *word = "default";
static char text[8] = "short";
static int list[4] = { 1, 2, 3, 4 };
static unsigned int list_nr = 2;
static short hidden = 9;

module_param(number, int, 0644);
MODULE_PARM_DESC(number, "any number");
module_param(mask, hexint, 0444);
module_param(small, byte, 0644);
module_param(wide, long, 0644);
module_param(widest, ullong, 0644);
module_param(flag, bool, 0644);
module_param(inverse, invbool, 0644);
module_param(word, charp, 0644);
module_param_string(text, text, sizeof(text), 0644);
module_param_array(list, int, &list_nr, 0644);
module_param_named(other_name, hidden, short, 0);

static int zeroes[4096]; /* .bss */
static int later __ro_after_init;
static int first __initdata = 40;

static int __init basic_init(void)
{
	for (unsigned i = 0; i < 4096; i++)
		if (zeroes[i])
			return -EIO;
	later = first + 2;
	zeroes[4095] = basic_add(later, number);
	printk(KERN_INFO
	       "basic: number %d flag %d word %s text %s list %u:%d,%d hidden %d sum %d\n",
	       number, flag, word, text, list_nr, list[0], list[1], hidden, zeroes[4095]);
	pr_info("basic: %s state %d this %s\n", THIS_MODULE->name, THIS_MODULE->state,
		KBUILD_MODNAME);
	return 0;
}

static void __exit basic_exit(void)
{
	pr_info("basic: goodbye %d\n", later);
}

module_init(basic_init);
module_exit(basic_exit);
MODULE_LICENSE("GPL");
MODULE_AUTHOR("Mnemos");
MODULE_DESCRIPTION("What the loader does");
MODULE_VERSION("1.2");
