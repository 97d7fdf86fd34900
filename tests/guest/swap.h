/* What the tests of swap share: headers as mkswap writes them, pages that can be known again, out of memory. */
#ifndef SWAP_H
#define SWAP_H

#include "mem.h"

#include <sys/swap.h>

/* What mkswap writes, for an area of @pages with the header. */
static void make_header(const char *path, unsigned pages)
{
	static unsigned char page[4096];
	uint32_t words[3] = { 1, pages - 1, 0 };
	int fd = open(path, O_RDWR);

	memcpy(page + 1024, words, sizeof(words));
	memcpy(page + sizeof(page) - 10, "SWAPSPACE2", 10);
	EQ(pwrite(fd, page, sizeof(page), 0), sizeof(page));
	OK(close(fd));
}

/* A page's bytes: some that compress, some that do not. */
static void fill(unsigned char *p, unsigned seed)
{
	uint32_t x = seed * 2654435761U + 1;

	for (size_t i = 0; i < PAGE; i++) {
		x = x * 1664525 + 1013904223;
		p[i] = (unsigned char)(i % 4 && seed % 3 ? seed : x >> 24);
	}
}

static int is_filled(const unsigned char *p, unsigned seed)
{
	static unsigned char want[4096];

	fill(want, seed);
	return !memcmp(p, want, PAGE);
}

static unsigned char *filled(unsigned pages)
{
	unsigned char *p = (unsigned char *)anon(pages, RW);

	for (unsigned i = 0; p != MAP_FAILED && i < pages; i++)
		fill(p + i * PAGE, i);
	return p;
}

/* How many of the pages that filled made are not what they were? */
static unsigned spoilt(const unsigned char *p, unsigned pages)
{
	unsigned bad = 0;

	for (unsigned i = 0; i < pages; i++)
		bad += !is_filled(p + i * PAGE, i);
	return bad;
}

static int page_out(void *p, unsigned pages)
{
	return madvise(p, pages * PAGE, MADV_PAGEOUT);
}

/* Pages out, and in again: all of them, what they were. */
static void round_trip(unsigned pages)
{
	unsigned char *p = filled(pages);
	long out = vmstat("pswpout"), in = vmstat("pswpin");

	NEED(p != MAP_FAILED);
	OK(page_out(p, pages));
	EQ(vmstat("pswpout") - out, pages);
	EQ(resident(p, pages), 0);
	EQ(status_kb("VmSwap:"), pages * 4);
	EQ(spoilt(p, pages), 0);
	EQ(vmstat("pswpin") - in, pages);
	OK(munmap(p, pages * PAGE));
	EQ(meminfo_kb("SwapTotal:") - meminfo_kb("SwapFree:"), 0);
}

/* @script by busybox's shell. Return: its wait status. */
static int run_shell(const char *script)
{
	int status = -1;
	pid_t pid = fork();

	if (!pid) {
		execl("/bin/busybox", "sh", "-c", script, (char *)NULL);
		_exit(127);
	}
	EQ(waitpid(pid, &status, 0), pid);
	return status;
}

#endif
