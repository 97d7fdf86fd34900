/*
 * hugetlbfs: names for objects on huge pages out of the pool.
 *
 * OWNS     struct hugetlbfs of each mount; hugetlbfs_mount, which nobody sees, for memfd_create.
 * WHY      names, directories and rights are tmpfs's, a regular file is a struct hugetlb_object: so this file only joins the
 *          two, and reads options.
 * I1       inode->private of a regular file is its object, whose mapping is the inode's.
 * I2       sizes from truncate are whole huge pages; fallocate may leave any, of which only the whole pages can be mapped.
 * LOCKS    inode->lock for size and fallocate.   CONTEXT  tasks; may sleep.
 * FAILS    mount: -EINVAL for options, -ENOMEM when min_size cannot be promised. Files: as tmpfs; write(2): -EINVAL.
 * NOT HERE pages and promises (mm/backing/hugetlb*.c), the pool's figures (sysfs_hugetlb.c).
 * SOURCES  Linux Documentation/admin-guide/mm/hugetlbpage.rst.   TESTED BY  tests/guest/huge_tlbfs.c
 */
#include "tmpfs_impl.h"

#include "base/errno.h"
#include "fs/file.h"
#include "fs/filedata.h"
#include "kernel/task.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "mm/hugetlb.h"
#include "mm/slab.h"
#include "sync/failpoint.h"

enum { HUGETLBFS_MAGIC = 0x958458f6, ROOT_MODE = 0755 };

struct hugetlbfs {
	struct tmpfs tree; /* first: sb->private is a tmpfs for tmpfs.c */
	struct hugetlb_space *space;
	long max, min; /* i: huge pages; negative: none */
	bool inodes_set;
};

struct vfsmount *hugetlbfs_mount;

static struct hugetlbfs *hugetlbfs_of(const struct super_block *sb)
{
	return container_of(tmpfs_of(sb), struct hugetlbfs, tree);
}

/* ---- files ---- */

static struct hugetlb_object *object_of(struct address_space *m)
{
	return ((struct inode *)m->owner)->private;
}

static const struct address_space_ops data_ops = {
	.release = hugetlb_release,
	.hold = inode_map_hold,
	.drop = inode_map_drop,
	.name = inode_map_name,
	.may_write = inode_map_may_write,
	.ident = inode_map_ident,
	.hugetlb = object_of,
};

static int huge_truncate(struct inode *inode, uint64_t size)
{
	return hugetlb_truncate(&inode->mapping, size);
}

static int huge_fallocate(struct file *f, unsigned mode, uint64_t off, uint64_t len)
{
	static const struct space_ops ops = { hugetlb_punch, hugetlb_allocate };

	return fallocate_in_memory(f, mode, off, len, &ops);
}

const struct inode_ops hugetlbfs_file_iops = { .truncate = huge_truncate,
					       .setattr = tmpfs_setattr };
static const struct file_ops file_fops = { .read = generic_read,
					   .mmap = generic_mmap,
					   .read_kernel = generic_read_kernel,
					   .fallocate = huge_fallocate,
					   .fsync = noop_fsync };

static int file_make(struct inode *inode, const void *arg)
{
	struct hugetlb_object *o =
		failpoint("hugetlbfs_file") ? NULL : kzalloc(sizeof(*o), GFP_KERNEL);

	if (!o)
		return -ENOMEM;
	inode->private = o;
	inode->ops = &hugetlbfs_file_iops;
	inode->fops = &file_fops;
	mapping_init(&inode->mapping, &data_ops, inode, GFP_HIGHUSER, MAPPING_HUGETLB);
	inode->mapping.seals = F_SEAL_SEAL;
	hugetlb_object_init(o, &inode->mapping, hugetlbfs_of(inode->sb)->space);
	return 0;
}

static void file_gone(struct inode *inode)
{
	if (!inode->private)
		return;
	hugetlb_object_destroy(inode->private);
	kfree(inode->private);
}

static const struct special_files huge_files = { .make = file_make,
						 .gone = file_gone,
						 .tree = true };

/* ---- mounts ---- */

/* size=, min_size=: whole huge pages; "N%": a share of the pool. */
static int parse_pages(const char *s, long *pages)
{
	struct hugetlb_counts c;
	uint64_t bytes;
	int err;

	if (*s < '0' || *s > '9')
		return -EINVAL;
	hugetlb_count(HUGETLB_ANY_NODE, &c);
	err = mount_opt_size(s, c.nr - c.surplus, HPAGE_SIZE, &bytes);
	if (!err)
		*pages = (long)(bytes >> HPAGE_SHIFT);
	return err;
}

static int parse_option(void *arg, const char *opt)
{
	struct hugetlbfs *fs = arg;
	int err = mount_opt_owner(opt, &fs->tree.owner);
	const char *v, *end;
	uint64_t n;

	if (err != -ENOENT)
		return err;
	if (mount_opt_is(opt, "size", &v))
		return parse_pages(v, &fs->max);
	if (mount_opt_is(opt, "min_size", &v))
		return parse_pages(v, &fs->min);
	if (mount_opt_is(opt, "pagesize", &v))
		return str_to_size(v, &end) == HPAGE_SIZE && !*end ? 0 : -EINVAL;
	if (!mount_opt_is(opt, "nr_inodes", &v) || *v < '0' || *v > '9')
		return -EINVAL;
	err = mount_opt_size(v, 0, 0, &n);
	fs->tree.max_inodes = (unsigned long)n;
	fs->inodes_set = true;
	return err;
}

