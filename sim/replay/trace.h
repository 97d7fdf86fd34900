/* Between trace.c, which has the lines, and formats.c, which knows what they mean. */
#ifndef SIM_REPLAY_TRACE_H
#define SIM_REPLAY_TRACE_H

#include "sim/replay/replay.h"

/* What a line means: pages [page, page + nr), each read, or written. nr 0: nothing. */
struct access {
	uint64_t page, nr;
	bool write;
	uint64_t lost; /* events that the recording lost here */
};

struct layout { /* how addresses and columns are to be read */
	unsigned page_shift;
	struct columns columns;
};

struct format {
	const char *name;
	/* Does this look like a line of it? NULL: never chosen by itself. */
	bool (*like)(const char *line);
	/* NULL, or what is wrong. *p is where the line begins; afterwards where the rest does, or the end of the line. */
	const char *(*parse)(const struct layout *l, const char **p, struct access *out);
};

extern const struct format formats[];
extern const unsigned nr_formats;
const struct format *format_by_name(const char *name);

#endif
