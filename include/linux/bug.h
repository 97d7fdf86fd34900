/* What Linux has here is in linux/kernel.h. */
#include <linux/kernel.h>
