/* Answers of /proc/PID/vtop, status, pagemap taken apart. Nothing here allocates: a look changes no count. */
#define _GNU_SOURCE /* pread64 */
#include "vtop.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lab.h"

#define WORDS 8 /* bytes of a word of pagemap */

static char text[1 << 14];

static bool read_all(int fd)
{
	size_t n = 0;
	ssize_t r = -1;

	while (n < sizeof(text) - 1 && (r = read(fd, text + n, sizeof(text) - 1 - n)) > 0)
		n += (size_t)r;
	text[n] = '\0';
	return r >= 0 && n > 0;
}

static bool ask(int pid, unsigned long address)
{
	char path[40], question[24];
	bool ok;
	int fd;

	if (pid)
		snprintf(path, sizeof(path), "/proc/%d/vtop", pid);
	else
		snprintf(path, sizeof(path), "/proc/mnemos/vtop");
	snprintf(question, sizeof(question), "%lx", address);
	fd = open(path, O_RDWR);
	if (fd < 0)
		return false;
	ok = write(fd, question, strlen(question)) > 0 && read_all(fd);
	close(fd);
	return ok;
}

/* ---- one line of the answer: a key, blanks up to column 11, a value ---- */

static void level_line(struct vtop *v, const char *key, const char *value)
{
	struct vtop_level *l = &v->level[v->nr_levels];
	char bits[sizeof(l->bits)] = "", entry[24];

	if (v->nr_levels == 5 ||
	    sscanf(value, "%llx [%u] 0x%16s%47[^\n]", &l->at, &l->index, entry, bits) < 3)
		return;
	l->entry = strtoull(entry, NULL, 16);
	l->digits = (unsigned)strlen(entry);
	snprintf(l->name, sizeof(l->name), "%.3s", key);
	snprintf(l->bits, sizeof(l->bits), "%s", bits + (bits[0] == ' '));
	v->nr_levels++;
}

static void user_line(struct vtop *v, const char *value)
{
	struct vtop_user u = { 0 };

	if (v->nr_users < 4 && sscanf(value, "%lx of %d", &u.address, &u.pid) >= 1)
		v->user[v->nr_users] = u;
	v->nr_users++;
}

static bool is(const char *line, const char *key)
{
	return strncmp(line, key, strlen(key)) == 0 && line[strlen(key)] == ' ';
}

static void frame_line(struct vtop *v, const char *line, const char *value)
{
	if (is(line, "pfn"))
		sscanf(value, "%llx node %*u zone %11s", &v->pfn, v->zone);
	else if (is(line, "state"))
		snprintf(v->state, sizeof(v->state), "%s", value);
	else if (is(line, "counts"))
		sscanf(value, "refcount %d mapcount %d", &v->refcount, &v->mapcount);
	else if (is(line, "owner"))
		snprintf(v->owner, sizeof(v->owner), "%s", value);
	else if (is(line, "mapped"))
		user_line(v, value);
}

static void one_line(struct vtop *v, const char *line)
{
	const char *value = strlen(line) > 11 ? line + 11 : "";

	if (line[0] == 'P')
		level_line(v, line, value);
	else if (is(line, "vma"))
		snprintf(v->vma, sizeof(v->vma), "%s", value);
	else if (is(line, "page"))
		snprintf(v->rights, sizeof(v->rights), "%s", value);
	else if (is(line, "physical"))
		v->mapped = sscanf(value, "%llx", &v->phys) == 1;
	else if (is(line, "reason"))
		snprintf(v->reason, sizeof(v->reason), "%s", value);
	else
		frame_line(v, line, value);
}

bool vtop_ask(struct vtop *v, int pid, unsigned long address)
{
	char *save = NULL;

	memset(v, 0, sizeof(*v));
	if (!ask(pid, address))
		return false;
	v->address = address;
	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save))
		one_line(v, l);
	return true;
}

/* ---- as a figure ---- */

const struct vtop_level *vtop_last(const struct vtop *v)
{
	return &v->level[v->nr_levels ? v->nr_levels - 1 : 0];
}

static bool is_level(const char *name, const char *want)
{
	return strcmp(name, want) == 0;
}

unsigned vtop_low_bit(const struct vtop *v, const char *name)
{
	const bool five = v->nr_levels > 1 && is_level(v->level[1].name, "P4D");

	if (is_level(name, "PTE"))
		return 12;
	if (v->level[0].digits == 8) /* two levels */
		return 22;
	if (is_level(name, "PMD"))
		return 21;
	if (is_level(name, "PUD") || sizeof(long) == 4)
		return 30;
	return is_level(name, "P4D") || !five ? 39 : 48;
}

static unsigned high_bit(const struct vtop *v, const char *name)
{
	const unsigned low = vtop_low_bit(v, name);

	if (low == 30 && sizeof(long) == 4)
		return 31;
	return low + (v->level[0].digits == 8 ? 9 : 8);
}

const char *vtop_entry(const struct vtop_level *l)
{
	if (!l->entry)
		return "empty";
	return lab_f("%llx %s", l->entry, l->bits);
}

void vtop_figure(const char *title, const struct vtop *v, const char *value)
{
	struct lab_walk w = { .address = lab_f("%lx", v->address), .nr_levels = v->nr_levels };

	for (unsigned i = 0; i < v->nr_levels; i++) {
		const struct vtop_level *l = &v->level[i];

		w.level[i] =
			(struct lab_level){ .name = lab_f("%s", l->name),
					    .high = high_bit(v, l->name),
					    .low = vtop_low_bit(v, l->name),
					    .index = lab_f("%u", l->index),
					    .entry = lab_f("%llx", l->entry),
					    .means = l->entry ? lab_f("%s", l->bits) : "empty" };
	}
	if (v->mapped) {
		w.frame = lab_f("%llx", v->pfn);
		w.offset = lab_f("%03lx", v->address & 0xfff);
		w.phys = lab_f("%llx", v->phys);
		w.value = value;
	}
	lab_walk(title, &w);
}

/* ---- counts ---- */

void fixed_addresses(char **argv)
{
	const int now = personality(0xffffffff);

	if (now == -1 || now & ADDR_NO_RANDOMIZE ||
	    personality((unsigned)now | ADDR_NO_RANDOMIZE) == -1)
		return;
	execv("/proc/self/exe", argv);
}

static long after(const char *label)
{
	const char *at = strstr(text, label);

	return at ? strtol(at + strlen(label), NULL, 10) : -1;
}

void counts_read(struct counts *c)
{
	const int fd = open("/proc/self/status", O_RDONLY);
	struct rusage r;

	memset(c, 0, sizeof(*c));
	if (fd >= 0 && read_all(fd)) {
		c->vm_kb = after("VmSize:");
		c->rss_kb = after("VmRSS:");
		c->tables_kb = after("VmPTE:");
	}
	close(fd);
	getrusage(RUSAGE_SELF, &r);
	c->faults = r.ru_minflt;
}

/* ---- frames ---- */

unsigned long long word_of(const char *path, unsigned long long index)
{
	unsigned long long word = ~0ULL;
	const int fd = open(path, O_RDONLY);

	if (fd < 0 || pread64(fd, &word, WORDS, (off64_t)(index * WORDS)) != WORDS)
		word = ~0ULL;
	close(fd);
	return word;
}

unsigned long long pagemap_of(int pid, unsigned long address)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/pagemap", pid);
	return word_of(path, address >> 12);
}

unsigned long long frame_of(int pid, unsigned long address)
{
	const unsigned long long e = pagemap_of(pid, address);

	return e != ~0ULL && e >> 63 ? e & ((1ULL << 55) - 1) : 0;
}
