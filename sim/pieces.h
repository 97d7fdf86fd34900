/* A source of bytes in pieces, for tests of those who read through struct byte_source. */
#ifndef SIM_PIECES_H
#define SIM_PIECES_H

#include "fs/inflate.h"
#include <stdlib.h>
#include <string.h>

struct input {
	struct byte_source s;
	const uint8_t *p;
	size_t left, piece;
	uint8_t *copy; /* exact size: the sanitizer sees every byte too far */
};

static bool next_piece(struct byte_source *s)
{
	struct input *in = (struct input *)s;
	size_t n = in->left < in->piece ? in->left : in->piece;

	free(in->copy);
	in->copy = NULL;
	if (!n)
		return false;
	in->copy = malloc(n);
	memcpy(in->copy, in->p, n);
	in->p += n;
	in->left -= n;
	s->p = in->copy;
	s->end = in->copy + n;
	return true;
}

#endif
