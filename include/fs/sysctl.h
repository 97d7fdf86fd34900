/* /proc/sys: variables of the kernel that root may change, in Linux's text format. */
#ifndef FS_SYSCTL_H
#define FS_SYSCTL_H

#include "fs/proc.h"

/* One file with one number. Exactly one of number and word is set. */
struct sysctl {
	const char *path; /* below /proc/sys: "vm/max_map_count" */
	int *number;
	unsigned long *word;
	long min, max; /* inclusive; of a word: max 0 means none */
	uint32_t mode; /* 0: 0644 */
	/* After a number was stored, one caller at a time is not promised; may sleep. NULL: nothing follows. */
	void (*changed)(void);
};

/* Register @nr entries; the table must live on. 0, -ENOMEM, -EEXIST. */
int must_check sysctl_register(const struct sysctl *table, unsigned nr);

#endif
