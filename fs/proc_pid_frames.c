/*
 * /proc/PID/frames: a range of a process's memory with so many frames of its own (mm/frames.h).
 *
 *   write   "FRAMES POLICY exec": of all that the program has which the process becomes next, and those after it
 *           "FRAMES POLICY START-END [PAGE ...]"; the pages, numbers from the range's start on, are the string to come, for policies
 *           that need the future. "0": no limit any more
 *   read    a line for each figure; empty without a limit
 *
 * And debugfs's frames: sums of all limits that have ended.
 *
 * LOCKS    those of mm/frames.h.   CONTEXT  tasks; may sleep.
 * FAILS    -EINVAL for what cannot be read or be; -ENOSPC without swap, -EBUSY over huge pages, -ENOMEM; -ESRCH, -EACCES.
 * SOURCES  our own.   TESTED BY mem_frames.c
 */
#include "proc_impl.h"

#include "base/errno.h"
#include "fs/sysfs.h"
#include "kernel/task.h"
#include "lib/string.h"
#include "mm/frames.h"
#include "mm/mm.h"
#include "mm/policy.h"
#include "mm/slab.h"
#include "sync/failpoint.h"
#include "vfs_impl.h"

enum { MAX_STRING = 1024 };

/* The next word of *@text, which loses it; NULL: there is none. */
static char *next_word(char **text)
{
	char *word = *text, *p;

	while (*word == ' ' || *word == '\n')
		word++;
	for (p = word; *p && *p != ' ' && *p != '\n'; p++)
		;
	*text = *p ? p + 1 : p;
	*p = '\0';
	return *word ? word : NULL;
}

static int take_number(const char *word, unsigned long max, unsigned long *out)
{
	uint64_t v;

	if (!word || str_to_u64(word, &v) || v > max)
		return -EINVAL;
	*out = (unsigned long)v;
	return 0;
}

/* "START-END", hexadecimal without 0x, as maps shows it. */
static int take_range(char *word, struct frames_request *r)
{
	char *dash = word ? strchr(word, '-') : NULL;
	unsigned long *out = &r->start, v = 0;

	for (; dash && *word; word++) {
		unsigned char c = (unsigned char)*word, d;

		if (word == dash) {
			*out = v;
			out = &r->end;
			v = 0;
			continue;
		}
		d = c >= '0' && c <= '9' ? c - '0' : (c | 32) - 'a' + 10;
		if (d > 15 || ((c | 32) < 'a' && c > '9') || v >> (8 * sizeof(v) - 4))
			return -EINVAL;
		v = v << 4 | d;
	}
	r->end = v;
	return dash ? 0 : -EINVAL;
}

static int take_string(char *text, uint32_t *string, struct frames_request *r)
{
	unsigned long n;
	char *word;

	while ((word = next_word(&text))) {
		if (r->nr_future == MAX_STRING || take_number(word, UINT32_MAX, &n))
			return -EINVAL;
		string[r->nr_future++] = (uint32_t)n;
	}
	r->future = r->nr_future ? string : NULL;
	return 0;
}

static int parse(char *text, uint32_t *string, struct frames_request *r)
{
	char *word;

	if (take_number(next_word(&text), ULONG_MAX, &r->frames))
		return -EINVAL;
	word = next_word(&text);
	if (!r->frames)
		return word ? -EINVAL : 0;
	r->policy = word ? policy_by_name(word, strlen(word)) : NULL;
	word = next_word(&text);
	r->for_exec = word && !strcmp(word, "exec");
	if (r->for_exec)
		return next_word(&text) ? -EINVAL : 0;
	return take_range(word, r) ?: take_string(text, string, r);
}

static int set(struct task *t, const struct frames_request *r)
{
	struct mm_struct *mm;
	int err = task_mm_inspect(t, &mm);

	if (err)
		return err;
	if (!mm)
		return -ESRCH;
	if (r->frames)
		err = frames_set(mm, r);
	else
		frames_clear(mm);
	mmput(mm);
	return err;
}

int frames_store(struct task *t, char *text, size_t len)
{
	uint32_t *string =
		failpoint("proc_frames") ? NULL : kmalloc(MAX_STRING * sizeof(*string), GFP_KERNEL);
	struct frames_request r = { .nr_future = 0 };
	int err;

	if (!string)
		return -ENOMEM;
	err = parse(text, string, &r);
	if (!err)
		err = set(t, &r);
	kfree(string);
	return err;
}

int frames_show(struct seq_file *m, struct task *t)
{
	struct frames_figures f;
	struct mm_struct *mm;
	int err = task_mm_inspect(t, &mm);

	if (err || !mm)
		return err;
	if (frames_read(mm, &f)) {
		seq_printf(m, "policy\t\t%s\nrange\t\t%08lx-%08lx\nframes\t\t%lu\nresident\t%lu\n",
			   f.policy, f.start, f.end, f.frames, f.resident);
		seq_printf(m, "references\t%llu\nfaults\t\t%llu\ncold\t\t%llu\nrefaults\t%llu\n",
			   (unsigned long long)f.references, (unsigned long long)f.faults,
			   (unsigned long long)f.cold, (unsigned long long)(f.faults - f.cold));
	}
	mmput(mm);
	return 0;
}

static int totals_show(struct seq_file *m)
{
	struct frames_figures f;

	frames_totals(&f);
	seq_printf(m, "frames_references %llu\nframes_faults %llu\nframes_cold %llu\n",
		   (unsigned long long)f.references, (unsigned long long)f.faults,
		   (unsigned long long)f.cold);
	return 0;
}

void debugfs_frames_init(void)
{
	static const struct sysfs_attr file = { .name = "frames",
						.mode = 0400,
						.show = totals_show };

	boot_need(debugfs_create_files("", &file, 1, NULL), "/sys/kernel/debug/", "");
}
