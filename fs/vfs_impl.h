/* Shared among the files of fs/ that make the tree: dcache, walk, mounts, operations on names. */
#ifndef FS_VFS_IMPL_H
#define FS_VFS_IMPL_H

#include "fs/path.h"
#include "mm/seal.h"
#include "sync/spinlock.h"

extern struct spinlock dcache_lock;

/* ---- dcache.c ---- */
void dcache_init(void);
/* FNV-1a, byte by byte, while a walk looks for the end of the component. */
#define HASH_SEED 0x811c9dc5U
static inline uint32_t hash_step(uint32_t h, unsigned char c)
{
	return (h ^ c) * 0x01000193U;
}
struct dentry *dcache_find(struct dentry *parent, const struct qstr *name)
	must_hold(dcache_lock); /* not referenced */
/* A negative, unhashed dentry; refs 1; @parent referenced by it (NULL: a root). */
struct dentry *must_check dentry_alloc(struct dentry *parent, struct super_block *sb,
				       const struct qstr *name);
/* Hash @d, holding @inode (may be NULL: negative; consumes the reference); when another CPU was first with the same
 * name, @d is dropped and that one is returned. Return: referenced dentry. */
struct dentry *dentry_add(struct dentry *d, struct inode *inode);
/* @o takes the place and name of @n, which leaves the tree; @exchange: they swap. Both parents locked. */
void dentry_move(struct dentry *o, struct dentry *n, bool exchange);
void dentry_forget_alias(struct inode *inode);	     /* dentry_forget of one of its names */
void dcache_forget_children(struct dentry *parent);  /* the unused ones */
void dcache_forget_sb(const struct super_block *sb); /* free all unused dentries of @sb */
/* Is @d @top or below it? */
bool dentry_is_below(const struct dentry *d, const struct dentry *top);
bool dentry_is_below_locked(const struct dentry *d, const struct dentry *top)
	must_hold(dcache_lock);

/* ---- mount.c ---- */
extern struct mutex mount_lock; /* rank FS_MOUNT: the shape of the mount tree */
extern struct vfsmount *root_mount;
void mount_init(void);
void root_init(void); /* the root tmpfs */
/* @sb of tmpfs: half of the memory that there is now, and what is in use, is its limit. Boot, nobody else uses it. */
void tmpfs_limit(struct super_block *sb);
struct vfsmount *mount_at(const struct vfsmount *mnt, const struct dentry *d)
	must_hold(dcache_lock);
/* The first mount of @sb in the tree; NULL: none. Not referenced. */
struct vfsmount *mount_of_super(const struct super_block *sb) must_hold(dcache_lock);
void mnt_get(struct vfsmount *mnt);
void mnt_put(struct vfsmount *mnt); /* NULL legal */
/* A mount that is nowhere in the tree (pipes, kernel-held file systems). NULL: no memory. */
struct vfsmount *must_check mount_detached(struct super_block *sb, const char *source);
bool mount_readonly(const struct vfsmount *mnt);
/* The next attached mount with an id above *id, which it becomes; referenced. NULL: it was the last. */
struct vfsmount *mount_next(int *id);
/* The tree has another shape: for who polls /proc/PID/mounts (proc_mounts.c). */
void mount_changed(void);
/* As path_format, from @root (NULL: the whole tree). */
long path_format_locked(const struct path_ref *p, const struct path_ref *root, char *buf,
			size_t size) must_hold(dcache_lock);
int must_check path_want_write(const struct path_ref *p); /* 0 or -EROFS */

/* ---- super.c ---- */
struct fs_type *fs_find(const char *name);
extern struct fs_type rootfs_type, tmpfs_type, devtmpfs_type, ramfs_type, ext2_type, p9_type;
void anonfs_init(void);
/* super_alloc with a device number given: for what the kernel mounts for itself. */
struct super_block *must_check super_alloc_kernel(const struct fs_type *type,
						  const struct super_ops *ops, dev_k dev);
/* A dentry outside every tree, for @inode (reference consumed, also on failure); its path is fully referenced. 0, -ENOMEM. */
int must_check anon_path(struct inode *inode, const struct qstr *name, struct path_ref *out);
void anon_file_init(void);
extern struct super_block *pipe_sb, *sock_sb, *anon_sb;

