/* A part of linux/sched.h since Linux 4.11. */
#include <linux/sched.h>
