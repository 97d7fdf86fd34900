/* What Linux has here is in linux/cred.h. */
#include <linux/cred.h>
