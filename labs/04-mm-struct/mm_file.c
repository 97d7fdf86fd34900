/* Reading the module's file and /proc. Buffers are static and touched before they count. */
#include "mm_file.h"

#include "lab.h"
#include "tap.h"

#include <ctype.h>
#include <dirent.h>

static char text[4096];

/* The numbers behind @word at a line's beginning. */
static void numbers(const char *word, unsigned long *out, int n, int base)
{
	char line[32], *at;

	snprintf(line, sizeof(line), "\n%s ", word);
	at = strstr(text, line);
	if (at)
		at += strlen(line);
	for (int i = 0; i < n; i++)
		out[i] = at ? strtoul(at, &at, base) : 0;
}

static void read_figures(struct mm_figures *f)
{
	struct {
		const char *word;
		unsigned long *out;
		int n, base;
	} const line[] = { { "pgd", &f->pgd, 1, 16 },
			   { "code", f->code, 2, 16 },
			   { "data", f->data, 2, 16 },
			   { "heap", f->heap, 2, 16 },
			   { "stack", &f->stack, 1, 16 },
			   { "args", f->args, 2, 16 },
			   { "env", f->env, 2, 16 },
			   { "map_count", &f->map_count, 1, 10 },
			   { "total_vm", &f->total_vm, 1, 10 },
			   { "locked_vm", &f->locked_vm, 1, 10 },
			   { "rss", &f->rss, 1, 10 },
			   { "tables", &f->tables, 1, 10 },
			   { "users", &f->users, 1, 10 } };
	char *at;

	for (size_t i = 0; i < ARRAY_LEN(line); i++)
		numbers(line[i].word, line[i].out, line[i].n, line[i].base);
	at = strstr(text, "\ndata_vm ");
	if (at)
		sscanf(at, " data_vm %lu exec_vm %lu stack_vm %lu", &f->data_vm, &f->exec_vm,
		       &f->stack_vm);
}

int mm_ask(struct mm_figures *f, int pid)
{
	char ask[16];
	int n;

	memset(f, 0, sizeof(*f));
	snprintf(ask, sizeof(ask), "%d", pid);
	if (tap_put("/proc/mm_lab", ask) || tap_read("/proc/mm_lab", text, sizeof(text)) < 0)
		return -1;
	if (sscanf(text, "task %d %31[^\n]", &n, f->comm) != 2 || n != pid) {
		errno = EPROTO;
		return -1;
	}
	f->has_mm = strstr(text, "no mm_struct") == NULL;
	read_figures(f);
	return 0;
}

long status_number(int pid, const char *label)
{
	char path[40], line[40], *at;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	snprintf(line, sizeof(line), "\n%s:", label);
	if (tap_read(path, text, sizeof(text)) < 0)
		return -1;
	at = strstr(text, line);
	return at ? strtol(at + strlen(line), NULL, 10) : -1;
}

unsigned long stat_field(int n)
{
	char *at;

	if (tap_read("/proc/self/stat", text, sizeof(text)) < 0 || !(at = strrchr(text, ')')))
		return 0;
	for (int i = 2; i < n && at; i++) /* the name is field 2 */
		at = strchr(at + 1, ' ');
	return at ? strtoul(at, NULL, 10) : 0;
}

int all_processes(int *pid, int most)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	int n = 0;

	while (d && n < most && (e = readdir(d)))
		if (isdigit((unsigned char)e->d_name[0]))
			pid[n++] = atoi(e->d_name);
	if (d)
		closedir(d);
	return n;
}
