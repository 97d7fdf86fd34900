/* Text made for reading. */
#ifndef _LINUX_SEQ_FILE_H
#define _LINUX_SEQ_FILE_H

#include <linux/fs.h>

/* The kernel's own: fs/seq_file.h has the same members. */
struct seq_file {
	char *buf;
	size_t count, size;
	int err;
	unsigned long kernel_want;
	u64 kernel_from;
	bool kernel_more;
	void *private;
	size_t pad_until; /* module/seq.c keeps room for it behind the kernel's */
};

struct seq_operations {
	void *(*start)(struct seq_file *m, loff_t *pos);
	void (*stop)(struct seq_file *m, void *v);
	void *(*next)(struct seq_file *m, void *v, loff_t *pos);
	int (*show)(struct seq_file *m, void *v);
};

#define SEQ_SKIP	1
#define SEQ_START_TOKEN ((void *)1)

int single_open(struct file *file, int (*show)(struct seq_file *m, void *v), void *data);
/* The text grows as it must, whatever @size says. */
#define single_open_size(file, show, data, size) single_open(file, show, data)
int single_release(struct inode *inode, struct file *file);
int seq_open(struct file *file, const struct seq_operations *ops);
void *__seq_open_private(struct file *file, const struct seq_operations *ops, int size);
int seq_release(struct inode *inode, struct file *file);
int seq_release_private(struct inode *inode, struct file *file);
ssize_t seq_read(struct file *file, char __user *buf, size_t len, loff_t *pos);
loff_t seq_lseek(struct file *file, loff_t off, int whence);
void seq_printf(struct seq_file *m, const char *fmt, ...);
void seq_vprintf(struct seq_file *m, const char *fmt, va_list args);
void seq_puts(struct seq_file *m, const char *s);
void seq_putc(struct seq_file *m, char c);
int seq_write(struct seq_file *m, const void *data, size_t len);

/* name_show() becomes name_fops and name_proc_ops. */
#define DEFINE_SHOW_OPEN(name)                                                                     \
	static int name##_open(struct inode *inode, struct file *file)                             \
	{                                                                                          \
		return single_open(file, name##_show, inode->i_private);                           \
	}
#define DEFINE_SHOW_ATTRIBUTE(name)                                                                \
	DEFINE_SHOW_OPEN(name)                                                                     \
	static const struct file_operations name##_fops = { .owner = THIS_MODULE,                  \
							    .open = name##_open,                   \
							    .read = seq_read,                      \
							    .llseek = seq_lseek,                   \
							    .release = single_release }
#define DEFINE_PROC_SHOW_ATTRIBUTE(name)                                                           \
	DEFINE_SHOW_OPEN(name)                                                                     \
	static const struct proc_ops name##_proc_ops = { .proc_open = name##_open,                 \
							 .proc_read = seq_read,                    \
							 .proc_lseek = seq_lseek,                  \
							 .proc_release = single_release }

#include <linux/seq_lists.h>

#endif
