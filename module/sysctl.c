/*
 * Variables of modules in /proc/sys: register_sysctl, tables with children, and the handlers that a table names.
 *
 * OWNS     struct ctl_set_view: what one call has registered.
 * WHY      a table says where a variable is, how large and between what; its handler turns text into it and back. The files are like
 *          a module's in /proc (procfs.c).
 * I1       made: from how many bytes of path on the directories are this set's. They go with the last set that is below them.
 * LOCKS    sets_lock for the list.   CONTEXT  tasks; sleeps.
 * FAILS    NULL: no memory, a name that is taken, a path too long. Handlers: -EINVAL (no number, out of bounds), -EFAULT, -ENOMEM.
 * SOURCES  Linux Documentation/admin-guide/sysctl/; sysctl(8).   TESTED BY  module_api (guest)
 */
#include "module/sysctl.h"

#include "arch/uaccess.h"
#include "base/errno.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "module/api.h"
#include "module/device.h"
#include "module/module_impl.h"
#include "module/strings.h"
#include "sync/failpoint.h"
#include "sync/klog.h"

enum { PATH_ROOM = 128, MAX_DEPTH = 6, MAX_TEXT = 16384 };

struct ctl_set_view {
	struct list_head link;
	struct ctl_view *table;
	size_t nr, made;
	char path[PATH_ROOM]; /* "sys/kernel/mine" */
};

static struct mutex sets_lock = MUTEX_INIT(sets_lock, RANK_MODULE_USE);
static struct list_head sets = LIST_HEAD_INIT(sets);

/* ---- handlers ---- */

enum number { SIGNED_INT, UNSIGNED_INT, UNSIGNED_LONG, TRUTH };
static const unsigned char sizes[] = { [SIGNED_INT] = sizeof(int),
				       [UNSIGNED_INT] = sizeof(int),
				       [UNSIGNED_LONG] = sizeof(long),
				       [TRUTH] = sizeof(bool) };

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

/* One number at *at. 0, -EINVAL. */
static int parse(const char **at, enum number kind, long long *v)
{
	const bool minus = **at == '-' && kind == SIGNED_INT;
	char *end;
	unsigned long n;

	*at += minus;
	if (**at < '0' || **at > '9')
		return -EINVAL;
	n = module_simple_strtoul(*at, &end, 0);
	if (*end && !is_space(*end))
		return -EINVAL;
	*at = end;
	*v = minus ? -(long long)n : (long long)n;
	if (kind == SIGNED_INT && (*v != (int)*v || n > (unsigned long)INT_MAX + minus))
		return -EINVAL;
	return kind == UNSIGNED_INT && n != (unsigned)n ? -EINVAL : 0;
}

static long long number_at(const void *p, enum number kind)
{
	return kind == SIGNED_INT      ? *(const int *)p
	       : kind == UNSIGNED_INT  ? *(const unsigned *)p
	       : kind == UNSIGNED_LONG ? (long long)*(const unsigned long *)p
				       : *(const bool *)p;
}

static void put_number(void *p, enum number kind, long long v)
{
	if (kind == UNSIGNED_LONG)
		WRITE_ONCE(*(unsigned long *)p, (unsigned long)v);
	else if (kind == TRUTH)
		WRITE_ONCE(*(bool *)p, v != 0);
	else
		WRITE_ONCE(*(unsigned *)p, (unsigned)v);
}

static bool in_bounds(const struct ctl_view *t, enum number kind, long long v)
{
	if (kind == UNSIGNED_LONG)
		return (!t->extra1 || (unsigned long)v >= *(unsigned long *)t->extra1) &&
		       (!t->extra2 || (unsigned long)v <= *(unsigned long *)t->extra2);
	return (!t->extra1 || v >= number_at(t->extra1, kind)) &&
	       (!t->extra2 || v <= number_at(t->extra2, kind));
}

static int store_all(const struct ctl_view *t, enum number kind, const char *text, bool bounded)
{
	char *to = t->data, *end = to + t->maxlen;
	long long v;

	for (; to < end; to += sizes[kind]) {
		while (is_space(*text))
			text++;
		if (!*text)
			return to == t->data ? -EINVAL : 0;
		if (parse(&text, kind, &v) || (bounded && !in_bounds(t, kind, v)))
			return -EINVAL;
		put_number(to, kind, v);
	}
	return 0;
}

