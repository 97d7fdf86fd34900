/* What Linux has here is in linux/random.h. */
#include <linux/random.h>
