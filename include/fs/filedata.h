/* Calls on the data of an open file as a whole: its room, its end, advice, and getting it to the store. */
#ifndef FS_FILEDATA_H
#define FS_FILEDATA_H

#include "fs/path.h"
#include "mm/cachestat.h"

struct super_block;

/* fallocate(2) */
enum {
	FALLOC_FL_KEEP_SIZE = 0x01,
	FALLOC_FL_PUNCH_HOLE = 0x02,
	FALLOC_FL_NO_HIDE_STALE = 0x04,
	FALLOC_FL_COLLAPSE_RANGE = 0x08,
	FALLOC_FL_ZERO_RANGE = 0x10,
	FALLOC_FL_INSERT_RANGE = 0x20,
	FALLOC_FL_UNSHARE_RANGE = 0x40,
};
/* How an object in memory makes and drops its pages in [off, end); @grow: its size too. inode->lock is held. */
struct space_ops {
	int (*punch)(struct address_space *m, uint64_t off, uint64_t end);
	int (*allocate)(struct address_space *m, uint64_t off, uint64_t end, bool grow);
};
/* file_ops.fallocate of such an object. */
int must_check fallocate_in_memory(struct file *f, unsigned mode, uint64_t off, uint64_t len,
				   const struct space_ops *ops);
int must_check file_fallocate(struct file *f, unsigned mode, int64_t off, int64_t len);

/* truncate(2), ftruncate(2) */
int must_check path_truncate(const struct path_ref *p, int64_t size);
int must_check file_truncate(struct file *f, int64_t size);

/* posix_fadvise(2); readahead(2) asks for WILLNEED. @len 0: to the end. */
enum {
	POSIX_FADV_NORMAL,
	POSIX_FADV_RANDOM,
	POSIX_FADV_SEQUENTIAL,
	POSIX_FADV_WILLNEED,
	POSIX_FADV_DONTNEED,
	POSIX_FADV_NOREUSE,
};
int must_check file_advise(struct file *f, int64_t off, int64_t len, int advice);
int must_check file_readahead(struct file *f, int64_t off, int64_t count);

/* fsync(2), fdatasync(2), sync_file_range(2), syncfs(2), sync(2) */
enum {
	SYNC_FILE_RANGE_WAIT_BEFORE = 1,
	SYNC_FILE_RANGE_WRITE = 2,
	SYNC_FILE_RANGE_WAIT_AFTER = 4,
};
int must_check file_sync(struct file *f, bool data_only);
int must_check file_sync_range(struct file *f, int64_t off, int64_t nbytes, unsigned flags);
int must_check file_sync_super(struct file *f);
void sync_all(void);
/* What pwritev2(2) and io_submit(2) ask of one write that has moved @ret bytes, from @pos on (NULL: where the file stood). Return: @ret, or
 * what the store says; a failed write stays one. */
enum { RWF_HIPRI = 1, RWF_DSYNC = 2, RWF_SYNC = 4 };
long must_check file_write_through(struct file *f, long ret, const int64_t *pos, unsigned rwf);

/* cachestat(2): -EPERM for who may neither write the file nor owns it, -EOPNOTSUPP of huge pages. @len 0: to the end. */
int must_check file_cachestat(struct file *f, uint64_t off, uint64_t len,
			      struct mapping_counts *out);

#endif
