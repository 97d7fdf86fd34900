/* libFuzzer target: the cpio parser, the first byte of the input being the size of the pieces. */
#include <stdlib.h>
#include <string.h>

#include "fs/cpio.h"

static struct cpio parser;
static uint64_t open_bytes; /* data bytes the current entry may still have */
static bool in_entry;

static int on_begin(void *arg, const struct cpio_entry *e)
{
	(void)arg;
	if (in_entry || strlen(e->name) >= CPIO_NAME_MAX)
		abort();
	in_entry = true;
	open_bytes = e->size;
	return 0;
}

static int on_data(void *arg, const void *p, size_t len)
{
	volatile uint8_t sum = 0;

	(void)arg;
	if (!in_entry || len > open_bytes || !len)
		abort();
	for (size_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + ((const uint8_t *)p)[i]);
	open_bytes -= len;
	return 0;
}

static int on_end(void *arg)
{
	(void)arg;
	if (!in_entry || open_bytes)
		abort();
	in_entry = false;
	return 0;
}

static int on_trailer(void *arg)
{
	(void)arg;
	if (in_entry)
		abort();
	return 0;
}

static const struct cpio_ops ops = { on_begin, on_data, on_end, on_trailer };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t piece, done = 1, used;

	if (size < 2)
		return 0;
	piece = data[0] ? data[0] : 256;
	in_entry = false;
	cpio_init(&parser, &ops, NULL);
	while (done < size) {
		size_t n = size - done < piece ? size - done : piece;
		uint8_t *copy = malloc(n);
		int err;

		memcpy(copy, data + done, n);
		err = cpio_feed(&parser, copy, n, &used);
		free(copy);
		if (used > n)
			abort();
		if (err || used < n)
			break;
		done += n;
	}
	return 0;
}