/* ---- namei.c: the engine under every operation on names ---- */
struct walk_text;
struct walk {
	struct path_ref cur;	 /* where we are; valid under dcache_lock, else the same as pin */
	struct path_ref pin;	 /* references that keep cur alive while the lock is dropped */
	struct dentry *child;	 /* referenced: what the last slow lookup found */
	struct path_ref root;	 /* of the task */
	struct file *start_file; /* referenced: what the directory number named */
	const char *rest;	 /* what is left of the text on top of the stack */
	struct walk_text *texts; /* stack of symlink texts */
	struct qstr last;	 /* parent mode: the last component */
	unsigned flags;		 /* LOOKUP_*, WALK_PARENT */
	uint8_t nr_links;
	uint8_t last_type; /* LAST_*: parent mode */
	bool must_dir;	   /* a slash ended the text: the result has to be a directory */
	bool root_pinned;
};
enum { WALK_PARENT = 0x100 };
enum { LAST_NORM, LAST_DOT, LAST_DOTDOT, LAST_ROOT };
/* Walk @name. On 0, w->pin is the referenced result (parent mode: the directory of w->last). Ends with walk_end. */
int must_check walk_begin(struct walk *w, int dirfd, const char *name, unsigned flags);
/* Parent mode: w->last turned out to be the symlink @link (referenced by the caller): go on through it. */
int must_check walk_through(struct walk *w, struct dentry *link);
void walk_end(struct walk *w);
/* The dentry of @name in @dir, whose inode is locked: referenced, maybe negative. -ENOENT only from a removed @dir and
 * where names cannot be made (no_negative); -ENOMEM. */
int must_check dir_lookup(struct dentry *dir, const struct qstr *name, struct dentry **out);
/* Step onto whatever is mounted on *p. Both references move along. */
void path_follow_mounts(struct path_ref *p);

/* ---- file.c ---- */
void file_init(void);
/* A struct file before there is anything to open, so that what is made in between can be opened. NULL: no memory. */
struct file *must_check file_reserve(void);
unsigned long inode_count(void);
void file_unreserve(struct file *f);					      /* NULL legal */
void file_set_path(struct file *f, const struct path_ref *p, unsigned flags); /* takes references */
int must_check
file_open_inode(struct file *f); /* ops->open for f->path; access counts. On error f is only fput */

/* Open what @p names; @made: the caller has just made it, and may do anything with it (open.c). */
int must_check file_open_made(const struct path_ref *p, unsigned flags, bool made,
			      struct file **out);

/* ---- rights.c ---- */
int must_check may_create(struct inode *dir); /* dir locked. -EACCES, -EROFS, -ENOENT */
int must_check may_delete(struct inode *dir, const struct dentry *victim, bool want_dir);
/* Owner, group and mode of a new object in @dir: set-group-ID directories pass on their group, to directories the bit. */
void inode_init_owner(struct inode *inode, const struct inode *dir);
/* The permissions of a new file in @dir that is no directory: what open(2) and mknod(2) leave of @mode. */
uint32_t new_file_mode(const struct inode *dir, uint32_t mode); /* dir locked */
uint32_t umask_in(const struct inode *dir); /* dir locked: without a default ACL */

/* ---- readwrite.c, filedata.c; inode->lock held but for seek ---- */
/* Largest size of a file: an offset and a number of pages can say it. */
#define FILE_SIZE_MAX min_of(uint64_t, INT64_MAX, (uint64_t)ULONG_MAX << PAGE_SHIFT)
void filedata_open(struct file *f); /* of a file whose mapping has a store */
int must_check inode_newsize_ok(struct inode *inode, uint64_t size); /* -EFBIG, SIGXFSZ sent */
void inode_drop_set_id(struct inode *inode); /* a write takes the set-id bits away */
long must_check write_synced(struct file *f, long ret, uint64_t end);
int64_t seek_generic(struct file *f, int64_t off, int whence); /* file->pos_lock held */

extern const struct inode_ops inode_no_ops;
extern const struct file_ops fifo_fops;	  /* pipe.c */
extern const struct file_ops blkdev_fops; /* blkdev.c */
struct seq_file;
void blkdev_init(void);
void blkdev_majors(struct seq_file *m); /* their lines of /proc/devices */

