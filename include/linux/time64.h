/* What Linux has here is in linux/ktime.h. */
#include <linux/ktime.h>
