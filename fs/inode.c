/*
 * Inodes: life, times, rights, and the pins that memory mappings take.
 *
 * OWNS     struct inode.
 * I1       an inode lives while refs > 0: each positive dentry of it has one, each holder its own.
 * I2       an inode holds its super block.
 * I3       while nr_maps > 0, map_dentry is a referenced dentry of the inode (so /proc/PID/maps has a name), and the
 *          super block counts one in nr_maps (so it cannot be unmounted).
 * LOCKS    inode->lock for size, entries, attributes; dcache_lock for alias, map_dentry, nr_maps.
 * CONTEXT  tasks. iput may sleep; inode_permission not, unless the file system has its own.
 * SOURCES  path_resolution(7), credentials(7), capabilities(7), mount(2) MS_RELATIME, execve(2) ETXTBSY.
 */
#include "vfs_impl.h"

#include "base/errno.h"
#include "fs/acl.h"
#include "fs/lock.h"
#include "fs/path.h"
#include "fs/xattr.h"
#include "kernel/task.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "mm/mm.h"
#include "mm/slab.h"
#include "sync/failpoint.h"

static struct kmem_cache *inode_cache;
static atomic_long_t nr_inodes;
const struct inode_ops inode_no_ops;

enum { DAY_S = 24 * 60 * 60 };

void inode_init(void)
{
	inode_cache = kmem_cache_create("inode_cache", sizeof(struct inode), 0,
					SLAB_RECLAIM_ACCOUNT | SLAB_PANIC, NULL);
}

struct inode *inode_alloc(struct super_block *sb, uint32_t mode)
{
	struct inode *inode;

	inode = failpoint("inode") ? NULL : kmem_cache_zalloc(inode_cache, GFP_KERNEL);
	if (!inode)
		return NULL;
	atomic_long_add(&nr_inodes, 1);
	atomic_inc(&sb->refs);
	inode->sb = sb;
	inode->ino = (unsigned long)atomic_long_add_return(&sb->next_ino, 1);
	atomic_set(&inode->refs, 1);
	inode->mode = mode;
	inode->nlink = 1;
	inode->mtime = inode->ctime = inode->atime = inode_now(inode);
	inode->ops = &inode_no_ops;
	mutex_init(&inode->lock, RANK_FS);
	spin_init(&inode->mapping.lock,
		  RANK_INDEX); /* mapping_size takes it, of every type of file */
	return inode;
}

void inode_set_nlink(struct inode *inode, uint32_t nlink)
{
	inode->nlink = nlink;
	if (inode->unlinked == !nlink)
		return;
	inode->unlinked = !nlink;
	atomic_add(&inode->sb->nr_unlinked, nlink ? -1 : 1);
}

void iget(struct inode *inode)
{
	atomic_inc(&inode->refs);
}

void iput(struct inode *inode)
{
	struct super_block *sb;

	if (!inode || !atomic_dec_and_test(&inode->refs))
		return;
	sb = inode->sb;
	kassert(!inode->alias && !inode->nr_maps);
	if (sb->ops->evict)
		sb->ops->evict(inode);
	if (unlikely(inode->locks))
		lock_inode_gone(inode);
	if (unlikely(inode->xattrs))
		xattr_inode_gone(inode);
	if (unlikely((uintptr_t)inode->acl[ACL_ACCESS] | (uintptr_t)inode->acl[ACL_DEFAULT]))
		acl_inode_gone(inode);
	if (inode->unlinked)
		atomic_dec(&sb->nr_unlinked);
	kmem_cache_free(inode_cache, inode);
	atomic_long_add(&nr_inodes, -1);
	super_put(sb);
}

unsigned long inode_count(void)
{
	return (unsigned long)atomic_long_read(&nr_inodes);
}

/* As fine as the tick, as on Linux; as the file system keeps it. */
/* Where it is already, or in *buf. */
static inline const struct timespec64_k *now_of(const struct inode *inode, struct timespec64_k *buf)
{
	const struct timespec64_k *now = realtime_coarse_ts();

	if (likely(!inode->sb->whole_seconds))
		return now;
	*buf = (struct timespec64_k){ now->tv_sec, 0 };
	return buf;
}

struct timespec64_k inode_now(const struct inode *inode)
{
	struct timespec64_k buf;

	return *now_of(inode, &buf);
}

void inode_touch(struct inode *inode, unsigned what)
{
	struct timespec64_k buf;
	const struct timespec64_k *now = now_of(inode, &buf);

	if (what & TOUCH_A)
		inode->atime = *now;
	if (what & TOUCH_M)
		inode->mtime = *now;
	if (what & TOUCH_C)
		inode->ctime = *now;
}

void inode_access_set(struct inode *inode)
{
	struct timespec64_k buf;

	if (likely(!(inode->sb->flags & (MS_RDONLY | MS_NOATIME)) &&
		   !(inode->flags & FS_NOATIME_FL)))
		inode->atime = *now_of(inode, &buf);
}

void inode_access_if_old(struct inode *inode)
{
	if (realtime_coarse_ts()->tv_sec - inode->atime.tv_sec >= DAY_S)
		inode_access_set(inode);
}

