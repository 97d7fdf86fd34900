/* Reading the module's files and /proc. One static buffer, so that reading changes no mapping. */
#include "vmas.h"

#include "lab.h"
#include "tap.h"

static char text[1 << 18];

static const char *next_line(const char *at)
{
	const char *end = strchr(at, '\n');

	return end ? end + 1 : at + strlen(at);
}

/* A line that begins a process's part: "PID NAME". */
static int is_head(const char *line, int *pid, char *name)
{
	char other[32], dash;

	if (sscanf(line, "%*x%c", &dash) == 1 && dash == '-')
		return 0;
	return sscanf(line, "%d %31[^\n]", pid, name ? name : other) == 2;
}

static void parse_line(const char *line, struct vma *v)
{
	memset(v, 0, sizeof(*v));
	v->resident = -1;
	sscanf(line, "%lx-%lx %4s %lx %*s %*s%*[ ]%47[^\n]", &v->start, &v->end, v->rights,
	       &v->offset, v->name);
}

/* The line below @pid's head in @text; NULL: no such process. */
static const char *part_of(int pid)
{
	int found;

	for (const char *at = text; *at; at = next_line(at))
		if (is_head(at, &found, NULL) && found == pid)
			return next_line(at);
	return NULL;
}

static void parse_part(struct vmas *v, const char *at)
{
	int pid;

	v->nr = 0;
	for (; *at && v->nr < MAX_VMAS && !is_head(at, &pid, NULL); at = next_line(at))
		parse_line(at, &v->vma[v->nr++]);
}

int vmas_of_module(struct vmas *v, const char *file, int pid)
{
	const char *at;

	v->nr = 0;
	if (tap_read(lab_f("/proc/%s", file), text, sizeof(text)) < 0 || !(at = part_of(pid)))
		return -1;
	parse_part(v, at);
	return 0;
}

int vmas_resident(struct vmas *v, int pid)
{
	const char *at;

	if (tap_read("/proc/vma_resident", text, sizeof(text)) < 0 || !(at = part_of(pid)))
		return -1;
	for (int i = 0; i < v->nr; i++, at = next_line(at)) {
		unsigned long start;

		if (sscanf(at, "%lx-%*x %ld of", &start, &v->vma[i].resident) != 2 ||
		    start != v->vma[i].start)
			return -1;
	}
	return 0;
}

int vmas_of_maps(struct vmas *v, int pid)
{
	v->nr = 0;
	if (tap_read(lab_f("/proc/%d/maps", pid), text, sizeof(text)) < 0)
		return -1;
	parse_part(v, text);
	return 0;
}

int vmas_of_smaps(struct vmas *v, int pid)
{
	int at_vma = 0;
	long kb;

	if (tap_read(lab_f("/proc/%d/smaps", pid), text, sizeof(text)) < 0)
		return -1;
	for (const char *at = text; *at && at_vma < v->nr; at = next_line(at))
		if (sscanf(at, "Rss: %ld", &kb) == 1)
			v->vma[at_vma++].resident = kb / 4;
	return at_vma == v->nr ? 0 : -1;
}

int vmas_same(const struct vmas *a, const struct vmas *b)
{
	for (int i = 0; i < a->nr && i < b->nr; i++) {
		const struct vma *x = &a->vma[i], *y = &b->vma[i];

		if (x->start != y->start || x->end != y->end || strcmp(x->rights, y->rights) != 0 ||
		    x->offset != y->offset)
			return 0;
		if (x->resident >= 0 && y->resident >= 0 && x->resident != y->resident)
			return 0;
	}
	return a->nr == b->nr;
}

const struct vma *vma_at(const struct vmas *v, const void *address)
{
	const unsigned long a = (unsigned long)address;

	for (int i = 0; i < v->nr; i++)
		if (a >= v->vma[i].start && a < v->vma[i].end)
			return &v->vma[i];
	return NULL;
}

int module_processes(int *pid, char (*name)[32], int most)
{
	int n = 0;

	if (tap_read("/proc/vma_list", text, sizeof(text)) < 0)
		return 0;
	for (const char *at = text; *at && n < most; at = next_line(at))
		if (is_head(at, &pid[n], name[n]))
			n++;
	return n;
}