static size_t show_all(const struct ctl_view *t, enum number kind, char *text, size_t room)
{
	const char *from = t->data;
	size_t n = 0;

	for (int at = 0; at < t->maxlen; at += sizes[kind]) {
		const long long v = number_at(from + at, kind);
		const char *gap = at ? "\t" : "";

		n += kind == UNSIGNED_LONG
			     ? fmt_scnprintf(text + n, room - n, "%s%lu", gap, (unsigned long)v)
		     : kind == UNSIGNED_INT
			     ? fmt_scnprintf(text + n, room - n, "%s%u", gap, (unsigned)v)
			     : fmt_scnprintf(text + n, room - n, "%s%d", gap, (int)v);
	}
	return n + fmt_scnprintf(text + n, room - n, "\n");
}

static int numbers(struct ctl_view *t, int write, char *buf, size_t *len, long long *pos,
		   enum number kind, bool bounded)
{
	int err = 0;

	if (!t->data || !t->maxlen || !*len || (*pos && !write)) {
		*len = 0;
		return 0;
	}
	if (write)
		err = store_all(t, kind, buf, bounded);
	else
		*len = show_all(t, kind, buf, *len);
	*pos += err ? 0 : (long long)*len;
	return err;
}

int module_dointvec(struct ctl_view *t, int write, void *buf, size_t *len, long long *pos)
{
	return numbers(t, write, buf, len, pos, SIGNED_INT, false);
}

int module_dointvec_minmax(struct ctl_view *t, int write, void *buf, size_t *len, long long *pos)
{
	return numbers(t, write, buf, len, pos, SIGNED_INT, true);
}

int module_douintvec(struct ctl_view *t, int write, void *buf, size_t *len, long long *pos)
{
	return numbers(t, write, buf, len, pos, UNSIGNED_INT, false);
}

int module_douintvec_minmax(struct ctl_view *t, int write, void *buf, size_t *len, long long *pos)
{
	return numbers(t, write, buf, len, pos, UNSIGNED_INT, true);
}

int module_doulongvec_minmax(struct ctl_view *t, int write, void *buf, size_t *len, long long *pos)
{
	return numbers(t, write, buf, len, pos, UNSIGNED_LONG, true);
}

int module_dobool(struct ctl_view *t, int write, void *buf, size_t *len, long long *pos)
{
	return numbers(t, write, buf, len, pos, TRUTH, false);
}

int module_dostring(struct ctl_view *t, int write, void *buf, size_t *len, long long *pos)
{
	char *own = t->data;
	size_t n;

	if (!own || t->maxlen <= 0 || !*len || (*pos && !write)) {
		*len = 0;
		return 0;
	}
	if (write) {
		n = strnlen(buf, min_of(size_t, *len, (size_t)t->maxlen - 1));
		memcpy(own, buf, n);
		own[n] = '\0';
		own[module_strcspn(own, "\n")] = '\0';
	} else {
		*len = fmt_scnprintf(buf, *len, "%s\n", own);
	}
	*pos += (long long)*len;
	return 0;
}

/* ---- files ---- */

static long ctl_call(struct file_view *f, int write, char *text, size_t *len, long long *pos)
{
	struct ctl_view *t = f->f_inode->i_private;

	return t->proc_handler ? t->proc_handler(t, write, text, len, pos) : -EINVAL;
}

static long ctl_read(struct file_view *f, char *buf, size_t len, long long *pos)
{
	size_t n = min_of(size_t, len, MAX_TEXT);
	char *text = failpoint("module_sysctl_text") ? NULL : kzalloc(n + 1, GFP_KERNEL);
	long err;

	if (!text)
		return -ENOMEM;
	err = ctl_call(f, 0, text, &n, pos);
	if (!err && copy_to_user((uaddr_t)buf, text, min_of(size_t, n, len)))
		err = -EFAULT;
	kfree(text);
	return err ? err : (long)min_of(size_t, n, len);
}

static long ctl_write(struct file_view *f, const char *buf, size_t len, long long *pos)
{
	size_t n = min_of(size_t, len, MAX_TEXT);
	char *text = failpoint("module_sysctl_text") ? NULL : kzalloc(n + 1, GFP_KERNEL);
	long err;

	if (!text)
		return -ENOMEM;
	err = copy_from_user(text, (uaddr_t)buf, n) ? -EFAULT : ctl_call(f, 1, text, &n, pos);
	kfree(text);
	return err ? err : (long)n;
}

static const struct module_calls ctl_calls = { .read = ctl_read, .write = ctl_write };

/* ---- sets ---- */

