/*
 * tracefs: trace and trace_pipe, what was recorded, as lines of text.
 *
 *   trace       all that is kept, as it is now; to write anything, or to open it with O_TRUNC, forgets it
 *   trace_pipe  the oldest first, each record once; a reader waits for more. Recording is stopped (tracing_on) and all is read: the end
 *
 * OWNS     struct pipe_reader: an open trace_pipe; the timer that looks for records while one is open.
 * WHY      a record may be written where nothing can be woken (in the scheduler itself): so a timer looks, every LOOK_NS.
 * I1       the timer is armed while nr_open > 0: by open, then by itself.
 * LOCKS    pipe_reader.lock; the rings' own.   CONTEXT  tasks; the timer.
 * FAILS    -ENOMEM, -EFAULT, -EAGAIN, -ERESTARTSYS.
 * SOURCES  Linux's Documentation/trace/ftrace.rst.   TESTED BY  tests/guest/proc_tracefs.c
 */
#include "tracefs_impl.h"

#include "arch/uaccess.h"
#include "base/errno.h"
#include "fs/poll.h"
#include "kernel/task.h"
#include "kernel/task_calls.h"
#include "kernel/time.h"
#include "kernel/trace_hold.h"
#include "mm/slab.h"
#include "sync/failpoint.h"
#include "sync/percpu.h"
#include "sync/tracepoint.h"

enum { LOOK_NS = 10 * NSEC_PER_MSEC, LINES_AT_ONCE = 32 };

struct pipe_reader {
	struct mutex lock; /* of the rest; poll looks without it */
	struct trace_cursor at;
	struct seq_file lines; /* of records that are taken */
	size_t done;	       /* bytes of them that were read */
	bool has_read;
};

static struct ktimer look_timer;
static atomic_t nr_open;

/* ---- a line ---- */

static void put_task(struct seq_file *m, uint32_t tid)
{
	struct task *t = tid ? task_find((int)tid) : NULL;

	seq_printf(m, "%16s-%-7u ", !tid ? "<idle>" : t ? t->comm : "<...>", tid);
	if (t)
		task_put(t);
}

static void put_line(struct seq_file *m, const struct trace_record *r)
{
	const struct tracepoint *t = &tracepoints[r->point];
	unsigned long s = (unsigned long)(r->time_ns / NSEC_PER_SEC);

	put_task(m, r->tid);
	seq_printf(m, "[%03u] ..... %5lu.%06lu: %s: ", r->cpu, s,
		   (unsigned long)(r->time_ns % NSEC_PER_SEC / NSEC_PER_USEC), t->name);
	seq_printf(m, t->text, r->arg[0], r->arg[1], r->arg[2], r->arg[3], r->arg[4], r->arg[5]);
	seq_putc(m, '\n');
}

/* ---- trace ---- */

static void put_head(struct seq_file *m)
{
	struct tracebuf_figures f = tracebuf_figures();

	seq_printf(m,
		   "# tracer: nop\n#\n# entries-in-buffer/entries-written: %llu/%llu   #P:%u\n#\n",
		   (unsigned long long)f.kept, (unsigned long long)f.written, nr_cpus);
	seq_puts(m, "#                                _-----=> irqs-off/BH-disabled\n"
		    "#                               / _----=> need-resched\n"
		    "#                              | / _---=> hardirq/softirq\n"
		    "#                              || / _--=> preempt-depth\n"
		    "#                              ||| / _-=> migrate-disable\n"
		    "#                              |||| /     delay\n"
		    "#           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION\n"
		    "#              | |         |   |||||     |         |\n");
}

static int trace_show(struct seq_file *m)
{
	struct trace_cursor at = { .lost = 0 };
	struct trace_record r;
	uint64_t left = tracebuf_figures().kept;

	put_head(m);
	for (; left && tracebuf_next(&at, &r, false); left--)
		put_line(m, &r);
	return 0;
}

static void forget(struct proc_entry *e)
{
	tracebuf_clear();
	tracefs_settle();
}

static int trace_store(struct proc_entry *e, char *text, size_t len)
{
	forget(e);
	return 0;
}

/* ---- trace_pipe ---- */

