/* Shared among fs/p9_*.c. */
#ifndef FS_P9_IMPL_H
#define FS_P9_IMPL_H

#include "fs/file.h"
#include "fs/p9.h"
#include "mm/writeback.h"
#include "p9_wire.h"
#include "vfs_impl.h"

/* Room for a message. More may be said to be the longest: nothing is asked for whose answer would be (QEMU warns of less). */
enum { P9_MSIZE = 8192, P9_MSIZE_SAID = 65536, P9_FIDS = 65536, P9_BUCKETS = 64 };

/* One message and its answer. The slot's number is the tag. */
struct p9_req {
	struct p9_buf out, in;
	struct p9_client *client;
	enum p9_type type;
	unsigned slot;
	bool busy;	   /* channel->lock */
	bool answered;	   /* a */
	uint32_t got;	   /* bytes of the answer, once answered */
	struct page *page; /* @page_len bytes of a file go from or to it; NULL */
	uint32_t page_len;
	bool from_server;
	/* The answer has come: interrupt. NULL: somebody waits for it. */
	void (*done)(struct p9_req *r);
};

struct p9_client {
	struct p9_channel *channel;
	struct waitq wait; /* for a slot, for an answer */
	struct p9_req reqs[P9_SLOTS];
	struct spinlock fid_lock; /* rank OBJECT */
	unsigned long *fids;	  /* f: bitmap */
	unsigned fid_hint;	  /* f */
};

/* ---- p9_client.c ---- */
/* The channel named @tag, for one mount. 0, -ENOENT (no such), -EBUSY, -ENOMEM. */
int must_check p9_client_open(const char *tag, struct p9_client **out);
void p9_client_close(struct p9_client *c); /* no request is under way */
/* A slot, waited for; its message has begun. Never fails: writing back needs no memory. */
struct p9_req *p9_req_begin(struct p9_client *c, enum p9_type type);
int must_check p9_req_call(struct p9_req *r); /* send, wait. 0: r->in has the answer; -errno */
/* What comes is, or goes behind the message, @len bytes of @page. Before it is sent. */
void p9_req_page(struct p9_req *r, struct page *page, uint32_t len, bool from_server);
void p9_req_send(struct p9_req *r); /* r->done comes */
int must_check p9_req_result(struct p9_req *r);
void p9_req_end(struct p9_req *r); /* any context */
/* A message whose answer says nothing but that it is done. */
int must_check p9_simple(struct p9_client *c, enum p9_type type, const char *letters, ...);
int must_check p9_fid_new(struct p9_client *c, uint32_t *out); /* 0, -ENFILE */
void p9_fid_forget(struct p9_client *c, uint32_t fid);	       /* the server never had it */
void p9_fid_clunk(struct p9_client *c, uint32_t fid);	       /* P9_NOFID legal */
/* @fid's object, or (name not NULL) what is called so in it, as a new fid. */
int must_check p9_walk(struct p9_client *c, uint32_t fid, const struct p9_str *name, uint32_t *out);
int must_check p9_open(struct p9_client *c, uint32_t fid, unsigned flags, uint32_t *out);

/* ---- the file system ---- */

/* sb->private */
struct p9_fs {
	struct p9_client *client;
	struct super_block *sb;
	struct backing_dev_info bdi;
	bool has_bdi;
	struct mutex iget_lock;		   /* rank FS_IGET */
	struct spinlock hash_lock;	   /* rank OBJECT */
	struct list_head hash[P9_BUCKETS]; /* h: regular files, by qid.path */
	struct waitq gone;
};

struct p9_attr {
	struct p9_qid qid;
	uint32_t mode, uid, gid;
	uint64_t nlink, rdev, size, blksize, blocks;
	struct timespec64_k atime, mtime, ctime;
};

/* inode->private */
struct p9_inode {
	struct inode *inode;
	struct p9_qid qid;
	uint32_t fid; /* i: not open */
	uint32_t rd,
		wr; /* o: io_lock to set: open for the page cache; P9_NOFID. Maybe one and the same */
	struct mutex io_lock;  /* rank FS_IGET */
	struct list_head hash; /* h */
	atomic_t nr_writing;   /* writes whose bytes the server may not have yet */
	atomic_t gen;	       /* rises with each of them */
	uint64_t blocks, seen_size;
	struct timespec64_k
		seen_mtime; /* as the server said it last, with seen_size: inode->lock */
	bool has_mapping;
	bool unsure; /* a write failed: the next refresh takes all */
};

static inline struct p9_fs *p9_of(const struct super_block *sb)
{
	return sb->private;
}
static inline struct p9_inode *p9_inode_of(const struct inode *inode)
{
	return inode->private;
}
static inline struct p9_client *p9_client_of(const struct inode *inode)
{
	return p9_of(inode->sb)->client;
}

/* ---- p9_inode.c ---- */
int must_check p9_getattr(struct p9_client *c, uint32_t fid, struct p9_attr *a);
/* The inode of @fid, which becomes its own or is clunked, on errors too. */
int must_check p9_iget(struct super_block *sb, uint32_t fid, struct inode **out);
int must_check p9_refresh(struct inode *inode); /* inode_ops.getattr */
int must_check p9_setattr(struct inode *inode, uint32_t mode, uint32_t uid, uint32_t gid);
int must_check p9_settimes(struct inode *inode, const struct timespec64_k *atime,
			   const struct timespec64_k *mtime);
void p9_evict(struct inode *inode);

/* ---- p9_file.c ---- */
extern const struct address_space_ops p9_aops;
extern const struct inode_ops p9_file_iops;
extern const struct file_ops p9_file_fops;
/* The fids that pages go through, for what @flags (O_ACCMODE) will do with them. 0, the server's error. */
int must_check p9_open_data(struct inode *inode, unsigned flags);
int must_check p9_truncate(struct inode *inode, uint64_t size);

/* ---- p9_dir.c ---- */
extern const struct inode_ops p9_dir_iops, p9_link_iops, p9_special_iops;
extern const struct file_ops p9_dir_fops;

#endif
