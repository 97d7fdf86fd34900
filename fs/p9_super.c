/*
 * 9P: mounting a folder of the host.
 *
 *   mount -t 9p -o trans=virtio,version=9p2000.L TAG DIR
 *
 * OWNS     struct p9_fs.
 * WHY      options that say how the connection is made are taken if they say what is so; how much is cached is not theirs to choose
 *          (p9_file.c).
 * I1       a channel has one mount: a second says EBUSY.
 * LOCKS    none of its own.   CONTEXT  tasks; may sleep.
 * FAILS    -ENOENT (no such tag), -EBUSY, -EINVAL, -EPROTONOSUPPORT, -ENOMEM, what the server says.
 * SOURCES  mount(2), 9P2000.L.   TESTED BY  tests/guest/disk_share.c
 */
#include "base/errno.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "mm/writeback.h"
#include "mount_opts.h"
#include "p9_impl.h"
#include "sync/failpoint.h"

enum { V9FS_MAGIC = 0x01021997 };

static void p9_free(struct super_block *sb)
{
	struct p9_fs *fs = p9_of(sb);

	if (!fs)
		return;
	if (fs->has_bdi)
		super_no_bdi(sb);
	if (fs->client)
		p9_client_close(fs->client);
	kfree(fs);
}

static int p9_statfs(struct super_block *sb, struct statfs_k *out)
{
	struct p9_req *r = p9_req_begin(p9_of(sb)->client, P9_STATFS);
	uint32_t type = 0, bsize = 0, namelen = 0;
	uint64_t fsid;
	int err;

	p9_put(&r->out, "d", p9_inode_of(sb->root->inode)->fid);
	err = p9_req_call(r);
	if (!err)
		err = p9_get(&r->in, "ddqqqqqqd", &type, &bsize, &out->blocks, &out->bfree,
			     &out->bavail, &out->files, &out->ffree, &fsid, &namelen);
	p9_req_end(r);
	out->type = type;
	out->bsize = out->frsize = bsize;
	out->namelen = namelen;
	return err;
}

static int p9_sync(struct super_block *sb)
{
	bdi_sync(&p9_of(sb)->bdi);
	return 0;
}

static uint64_t p9_sectors(struct inode *inode)
{
	return p9_inode_of(inode)->blocks;
}

static size_t show_options(struct super_block *sb, char *buf, size_t size)
{
	return str_copy(buf, ",access=client,trans=virtio", size);
}

static const struct super_ops p9_super_ops = {
	.evict = p9_evict,
	.statfs = p9_statfs,
	.free = p9_free,
	.sync = p9_sync,
	.sectors = p9_sectors,
	.show_options = show_options,
};

/* ---- mounting ---- */

static int one_option(void *arg, const char *opt)
{
	static const char *const so[] = { "trans=virtio", "version=9p2000.L", "version=9p2000.l",
					  "noextend", "posixacl" };
	static const char *const any[] = { "msize", "cache", "access", "debug", "uname", "aname" };
	const char *v;

	for (unsigned i = 0; i < ARRAY_SIZE(so); i++) {
		if (!strcmp(opt, so[i]))
			return 0;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(any); i++) {
		if (mount_opt_is(opt, any[i], &v))
			return 0;
	}
	return -EINVAL;
}

/* The server's root, as root of this file system. */
static int attach(struct p9_fs *fs)
{
	static const struct p9_str user = { "root", 4 }, tree = { "", 0 };
	struct inode *root;
	uint32_t fid;
	int err = p9_fid_new(fs->client, &fid);

	if (err)
		return err;
	err = p9_simple(fs->client, P9_ATTACH, "ddssd", fid, P9_NOFID, &user, &tree, 0U);
	if (err) {
		p9_fid_forget(fs->client, fid);
		return err;
	}
	err = p9_iget(fs->sb, fid, &root);
	return err ? err : dentry_root_of(fs->sb, root);
}

static void fs_init_locks(struct p9_fs *fs)
{
	mutex_init(&fs->iget_lock, RANK_FS_IGET);
	spin_init(&fs->hash_lock, RANK_OBJECT);
	waitq_init(&fs->gone);
	for (unsigned i = 0; i < P9_BUCKETS; i++)
		list_init(&fs->hash[i]);
}

static int fill_super(struct p9_fs *fs, const char *tag, const char *data)
{
	int err = mount_opts_each(data, one_option, fs);

	if (!err)
		err = p9_client_open(tag, &fs->client);
	if (!err)
		err = super_set_bdi(fs->sb, &fs->bdi);
	if (err)
		return err;
	fs->has_bdi = true;
	return attach(fs);
}

static int p9_mount(const struct fs_type *type, unsigned long flags, const char *source,
		    const char *data, struct super_block **out)
{
	struct super_block *sb = super_alloc(type, &p9_super_ops);
	struct p9_fs *fs = failpoint("p9_fs") ? NULL : kzalloc(sizeof(*fs), GFP_KERNEL);
	int err;

	if (!sb || !fs) {
		kfree(fs);
		if (sb)
			super_put(sb);
		return -ENOMEM;
	}
	sb->flags = flags & MS_RDONLY;
	sb->magic = V9FS_MAGIC;
	sb->no_keep = true;
	sb->private = fs;
	fs->sb = sb;
	fs_init_locks(fs);
	err = fill_super(fs, source, data);
	if (!err) {
		*out = sb;
		return 0;
	}
	dput(sb->root);
	sb->root = NULL;
	super_put(sb);
	return err;
}

struct fs_type p9_type = { .name = "9p", .nodev = true, .mount = p9_mount };