void inode_accessed(struct inode *inode, bool check_age)
{
	if (unlikely(inode_access_due(inode)))
		inode_access_set(inode);
	else if (unlikely(check_age))
		inode_access_if_old(inode);
}

/* Capabilities that override the mode bits (capabilities(7)). */
static bool overrides(const struct inode *inode, unsigned mask)
{
	if (S_ISDIR(inode->mode)) {
		if (!(mask & MAY_WRITE) && capable(CAP_DAC_READ_SEARCH))
			return true;
		return capable(CAP_DAC_OVERRIDE);
	}
	if (mask == MAY_READ && capable(CAP_DAC_READ_SEARCH))
		return true;
	return (!(mask & MAY_EXEC) || (inode->mode & 0111)) && capable(CAP_DAC_OVERRIDE);
}

int generic_permission(const struct inode *inode, unsigned mask)
{
	const struct cred *c = current_task()->cred;
	uint32_t mode = inode->mode;
	int by_list;

	if (c && c->fsuid == inode->uid)
		mode >>= 6;
	else if (unlikely(inode->acl[ACL_ACCESS] != NULL) && c && (mode & 0070) &&
		 (by_list = acl_allows(inode, c, mask)) >= 0)
		mode = by_list ? 7 : 0;
	else if (c && cred_in_group(c, inode->gid))
		mode >>= 3;
	if (!c || (mode & mask) == mask || overrides(inode, mask))
		return 0;
	return -EACCES;
}

int inode_permission(struct inode *inode, unsigned mask)
{
	mask &= 7;
	if ((mask & MAY_WRITE) && (inode->sb->flags & MS_RDONLY) &&
	    (S_ISREG(inode->mode) || S_ISDIR(inode->mode) || S_ISLNK(inode->mode)))
		return -EROFS;
	if ((mask & MAY_WRITE) && is_immutable(inode))
		return -EPERM;
	if (inode->ops->permission)
		return inode->ops->permission(inode, mask);
	return generic_permission(inode, mask);
}

bool inode_owner_ok(const struct inode *inode)
{
	const struct cred *c = current_task()->cred;

	return !c || c->fsuid == inode->uid || capable(CAP_FOWNER);
}

int inode_deny_write(struct inode *inode)
{
	int old = atomic_read(&inode->writers);

	do {
		if (old > 0)
			return -ETXTBSY;
	} while (!__atomic_compare_exchange_n(&inode->writers.v, &old, old - 1, false,
					      __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
	return 0;
}

void inode_allow_write(struct inode *inode)
{
	atomic_inc(&inode->writers);
}

/* ---- memory mappings of an inode's data ---- */

void inode_map_hold(struct address_space *m)
{
	struct inode *inode = m->owner;

	iget(inode);
	spin_lock(&dcache_lock);
	if (inode->nr_maps++ == 0) {
		atomic_inc(&inode->sb->nr_maps);
		inode->map_dentry = inode->alias;
		if (inode->map_dentry)
			dget(inode->map_dentry);
	}
	spin_unlock(&dcache_lock);
}

void inode_map_drop(struct address_space *m)
{
	struct inode *inode = m->owner;
	struct dentry *d = NULL;

	spin_lock(&dcache_lock);
	kassert(inode->nr_maps > 0);
	if (--inode->nr_maps == 0) {
		atomic_dec(&inode->sb->nr_maps);
		d = inode->map_dentry;
		inode->map_dentry = NULL;
	}
	spin_unlock(&dcache_lock);
	dput(d);
	iput(inode);
}

int inode_map_path(struct address_space *m, struct path_ref *out)
{
	struct inode *inode = m->owner;
	int err = -ENOENT;

	if (m->ops->name != inode_map_name)
		return -ENOENT;
	spin_lock(&dcache_lock);
	out->dentry = inode->map_dentry ? inode->map_dentry : inode->alias;
	out->mnt = mount_of_super(inode->sb);
	if (out->dentry && out->mnt) {
		path_get(out);
		err = 0;
	}
	spin_unlock(&dcache_lock);
	return err;
}

size_t inode_map_name(struct address_space *m, char *buf, size_t size)
{
	struct inode *inode = m->owner;
	const struct super_ops *ops = inode->sb->ops;
	struct path_ref p;
	long len;

	if (ops->dname && inode->map_dentry) /* held while memory maps it */
		return ops->dname(inode->map_dentry, buf, size);
	if (inode_map_path(m, &p))
		return fmt_scnprintf(buf, size, "/#%lu (deleted)", inode->ino);
	len = path_format(&p, buf, size);
	path_put(&p);
	return len < 0 ? 0 : (size_t)len;
}

bool inode_map_may_write(struct address_space *m)
{
	struct inode *inode = m->owner;

	return inode_owner_ok(inode) || !inode_permission(inode, MAY_WRITE);
}

void inode_map_ident(struct address_space *m, unsigned *major, unsigned *minor, unsigned long *ino)
{
	struct inode *inode = m->owner;

	*major = MAJOR(inode->sb->dev);
	*minor = MINOR(inode->sb->dev);
	*ino = inode->ino;
}
