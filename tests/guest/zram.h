/* Swap on /dev/zram0, for tests that need pages to leave: what swapon(8) and mkswap(8) do. */
#ifndef ZRAM_H
#define ZRAM_H

#include "swap.h"

#define DEV "/dev/zram0"
#define SYS "/sys/block/zram0/"

static int set(const char *name, const char *text)
{
	char path[80];

	snprintf(path, sizeof(path), SYS "%s", name);
	return tap_write(path, text, strlen(text), 0);
}

static void begin(const char *size, unsigned pages)
{
	NEED(access(SYS "disksize", F_OK) == 0);
	OK(set("disksize", size));
	make_header(DEV, pages);
	OK(swapon(DEV, 0));
}

/* Nothing may be left: not a slot, not a page of the pool. */
static void end(void)
{
	static const unsigned long long none[9];
	unsigned long long s[9] = { 1 };
	char text[200];

	OK(swapoff(DEV));
	EQ(meminfo_kb("SwapTotal:"), 0);
	EQ(meminfo_kb("SwapCached:"), 0);
	CHECK(tap_read(SYS "mm_stat", text, sizeof(text)) > 0);
	EQ(sscanf(text, "%llu %llu %llu %llu %llu %llu", &s[0], &s[1], &s[2], &s[3], &s[4], &s[5]),
	   6);
	CHECK(s[0] <= PAGE && s[1] < PAGE); /* the header */
	OK(set("reset", "1\n"));
	CHECK(tap_read(SYS "mm_stat", text, sizeof(text)) > 0);
	EQ(sscanf(text, "%llu %llu %llu", &s[0], &s[1], &s[2]), 3);
	CHECK(!memcmp(s, none, 3 * sizeof(s[0])));
}

#endif
