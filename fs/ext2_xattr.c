/*
 * Extended attributes of ext2: a block beside a file's data that has them all, its access lists among them.
 *
 * OWNS     the block that ei->file_acl names, while it is this file's alone.
 * WHY      attributes are read with the inode and then live with it (xattr.c, acl.c); a change writes all of them anew. So
 *          there is one place each that reads and that writes the disk's form.
 * I1       a block that several files share (Linux makes such, refs > 1) is never written: who changes gets one of his own.
 * I2       what has a prefix that we do not know stays as it is: the first byte of its name in memory is the prefix.
 * LOCKS    inode->lock, or nobody has the inode yet; map_lock for file_acl and the count of blocks; alloc_lock for refs.
 * CONTEXT  tasks; may sleep.
 * FAILS    -ENOSPC (more than a block holds, or no block free), -EIO (the block contradicts itself), -ENOMEM, -EOPNOTSUPP
 *          (a file system of revision 0, which cannot say that it has attributes).
 * SOURCES  xattr(7), acl(5); the form: debugfs(8), e2fsck(8).   TESTED BY  disk_ext2.c, ext2_format_test.c
 */
#include "base/errno.h"
#include "ext2_impl.h"
#include "fs/acl.h"
#include "lib/string.h"
#include "mm/vmalloc.h"
#include "sync/failpoint.h"
#include "xattr_impl.h"

/* An access list on the disk: a version, then entries; only named ones have the id. */
enum { ACL_VERSION = 1, ACL_SHORT = 4, ACL_FULL = 8 };

static const struct {
	unsigned prefix;
	const char *text;
} prefixes[] = { { EXT2_ATTR_USER, "user." },
		 { EXT2_ATTR_TRUSTED, "trusted." },
		 { EXT2_ATTR_SECURITY, "security." } };

/* ---- from the disk ---- */

static unsigned acl_entry_size(const struct acl_entry *e)
{
	return e->tag & (ACL_USER | ACL_GROUP) ? ACL_FULL : ACL_SHORT;
}

static int acl_count(const char *value, unsigned size, unsigned *out)
{
	struct acl_entry e;
	unsigned at = sizeof(uint32_t), version;

	if (size < at)
		return -EIO;
	memcpy(&version, value, sizeof(version));
	if (version != ACL_VERSION)
		return -EIO;
	for (*out = 0; at < size; (*out)++) {
		if (size - at < ACL_SHORT)
			return -EIO;
		memcpy(&e, value + at, ACL_SHORT);
		at += acl_entry_size(&e);
	}
	return at == size ? 0 : -EIO;
}

static int read_acl(struct inode *inode, enum acl_type type, const char *value, unsigned size)
{
	struct posix_acl *a;
	unsigned nr, at = sizeof(uint32_t);
	int err = inode->acl[type] ? -EIO : acl_count(value, size, &nr);

	if (err || !nr)
		return err;
	a = acl_alloc(nr);
	if (!a)
		return -ENOMEM;
	for (unsigned i = 0; i < nr; i++) {
		struct acl_entry *e = &a->entry[i];

		e->id = (uint32_t)ACL_NO_ID;
		memcpy(e, value + at, ACL_SHORT);
		memcpy(e, value + at, acl_entry_size(e));
		at += acl_entry_size(e);
	}
	if (!acl_valid(a)) {
		acl_put(a);
		return -EIO;
	}
	inode->acl[type] = a;
	return 0;
}

static int read_attr(struct inode *inode, const struct ext2_attr *a, const char *value)
{
	char name[EXT2_NAME_LEN + 16] = { (char)a->prefix };
	size_t len = 1;

	if (a->prefix == EXT2_ATTR_ACL || a->prefix == EXT2_ATTR_DEFAULT_ACL)
		return read_acl(inode, a->prefix == EXT2_ATTR_ACL ? ACL_ACCESS : ACL_DEFAULT, value,
				a->value_size);
	for (unsigned i = 0; i < ARRAY_SIZE(prefixes); i++) {
		if (prefixes[i].prefix == a->prefix) {
			len = strlen(prefixes[i].text);
			memcpy(name, prefixes[i].text, len);
		}
	}
	if (!a->prefix || a->prefix > 31)
		return -EIO;
	memcpy(name + len, a->name, a->name_len);
	return xattr_found(inode, name, value, a->value_size);
}

