/* Trees of registered names, for /proc, /sys and debugfs only. */
#ifndef FS_PSEUDO_H
#define FS_PSEUDO_H

#include "base/atomic.h"
#include "fs/proc.h"

struct pseudo_node {
	struct pseudo_node *children, *next; /* n: nodes_lock */
	atomic_t refs;			     /* the tree's, one for each inode and listing */
	atomic_t users;			     /* calls of the entry that run now; removable only */
	bool removable;			     /* i */
	bool gone;			     /* n to write: out of the tree */
	const char *name;		     /* i */
	uint32_t mode;			     /* i */
	unsigned long ino;		     /* i */
	struct proc_entry *entry;	     /* i: of a file */
	const char *target;		     /* i: of a symlink */
	int (*readlink)(char *buf, size_t size);
};

struct pseudo_tree {
	struct fs_type type;
	struct vfsmount *mount;	 /* c: detached; its super block is all mounts' */
	struct pseudo_node root; /* its mode is that of the directories made on the way */
	unsigned long magic;	 /* i: statfs(2) */
	unsigned file_size;	 /* i: what stat(2) says of a file */
	bool sizes_links;	 /* i: stat(2) says how long a symlink's target is, and not 0 */
	bool strict;		 /* i: open for what a file cannot do is -EACCES */
	const struct inode_ops *root_iops;
	/* After the root's own names: emit more, from number @first on; NULL: none. */
	void (*emit_more)(struct dir_context *c, int first);
};
enum { PSEUDO_MORE_POS = 1 << 16, PSEUDO_ROOT_INO = 1, PROC_NET_INO };

/* Add a node like @proto at @path; parents are made. 0, -ENOMEM, -EEXIST. */
int must_check pseudo_register(struct pseudo_tree *tree, const char *path,
			       const struct pseudo_node *proto);
int must_check proc_register_node(const char *path,
				  const struct pseudo_node *n); /* in /proc's tree (proc_core.c) */
/* Take @path and all below it, registered as removable, out of the tree. On return none of the entries is being used, nor
 * will be. Sleeps. 0, -ENOENT. */
int pseudo_unregister(struct pseudo_tree *tree, const char *path);
/* Around every call of the entry that @inode stands for. False: it has been removed. */
bool must_check pseudo_enter(const struct inode *inode);
void pseudo_leave(const struct inode *inode);
struct inode *pseudo_inode(struct super_block *sb, struct pseudo_node *n); /* NULL: no memory */
struct inode *proc_net_inode(struct super_block *sb); /* of every /proc/PID/net; NULL: no memory */
int pseudo_lookup(struct inode *dir, const struct qstr *name, struct inode **out);
extern const struct inode_ops pseudo_dir_iops;
void pseudo_start(struct pseudo_tree *tree); /* boot: programs may mount it */

#endif
