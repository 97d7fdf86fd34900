/*
 * Directories of ext2: blocks of entries, searched from the first.
 *
 *   block:  | inode, rec_len, name_len, type, name | ... | the last one's rec_len reaches the end of the block |
 *
 * WHY      the entries are bytes of a file, in the pages of its mapping, so reading, writing back and throwing away are the page
 *          cache's.
 * I1       what is in a block is looked at only after ext2_dirent_at has found it good, each time: the disk may say anything.
 * I2       an entry does not cross the end of its block; a block is filled with entries from end to end.
 * I3       positions are byte offsets. A read that goes on begins with its block's first entry, so a position that is no
 *          entry any more does no harm.
 * LOCKS    the directory's inode->lock, from the caller.
 * CONTEXT  threads; may sleep.   COST  O(entries).
 * FAILS    -EIO (a bad block), -ENOSPC, -ENOMEM.   TESTED BY  tests/guest/disk_ext2.c
 */
#include "base/errno.h"
#include "ext2_impl.h"
#include "lib/string.h"

static struct ext2_fs *fs_of(const struct inode *dir)
{
	return ext2_of(dir->sb);
}

/* Block @n of the directory, in its page, referenced. */
static int dir_block(struct inode *dir, uint32_t n, struct page **page, char **data)
{
	struct ext2_fs *fs = fs_of(dir);
	uint64_t at = (uint64_t)n << fs->g.block_bits;
	int err = mapping_get_page(&dir->mapping, (unsigned long)(at >> PAGE_SHIFT), page);

	if (!err)
		*data = (char *)page_address(*page) + (at & (PAGE_SIZE - 1));
	return err;
}

static uint32_t nr_blocks(const struct inode *dir)
{
	return (uint32_t)(dir->mapping.size >> fs_of(dir)->g.block_bits);
}

/* Entries of one block: from *off, or the first (NULL behind the last). A bad one is -EIO. */
static int next_entry(struct inode *dir, char *data, unsigned *off, struct ext2_dirent **e)
{
	struct ext2_fs *fs = fs_of(dir);

	*e = NULL;
	if (*off == fs->g.block_size)
		return 0;
	*e = (struct ext2_dirent *)(uintptr_t)ext2_dirent_at(&fs->g, data, *off);
	if (!*e)
		return ext2_broken(fs, "a directory has a bad entry", dir->ino);
	*off += (*e)->rec_len;
	return 0;
}

void ext2_place_put(struct ext2_place *p)
{
	if (p->page)
		put_page(p->page);
	p->page = NULL;
}

static void changed(struct inode *dir, struct page *page)
{
	struct ext2_inode *ei = ext2_inode_of(dir);

	ei->flags &= ~(uint32_t)EXT2_FL_INDEX; /* its hash tree, if it had one, is not kept */
	mapping_set_dirty(&dir->mapping, page);
}

/* ---- finding ---- */

static bool is_name(const struct ext2_dirent *e, const struct qstr *name)
{
	return e->inode && e->name_len == name->len && memcmp(e->name, name->name, name->len) == 0;
}

static int find_in(struct inode *dir, char *data, const struct qstr *name, struct ext2_place *out)
{
	struct ext2_dirent *e, *prev = NULL;
	unsigned off = 0;
	int err;

	while (!(err = next_entry(dir, data, &off, &e)) && e) {
		if (is_name(e, name)) {
			out->entry = e;
			out->prev = prev;
			return 0;
		}
		prev = e;
	}
	return err ? err : -ENOENT;
}

int ext2_dir_find(struct inode *dir, const struct qstr *name, struct ext2_place *out)
{
	int err = -ENOENT;

	out->page = NULL;
	if (name->len > EXT2_NAME_LEN)
		return -ENAMETOOLONG;
	for (uint32_t n = 0, nr = nr_blocks(dir); n < nr && err == -ENOENT; n++) {
		char *data;

		err = dir_block(dir, n, &out->page, &data);
		if (err)
			break;
		err = find_in(dir, data, name, out);
		if (err)
			ext2_place_put(out);
	}
	if (err && err != -ENOENT)
		out->page = NULL;
	return err;
}

/* ---- changing ---- */

static uint8_t type_of(const struct ext2_fs *fs, uint32_t mode)
{
	static const uint8_t types[16] = { [S_IFREG >> 12] = 1, [S_IFDIR >> 12] = 2,
					   [S_IFCHR >> 12] = 3, [S_IFBLK >> 12] = 4,
					   [S_IFIFO >> 12] = 5, [S_IFSOCK >> 12] = 6,
					   [S_IFLNK >> 12] = 7 };

	return fs->g.filetype ? types[mode >> 12 & 15] : 0;
}

static void set_entry(struct inode *dir, struct ext2_dirent *e, const char *name, unsigned len,
		      const struct inode *inode)
{
	e->inode = (uint32_t)inode->ino;
	e->name_len = (uint8_t)len;
	e->type = type_of(fs_of(dir), inode->mode);
	memcpy(e->name, name, len);
}

/* Room of @need bytes in the block: a free entry, or what is behind a name. Cut off, and given. NULL in *out: none. */
static int find_room(struct inode *dir, char *data, unsigned need, struct ext2_dirent **out)
{
	struct ext2_dirent *e, *fresh;
	unsigned off = 0, used;
	int err;

	*out = NULL;
	while (!(err = next_entry(dir, data, &off, &e)) && e) {
		used = e->inode ? ext2_dirent_size(e->name_len) : 0;
		if (e->rec_len < used + need)
			continue;
		if (used) {
			fresh = (struct ext2_dirent *)((char *)e + used);
			fresh->rec_len = (uint16_t)(e->rec_len - used);
			e->rec_len = (uint16_t)used;
			e = fresh;
		}
		*out = e;
		return 0;
	}
	return err;
}

