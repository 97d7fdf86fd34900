/*
 * Bytes of a file, with gzip and zstd undone by zlib and libzstd as they are found by their first bytes.
 *
 * OWNS     struct input.   FAILS  -1 and a message: unreadable, corrupt, cut off.   TESTED BY replay_test.c
 */
#include "sim/replay/replay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

enum { RAW = 1 << 17, GZIP_MAGIC = 0x1f /* its first byte */ };

struct input {
	int fd;
	bool end, inside; /* inside: in the middle of a compressed stream */
	enum { PLAIN, GZIP, ZSTD } kind;
	uint64_t done, size;
	size_t pos, len;
	z_stream z;
	ZSTD_DStream *zstd;
	char error[160];
	unsigned char raw[RAW];
};

static bool fill(struct input *in)
{
	ssize_t n;

	if (in->end || in->pos < in->len)
		return true;
	do
		n = read(in->fd, in->raw, RAW);
	while (n < 0 && errno == EINTR);
	if (n < 0) {
		snprintf(in->error, sizeof(in->error), "cannot be read: %s", strerror(errno));
		return false;
	}
	in->end = n == 0;
	in->pos = 0;
	in->len = (size_t)n;
	in->done += (uint64_t)n;
	return true;
}

static bool start(struct input *in)
{
	static const unsigned char gzip[] = { 0x1f, 0x8b }, zstd[] = { 0x28, 0xb5, 0x2f, 0xfd };

	if (!fill(in))
		return true; /* the first read says so */
	if (in->len >= sizeof(gzip) && !memcmp(in->raw, gzip, sizeof(gzip))) {
		in->kind = GZIP;
		return inflateInit2(&in->z, 15 + 16) == Z_OK;
	}
	if (in->len >= sizeof(zstd) && !memcmp(in->raw, zstd, sizeof(zstd))) {
		in->kind = ZSTD;
		in->zstd = ZSTD_createDStream();
		return in->zstd;
	}
	return true;
}

struct input *input_open(const char *path)
{
	struct input *in = calloc(1, sizeof(*in));
	struct stat st;

	if (!in)
		return NULL;
	in->fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC) : dup(STDIN_FILENO);
	if (in->fd < 0 || fstat(in->fd, &st) || !start(in)) {
		int err = in->fd < 0 || S_ISDIR(st.st_mode) ? errno : ENOMEM;

		input_close(in);
		errno = err;
		return NULL;
	}
	in->size = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
	return in;
}

static long fail(struct input *in, const char *what)
{
	snprintf(in->error, sizeof(in->error), "%s", what);
	return -1;
}

static long read_plain(struct input *in, void *buf, size_t n)
{
	size_t have = in->len - in->pos;

	if (have > n)
		have = n;
	memcpy(buf, in->raw + in->pos, have);
	in->pos += have;
	return (long)have;
}

/* Between members, and at the end, there may be zeroes: tapes and disks pad with them. Return: whether something follows. */
static bool skip_padding(struct input *in)
{
	while (in->pos < in->len && !in->raw[in->pos])
		in->pos++;
	return in->pos < in->len;
}

/* One step of inflate. Members may follow one another. */
static long read_gzip(struct input *in, void *buf, size_t n)
{
	int got;

	if (!in->inside && !skip_padding(in))
		return 0;
	if (!in->inside && in->raw[in->pos] != GZIP_MAGIC)
		return fail(in, "after the gzip data there is something else");
	in->z.next_in = in->raw + in->pos;
	in->z.avail_in = (unsigned)(in->len - in->pos);
	in->z.next_out = buf;
	in->z.avail_out = (unsigned)n;
	if (!in->inside && inflateReset(&in->z) != Z_OK)
		return fail(in, "zlib failed");
	got = inflate(&in->z, Z_NO_FLUSH);
	in->pos = in->len - in->z.avail_in;
	in->inside = got != Z_STREAM_END;
	if (got != Z_OK && got != Z_STREAM_END && got != Z_BUF_ERROR)
		return fail(in, "the gzip data are corrupt");
	return (long)(n - in->z.avail_out);
}

static long read_zstd(struct input *in, void *buf, size_t n)
{
	ZSTD_inBuffer from = { in->raw + in->pos, in->len - in->pos, 0 };
	ZSTD_outBuffer to = { buf, n, 0 };
	size_t got = ZSTD_decompressStream(in->zstd, &to, &from);

	if (ZSTD_isError(got))
		return fail(in, "the zstd data are corrupt");
	in->pos += from.pos;
	in->inside = got != 0;
	return (long)to.pos;
}

long input_read(struct input *in, void *buf, size_t n)
{
	static long (*const read_as[])(struct input *, void *, size_t) = { read_plain, read_gzip,
									   read_zstd };

	for (;;) {
		long got;

		if (!fill(in))
			return -1;
		if (in->end && in->kind == PLAIN)
			return 0;
		if (in->end && !in->inside)
			return 0;
		got = read_as[in->kind](in, buf, n);
		if (got)
			return got;
		if (in->end)
			return fail(in, "the compressed data end in the middle");
	}
}

const char *input_error(const struct input *in)
{
	return in->error;
}

void input_progress(const struct input *in, uint64_t *done, uint64_t *size)
{
	*done = in->done;
	*size = in->size;
}

void input_close(struct input *in)
{
	if (in->fd >= 0)
		close(in->fd);
	if (in->kind == GZIP)
		inflateEnd(&in->z);
	ZSTD_freeDStream(in->zstd);
	free(in);
}
