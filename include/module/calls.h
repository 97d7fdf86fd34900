/* What a module's file does, in one form; shared by the files of module/ and by include/linux/proc_fs.h. */
#ifndef MODULE_CALLS_H
#define MODULE_CALLS_H

#include "module/views.h"

struct seq_file;
struct module;

struct module_calls {
	int (*open)(struct inode_view *inode, struct file_view *file);
	int (*release)(struct inode_view *inode, struct file_view *file);
	long (*read)(struct file_view *file, char *buf, size_t len, long long *pos);
	long (*write)(struct file_view *file, const char *buf, size_t len, long long *pos);
	long long (*lseek)(struct file_view *file, long long off, int whence);
	long (*ioctl)(struct file_view *file, unsigned cmd, unsigned long arg);
	int (*show)(struct seq_file *m, void *data); /* of proc_create_single */
	unsigned (*poll)(struct file_view *file, void *table);
	int (*mmap)(struct file_view *file, struct vma_view *vma);
	int (*flush)(struct file_view *file, void *id);
	int (*fasync)(int fd, struct file_view *file, int on);
	const void *seq; /* of proc_create_seq: struct seq_operations * */
	struct module *owner;
};

struct module_proc;
struct module_proc *module_proc_create(const char *name, unsigned mode, struct module_proc *parent,
				       const struct module_calls *calls, void *data);
struct module_proc *module_proc_symlink(const char *name, struct module_proc *parent,
					const char *target);
struct module_proc *module_proc_mkdir(const char *name, struct module_proc *parent);
void module_proc_remove(struct module_proc *p);
void module_remove_proc_entry(const char *name, struct module_proc *parent);
void module_cdevs_left(const struct module *mod);   /* cdev.c */
void module_devices_left(const struct module *mod); /* device.c */
void module_proc_left(const struct module *mod);    /* it is unloaded: what it forgot goes */
int module_proc_open_seq(struct inode_view *inode, struct file_view *file);
int module_proc_open_single(struct inode_view *inode, struct file_view *file);

int module_single_open(struct file_view *file, int (*show)(struct seq_file *m, void *data),
		       void *data);

#endif
