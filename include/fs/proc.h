/* /proc: entries are registered by whoever has the facts. */
#ifndef FS_PROC_H
#define FS_PROC_H

#include "fs/fs.h"
#include "fs/seq_file.h"

struct task;
struct tty;

/* A global file or directory; @path relative to /proc ("meminfo", "sys/vm/overcommit_memory"); parents are made. 0 or -errno. */
struct proc_entry {
	int (*show)(struct seq_file *m); /* 0 or -errno; m->private is data */
	/* Text written by a user (kernel copy, NUL-terminated). 0 or -errno; NULL: read only. */
	int (*store)(struct proc_entry *e, char *text, size_t len);
	void (*cut)(struct proc_entry *e); /* opened with O_TRUNC; NULL: nothing happens then */
	const struct file_ops *fops;	   /* NULL: a text file that show and store make */
	void *data;
	void (*free)(struct proc_entry *e); /* removable: the last user is gone; may be NULL */
	bool strict; /* below /proc/sys: to open it for what it cannot do is -EACCES */
};
/* There is another swap area, or one less: for who polls /proc/swaps. */
void proc_swaps_changed(void);
int must_check proc_register(const char *path, uint32_t mode, struct proc_entry *entry);
/* What pseudo_add (fs/sysfs.h) has put into /proc. Calls of an entry's own fops go between proc_entry_enter and _leave. */
int proc_unregister(
	const char *path); /* with all below it; waits until nobody uses them. 0, -ENOENT */
bool must_check proc_entry_enter(const struct inode *inode);
void proc_entry_leave(const struct inode *inode);
int must_check proc_register_symlink(const char *path, const char *target);

/* An entry of every /proc/PID and task/TID: m->private is the task, referenced. */
struct proc_pid_entry {
	const char *name;
	uint32_t mode; /* with S_IFLNK or S_IFDIR where it is not a file */
	int (*show)(struct seq_file *m, struct task *t);
	const struct file_ops *fops;
	int (*link)(struct task *t, struct path_ref *out); /* exe, cwd, root */
	int (*store)(struct task *t, char *text, size_t len);
	bool inspect; /* opening it takes the right to look into the process (ptrace(2)): -EACCES */
	enum { PID_AND_TASK, PID_ONLY, TASK_ONLY } where; /* in /proc/PID, in task/TID */
};
void proc_register_pid(const struct proc_pid_entry *entries, unsigned nr);
/* For fops of entries: what the inode stands for. */
struct proc_entry *proc_entry_of(const struct inode *inode);
struct task *proc_task_of(const struct inode *inode);
/* The process whose directory of /proc @f is; referenced. NULL: it is none. */
struct task *proc_dir_process(const struct file *f);

/* Helper: integer sysctl with bounds, in Linux's text format. */
int must_check proc_register_int(const char *path, int *value, int min, int max);
/* The text's decimal number, white space around it allowed. 0, -EINVAL. */
int must_check proc_parse_long(const char *text, long *out);

unsigned long mem_available_pages(void); /* what /proc/meminfo says of MemAvailable */

/* Set by the terminal driver: device number and foreground group of a terminal, for /proc/PID/stat. */
struct proc_tty_hooks {
	uint32_t (*device)(const struct tty *tty);
	int (*foreground)(const struct tty *tty);
};
extern struct proc_tty_hooks proc_tty_hooks;

#endif
