/*
 * The initial RAM file system: entries of cpio archives become files.
 *
 * OWNS     nothing that stays: tables of hard links and of directory times live while unpacking.
 * WHY      the image may lie in high memory and be larger than what is left: it is read page by page and never held
 *          whole; decoded bytes go straight into the page cache of the file.
 * I1       u->file is open exactly while the data of a regular file is coming; link_len bytes of a symlink's target are
 *          in u->link.
 * CONTEXT  a task; may sleep.
 * FAILS    a broken archive ends unpacking, an entry that cannot be made (missing directory) only that entry; as Linux.
 * SOURCES  Linux Documentation/driver-api/early-userspace/buffer-format.rst, Documentation/filesystems/
 *          ramfs-rootfs-initramfs.rst.
 */
#include "fs/initramfs.h"

#include "base/errno.h"
#include "cpio.h"
#include "fs/file.h"
#include "fs/path.h"
#include "inflate.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "mm/vmalloc.h"
#include "sync/klog.h"

enum { LINK_BUCKETS = 32 };

/* The first name of a file with several. */
struct hard_link {
	struct hard_link *next;
	uint32_t ino, major, minor, type;
	char name[];
};

/* A directory's time is set last: making its files changes it. */
struct dir_time {
	struct dir_time *next;
	uint32_t mtime;
	char name[];
};

struct unpack {
	struct byte_source in;
	size_t (*read)(void *arg, void *buf, size_t size);
	void *arg;
	uint64_t read_bytes;
	struct hard_link *links[LINK_BUCKETS];
	struct dir_time *dirs;
	struct cpio_entry entry;
	struct file *file;
	uint64_t pos;
	size_t link_len;
	unsigned nr_entries, nr_failed;
	char link[VFS_PATH_MAX];
	char name[CPIO_NAME_MAX + 1];
	uint8_t page[PAGE_SIZE];
	struct cpio cpio;
	struct inflate inflate;
};

/* ---- attributes ---- */

static void set_times(const struct path_ref *p, uint32_t mtime)
{
	struct timespec64_k t = { mtime, 0 };
	struct timespec64_k both[2] = { t, t };
	struct path_ref copy = *p;

	(void)!vfs_utimens(&copy, both);
}

/* Owner, mode and time of what was just made at u->name; a symlink keeps its mode. */
static int set_attributes(struct unpack *u)
{
	struct path_ref p;
	int err = path_lookup(AT_FDCWD, u->name, 0, &p);

	if (err)
		return err;
	err = vfs_chown(&p, u->entry.uid, u->entry.gid);
	if (!err && !S_ISLNK(u->entry.mode))
		err = vfs_chmod(&p, u->entry.mode & 07777);
	set_times(&p, u->entry.mtime);
	path_put(&p);
	return err;
}

/* Something else than what the entry is stands in its place: remove it, as a later archive overrides an earlier one. */
static void clear_place(struct unpack *u)
{
	uint32_t mode;
	struct path_ref p;

	if (path_lookup(AT_FDCWD, u->name, 0, &p))
		return;
	mode = p.dentry->inode->mode;
	path_put(&p);
	if (S_ISDIR(mode) && S_ISDIR(u->entry.mode))
		return;
	if (S_ISREG(mode) && S_ISREG(u->entry.mode))
		return;
	(void)!(S_ISDIR(mode) ? vfs_rmdir(AT_FDCWD, u->name) : vfs_unlink(AT_FDCWD, u->name));
}

/* ---- hard links ---- */

static struct hard_link **link_slot(struct unpack *u)
{
	const struct cpio_entry *e = &u->entry;
	struct hard_link **p = &u->links[(e->ino + e->major * 31 + e->minor) % LINK_BUCKETS];

	while (*p && ((*p)->ino != e->ino || (*p)->major != e->major || (*p)->minor != e->minor ||
		      (*p)->type != (e->mode & S_IFMT)))
		p = &(*p)->next;
	return p;
}

/* Return: 1 the name is now a link to an earlier one; 0 it is the first; -errno. */
static int maybe_link(struct unpack *u)
{
	struct hard_link **slot, *l;
	size_t len = strlen(u->name);
	int err;

	if (u->entry.nlink < 2)
		return 0;
	slot = link_slot(u);
	if (*slot) {
		(void)!vfs_unlink(AT_FDCWD, u->name);
		err = vfs_link(AT_FDCWD, (*slot)->name, AT_FDCWD, u->name, 0);
		return err ? err : 1;
	}
	l = kmalloc(sizeof(*l) + len + 1, GFP_KERNEL);
	if (!l)
		return -ENOMEM;
	*l = (struct hard_link){ NULL, u->entry.ino, u->entry.major, u->entry.minor,
				 u->entry.mode & S_IFMT };
	memcpy(l->name, u->name, len + 1);
	*slot = l;
	return 0;
}

