/* Inodes: the objects behind names. Linux's names. */
#ifndef FS_INODE_H
#define FS_INODE_H

#include "fs/dentry.h"
#include "kernel/time.h"
#include "mm/mapping.h"
#include "sync/mutex.h"
#include "uapi/stat.h"

struct file_ops;
struct inode_locks;
struct watch;
struct pipe;
struct posix_acl;

typedef uint32_t dev_k; /* major << 20 | minor */
#define MKDEV(ma, mi) ((dev_k)(ma) << 20 | (mi))
#define MAJOR(d)      ((d) >> 20)
#define MINOR(d)      ((d)&0xfffff)

struct inode_ops {
	/* Directory calls: dir->lock held. lookup: new inode reference in *out, or -ENOENT; NULL: all names are cached. */
	int (*lookup)(struct inode *dir, const struct qstr *name, struct inode **out);
	int (*create)(struct inode *dir, struct dentry *d, uint32_t mode,
		      dev_k rdev); /* any type but dir, link; instantiates d */
	int (*mkdir)(struct inode *dir, struct dentry *d, uint32_t mode);
	int (*symlink)(struct inode *dir, struct dentry *d, const char *target);
	int (*link)(struct inode *dir, struct dentry *d, struct inode *target);
	int (*unlink)(struct inode *dir, struct dentry *d);
	int (*rmdir)(struct inode *dir, struct dentry *d); /* both locked; -ENOTEMPTY */
	/* RENAME_NOREPLACE and RENAME_EXCHANGE in flags; target inode may exist behind @n. The caller moves the dentries. */
	int (*rename)(struct inode *od, struct dentry *o, struct inode *nd, struct dentry *n,
		      unsigned flags);
	/* Unnamed file (O_TMPFILE): instantiate the unhashed @d with nlink 0. */
	int (*tmpfile)(struct inode *dir, struct dentry *d, uint32_t mode);
	/* Symlink text into @buf, not NUL-terminated. Return: length or -errno. */
	int (*readlink)(struct inode *inode, char *buf, size_t size);
	/* A symlink that leads to an object, not a path (/proc/PID/fd/N, exe, cwd): referenced path in *out. */
	int (*follow)(struct inode *inode, struct path_ref *out);
	int (*truncate)(struct inode *inode,
			uint64_t size); /* inode->lock held; NULL: nothing to cut */
	/* The block on the device, in statfs's unit, that has the @n'th of the file; 0: a hole. inode->lock held; NULL: none */
	int (*bmap)(struct inode *inode, uint64_t n, uint64_t *out);
	int (*permission)(struct inode *inode, unsigned mask); /* may sleep; NULL: generic */
	int (*setattr)(struct inode *inode, uint32_t mode, uint32_t uid,
		       uint32_t gid); /* veto a change; NULL: allow */
	/* Times are about to be set; NULL: this one stays. inode->lock held. NULL: allow */
	int (*settimes)(struct inode *inode, const struct timespec64_k *atime,
			const struct timespec64_k *mtime);
	/* Attributes are about to be shown: ask who knows them. -ESTALE: the name leads elsewhere. NULL: they are as they are */
	int (*getattr)(struct inode *inode);
};

struct inode {
	struct super_block *sb; /* i: referenced */
	unsigned long ino;	/* i */
	atomic_t refs;
	uint32_t mode, nlink, uid, gid;		 /* i: inode->lock to write */
	dev_k rdev;				 /* i */
	struct timespec64_k atime, mtime, ctime; /* inode->lock; atime without */
	const struct inode_ops *ops;
	const struct file_ops *fops;
	struct address_space mapping; /* data of regular files; size counts for every type */
	struct mutex lock;
	atomic_t writers; /* open for writing: execve gives ETXTBSY; -n: n execs deny writing */
	struct inode_locks *locks; /* fs/lock.c; NULL until one is set, then for life */
	struct xattr *xattrs;	   /* fs/xattr.c; inode->lock */
	struct posix_acl *acl[2];  /* by enum acl_type; fs/acl.c */
	struct watch *watches;	   /* fs/inotify.c */
	void *private;		   /* file system's own */
	struct pipe *pipe;	   /* of a FIFO: what its open files share */
	unsigned long generation;
	struct dentry *alias;	   /* d: some dentry of this inode, not referenced */
	struct dentry *map_dentry; /* d: the alias held while memory maps the file */
	unsigned long nr_maps;	   /* d: holds by mappings */
	bool linkable;		   /* nlink may rise from 0 (O_TMPFILE) */
	bool unlinked;		   /* counted in sb->nr_unlinked; i */
	uint32_t flags;		   /* FS_*_FL; inode->lock to write */
	bool uncached; /* i: never hashed (processes in /proc): looked up anew each time */
};

