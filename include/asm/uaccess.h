/* What Linux has here is in linux/uaccess.h. */
#include <linux/uaccess.h>