static void links_free(struct unpack *u)
{
	unsigned i;

	for (i = 0; i < LINK_BUCKETS; i++) {
		while (u->links[i]) {
			struct hard_link *l = u->links[i];

			u->links[i] = l->next;
			kfree(l);
		}
	}
}

/* ---- the kinds of entries ---- */

static int begin_file(struct unpack *u)
{
	int linked = maybe_link(u), err;
	unsigned flags = O_WRONLY | O_CREAT | O_LARGEFILE | (linked == 1 ? 0 : O_TRUNC);

	if (linked < 0)
		return linked;
	err = file_open(AT_FDCWD, u->name, flags, u->entry.mode & 07777, &u->file);
	if (err)
		return err;
	u->pos = 0;
	return set_attributes(u);
}

static int make_dir(struct unpack *u)
{
	size_t len = strlen(u->name);
	struct dir_time *d;
	int err = vfs_mkdir(AT_FDCWD, u->name, u->entry.mode & 07777);

	if (err && err != -EEXIST)
		return err;
	err = set_attributes(u);
	if (err)
		return err;
	d = kmalloc(sizeof(*d) + len + 1, GFP_KERNEL);
	if (!d)
		return -ENOMEM;
	d->mtime = u->entry.mtime;
	memcpy(d->name, u->name, len + 1);
	d->next = u->dirs;
	u->dirs = d;
	return 0;
}

static int make_node(struct unpack *u)
{
	int err = maybe_link(u);

	if (err)
		return err == 1 ? 0 : err;
	err = vfs_mknod(AT_FDCWD, u->name, u->entry.mode, MKDEV(u->entry.rmajor, u->entry.rminor));
	return err ? err : set_attributes(u);
}

static int make_symlink(struct unpack *u)
{
	int err;

	u->link[u->link_len] = '\0';
	err = vfs_symlink(u->link, AT_FDCWD, u->name);
	return err ? err : set_attributes(u);
}

static void dirs_finish(struct unpack *u)
{
	while (u->dirs) {
		struct dir_time *d = u->dirs;
		struct path_ref p;

		if (!path_lookup(AT_FDCWD, d->name, 0, &p)) {
			set_times(&p, d->mtime);
			path_put(&p);
		}
		u->dirs = d->next;
		kfree(d);
	}
}

/* ---- what the parser calls ---- */

/* Without memory or room it ends; a single entry that cannot be made is counted and passed over. */
static int entry_result(struct unpack *u, int err)
{
	if (!err || err == -ENOMEM || err == -ENOSPC)
		return err;
	if (u->nr_failed++ < 5)
		pr_warn("initramfs: cannot make %s: error %d", u->name, -err);
	return 0;
}

static int on_begin(void *arg, const struct cpio_entry *e)
{
	struct unpack *u = arg;
	size_t len = strlen(e->name);
	int err = 0;

	u->entry = *e;
	u->nr_entries++;
	u->link_len = 0;
	u->name[0] = '/';
	memcpy(u->name + 1, e->name, len + 1);
	clear_place(u);
	if (S_ISREG(e->mode))
		err = begin_file(u);
	else if (S_ISDIR(e->mode))
		err = make_dir(u);
	else if (S_ISLNK(e->mode))
		err = e->size >= VFS_PATH_MAX ? -ENAMETOOLONG : 0;
	else
		err = make_node(u);
	return entry_result(u, err);
}

static int on_data(void *arg, const void *p, size_t len)
{
	struct unpack *u = arg;
	struct inode *inode;
	long n;

	if (S_ISLNK(u->entry.mode) && u->link_len + len < sizeof(u->link)) {
		memcpy(u->link + u->link_len, p, len);
		u->link_len += len;
	}
	if (!u->file)
		return 0;
	inode = u->file->inode;
	mutex_lock(&inode->lock);
	n = mapping_write_kernel(&inode->mapping, p, len, u->pos);
	mutex_unlock(&inode->lock);
	if (n >= 0)
		u->pos += (uint64_t)n;
	if (n < 0)
		return (int)n;
	return (size_t)n == len ? 0 : -ENOSPC;
}

