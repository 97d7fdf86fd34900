/* Writing a core file; shared by the files sys/core*.c. */
#ifndef SYS_CORE_IMPL_H
#define SYS_CORE_IMPL_H

#include "base/compiler.h"
#include "base/types.h"

struct file;
struct mm_struct;
struct siginfo_k;

/* A mapping, as it is when the process has stopped. */
struct core_map {
	unsigned long start, end;
	unsigned long dump;  /* bytes of it that are in the file */
	unsigned long pgoff; /* pages */
	unsigned flags;	     /* PF_* */
	bool is_file;
	bool head;   /* at most a program's first page is wanted */
	bool sparse; /* a page without an entry is zeroes */
};

struct core {
	struct file *file;
	uint64_t pos;		 /* in the file */
	uint64_t written, limit; /* bytes */
	int sig;
	const struct siginfo_k *info;
	struct mm_struct *mm;
	struct core_map *maps;
	unsigned nr_maps;
	char *page; /* PAGE_SIZE bytes */
};

/* core_notes.c: into @buf (NULL: only count), at most @size bytes. Return: their number. */
size_t core_notes(struct core *c, char *buf, size_t size);
/* core_file.c: everything, to c->file. 0 or -errno; what was written stays, and is worth having. */
int core_write(struct core *c);

#endif
