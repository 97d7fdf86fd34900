/* mm->mmap_sem. */
#include <linux/mmap_lock.h>
