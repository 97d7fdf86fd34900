/*
 * Page faults of the textbooks' reference strings, by policy: the simulator's test and the kernel's (tests/guest/mem_frames.c)
 * ask for the same counts.
 */
#ifndef REPLAY_TEXTBOOKS_H
#define REPLAY_TEXTBOOKS_H

enum { BOOK_POLICIES = 9 };
static const char *const book_policy[BOOK_POLICIES] = { "fifo",	 "lru", "opt", "clock1", "clock0",
							"sieve", "arc", "lfu", "mru" };
static const struct book {
	const char *string;
	unsigned frames, faults[BOOK_POLICIES];
} books[] = {
	{ "1 2 3 4 1 2 5 1 2 3 4 5", 3, { 9, 10, 7, 9, 10, 10, 10, 10, 7 } },
	{ "1 2 3 4 1 2 5 1 2 3 4 5", 4, { 10, 8, 6, 10, 8, 8, 7, 8, 6 } },
	{ "7 0 1 2 0 3 0 4 2 3 0 3 2 1 2 0 1 7 0 1", 2, { 15, 17, 13, 15, 17, 17, 15, 15, 18 } },
	{ "7 0 1 2 0 3 0 4 2 3 0 3 2 1 2 0 1 7 0 1", 3, { 15, 12, 9, 14, 11, 11, 13, 11, 16 } },
	{ "7 0 1 2 0 3 0 4 2 3 0 3 2 1 2 0 1 7 0 1", 4, { 10, 8, 8, 9, 8, 8, 9, 9, 12 } },
	{ "0 1 2 3 0 1 4 0 1 2 3 4", 3, { 9, 10, 7, 9, 10, 10, 10, 10, 7 } },
	{ "0 1 2 3 0 1 4 0 1 2 3 4", 4, { 10, 8, 6, 10, 8, 8, 7, 8, 6 } },
	{ "2 3 2 1 5 2 4 5 3 2 5 2", 3, { 9, 7, 6, 8, 6, 6, 6, 6, 6 } },
	{ "0 1 2 0 1 3 0 3 1 2 1", 3, { 7, 5, 5, 7, 5, 5, 5, 5, 5 } },
	{ "1 2 3 4 2 1 5 6 2 1 2 3 7 6 3 2 1 2 3 6", 3, { 16, 15, 11, 16, 16, 14, 14, 14, 16 } },
	{ "1 2 3 4 2 1 5 6 2 1 2 3 7 6 3 2 1 2 3 6", 5, { 10, 8, 7, 9, 8, 8, 8, 8, 9 } },
	{ "1 2 3 4 3 1 4 2 5 2 1 2 3 4 5 1", 4, { 11, 9, 6, 9, 10, 10, 8, 7, 7 } },
	{ "0 1 2 3 4 0 1 2 3 4 0 1 2 3 4", 4, { 15, 15, 7, 15, 15, 15, 15, 15, 7 } },
};

#endif
