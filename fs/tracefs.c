/*
 * tracefs, at /sys/kernel/tracing: which trace points are on, and how large the rings are.
 *
 *   events/enable, events/SYSTEM/enable, events/SYSTEM/POINT/{enable,format,id}, set_event, available_events
 *   tracing_on, buffer_size_kb, current_tracer, available_tracers, trace_clock
 *   options/wait-for-reader: ours (kernel/trace_hold.c)
 *   trace, trace_pipe (tracefs_pipe.c)
 *
 * OWNS     the memory of the rings.
 * WHY      Linux's files and words: trace-cmd's scripts and one-liners work as they are.
 * I1       rings have memory while a point is on or something is kept; else none.
 * LOCKS    lock (rank TRACEFS): switching, sizes, memory.   CONTEXT  boot; tasks, may sleep.
 * FAILS    -EINVAL for words that mean nothing, -ENOMEM when there is no room for the rings: then nothing is switched on.
 * NOT HERE the points (sync/tracepoints.inc), recording (sync/tracepoint.c). No tracer but "nop": functions are not traced.
 * SOURCES  Linux's Documentation/trace/{ftrace,events}.rst.   TESTED BY  tests/guest/proc_tracefs.c
 */
#include "tracefs_impl.h"

#include "base/errno.h"
#include "kernel/trace_hold.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "mm/vmalloc.h"
#include "sync/failpoint.h"
#include "sync/mutex.h"
#include "sync/percpu.h"
#include "sync/tracepoint.h"
#include "vfs_impl.h"

enum { DEFAULT_KB = 1408, MAX_KB = 1 << 20, SHORT = 64 };

static struct mutex lock = MUTEX_INIT(lock, RANK_TRACEFS);
static long size_kb = DEFAULT_KB; /* lock */
static bool have_rings;		  /* lock */

/* ---- memory ---- */

static void drop_rings(void)
{
	unsigned cpu;

	for_each_possible_cpu (cpu)
		vfree(tracebuf_replace(cpu, NULL, 0));
	have_rings = false;
}

static int make_rings(void)
{
	size_t bytes = (size_t)size_kb << 10;
	unsigned cpu;

	if (have_rings)
		return 0;
	have_rings = true;
	for_each_possible_cpu (cpu) {
		struct trace_record *ring = failpoint("trace_ring") ? NULL : vmalloc(bytes);

		if (!ring) {
			drop_rings();
			return -ENOMEM;
		}
		vfree(tracebuf_replace(cpu, ring, (unsigned)(bytes / sizeof(*ring))));
	}
	return 0;
}

static void settle_locked(void)
{
	if (have_rings && !tracepoints_any_on() && !tracebuf_figures().kept)
		drop_rings();
}

void tracefs_settle(void)
{
	mutex_lock(&lock);
	settle_locked();
	mutex_unlock(&lock);
}

/* ---- switching ---- */

/* Names of a system and a point; NULL or "*": any. */
struct choice {
	const char *system, *name;
};

static bool matches(const char *pattern, const char *name)
{
	return !pattern || !strcmp(pattern, "*") || !strcmp(pattern, name);
}

static bool is_chosen(const struct choice *c, const struct tracepoint *t)
{
	return matches(c->system, t->system) && matches(c->name, t->name);
}

static int switch_locked(const struct choice *c, bool on)
{
	bool found = false;
	int err = on ? make_rings() : 0;

	for (unsigned i = 0; i < NR_TRACEPOINTS && !err; i++)
		if (is_chosen(c, &tracepoints[i])) {
			tracepoint_switch((enum tracepoint_id)i, on);
			found = true;
		}
	settle_locked();
	return err ? err : found ? 0 : -EINVAL;
}

static int switch_points(const struct choice *c, bool on)
{
	int err;

	mutex_lock(&lock);
	err = switch_locked(c, on);
	mutex_unlock(&lock);
	return err;
}

static int switch_show(struct seq_file *m, const struct choice *c)
{
	unsigned on = 0, off = 0;

	for (unsigned i = 0; i < NR_TRACEPOINTS; i++)
		if (is_chosen(c, &tracepoints[i])) {
			on += tracepoints[i].on;
			off += !tracepoints[i].on;
		}
	seq_printf(m, "%c\n", on && off ? 'X' : on ? '1' : '0');
	return 0;
}

static int take_switch(const char *text, bool *on)
{
	long v;

	if (proc_parse_long(text, &v) || v < 0 || v > 1)
		return -EINVAL;
	*on = v;
	return 0;
}

