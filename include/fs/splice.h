/* Bytes between files and pipes without a user buffer: splice(2), tee(2), sendfile(2), copy_file_range(2). */
#ifndef FS_SPLICE_H
#define FS_SPLICE_H

#include "fs/file.h"

enum { SPLICE_F_MOVE = 1, SPLICE_F_NONBLOCK = 2, SPLICE_F_MORE = 4, SPLICE_F_GIFT = 8 };

/* Offsets: NULL: the file's own position. The files are open for what is done with them. Bytes, or as the man pages say. */
long file_splice(struct file *in, int64_t *off_in, struct file *out, int64_t *off_out, size_t len,
		 unsigned flags);
long file_tee(struct file *in, struct file *out, size_t len, unsigned flags);
long file_send(struct file *out, struct file *in, int64_t *off, size_t len);
long file_copy_range(struct file *in, int64_t *off_in, struct file *out, int64_t *off_out,
		     size_t len);
/* FICLONE of @in to @out. -EXDEV, -EISDIR, -EINVAL, -EBADF, -EOPNOTSUPP. */
long file_clone(const struct file *in, const struct file *out);

#endif
