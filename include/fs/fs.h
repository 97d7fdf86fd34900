/*
 * The virtual file system: super blocks, inodes, dentries, open files. Linux's names.
 * Locks: inode->lock (mutex, rank FS) for a directory's entries and a file's size; dcache_lock (rank DCACHE) for the
 * dentry hash and tree; counts are atomic. Readers of file data need no inode lock (mapping_read).
 */
#ifndef FS_FS_H
#define FS_FS_H

#include "base/atomic.h"
#include "kernel/time.h"
#include "lib/list.h"
#include "mm/mapping.h"
#include "sync/mutex.h"
#include "uapi/stat.h"

struct inode;
struct dentry;
struct file;
struct super_block;
struct vfsmount;
struct poll_table;

typedef uint32_t dev_k; /* major << 20 | minor */
#define MKDEV(ma, mi) ((dev_k)(ma) << 20 | (mi))
#define MAJOR(d)      ((d) >> 20)
#define MINOR(d)      ((d)&0xfffff)
enum { VFS_NAME_MAX = 255, VFS_PATH_MAX = 4096, VFS_SYMLOOP_MAX = 40 };

struct statfs_k;
struct fs_type;
struct vm_map_args;
struct path_ref;
struct file_ops;

struct qstr {
	const char *name; /* not NUL-terminated */
	unsigned len;
	uint32_t hash;
};

struct inode_ops {
	/* Directory calls: dir->lock held. lookup: new inode reference in *out, or -ENOENT. */
	int (*lookup)(struct inode *dir, const struct qstr *name, struct inode **out);
	int (*create)(struct inode *dir, struct dentry *d, uint32_t mode, dev_k rdev); /* any type but dir, link; instantiates d */
	int (*mkdir)(struct inode *dir, struct dentry *d, uint32_t mode);
	int (*symlink)(struct inode *dir, struct dentry *d, const char *target);
	int (*link)(struct inode *dir, struct dentry *d, struct inode *target);
	int (*unlink)(struct inode *dir, struct dentry *d);
	int (*rmdir)(struct inode *dir, struct dentry *d);
	/* RENAME_NOREPLACE and RENAME_EXCHANGE in flags; target inode may exist behind @nd. */
	int (*rename)(struct inode *od, struct dentry *o, struct inode *nd, struct dentry *n, unsigned flags);
	/* Symlink text into @buf. Return: length or -errno. */
	int (*readlink)(struct inode *inode, char *buf, size_t size);
	/* A symlink that leads to an object, not a path (/proc/PID/fd/N, exe, cwd): referenced path in *out. */
	int (*follow)(struct inode *inode, struct path_ref *out);
	int (*truncate)(struct inode *inode, uint64_t size); /* inode->lock held; NULL: -EINVAL */
	int (*permission)(struct inode *inode, unsigned mask); /* NULL: generic */
};

