/* Memory gets short, and nobody is harmed by it: what is filled is given up at once. */
#ifndef GIVE_UP_H
#define GIVE_UP_H

#include "mem.h"

enum { ADV_FREE = 8 };

/* @arg: free pages, size_t. Twice as many go through. Return: 0; 3: a page is neither what it was nor zeroes. */
static int fill_and_give_up(void *arg)
{
	size_t chunk = 256, chunks = *(size_t *)arg / chunk * 2;

	for (size_t c = 0; c < chunks; c++) {
		char *p = anon(chunk, RW);

		if (p == MAP_FAILED)
			return 1;
		for (size_t i = 0; i < chunk; i++)
			p[i * PAGE] = (char)(c + 1);
		if (madvise(p, chunk * PAGE, ADV_FREE))
			return 2;
		for (size_t i = 0; i < chunk; i += 64) /* as it was, or nothing */
			if (p[i * PAGE] != (char)(c + 1) && p[i * PAGE] != 0)
				return 3;
	}
	return 0;
}

#endif
