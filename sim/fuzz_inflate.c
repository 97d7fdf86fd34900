/* libFuzzer target: the gzip decoder. Half of the inputs get a valid header, so that the deflate data is reached. */
#include <stdlib.h>
#include <string.h>

#include "fs/inflate.h"
#include "sim/pieces.h"

enum { MAX_OUT = 1 << 22 };

static struct inflate z;
static size_t total;

static int sink(void *arg, const void *p, size_t len)
{
	volatile uint8_t sum = 0;

	(void)arg;
	for (size_t i = 0; i < len; i += 64)
		sum = (uint8_t)(sum + ((const uint8_t *)p)[i]);
	total += len;
	return total > MAX_OUT ? -1 : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t header[10] = { 0x1f, 0x8b, 8 };
	struct input in = { .s.fill = next_piece };
	uint8_t *buf;

	if (size < 1)
		return 0;
	buf = malloc(size + sizeof(header));
	in.piece = (size_t)(data[0] >> 1) + 1;
	in.p = buf;
	if (data[0] & 1) {
		memcpy(buf, header, sizeof(header));
		in.left = sizeof(header);
	}
	memcpy(buf + in.left, data + 1, size - 1);
	in.left += size - 1;
	total = 0;
	(void)!inflate_gzip(&z, &in.s, sink, NULL);
	free(in.copy);
	free(buf);
	return 0;
}
