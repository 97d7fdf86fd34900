/*
 * A process that a signal ends leaves its memory in a file: core(5).
 *
 * OWNS     core_pattern, core_uses_pid.
 * WHY      the file is always a new one, made with the rights of the process, which first removes what has its name: the memory
 *          may hold secrets, and nobody else has a link or a descriptor of it. Where /proc/sys/fs/suid_dumpable is 2 and the process
 *          has changed its rights it is root's, and nothing is removed.
 * I1       no file for a process that may not be inspected (PR_SET_DUMPABLE 0), with RLIMIT_CORE below a page, or whose
 *          pattern names a pipe (programs that take cores are not started) or, for root's, no absolute path.
 * LOCKS    pattern_lock for the pattern.   CONTEXT  the dying thread, the others rest (kernel/core.c); sleeps.
 * SOURCES  core(5), prctl(2), getrlimit(2).   TESTED BY  tests/guest/core_file.c
 */
#include "sys/sys.h"

#include "fs/file.h"
#include "fs/filedata.h"
#include "fs/path.h"
#include "fs/proc.h"
#include "kernel/core.h"
#include "kernel/imports.h"
#include "kernel/time.h"
#include "kernel/uts.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "sys/core_impl.h"

enum { PATTERN_MAX = 128, NAME_MAX_LEN = 512, CORE_MODE = 0600 };

static struct spinlock pattern_lock = SPINLOCK_INIT(RANK_OBJECT);
static char pattern[PATTERN_MAX] = "core";
static int uses_pid;

/* ---- the name ---- */

struct core_name {
	char text[NAME_MAX_LEN];
	size_t len;
	bool has_pid;
};

static void add_text(struct core_name *n, const char *s)
{
	while (*s && n->len < NAME_MAX_LEN - 1)
		n->text[n->len++] = *s++;
	n->text[n->len] = '\0';
}

static void add_number(struct core_name *n, long long v)
{
	char digits[24];

	fmt_snprintf(digits, sizeof(digits), "%lld", v);
	add_text(n, digits);
}

/* Part of a name it is: no slash, and not the directory itself or the one above. */
static void add_word(struct core_name *n, const char *s)
{
	size_t from = n->len;

	add_text(n, s);
	for (size_t i = from; i < n->len; i++)
		if (n->text[i] == '/')
			n->text[i] = '!';
	if ((!strcmp(s, ".") || !strcmp(s, "..")) && from < n->len)
		n->text[from] = '!';
}

static void add_hostname(struct core_name *n)
{
	char host[UTS_LEN];

	uts_get(UTS_HOSTNAME, host);
	add_word(n, host);
}

static void add_field(struct core_name *n, char what, int sig)
{
	const struct task *t = current_task();

	switch (what) {
	case '%':
		add_text(n, "%");
		break;
	case 'p':
	case 'P':
		n->has_pid = true;
		add_number(n, t->tgid);
		break;
	case 'i':
	case 'I':
		add_number(n, t->pid);
		break;
	case 'u':
		add_number(n, t->cred->uid);
		break;
	case 'g':
		add_number(n, t->cred->gid);
		break;
	case 'd':
		add_number(n, t->signal->dumpable);
		break;
	case 's':
		add_number(n, sig);
		break;
	case 't':
		add_number(n, (long long)(realtime_ns() / NSEC_PER_SEC));
		break;
	case 'h':
		add_hostname(n);
		break;
	case 'e':
		add_word(n, t->comm);
		break;
	case 'c':
		add_number(n, (long long)rlimit_cur(RLIMIT_CORE));
		break;
	default: /* nothing stands for it */
		break;
	}
}

static void make_name(struct core_name *n, int sig)
{
	char p[PATTERN_MAX];

	spin_lock(&pattern_lock);
	memcpy(p, pattern, sizeof(p));
	spin_unlock(&pattern_lock);
	for (const char *s = p; *s; s++) {
		if (*s != '%') {
			add_text(n, (char[]){ *s, '\0' });
			continue;
		}
		if (!*++s)
			break; /* a single % at the end is dropped */
		add_field(n, *s, sig);
	}
	if (!n->has_pid && READ_ONCE(uses_pid)) {
		add_text(n, ".");
		add_number(n, current_task()->tgid);
	}
}

/* ---- the file ---- */

static bool is_acceptable(const struct file *f)
{
	return S_ISREG(f->inode->mode) && f->inode->nlink == 1 && f->ops->write_kernel &&
	       f->inode->uid == current_task()->cred->fsuid;
}

static int open_core(int sig, bool as_root, struct file **out)
{
	struct core_name n = { .len = 0 };
	int err;

	make_name(&n, sig);
	if (!n.len || n.text[0] == '|' || (as_root && n.text[0] != '/'))
		return -EOPNOTSUPP;
	if (!as_root)
		(void)!vfs_unlink(AT_FDCWD,
				  n.text); /* what is there, a link too, gives way if it may */
	err = file_open(AT_FDCWD, n.text, O_CREAT | O_EXCL | O_RDWR | O_NOFOLLOW | O_LARGEFILE,
			CORE_MODE, out);
	if (err || is_acceptable(*out))
		return err;
	fput(*out);
	return -EPERM;
}

/* For files: who dies needs its own rights no more. 0 or -ENOMEM. */
static int become_root(void)
{
	struct cred *c = cred_dup(current_task()->cred);

	if (!c)
		return -ENOMEM;
	c->fsuid = 0;
	cred_commit(c);
	return 0;
}

static bool write_core(struct core *c)
{
	bool as_root = current_task()->signal->dumpable == SUID_DUMP_ROOT;
	int err = as_root ? become_root() : 0;

	if (!err)
		err = open_core(c->sig, as_root, &c->file);

	if (err)
		return false;
	err = file_truncate(c->file, 0);
	if (!err)
		(void)core_write(c); /* as much of it as there is room for */
	fput(c->file);
	return !err;
}

void core_dump(const struct siginfo_k *info, int sig)
{
	struct task *t = current_task();
	struct core c = { .info = info, .sig = sig, .mm = t->mm_ctx.mm };

	c.limit = rlimit_cur(RLIMIT_CORE);
	if (c.limit < PAGE_SIZE || !t->signal->dumpable || !c.mm || !core_begin(sig))
		return;
	core_end(write_core(&c));
}

/* ---- /proc/sys/kernel ---- */

static int pattern_show(struct seq_file *m)
{
	char p[PATTERN_MAX];

	spin_lock(&pattern_lock);
	memcpy(p, pattern, sizeof(p));
	spin_unlock(&pattern_lock);
	seq_printf(m, "%s\n", p);
	return 0;
}

/* Up to the first newline; what is too long is cut. */
static int pattern_store(struct proc_entry *e, char *text, size_t len)
{
	char *end = strchr(text, '\n');

	if (end)
		*end = '\0';
	spin_lock(&pattern_lock);
	memset(pattern, 0, sizeof(pattern));
	str_copy(pattern, text, sizeof(pattern));
	spin_unlock(&pattern_lock);
	return 0;
}

void core_init(void)
{
	static struct proc_entry file = { .show = pattern_show, .store = pattern_store };

	boot_need(proc_register("sys/kernel/core_pattern", 0644, &file), "/proc/",
		  "sys/kernel/core_pattern");
	boot_need(proc_register_int("sys/kernel/core_uses_pid", &uses_pid, 0, 1), "/proc/",
		  "sys/kernel/core_uses_pid");
}