/* inode->flags: chattr(1)'s, with Linux's numbers (fs/file_flags.c). */
enum {
	FS_IMMUTABLE_FL = 0x10,
	FS_APPEND_FL = 0x20,
	FS_NODUMP_FL = 0x40,
	FS_NOATIME_FL = 0x80,
	FS_KEPT_FL = 0xf0,
	FS_INHERITED_FL = FS_NODUMP_FL | FS_NOATIME_FL
};
enum { TOUCH_A = 1, TOUCH_M = 2, TOUCH_C = 4 };
enum { MAY_EXEC = 1, MAY_WRITE = 2, MAY_READ = 4 };

struct inode *must_check inode_alloc(struct super_block *sb,
				     uint32_t mode);	   /* refs 1, times now, ino fresh */
void inode_set_nlink(struct inode *inode, uint32_t nlink); /* inode->lock, if others know it */
void iget(struct inode *inode);
void iput(struct inode *inode);				  /* last: evict. May sleep. NULL legal. */
void inode_touch(struct inode *inode, unsigned what);	  /* TOUCH_A | TOUCH_M | TOUCH_C */
void inode_accessed(struct inode *inode, bool check_age); /* a read: relatime */
uint64_t inode_blocks(struct inode *inode);		  /* of 512 bytes: st_blocks */
/* MAY_* mask against mode, owner and capabilities of the caller. 0 or -EACCES / -EROFS. */
int must_check inode_permission(struct inode *inode, unsigned mask);
/* The same by mode and owner alone: where inode_ops has no permission, and for those that have. */
int must_check generic_permission(const struct inode *inode, unsigned mask);
static inline int must_check inode_getattr(struct inode *inode)
{
	return unlikely(inode->ops->getattr != NULL) ? inode->ops->getattr(inode) : 0;
}
/* The caller owns the inode or has CAP_FOWNER. */
bool inode_owner_ok(const struct inode *inode);
/* The data ends at @size from now on. Takes inode->lock. -EFBIG with SIGXFSZ beyond RLIMIT_FSIZE, -EINVAL. */
int must_check inode_truncate(struct inode *inode, uint64_t size);

/* While a program is being executed nobody may open it for writing. 0 or -ETXTBSY (open for writing now). A program
 * that runs is protected by what maps it: exec allows again once mm->exe is set. */
int must_check inode_deny_write(struct inode *inode);
void inode_allow_write(struct inode *inode);
/* The opposite: somebody is about to write. 0 or -ETXTBSY. */
int must_check inode_get_write(struct inode *inode);
void inode_put_write(struct inode *inode);

/* mapping ops hold and drop of a file system whose mapping->owner is the inode, and the path for /proc/PID/maps. */
void inode_map_hold(struct address_space *m);
void inode_map_drop(struct address_space *m);
/* The file behind @m, on some mount of its file system: references in *out. 0, -ENOENT. */
int must_check inode_map_path(struct address_space *m, struct path_ref *out);
size_t inode_map_name(struct address_space *m, char *buf, size_t size);
bool inode_map_may_write(struct address_space *m);
void inode_map_ident(struct address_space *m, unsigned *major, unsigned *minor, unsigned long *ino);

#endif