/* Position in the tree: a dentry on a mount. Both referenced by the holder. */
struct path_ref {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct inode {
	struct super_block *sb;
	unsigned long ino;
	atomic_t refs;
	uint32_t mode, nlink, uid, gid; /* i: inode->lock to write */
	dev_k rdev;
	struct timespec64_k atime, mtime, ctime;
	const struct inode_ops *ops;
	const struct file_ops *fops;
	struct address_space mapping;   /* data of regular files */
	struct mutex lock;
	atomic_t writers;               /* open for writing: execve gives ETXTBSY; -n: n running programs deny writing */
	void *private;                  /* file system's own */
	unsigned long generation;
};

struct super_ops {
	/* The last reference is gone: free inode->private and data; the inode itself is freed by the caller. */
	void (*evict)(struct inode *inode);
	int (*statfs)(struct super_block *sb, struct statfs_k *out);
	void (*kill)(struct super_block *sb);
	/* mount options as /proc/mounts shows them, beginning with ",". Return: length. */
	size_t (*show_options)(struct super_block *sb, char *buf, size_t size);
};

struct super_block {
	const struct super_ops *ops;
	const struct fs_type *type;
	dev_k dev;              /* anonymous device number: st_dev */
	struct dentry *root;
	unsigned long flags;    /* MS_* of mount(2) */
	atomic_t refs;
	atomic_long_t next_ino;
	void *private;
	unsigned long magic;
};

struct statfs_k {
	uint64_t type, bsize, blocks, bfree, bavail, files, ffree, namelen, frsize, flags;
};

struct fs_type {
	const char *name;
	bool nodev;
	int (*mount)(const struct fs_type *type, unsigned long flags, const char *source, const char *data,
		     struct super_block **out);
	struct list_head link;
};

struct dentry {
	atomic_t refs;
	struct dentry *parent;       /* d: dcache_lock; own address for a root */
	struct inode *inode;         /* d; NULL: negative. Referenced. */
	struct super_block *sb;
	struct list_head hash_link, child_link, children, lru_link; /* d */
	bool hashed, mounted;        /* d; mounted: some mount sits here */
	uint32_t hash;
	uint16_t len;
	char *name;                  /* inline_name or kmalloc'ed */
	char inline_name[32];
};

/* One open file description. */
struct file {
	atomic_t refs;
	struct path_ref path;        /* may be empty (pipes: own dentry) */
	struct inode *inode;         /* referenced through path */
	const struct file_ops *ops;
	unsigned flags;              /* O_*; F_SETFL changes some */
	uint64_t pos;                /* pos_lock */
	struct mutex pos_lock;       /* rank FS_FILE */
	void *private;
};

/* Callback of iterate: Return false to stop (buffer full). */
struct dir_context {
	bool (*emit)(struct dir_context *c, const char *name, unsigned len, uint64_t ino, unsigned type);
	uint64_t pos; /* of the next entry */
};

struct file_ops {
	int (*open)(struct inode *inode, struct file *f);
	void (*release)(struct file *f);
	/* *pos is the offset to use and advance. Return: bytes or -errno. */
	long (*read)(struct file *f, uaddr_t buf, size_t len, uint64_t *pos);
	long (*write)(struct file *f, uaddr_t buf, size_t len, uint64_t *pos);
	long (*ioctl)(struct file *f, unsigned cmd, unsigned long arg); /* NULL: -ENOTTY */
	/* Ready events now (POLLIN, …); registers on its wait queues when @pt is not NULL. NULL: always in and out. */
	unsigned (*poll)(struct file *f, struct poll_table *pt);
	int (*iterate)(struct file *f, struct dir_context *c); /* directories */
	int64_t (*seek)(struct file *f, int64_t off, int whence); /* NULL: by inode size */
	/* The object to map, and device behaviour. 0 or -errno (-ENODEV when NULL and no mapping). */
	int (*mmap)(struct file *f, struct vm_map_args *args);
	int (*fsync)(struct file *f);
	bool is_stream;  /* no position: pread gives ESPIPE, no pos_lock */
};

/* ---- inodes and dentries (for file systems) ---- */
void fs_init(void);           /* caches, dcache, mount tree; then registers built-in types, mounts the root tmpfs */
struct inode *must_check inode_alloc(struct super_block *sb, uint32_t mode); /* refs 1, times now, ino fresh */
void iget(struct inode *inode);
void iput(struct inode *inode);  /* last: evict. May sleep. */
void inode_touch(struct inode *inode, unsigned what); /* TOUCH_A | TOUCH_M | TOUCH_C */
enum { TOUCH_A = 1, TOUCH_M = 2, TOUCH_C = 4 };
struct dentry *must_check dentry_make_root(struct super_block *sb, struct inode *inode); /* consumes inode ref */
void dentry_instantiate(struct dentry *d, struct inode *inode); /* negative becomes positive; consumes ref */
void dget(struct dentry *d);
void dput(struct dentry *d);
void dentry_forget(struct dentry *d); /* unhash (deleted, or /proc entry of a dead process) */
struct dentry *dentry_lookup_cached(struct dentry *parent, const struct qstr *name); /* referenced */
struct super_block *must_check super_alloc(const struct fs_type *type, const struct super_ops *ops);
void super_put(struct super_block *sb);
void fs_register(struct fs_type *type);
uint32_t name_hash(const char *name, unsigned len);
unsigned long dcache_shrink(unsigned long nr); /* frees unused dentries; Return: how many */

/* MAY_EXEC 1, MAY_WRITE 2, MAY_READ 4 against mode, owner and capabilities. 0 or -EACCES / -EROFS. */
enum { MAY_EXEC = 1, MAY_WRITE = 2, MAY_READ = 4 };
int must_check inode_permission(struct inode *inode, unsigned mask);
int must_check inode_truncate(struct inode *inode, uint64_t size); /* takes inode->lock; RLIMIT_FSIZE not checked */
/* Generic file_ops parts over inode->mapping. */
long generic_read(struct file *f, uaddr_t buf, size_t len, uint64_t *pos);
long generic_write(struct file *f, uaddr_t buf, size_t len, uint64_t *pos);
int generic_mmap(struct file *f, struct vm_map_args *args);

/* ---- character devices ---- */
int must_check chrdev_register(unsigned major, unsigned minor, unsigned nr, const struct file_ops *ops, const char *name);
const struct file_ops *chrdev_find(dev_k dev);
/* Create the node in devtmpfs. */
int must_check devtmpfs_create(const char *name, uint32_t mode, dev_k dev);

/* ---- kernel-side helpers (exec, initramfs, init) ---- */
long kernel_read(struct file *f, void *buf, size_t len, uint64_t pos);

#endif
