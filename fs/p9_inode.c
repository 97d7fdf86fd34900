/*
 * Inodes of 9P: attributes from the server and to it, one inode for each regular file, and their end.
 *
 *   lookup ── fid ── getattr ──┬ regular and in the hash: that inode, the fid goes
 *                              └ else a new inode, whose fid it is
 *   stat(2), open(2) ── refresh: what the server says now; pages that are older go
 *
 * OWNS     struct p9_inode; the hash of regular files, by what the server says they are (qid.path).
 * WHY      two names of one file share its pages, so a regular file has one inode. Directories have none here: a second inode for one
 *          that the host has moved does no harm, a second place in the tree would.
 * I1       size and times are the server's, but while bytes are on their way to it (nr_writing): then they are ours.
 * I2       what a refresh asked is used only if no write began or ended meanwhile (gen).
 * I3       an inode is in the hash until p9_evict: who looks for one on its way out waits.
 * LOCKS    inode->lock for attributes; iget_lock while an inode comes; hash_lock.
 * CONTEXT  threads; may sleep.   FAILS  -ENOMEM, -ENFILE, -EIO (an object that cannot be), what the server says.
 * SOURCES  9P2000.L, getattr and setattr.   TESTED BY  tests/guest/disk_share.c
 */
#include "base/errno.h"
#include "mm/slab.h"
#include "mm/writeback.h"
#include "p9_impl.h"
#include "sync/failpoint.h"

enum { QT_DIR = 0x80 };
#define GETATTR_BASIC 0x7ffULL
enum {
	SET_MODE = 1,
	SET_UID = 2,
	SET_GID = 4,
	SET_SIZE = 8,
	SET_ATIME = 16,
	SET_MTIME = 32,
	SET_ATIME_TO = 128,
	SET_MTIME_TO = 256
};

/* ---- attributes ---- */

static int attr_ok(const struct p9_attr *a)
{
	uint32_t type = a->mode & S_IFMT;
	bool known = type == S_IFREG || type == S_IFDIR || type == S_IFLNK || type == S_IFCHR ||
		     type == S_IFBLK || type == S_IFIFO || type == S_IFSOCK;

	if (!known || (type == S_IFDIR) != !!(a->qid.type & QT_DIR) || a->size > FILE_SIZE_MAX ||
	    a->nlink > UINT32_MAX)
		return -EIO;
	return type == S_IFLNK && a->size >= VFS_PATH_MAX ? -EIO : 0;
}

int p9_getattr(struct p9_client *c, uint32_t fid, struct p9_attr *a)
{
	struct p9_req *r = p9_req_begin(c, P9_GETATTR);
	uint64_t valid, t[6];
	int err;

	p9_put(&r->out, "dq", fid, GETATTR_BASIC);
	err = p9_req_call(r);
	if (!err)
		err = p9_get(&r->in, "qQdddqqqqqqqqqqq", &valid, &a->qid, &a->mode, &a->uid,
			     &a->gid, &a->nlink, &a->rdev, &a->size, &a->blksize, &a->blocks, &t[0],
			     &t[1], &t[2], &t[3], &t[4], &t[5]);
	p9_req_end(r);
	if (err)
		return err;
	a->atime = (struct timespec64_k){ (int64_t)t[0], (int64_t)(t[1] % NSEC_PER_SEC) };
	a->mtime = (struct timespec64_k){ (int64_t)t[2], (int64_t)(t[3] % NSEC_PER_SEC) };
	a->ctime = (struct timespec64_k){ (int64_t)t[4], (int64_t)(t[5] % NSEC_PER_SEC) };
	return attr_ok(a);
}

