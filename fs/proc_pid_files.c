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

enum { OLD_NEVER = -17, OLD_MAX = 15, CHILDREN_AT_ONCE = 64 };

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
	static const char none[sizeof(long)];
	const char *auxv;
	size_t word, n = 0;
	int err = task_mm_inspect(t, &mm);

	if (err || !mm)
		return err;
	/* It is in the program's words. */
	word = t->thread.arch.program32 ? sizeof(uint32_t) : sizeof(long);
	auxv = (const char *)mm->saved_auxv;
	while (n + 4 * word <= sizeof(mm->saved_auxv) && memcmp(auxv + n, none, word))
		n += 2 * word;
	seq_write(m, mm->saved_auxv, n + 2 * word);
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

static int ksm_stat_show(struct seq_file *m, struct task *t)
{
	struct mm_struct *mm = task_mm_get(t);

	if (!mm)
		return 0;
	seq_printf(m, "ksm_rmap_items %lu\n", READ_ONCE(mm->ksm_rmap_items));
	mmput(mm);
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

/* ---- what it does ---- */

static int io_show(struct seq_file *m, struct task *t)
{
	struct task_io io = { .rchar = 0 };

	if (!task_may_inspect(t))
		return -EACCES;
	if (proc_of_thread(m))
		task_io_add(&io, t);
	else
		group_io(t, &io);
	seq_printf(m, "rchar: %llu\nwchar: %llu\nsyscr: %llu\nsyscw: %llu\n",
		   (unsigned long long)io.rchar, (unsigned long long)io.wchar,
		   (unsigned long long)io.syscr, (unsigned long long)io.syscw);
	seq_printf(m, "read_bytes: %llu\nwrite_bytes: %llu\ncancelled_write_bytes: %llu\n",
		   (unsigned long long)io.disk_read, (unsigned long long)io.disk_dirtied,
		   (unsigned long long)io.disk_dropped);
	return 0;
}

/* Does thread number @tid of @sig live? tasklist_lock held. */
static bool has_thread(struct signal_struct *sig, int tid)
{
	struct task *t;

	list_for_each_entry (t, &sig->threads, thread_link) {
		if (t->pid == tid && !t->exiting)
			return true;
	}
	return false;
}

/* The children that this thread made, without the first @skip of them; those of threads that have ended are the leader's. */
static unsigned children_of(struct task *t, unsigned skip, int *pids, unsigned max)
{
	irqflags_t flags = spin_lock_irqsave(&tasklist_lock);
	struct signal_struct *sig = t->signal, *child;
	unsigned n = 0;

	list_for_each_entry (child, &sig->children, sibling) {
		int tid = child->maker_tid;

		if (!has_thread(sig, tid))
			tid = sig->leader->pid;
		if (tid != t->pid || (skip && skip--))
			continue;
		pids[n++] = child->leader->pid;
		if (n == max)
			break;
	}
	spin_unlock_irqrestore(&tasklist_lock, flags);
	return n;
}

static int children_show(struct seq_file *m, struct task *t)
{
	int pids[CHILDREN_AT_ONCE];
	unsigned n, done = 0;

	do {
		n = children_of(t, done, pids, ARRAY_SIZE(pids));
		for (unsigned i = 0; i < n; i++)
			seq_printf(m, "%d ", pids[i]);
		done += n;
	} while (n == ARRAY_SIZE(pids));
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
		{ .name = "task", .mode = S_IFDIR | 0555, .where = PID_ONLY },
		{ .name = "fd", .mode = S_IFDIR | 0500 },
		{ .name = "map_files", .mode = S_IFDIR | 0500, .where = PID_ONLY },
		{ .name = "fdinfo", .mode = S_IFDIR | 0555 },
		{ .name = "net", .mode = S_IFDIR | 0555 },
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
		{ .name = "mounts",
		  .mode = 0444,
		  .show = pid_mounts_show,
		  .fops = &pid_mounts_fops },
		{ .name = "mountinfo",
		  .mode = 0444,
		  .show = pid_mountinfo_show,
		  .fops = &pid_mounts_fops },
		{ .name = "mountstats",
		  .mode = 0400,
		  .where = PID_ONLY,
		  .show = pid_mountstats_show },
		{ .name = "clear_refs", .mode = 0200, .store = clear_refs_store },
		{ .name = "frames", .mode = 0600, .show = frames_show, .store = frames_store },
		{ .name = "smaps", .mode = 0444, .show = smaps_show, .inspect = true },
		{ .name = "smaps_rollup",
		  .mode = 0444,
		  .show = smaps_rollup_show,
		  .inspect = true },
		{ .name = "pagemap", .mode = 0400, .fops = &pagemap_fops },
		{ .name = "vtop", .mode = 0600, .fops = &pid_vtop_fops },
		{ .name = "io", .mode = 0400, .show = io_show },
		{ .name = "children", .mode = 0444, .where = TASK_ONLY, .show = children_show },
		{ .name = "stack", .mode = 0400, .show = pid_stack_show },
		{ .name = "syscall", .mode = 0400, .show = pid_syscall_show },
		{ .name = "wchan", .mode = 0444, .show = pid_wchan_show },
		{ .name = "sched", .mode = 0444, .show = pid_sched_show },
		{ .name = "schedstat", .mode = 0444, .show = pid_schedstat_show },
		{ .name = "oom_score", .mode = 0444, .show = oom_score_show },
		{ .name = "ksm_merging_pages", .mode = 0400, .show = ksm_merging_pages_show },
		{ .name = "ksm_stat", .mode = 0400, .show = ksm_stat_show },
		{ .name = "coredump_filter",
		  .mode = 0644,
		  .where = PID_ONLY,
		  .show = coredump_filter_show,
		  .store = coredump_filter_store },
		{ .name = "oom_adj", .mode = 0644, .show = oom_adj_show, .store = oom_adj_store },
		{ .name = "oom_score_adj",
		  .mode = 0644,
		  .show = oom_score_adj_show,
		  .store = oom_score_adj_store },
		{ .name = "timerslack_ns",
		  .mode = 0666,
		  .where = PID_ONLY,
		  .show = timerslack_show,
		  .store = timerslack_store },
	};

	static const struct proc_pid_entry numa[] = {
		{ .name = "numa_maps", .mode = 0444, .show = numa_maps_show, .inspect = true },
	};

	proc_register_pid(entries, ARRAY_SIZE(entries));
	proc_pid_ids_init();
	proc_schedstat_init();
	if (CFG_NUMA)
		proc_register_pid(numa, ARRAY_SIZE(numa));
}
