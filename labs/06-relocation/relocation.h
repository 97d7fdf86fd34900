/* Lab 6: one logical address, two processes. */
#ifndef RELOCATION_H
#define RELOCATION_H

#include "segment.h"
#include "vtop.h"

enum {
	SPAN = 0x4000000,
	OFFSET = 0x300,
	ENTRY = 1,
	SELECTOR = LDT_SEL(ENTRY),
	PARENT = 5,
	CHILD = 6
};
enum { OLD_VALUE = 0x1111, NEW_VALUE = 0x2222 };

/* What one process finds at SELECTOR:OFFSET at one moment. */
struct view {
	unsigned n; /* number of the process in the layout */
	int pid;
	uint64_t descriptor; /* entry ENTRY of its LDT */
	unsigned long base, linear;
	unsigned value;	  /* read through the segment */
	struct vtop walk; /* of linear */
};

struct story {
	struct view parent, inherited, child, child_later, parent_later;
	int error; /* line of what could not be done */
};

/* In memory that both processes share. NULL: there is none. */
const struct story *relocation_story(void);

/* The exercise: try.c. */
int student(int argc, char **argv);

#endif
