/* The second part of basic.ko: what others may use. */
#include <linux/module.h>

#include "basic.h"

int basic_add(int a, int b)
{
	return a + b;
}
EXPORT_SYMBOL(basic_add);

int basic_hidden(int a)
{
	return -a;
}
EXPORT_SYMBOL_NS(basic_hidden, BASIC_PRIVATE);
