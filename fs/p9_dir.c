/*
 * Names of 9P: look-up, making, removing, renaming, listing.
 *
 * WHY      the server's tree is the truth and changes by itself: a name is asked for whenever nobody has it in use (sb->no_keep), and one
 *          that is not there is not remembered.
 * I1       after a call that makes something its inode comes by a look-up of the new name: what the server has made, as it is.
 * LOCKS    inode->lock of the directories, from the caller.   CONTEXT  tasks; may sleep.
 * FAILS    what the server says; -EIO: an answer that cannot be.
 * SOURCES  9P2000.L, readdir(3), rename(2).   TESTED BY  tests/guest/disk_share.c
 */
#include "base/errno.h"
#include "kernel/task.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "p9_impl.h"
#include "sync/failpoint.h"

enum { AT_REMOVEDIR_L = 0x200, L_RDONLY_DIR = 00200000, L_EXCL_CREAT = 00000302 /* and RDWR */ };

static struct p9_str name_of(const struct dentry *d)
{
	return (struct p9_str){ d->name, d->len };
}

static uint32_t fid_of(const struct inode *inode)
{
	return p9_inode_of(inode)->fid;
}

static int find(struct inode *dir, const struct p9_str *name, struct inode **out)
{
	uint32_t fid;
	int err = p9_walk(p9_client_of(dir), fid_of(dir), name, &fid);

	return err ? err : p9_iget(dir->sb, fid, out);
}

static int p9_lookup(struct inode *dir, const struct qstr *name, struct inode **out)
{
	struct p9_str s = { name->name, name->len };

	return find(dir, &s, out);
}

/* ---- making ---- */

/* Of what is made in @dir. Its owner is who the server runs as. */
static uint32_t inode_new_gid(const struct inode *dir)
{
	const struct cred *c = current_task()->cred;

	return dir->mode & S_ISGID ? dir->gid : c ? c->fsgid : 0;
}

/* The server has made @d in @dir: it becomes positive, or goes again. @flags: AT_REMOVEDIR_L of a directory. */
static int made(struct inode *dir, struct dentry *d, uint32_t flags, struct inode **out)
{
	struct p9_str name = name_of(d);
	struct inode *inode;
	int err = find(dir, &name, &inode);

	if (err) {
		(void)!p9_simple(p9_client_of(dir), P9_UNLINKAT, "dsd", fid_of(dir), &name, flags);
		return err;
	}
	inode_touch(dir, TOUCH_M | TOUCH_C);
	dentry_instantiate(d, inode);
	if (out)
		*out = inode;
	return 0;
}

static bool lend_fid(struct p9_inode *pi, uint32_t fid)
{
	bool free;

	mutex_lock(&pi->io_lock);
	free = pi->wr == P9_NOFID && pi->rd == P9_NOFID;
	if (free)
		pi->wr = pi->rd = fid;
	mutex_unlock(&pi->io_lock);
	return free;
}

/* The fid that made the file is open for reading and writing: its pages go that way. */
static int create_file(struct inode *dir, struct dentry *d, uint32_t mode)
{
	struct p9_client *c = p9_client_of(dir);
	struct p9_str name = name_of(d);
	struct inode *inode;
	uint32_t fid;
	int err = p9_walk(c, fid_of(dir), NULL, &fid);

	if (err)
		return err;
	err = p9_simple(c, P9_LCREATE, "dsddd", fid, &name, (uint32_t)L_EXCL_CREAT, mode & 07777,
			inode_new_gid(dir));
	if (!err)
		err = made(dir, d, 0, &inode);
	if (err || !lend_fid(p9_inode_of(inode), fid))
		p9_fid_clunk(c, fid);
	return err;
}

static int p9_create(struct inode *dir, struct dentry *d, uint32_t mode, dev_k rdev)
{
	struct p9_str name = name_of(d);
	int err;

	if (S_ISREG(mode))
		return create_file(dir, d, mode);
	err = p9_simple(p9_client_of(dir), P9_MKNOD, "dsdddd", fid_of(dir), &name, mode,
			MAJOR(rdev), MINOR(rdev), inode_new_gid(dir));
	return err ? err : made(dir, d, 0, NULL);
}

