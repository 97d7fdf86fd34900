/* What /proc/PID/vtop says of an address, in parts; a program's counts; a look at single frames. */
#ifndef LABS_VTOP_H
#define LABS_VTOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vtop_level {
	char name[8];	       /* PGD, P4D, PUD, PMD, PTE */
	unsigned long long at; /* where the entry lies in physical memory */
	unsigned long long entry;
	unsigned index, digits; /* in its table; hexadecimal digits of an entry */
	char bits[48];		/* "P RW US A D", "" of an empty entry */
};

struct vtop_user {
	unsigned long address;
	int pid;
};

struct vtop {
	unsigned long address;
	unsigned nr_levels;
	struct vtop_level level[5]; /* those that the CPU reads, from the top */
	bool mapped;
	unsigned long long phys, pfn; /* when mapped */
	int refcount, mapcount;
	unsigned nr_users; /* entries that map the frame; the first are in user[] */
	struct vtop_user user[4];
	char vma[128], rights[32], reason[80], zone[12], state[24], owner[96];
};

/* Ask about @address of process @pid; 0: of the kernel. False: there is no answer, and *v is all zero. */
bool vtop_ask(struct vtop *v, int pid, unsigned long address);
/* The last level that was read: where the walk ended. */
const struct vtop_level *vtop_last(const struct vtop *v);
/* Lowest bit of the address that is the index of level @name in this machine's tables. */
unsigned vtop_low_bit(const struct vtop *v, const char *name);
/* The entry in words: "1c2c067 P RW US A D", "empty". */
const char *vtop_entry(const struct vtop_level *l);
/* A lab_walk of it; @value: what is there, NULL: nothing said. */
void vtop_figure(const char *title, const struct vtop *v, const char *value);

/* ---- one process ---- */
/* The program starts over without randomized addresses, unless it has none: then every run has the same. */
void fixed_addresses(char **argv);

struct counts {
	long vm_kb, rss_kb, tables_kb; /* VmSize, VmRSS, VmPTE */
	long faults;		       /* those without a disk */
};
void counts_read(struct counts *c);

/* ---- one frame ---- */
/* Word @index of a file of 64-bit words; ~0: none there. */
unsigned long long word_of(const char *path, unsigned long long index);
/* /proc/PID/pagemap of the page at @address. */
unsigned long long pagemap_of(int pid, unsigned long address);
/* Its frame; 0: none is mapped there. */
unsigned long long frame_of(int pid, unsigned long address);

#endif
