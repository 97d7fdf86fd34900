/* libFuzzer target: the readers of traces. The first byte chooses the format, or none; the rest is the file, compressed or not. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sim/replay/replay.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = { NULL,   "plain",	      "lackey", "address", "memtrace",
				     "arc",  "drmemtrace",    "ftrace", "msr",	   "csv",
				     "lirs", "oracleGeneral", "mnemos" };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ref refs[64];
	struct columns c = { .delim = ',', .addr = 1, .size = 2, .op = 3 };
	const char *error;
	struct trace *t;
	char path[32];
	int fd, n = 0;

	if (!size)
		return 0;
	fd = memfd_create("trace", 0);
	if (fd < 0 || write(fd, data + 1, size - 1) != (ssize_t)(size - 1))
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	c.header = data[0] & 0x80;
	t = trace_open(path, names[data[0] % (sizeof(names) / sizeof(names[0]))], &c, 12, &error);
	for (int rounds = 0; t && rounds < 2000 && (n = trace_next(t, refs, 64)) > 0; rounds++)
		;
	if (t && n < 0 && !*trace_error(t))
		abort(); /* an error says what it is */
	if (t)
		trace_close(t);
	close(fd);
	return 0;
}