static int read_block(struct inode *inode, const char *block, unsigned size)
{
	unsigned off = sizeof(struct ext2_attr_head);
	const struct ext2_attr *a;
	int err = ext2_attr_head_ok(block) ? 0 : -EIO;

	while (!err && (a = ext2_attr_at(block, size, &off)))
		err = read_attr(inode, a, block + a->value_off);
	return err ? err : off ? 0 : -EIO;
}

int ext2_attrs_read(struct inode *inode)
{
	struct ext2_fs *fs = ext2_of(inode->sb);
	uint32_t block = ext2_inode_of(inode)->file_acl;
	struct block_buf b;
	int err;

	if (!block)
		return 0;
	if (!ext2_block_ok(fs, block))
		return ext2_broken(fs, "attributes where none can be", inode->ino);
	err = block_buf_get(fs->bdev, block, fs->g.block_size, &b);
	if (err)
		return err;
	err = read_block(inode, b.data, fs->g.block_size);
	block_buf_put(&b);
	return err == -EIO ? ext2_broken(fs, "attributes contradict themselves", inode->ino) : err;
}

/* ---- to the disk ---- */

/* A block that is being filled: entries upwards from @off, values down to @end. */
struct filling {
	char *block;
	unsigned off, end;
};

/* Room for an entry and its value: there, with the name; NULL: the block is full. */
static struct ext2_attr *add_attr(struct filling *f, unsigned prefix, const char *name,
				  size_t name_len, size_t size)
{
	size_t room = (size + 3) & ~(size_t)3;
	struct ext2_attr *a = (struct ext2_attr *)(f->block + f->off);

	if (name_len > EXT2_NAME_LEN || room > f->end ||
	    f->off + ext2_attr_size((unsigned)name_len) + 4 > f->end - room)
		return NULL;
	f->off += ext2_attr_size((unsigned)name_len);
	f->end -= (unsigned)room;
	a->name_len = (uint8_t)name_len;
	a->prefix = (uint8_t)prefix;
	a->value_off = size ? (uint16_t)f->end : 0;
	a->value_size = (uint32_t)size;
	memcpy(a->name, name, name_len);
	return a;
}

static int add_acl(struct filling *f, unsigned prefix, const struct posix_acl *acl)
{
	unsigned size = sizeof(uint32_t);
	const uint32_t version = ACL_VERSION;
	struct ext2_attr *a;
	char *to;

	if (!acl)
		return 0;
	for (unsigned i = 0; i < acl->nr; i++)
		size += acl_entry_size(&acl->entry[i]);
	a = add_attr(f, prefix, "", 0, size);
	if (!a)
		return -ENOSPC;
	to = f->block + f->end;
	memcpy(to, &version, sizeof(version));
	to += sizeof(version);
	for (unsigned i = 0; i < acl->nr; i++) {
		memcpy(to, &acl->entry[i], acl_entry_size(&acl->entry[i]));
		to += acl_entry_size(&acl->entry[i]);
	}
	a->hash = ext2_attr_hash(a, f->block + f->end);
	return 0;
}

static int add_xattr(struct filling *f, const struct xattr *x)
{
	unsigned prefix = (unsigned char)x->name[0];
	size_t skip = 1;
	struct ext2_attr *a;

	for (unsigned i = 0; i < ARRAY_SIZE(prefixes); i++) {
		size_t len = strlen(prefixes[i].text);

		if (!strncmp(x->name, prefixes[i].text, len)) {
			prefix = prefixes[i].prefix;
			skip = len;
		}
	}
	a = add_attr(f, prefix, x->name + skip, x->name_len - skip, x->size);
	if (!a)
		return -ENOSPC;
	memcpy(f->block + f->end, xattr_value(x), x->size);
	a->hash = ext2_attr_hash(a, f->block + f->end);
	return 0;
}

