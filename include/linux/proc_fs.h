/* Files of a module in /proc: with struct proc_ops (Linux 5.6 on) and with struct file_operations (before). */
#ifndef _LINUX_PROC_FS_H
#define _LINUX_PROC_FS_H

#include <linux/fs.h>

struct proc_ops {
	unsigned int proc_flags;
	int (*proc_open)(struct inode *inode, struct file *file);
	ssize_t (*proc_read)(struct file *file, char __user *buf, size_t len, loff_t *pos);
	ssize_t (*proc_read_iter)(void *iocb, void *iter);
	ssize_t (*proc_write)(struct file *file, const char __user *buf, size_t len, loff_t *pos);
	loff_t (*proc_lseek)(struct file *file, loff_t off, int whence);
	int (*proc_release)(struct inode *inode, struct file *file);
	unsigned int (*proc_poll)(struct file *file, struct poll_table_struct *table);
	long (*proc_ioctl)(struct file *file, unsigned int cmd, unsigned long arg);
	int (*proc_mmap)(struct file *file, struct vm_area_struct *vma);
	unsigned long (*proc_get_unmapped_area)(struct file *file, unsigned long addr,
						unsigned long len, unsigned long pgoff,
						unsigned long flags);
};

#define proc_dir_entry	     module_proc
#define PROC_ENTRY_PERMANENT 1

#define MODULE_CALLS(name, from, open_, release_, read_, write_, lseek_, ioctl_)                   \
	const struct module_calls name = { .open = (from)->open_,                                  \
					   .release = (from)->release_,                            \
					   .read = (from)->read_,                                  \
					   .write = (from)->write_,                                \
					   .lseek = (from)->lseek_,                                \
					   .ioctl = (from)->ioctl_ }

static inline struct proc_dir_entry *proc_create_new(const char *name, umode_t mode,
						     struct proc_dir_entry *parent,
						     const struct proc_ops *ops, void *data)
{
	MODULE_CALLS(calls, ops, proc_open, proc_release, proc_read, proc_write, proc_lseek,
		     proc_ioctl);

	return module_proc_create(name, mode, parent, &calls, data);
}

static inline struct proc_dir_entry *proc_create_old(const char *name, umode_t mode,
						     struct proc_dir_entry *parent,
						     const struct file_operations *ops, void *data)
{
	const struct module_calls calls = file_calls(ops);

	return module_proc_create(name, mode, parent, &calls, data);
}

/* By the kind of @ops. */
#define proc_create_data(name, mode, parent, ops, data)                                            \
	_Generic((ops),                                                                            \
		struct proc_ops *: proc_create_new,                                                \
		const struct proc_ops *: proc_create_new,                                          \
		struct file_operations *: proc_create_old,                                         \
		const struct file_operations *: proc_create_old)(name, mode, parent, ops, data)
#define proc_create(name, mode, parent, ops) proc_create_data(name, mode, parent, ops, NULL)

struct seq_file;
static inline struct proc_dir_entry *
proc_create_single_data(const char *name, umode_t mode, struct proc_dir_entry *parent,
			int (*show)(struct seq_file *m, void *v), void *data)
{
	extern ssize_t seq_read(struct file *, char __user *, size_t, loff_t *);
	extern loff_t seq_lseek(struct file *, loff_t, int);
	extern int single_release(struct inode *, struct file *);
	const struct proc_ops ops = { .proc_open = module_proc_open_single,
				      .proc_read = seq_read,
				      .proc_lseek = seq_lseek,
				      .proc_release = single_release };
	MODULE_CALLS(calls, &ops, proc_open, proc_release, proc_read, proc_write, proc_lseek,
		     proc_ioctl);
	struct module_calls with_show = calls;

	with_show.show = show;
	return module_proc_create(name, mode, parent, &with_show, data);
}
#define proc_create_single(name, mode, parent, show)                                               \
	proc_create_single_data(name, mode, parent, show, NULL)

static inline struct proc_dir_entry *proc_mkdir(const char *name, struct proc_dir_entry *parent)
{
	return module_proc_mkdir(name, parent);
}

struct proc_dir_entry *proc_symlink(const char *name, struct proc_dir_entry *parent,
				    const char *target);
void remove_proc_entry(const char *name, struct proc_dir_entry *parent);
void proc_remove(struct proc_dir_entry *entry);
#define remove_proc_subtree(name, parent) remove_proc_entry(name, parent)

/* Files of modules are root's, and have no length to show. */
#define proc_set_user(entry, uid, gid) ((void)(entry), (void)(uid), (void)(gid))
#define proc_set_size(entry, size)     ((void)(entry), (void)(size))

static inline void *pde_data(const struct inode *inode)
{
	return inode->pde_data;
}
#define PDE_DATA pde_data

struct seq_operations;
int module_proc_open_seq(struct inode *inode, struct file *file);

/* A file of a sequence; @show takes the place of one function, the operations of many. */
static inline struct proc_dir_entry *proc_create_seq_data(const char *name, umode_t mode,
							  struct proc_dir_entry *parent,
							  const struct seq_operations *seq,
							  void *data)
{
	extern ssize_t seq_read(struct file *, char __user *, size_t, loff_t *);
	extern loff_t seq_lseek(struct file *, loff_t, int);
	extern int seq_release(struct inode *, struct file *);
	const struct module_calls calls = { .open = module_proc_open_seq,
					    .release = seq_release,
					    .read = seq_read,
					    .lseek = seq_lseek,
					    .seq = seq };

	return module_proc_create(name, mode, parent, &calls, data);
}
#define proc_create_seq(name, mode, parent, seq) proc_create_seq_data(name, mode, parent, seq, NULL)

#endif
