/* What Linux has here is in linux/bitops.h. */
#include <linux/bitops.h>
