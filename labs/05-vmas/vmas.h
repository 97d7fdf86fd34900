/* The module's files, and /proc/PID/maps and smaps, as arrays of mappings. */
#ifndef LAB5_VMAS_H
#define LAB5_VMAS_H

enum { MAX_VMAS = 64 };

struct vma {
	unsigned long start, end;
	char rights[5];
	unsigned long offset;
	long resident; /* pages with a frame; -1: not looked at */
	char name[48]; /* of /proc/PID/maps only */
};

struct vmas {
	int nr;
	struct vma vma[MAX_VMAS];
};

/* The part of process @pid in the module's file @file ("vma_list", "vma_iter"). Return: 0, -1: no such process there. */
int vmas_of_module(struct vmas *v, const char *file, int pid);
/* Fill in the resident pages that the module counts. Return: 0, -1: the mappings are other ones by now. */
int vmas_resident(struct vmas *v, int pid);
int vmas_of_maps(struct vmas *v, int pid);
/* Fill in Rss of /proc/PID/smaps. */
int vmas_of_smaps(struct vmas *v, int pid);
/* The same mappings, and the same figures where both have them? */
int vmas_same(const struct vmas *a, const struct vmas *b);
/* The mapping that @address is in; NULL: none. */
const struct vma *vma_at(const struct vmas *v, const void *address);
/* Fill @pid with the processes that the module lists, and their names. Return: how many. */
int module_processes(int *pid, char (*name)[32], int most);

#endif
