/* Lab 10: the kernel has every frame mapped, a program only its own. What is seen, why, and the checks of it. */
#include "tap.h"

#include "lab.h"
#include "mappings.h"

static const struct story *s;

/* ---- text ---- */

static void show_two(void)
{
	const char *cell[] = {
		"",
		"the program's",
		"the kernel's",
		"address",
		lab_f("%lx", s->first.user),
		lab_f("%lx", s->first.kernel),
		"entry",
		vtop_entry(vtop_last(&s->user_walk)),
		vtop_entry(vtop_last(&s->kernel_walk)),
		"maps",
		"4 KiB",
		lab_f("%lu KiB", s->first.kernel_kb),
		"allows",
		s->user_walk.rights,
		s->kernel_walk.rights,
		"frame",
		lab_f("%lx", s->first.frame),
		lab_f("%lx", s->first.kernel_frame),
		"value there",
		lab_f("%x", FIRST),
		lab_f("%x", s->first.value),
	};

	lab_step(
		"One frame, two addresses",
		"The program writes %x at %lx. The page tables of the program lead to frame %lx. The "
		"kernel has all low memory mapped at %lx and up: physical address + %lx. There is the "
		"same frame, and the same value.",
		FIRST, s->first.user, s->first.frame,
		s->first.kernel - (unsigned long)s->user_walk.phys,
		s->first.kernel - (unsigned long)s->user_walk.phys);
	lab_table("Two mappings", 3, cell, 7);
	vtop_figure("The program's", &s->user_walk, lab_f("%x", FIRST));
	vtop_figure("The kernel's", &s->kernel_walk, lab_f("%x", s->first.value));
}

static void show_writes(void)
{
	lab_step(
		"The kernel writes by its address",
		"The module stores %x at %lx. The program reads its variable: %x. No system call gave it "
		"to the program, no fault happened: it is the same memory.",
		BY_KERNEL, s->first.kernel, s->after_kernel_wrote);
	lab_step("The program writes by its own",
		 "It stores %x at %lx; the module reads %x at %lx.", BY_PROGRAM, s->first.user,
		 s->by_program.value, s->first.kernel);
}

static void show_others(void)
{
	lab_step(
		"Another process, the same address",
		"Process %d has a page at %lx, too, and writes bad into it. Its tables lead to frame %llx, not "
		"to %lx: an address means nothing without the tables.",
		s->other, s->first.user, s->other_walk.pfn, s->first.frame);
	vtop_figure(lab_f("Process %d", s->other), &s->other_walk, "bad");
	lab_step(
		"A process tries the kernel's address",
		"The kernel's tables are part of every process's, but their entries have no US bit: user "
		"code that reads %lx is ended by signal %d, and by %d when it writes. And mmap "
		"refuses to put a page of its own there: errno %d.",
		s->first.kernel, s->read_signal, s->signal, s->map_error);
}

static void show_proof(void)
{
	const struct lab_run r[] = { { s->first.frame, 1, lab_f("process %d", s->pid), NULL },
				     { s->other_walk.pfn, 1, lab_f("process %d", s->other),
				       NULL } };
	const struct lab_run swapped[] = { r[1], r[0] };

	lab_frames("The same address of two processes", r[0].first < r[1].first ? r : swapped, 2);
	lab_step(
		"The proof",
		"Nobody else can reach the frame, because no entry leads to it: the module has walked the "
		"tables of all %u processes, every page of every vma, and found frame %lx %u time: in this "
		"program. The kernel counts the same (/proc/kpagecount: %llu).",
		s->by_program.searched, s->first.frame, s->by_program.users, s->mapcount);
	lab_step(
		"Can the search find anything at all?",
		"After a fork two processes have the frame, read-only: %u entries found. After the child "
		"has ended: %u.",
		s->forked.users, s->ended.users);
}

static bool begin(void)
{
	s = mappings_story();
	return lab_told(s->error);
}

static void show(void)
{
	if (!begin())
		return;
	show_two();
	show_writes();
	show_others();
	show_proof();
}

/* ---- answers ---- */

static void answers(void)
{
	unsigned long long frame, address, offset;

	if (mappings_story()->high) /* no question has an answer there: the checks skip, too */
		return;
	if (!begin())
		return;
	frame = lab_given_number("frame", 16, s->first.frame);
	address = lab_given_number("address", 16, s->first.user);
	offset = s->first.kernel - (unsigned long)s->user_walk.phys;
	lab_answer_given("address", 16, "step 1: the program's address");
	lab_answer_given("frame", 16, "step 1: the frame");
	lab_answer_number("kernel_address", 16,
			  (unsigned long)(offset + (frame << 12 | (address & 0xfff))),
			  "frame * 4096 + offset in the page + where low memory begins");
	lab_answer_number("kernel_kb", 10, s->first.kernel_kb, "step 1: row maps");
	lab_answer_word("user_bit", strstr(s->kernel_walk.rights, "user") ? "yes" : "no",
			"step 1: is US among the bits of the kernel's entry?");
	lab_answer_number("users", 10, s->by_program.users, "the proof");
	lab_answer_number("users_after_fork", 10, s->forked.users, "the last step");
	lab_answer_number("signal", 10, (unsigned)s->read_signal, "the step before the proof");
}

