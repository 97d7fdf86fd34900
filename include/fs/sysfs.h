/*
 * Directories of attributes: /sys, and /sys/kernel/debug (debugfs). Whoever has the facts registers them, at boot or later;
 * only modules, block devices and their links are ever removed.
 *
 *	static const struct sysfs_attr attrs[] = {
 *		{ .name = "run", .mode = 0644, .show = run_show, .store = run_store },
 *	};
 *	err = sysfs_create_files("kernel/mm/ksm", attrs, ARRAY_SIZE(attrs), NULL);
 */
#ifndef FS_SYSFS_H
#define FS_SYSFS_H

#include "fs/proc.h"

/* One file: a value, or a few words. */
struct sysfs_attr {
	const char *name;
	uint32_t mode; /* 0444, 0644, 0200 */
	/* 0 or -errno; m->private is the directory's object. NULL: cannot be opened for reading. */
	int (*show)(struct seq_file *m);
	/* e->data is the directory's object; the text is a kernel copy, NUL-terminated. 0 or -errno. */
	int (*store)(struct proc_entry *e, char *text, size_t len);
	void (*cut)(struct proc_entry *e); /* opened with O_TRUNC; NULL: nothing happens then */
	const struct file_ops *fops; /* instead: binary; proc_entry_of(inode)->data is the object */
};

/**
 * sysfs_create_files - files of one directory that stands for one object.
 * @dir: relative to /sys, without a slash at either end; made with its parents where missing.
 * @data: the object, for show and store.
 * Return: 0, -ENOMEM, -EEXIST (files before it stay).   Sleeps.
 */
int must_check sysfs_create_files(const char *dir, const struct sysfs_attr *attrs, unsigned nr,
				  void *data);
int must_check sysfs_create_dir(const char *dir); /* one that may stay empty */
int must_check sysfs_create_link(const char *path, const char *target);
/* "module/NAME", "block/vda/vda1", "dev/block/254:1", and all below it; on return no show or store of it runs, nor will. Sleeps. 0, -ENOENT. */
int sysfs_remove(const char *path);

/* The same in debugfs, and in tracefs. */
int must_check debugfs_create_files(const char *dir, const struct sysfs_attr *attrs, unsigned nr,
				    void *data);
int must_check tracefs_create_files(const char *dir, const struct sysfs_attr *attrs, unsigned nr,
				    void *data);

/* For modules: a file (@entry), or a directory, that can be taken away again. @path is relative to the tree's root. */
enum pseudo_kind { IN_PROC, IN_SYSFS, IN_DEBUGFS };
int must_check pseudo_add(enum pseudo_kind tree, const char *path, uint32_t mode,
			  struct proc_entry *entry); /* 0, -ENOMEM, -EEXIST */
int must_check pseudo_add_link(enum pseudo_kind tree, const char *path,
			       const char *target); /* a symbolic link, likewise */
void pseudo_remove(enum pseudo_kind tree,
		   const char *path); /* with all below it; waits for calls */

/* "0", "0-3", "0,2-3" and a newline: the bits of @mask. */
void seq_bit_list(struct seq_file *m, unsigned long mask);
/* "000000ff" and a newline: in groups of 32 bits, as wide as @nr_bits need. */
void seq_bit_map(struct seq_file *m, unsigned long mask, unsigned nr_bits);

#endif
