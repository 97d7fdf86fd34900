/* What Linux has here is in linux/sched.h. */
#include <linux/sched.h>
