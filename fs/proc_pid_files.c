/*
 * /proc/PID: the small files, and the table of all of them.
 *
 * LOCKS    tasklist_lock where a field of another task may go away.
 * CONTEXT  tasks; may sleep.
 * SOURCES  proc(5).
 */
#include "proc_impl.h"

#include "base/errno.h"
#include "fs/path.h"
#include "kernel/task.h"
#include "lib/string.h"
#include "mm/mm.h"
#include "mm/oom.h"
#include "mm/slab.h"
#include "sync/failpoint.h"
#include "vfs_impl.h"

enum { OLD_NEVER = -17, OLD_MAX = 15 };

/* ---- the program's own memory ---- */

/* Append [start, end) of @mm's memory; stops where it is not mapped. */
static int put_memory(struct seq_file *m, struct mm_struct *mm, unsigned long start,
		      unsigned long end)
{
	char *buf = failpoint("proc_memory") ? NULL : kmalloc(PAGE_SIZE, GFP_KERNEL);

	if (!buf)
		return -ENOMEM;
	while (start < end && !m->err) {
		size_t n = min_of(unsigned long, end - start, PAGE_SIZE),
		       got = mm_access(mm, start, buf, n, false);

		seq_write(m, buf, got);
		if (got < n)
			break;
		start += n;
	}
	kfree(buf);
	return 0;
}

/* A program that has overwritten its arguments (setproctitle) may go on into the environment. */
static int put_cmdline(struct seq_file *m, struct mm_struct *mm)
{
	size_t from = m->len;
	int err = put_memory(m, mm, mm->arg_start, mm->arg_end);

	if (err || m->len == from || !m->buf[m->len - 1] || mm->env_start != mm->arg_end)
		return err;
	err = put_memory(m, mm, mm->env_start, mm->env_end);
	m->len = from + strnlen(m->buf + from, m->len - from);
	return err;
}

static int cmdline_show(struct seq_file *m, struct task *t)
{
	struct mm_struct *mm = task_mm_get(t);
	int err = 0;

	if (!mm)
		return 0;
	if (mm->arg_end)
		err = put_cmdline(m, mm);
	mmput(mm);
	return err;
}

static int environ_show(struct seq_file *m, struct task *t)
{
	struct mm_struct *mm;
	int err = task_mm_inspect(t, &mm);

	if (err || !mm)
		return err;
	if (mm->env_end)
		err = put_memory(m, mm, mm->env_start, mm->env_end);
	mmput(mm);
	return err;
}

static int auxv_show(struct seq_file *m, struct task *t)
{
	struct mm_struct *mm;
	unsigned n = 0;
	int err = task_mm_inspect(t, &mm);

	if (err || !mm)
		return err;
	while (n + 2 < ARRAY_SIZE(mm->saved_auxv) && mm->saved_auxv[n])
		n += 2;
	seq_write(m, mm->saved_auxv, (n + 2) * sizeof(long));
	mmput(mm);
	return 0;
}

/* ---- names and places ---- */

static int comm_show(struct seq_file *m, struct task *t)
{
	seq_printf(m, "%s\n", t->comm);
	return 0;
}

static int comm_store(struct task *t, char *text, size_t len)
{
	if (t->signal != current_task()->signal)
		return -EINVAL;
	if (len && text[len - 1] == '\n')
		text[len - 1] = '\0';
	str_copy(t->comm, text, sizeof(t->comm));
	return 0;
}

static int exe_link(struct task *t, struct path_ref *out)
{
	struct mm_struct *mm = task_mm_get(t);
	int err;

	if (!mm)
		return -ENOENT;
	err = mm->exe ? inode_map_path(mm->exe, out) : -ENOENT;
	mmput(mm);
	return err;
}

/* Root or working directory of another task. */
static int fs_link(struct task *t, bool root, struct path_ref *out)
{
	irqflags_t flags;
	int err = -ENOENT;

	spin_lock(&dcache_lock); /* keeps what fs points to */
	flags = spin_lock_irqsave(&tasklist_lock);
	if (t->fs) {
		*out = root ? t->fs->root : t->fs->pwd;
		path_get(out);
		err = 0;
	}
	spin_unlock_irqrestore(&tasklist_lock, flags);
	spin_unlock(&dcache_lock);
	return err;
}

