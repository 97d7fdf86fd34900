/* Lab 10: what the module and /proc say, and what was seen. */
#ifndef MAPPINGS_H
#define MAPPINGS_H

#include "vtop.h"

enum { FIRST = 0x5eed0001, BY_KERNEL = 0x5eed0002, BY_PROGRAM = 0x5eed0003 };

/* One answer of /proc/two_mappings. */
struct answer {
	unsigned long user, kernel;
	unsigned long long user_entry, kernel_entry;
	unsigned long frame, kernel_frame, kernel_kb; /* kb: what the kernel's entry maps */
	unsigned value, users, searched;
};

struct story {
	struct answer first, by_program, forked, ended;
	struct vtop user_walk, kernel_walk, other_walk;
	unsigned after_kernel_wrote; /* what the program read */
	unsigned long long mapcount; /* /proc/kpagecount */
	unsigned long address;
	int pid, other;
	int signal, read_signal; /* a process touches the kernel's address: writing, reading */
	int map_error;		 /* errno of mmap at the kernel's address */
	bool high;		 /* all pages are in high memory, which the kernel has not mapped */
	const char *error;
};

const struct story *mappings_story(void);
/* Ask the module about @address of @pid; @write: let it write @value there first. Return: 0, or -1 with errno. */
int mappings_ask(struct answer *a, int pid, unsigned long address, int write, unsigned value);

#endif