static bool something_kept(void)
{
	return tracebuf_figures().kept != 0;
}

static void look(struct ktimer *t)
{
	if (waitq_active(&trace_readers) && (something_kept() || !READ_ONCE(trace_recording)))
		waitq_wake_all(&trace_readers);
	if (atomic_read(&nr_open))
		ktimer_arm(t, clock_ns() + LOOK_NS);
}

static int pipe_open(struct inode *inode, struct file *f)
{
	struct pipe_reader *p = failpoint("trace_pipe") ? NULL : kzalloc(sizeof(*p), GFP_KERNEL);

	if (!p)
		return -ENOMEM;
	mutex_init(&p->lock, RANK_TEXT);
	f->private = p;
	if (atomic_add_return(&nr_open, 1) == 1)
		ktimer_arm(&look_timer, clock_ns() + LOOK_NS);
	return 0;
}

static void pipe_release(struct file *f)
{
	struct pipe_reader *p = f->private;

	if (atomic_add_return(&nr_open, -1) == 0)
		trace_hold_switch(false); /* there is nobody to wait for */
	seq_free(&p->lines);
	kfree(p);
	tracefs_settle();
}

/* More lines, if there are. */
static void take_lines(struct pipe_reader *p)
{
	struct trace_record r;

	p->lines.len = p->done = 0;
	for (unsigned i = 0; i < LINES_AT_ONCE && tracebuf_next(&p->at, &r, true); i++) {
		if (p->at.lost)
			seq_printf(&p->lines, "CPU:%u [LOST %llu EVENTS]\n", r.cpu,
				   (unsigned long long)p->at.lost);
		p->at.lost = 0;
		put_line(&p->lines, &r);
	}
	trace_hold_taken();
}

static bool at_end(const struct pipe_reader *p)
{
	return p->has_read && !READ_ONCE(trace_recording) && !something_kept();
}

/* 0: there are lines, or it is the end. */
static int wait_lines(struct file *f, struct pipe_reader *p)
{
	while (p->done == p->lines.len && !at_end(p)) {
		take_lines(p);
		if (p->lines.err)
			return p->lines.err;
		if (p->lines.len)
			break;
		if (f->flags & O_NONBLOCK)
			return -EAGAIN;
		if (wait_event_interruptible(&trace_readers, something_kept() || at_end(p)))
			return -ERESTARTSYS;
	}
	return 0;
}

static long read_lines(struct file *f, struct pipe_reader *p, uaddr_t buf, size_t len)
{
	int err = wait_lines(f, p);
	size_t n, left;

	if (err)
		return err;
	n = min_of(size_t, len, p->lines.len - p->done);
	left = copy_to_user(buf, p->lines.buf + p->done, n);
	p->done += n - left;
	p->has_read |= n != left;
	return left && left == n ? -EFAULT : (long)(n - left);
}

static long pipe_read(struct file *f, uaddr_t buf, size_t len, uint64_t *pos)
{
	struct pipe_reader *p = f->private;
	long n;

	mutex_lock(&p->lock);
	n = read_lines(f, p, buf, len);
	mutex_unlock(&p->lock);
	return n;
}

static unsigned pipe_poll(struct file *f, struct poll_table *pt)
{
	struct pipe_reader *p = f->private;

	poll_wait_for(pt, &trace_readers, POLLIN | POLLRDNORM);
	return p->done < p->lines.len || something_kept() || at_end(p) ? POLLIN | POLLRDNORM : 0;
}

static const struct file_ops pipe_fops = {
	.open = pipe_open, .release = pipe_release, .read = pipe_read, .poll = pipe_poll
};

void tracefs_pipe_init(void)
{
	static const struct sysfs_attr files[] = {
		{ .name = "trace",
		  .mode = 0640,
		  .show = trace_show,
		  .store = trace_store,
		  .cut = forget },
		{ .name = "trace_pipe", .mode = 0440, .fops = &pipe_fops },
	};

	ktimer_init(&look_timer, look);
	boot_need(tracefs_create_files("", files, ARRAY_SIZE(files), NULL), "/sys/kernel/tracing/",
		  "");
}
