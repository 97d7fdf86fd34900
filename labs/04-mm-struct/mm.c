/*
 * Lab 4: the mm_struct of a process.
 *
 * The module prints the members that describe a program's address space: where its parts lie, and counters. The program asks for its
 * own, compares with /proc, and then asks for memory in the ways that malloc does: what grows, and when?
 */
#include "tap.h"

#include "lab.h"
#include "mm_file.h"

#include <pthread.h>

enum {
	KIB = 1024,
	MIB = 1024 * KIB,
	BRK_BYTES = 64 * KIB,
	MAP_BYTES = MIB,
	NR_STEPS = 4,
	MAX_PIDS = 256
};

static struct mm_figures self; /* static: reading must not change what is counted */

static const char *span(const unsigned long *range)
{
	return lab_f("%08lx-%08lx", range[0], range[1]);
}

static const char *dec(unsigned long n)
{
	return lab_f("%lu", n);
}

/* ---- the story: places ---- */

static void show_members(const struct mm_figures *f)
{
	const char *const cells[] = {
		"member",
		"value",
		"what it is",
		"pgd",
		lab_f("%08lx", f->pgd),
		"the top page table, as the kernel sees it; CR3 has its physical address",
		"start_code, end_code",
		span(f->code),
		"instructions, as the program's file says",
		"start_data, end_data",
		span(f->data),
		"initialised variables",
		"start_brk, brk",
		span(f->heap),
		"the heap: brk(2) moves its end",
		"start_stack",
		lab_f("%08lx", f->stack),
		"the stack pointer at the start",
		"arg_start, arg_end",
		span(f->args),
		"the command line, as ps shows it",
		"env_start, env_end",
		span(f->env),
		"the environment",
		"map_count",
		dec(f->map_count),
		"mappings (vmas)",
		"total_vm",
		dec(f->total_vm),
		"pages of all mappings, touched or not",
		"data_vm",
		dec(f->data_vm),
		"of them private and writable",
		"exec_vm",
		dec(f->exec_vm),
		"of them code",
		"stack_vm",
		dec(f->stack_vm),
		"of them stack",
		"rss",
		dec(f->rss),
		"pages that have a frame",
		"pgtables_bytes / 4096",
		dec(f->tables),
		"frames that hold page tables",
		"mm_users",
		dec(f->users),
		"threads that share it, and the module while it looks"
	};

	lab_table("struct mm_struct", 3, cells, ARRAY_LEN(cells) / 3);
}

static void show_strip(const struct mm_figures *f)
{
	const unsigned long long stack = f->stack & ~(PAGE - 1);
	const struct lab_area areas[] = {
		{ f->code[0], f->code[1], "code", LAB_CODE, "start_code to end_code" },
		{ f->data[0], f->data[1], "data", LAB_DATA, "start_data to end_data" },
		{ f->heap[0], f->heap[1], "heap", LAB_HEAP, "start_brk to brk; grows upwards" },
		{ stack, f->args[0], "stack", LAB_STACK,
		  "from the page of start_stack; grows downwards" },
		{ f->args[0], f->args[1], "arguments", LAB_OTHER, "arg_start to arg_end" },
		{ f->env[0], f->env[1], "environment", LAB_ANON, "env_start to env_end" }
	};

	lab_strip("Where the parts lie", areas, ARRAY_LEN(areas));
}

/* ---- the story: growing ---- */

struct step {
	const char *name;
	struct mm_figures f;
};
static struct step steps[NR_STEPS];

/* Move the end of the heap; the C library's sbrk(3) may refuse. Return: the end before, 0. */
static unsigned long heap_by(long bytes)
{
	const unsigned long end = (unsigned long)syscall(SYS_brk, 0);

	return (unsigned long)syscall(SYS_brk, end + (unsigned long)bytes) ==
			       end + (unsigned long)bytes
		       ? end
		       : 0;
}

/* Ask for memory in the two ways that malloc does, and use it. Return: 0, -1. */
static int grow(void)
{
	unsigned long heap;
	char *p;

	steps[0].name = "at first";
	steps[1].name = "brk: 64 KiB more";
	steps[2].name = "mmap: 1 MiB";
	steps[3].name = "all of it written";
	if (mm_ask(&steps[0].f, getpid()) || !(heap = heap_by(BRK_BYTES)) ||
	    mm_ask(&steps[1].f, getpid()))
		return -1;
	p = mmap(NULL, MAP_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED || mm_ask(&steps[2].f, getpid()))
		return -1;
	memset((void *)heap, 1, BRK_BYTES);
	memset(p, 1, MAP_BYTES);
	if (mm_ask(&steps[3].f, getpid()))
		return -1;
	munmap(p, MAP_BYTES);
	return heap_by(-BRK_BYTES) ? 0 : -1;
}

