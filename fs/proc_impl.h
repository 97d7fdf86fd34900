/* Shared among fs/proc_*.c. */
#ifndef FS_PROC_IMPL_H
#define FS_PROC_IMPL_H

#include "fs/poll.h"
#include "fs/proc.h"
#include "sync/mutex.h"

struct task;
struct cred;
struct mm_struct;
struct vm_area_struct;

/* An open text file of /proc: file->private. */
struct proc_file {
	struct mutex lock; /* l; rank TEXT */
	struct seq_file m; /* l */
	uint64_t base;	   /* l: of the text, what m begins with */
	bool filled;	   /* l */
	unsigned seen;	   /* a: the event's number when the file was last asked; others: 0 */
	/* Print the text; exactly one of entry and pid_entry is set. */
	struct proc_entry *entry;
	const struct proc_pid_entry *pid_entry;
	struct task *task; /* referenced by the inode */
	int fd;		   /* of an fdinfo file */
	bool of_thread;	   /* in task/TID: the thread's own figures, not the group's */
};
struct proc_file *must_check proc_file_new(struct file *f); /* NULL: no memory */
/* The operations of text files, for tables of files that have more. */
extern const struct file_ops proc_text_fops;
int proc_text_open(struct inode *inode, struct file *f);     /* of a registered name */
int proc_pid_text_open(struct inode *inode, struct file *f); /* in /proc/PID */
void proc_text_release(struct file *f);
long proc_text_read(struct file *f, uaddr_t buf, size_t len, uint64_t *pos);
long proc_text_write(struct file *f, uaddr_t buf, size_t len, uint64_t *pos);
long proc_text_read_kernel(struct file *f, void *buf, size_t len, uint64_t *pos);
long proc_text_write_kernel(struct file *f, const void *buf, size_t len, uint64_t *pos);

/* A change that open files tell by POLLPRI and POLLERR, each once: proc(5), /proc/PID/mounts. */
struct proc_event {
	unsigned nr; /* a: changes so far */
	struct waitq waiters;
};
void proc_event_seen(const struct file *f, const struct proc_event *e); /* opened now */
unsigned proc_event_poll(struct file *f, struct poll_table *pt, struct proc_event *e);
/* Any context that may take a wait queue's lock. */
void proc_event_tell(struct proc_event *e);

/* ---- proc_pid.c ---- */
struct inode *must_check proc_pid_inode(struct super_block *sb, struct task *t,
					bool is_thread); /* consumes the task ref */
int proc_pid_lookup(struct inode *root, const struct qstr *name, struct inode **out);
/* Emit the processes with a pid >= @first. */
void proc_pid_emit(struct dir_context *c, int first);
void proc_pid_evict(struct inode *inode);
int proc_fill_pid(struct proc_file *pf);

/* Is the text that of a file in task/TID? */
bool proc_of_thread(const struct seq_file *m);

bool proc_emit_dots(struct file *f, struct dir_context *c);
bool proc_emit(struct dir_context *c, uint64_t next, const char *name, uint64_t ino, unsigned type);
/* Decimal number without leading zeroes, at most INT_MAX; -1 when it is not one. */
int proc_parse_number(const struct qstr *name);

/* ---- facts about a task; references for the caller ---- */
struct cred *task_cred_get(struct task *t);
bool task_is_dead(struct task *t);
/* May the caller look into the task's memory and files (ptrace(2), access mode)? */
bool task_may_inspect(struct task *t);
/* The task's memory if the caller may look: 0 and *out (NULL: it has none), -EACCES. */
int must_check task_mm_inspect(struct task *t, struct mm_struct **out);

/* ---- files ---- */
extern int sysctl_vfs_cache_pressure; /* per cent; fs.c */
void proc_mem_init(void);
void proc_swaps_init(void);
void proc_vmstat_init(void);
void proc_iomem_init(void);
void proc_zone_init(void);
void proc_kpage_init(void);
void proc_sysvm_init(void);
void proc_dirty_init(void);
void proc_misc_init(void);
void proc_kernel_init(void);
void proc_limits_init(void);
void proc_failpoint_init(void);
void proc_sysrq_init(void);
void proc_pid_init(void);
void proc_pid_ids_init(void);
void proc_schedstat_init(void);
void proc_vtop_init(void);
struct zone_numa;
void seq_numa_events(struct seq_file *m, const struct zone_numa *n); /* numa_hit .. numa_other */
int maps_show(struct seq_file *m, struct task *t);
int smaps_show(struct seq_file *m, struct task *t);
int smaps_rollup_show(struct seq_file *m, struct task *t);
int pid_mounts_show(struct seq_file *m, struct task *t);
int pid_mountinfo_show(struct seq_file *m, struct task *t);
int pid_mountstats_show(struct seq_file *m, struct task *t);
int pid_stat_show(struct seq_file *m, struct task *t);
int pid_statm_show(struct seq_file *m, struct task *t);
int pid_status_show(struct seq_file *m, struct task *t);
int pid_stack_show(struct seq_file *m, struct task *t);
int pid_syscall_show(struct seq_file *m, struct task *t);
int pid_wchan_show(struct seq_file *m, struct task *t);
int pid_sched_show(struct seq_file *m, struct task *t);
int pid_schedstat_show(struct seq_file *m, struct task *t);
int pid_limits_show(struct seq_file *m, struct task *t);
int numa_maps_show(struct seq_file *m, struct task *t);
int clear_refs_store(struct task *t, char *text, size_t len);
int frames_store(struct task *t, char *text, size_t len); /* proc_pid_frames.c */
int frames_show(struct seq_file *m, struct task *t);
int coredump_filter_show(struct seq_file *m, struct task *t);
int coredump_filter_store(struct task *t, char *text, size_t len);

/* A name in map_files. */
struct map_range {
	unsigned long start, end;
	uint32_t mode; /* of the symlink */
};
bool map_files_parse(const struct qstr *name, struct map_range *out);
/* Exactly that mapping of a file: sets r->mode, and unless @out is NULL the file, referenced. 0, -EACCES, -ENOENT. */
int must_check map_files_find(struct task *t, struct map_range *r, struct path_ref *out);
/* The first that begins at or after @from. */
bool map_files_next(struct task *t, unsigned long from, struct map_range *out);

/* @show for each mapping of @t, mmap_lock held for read; @buf has room for a name. 0, -EACCES, -ENOMEM. */
int must_check proc_each_vma(struct seq_file *m, struct task *t,
			     void (*show)(struct seq_file *m, struct vm_area_struct *vma, char *buf,
					  void *arg),
			     void *arg);
/* Of a file or shared memory; the kernel's own mappings (the vDSO) are of none. */
bool proc_vma_is_file(const struct vm_area_struct *vma);
/* The line of /proc/PID/maps. mmap_lock held; @buf: VFS_PATH_MAX bytes. */
void proc_put_vma(struct seq_file *m, struct vm_area_struct *vma, char *buf);
extern const struct file_ops pagemap_fops, pid_mem_fops, pid_vtop_fops, pid_mounts_fops;

int must_check proc_hugetlb_init(void); /* the pool of huge pages in sys/vm (sysfs_hugetlb.c) */
int must_check proc_nodes_init(void);	/* sys/vm about nodes (proc_nodes.c) */

#endif
