/* Figures of /proc. */
#ifndef FIGURE_H
#define FIGURE_H

#include "tap.h"

/* The number after @label, in the first line of @path that begins with it after @from (NULL: of all); -1: none. */
static long figure_after(const char *path, const char *from, const char *label)
{
	static char text[1 << 17];
	char *p = text;

	if (tap_read(path, text, sizeof(text)) < 0)
		return -1;
	if (from)
		p = strstr(text, from);
	while (p && strncmp(p, label, strlen(label)) != 0) {
		p = strchr(p, '\n');
		p = p ? p + 1 : NULL;
	}
	return p ? strtol(p + strlen(label), NULL, 10) : -1;
}

#endif
