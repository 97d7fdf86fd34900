/* What Linux has here is in linux/smp.h. */
#include <linux/smp.h>