static void show_growth(void)
{
	const char *cells[NR_STEPS + 1][6] = { { "", "brk", "map_count", "total_vm", "rss",
						 "page tables" } };

	if (grow()) {
		lab_failed("memory could not be had: %s", strerror(errno));
		return;
	}
	for (int i = 0; i < NR_STEPS; i++) {
		const struct mm_figures *f = &steps[i].f;

		cells[i + 1][0] = steps[i].name;
		cells[i + 1][1] = lab_f("%08lx", f->heap[1]);
		cells[i + 1][2] = dec(f->map_count);
		cells[i + 1][3] = dec(f->total_vm);
		cells[i + 1][4] = dec(f->rss);
		cells[i + 1][5] = dec(f->tables);
	}
	lab_table("What grows, and when", 6, &cells[0][0], NR_STEPS + 1);
}

/* ---- the story: everybody ---- */

static void show_processes(void)
{
	const char *cells[12][5] = { { "pid", "name", "total_vm", "VmSize", "rss" } };
	int pid[MAX_PIDS], n = all_processes(pid, MAX_PIDS), rows = 1;
	struct mm_figures f;

	for (int i = 0; i < n && rows < 12; i++) {
		if (mm_ask(&f, pid[i]))
			continue;
		cells[rows][0] = lab_f("%d", pid[i]);
		cells[rows][1] = lab_f("%s", f.comm);
		cells[rows][2] = f.has_mm ? dec(f.total_vm) : "no mm";
		cells[rows][3] = f.has_mm ? lab_f("%ld kB", status_number(pid[i], "VmSize")) : "";
		cells[rows++][4] = f.has_mm ? dec(f.rss) : "";
	}
	lab_table(n > 11 ? "The first processes" : "All processes", 5, &cells[0][0], (size_t)rows);
}

static void show(void)
{
	if (mm_ask(&self, getpid())) {
		lab_failed("/proc/mm_lab: %s", strerror(errno));
		return;
	}
	lab_step(
		"One structure for an address space",
		"A process's memory is described by one struct mm_struct; task_struct->mm points to it. The module was given the pid %d, found the "
		"task, took the lock of its address space and printed the members.",
		getpid());
	show_members(&self);
	lab_step(
		"Where the parts lie",
		"The same members drawn, from the highest address down. They are notes that exec made: what is really mapped "
		"the vmas say, which are lab 5's.");
	show_strip(&self);
	lab_step(
		"What malloc changes",
		"malloc has two ways to get memory: small pieces come from the heap, whose end it moves (brk), large ones are mappings of their own "
		"(mmap). Both only make promises: total_vm grows at once, rss when a page is written for the first time.");
	show_growth();
	lab_step(
		"Everybody else",
		"Every process has one, and /proc tells the same: VmSize is total_vm in kB. Kernel threads have none: they use the kernel's part of "
		"the tables, which is in every address space, and run in the one that was there before them (active_mm).");
	show_processes();
}

/* ---- questions ---- */

static void *idle(void *unused)
{
	pause();
	return unused;
}

static unsigned long users_with_thread(void)
{
	struct mm_figures one, two;
	pthread_t t;

	if (mm_ask(&one, getpid()) || pthread_create(&t, NULL, idle, NULL))
		return 0;
	if (mm_ask(&two, getpid()))
		return 0;
	return two.users - one.users;
}

static void answers(void)
{
	struct mm_figures thread;
	unsigned long total;

	if (grow() || grow() || mm_ask(&thread, 2)) { /* the second time nothing else comes in */
		lab_failed("the module does not answer: %s", strerror(errno));
		return;
	}
	total = (unsigned long)lab_given_number("total_vm", 10, steps[0].f.total_vm);
	lab_answer_given("total_vm", 10, "struct mm_struct: total_vm");
	lab_answer_number("vmsize", 10, total * (PAGE / KIB), "total_vm pages of 4 kB");
	lab_answer_number("brk_pages", 10, steps[1].f.total_vm - steps[0].f.total_vm,
			  "What grows: total_vm, second row");
	lab_answer_number("mmap_rss", 10, steps[2].f.rss - steps[1].f.rss,
			  "What grows: rss, third row");
	lab_answer_number("written_rss", 10, steps[3].f.rss - steps[2].f.rss,
			  "What grows: rss, fourth row");
	lab_answer_number("written_vm", 10, steps[3].f.total_vm - steps[2].f.total_vm,
			  "What grows: total_vm, fourth row");
	lab_answer_word("grows_down", "stack|the stack", "Where the parts lie");
	lab_answer_number("thread_users", 10, users_with_thread(),
			  "a thread shares the address space of its process");
	lab_answer_word("kernel_thread", thread.has_mm ? "yes|y" : "no|n",
			"Everybody else: kthreadd, pid 2");
}

/* ---- the check ---- */