/* ---- devtmpfs.c: nodes of a tree on a tmpfs ---- */
struct dev_node {
	uint32_t mode; /* S_IFDIR: a directory */
	dev_k dev;
	const char *target; /* of a symlink */
	uint32_t uid, gid;
};
/* @name below @root, with what directories it takes; one that is there stays. 0, -ENOMEM, -ENOSPC. */
int must_check nodes_make(struct dentry *root, const char *name, const struct dev_node *leaf);
void nodes_remove(struct dentry *root, const char *name);

void fifo_evict(struct inode *inode);
const struct file_ops *
special_fops(const struct inode *inode); /* device or FIFO; NULL: no such device */
unsigned mode_to_dtype(uint32_t mode);

struct timespec64_k inode_now(const struct inode *inode);
/* By halves a 32-bit processor needs no register that must be saved. */
static inline bool same_second(const struct timespec64_k *a, const struct timespec64_k *b)
{
	if (sizeof(long) == sizeof(a->tv_sec))
		return a->tv_sec == b->tv_sec;
	return (uint32_t)a->tv_sec == (uint32_t)b->tv_sec &&
	       (uint32_t)(a->tv_sec >> 32) == (uint32_t)(b->tv_sec >> 32);
}

static inline bool time_before_eq(const struct timespec64_k *a, const struct timespec64_k *b)
{
	if (unlikely(!same_second(a, b)))
		return a->tv_sec < b->tv_sec;
	return (int32_t)a->tv_nsec <= (int32_t)b->tv_nsec; /* below a second */
}

/* ---- file_flags.c ---- */

long ioctl_get_flags(struct file *f, uaddr_t arg); /* FS_IOC_GETFLAGS */
long ioctl_set_flags(struct file *f, uaddr_t arg); /* FS_IOC_SETFLAGS */
static inline bool is_immutable(const struct inode *inode)
{
	return unlikely(READ_ONCE(inode->flags) & FS_IMMUTABLE_FL);
}
static inline bool is_append(const struct inode *inode)
{
	return unlikely(READ_ONCE(inode->flags) & FS_APPEND_FL);
}
/* Its attributes and its name stay as they are. */
static inline bool is_fixed(const struct inode *inode)
{
	return unlikely(READ_ONCE(inode->flags) & (FS_IMMUTABLE_FL | FS_APPEND_FL));
}

/* relatime: only when the last access is not after the last change, or (asked at a file's beginning) a day old. */
static inline bool inode_access_due(const struct inode *inode)
{
	return time_before_eq(&inode->atime, &inode->mtime) ||
	       time_before_eq(&inode->atime, &inode->ctime);
}

/* What inode_accessed does when the time is to be set, and when it may be a day old. */
void inode_access_set(struct inode *inode);
void inode_access_if_old(struct inode *inode);
/* inode_accessed after a read of @n bytes that ended at *@end; from the file's beginning on the age is looked at. */
static inline void inode_was_read(struct inode *inode, const uint64_t *end, long n)
{
	if (unlikely(inode_access_due(inode)))
		inode_access_set(inode);
	else if (unlikely(*end == (unsigned long)n))
		inode_access_if_old(inode);
}

void inode_init(void);
void memfd_init(void);
void hugetlbfs_init(void);
void memdev_init(void);
void devtmpfs_init(void);
void pipe_init(void);
void pipe_proc_init(void);
void fdtable_init(void);
void chrdev_init(void);
void random_init(void);
void proc_init(void);
void sysfs_init(void);
void debugfs_pt_init(void);
void sysfs_idle_init(void);
void debugfs_poison_init(void);
void debugfs_fail_init(void);
void debugfs_frames_init(void);
void tracefs_init(void);
void debugfs_extfrag_init(void);
void debugfs_thp_init(void);
void sysfs_system_init(void); /* nodes, and: */
void sysfs_cpu_init(void);    /* processors */
void sysfs_memory_init(void); /* blocks of physical memory */
void sysfs_hugetlb_init(void);
void sysfs_ksm_init(void);
void sysfs_thp_init(void);    /* transparent huge pages */
void sysfs_policy_init(void); /* the replacement policy */

#endif