/* ---- checks ---- */

#define BEGIN()                                                                                    \
	do {                                                                                       \
		s = mappings_story();                                                              \
		if (s->high)                                                                       \
			SKIP("programs get high memory here");                                     \
		NEED(!s->error);                                                                   \
	} while (0)

static void both_lead_to_one_frame(void)
{
	BEGIN();
	EQ(s->first.frame, frame_of(getpid(), s->address));
	EQ(s->first.kernel_frame, s->first.frame);
	EQ(s->first.value, FIRST);
	EQ(s->user_walk.pfn, s->first.frame);
	EQ(s->kernel_walk.pfn, s->first.frame);
	EQ(vtop_last(&s->user_walk)->entry, s->first.user_entry);
	EQ(vtop_last(&s->kernel_walk)->entry, s->first.kernel_entry);
	CHECK(strstr(s->user_walk.rights, "user rw"));
	CHECK(strstr(s->kernel_walk.rights, "kernel rw"));
	EQ(s->first.kernel % PAGE, s->first.user % PAGE);
	EQ(s->first.kernel_kb, vtop_last(&s->kernel_walk)->name[1] == 'T'   ? 4
			       : s->kernel_walk.level[0].digits == 8	    ? 4096
			       : vtop_last(&s->kernel_walk)->name[1] == 'M' ? 2048
									    : 1 << 20);
}

static void what_one_writes_the_other_reads(void)
{
	BEGIN();
	EQ(s->after_kernel_wrote, BY_KERNEL);
	EQ(s->by_program.value, BY_PROGRAM);
	EQ(s->by_program.frame, s->first.frame);
}

static void nobody_else_has_it(void)
{
	BEGIN();
	CHECK(s->other_walk.mapped);
	CHECK(s->other_walk.pfn != s->first.frame);
	EQ(s->signal, SIGSEGV);
	EQ(s->read_signal, SIGSEGV);
	EQ(s->map_error, ENOMEM);
	EQ(s->by_program.users, 1);
	EQ(s->mapcount, 1);
	EQ(s->forked.users, 2);
	EQ(s->ended.users, 1);
	CHECK(s->ended.searched >= 1);
}

static void what_must_not_be_written_is_not(void)
{
	volatile char *p =
		mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct answer a;

	FAILS(mappings_ask(&a, getpid(), (unsigned long)p, 1, 1), EFAULT); /* not there yet */
	EQ(*p, 0);
	FAILS(mappings_ask(&a, getpid(), (unsigned long)p, 1, 1), EACCES); /* the zero page */
	FAILS(mappings_ask(&a, getpid(), (unsigned long)p + 1, 0, 0), EINVAL);
	FAILS(mappings_ask(&a, 999999, (unsigned long)p, 0, 0), ESRCH);
	FAILS(mappings_ask(&a, 2, (unsigned long)p, 0, 0), ESRCH); /* a kernel thread */
	EQ(*p, 0);
}

/* ---- the exercise: /proc/frame_copy ---- */

struct copy {
	unsigned long from, to;
	int from_pid, to_pid;
};

static int child_sees(int go, volatile unsigned *page)
{
	char c;

	*page = 1;
	while (read(go, &c, 1) > 0)
		;
	return *page == 0xc0ffee ? 0 : 1;
}

/* A child's page gets four bytes of this program's, and neither asks for it. */
static void module_copies_between_processes(void)
{
	volatile unsigned *page =
		mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct copy r = { (unsigned long)page, (unsigned long)page, getpid(), 0 };
	const int fd = open("/proc/frame_copy", O_WRONLY);
	int go[2];
	pid_t pid;

	NEED(fd >= 0);
	*page = 0xc0ffee;
	NEED(pipe(go) == 0);
	pid = fork();
	if (pid == 0) {
		close(go[1]);
		_exit(child_sees(go[0], page));
	}
	r.to_pid = pid;
	while (frame_of(pid, r.to) == frame_of(r.from_pid, r.from))
		tap_sleep_ms(1); /* until it has a page of its own */
	EQ(write(fd, &r, sizeof(r)), sizeof(r));
	close(go[1]);
	EQ(tap_wait(pid), 0);
	EQ(*page, 0xc0ffee);
}

int main(int argc, char **argv)
{
	static const char *const modules[] = { "two_mappings", NULL };
	static const char *const files[] = { "/proc/two_mappings", NULL };
	static const struct tap_test checks[] = { T(both_lead_to_one_frame),
						  T(what_one_writes_the_other_reads),
						  T(nobody_else_has_it),
						  T(what_must_not_be_written_is_not), TEND };
	static const struct tap_test exercise[] = { T(module_copies_between_processes), TEND };
	static const struct lab lab = {
		10, "Two mappings of one frame", modules, show, answers, checks, exercise, files
	};

	fixed_addresses(argv);
	return lab_main(argc, argv, &lab);
}
