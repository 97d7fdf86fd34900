/* Messages of the protocol 9P2000.L: numbers in little-endian order, strings with their length before them. */
#ifndef FS_P9_WIRE_H
#define FS_P9_WIRE_H

#include "base/compiler.h"
#include "base/types.h"

/* A request; its answer is the number behind it. */
enum p9_type {
	P9_RLERROR = 7,
	P9_STATFS = 8,
	P9_LOPEN = 12,
	P9_LCREATE = 14,
	P9_SYMLINK = 16,
	P9_MKNOD = 18,
	P9_READLINK = 22,
	P9_GETATTR = 24,
	P9_SETATTR = 26,
	P9_READDIR = 40,
	P9_FSYNC = 50,
	P9_LINK = 70,
	P9_MKDIR = 72,
	P9_RENAMEAT = 74,
	P9_UNLINKAT = 76,
	P9_VERSION = 100,
	P9_ATTACH = 104,
	P9_WALK = 110,
	P9_READ = 116,
	P9_WRITE = 118,
	P9_CLUNK = 120
};
enum { P9_HEADER = 7 /* size[4] type[1] tag[2] */, P9_NOTAG = 0xffff };
#define P9_NOFID UINT32_MAX

struct p9_qid { /* which object it is */
	uint8_t type;
	uint32_t version;
	uint64_t path;
};

struct p9_str { /* inside a message, without NUL */
	const char *s;
	unsigned len;
};

struct p9_buf {
	uint8_t *data;
	uint32_t at, size; /* size: room, or bytes that came */
	bool bad;	   /* something did not fit, or was not there */
};

/*
 * By letter: b w d q: 8, 16, 32, 64 bits (int, int, uint32_t, uint64_t); s: const struct p9_str *. What does not fit makes the
 * message bad.
 */
void p9_put(struct p9_buf *b, const char *letters, ...);
void p9_vput(struct p9_buf *b, const char *letters, va_list ap);
/* The same with pointers to where it goes; and Q: struct p9_qid *. 0, -EIO: it is not there. */
int must_check p9_get(struct p9_buf *b, const char *letters, ...);
void p9_begin(struct p9_buf *b, enum p9_type type, unsigned tag);
void p9_end(struct p9_buf *b, uint32_t more); /* the length, with what comes behind it */
/*
 * Is what came, @got bytes, of which a device may have counted some elsewhere, the answer to @type with @tag? 0 with b->at behind
 * the header; the server's error; -EIO: no such thing.
 */
int must_check p9_check(struct p9_buf *b, uint32_t got, enum p9_type type, unsigned tag);
/* A name that a directory may have: not empty, no slash, no NUL, not too long. */
bool p9_name_ok(const struct p9_str *name);

#endif
