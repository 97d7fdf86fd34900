/* Lab 8: what was seen at each moment. */
#ifndef COW_H
#define COW_H

#include "vtop.h"

enum when {
	ALONE,
	FORKED,
	CHILD_READ,
	CHILD_WROTE,
	PARENT_WROTE,
	FORKED_AGAIN,
	PARENT_FIRST,
	CHILD_SECOND,
	NR_MOMENTS
};
enum { OLD_VALUE = 0x1111, CHILD_VALUE = 0x2222, PARENT_VALUE = 0x3333 };

/* A page as its two processes have it. */
struct moment {
	struct vtop parent, child; /* child: none at ALONE */
	unsigned parent_value, child_value;
	long faults; /* of whoever did something at this moment */
};

struct story {
	struct moment now[NR_MOMENTS];
	/* MAP_SHARED, the parent's and the child's: before the child's first touch, and after it */
	struct vtop shared_before, shared_forked, shared_parent, shared_child;
	long shared_faults;
	unsigned shared_value; /* the parent's, after the child's write */
	unsigned long page, shared;
	int parent, child, second_child;
	const char *error;
};

const struct story *cow_story(void);

/* The exercise: try.c. */
int student(int argc, char **argv);

#endif
