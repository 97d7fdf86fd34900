/* Lab 1: the segment registers of both rings. */
#ifndef SEGMENTS_H
#define SEGMENTS_H

#include <stdint.h>

enum { CS, DS, ES, SS, FS, GS, NR_SEGMENTS };

struct segment {
	const char *name;
	unsigned selector;
	unsigned long base;
	uint64_t
		by_cpu; /* put together of what lar and lsl say; 0: null, or not visible in ring 3 */
	uint64_t in_memory; /* read by the module */
};

struct tables { /* sgdt, sidt, sldt, str: not privileged on this machine */
	unsigned long gdt, idt;
	unsigned gdt_limit, idt_limit, ldt, task;
};

struct segments {
	struct segment user[NR_SEGMENTS], kernel[NR_SEGMENTS];
	struct tables tables;
	const char *error;
};

const struct segments *segments_look(void);
/* The descriptor that @selector names, by the module; 0: none. */
uint64_t segments_descriptor(unsigned selector);

/* The exercise: try.c. */
int student(int argc, char **argv);

#endif
