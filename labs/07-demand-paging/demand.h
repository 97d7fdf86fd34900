/* Lab 7: what was seen at each moment. */
#ifndef DEMAND_H
#define DEMAND_H

#include "vtop.h"

enum when {
	BEFORE,
	ALLOCATED,
	READ_ONE, /* page X */
	READ_TWO, /* page Y */
	WRITTEN,  /* X again */
	FRESH,	  /* page Z, never read */
	SIXTEEN,  /* pages D, downwards */
	DROPPED,  /* those given back, the block kept */
	FREED,
	NR_MOMENTS
};
enum { BLOCK = 8 << 20, MANY = 16 };

struct moment {
	struct counts counts;
	struct vtop at; /* the page that it is about */
};

struct story {
	struct moment now[NR_MOMENTS];
	unsigned long block, a, b, c, d;
	unsigned long long zero_frame, a_frame,
		a_flags;		/* of the frame of X: kpageflags when mapped */
	unsigned long long freed_flags; /* after free() */
	int signal, code;		/* a touch after free() */
	unsigned long fault_address;
	const char *error;
};

/* Does all of it and keeps what it saw. */
const struct story *demand_story(void);

/* The exercise: try.c. */
int student(int argc, char **argv);

#endif