static int switch_store(const char *text, const struct choice *c)
{
	bool on;

	return take_switch(text, &on) ?: switch_points(c, on);
}

static int all_show(struct seq_file *m)
{
	return switch_show(m, &(struct choice){ m->private, NULL });
}

/* The directory's object is a system's name; NULL: of all. */
static int all_store(struct proc_entry *e, char *text, size_t len)
{
	return switch_store(text, &(struct choice){ e->data, NULL });
}

static int one_show(struct seq_file *m)
{
	const struct tracepoint *t = m->private;

	return switch_show(m, &(struct choice){ t->system, t->name });
}

static int one_store(struct proc_entry *e, char *text, size_t len)
{
	const struct tracepoint *t = e->data;

	return switch_store(text, &(struct choice){ t->system, t->name });
}

/* The next word of *@text, which loses it; NULL: there is none. */
static char *next_word(char **text)
{
	char *word = *text, *end;

	while (*word == ' ' || *word == '\n' || *word == '\t')
		word++;
	for (end = word; *end && *end != ' ' && *end != '\n' && *end != '\t'; end++)
		;
	*text = *end ? end + 1 : end;
	*end = '\0';
	return *word ? word : NULL;
}

/* "system:point", "system:*", "point"; with ! in front: off. */
static int set_event_store(struct proc_entry *e, char *text, size_t len)
{
	char *word;
	int err = 0;

	while (!err && (word = next_word(&text))) {
		bool on = *word != '!';
		char *colon = strchr(word, ':');
		struct choice c = { NULL, word + !on };

		if (colon) {
			*colon = '\0';
			c = (struct choice){ word + !on, colon[1] ? colon + 1 : NULL };
		}
		err = switch_points(&c, on);
	}
	return err;
}

static int set_event_show(struct seq_file *m)
{
	for (unsigned i = 0; i < NR_TRACEPOINTS; i++)
		if (tracepoints[i].on)
			seq_printf(m, "%s:%s\n", tracepoints[i].system, tracepoints[i].name);
	return 0;
}

static int available_show(struct seq_file *m)
{
	for (unsigned i = 0; i < NR_TRACEPOINTS; i++)
		seq_printf(m, "%s:%s\n", tracepoints[i].system, tracepoints[i].name);
	return 0;
}

/* ---- what a point is ---- */

static int id_show(struct seq_file *m)
{
	seq_printf(m, "%d\n", (int)((const struct tracepoint *)m->private - tracepoints) + 1);
	return 0;
}

static void put_field(struct seq_file *m, const char *type, const char *name, size_t len,
		      size_t offset, size_t size, bool is_signed)
{
	seq_printf(m, "\tfield:%s %.*s;\toffset:%zu;\tsize:%zu;\tsigned:%d;\n", type, (int)len,
		   name, offset, size, is_signed);
}

/* The fields are called as the text calls them: what stands before "=". */
static void put_fields(struct seq_file *m, const char *text)
{
	size_t offset = 8;

	for (const char *eq; (eq = strchr(text, '=')); text = eq + 1) {
		const char *name = eq;

		while (name > text && name[-1] != ' ')
			name--;
		put_field(m, "unsigned long", name, (size_t)(eq - name), offset, sizeof(long),
			  false);
		offset += sizeof(long);
	}
}

static void put_arguments(struct seq_file *m, const char *text)
{
	for (const char *eq; (eq = strchr(text, '=')); text = eq + 1) {
		const char *name = eq;

		while (name > text && name[-1] != ' ')
			name--;
		seq_printf(m, ", REC->%.*s", (int)(eq - name), name);
	}
}

static int format_show(struct seq_file *m)
{
	const struct tracepoint *t = m->private;

	seq_printf(m, "name: %s\nID: %d\nformat:\n", t->name, (int)(t - tracepoints) + 1);
	put_field(m, "unsigned short", "common_type", 11, 0, 2, false);
	put_field(m, "unsigned char", "common_flags", 12, 2, 1, false);
	put_field(m, "unsigned char", "common_preempt_count", 20, 3, 1, false);
	put_field(m, "int", "common_pid", 10, 4, 4, true);
	seq_putc(m, '\n');
	put_fields(m, t->text);
	seq_printf(m, "\nprint fmt: \"%s\"", t->text);
	put_arguments(m, t->text);
	seq_putc(m, '\n');
	return 0;
}

/* ---- the rest ---- */

static int tracing_on_show(struct seq_file *m)
{
	seq_printf(m, "%d\n", READ_ONCE(trace_recording));
	return 0;
}