static int p9_mkdir(struct inode *dir, struct dentry *d, uint32_t mode)
{
	struct p9_str name = name_of(d);
	int err = p9_simple(p9_client_of(dir), P9_MKDIR, "dsdd", fid_of(dir), &name, mode & 07777,
			    inode_new_gid(dir));

	if (!err)
		err = made(dir, d, AT_REMOVEDIR_L, NULL);
	if (!err)
		dir->nlink++;
	return err;
}

static int p9_symlink(struct inode *dir, struct dentry *d, const char *target)
{
	struct p9_str name = name_of(d), text = { target, (unsigned)strlen(target) };
	int err = p9_simple(p9_client_of(dir), P9_SYMLINK, "dssd", fid_of(dir), &name, &text,
			    inode_new_gid(dir));

	return err ? err : made(dir, d, 0, NULL);
}

static int p9_link(struct inode *dir, struct dentry *d, struct inode *target)
{
	struct p9_str name = name_of(d);
	int err = p9_simple(p9_client_of(dir), P9_LINK, "dds", fid_of(dir), fid_of(target), &name);

	if (err)
		return err;
	dentry_linked(dir, d, target);
	return 0;
}

/* ---- removing and renaming ---- */

static int remove_name(struct inode *dir, struct dentry *d, uint32_t flags)
{
	struct p9_str name = name_of(d);
	int err = p9_simple(p9_client_of(dir), P9_UNLINKAT, "dsd", fid_of(dir), &name, flags);

	if (err)
		return err;
	inode_touch(dir, TOUCH_M | TOUCH_C);
	inode_touch(d->inode, TOUCH_C);
	return 0;
}

static int p9_unlink(struct inode *dir, struct dentry *d)
{
	int err = remove_name(dir, d, 0);

	if (!err)
		inode_set_nlink(d->inode, d->inode->nlink ? d->inode->nlink - 1 : 0);
	return err;
}

static int p9_rmdir(struct inode *dir, struct dentry *d)
{
	int err = remove_name(dir, d, AT_REMOVEDIR_L);

	if (err)
		return err;
	inode_set_nlink(d->inode, 0);
	dir->nlink -= dir->nlink > 2;
	return 0;
}

static int p9_rename(struct inode *od, struct dentry *o, struct inode *nd, struct dentry *n,
		     unsigned flags)
{
	struct p9_str from = name_of(o), to = name_of(n);
	bool is_dir = S_ISDIR(o->inode->mode);
	struct inode *victim = n->inode;
	int err;

	if (flags & RENAME_EXCHANGE)
		return -EINVAL;
	err = p9_simple(p9_client_of(od), P9_RENAMEAT, "dsds", fid_of(od), &from, fid_of(nd), &to);
	if (err)
		return err;
	if (victim)
		inode_set_nlink(victim, is_dir || !victim->nlink ? 0 : victim->nlink - 1);
	if (is_dir && victim)
		nd->nlink -= nd->nlink > 2;
	if (is_dir && od != nd) {
		od->nlink -= od->nlink > 2;
		nd->nlink++;
	}
	inode_touch(od, TOUCH_M | TOUCH_C);
	inode_touch(nd, TOUCH_M | TOUCH_C);
	inode_touch(o->inode, TOUCH_C);
	return 0;
}

/* ---- symlinks ---- */

static int p9_readlink(struct inode *inode, char *buf, size_t size)
{
	struct p9_req *r = p9_req_begin(p9_client_of(inode), P9_READLINK);
	struct p9_str text;
	int err;

	p9_put(&r->out, "d", fid_of(inode));
	err = p9_req_call(r);
	if (!err)
		err = p9_get(&r->in, "s", &text);
	if (!err && (!text.len || text.len >= VFS_PATH_MAX || memchr(text.s, '\0', text.len)))
		err = -EIO;
	if (!err) {
		err = (int)min_of(size_t, text.len, size);
		memcpy(buf, text.s, (size_t)err);
	}
	p9_req_end(r);
	return err;
}

/* ---- listing ---- */

/*
 * What an open directory keeps. The server's positions may be any 64 bits, which 32-bit programs cannot say: theirs are the numbers of
 * the entries, and a step back begins anew.
 */