static int cwd_link(struct task *t, struct path_ref *out)
{
	return fs_link(t, false, out);
}

static int root_link(struct task *t, struct path_ref *out)
{
	return fs_link(t, true, out);
}

static int pid_mounts_show(struct seq_file *m, struct task *t)
{
	mounts_show(m);
	return 0;
}

static int pid_mountinfo_show(struct seq_file *m, struct task *t)
{
	mountinfo_show(m);
	return 0;
}

/* ---- memory pressure ---- */

/* A process without memory (a zombie, a kernel thread) has nothing to lose: 0. */
static int oom_score_show(struct seq_file *m, struct task *t)
{
	struct mm_struct *mm = task_mm_get(t);
	unsigned long score = mm ? oom_score(mm) : 0;

	if (mm)
		mmput(mm);
	seq_printf(m, "%lu\n", score);
	return 0;
}

static int ksm_merging_pages_show(struct seq_file *m, struct task *t)
{
	struct mm_struct *mm = task_mm_get(t);

	if (!mm)
		return 0;
	seq_printf(m, "%lu\n", READ_ONCE(mm->ksm_merging_pages));
	mmput(mm);
	return 0;
}

static int oom_score_adj_show(struct seq_file *m, struct task *t)
{
	seq_printf(m, "%d\n", t->signal->oom_score_adj);
	return 0;
}

/* Below what the administrator last set, only he may go. */
static int set_oom_score_adj(struct task *t, int adj)
{
	bool admin = capable(CAP_SYS_RESOURCE);
	struct mm_struct *mm;

	if (adj < t->signal->oom_score_adj_min && !admin)
		return -EACCES;
	t->signal->oom_score_adj = adj;
	if (admin)
		t->signal->oom_score_adj_min = adj;
	mm = task_mm_get(t);
	if (mm) {
		mm->oom_score_adj = adj;
		mmput(mm);
	}
	return 0;
}

static int oom_score_adj_store(struct task *t, char *text, size_t len)
{
	long v;

	if (proc_parse_long(text, &v) || v < OOM_SCORE_ADJ_MIN || v > OOM_SCORE_ADJ_MAX)
		return -EINVAL;
	return set_oom_score_adj(t, (int)v);
}

/* The scale of old: -17 (never) to 15. */
static int oom_adj_show(struct seq_file *m, struct task *t)
{
	int adj = t->signal->oom_score_adj;

	seq_printf(m, "%d\n",
		   adj == OOM_SCORE_ADJ_MAX ? OLD_MAX : adj * -OLD_NEVER / OOM_SCORE_ADJ_MAX);
	return 0;
}

static int oom_adj_store(struct task *t, char *text, size_t len)
{
	long v;

	if (proc_parse_long(text, &v) || v < OLD_NEVER || v > OLD_MAX)
		return -EINVAL;
	return set_oom_score_adj(t, v == OLD_MAX ? OOM_SCORE_ADJ_MAX
						 : (int)v * OOM_SCORE_ADJ_MAX / -OLD_NEVER);
}

/* ---- scheduling ---- */

static int wchan_show(struct seq_file *m, struct task *t)
{
	seq_puts(m, task_may_inspect(t) ? thread_wchan(&t->thread) : "0");
	return 0;
}

static int schedstat_show(struct seq_file *m, struct task *t)
{
	seq_printf(m, "%llu 0 %lu\n", (unsigned long long)thread_exec_ns(&t->thread),
		   t->thread.nvcsw + t->thread.nivcsw);
	return 0;
}

static int personality_show(struct seq_file *m, struct task *t)
{
	if (!task_may_inspect(t))
		return -EACCES;
	seq_printf(m, "%08lx\n", t->mm_ctx.personality);
	return 0;
}

/* Another thread's: who may change its scheduling may see and set it. */
static bool may_slack(struct task *t)
{
	return t == current_task() || (capable(CAP_SYS_NICE) && task_may_inspect(t));
}

