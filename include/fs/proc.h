/* /proc: entries are registered by whoever has the facts. */
#ifndef FS_PROC_H
#define FS_PROC_H

#include "fs/fs.h"
#include "fs/seq_file.h"

struct task;

/* A global file or directory; @path relative to /proc ("meminfo", "sys/vm/overcommit_memory"); parents are made. 0 or -errno. */
struct proc_entry {
	int (*show)(struct seq_file *m);   /* 0 or -errno */
	/* Text written by a user (kernel copy, NUL-terminated). 0 or -errno; NULL: read only. */
	int (*store)(struct proc_entry *e, char *text, size_t len);
	const struct file_ops *fops;       /* instead of show/store: binary and special files */
	void *data;
};
int must_check proc_register(const char *path, uint32_t mode, struct proc_entry *entry);
int must_check proc_register_symlink(const char *path, const char *target);

/* An entry of every /proc/PID (and of task/TID): m->private is the task, referenced. */
struct proc_pid_entry {
	const char *name;
	uint32_t mode;
	int (*show)(struct seq_file *m, struct task *t);
	const struct file_ops *fops;
	int (*link)(struct task *t, struct path_ref *out); /* exe, cwd, root */
	int (*store)(struct task *t, char *text, size_t len);
};
void proc_register_pid(const struct proc_pid_entry *entries, unsigned nr);
/* Helper: integer sysctl with bounds, in Linux's text format. */
int must_check proc_register_int(const char *path, int *value, int min, int max);

#endif
