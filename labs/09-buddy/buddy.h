/* Lab 9: zones as /proc tells of them, blocks as the module holds them, and what was seen. */
#ifndef BUDDY_H
#define BUDDY_H

#include "lab.h"
#include "vtop.h"

enum { ORDERS = 11, TOP = ORDERS - 1, ORDER = 4, TAKEN = 4, MAX_ZONES = 6, SINGLES_MORE = 8 };

/* A zone of /proc/zoneinfo and its line of /proc/buddyinfo. */
struct zone {
	char name[12];
	long free, min, low, high, managed, start;
	long protection[MAX_ZONES]; /* by the zone that was asked for */
	int nr_protection;
	long pcp_count, pcp_high, pcp_batch; /* of CPU 0 */
	long blocks[ORDERS];
	long unmovable[ORDERS]; /* /proc/pagetypeinfo */
};

/* All of the zones that have memory; returns how many. */
int zones_read(struct zone *z);
const struct zone *zone_named(const struct zone *z, int n, const char *name);

enum when { START, TAKE_1, TAKE_2, TAKE_3, TAKE_4, GIVE_1, GIVE_3, GIVE_2, GIVE_4, NR_MOMENTS };
enum { MAX_LAYOUT = 24 };

struct moment {
	long blocks[ORDERS];		     /* of zone DMA */
	struct lab_block layout[MAX_LAYOUT]; /* of the block that is split */
	int nr_layout;
};

/* Single pages: the CPU's list and the buddy's free pages. */
enum pcp_when { PCP_EMPTY, PCP_TAKE, PCP_GIVE, PCP_AGAIN, PCP_FULL, NR_PCP };
struct pcp_moment {
	long free, count;
};

struct fill {
	long dma, other, first;
};

struct story {
	struct zone zone[MAX_ZONES];
	int nr_zones;
	struct moment now[NR_MOMENTS];
	unsigned long block[TAKEN]; /* their first frames, in the order of taking */
	unsigned long base;	    /* of the block of order 10 that was split */
	struct pcp_moment pcp[NR_PCP];
	long on_list; /* single pages that the CPU's list had in the beginning: taken, too */
	long pcp_high, pcp_batch, singles; /* singles: given back before PCP_FULL */
	struct zone before_dma, before_kernel_dma, before_kernel; /* before each fill */
	struct fill normal, high, atomic, kernel;
	bool worn; /* zone DMA has no block of order 10 */
	const char *error;
};

/* Parts of the story; all of zone DMA, but the last, which takes the machine's memory for a moment. */
enum { BLOCKS = 1, SINGLES = 2, FILL_DMA = 4, FILL_KERNEL = 8, ALL = 15 };

const struct story *buddy_story(int parts);
/* Write a command to /proc/buddy_lab. Return: 0, or -1 with errno. */
int buddy_command(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
