/* Asking the module, and reading its answer. */
#include "walk.h"

#include "lab.h"
#include "tap.h"

const char *const level_name[LEVELS] = { "pgd", "p4d", "pud", "pmd", "pte" };

/* The numbers behind @word at the beginning of a line. Return: how many there are, up to @n. */
static int numbers(const char *text, const char *word, unsigned long long *out, int n, int base)
{
	char *at = strstr(text, lab_f("\n%s ", word)), *end;
	int i = 0;

	if (!at)
		return 0;
	for (at += strlen(word) + 1; i < n && *at && *at != '\n'; at = end) {
		out[i] = strtoull(at, &end, base);
		if (end == at)
			break;
		i++;
	}
	return i;
}

static unsigned long long hex(const char *text, const char *word)
{
	unsigned long long v = 0;

	numbers(text, word, &v, 1, 16);
	return v;
}

static void read_levels(struct walk *w)
{
	unsigned long long shift[LEVELS] = { 0 }, ptrs[LEVELS] = { 0 }, v;

	numbers(w->text, "shift", shift, LEVELS, 10);
	numbers(w->text, "ptrs", ptrs, LEVELS, 10);
	for (int i = 0; i < LEVELS; i++) {
		struct level *l = &w->level[i];
		const char *at = strstr(w->text, lab_f("\n%s ", level_name[i]));

		l->shift = (unsigned)shift[i];
		l->ptrs = (unsigned)ptrs[i];
		l->seen = numbers(w->text, level_name[i], &v, 1, 10);
		if (l->seen) {
			l->index = (unsigned long)v;
			l->entry = strtoull(
				strrchr(lab_f("%.*s", (int)strcspn(at + 1, "\n"), at + 1), ' '),
				NULL, 16);
		}
	}
}

int walk_ask(struct walk *w, const volatile void *address, int pid)
{
	const struct {
		unsigned long address;
		int pid;
	} request = { (unsigned long)address, pid };
	const int fd = open("/proc/logadd2phyadd", O_RDWR);
	ssize_t n = -1;

	memset(w, 0, sizeof(*w));
	w->address = request.address;
	if (fd < 0)
		return -1;
	if (write(fd, &request, sizeof(request)) == sizeof(request))
		n = read(fd, w->text, sizeof(w->text) - 1);
	close(fd);
	if (n < 0)
		return -1;
	read_levels(w);
	w->mapped = strstr(w->text, "\nframe ") != NULL;
	w->frame = hex(w->text, "frame");
	w->offset = hex(w->text, "offset");
	w->phys = hex(w->text, "phys");
	w->kernel = hex(w->text, "kernel");
	w->base = hex(w->text, "base");
	w->has_value = w->mapped && !strstr(w->text, "in high memory");
	w->value = hex(w->text, "value");
	return 0;
}

unsigned long index_of(const struct walk *w, int level, unsigned long address)
{
	return address >> w->level[level].shift & (w->level[level].ptrs - 1);
}

unsigned nr_levels(const struct walk *w)
{
	unsigned n = 0;

	for (int i = 0; i < LEVELS; i++)
		n += w->level[i].ptrs > 1;
	return n;
}

int last_seen(const struct walk *w)
{
	int last = PGD;

	for (int i = 0; i < LEVELS; i++)
		if (w->level[i].seen && w->level[i].ptrs > 1)
			last = i;
	return last;
}
