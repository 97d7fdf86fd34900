/* Super blocks: mounted file systems, and the types they come from. */
#ifndef FS_SUPER_H
#define FS_SUPER_H

#include "fs/inode.h"

struct fs_type;

/* mount(2) flags. */
enum {
	MS_RDONLY = 1,
	MS_NOSUID = 2,
	MS_NODEV = 4,
	MS_NOEXEC = 8,
	MS_SYNCHRONOUS = 16,
	MS_REMOUNT = 32,
	MS_MANDLOCK = 64,
	MS_DIRSYNC = 128,
	MS_NOSYMFOLLOW = 256,
	MS_NOATIME = 1024,
	MS_NODIRATIME = 2048,
	MS_BIND = 4096,
	MS_MOVE = 8192,
	MS_REC = 16384,
	MS_SILENT = 32768,
	MS_UNBINDABLE = 1 << 17,
	MS_PRIVATE = 1 << 18,
	MS_SLAVE = 1 << 19,
	MS_SHARED = 1 << 20,
	MS_RELATIME = 1 << 21,
	MS_STRICTATIME = 1 << 24,
	MS_LAZYTIME = 1 << 25
};

struct statfs_k {
	uint64_t type, bsize, blocks, bfree, bavail, files, ffree, namelen, frsize;
};

struct super_ops {
	/* The last reference is gone: free inode->private and data; the inode itself is freed by the caller. */
	void (*evict)(struct inode *inode);
	int (*statfs)(struct super_block *sb, struct statfs_k *out);
	/* The last mount is gone: drop what pins dentries. The root dentry is put by the caller. */
	void (*kill)(struct super_block *sb);
	void (*free)(struct super_block *sb); /* the last inode is gone: free sb->private */
	int (*remount)(struct super_block *sb,
		       const char *data); /* change options; NULL: only flags */
	/* What is dirty is stored, the file system's own blocks too. Waits. NULL: its mappings are all. 0 or -EIO. */
	int (*sync)(struct super_block *sb);
	/* It becomes writable or not. 0, -EROFS, -EACCES; NULL: of no consequence. */
	int (*set_writable)(struct super_block *sb, bool writable);
	/* 512-byte units that @inode has on the disk: st_blocks. NULL: its pages. */
	uint64_t (*sectors)(struct inode *inode);
	/* A file's attributes become inode->xattrs and @acl, by enum acl_type: to the disk. inode->lock held, or nobody else has
	 * it yet. 0, -ENOSPC, -EIO, -ENOMEM. NULL: they are in memory only. */
	int (*store_attrs)(struct inode *inode, struct posix_acl *const acl[2]);
	/* mount options as /proc/mounts shows them, beginning with ",". Return: length. */
	size_t (*show_options)(struct super_block *sb, char *buf, size_t size);
	/* Name of an object that is in no tree ("pipe:[12]"). Return: length. Any context. */
	size_t (*dname)(const struct dentry *d, char *buf, size_t size);
};

struct super_block {
	const struct super_ops *ops;
	const struct fs_type *type;
	dev_k dev;	     /* anonymous device number: st_dev */
	struct dentry *root; /* referenced until kill */
	unsigned long flags; /* MS_* of mount(2) */
	atomic_t refs;	     /* inodes, mounts */
	unsigned nr_mounts;  /* d */
	atomic_long_t next_ino;
	void *private;
	unsigned long magic;
	uint32_t blksize;	      /* i: st_blksize; 0: PAGE_SIZE */
	struct backing_dev_info *bdi; /* i: where its pages are stored; NULL: in memory only */
	atomic_t nr_maps;	      /* inodes that memory maps: keep it mounted */
	atomic_t nr_unlinked;	      /* inodes without a name that live on */
	bool to_readonly;	      /* a: remount looks for writers: opens wait */
	bool no_negative;	      /* i: a name that is not there is not remembered */
	bool no_keep; /* i: the same, and one that nobody has in use: others change the tree */
	bool whole_seconds;	     /* i: times are kept in seconds */
	bool keeps_xattrs;	     /* i: trusted.* and security.* of its files (fs/xattr.c) */
	bool keeps_user_xattrs;	     /* user.*, too; by mount options */
	bool keeps_flags;	     /* i: inode->flags of files and directories */
	bool keeps_acls;	     /* POSIX ACLs count; by mount options */
	uint64_t max_bytes;	     /* i: largest file; 0: as far as pages go */
	struct list_head store_link; /* stores_lock: with bdi: all such */
};

struct fs_type {
	const char *name;
	bool nodev;
	/* A super block with its root dentry, one reference for the mount. */
	int (*mount)(const struct fs_type *type, unsigned long flags, const char *source,
		     const char *data, struct super_block **out);
	struct list_head link;
};

/* super_alloc of a file system on device @dev. */
struct super_block *must_check super_alloc_dev(const struct fs_type *type,
					       const struct super_ops *ops, dev_k dev);
struct super_block *must_check super_alloc(const struct fs_type *type, const struct super_ops *ops);
void super_put(struct super_block *sb);
/* @sb has a store: @bdi (the file system's, not used before) for its mappings, and the flusher runs. 0 or -ENOMEM.
 * The end: bdi_unregister, when no inode is left. */
int must_check super_set_bdi(struct super_block *sb, struct backing_dev_info *bdi);
void super_no_bdi(struct super_block *sb); /* undoes super_set_bdi */
/* The one on device @dev that is mounted, or on its way out (root NULL). Referenced. */
struct super_block *super_find_dev(const struct fs_type *type, dev_k dev);
void supers_sync(void); /* all that have a store. Sleeps. */
void fs_register(struct fs_type *type);

#endif