/* In the order of the disk: user.*, the lists, the rest. */
static int add_all(struct filling *f, const struct inode *inode, struct posix_acl *const acl[])
{
	const struct xattr *x = inode->xattrs;
	int err = 0;

	for (; !err && x && !strncmp(x->name, "user.", 5); x = x->next)
		err = add_xattr(f, x);
	if (!err)
		err = add_acl(f, EXT2_ATTR_ACL, acl[ACL_ACCESS]);
	if (!err)
		err = add_acl(f, EXT2_ATTR_DEFAULT_ACL, acl[ACL_DEFAULT]);
	for (; !err && x; x = x->next)
		err = add_xattr(f, x);
	return err;
}

/* The head's hash is of the entries'; 0, it is not to be shared, if one of them is 0. */
static void finish(struct filling *f, unsigned size)
{
	struct ext2_attr_head *h = (struct ext2_attr_head *)f->block;
	unsigned off = sizeof(*h);
	const struct ext2_attr *a;
	bool zero = false;
	uint32_t hash = 0;

	while ((a = ext2_attr_at(f->block, size, &off))) {
		zero |= !a->hash;
		hash = hash << 16 ^ hash >> 16 ^ a->hash;
	}
	h->magic = EXT2_ATTR_MAGIC;
	h->refs = h->blocks = 1;
	h->hash = zero ? 0 : hash;
}

/* Is the block @b its file's alone? */
static bool is_own(struct ext2_fs *fs, const struct block_buf *b)
{
	const struct ext2_attr_head *h = (const struct ext2_attr_head *)b->data;
	bool own;

	mutex_lock(&fs->alloc_lock);
	own = h->refs == 1;
	mutex_unlock(&fs->alloc_lock);
	return own;
}

/* The file has its attributes in @block from now on; 0: none. */
static void set_block(struct inode *inode, uint32_t block)
{
	struct ext2_inode *ei = ext2_inode_of(inode);
	uint32_t old;

	mutex_lock(&ei->map_lock);
	old = ei->file_acl;
	ei->file_acl = block;
	ei->nr_blocks = ei->nr_blocks + (block ? 1 : 0) - (old ? 1 : 0);
	mutex_unlock(&ei->map_lock);
	if (old)
		ext2_acl_put(ext2_of(inode->sb), old);
}

/* A block for the file: its own, or a new one. *block: its number. */
static int get_block(struct inode *inode, struct block_buf *b, uint32_t *block)
{
	struct ext2_inode *ei = ext2_inode_of(inode);
	struct ext2_fs *fs = ext2_of(inode->sb);
	int err;

	*block = ei->file_acl;
	if (*block) {
		err = block_buf_get(fs->bdev, *block, fs->g.block_size, b);
		if (err || is_own(fs, b))
			return err;
		block_buf_put(b);
	}
	err = ext2_block_alloc(fs, ei->goal, true, block);
	if (err)
		return err;
	err = block_buf_get(fs->bdev, *block, fs->g.block_size, b);
	if (err)
		(void)ext2_block_free(fs, *block);
	return err;
}

static int write_block(struct inode *inode, const char *from)
{
	struct ext2_fs *fs = ext2_of(inode->sb);
	struct block_buf b;
	uint32_t block;
	int err = get_block(inode, &b, &block);

	if (err)
		return err;
	memcpy(b.data, from, fs->g.block_size);
	block_buf_dirty(fs->bdev, &b);
	block_buf_put(&b);
	mutex_lock(&fs->alloc_lock);
	fs->has_attrs = true;
	mutex_unlock(&fs->alloc_lock);
	if (block != ext2_inode_of(inode)->file_acl)
		set_block(inode, block);
	return 0;
}

int ext2_attrs_store(struct inode *inode, struct posix_acl *const acl[NR_ACLS])
{
	struct ext2_fs *fs = ext2_of(inode->sb);
	unsigned size = fs->g.block_size;
	struct filling f = { .off = sizeof(struct ext2_attr_head), .end = size };
	int err;

	if (!inode->xattrs && !acl[ACL_ACCESS] && !acl[ACL_DEFAULT]) {
		set_block(inode, 0);
		return 0;
	}
	if (fs->old_revision)
		return -EOPNOTSUPP;
	f.block = failpoint("ext2_attrs") ? NULL : kvzalloc(size);
	if (!f.block)
		return -ENOMEM;
	err = add_all(&f, inode, acl);
	if (!err) {
		finish(&f, size);
		err = write_block(inode, f.block);
	}
	kvfree(f.block);
	return err;
}
