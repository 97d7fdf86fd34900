/* What Linux has here is in linux/mm.h. */
#include <linux/mm.h>
