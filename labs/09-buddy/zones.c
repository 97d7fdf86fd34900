/* /proc/zoneinfo, buddyinfo and pagetypeinfo taken apart. */
#include "tap.h"

#include "buddy.h"

static char text[1 << 16];

static void protections(struct zone *z, const char *s)
{
	z->nr_protection = 0;
	while (*s && *s != ')' && z->nr_protection < MAX_ZONES) {
		char *end;

		z->protection[z->nr_protection++] = strtol(s, &end, 10);
		s = *end == ',' ? end + 2 : end;
	}
}

/* A line of the zone's part. Lists of later CPUs are not taken: the first "count:" is CPU 0's. */
static void zone_line(struct zone *z, const char *line)
{
	long v;

	if (sscanf(line, " pages free %ld", &v) == 1)
		z->free = v;
	else if (sscanf(line, " min %ld", &v) == 1)
		z->min = v;
	else if (sscanf(line, " low %ld", &v) == 1)
		z->low = v;
	else if (sscanf(line, " high %ld", &v) == 1)
		z->high = v;
	else if (sscanf(line, " managed %ld", &v) == 1)
		z->managed = v;
	else if (sscanf(line, " start_pfn: %ld", &v) == 1)
		z->start = v;
	else if (z->pcp_count < 0 && sscanf(line, " count: %ld", &v) == 1)
		z->pcp_count = v;
	else if (z->pcp_high < 0 && sscanf(line, " high: %ld", &v) == 1)
		z->pcp_high = v;
	else if (z->pcp_batch < 0 && sscanf(line, " batch: %ld", &v) == 1)
		z->pcp_batch = v;
	else if (strstr(line, "protection: ("))
		protections(z, strchr(line, '(') + 1);
}

static int read_zoneinfo(struct zone *z)
{
	struct zone all = { .managed = 0 };
	char *save = NULL;
	int n = 0;

	if (tap_read("/proc/zoneinfo", text, sizeof(text)) < 0)
		return 0;
	for (char *l = strtok_r(text, "\n", &save);; l = strtok_r(NULL, "\n", &save)) {
		if (!l || !strncmp(l, "Node ", 5)) { /* the zone before this line is complete */
			if (all.managed && n < MAX_ZONES)
				z[n++] = all;
			if (!l)
				return n;
			all = (struct zone){ .pcp_count = -1, .pcp_high = -1, .pcp_batch = -1 };
			sscanf(l, "Node 0, zone %11s", all.name);
		} else {
			zone_line(&all, l);
		}
	}
}

static void numbers(long *out, const char *s)
{
	for (int i = 0; i < ORDERS; i++)
		out[i] = strtol(s, (char **)&s, 10);
}

/* The numbers behind @head, a line of @path up to them. */
static void line_of(long *out, const char *path, const char *head)
{
	const char *at;

	memset(out, 0, ORDERS * sizeof(*out));
	if (tap_read(path, text, sizeof(text)) < 0)
		return;
	at = strstr(text, head);
	if (at)
		numbers(out, at + strlen(head));
}

int zones_read(struct zone *z)
{
	const int n = read_zoneinfo(z);
	char head[64];

	for (int i = 0; i < n; i++) {
		snprintf(head, sizeof(head), "Node 0, zone %8s ", z[i].name);
		line_of(z[i].blocks, "/proc/buddyinfo", head);
		snprintf(head, sizeof(head), "Node    0, zone %8s, type %12s ", z[i].name,
			 "Unmovable");
		line_of(z[i].unmovable, "/proc/pagetypeinfo", head);
	}
	return n;
}

const struct zone *zone_named(const struct zone *z, int n, const char *name)
{
	for (int i = 0; i < n; i++)
		if (!strcmp(z[i].name, name))
			return &z[i];
	return NULL;
}
