/*
 * A page is written, a fork shares it, writes divide it; after each step /proc/PID/vtop is asked about both processes.
 *
 * The child does what it is told through a pipe, one letter a time, so that there is never a race; it reports how many page faults the
 * one access took. The story is told twice and the second time counts: then the programs' own pages are in memory.
 */
#include "tap.h"

#include <sys/resource.h>

#include "cow.h"

/* What the child says, in memory that both see. */
struct report {
	volatile unsigned value;
	volatile long faults;
};

static struct story story;
static struct report *report;
static volatile unsigned *page, *shared;
static int to_child[2], to_parent[2];

static long faults(void)
{
	struct rusage r;

	getrusage(RUSAGE_SELF, &r);
	return r.ru_minflt;
}

/* ---- the child ---- */

static void obey(char order)
{
	volatile unsigned *p = order == 's' ? shared : page;
	const long before = faults();

	if (order == 'r')
		report->value = *p;
	else if (order != 'n')
		*p = CHILD_VALUE;
	report->faults = faults() - before;
	if (order == 'w')
		report->value = *p;
}

/* Ends when its pipe does. The first 'n' makes its own stack and data its own. */
static void child_main(void)
{
	char order;

	close(to_child[1]);
	obey('n');
	while (read(to_child[0], &order, 1) == 1) {
		obey(order);
		if (write(to_parent[1], &order, 1) != 1)
			break;
	}
	_exit(0);
}

/* ---- the parent ---- */

static void tell_child(char order)
{
	char done = 0;

	if (write(to_child[1], &order, 1) != 1 || read(to_parent[0], &done, 1) != 1)
		story.error = "the child has ended";
}

static int child_new(void)
{
	pid_t pid;

	if (pipe(to_child) || pipe(to_parent)) {
		story.error = "pipe";
		return -1;
	}
	pid = fork();
	if (pid == 0)
		child_main();
	if (pid < 0)
		story.error = "fork";
	tell_child('n');
	(void)faults(); /* the parent's stack is its own again */
	return pid;
}

static void child_end(int pid)
{
	close(to_child[1]);
	close(to_child[0]);
	close(to_parent[0]);
	close(to_parent[1]);
	tap_wait(pid);
}

static void look(enum when w, int child)
{
	struct moment *m = &story.now[w];

	if (!vtop_ask(&m->parent, getpid(), story.page) ||
	    (child && !vtop_ask(&m->child, child, story.page)))
		story.error = "/proc/PID/vtop does not answer";
	m->parent_value = *page;
	m->child_value = report->value;
	m->faults = report->faults;
}

static void parent_writes(enum when w, int child)
{
	const long before = faults();
	long after;

	*page = PARENT_VALUE;
	after = faults();
	look(w, child);
	story.now[w].faults = after - before;
}

static void first_fork(void)
{
	const int child = child_new();

	story.child = child;
	look(FORKED, child);
	tell_child('r');
	look(CHILD_READ, child);
	tell_child('w');
	look(CHILD_WROTE, child);
	parent_writes(PARENT_WROTE, child);
	child_end(child);
}

static void second_fork(void)
{
	const int child = child_new();

	story.second_child = child;
	tell_child('r');
	look(FORKED_AGAIN, child);
	parent_writes(PARENT_FIRST, child);
	tell_child('w');
	look(CHILD_SECOND, child);
	vtop_ask(&story.shared_before, getpid(), story.shared);
	vtop_ask(&story.shared_forked, child, story.shared);
	tell_child('s');
	story.shared_faults = report->faults;
	story.shared_value = *shared;
	vtop_ask(&story.shared_parent, getpid(), story.shared);
	vtop_ask(&story.shared_child, child, story.shared);
	child_end(child);
}

static void *one_page(int how)
{
	void *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, how | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		story.error = "mmap";
	return p;
}

static void tell(void)
{
	page = one_page(MAP_PRIVATE);
	shared = one_page(MAP_SHARED);
	if (story.error)
		return;
	story.page = (unsigned long)page;
	story.shared = (unsigned long)shared;
	story.parent = getpid();
	*page = *shared = OLD_VALUE;
	report->faults = 0;
	look(ALONE, 0);
	first_fork();
	if (!story.error)
		second_fork();
	munmap((void *)page, PAGE);
	munmap((void *)shared, PAGE);
}

const struct story *cow_story(void)
{
	memset(&story, 0, sizeof(story));
	report = one_page(MAP_SHARED);
	for (int i = 0; i < 2 && !story.error; i++)
		tell();
	return &story;
}
