/* How many pages are free, exactly: to see that none was lost. */
#ifndef FREE_PAGES_H
#define FREE_PAGES_H

#include "tap.h"

/* Free pages of all zones, those on lists of CPUs included, when nothing is kept that can be given up; -1: /proc is not there. */
static long free_pages(void)
{
	static char text[65536];
	long sum = 0, n;

	if (tap_put("/proc/sys/vm/drop_caches", "3\n"))
		tap_note("# /proc/sys/vm/drop_caches: %s", strerror(errno));
	if (tap_read("/proc/zoneinfo", text, sizeof(text)) < 0)
		return -1;
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		if (sscanf(line, " pages free %ld", &n) == 1 ||
		    sscanf(line, " count: %ld", &n) == 1)
			sum += n;
	return sum;
}

#endif