static int on_end(void *arg)
{
	struct unpack *u = arg;
	int err = 0;

	if (u->file) {
		set_times(&u->file->path, u->entry.mtime);
		fput(u->file);
		u->file = NULL;
	} else if (S_ISLNK(u->entry.mode) && u->link_len) {
		err = make_symlink(u);
	}
	return entry_result(u, err);
}

static int on_trailer(void *arg)
{
	links_free(arg);
	return 0;
}

static const struct cpio_ops ops = { on_begin, on_data, on_end, on_trailer };

/* ---- the image ---- */

static bool fill_page(struct byte_source *s)
{
	struct unpack *u = container_of(s, struct unpack, in);
	size_t n = u->read(u->arg, u->page, sizeof(u->page));

	s->p = u->page;
	s->end = u->page + n;
	u->read_bytes += n;
	return n != 0;
}

static uint64_t offset_of(const struct unpack *u)
{
	return u->read_bytes - (size_t)(u->in.end - u->in.p);
}

/* Decoded bytes: all of them have to be cpio. */
static int on_inflated(void *arg, const void *p, size_t len)
{
	struct unpack *u = arg;
	size_t used;
	int err = cpio_feed(&u->cpio, p, len, &used);

	return err ? err : used == len ? 0 : -EINVAL;
}

/* Plain archive: feed until the parser is between archives and meets something that is not its own. */
static int unpack_plain(struct unpack *u)
{
	int err = 0;

	do {
		size_t have = (size_t)(u->in.end - u->in.p), used;

		err = cpio_feed(&u->cpio, u->in.p, have, &used);
		u->in.p += used;
		if (used < have)
			break;
	} while (!err && fill_page(&u->in));
	return err;
}

static const char *format_name(const uint8_t *p, size_t len)
{
	static const struct {
		const char *magic, *name;
		uint8_t len;
	} known[] = { { "\xfd"
			"7zXZ",
			"xz", 5 },
		      { "BZh", "bzip2", 3 },
		      { "\x28\xb5\x2f\xfd", "zstd", 4 },
		      { "\x02\x21\x4c\x18", "lz4", 4 },
		      { "\x5d\x00\x00", "lzma", 3 },
		      { "\x89LZO", "lzo", 4 } };
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(known); i++)
		if (len >= known[i].len && !memcmp(p, known[i].magic, known[i].len))
			return known[i].name;
	return NULL;
}

static int unknown_format(const struct unpack *u)
{
	const char *name = format_name(u->in.p, (size_t)(u->in.end - u->in.p));

	if (name)
		pr_err("initramfs: %s compression is not supported: use gzip or none", name);
	else
		pr_err("initramfs: neither a newc cpio archive nor gzip at offset %llu",
		       (unsigned long long)offset_of(u));
	return -EINVAL;
}

/* One archive or compressed part. Return: 1 at the end of the image, 0 to go on, -errno. */
static int unpack_part(struct unpack *u)
{
	if (u->in.p == u->in.end && !fill_page(&u->in))
		return 1;
	if (!cpio_idle(&u->cpio) || *u->in.p == '0' || *u->in.p == 0)
		return unpack_plain(u);
	if (*u->in.p == 0x1f)
		return inflate_gzip(&u->inflate, &u->in, on_inflated, u);
	return unknown_format(u);
}

static void report(const struct unpack *u, int err)
{
	if (err == -ENOSPC || err == -ENOMEM)
		pr_err("initramfs: no %s left after %u entries, at %s",
		       err == -ENOMEM ? "memory" : "room", u->nr_entries, u->name);
	else if (err)
		pr_err("initramfs: %s at offset %llu, after %u entries",
		       err == -EIO ? "cut off" : "broken archive", (unsigned long long)offset_of(u),
		       u->nr_entries);
	if (u->nr_failed)
		pr_warn("initramfs: %u of %u entries were not made", u->nr_failed, u->nr_entries);
}

int initramfs_unpack(size_t (*read)(void *arg, void *buf, size_t size), void *arg)
{
	struct unpack *u = vzalloc(sizeof(*u));
	int err = 0;

	if (!u)
		return -ENOMEM;
	u->in.fill = fill_page;
	u->read = read;
	u->arg = arg;
	cpio_init(&u->cpio, &ops, u);
	while (!err)
		err = unpack_part(u);
	if (err == 1)
		err = cpio_idle(&u->cpio) ? 0 : -EIO;
	report(u, err);
	if (u->file)
		fput(u->file);
	links_free(u);
	dirs_finish(u);
	vfree(u);
	return err;
}
