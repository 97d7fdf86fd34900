/* Asking the module: struct request in, the tables' entries out. */
#ifndef LAB3_WALK_H
#define LAB3_WALK_H

#include <stddef.h>

enum { LEVELS = 5, PGD = 0, P4D, PUD, PMD, PTE };

struct level {
	unsigned shift, ptrs; /* the lowest bit of the index; entries of a table, 1: folded */
	int seen;	      /* did the walk come here? */
	unsigned long index;
	unsigned long long entry;
};

/* What the module says of an address. */
struct walk {
	unsigned long address;
	struct level level[LEVELS];
	int mapped;
	unsigned long long frame, offset, phys, kernel, value;
	unsigned long long base; /* where the kernel has frame 0 */
	int has_value;		 /* not in high memory */
	char text[1024];
};

extern const char *const level_name[LEVELS];

/* Return: 0, -1 with errno. */
int walk_ask(struct walk *w, const volatile void *address, int pid);
/* The part of @address that is the index at @level. */
unsigned long index_of(const struct walk *w, int level, unsigned long address);
/* Levels that the mode has. */
unsigned nr_levels(const struct walk *w);
/* The lowest level that was seen. */
int last_seen(const struct walk *w);

#endif