static void places_as_proc_says(void)
{
	NEED(mm_ask(&self, getpid()) == 0);
	EQ(self.code[0], stat_field(26));
	EQ(self.code[1], stat_field(27));
	EQ(self.stack, stat_field(28));
	EQ(self.data[0], stat_field(45));
	EQ(self.data[1], stat_field(46));
	EQ(self.heap[0], stat_field(47));
	EQ(self.heap[1], (unsigned long)syscall(SYS_brk, 0));
	EQ(self.args[0], stat_field(48));
	EQ(self.args[1], stat_field(49));
	EQ(self.env[0], stat_field(50));
	EQ(self.env[1], stat_field(51));
}

/*
 * Reading may itself bring a page in, and the kernel may take one: a look counts when the one after it is the same. The last
 * of them all is reported.
 */
enum { LOOKS = 20 };

static void counters_as_status_says(void)
{
	struct mm_figures after;
	long rss = 0, tables = 0;

	for (int i = 0; i < LOOKS; i++) {
		NEED(mm_ask(&self, getpid()) == 0);
		rss = status_number(getpid(), "VmRSS");
		tables = status_number(getpid(), "VmPTE");
		NEED(mm_ask(&after, getpid()) == 0);
		if (after.rss == self.rss && after.tables == self.tables)
			break;
	}
	EQ(self.rss * 4, rss);
	EQ(self.tables * 4, tables);
	EQ(self.total_vm * 4, status_number(getpid(), "VmSize"));
	EQ(self.locked_vm * 4, status_number(getpid(), "VmLck"));
	EQ(self.data_vm * 4, status_number(getpid(), "VmData"));
	EQ(self.stack_vm * 4, status_number(getpid(), "VmStk"));
}

static void memory_is_counted_when_touched(void)
{
	const unsigned long written = (BRK_BYTES + MAP_BYTES) / PAGE;

	for (int i = 0; i < LOOKS; i++) {
		NEED(grow() == 0);
		if (steps[2].f.rss == steps[0].f.rss && steps[3].f.rss - steps[2].f.rss == written)
			break;
	}
	EQ(steps[1].f.total_vm - steps[0].f.total_vm, BRK_BYTES / PAGE);
	EQ(steps[1].f.heap[1] - steps[0].f.heap[1], BRK_BYTES);
	EQ(steps[2].f.total_vm - steps[1].f.total_vm, MAP_BYTES / PAGE);
	EQ(steps[2].f.rss, steps[0].f.rss);
	EQ(steps[3].f.rss - steps[2].f.rss, written);
	EQ(steps[3].f.total_vm, steps[2].f.total_vm);
}

/* Other processes come, go and change between two looks: the same twice in VmSize, and what lies between must be it, too. */
static void one_process(int pid)
{
	for (int i = 0; i < 20; i++) {
		const long before = status_number(pid, "VmSize");
		struct mm_figures f;
		const int err = mm_ask(&f, pid) ? errno : 0;
		const long after = status_number(pid, "VmSize");

		if (kill(pid, 0))
			return;
		if (before != after || err || (before > 0) != f.has_mm)
			continue;
		if (f.has_mm)
			EQ(f.total_vm * 4, after);
		return;
	}
	CHECK(!"a process that holds still");
}

static void every_process(void)
{
	int pid[MAX_PIDS], n = all_processes(pid, MAX_PIDS);

	CHECK(n >= 3);
	for (int i = 0; i < n; i++)
		one_process(pid[i]);
}

static void threads_share_it(void)
{
	EQ(users_with_thread(), 1);
}

/* ---- the exercise ---- */

/* Lines "auxv KEY VALUE" against the kernel's own file. */
static void module_prints_auxv(void)
{
	static char text[8192];
	unsigned long pair[2];
	const int fd = open("/proc/self/auxv", O_RDONLY);
	char *at;

	NEED(mm_ask(&self, getpid()) == 0);
	NEED(tap_read("/proc/mm_lab", text, sizeof(text)) > 0);
	at = strstr(text, "\nauxv ");
	if (!at) {
		tap_failed();
		tap_note("# no lines 'auxv KEY VALUE' in /proc/mm_lab");
		return;
	}
	at++;
	while (read(fd, pair, sizeof(pair)) == (ssize_t)sizeof(pair) && pair[0]) {
		STREQ(lab_f("%.*s", (int)strcspn(at, "\n"), at),
		      lab_f("auxv %lu %lx", pair[0], pair[1]));
		at += strcspn(at, "\n");
		at += *at == '\n';
	}
	CHECK(strncmp(at, "auxv ", 5) != 0);
	close(fd);
}

int main(int argc, char **argv)
{
	static const char *const modules[] = { "mm_lab", NULL };
	static const char *const files[] = { "/proc/mm_lab", NULL };
	static const struct tap_test checks[] = { T(places_as_proc_says),
						  T(counters_as_status_says),
						  T(memory_is_counted_when_touched),
						  T(every_process),
						  T(threads_share_it),
						  TEND };
	static const struct tap_test exercise[] = { T(module_prints_auxv), TEND };
	static const struct lab lab = {
		4, "The mm_struct of a process", modules, show, answers, checks, exercise, files
	};

	return lab_main(argc, argv, &lab);
}