struct listing {
	uint64_t at;	    /* number of the entry that comes next, */
	uint64_t server_at; /* and its position for the server */
	uint32_t fid, len;
	uint8_t data[PAGE_SIZE - 24];
};

static int dir_open(struct inode *inode, struct file *f)
{
	struct listing *l = failpoint("p9_listing") ? NULL : kmalloc(sizeof(*l), GFP_KERNEL);
	int err;

	if (!l)
		return -ENOMEM;
	l->at = l->server_at = 0;
	err = p9_open(p9_client_of(inode), fid_of(inode), L_RDONLY_DIR, &l->fid);
	if (err)
		kfree(l);
	else
		f->private = l;
	return err;
}

static void dir_release(struct file *f)
{
	struct listing *l = f->private;

	p9_fid_clunk(p9_client_of(f->inode), l->fid);
	kfree(l);
}

/* The next entries. They are copied: who gets them may fault, and so want a slot. */
static int read_part(struct file *f)
{
	struct listing *l = f->private;
	struct p9_req *r = p9_req_begin(p9_client_of(f->inode), P9_READDIR);
	uint32_t len;
	int err;

	p9_put(&r->out, "dqd", l->fid, l->server_at, (uint32_t)sizeof(l->data));
	err = p9_req_call(r);
	if (!err)
		err = p9_get(&r->in, "d", &len);
	if (!err && (len > sizeof(l->data) || len > r->in.size - r->in.at))
		err = -EIO;
	if (!err) {
		memcpy(l->data, r->in.data + r->in.at, len);
		l->len = len;
	}
	p9_req_end(r);
	return err;
}

/* Those from number c->pos on. Return: 1: the buffer is full; 0, -EIO. */
static int emit_part(struct listing *l, struct dir_context *c)
{
	struct p9_buf b = { l->data, 0, l->len, false };

	while (b.at < b.size) {
		struct p9_str name;
		struct p9_qid qid;
		uint64_t next;
		uint8_t type;

		if (p9_get(&b, "Qqbs", &qid, &next, &type, &name) || !p9_name_ok(&name))
			return -EIO;
		if (l->at >= c->pos) {
			c->pos = l->at + 1;
			if (!c->emit(c, name.s, name.len, qid.path, type & 15)) {
				c->pos = l->at;
				return 1;
			}
		}
		l->at++;
		l->server_at = next;
	}
	return 0;
}

static int dir_iterate(struct file *f, struct dir_context *c)
{
	struct listing *l = f->private;
	struct inode *dir = f->inode;
	int err = 0;

	if (dir->nlink == 0)
		return -ENOENT;
	mutex_lock(&dir->lock);
	if (c->pos < l->at || !c->pos)
		l->at = l->server_at = 0;
	do {
		err = read_part(f);
		if (!err)
			err = emit_part(l, c);
		if (!err && fatal_signal_pending()) /* of a list without end */
			err = -EINTR;
	} while (!err && l->len);
	mutex_unlock(&dir->lock);
	return err < 0 ? err : 0;
}

static int dir_fsync(struct file *f, uint64_t start, uint64_t last, bool data_only)
{
	struct listing *l = f->private;

	return p9_simple(p9_client_of(f->inode), P9_FSYNC, "dd", l->fid, data_only ? 1U : 0U);
}

const struct inode_ops p9_dir_iops = {
	.lookup = p9_lookup,
	.create = p9_create,
	.mkdir = p9_mkdir,
	.symlink = p9_symlink,
	.link = p9_link,
	.unlink = p9_unlink,
	.rmdir = p9_rmdir,
	.rename = p9_rename,
	.setattr = p9_setattr,
	.settimes = p9_settimes,
	.getattr = p9_refresh,
};
const struct inode_ops p9_link_iops = {
	.readlink = p9_readlink,
	.setattr = p9_setattr,
	.settimes = p9_settimes,
	.getattr = p9_refresh,
};
const struct inode_ops p9_special_iops = {
	.setattr = p9_setattr,
	.settimes = p9_settimes,
	.getattr = p9_refresh,
};
const struct file_ops p9_dir_fops = {
	.open = dir_open,
	.release = dir_release,
	.iterate = dir_iterate,
	.fsync = dir_fsync,
};
