/* Huge pages in guest tests: figures of /proc, the pool. */
#ifndef HUGE_H
#define HUGE_H

#include "figure.h"
#include "tap.h"

#ifndef MAP_HUGE_SHIFT
#define MAP_HUGE_SHIFT 26
#endif

enum { RW = PROT_READ | PROT_WRITE, ANON_HUGE = MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB };

static size_t huge; /* bytes of a huge page: huge_init */

static long meminfo(const char *label)
{
	return figure_after("/proc/meminfo", NULL, label);
}

/* A line of smaps of the mapping that begins at @p. */
static long smaps(const void *p, const char *label)
{
	char head[32];

	snprintf(head, sizeof(head), "%08lx-", (unsigned long)p);
	return figure_after("/proc/self/smaps", head, label);
}

static void set_vm(const char *name, long n)
{
	char path[64], text[24];

	snprintf(path, sizeof(path), "/proc/sys/vm/%s", name);
	snprintf(text, sizeof(text), "%ld\n", n);
	EQ(tap_write(path, text, strlen(text), 0), 0);
}

/* What the pool says: HugePages_Total, _Free, _Rsvd, _Surp. */
static void pool(long total, long nr_free, long rsvd, long surp)
{
	EQ(meminfo("HugePages_Total:"), total);
	EQ(meminfo("HugePages_Free:"), nr_free);
	EQ(meminfo("HugePages_Rsvd:"), rsvd);
	EQ(meminfo("HugePages_Surp:"), surp);
	EQ(meminfo("Hugetlb:"), total * (long)(huge >> 10));
}

static long vmstat(const char *name)
{
	return figure_after("/proc/vmstat", NULL, name);
}

static void huge_init(void)
{
	huge = (size_t)meminfo("Hugepagesize:") << 10;
}

#endif
