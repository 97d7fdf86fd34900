/*
 * Ghosts: the keys of pages that left memory, oldest forgotten first, with a number each. For policies that treat a page that
 * comes back otherwise than a new one.
 */
#ifndef MM_GHOST_H
#define MM_GHOST_H

#include "mm/policy.h"

struct ghost {
	uint64_t key, value;
	uint32_t newer, older; /* in the order of adding; free ones: newer is the next free */
	uint32_t next;	       /* in its hash chain */
};

struct ghosts {
	struct ghost *
		ghost; /* [0] is the end of lists and chains, and the head of the ring newest..oldest */
	uint32_t *chain;
	uint32_t free, nr, max, mask;
};

/* Room for @max keys. 0 or -ENOMEM. */
int ghosts_init(struct ghosts *g, unsigned long max);
void ghosts_exit(struct ghosts *g);
/* @key, not known, becomes the newest; when there is no room the oldest is forgotten. */
void ghosts_add(struct ghosts *g, uint64_t key, uint64_t value);
/* Is @key known? *value: its number. */
bool ghosts_find(const struct ghosts *g, uint64_t key, uint64_t *value);
/* The same, and forget it. */
bool ghosts_take(struct ghosts *g, uint64_t key, uint64_t *value);
/* Forget the oldest, if there is one. */
void ghosts_drop_oldest(struct ghosts *g);

#endif