/* The directories of @s->path that are not there yet. */
static int make_dirs(struct ctl_set_view *s)
{
	char path[PATH_ROOM];
	int err = 0;

	for (size_t n = 4; s->path[n - 1] && !err; n++) {
		if (s->path[n] && s->path[n] != '/')
			continue;
		memcpy(path, s->path, n);
		path[n] = '\0';
		err = module_tree_dir(IN_PROC, path, (kaddr_t)s->table);
		if (!err && !s->made)
			s->made = n;
		err = err == -EEXIST ? 0 : err;
	}
	return err;
}

static bool path_of(const struct ctl_set_view *s, size_t i, char *path)
{
	return fmt_snprintf(path, PATH_ROOM, "%s/%s", s->path, s->table[i].procname) < PATH_ROOM;
}

static void remove_files(const struct ctl_set_view *s, size_t nr)
{
	char path[PATH_ROOM];

	while (nr--)
		if (path_of(s, nr, path))
			module_tree_remove(IN_PROC, path);
}

static int add_files(struct ctl_set_view *s)
{
	char path[PATH_ROOM];
	int err = 0;
	size_t i;

	for (i = 0; i < s->nr && !err; i++) {
		const struct ctl_view *t = &s->table[i];

		err = path_of(s, i, path)
			      ? module_tree_file(IN_PROC, path, S_IFREG | (t->mode & 0777),
						 &ctl_calls, (void *)t, NULL, (kaddr_t)t)
			      : -ENAMETOOLONG;
		if (err == -EEXIST)
			pr_err("sysctl duplicate entry: %s/%s", s->path + 3, t->procname);
	}
	if (err)
		remove_files(s, i - 1);
	return err;
}

/* I1: to another set below the directories it has made, or they go. */
static void leave_dirs(struct ctl_set_view *gone)
{
	struct ctl_set_view *s;

	if (!gone->made)
		return;
	gone->path[gone->made] = '\0';
	list_for_each_entry (s, &sets, link)
		if (!strncmp(s->path, gone->path, gone->made) &&
		    (!s->path[gone->made] || s->path[gone->made] == '/')) {
			s->made = gone->made;
			return;
		}
	module_tree_remove(IN_PROC, gone->path);
}

struct ctl_set_view *module_register_sysctl(const char *path, struct ctl_view *table, size_t nr)
{
	struct ctl_set_view *s =
		failpoint("module_sysctl") ? NULL : kzalloc(sizeof(*s), GFP_KERNEL);
	int err = -ENAMETOOLONG;

	if (!s)
		return NULL;
	s->table = table;
	while (s->nr < nr && table[s->nr].procname)
		s->nr++;
	mutex_lock(&sets_lock);
	if (fmt_snprintf(s->path, PATH_ROOM, "sys/%s", path) < PATH_ROOM - 1)
		err = make_dirs(s);
	if (!err)
		err = add_files(s);
	if (err)
		leave_dirs(s);
	else
		list_add(&s->link, &sets);
	mutex_unlock(&sets_lock);
	if (!err)
		return s;
	kfree(s);
	return NULL;
}

void module_unregister_sysctl(struct ctl_set_view *s)
{
	if (!s)
		return;
	mutex_lock(&sets_lock);
	list_del(&s->link);
	remove_files(s, s->nr);
	leave_dirs(s);
	mutex_unlock(&sets_lock);
	kfree(s);
}

/* Of a module that has forgotten them. */
void module_sysctls_left(const struct module *mod)
{
	struct ctl_set_view *s, *found;

	do {
		found = NULL;
		mutex_lock(&sets_lock);
		list_for_each_entry (s, &sets, link)
			if (module_has(mod, (kaddr_t)s->table))
				found = s;
		mutex_unlock(&sets_lock);
		if (found)
			pr_warn("%s: /proc/%s was left behind; removed", mod->name, found->path);
		module_unregister_sysctl(found);
	} while (found);
}

/* ---- tables with children ---- */

/* The table that has files, and its path. Linux's modules have one way down. */
struct ctl_set_view *module_register_sysctl_tree(struct ctl_view *table)
{
	char path[PATH_ROOM] = "";
	size_t n = 0;

	for (int depth = 0; depth < MAX_DEPTH && table->procname && table->child; depth++) {
		n += fmt_scnprintf(path + n, sizeof(path) - n, "%s%s", n ? "/" : "",
				   table->procname);
		table = table->child;
	}
	return n ? module_register_sysctl(path, table, SIZE_MAX) : NULL;
}
