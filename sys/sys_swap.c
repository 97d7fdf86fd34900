/*
 * swapon(2) and swapoff(2): from a path to a swap area.
 *
 * OWNS     which open file each area is on.
 * WHY      whatever a file's operations can swap on is an area: a block device, a file of a disk. The file stays open as
 *          long, so the object stays.
 * LOCKS    areas_lock (mutex, rank MODULE: files are opened and closed, devices read inside) over all of swapon's and swapoff's changes of the table; not while an area is emptied.
 * CONTEXT  a task; sleeps.
 * FAILS    as swapon(2) ERRORS: EBUSY, EINVAL, ENFILE, ENOENT, ENOMEM, EPERM.   TESTED BY tests/guest/mem_swap.c
 */
#include "base/errno.h"
#include "fs/file.h"
#include "fs/path.h"
#include "fs/proc.h"
#include "kernel/cred.h"
#include "mm/slab.h"
#include "mm/swap.h"
#include "sync/mutex.h"
#include "sys/sys.h"
#include "uapi/stat.h"

enum {
	FLAGS_VALID = SWAP_FLAG_PREFER | SWAP_FLAG_PRIO_MASK | SWAP_FLAG_DISCARD |
		      SWAP_FLAG_DISCARD_ONCE | SWAP_FLAG_DISCARD_PAGES
};

struct area {
	struct file *file; /* NULL: none */
	struct swapdev *dev;
	char *name;
	bool leaving;
};
static struct area areas[MAX_SWAPFILES];
static struct mutex areas_lock = MUTEX_INIT(areas_lock, RANK_MODULE);

static bool same_object(const struct inode *a, const struct inode *b)
{
	return a == b || (S_ISBLK(a->mode) && S_ISBLK(b->mode) && a->rdev == b->rdev);
}

/* The number of the area on @inode, or -1. areas_lock held. */
static int find_area(const struct inode *inode)
{
	for (int i = 0; i < MAX_SWAPFILES; i++) {
		if (areas[i].file && same_object(areas[i].file->inode, inode))
			return i;
	}
	return -1;
}

/* The path that /proc/swaps shows. NULL: no memory. */
static char *name_of(const struct file *f)
{
	char *buf = kmalloc(PAGE_SIZE, GFP_KERNEL), *name;

	if (!buf)
		return NULL;
	if (path_format(&f->path, buf, PAGE_SIZE) < 0)
		buf[0] = 0;
	name = kstrdup(buf, GFP_KERNEL);
	kfree(buf);
	return name;
}

/* The file swaps from now on. areas_lock held. */
static int area_on(struct file *f, int flags)
{
	struct area a = { .file = f };
	unsigned type;
	int err;

	if (find_area(f->inode) >= 0)
		return -EBUSY;
	if (!f->ops->swap_on)
		return -EINVAL;
	a.name = name_of(f);
	if (!a.name)
		return -ENOMEM;
	err = f->ops->swap_on(f, &a.dev);
	if (!err) {
		a.dev->name = a.name;
		err = swap_area_on(a.dev, flags, &type);
		if (err)
			f->ops->swap_off(f, a.dev);
	}
	if (err) {
		kfree(a.name);
		return err;
	}
	areas[type] = a;
	fget_file(f);
	return 0;
}

static int open_area(uaddr_t name, struct file **out)
{
	struct path_ref path;
	int err = user_path(AT_FDCWD, name, LOOKUP_FOLLOW, &path);

	if (err)
		return err;
	err = -EINVAL;
	if (S_ISBLK(path.dentry->inode->mode) || S_ISREG(path.dentry->inode->mode))
		err = file_open_path(&path, O_RDWR | O_LARGEFILE, out);
	path_put(&path);
	return err;
}

SYS(swapon)
{
	struct file *f;
	int err;

	if ((int)a1 & ~FLAGS_VALID)
		return -EINVAL;
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	err = open_area(a0, &f);
	if (err)
		return err;
	mutex_lock(&areas_lock);
	err = area_on(f, (int)a1);
	mutex_unlock(&areas_lock);
	if (!err)
		proc_swaps_changed();
	fput(f);
	return err;
}

/* The number of the area on the object @name, which the caller is to empty alone. -EINVAL: there is none. */
static int claim_area(uaddr_t name)
{
	struct path_ref path;
	int type, err = user_path(AT_FDCWD, name, LOOKUP_FOLLOW, &path);

	if (err)
		return err;
	mutex_lock(&areas_lock);
	type = find_area(path.dentry->inode);
	if (type >= 0 && !areas[type].leaving)
		areas[type].leaving = true;
	else
		type = -EINVAL;
	mutex_unlock(&areas_lock);
	path_put(&path);
	return type;
}

/* The area is gone, or (@err) it stays. */
static void end_area(int type, int err)
{
	struct area a;

	mutex_lock(&areas_lock);
	a = areas[type];
	areas[type].leaving = false;
	if (!err)
		areas[type].file = NULL;
	mutex_unlock(&areas_lock);
	if (err)
		return;
	a.file->ops->swap_off(a.file, a.dev);
	kfree(a.name);
	fput(a.file);
}

SYS(swapoff)
{
	int type, err;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	type = claim_area(a0);
	if (type < 0)
		return type;
	err = swap_area_off((unsigned)type);
	end_area(type, err);
	if (!err)
		proc_swaps_changed();
	return err;
}
