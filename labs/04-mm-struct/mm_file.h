/* The module's file: a pid in, the members of its mm_struct out; and what /proc says of the same. */
#ifndef LAB4_MM_FILE_H
#define LAB4_MM_FILE_H

struct mm_figures {
	int has_mm; /* 0: a kernel thread */
	char comm[32];
	unsigned long pgd, code[2], data[2], heap[2], stack, args[2], env[2];
	unsigned long map_count, total_vm, locked_vm, data_vm, exec_vm, stack_vm, rss, tables,
		users;
};

/* Return: 0, -1 with errno. */
int mm_ask(struct mm_figures *f, int pid);
/* The number behind @label in /proc/@pid/status; -1: no such process, or no such line. */
long status_number(int pid, const char *label);
/* Field @n of /proc/self/stat, counted from 1 as proc(5) does. */
unsigned long stat_field(int n);
/* Fill @pid with the processes there are. Return: how many. */
int all_processes(int *pid, int most);

#endif
