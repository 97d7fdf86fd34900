/*
 * How large pipes may be: each of them, and all of one user together.
 *
 *   a pipe           16 pages, pipe-max-size if that is less; F_SETPIPE_SZ: up to pipe-max-size
 *   over the soft    limit of the user's pages: a new pipe has 2 pages, and none grows
 *   over the hard    limit (0: none): no new pipe, ENFILE
 *   CAP_SYS_RESOURCE (CAP_SYS_ADMIN for the user's limits) knows no bounds
 *
 * OWNS     the three numbers; what a pipe is charged for: struct pipe_quota, in the pipe.
 * WHY      pages of pipes are memory that no process is charged for: without a bound a user could fill it by pipes nobody reads.
 * LOCKS    none: the accounts count atomically, a quota is the pipe's, under its lock.
 * FAILS    no quota: -EPERM to grow, false for a new pipe.
 * SOURCES  pipe(7) "Pipe capacity", "/proc files".   TESTED BY pipe_poll.c
 */
#include "pipe_impl.h"

#include "base/errno.h"
#include "fs/file.h"
#include "fs/sysctl.h"
#include "kernel/task.h"
#include "sync/kassert.h"
#include "vfs_impl.h"

enum { DEFAULT_SLOTS = 16, LEAST_SLOTS = 2 };

static unsigned pipe_max_size = 1 << 20; /* sysctls */
static unsigned long user_pages_soft = 16384, user_pages_hard;

static bool unbounded(void)
{
	return capable(CAP_SYS_RESOURCE) || capable(CAP_SYS_ADMIN);
}

static uint64_t limit_of(unsigned long sysctl)
{
	return !sysctl || unbounded() ? UINT64_MAX : sysctl;
}

static bool charge(struct pipe_quota *q, unsigned slots, uint64_t limit)
{
	if (!user_account_charge(q->user, USER_PIPE_PAGES, slots, limit))
		return false;
	q->slots += slots;
	return true;
}

bool pipe_quota_begin(struct pipe_quota *q)
{
	unsigned slots = DEFAULT_SLOTS, most = READ_ONCE(pipe_max_size) / PAGE_SIZE;
	uint64_t soft = limit_of(READ_ONCE(user_pages_soft)),
		 hard = limit_of(READ_ONCE(user_pages_hard));

	if (slots > most && !capable(CAP_SYS_RESOURCE))
		slots = most;
	q->user = user_account_ref(current_task()->account);
	q->slots = 0;
	if (charge(q, slots, min_of(uint64_t, soft, hard)) || charge(q, LEAST_SLOTS, hard))
		return true;
	user_account_put(q->user);
	return false;
}

int pipe_quota_grow(struct pipe_quota *q, unsigned slots)
{
	uint64_t limit = min_of(uint64_t, limit_of(READ_ONCE(user_pages_soft)),
				limit_of(READ_ONCE(user_pages_hard)));

	if (slots * PAGE_SIZE > READ_ONCE(pipe_max_size) && !capable(CAP_SYS_RESOURCE))
		return -EPERM;
	return charge(q, slots - q->slots, limit) ? 0 : -EPERM;
}

void pipe_quota_shrink(struct pipe_quota *q, unsigned slots)
{
	user_account_uncharge(q->user, USER_PIPE_PAGES, q->slots - slots);
	q->slots = slots;
}

void pipe_quota_end(struct pipe_quota *q)
{
	pipe_quota_shrink(q, 0);
	user_account_put(q->user);
}

/* ---- /proc/sys/fs ---- */

static int max_size_show(struct seq_file *m)
{
	seq_printf(m, "%u\n", READ_ONCE(pipe_max_size));
	return 0;
}

/* Rounded up to what a pipe can have; that is a page at least. */
static int max_size_store(struct proc_entry *e, char *text, size_t len)
{
	unsigned size = PAGE_SIZE;
	long n;

	if (proc_parse_long(text, &n) || n < 0 || n > PIPE_BYTES_MAX)
		return -EINVAL;
	while (size < (unsigned long)n)
		size *= 2;
	WRITE_ONCE(pipe_max_size, size);
	return 0;
}

void pipe_proc_init(void)
{
	static struct proc_entry entry = { .show = max_size_show, .store = max_size_store };
	static const struct sysctl table[] = {
		{ "fs/pipe-user-pages-hard", .word = &user_pages_hard },
		{ "fs/pipe-user-pages-soft", .word = &user_pages_soft },
	};

	boot_need(proc_register("sys/fs/pipe-max-size", 0644, &entry), "/proc/",
		  "sys/fs/pipe-max-size");
	boot_need(sysctl_register(table, ARRAY_SIZE(table)), "sysctls of ", "pipe_limit");
}