/* A new last block: one free entry. */
static int add_block(struct inode *dir, struct page **page, struct ext2_dirent **out)
{
	struct ext2_fs *fs = fs_of(dir);
	struct ext2_inode *ei = ext2_inode_of(dir);
	uint32_t n = nr_blocks(dir);
	uint64_t size = ((uint64_t)n + 1) << fs->g.block_bits;
	char *data;
	int err;

	if (size > INT32_MAX)
		return -ENOSPC;
	mutex_lock(&ei->map_lock);
	err = ext2_map_reserve(ei, n, true);
	mutex_unlock(&ei->map_lock);
	if (!err)
		err = dir_block(dir, n, page, &data);
	if (err)
		return err;
	memset(data, 0, fs->g.block_size);
	*out = (struct ext2_dirent *)data;
	(*out)->rec_len = (uint16_t)fs->g.block_size;
	ext2_set_size(dir, size);
	return 0;
}

int ext2_dir_add(struct inode *dir, const struct qstr *name, const struct inode *inode)
{
	unsigned need = ext2_dirent_size(name->len);
	struct ext2_dirent *e = NULL;
	struct page *page = NULL;
	int err = 0;

	if (name->len > EXT2_NAME_LEN)
		return -ENAMETOOLONG;
	for (uint32_t n = 0, nr = nr_blocks(dir); n < nr && !e; n++) {
		char *data;

		err = dir_block(dir, n, &page, &data);
		if (err)
			return err;
		err = find_room(dir, data, need, &e);
		if (!e)
			put_page(page);
		if (err)
			return err;
	}
	if (!e)
		err = add_block(dir, &page, &e);
	if (err)
		return err;
	set_entry(dir, e, name->name, name->len, inode);
	changed(dir, page);
	put_page(page);
	return 0;
}

void ext2_dir_remove(struct inode *dir, struct ext2_place *p)
{
	if (p->prev)
		p->prev->rec_len = (uint16_t)(p->prev->rec_len + p->entry->rec_len);
	p->entry->inode = 0;
	changed(dir, p->page);
}

void ext2_dir_set(struct inode *dir, struct ext2_place *p, const struct inode *inode)
{
	p->entry->inode = (uint32_t)inode->ino;
	p->entry->type = type_of(fs_of(dir), inode->mode);
	changed(dir, p->page);
}

int ext2_dir_make(struct inode *dir, const struct inode *parent)
{
	unsigned dot = ext2_dirent_size(1);
	struct ext2_dirent *e, *up;
	struct page *page;
	int err = add_block(dir, &page, &e);

	if (err)
		return err;
	up = (struct ext2_dirent *)((char *)e + dot);
	up->rec_len = (uint16_t)(e->rec_len - dot);
	e->rec_len = (uint16_t)dot;
	set_entry(dir, e, ".", 1, dir);
	set_entry(dir, up, "..", 2, parent);
	changed(dir, page);
	put_page(page);
	return 0;
}

static bool is_dots(const struct ext2_dirent *e)
{
	return e->name[0] == '.' && (e->name_len == 1 || (e->name_len == 2 && e->name[1] == '.'));
}

static int block_empty(struct inode *dir, char *data)
{
	struct ext2_dirent *e;
	unsigned off = 0;
	int err;

	while (!(err = next_entry(dir, data, &off, &e)) && e) {
		if (e->inode && !is_dots(e))
			return -ENOTEMPTY;
	}
	return err;
}

int ext2_dir_empty(struct inode *dir)
{
	int err = 0;

	for (uint32_t n = 0, nr = nr_blocks(dir); n < nr && !err; n++) {
		struct page *page;
		char *data;

		err = dir_block(dir, n, &page, &data);
		if (err)
			break;
		err = block_empty(dir, data);
		put_page(page);
	}
	return err;
}

/* ---- reading ---- */

/* Entries of block @n from position c->pos on. Return: 1: the buffer is full; 0, -errno. */
static int emit_block(struct inode *dir, uint32_t n, char *data, struct dir_context *c)
{
	static const uint8_t dtypes[8] = { 0, 8, 4, 2, 6, 1, 12, 10 };
	uint64_t start = (uint64_t)n << fs_of(dir)->g.block_bits;
	unsigned off = 0, at = 0;
	struct ext2_dirent *e;
	int err;

	while (!(err = next_entry(dir, data, &off, &e)) && e) {
		uint64_t pos = start + at;

		at = off;
		if (pos < c->pos || !e->inode)
			continue;
		c->pos = start + off;
		if (!c->emit(c, e->name, e->name_len, e->inode, dtypes[e->type & 7])) {
			c->pos = pos;
			return 1;
		}
	}
	return err;
}

static int dir_iterate(struct file *f, struct dir_context *c)
{
	struct inode *dir = f->inode;
	unsigned bits = fs_of(dir)->g.block_bits;
	int err = 0;

	if (dir->nlink == 0)
		return -ENOENT;
	mutex_lock(&dir->lock);
	while (!err && c->pos < dir->mapping.size) {
		uint32_t n = (uint32_t)(c->pos >> bits);
		struct page *page;
		char *data;

		err = dir_block(dir, n, &page, &data);
		if (err)
			break;
		err = emit_block(dir, n, data, c);
		put_page(page);
		if (!err)
			c->pos = max_of(uint64_t, c->pos, ((uint64_t)n + 1) << bits);
	}
	mutex_unlock(&dir->lock);
	inode_accessed(dir, true);
	return err < 0 ? err : 0;
}

const struct file_ops ext2_dir_fops = { .iterate = dir_iterate, .fsync = ext2_fsync };
