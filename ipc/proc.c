/*
 * /proc/sysvipc, and the limits in /proc/sys/kernel.
 *
 * OWNS     nothing: limits belong to shm.c, sem.c and msg.c.
 * WHY      each line is of one moment of its object; the objects are gone through one by one.
 * LOCKS    none here.   CONTEXT  tasks; may sleep.
 * FAILS    -EINVAL for text that is no number or out of bounds; the first numbers of `sem` may have been set then.
 * SOURCES  proc(5): /proc/sysvipc, /proc/sys/kernel/{shmmax,shmall,shmmni,shm_rmid_forced,sem,msgmax,msgmnb,msgmni}.
 * TESTED BY  tests/guest/ipc_shm.c, tests/guest/ipc_sem.c, tests/guest/ipc_msg.c
 */
#include "ipc_impl.h"

#include "base/errno.h"
#include "fs/proc.h"
#include "ipc/mqueue.h"
#include "ipc/msg.h"
#include "ipc/sem.h"
#include "ipc/shm.h"

/* One kind of object. */
struct kind {
	struct ipc_ids *ids;
	const char *head;
	void (*show)(struct seq_file *m, struct ipc_object *o);
};

static int kind_show(struct seq_file *m)
{
	const struct kind *k = m->private;
	struct ipc_object *o;
	int index = 0;

	seq_puts(m, k->head);
	for (; (o = ipc_next(k->ids, &index)); index++) {
		k->show(m, o);
		ipc_put(k->ids, o);
	}
	return 0;
}

/* ---- unsigned longs ---- */

static int ulong_show(struct seq_file *m)
{
	seq_printf(m, "%lu\n", READ_ONCE(*(unsigned long *)m->private));
	return 0;
}

/* The next decimal number of *text. 0, -EINVAL. */
static int next_number(const char **text, unsigned long *out)
{
	const char *p = *text;
	unsigned long n = 0;

	while (*p == ' ' || *p == '\t')
		p++;
	if (*p < '0' || *p > '9')
		return -EINVAL;
	for (; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(n, 10UL, &n) ||
		    __builtin_add_overflow(n, (unsigned long)(*p - '0'), &n))
			return -EINVAL;
	if (*p && *p != ' ' && *p != '\t' && *p != '\n')
		return -EINVAL;
	*text = p;
	*out = n;
	return 0;
}

static int ulong_store(struct proc_entry *e, char *text, size_t len)
{
	const char *p = text;
	unsigned long n;

	if (next_number(&p, &n))
		return -EINVAL;
	WRITE_ONCE(*(unsigned long *)e->data, n);
	return 0;
}

/* ---- sem: four numbers ---- */

static int *const sem_fields[] = { &sem_limits.per_set, &sem_limits.all, &sem_limits.ops,
				   &sem_ids.max_ids };

static int sem_limits_show(struct seq_file *m)
{
	for (unsigned i = 0; i < ARRAY_SIZE(sem_fields); i++)
		seq_printf(m, "%s%d", i ? "\t" : "", READ_ONCE(*sem_fields[i]));
	seq_putc(m, '\n');
	return 0;
}

static int sem_limits_store(struct proc_entry *e, char *text, size_t len)
{
	const char *p = text;

	for (unsigned i = 0; i < ARRAY_SIZE(sem_fields) && *p && *p != '\n'; i++) {
		int max = sem_fields[i] == &sem_ids.max_ids ? IPC_MAX_IDS : INT_MAX;
		unsigned long n;

		if (next_number(&p, &n) || n > (unsigned long)max)
			return -EINVAL;
		WRITE_ONCE(*sem_fields[i], (int)n);
	}
	return 0;
}

/* ---- shm_rmid_forced ---- */

static int forced_show(struct seq_file *m)
{
	seq_printf(m, "%d\n", READ_ONCE(shm_rmid_forced));
	return 0;
}

static int forced_store(struct proc_entry *e, char *text, size_t len)
{
	long n;

	if (proc_parse_long(text, &n) || n < 0 || n > 1)
		return -EINVAL;
	WRITE_ONCE(shm_rmid_forced, (int)n);
	if (n)
		shm_destroy_orphans();
	return 0;
}

/* ---- all of them ---- */

static void add(const char *path, uint32_t mode, struct proc_entry *e)
{
	boot_need(proc_register(path, mode, e), "/proc/", path);
}

static void add_int(const char *path, int *value, int min, int max)
{
	boot_need(proc_register_int(path, value, min, max), "/proc/", path);
}

static void objects_init(void)
{
	static struct kind
		shm = { .ids = &shm_ids, .show = shm_show_one },
		sem = { &sem_ids,
			"       key      semid perms      nsems   uid   gid  cuid  cgid"
			"      otime      ctime\n",
			sem_show_one },
		msg = { &msg_ids,
			"       key      msqid perms      cbytes       qnum lspid lrpid   uid"
			"   gid  cuid  cgid      stime      rtime      ctime\n",
			msg_show_one };
	static struct proc_entry shm_entry = { .show = kind_show, .data = &shm },
				 sem_entry = { .show = kind_show, .data = &sem },
				 msg_entry = { .show = kind_show, .data = &msg };

	shm.head =
		sizeof(long) == 8
			? "       key      shmid perms                  size  cpid  lpid nattch   uid"
			  "   gid  cuid  cgid      atime      dtime      ctime                   rss"
			  "                  swap\n"
			: "       key      shmid perms       size  cpid  lpid nattch   uid   gid  cuid"
			  "  cgid      atime      dtime      ctime        rss       swap\n";
	add("sysvipc/shm", 0444, &shm_entry);
	add("sysvipc/sem", 0444, &sem_entry);
	add("sysvipc/msg", 0444, &msg_entry);
}

void ipc_proc_init(void)
{
	static struct proc_entry shmmax = { .show = ulong_show,
					    .store = ulong_store,
					    .data = &shm_limits.max_bytes },
				 shmall = { .show = ulong_show,
					    .store = ulong_store,
					    .data = &shm_limits.all_pages },
				 sem = { .show = sem_limits_show, .store = sem_limits_store },
				 forced = { .show = forced_show, .store = forced_store };

	objects_init();
	add("sys/kernel/shmmax", 0644, &shmmax);
	add("sys/kernel/shmall", 0644, &shmall);
	add("sys/kernel/sem", 0644, &sem);
	add("sys/kernel/shm_rmid_forced", 0644, &forced);
	add_int("sys/kernel/shmmni", &shm_ids.max_ids, 0, IPC_MAX_IDS);
	add_int("sys/kernel/msgmni", &msg_ids.max_ids, 0, IPC_MAX_IDS);
	add_int("sys/kernel/shm_next_id", &shm_ids.next_id, 0, INT_MAX);
	add_int("sys/kernel/sem_next_id", &sem_ids.next_id, 0, INT_MAX);
	add_int("sys/kernel/msg_next_id", &msg_ids.next_id, 0, INT_MAX);
	add_int("sys/kernel/msgmax", &msg_limits.max_bytes, 0, INT_MAX);
	add_int("sys/kernel/msgmnb", &msg_limits.queue_bytes, 0, INT_MAX);
}

void ipc_init(void)
{
	shm_init();
	sem_init();
	msg_init();
	ipc_proc_init();
	mqueue_init();
}

void ipc_exit(struct task *t)
{
	sem_exit(t);
	shm_exit(t);
}