static int timerslack_show(struct seq_file *m, struct task *t)
{
	if (!may_slack(t))
		return -EPERM;
	seq_printf(m, "%llu\n", (unsigned long long)t->timer_slack_ns);
	return 0;
}

/* 0: the default again. Timers here are exact, which any slack allows. */
static int timerslack_store(struct task *t, char *text, size_t len)
{
	uint64_t v;

	if (str_to_u64(text, &v))
		return -EINVAL;
	if (!may_slack(t))
		return -EPERM;
	t->timer_slack_ns = v ? v : t->default_timer_slack_ns;
	return 0;
}

void proc_pid_init(void)
{
	static const struct proc_pid_entry entries[] = {
		{ .name = "task", .mode = S_IFDIR | 0555 },
		{ .name = "fd", .mode = S_IFDIR | 0500 },
		{ .name = "map_files", .mode = S_IFDIR | 0500 },
		{ .name = "fdinfo", .mode = S_IFDIR | 0555 },
		{ .name = "environ", .mode = 0400, .show = environ_show, .inspect = true },
		{ .name = "auxv", .mode = 0400, .show = auxv_show, .inspect = true },
		{ .name = "status", .mode = 0444, .show = pid_status_show },
		{ .name = "personality", .mode = 0400, .show = personality_show },
		{ .name = "limits", .mode = 0444, .show = pid_limits_show },
		{ .name = "comm", .mode = 0644, .show = comm_show, .store = comm_store },
		{ .name = "cmdline", .mode = 0444, .show = cmdline_show },
		{ .name = "stat", .mode = 0444, .show = pid_stat_show },
		{ .name = "statm", .mode = 0444, .show = pid_statm_show },
		{ .name = "maps", .mode = 0444, .show = maps_show, .inspect = true },
		{ .name = "mem", .mode = 0600, .fops = &pid_mem_fops },
		{ .name = "cwd", .mode = S_IFLNK | 0777, .link = cwd_link },
		{ .name = "root", .mode = S_IFLNK | 0777, .link = root_link },
		{ .name = "exe", .mode = S_IFLNK | 0777, .link = exe_link },
		{ .name = "mounts", .mode = 0444, .show = pid_mounts_show },
		{ .name = "mountinfo", .mode = 0444, .show = pid_mountinfo_show },
		{ .name = "clear_refs", .mode = 0200, .store = clear_refs_store },
		{ .name = "smaps", .mode = 0444, .show = smaps_show, .inspect = true },
		{ .name = "smaps_rollup",
		  .mode = 0444,
		  .show = smaps_rollup_show,
		  .inspect = true },
		{ .name = "pagemap", .mode = 0400, .fops = &pagemap_fops },
		{ .name = "vtop", .mode = 0600, .fops = &pid_vtop_fops },
		{ .name = "wchan", .mode = 0444, .show = wchan_show },
		{ .name = "schedstat", .mode = 0444, .show = schedstat_show },
		{ .name = "oom_score", .mode = 0444, .show = oom_score_show },
		{ .name = "ksm_merging_pages", .mode = 0400, .show = ksm_merging_pages_show },
		{ .name = "coredump_filter",
		  .mode = 0644,
		  .show = coredump_filter_show,
		  .store = coredump_filter_store },
		{ .name = "oom_adj", .mode = 0644, .show = oom_adj_show, .store = oom_adj_store },
		{ .name = "oom_score_adj",
		  .mode = 0644,
		  .show = oom_score_adj_show,
		  .store = oom_score_adj_store },
		{ .name = "timerslack_ns",
		  .mode = 0666,
		  .show = timerslack_show,
		  .store = timerslack_store },
	};

	static const struct proc_pid_entry numa[] = {
		{ .name = "numa_maps", .mode = 0444, .show = numa_maps_show, .inspect = true },
	};

	proc_register_pid(entries, ARRAY_SIZE(entries));
	if (CFG_NUMA)
		proc_register_pid(numa, ARRAY_SIZE(numa));
}