static int tracing_on_store(struct proc_entry *e, char *text, size_t len)
{
	bool on;

	if (take_switch(text, &on))
		return -EINVAL;
	WRITE_ONCE(trace_recording, on);
	return 0;
}

static int hold_show(struct seq_file *m)
{
	seq_printf(m, "%d\n", trace_hold_is_on());
	return 0;
}

/* With a reader of trace_pipe: with the last one it ends. */
static int hold_store(struct proc_entry *e, char *text, size_t len)
{
	bool on;

	if (take_switch(text, &on))
		return -EINVAL;
	trace_hold_switch(on);
	return 0;
}

static int size_show(struct seq_file *m)
{
	seq_printf(m, "%ld\n", READ_ONCE(size_kb));
	return 0;
}

/* What was recorded is lost. */
static int size_store(struct proc_entry *e, char *text, size_t len)
{
	int err = 0;
	long kb;

	if (proc_parse_long(text, &kb) || kb < 4 || kb > MAX_KB)
		return -EINVAL;
	mutex_lock(&lock);
	size_kb = kb;
	if (have_rings) {
		drop_rings();
		err = tracepoints_any_on() ? make_rings() : 0;
	}
	mutex_unlock(&lock);
	return err;
}

static int word_show(struct seq_file *m)
{
	seq_printf(m, "%s\n", (const char *)m->private);
	return 0;
}

/* The only one that there is may be chosen. */
static int word_store(struct proc_entry *e, char *text, size_t len)
{
	const char *word = next_word(&text);

	return word && !strcmp(word, e->data) ? 0 : -EINVAL;
}

static void word_files(void)
{
	static const struct sysfs_attr tracer[] = {
		{ .name = "current_tracer", .mode = 0640, .show = word_show, .store = word_store },
		{ .name = "available_tracers", .mode = 0440, .show = word_show },
	};
	static const struct sysfs_attr clock = { .name = "trace_clock",
						 .mode = 0440,
						 .show = word_show };

	boot_need(tracefs_create_files("", tracer, ARRAY_SIZE(tracer), (void *)"nop"),
		  "/sys/kernel/tracing/", "");
	boot_need(tracefs_create_files("", &clock, 1, (void *)"[mono]"), "/sys/kernel/tracing/",
		  "");
}

static void point_files(struct tracepoint *t)
{
	static const struct sysfs_attr files[] = {
		{ .name = "enable", .mode = 0640, .show = one_show, .store = one_store },
		{ .name = "format", .mode = 0440, .show = format_show },
		{ .name = "id", .mode = 0440, .show = id_show },
	};
	char dir[SHORT * 2];

	fmt_snprintf(dir, sizeof(dir), "events/%s/%s", t->system, t->name);
	boot_need(tracefs_create_files(dir, files, ARRAY_SIZE(files), t), "/sys/kernel/tracing/",
		  dir);
}

static void event_files(void)
{
	static const struct sysfs_attr enable = {
		.name = "enable", .mode = 0640, .show = all_show, .store = all_store
	};
	char dir[SHORT];

	boot_need(tracefs_create_files("events", &enable, 1, NULL), "/sys/kernel/tracing/",
		  "events");
	for (struct tracepoint *t = tracepoints; t < tracepoints + NR_TRACEPOINTS; t++) {
		if (t == tracepoints || strcmp(t->system, t[-1].system) != 0) {
			fmt_snprintf(dir, sizeof(dir), "events/%s", t->system);
			boot_need(tracefs_create_files(dir, &enable, 1, (void *)t->system),
				  "/sys/kernel/tracing/", dir);
		}
		point_files(t);
	}
}

void tracefs_init(void)
{
	static const struct sysfs_attr hold = {
		.name = "wait-for-reader", .mode = 0640, .show = hold_show, .store = hold_store
	};
	static const struct sysfs_attr files[] = {
		{ .name = "available_events", .mode = 0440, .show = available_show },
		{ .name = "set_event",
		  .mode = 0640,
		  .show = set_event_show,
		  .store = set_event_store },
		{ .name = "tracing_on",
		  .mode = 0640,
		  .show = tracing_on_show,
		  .store = tracing_on_store },
		{ .name = "buffer_size_kb", .mode = 0640, .show = size_show, .store = size_store },
	};

	boot_need(tracefs_create_files("", files, ARRAY_SIZE(files), NULL), "/sys/kernel/tracing/",
		  "");
	boot_need(tracefs_create_files("options", &hold, 1, NULL), "/sys/kernel/tracing/",
		  "options");
	word_files();
	event_files();
	tracefs_pipe_init();
}
