/* What /proc/self/maps says of a range, for tests to compare. After mem.h. */
#ifndef PICTURE_H
#define PICTURE_H

/* Lines of /proc/self/maps that touch [p, p + n pages), as "from-to perms offset name", from and to in pages after p. */
static const char *picture(const void *p, size_t n)
{
	static char text[65536], out[1000];
	unsigned long from = (unsigned long)p, to = from + n * PAGE, s, e, off;
	size_t len = 0;
	char perms[5], name[200];

	out[0] = '\0';
	if (tap_read("/proc/self/maps", text, sizeof(text)) < 0)
		return "?";
	for (char *l = strtok(text, "\n"); l; l = strtok(NULL, "\n")) {
		int at = 0;

		if (sscanf(l, "%lx-%lx %4s %lx %*x:%*x %*u%n", &s, &e, perms, &off, &at) < 4 ||
		    e <= from || s >= to)
			continue;
		if (sscanf(l + at, " %199s", name) < 1)
			name[0] = '\0';
		len += (size_t)snprintf(out + len, sizeof(out) - len, "%s%ld-%ld %s %lx%s%s",
					len ? ", " : "", (long)(s - from) / 4096,
					(long)(e - from) / 4096, perms, off / PAGE,
					name[0] ? " " : "", name);
	}
	return out;
}

#endif
