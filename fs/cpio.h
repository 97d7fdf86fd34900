/* The "newc" archive format of initramfs images: a parser that sees a stream of bytes. Pure: no I/O, no allocation. */
#ifndef FS_CPIO_H
#define FS_CPIO_H

#include "base/compiler.h"
#include "base/types.h"

enum { CPIO_NAME_MAX = 4096, CPIO_HEADER = 110 };

struct cpio_entry {
	uint32_t ino, mode, uid, gid, nlink, mtime;
	uint64_t size;
	uint32_t major, minor, rmajor, rminor;
	const char *name; /* NUL-terminated; valid during the call */
};

/* What the parser calls. Each returns 0 to go on, or a negative errno that ends parsing. */
struct cpio_ops {
	int (*begin)(void *arg, const struct cpio_entry *e); /* before data and end */
	int (*data)(void *arg, const void *p, size_t len);
	int (*end)(void *arg);
	int (*trailer)(void *arg); /* one archive of several is complete */
};

enum cpio_state {
	CPIO_PAD,
	CPIO_HEAD,
	CPIO_NAME,
	CPIO_NAME_PAD,
	CPIO_DATA,
	CPIO_DATA_PAD,
	CPIO_BROKEN
};

struct cpio {
	const struct cpio_ops *ops;
	void *arg;
	enum cpio_state state;
	uint64_t offset; /* bytes taken from the archive's start: alignment counts from there */
	size_t have;	 /* bytes of the header or name collected */
	size_t name_len; /* NUL included */
	uint64_t left;	 /* data bytes to come */
	struct cpio_entry entry;
	char header[CPIO_HEADER];
	char name[CPIO_NAME_MAX];
};

void cpio_init(struct cpio *c, const struct cpio_ops *ops, void *arg);
/**
 * cpio_feed - take the next bytes of the stream.
 * @used: how many were taken. Less than @len only between archives: zeroes are skipped, another byte than '0' is not
 *        cpio and is left to the caller (it may begin a compressed archive).
 * Return: 0, -EINVAL when it is no newc archive, or what a callback returned.
 */
int must_check cpio_feed(struct cpio *c, const void *data, size_t len, size_t *used);
/* Between two archives: nothing has begun that is not complete. */
bool cpio_idle(const struct cpio *c);

#endif
