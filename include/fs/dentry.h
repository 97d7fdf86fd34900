/*
 * Dentries: names in the tree, cached. One spinlock, dcache_lock, guards hash, tree, mounts and the LRU list (letter d);
 * a walk takes it once for all components that are cached.
 */
#ifndef FS_DENTRY_H
#define FS_DENTRY_H

#include "base/atomic.h"
#include "base/compiler.h"
#include "lib/list.h"

struct inode;
struct super_block;
struct vfsmount;

enum { VFS_NAME_MAX = 255, VFS_PATH_MAX = 4096, VFS_SYMLOOP_MAX = 40, DENTRY_INLINE = 32 };

struct qstr {
	const char *name; /* not NUL-terminated */
	unsigned len;
	uint32_t hash;
};

struct dentry {
	atomic_t refs;
	struct dentry *parent;	/* d: referenced; own address for a root */
	struct inode *inode;	/* d; NULL: negative. Referenced. */
	struct super_block *sb; /* i */
	struct list_head hash_link, child_link, children,
		lru_link;     /* d; child_link: only while hashed */
	bool hashed;	      /* d: lookups find it */
	bool mounted;	      /* d: some mount sits here */
	bool deleted;	      /* d: its name was removed: paths end in " (deleted)" */
	uint8_t len;	      /* d */
	uint32_t hash;	      /* d */
	unsigned long cookie; /* directory position (tmpfs); parent inode's lock */
	char *name;	      /* d: inline_name or kmalloc'ed, NUL-terminated */
	char inline_name[DENTRY_INLINE];
};

/* Position in the tree: a dentry on a mount. Both referenced by the holder. */
struct path_ref {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

void dget(struct dentry *d);
void dput(struct dentry *d); /* NULL legal. May sleep. */
struct dentry *must_check dentry_make_root(
	struct super_block *sb, struct inode *inode); /* consumes inode ref, also on NULL */
void dentry_instantiate(
	struct dentry *d,
	struct inode *inode); /* negative becomes positive and hashed; consumes ref */
/* @d of @dir is one more name of @target: links, times, reference. Locks: both inodes'. */
void dentry_linked(struct inode *dir, struct dentry *d, struct inode *target);
/* sb->root of @root, whose reference goes with it. 0, -ENOTDIR, -ENOMEM: it is put. */
int must_check dentry_root_of(struct super_block *sb, struct inode *root);
void dentry_forget(struct dentry *d); /* unhash and mark deleted */
struct dentry *dentry_lookup_cached(struct dentry *parent,
				    const struct qstr *name); /* referenced */
uint32_t name_hash(const char *name, unsigned len);
unsigned long dcache_shrink(unsigned long nr); /* frees unused dentries; Return: how many */
void caches_drop(void);			       /* all that registered caches can give back */
/* Dentries; those that wait for a user or their end; of them those of names that there are not. */
struct dentry_counts {
	unsigned long all, unused, negative;
};
struct dentry_counts dcache_count(void);

#endif