static void show_pages(char *buf, size_t size, size_t *n, const char *name, long pages)
{
	if (pages >= 0)
		*n += fmt_scnprintf(buf + *n, size - *n, ",%s=%llu", name,
				    (unsigned long long)pages << HPAGE_SHIFT);
}

static size_t huge_show_options(struct super_block *sb, char *buf, size_t size)
{
	const struct hugetlbfs *fs = hugetlbfs_of(sb);
	const struct mount_owner *o = &fs->tree.owner;
	size_t n = 0;

	buf[0] = '\0';
	if (o->uid)
		n += fmt_scnprintf(buf + n, size - n, ",uid=%u", o->uid);
	if (o->gid)
		n += fmt_scnprintf(buf + n, size - n, ",gid=%u", o->gid);
	if (o->mode != ROOT_MODE)
		n += fmt_scnprintf(buf + n, size - n, ",mode=%o", o->mode);
	if (fs->inodes_set)
		n += fmt_scnprintf(buf + n, size - n, ",nr_inodes=%lu", fs->tree.max_inodes);
	n += fmt_scnprintf(buf + n, size - n, ",pagesize=%luM", HPAGE_SIZE >> 20);
	show_pages(buf, size, &n, "size", fs->max);
	show_pages(buf, size, &n, "min_size", fs->min);
	return n;
}

/* Blocks and inodes are shown of a mount with limits only, as on Linux. */
static int huge_statfs(struct super_block *sb, struct statfs_k *out)
{
	struct hugetlbfs *fs = hugetlbfs_of(sb);
	uint64_t inodes = (uint64_t)atomic_long_read(&fs->tree.nr_inodes);
	long max, used;

	*out = (struct statfs_k){ .type = sb->magic,
				  .bsize = HPAGE_SIZE,
				  .frsize = HPAGE_SIZE,
				  .namelen = VFS_NAME_MAX };
	if (!fs->space)
		return 0;
	hugetlb_space_stat(fs->space, &max, &used);
	out->blocks = (uint64_t)max;
	out->bfree = out->bavail = (uint64_t)(max < 0 ? max : max - used);
	out->files = fs->inodes_set ? fs->tree.max_inodes : UINT64_MAX;
	out->ffree = fs->inodes_set ? fs->tree.max_inodes - inodes : UINT64_MAX;
	return 0;
}

static void huge_free(struct super_block *sb)
{
	struct hugetlbfs *fs = sb->private ? hugetlbfs_of(sb) : NULL;

	if (fs)
		hugetlb_space_release(fs->space);
	kfree(fs);
}

static const struct super_ops huge_super_ops = { .evict = tmpfs_evict,
						 .statfs = huge_statfs,
						 .kill = tmpfs_kill,
						 .free = huge_free,
						 .show_options = huge_show_options };

static int fill_super(struct super_block *sb, const char *data)
{
	struct hugetlbfs *fs = failpoint("hugetlbfs") ? NULL : kzalloc(sizeof(*fs), GFP_KERNEL);
	const struct cred *cred = current_task()->cred;
	int err;

	if (!fs)
		return -ENOMEM;
	sb->private = &fs->tree;
	fs->tree.files = &huge_files;
	fs->tree.owner = (struct mount_owner){ ROOT_MODE, cred->fsuid, cred->fsgid };
	fs->max = fs->min = -1;
	err = mount_opts_each(data, parse_option, fs);
	if (err)
		return err;
	fs->tree.owner.mode &= 01777;
	if (fs->max >= 0 && fs->min > fs->max)
		return -EINVAL;
	if (fs->max >= 0 || fs->min >= 0) {
		fs->space = hugetlb_space_create(fs->max, fs->min);
		if (!fs->space)
			return -ENOMEM;
	}
	return fs->inodes_set && !fs->tree.max_inodes ? -ENOMEM : tmpfs_make_root(sb);
}

static int huge_mount(const struct fs_type *type, unsigned long flags, const char *source,
		      const char *data, struct super_block **out)
{
	struct super_block *sb = super_alloc(type, &huge_super_ops);
	int err;

	if (!sb)
		return -ENOMEM;
	sb->flags = flags & MS_RDONLY;
	sb->magic = HUGETLBFS_MAGIC;
	sb->blksize = HPAGE_SIZE;
	err = fill_super(sb, data);
	if (err)
		super_put(sb);
	else
		*out = sb;
	return err;
}

static struct fs_type hugetlbfs_type = { .name = "hugetlbfs", .nodev = true, .mount = huge_mount };

void hugetlbfs_init(void)
{
	static struct super_ops in_no_tree;
	struct super_block *sb;

	in_no_tree = huge_super_ops;
	in_no_tree.dname = unnamed_dname;

	fs_register(&hugetlbfs_type);
	boot_need(huge_mount(&hugetlbfs_type, 0, "hugetlbfs", NULL, &sb), "file system ",
		  "hugetlbfs");
	sb->ops = &in_no_tree;
	hugetlb_dev_minor = MINOR(sb->dev);
	hugetlbfs_mount = mount_detached(sb, "hugetlbfs");
	boot_need(hugetlbfs_mount ? 0 : -ENOMEM, "mount of ", "hugetlbfs");
}
