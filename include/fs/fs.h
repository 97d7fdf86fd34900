/*
 * The virtual file system: super blocks, inodes, dentries, open files. Linux's names.
 * Locks: inode->lock (mutex, rank FS) for a directory's entries and a file's size; dcache_lock (rank DCACHE) for the
 * dentry hash and tree; counts are atomic. Readers of file data need no inode lock (mapping_read).
 */
#ifndef FS_FS_H
#define FS_FS_H

#include "fs/super.h"

struct file;
struct file_async;
struct iovec_k;
struct poll_table;
struct seq_file;
struct swapdev;
struct vm_map_args;

/* One open file description. */
struct file {
	atomic_t refs;
	unsigned flags;	      /* O_*; F_SETFL changes some */
	struct path_ref path; /* never empty; pipes and the like have a dentry outside every tree */
	struct inode *inode;  /* referenced through path */
	struct address_space *mapping; /* i: its data: the inode's, or a block device's */
	bool opened_write;	       /* i: counted in inode->writers */
	bool no_release;	       /* i: ops->open failed */
	const struct file_ops *ops;
	uint64_t pos;	       /* pos_lock */
	struct mutex pos_lock; /* rank FILE_POS */
	void *private;
	struct list_head ep_items; /* fs/epoll.c: the epoll sets that watch this file */
	struct file_async *async;  /* fs/fasync.c; NULL until somebody asks for signals */
	/* Of a file whose mapping has a store (mapping.bdi): */
	struct file_ra_state ra;
	errseq_t wb_err, sb_err; /* write errors that this file has been told of */
};

/* Callback of iterate: Return false to stop (buffer full). */
struct dir_context {
	bool (*emit)(struct dir_context *c, const char *name, unsigned len, uint64_t ino,
		     unsigned type);
	uint64_t pos; /* of the entry after the one that emit gets; restored when emit refused */
};

struct file_ops {
	int (*open)(struct inode *inode, struct file *f);
	void (*release)(struct file *f);
	/* *pos is the offset to use and advance. Return: bytes or -errno. */
	long (*read)(struct file *f, uaddr_t buf, size_t len, uint64_t *pos);
	long (*write)(struct file *f, uaddr_t buf, size_t len, uint64_t *pos);
	/* A vector of @len bytes in one piece (a datagram). NULL: one read or write after the other. */
	long (*vector)(struct file *f, const struct iovec_k *v, size_t len, bool is_write);
	long (*ioctl)(struct file *f, unsigned cmd, unsigned long arg); /* NULL: -ENOTTY */
	/* Ready events now (POLLIN, …); registers on its wait queues when @pt is not NULL. NULL: always in and out. */
	unsigned (*poll)(struct file *f, struct poll_table *pt);
	int (*iterate)(struct file *f,
		       struct dir_context *c); /* directories; takes the inode's lock */
	int64_t (*seek)(struct file *f, int64_t off, int whence); /* NULL: by inode size */
	/* The object to map, and device behaviour. 0 or -errno (-ENODEV when NULL and no mapping). */
	int (*mmap)(struct file *f, struct vm_map_args *args);
	/* The same with kernel memory, for splice and sendfile; with a pipe locked unless own_locks. NULL: -EINVAL. */
	long (*read_kernel)(struct file *f, void *buf, size_t len, uint64_t *pos);
	long (*write_kernel)(struct file *f, const void *buf, size_t len, uint64_t *pos);
	/* O_ASYNC on or off, for who calls fasync_send itself. 0 or more, -errno. NULL: by poll. */
	int (*fasync)(struct file *f, int fd, bool on);
	/* Bytes [start, last] to the store; the rest of the file too unless @data_only. NULL: -EINVAL. */
	void (*flush)(
		struct file *f); /* a descriptor is closed by the calling task; NULL: nothing */
	/* swapon(2): what the kernel swaps on from now on, alone, and until swap_off. 0, -EBUSY, -EINVAL. NULL: -EINVAL. */
	int (*swap_on)(struct file *f, struct swapdev **out);
	void (*swap_off)(struct file *f, struct swapdev *dev);
	int (*fsync)(struct file *f, uint64_t start, uint64_t last, bool data_only);
	/* FALLOC_FL_* mode, range checked. NULL: -EOPNOTSUPP. */
	int (*fallocate)(struct file *f, unsigned mode, uint64_t off, uint64_t len);
	void (*show_fdinfo)(struct file *f,
			    struct seq_file *m); /* lines of /proc/PID/fdinfo/N; NULL: none */
	bool is_stream;				 /* no position: pread gives ESPIPE, no pos_lock */
	bool own_locks; /* read_kernel and write_kernel take locks that go before a pipe's */
};

void fs_init(
	void); /* caches, dcache, mount tree; then registers built-in types, mounts the root tmpfs */

/* Generic file_ops parts over inode->mapping. */
long generic_read(struct file *f, uaddr_t buf, size_t len, uint64_t *pos);
long generic_write(struct file *f, uaddr_t buf, size_t len, uint64_t *pos);
long generic_read_kernel(struct file *f, void *buf, size_t len, uint64_t *pos);
long generic_write_kernel(struct file *f, const void *buf, size_t len, uint64_t *pos);
int generic_mmap(struct file *f, struct vm_map_args *args);
/* fsync of files with a store: the data only; the file system adds its own. */
int generic_fsync(struct file *f, uint64_t start, uint64_t last, bool data_only);
int noop_fsync(struct file *f, uint64_t start, uint64_t last,
	       bool data_only); /* memory is the store */

/* ---- character devices ---- */
enum { CHRDEV_NAME_MAX = 64, MISC_MAJOR = 10 };
/* A range of numbers. @ops: a constant of the kernel; NULL: open(2) gives ENXIO. @name is copied. */
int must_check chrdev_register(unsigned major, unsigned minor, unsigned nr,
			       const struct file_ops *ops, const char *name);
/* The same with a major number that is free. Return: it, -EBUSY, -EINVAL, -ENOSPC. */
int must_check chrdev_register_any(unsigned minor, unsigned nr, const struct file_ops *ops,
				   const char *name);
void chrdev_unregister(unsigned major, unsigned minor, unsigned nr); /* a range as registered */
const struct file_ops *chrdev_find(dev_k dev);
/* The same for a block device that has file operations of its own. */
int must_check blkdev_register(unsigned major, unsigned minor, unsigned nr,
			       const struct file_ops *ops, const char *name);
const struct file_ops *blkdev_find(dev_k dev);
/* Create the node in devtmpfs; missing directories of @name are made. -EEXIST is 0. */
int must_check devtmpfs_create(const char *name, uint32_t mode, dev_k dev);
/* A character device of the kernel, for ever: its node, and its names in /sys, in class @class ("tty", "mem"). 0, -ENOMEM. Sleeps. */
int must_check chrdev_create(const char *class, const char *name, uint32_t mode, dev_k dev);
void devtmpfs_remove(const char *name); /* the node, not the directories above it */
/* Mount devtmpfs on an existing directory (init, when the archive has no /dev of its own). */
int must_check devtmpfs_mount(const char *dir);
/* Open a device without a name in the tree (init's console). */
int must_check file_open_chrdev(dev_k dev, unsigned flags, struct file **out);

/* ---- kernel-side helpers (exec, initramfs, init) ---- */
long kernel_read(struct file *f, void *buf, size_t len, uint64_t pos);

#endif