static bool same_time(const struct timespec64_k *a, const struct timespec64_k *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

/* The host has cut or grown the file. No part of a page is zeroed: that would be a change of ours. */
static int follow_size(struct address_space *m, uint64_t size)
{
	uint64_t whole = (size + PAGE_SIZE - 1) & ~(uint64_t)(PAGE_SIZE - 1);
	int err = whole < mapping_size(m) ? mapping_truncate(m, whole) : 0;

	if (err)
		return err;
	spin_lock(&m->lock);
	m->size = size;
	spin_unlock(&m->lock);
	return 0;
}

/* The file is as the server says: pages that are clean and older go. inode->lock held, if others know the inode. */
static int take_data(struct p9_inode *pi, const struct p9_attr *a)
{
	struct inode *inode = pi->inode;
	bool changed = a->size != pi->seen_size || !same_time(&a->mtime, &pi->seen_mtime) ||
		       READ_ONCE(pi->unsure);
	int err = 0;

	WRITE_ONCE(pi->unsure, false);

	if (changed && pi->has_mapping) {
		mapping_invalidate(&inode->mapping, 0, ULONG_MAX);
		err = follow_size(&inode->mapping, a->size);
	} else if (changed) {
		inode->mapping.size = a->size;
	}
	inode->mtime = a->mtime;
	pi->seen_size = a->size;
	pi->seen_mtime = a->mtime;
	return err;
}

static void take_attr(struct inode *inode, const struct p9_attr *a)
{
	inode->mode = (inode->mode & S_IFMT) | (a->mode & 07777);
	inode->uid = a->uid;
	inode->gid = a->gid;
	if (a->nlink)
		inode->nlink = (uint32_t)a->nlink;
	inode->atime = a->atime;
	inode->ctime = a->ctime;
	p9_inode_of(inode)->blocks = a->blocks;
}

/* @gen: of the inode before the server was asked. */
static int take(struct inode *inode, const struct p9_attr *a, int gen)
{
	struct p9_inode *pi = p9_inode_of(inode);
	int err = 0;

	mutex_lock(&inode->lock);
	if ((inode->mode ^ a->mode) & S_IFMT || pi->qid.path != a->qid.path) {
		err = -ESTALE; /* the host has put another object there */
	} else {
		if (inode->nlink) /* what is removed stays so */
			take_attr(inode, a);
		if (!atomic_read(&pi->nr_writing) && atomic_read(&pi->gen) == gen)
			err = take_data(pi, a);
	}
	mutex_unlock(&inode->lock);
	return err;
}

/* -ESTALE: the name leads elsewhere by now; it is forgotten. */
int p9_refresh(struct inode *inode)
{
	struct p9_inode *pi = p9_inode_of(inode);
	int gen = atomic_read(&pi->gen), err;
	struct p9_attr a;

	err = p9_getattr(p9_client_of(inode), pi->fid, &a);
	if (!err)
		err = take(inode, &a, gen);
	if (!inode->nlink && (err == -ENOENT || err == -ESTALE))
		return 0; /* it lives on without a name: what we know of it */
	if (err != -ENOENT && err != -ESTALE)
		return err;
	dentry_forget_alias(inode);
	return -ESTALE;
}

static int set(struct inode *inode, uint32_t valid, const struct p9_attr *a)
{
	return p9_simple(p9_client_of(inode), P9_SETATTR, "dddddqqqqq", p9_inode_of(inode)->fid,
			 valid, a->mode, a->uid, a->gid, a->size, (uint64_t)a->atime.tv_sec,
			 (uint64_t)a->atime.tv_nsec, (uint64_t)a->mtime.tv_sec,
			 (uint64_t)a->mtime.tv_nsec);
}

int p9_setattr(struct inode *inode, uint32_t mode, uint32_t uid, uint32_t gid)
{
	struct p9_attr a = { .mode = mode, .uid = uid, .gid = gid };
	uint32_t valid = mode != inode->mode ? SET_MODE : 0;

	valid |= uid != inode->uid ? SET_UID : 0;
	valid |= gid != inode->gid ? SET_GID : 0;
	return valid ? set(inode, valid, &a) : 0;
}

int p9_settimes(struct inode *inode, const struct timespec64_k *atime,
		const struct timespec64_k *mtime)
{
	struct p9_attr a = { 0 };
	uint32_t valid = 0;

	if (atime) {
		a.atime = *atime;
		valid |= SET_ATIME | SET_ATIME_TO;
	}
	if (mtime) {
		a.mtime = *mtime;
		valid |= SET_MTIME | SET_MTIME_TO;
	}
	return set(inode, valid, &a);
}

/* inode->lock held. Dirty pages first: what comes later would be longer again. */
int p9_truncate(struct inode *inode, uint64_t size)
{
	struct p9_inode *pi = p9_inode_of(inode);
	struct p9_attr a = { .size = size };
	int err = p9_open_data(inode, O_WRONLY); /* the page that is cut is read and written */

	if (err)
		return err;
	atomic_inc(&pi->nr_writing);
	mapping_sync(&inode->mapping, 0, ULONG_MAX);
	err = set(inode, SET_SIZE, &a);
	if (!err)
		err = mapping_truncate(&inode->mapping, size);
	atomic_inc(&pi->gen);
	atomic_dec(&pi->nr_writing);
	return err;
}

/* ---- the hash ---- */

static struct list_head *bucket(struct p9_fs *fs, uint64_t path)
{
	return &fs->hash[path % P9_BUCKETS];
}

/* Return: 1 found and referenced, 0 none, -1 on its way out. */
static int hash_find(struct p9_fs *fs, uint64_t path, struct inode **out)
{
	struct p9_inode *pi;
	int found = 0;

	spin_lock(&fs->hash_lock);
	list_for_each_entry (pi, bucket(fs, path), hash) {
		if (pi->qid.path == path) {
			found = atomic_inc_not_zero(&pi->inode->refs) ? 1 : -1;
			*out = pi->inode;
			break;
		}
	}
	spin_unlock(&fs->hash_lock);
	return found;
}

static void hash_add(struct p9_fs *fs, struct p9_inode *pi)
{
	spin_lock(&fs->hash_lock);
	list_add(&pi->hash, bucket(fs, pi->qid.path));
	spin_unlock(&fs->hash_lock);
}

/* ---- new ones ---- */

static void set_type(struct p9_inode *pi)
{
	struct inode *inode = pi->inode;

	if (S_ISREG(inode->mode)) {
		inode->ops = &p9_file_iops;
		inode->fops = &p9_file_fops;
		mapping_init(&inode->mapping, &p9_aops, inode, GFP_HIGHUSER_MOVABLE, 0);
		inode->mapping.bdi = &p9_of(inode->sb)->bdi;
		ra_init(&inode->mapping.ra, &inode->mapping);
		pi->has_mapping = true;
	} else if (S_ISDIR(inode->mode)) {
		inode->ops = &p9_dir_iops;
		inode->fops = &p9_dir_fops;
	} else {
		inode->ops = S_ISLNK(inode->mode) ? &p9_link_iops : &p9_special_iops;
	}
}

/* The device number as the protocol has it: Linux's of the huge kind. */
static dev_k rdev_of(uint64_t v)
{
	return MKDEV((uint32_t)(v >> 8 & 0xfff), (uint32_t)((v & 0xff) | (v >> 12 & 0xfff00)));
}

static struct inode *inode_make(struct super_block *sb, uint32_t fid, const struct p9_attr *a)
{
	struct inode *inode = inode_alloc(sb, a->mode);
	struct p9_inode *pi;

	if (!inode)
		return NULL;
	pi = failpoint("p9_inode") ? NULL : kzalloc(sizeof(*pi), GFP_KERNEL);
	if (!pi) {
		iput(inode);
		return NULL;
	}
	inode->private = pi;
	inode->ino = (unsigned long)a->qid.path;
	inode->rdev = rdev_of(a->rdev);
	pi->inode = inode;
	pi->qid = a->qid;
	pi->fid = fid;
	pi->rd = pi->wr = P9_NOFID;
	mutex_init(&pi->io_lock, RANK_FS_IGET);
	list_init(&pi->hash);
	set_type(pi);
	take_attr(inode, a);
	inode->mapping.size = pi->seen_size = a->size;
	inode->mtime = pi->seen_mtime = a->mtime;
	return inode;
}

static int iget_locked(struct super_block *sb, uint32_t fid, const struct p9_attr *a,
		       struct inode **out)
{
	struct p9_fs *fs = p9_of(sb);
	int found = 0;

	if (S_ISREG(a->mode))
		wait_event(&fs->gone, (found = hash_find(fs, a->qid.path, out)) >= 0);
	if (found)
		return 1;
	*out = inode_make(sb, fid, a);
	if (!*out)
		return -ENOMEM;
	if (S_ISREG(a->mode))
		hash_add(fs, p9_inode_of(*out));
	return 0;
}

int p9_iget(struct super_block *sb, uint32_t fid, struct inode **out)
{
	struct p9_fs *fs = p9_of(sb);
	struct p9_attr a;
	int err = p9_getattr(fs->client, fid, &a);

	if (!err) {
		mutex_lock(&fs->iget_lock);
		err = iget_locked(sb, fid, &a, out);
		mutex_unlock(&fs->iget_lock);
	}
	if (!err)
		return 0;
	p9_fid_clunk(fs->client, fid);
	return err < 0 ? err : 0;
}

/* ---- the end ---- */

void p9_evict(struct inode *inode)
{
	struct p9_inode *pi = p9_inode_of(inode);
	struct p9_fs *fs = p9_of(inode->sb);

	if (S_ISFIFO(inode->mode) && pi)
		fifo_evict(inode);
	if (!pi)
		return;
	if (pi->has_mapping) {
		mapping_sync(&inode->mapping, 0, ULONG_MAX);
		mapping_destroy(&inode->mapping);
	}
	p9_fid_clunk(fs->client, pi->rd);
	if (pi->wr != pi->rd)
		p9_fid_clunk(fs->client, pi->wr);
	p9_fid_clunk(fs->client, pi->fid);
	if (!list_empty(&pi->hash)) {
		spin_lock(&fs->hash_lock);
		list_del(&pi->hash);
		spin_unlock(&fs->hash_lock);
		waitq_wake_all(&fs->gone);
	}
	kfree(pi);
}
