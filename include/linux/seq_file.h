/* Text made for reading. */
#ifndef _LINUX_SEQ_FILE_H
#define _LINUX_SEQ_FILE_H

#include <linux/fs.h>

/* The kernel's own: fs/seq_file.h has the same members. */
struct seq_file {
	char *buf;
	size_t count, size;
	int err;
	void *private;
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

/* Up to the width of the last seq_setwidth: none is kept, so that only the character comes. */
#define seq_setwidth(m, width) ((void)(m))
static inline void seq_pad(struct seq_file *m, char c)
{
	if (c)
		seq_putc(m, c);
}

static inline void *seq_list_at(struct list_head *head, loff_t pos)
{
	struct list_head *at;

	list_for_each (at, head)
		if (!pos--)
			return at;
	return NULL;
}
#define seq_list_start(head, pos) seq_list_at(head, pos)

static inline void *seq_list_next(void *v, struct list_head *head, loff_t *pos)
{
	struct list_head *at = ((struct list_head *)v)->next;

	++*pos;
	return at == head ? NULL : at;
}

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

#endif
