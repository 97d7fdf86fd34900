/*
 * The newc cpio parser: a state machine over a byte stream, for archives of any size in memory of one name.
 *
 * I1       in CPIO_HEAD, have < 110 bytes of the header are collected; in CPIO_NAME, have < name_len.
 * I2       entry.name is NUL-terminated and shorter than CPIO_NAME_MAX whenever begin is called.
 * I3       after an error the state is CPIO_BROKEN and nothing is called again.
 * FORMAT   "070701" or "070702", then 13 fields of 8 hexadecimal digits; name with NUL, padded to 4 from the header's
 *          start; data, padded to 4. The name TRAILER!!! ends an archive; zeroes may follow, then another archive.
 * CONTEXT  any: no allocation, no lock.
 * FAILS    -EINVAL: bad magic, bad digit, name of length 0 or too long or without its NUL.
 * SOURCES  Linux Documentation/driver-api/early-userspace/buffer-format.rst.
 * TESTED BY cpio_test.c, sim/fuzz_cpio.c
 */
#include "fs/cpio.h"

#include "base/errno.h"
#include "lib/string.h"

enum { NR_FIELDS = 13, FIELD_DIGITS = 8, MAGIC_LEN = 6 };

void cpio_init(struct cpio *c, const struct cpio_ops *ops, void *arg)
{
	c->ops = ops;
	c->arg = arg;
	c->state = CPIO_PAD;
	c->offset = 0;
	c->have = 0;
}

bool cpio_idle(const struct cpio *c)
{
	return c->state == CPIO_PAD;
}

static int hex_digit(char ch)
{
	if (ch >= '0' && ch <= '9')
		return ch - '0';
	if (ch >= 'a' && ch <= 'f')
		return ch - 'a' + 10;
	return ch >= 'A' && ch <= 'F' ? ch - 'A' + 10 : -1;
}

static int parse_header(struct cpio *c)
{
	struct cpio_entry *e = &c->entry;
	uint32_t v[NR_FIELDS];
	const char *p = c->header + MAGIC_LEN;
	unsigned i, j;

	if (memcmp(c->header, "07070", 5) || (c->header[5] != '1' && c->header[5] != '2'))
		return -EINVAL;
	for (i = 0; i < NR_FIELDS; i++) {
		for (v[i] = 0, j = 0; j < FIELD_DIGITS; j++) {
			int d = hex_digit(*p++);

			if (d < 0)
				return -EINVAL;
			v[i] = v[i] << 4 | (uint32_t)d;
		}
	}
	*e = (struct cpio_entry){ .ino = v[0],
				  .mode = v[1],
				  .uid = v[2],
				  .gid = v[3],
				  .nlink = v[4],
				  .mtime = v[5],
				  .size = v[6],
				  .major = v[7],
				  .minor = v[8],
				  .rmajor = v[9],
				  .rminor = v[10],
				  .name = c->name };
	if (v[11] == 0 || v[11] > CPIO_NAME_MAX)
		return -EINVAL;
	c->name_len = v[11];
	return 0;
}

/* Collect up to @want bytes in @to. Return: bytes taken. */
static size_t collect(struct cpio *c, char *to, size_t want, const char *p, size_t len)
{
	size_t n = min_of(size_t, want - c->have, len);

	memcpy(to + c->have, p, n);
	c->have += n;
	return n;
}

static int name_done(struct cpio *c)
{
	if (c->name[c->name_len - 1] != '\0')
		return -EINVAL;
	c->state = CPIO_NAME_PAD;
	return 0;
}

/* Name and padding are over: the entry begins. */
static int entry_begin(struct cpio *c)
{
	int err;

	if (!strcmp(c->name, "TRAILER!!!")) {
		c->state = CPIO_PAD;
		c->offset = 0;
		return c->ops->trailer(c->arg);
	}
	err = c->ops->begin(c->arg, &c->entry);
	if (err)
		return err;
	c->left = c->entry.size;
	c->state = CPIO_DATA;
	return 0;
}

static int entry_end(struct cpio *c)
{
	c->state = CPIO_DATA_PAD;
	return c->ops->end(c->arg);
}

/* Skip to the next multiple of four. Return: bytes skipped; *done when there. */
static size_t pad(const struct cpio *c, size_t len, bool *done)
{
	size_t n = (size_t)(-c->offset & 3);

	*done = n <= len;
	return min_of(size_t, n, len);
}

/* Between archives: zeroes. */
static size_t skip_zeroes(struct cpio *c, const char *p, size_t len)
{
	size_t n = 0;

	while (n < len && !p[n])
		n++;
	if (n < len && p[n] == '0') {
		c->state = CPIO_HEAD;
		c->have = 0;
		c->offset = -(uint64_t)n; /* the archive's first byte has offset 0 */
	}
	return n;
}

/* One state's share of the bytes. Return: bytes taken; *err. */
static size_t step(struct cpio *c, const char *p, size_t len, int *err)
{
	size_t n;
	bool done;

	switch (c->state) {
	case CPIO_PAD:
		return skip_zeroes(c, p, len);
	case CPIO_HEAD:
		n = collect(c, c->header, CPIO_HEADER, p, len);
		if (c->have == CPIO_HEADER) {
			*err = parse_header(c);
			c->state = CPIO_NAME;
			c->have = 0;
		}
		return n;
	case CPIO_NAME:
		n = collect(c, c->name, c->name_len, p, len);
		if (c->have == c->name_len)
			*err = name_done(c);
		return n;
	case CPIO_NAME_PAD:
		n = pad(c, len, &done);
		if (done)
			*err = entry_begin(c);
		return n;
	case CPIO_DATA:
		n = (size_t)min_of(uint64_t, c->left, len);
		if (n)
			*err = c->ops->data(c->arg, p, n);
		c->left -= n;
		if (!*err && !c->left)
			*err = entry_end(c);
		return n;
	case CPIO_DATA_PAD:
		n = pad(c, len, &done);
		if (done) {
			c->state = CPIO_HEAD;
			c->have = 0;
		}
		return n;
	default:
		*err = -EINVAL;
		return 0;
	}
}

int cpio_feed(struct cpio *c, const void *data, size_t len, size_t *used)
{
	const char *p = data;
	size_t done = 0;
	int err = 0;

	for (;;) { /* also without bytes: an empty file has begin and end */
		enum cpio_state before = c->state;
		size_t n = step(c, p + done, len - done, &err);

		c->offset += n;
		done += n;
		if (err || (!n && c->state == before))
			break;
	}
	*used = done;
	if (err)
		c->state = CPIO_BROKEN;
	return err;
}
