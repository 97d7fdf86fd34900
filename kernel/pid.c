/*
 * Process numbers: which are free, who has them.
 *
 * OWNS     the bitmap of numbers, the hash of struct pid.
 * WHY      a number stays taken as long as a thread, a process group or a session uses it; one entry carries all three, so
 *          finding a thread or the members of a group is O(1) + members.
 * I1       a number's bit is set exactly while an entry with it is in the hash.
 * I2       refs = (task ? 1 : 0) + groups' members + sessions' members; never 0 in the hash.
 * LOCKS    tasklist_lock.
 * COST     take: next-fit scan of words, typically the next bit; find: one chain of a table of 1,024.
 * SOURCES  Linux reuses numbers from 300 on after a wrap; 32,768 is its default limit (proc(5) pid_max).
 */
#include "base/errno.h"
#include "kernel/task_impl.h"
#include "mm/slab.h"
#include "sync/failpoint.h"
#include "sync/kassert.h"

enum { PID_BUCKETS = 1024, FIRST_AFTER_WRAP = 300, BITS = 8 * sizeof(unsigned long) };

static unsigned long used[PID_MAX / BITS];
static struct pid *table[PID_BUCKETS];
static struct kmem_cache *pid_cache;
static int last;
int sysctl_pid_max = PID_MAX; /* numbers are below it */

void pids_init(void)
{
	pid_cache = kmem_cache_create("pid", sizeof(struct pid), 0, SLAB_PANIC, NULL);
	used[0] = 1; /* 0 is the idle threads' */
}

int last_pid(void)
{
	return READ_ONCE(last);
}

struct pid *pid_new(void)
{
	return failpoint("pid") ? NULL : kmem_cache_alloc(pid_cache, GFP_KERNEL);
}

void pid_discard(struct pid *p)
{
	kmem_cache_free(pid_cache, p);
}

/* First clear bit in [from, PID_MAX); PID_MAX when there is none below sysctl_pid_max. */
static int find_free(int from)
{
	unsigned w = (unsigned)from / BITS;
	unsigned long free_bits;

	if (from >= PID_MAX)
		return PID_MAX;
	free_bits = ~used[w] & (~0UL << (unsigned)from % BITS);
	while (!free_bits) {
		if (++w == PID_MAX / BITS)
			return PID_MAX;
		free_bits = ~used[w];
	}
	from = (int)(w * BITS) + __builtin_ctzl(free_bits);
	return from < READ_ONCE(sysctl_pid_max) ? from : PID_MAX;
}

static int next_number(void)
{
	int nr = find_free(last + 1);

	if (nr == PID_MAX)
		nr = find_free(FIRST_AFTER_WRAP);
	if (nr == PID_MAX)
		return -EAGAIN;
	last = nr;
	return nr;
}

static int wanted_number(int nr)
{
	if (nr < 1 || nr >= READ_ONCE(sysctl_pid_max))
		return -EINVAL;
	return find_free(nr) == nr ? nr : -EEXIST;
}

int pid_take_number(struct pid *p, int wanted)
{
	int nr = wanted ? wanted_number(wanted) : next_number();

	if (nr < 0)
		return nr;
	used[nr / BITS] |= 1UL << nr % BITS;
	p->nr = nr;
	p->refs = 1;
	p->task = NULL;
	list_init(&p->groups);
	p->next = table[nr % PID_BUCKETS];
	table[nr % PID_BUCKETS] = p;
	return nr;
}

struct pid *pid_find(int nr)
{
	struct pid *p;

	if (nr <= 0 || nr >= PID_MAX)
		return NULL;
	for (p = table[nr % PID_BUCKETS]; p; p = p->next)
		if (p->nr == nr)
			return p;
	return NULL;
}

struct pid *pid_ref(struct pid *p)
{
	p->refs++;
	return p;
}

void pid_unref(struct pid *p)
{
	struct pid **link = &table[p->nr % PID_BUCKETS];

	must(p->refs > 0);
	if (--p->refs)
		return;
	while (*link != p)
		link = &(*link)->next;
	*link = p->next;
	used[p->nr / BITS] &= ~(1UL << p->nr % BITS);
	kmem_cache_free(pid_cache, p);
}

/* First set bit in [from, PID_MAX); PID_MAX when there is none. */
static int find_used(int from)
{
	unsigned w = (unsigned)from / BITS;
	unsigned long bits;

	if (from >= PID_MAX)
		return PID_MAX;
	bits = used[w] & (~0UL << (unsigned)from % BITS);
	while (!bits) {
		if (++w == PID_MAX / BITS)
			return PID_MAX;
		bits = used[w];
	}
	return (int)(w * BITS) + __builtin_ctzl(bits);
}

struct task *pid_next_task(int *nr)
{
	int n;

	for (n = find_used(*nr > 0 ? *nr : 1); n < PID_MAX; n = find_used(n + 1)) {
		const struct pid *p = pid_find(n);

		if (p && p->task) {
			*nr = n;
			return p->task;
		}
	}
	return NULL;
}
