/* What Linux has here is in linux/math.h. */
#include <linux/math.h>
