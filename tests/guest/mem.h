/* What the tests of memory calls share: mappings, who is resident, figures of /proc. */
#ifndef MEM_H
#define MEM_H

#include "figure.h"
#include "tap.h"

enum { RW = PROT_READ | PROT_WRITE, ANON = MAP_PRIVATE | MAP_ANONYMOUS };

static char *anon(size_t pages, int prot)
{
	return mmap(NULL, pages * PAGE, prot, ANON, -1, 0);
}

/* How many of @n pages mincore finds; -1: it fails. */
static int resident(void *p, size_t n)
{
	static unsigned char vec[2048];
	int sum = 0;

	if (n > sizeof(vec) || mincore(p, n * PAGE, vec))
		return -1;
	for (size_t i = 0; i < n; i++)
		sum += vec[i] & 1;
	return sum;
}

static long meminfo_kb(const char *label)
{
	return figure_after("/proc/meminfo", NULL, label);
}

static long status_kb(const char *label)
{
	return figure_after("/proc/self/status", NULL, label);
}

static long vmstat(const char *name)
{
	char label[64];

	snprintf(label, sizeof(label), "%s ", name);
	return figure_after("/proc/vmstat", NULL, label);
}

/* Does the kernel run with 5 levels of tables? */
static int five_levels(void)
{
	static char text[65536];

	return tap_read("/proc/cpuinfo", text, sizeof(text)) > 0 && strstr(text, " la57") != NULL;
}

#endif
