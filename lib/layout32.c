/*
 * Structures of 32-bit programs: places and values of members in both ABIs, from one string.
 *
 * OWNS     nothing; pure.
 * WHY      some forty structures differ only in the width of long: a table of strings is read, a pair of functions for each
 *          is not.
 * I1       members of both forms are visited in one order; padding is never read, and is zero where it is written.
 * SOURCES  System V ABI, i386 and AMD64 supplements, "Data Representation".   TESTED BY  lib/layout32_test.c
 */
#include "lib/layout32.h"

#include "lib/string.h"

/* Where the next member is in both forms; align: the strictest one of the native form so far. */
struct places {
	size_t wide, narrow, align;
};

struct member {
	size_t wide, narrow; /* bytes */
	bool is_signed;
};

static struct member member_of(char c)
{
	switch (c) {
	case 'l':
		return (struct member){ sizeof(long), 4, true };
	case 'p':
		return (struct member){ sizeof(long), 4, false };
	case 'i':
		return (struct member){ 4, 4, false };
	case 's':
		return (struct member){ 2, 2, false };
	case 'q':
		return (struct member){ 8, 8, false };
	default:
		return (struct member){ 1, 1, false };
	}
}

/* The next member of *layout, *count of them. */
static struct member next_member(const char **layout, unsigned *count)
{
	*count = 0;
	for (; **layout >= '0' && **layout <= '9'; (*layout)++)
		*count = *count * 10 + (unsigned)(**layout - '0');
	if (!*count)
		*count = 1;
	return member_of(*(*layout)++);
}

static void align_to(struct places *at, const struct member *m)
{
	size_t wide = m->wide > sizeof(long) ? sizeof(long) : m->wide,
	       narrow = m->narrow > 4 ? 4 : m->narrow;

	at->wide = (at->wide + wide - 1) & ~(wide - 1);
	at->narrow = (at->narrow + narrow - 1) & ~(narrow - 1);
	if (narrow > at->align)
		at->align = narrow;
}

static void step(struct places *at, const struct member *m)
{
	at->wide += m->wide;
	at->narrow += m->narrow;
}

size_t layout32_size(const char *layout)
{
	struct places at = { 0, 0, 1 };
	unsigned n;

	while (*layout) {
		struct member m = next_member(&layout, &n);

		align_to(&at, &m);
		at.narrow += n * m.narrow;
	}
	return (at.narrow + at.align - 1) & ~(at.align - 1);
}

static void widen(char *to, const char *from, const struct member *m)
{
	memcpy(to, from, m->narrow);
	if (m->wide > m->narrow)
		memset(to + m->narrow, m->is_signed && from[m->narrow - 1] < 0 ? 0xff : 0,
		       m->wide - m->narrow);
}

void layout32_widen(void *native, const void *narrow, const char *layout)
{
	struct places at = { 0, 0, 1 };
	unsigned n;

	while (*layout) {
		struct member m = next_member(&layout, &n);

		align_to(&at, &m);
		for (; n--; step(&at, &m))
			widen((char *)native + at.wide, (const char *)narrow + at.narrow, &m);
	}
}

void layout32_narrow(void *narrow, const void *native, const char *layout)
{
	struct places at = { 0, 0, 1 };
	unsigned n;

	memset(narrow, 0, layout32_size(layout));
	while (*layout) {
		struct member m = next_member(&layout, &n);

		align_to(&at, &m);
		for (; n--; step(&at, &m))
			memcpy((char *)narrow + at.narrow, (const char *)native + at.wide,
			       m.narrow);
	}
}
