/*
 * Start of the file systems: the order in which the rooms of fs/ wake up.
 *
 * CONTEXT  boot, one CPU, after the slab allocator and the scheduler's first thread.
 */
#include "fs/fs.h"
#include "fs/aio.h"
#include "fs/event.h"

#include "fs/epoll.h"
#include "fs/inotify.h"
#include "fs/lock.h"
#include "fs/proc.h"
#include "mm/shrinker.h"
#include "mm/vmevent.h"
#include "vfs_impl.h"

int sysctl_vfs_cache_pressure = 100;

/* What reclaim may take, as the administrator weighs it. */
static unsigned long unused_dentries(void)
{
	uint64_t unused = dcache_count().unused;

	return (unsigned long)min_of(
		uint64_t, unused * (unsigned)READ_ONCE(sysctl_vfs_cache_pressure) / 100, LONG_MAX);
}

static unsigned long shrink_dentries(unsigned long nr, gfp_t gfp)
{
	return gfp & __GFP_FS ? dcache_shrink(nr) : 0;
}

static const struct shrinker dentry_shrinker = { .name = "dentry",
						 .count = unused_dentries,
						 .scan = shrink_dentries };

void caches_drop(void)
{
	count_vm_event(DROP_SLAB);
	while (dcache_shrink(1024) == 1024)
		;
	(void)shrink_caches(GFP_KERNEL);
}

static void caches_init(void)
{
	dcache_init();
	inode_init();
	file_init();
	fdtable_init();
	pipe_init();
	mount_init();
	must(register_shrinker(&dentry_shrinker) == 0);
}

void fs_init(void)
{
	caches_init();
	random_init();
	root_init();
	fs_register(&tmpfs_type);
	fs_register(&devtmpfs_type);
	anonfs_init();
	memfd_init();
	hugetlbfs_init();
	anon_file_init();
	epoll_init();
	inotify_init();
	lock_init();
	pipe_proc_init();
	fs_register(&ramfs_type);
	fs_register(&ext2_type);
	fs_register(&p9_type);
	chrdev_init();
	devtmpfs_init();
	proc_init();
	sysfs_init();
	memdev_init();
	blkdev_init();
	userfaultfd_init();
	aio_init();
}
