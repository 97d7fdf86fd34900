/* Lab 6: relocation by a base, sharing by pages. What is seen, why, and the checks of it. */
#include "tap.h"

#include "descriptor.h"
#include "lab.h"
#include "relocation.h"
#include "student.h"

static const struct story *s;

static bool begin(void)
{
	s = relocation_story();
	if (!s || s->error)
		lab_failed("the story ended early (story.c, line %d)", s ? s->error : 0);
	return s && !s->error;
}

/* ---- text ---- */

static void row(const char **c, const char *who, const struct view *v)
{
	c[0] = who;
	c[1] = lab_f("%04x:%08x", SELECTOR, OFFSET);
	c[2] = lab_f("%08lx", v->base);
	c[3] = lab_f("%08lx", v->linear);
	c[4] = lab_f("%llx", v->walk.pfn);
	c[5] = lab_f("%llx", v->walk.phys);
	c[6] = lab_f("%x", v->value);
}

static void show_parent(void)
{
	lab_step(
		"Process 5 has its 64 MiB",
		"modify_ldt makes entry %u of this process's LDT: data, base 5 x 4000000 = %lx, 64 MiB. The "
		"program stores %x at %04x:%08x: selector and offset, a logical address.",
		ENTRY, s->parent.base, OLD_VALUE, SELECTOR, OFFSET);
	selector_figure("The selector", SELECTOR);
	desc_figure("Entry 1 of its LDT", s->parent.descriptor);
	lab_note(
		"Logical to linear is an addition: %08lx + %x = %08lx, if the offset is not beyond the last "
		"one, %x. Linear to physical is paging:",
		s->parent.base, OFFSET, s->parent.linear, desc_last(s->parent.descriptor));
	vtop_figure("Process 5", &s->parent.walk, lab_f("%x", s->parent.value));
}

static void show_child(void)
{
	lab_step(
		"fork, and the child becomes process 6",
		"The child inherits LDT and tables: the same linear address %lx, the same frame %llx. "
		"Now it moves: its page table entry goes to 6 x 4000000 (mremap copies no byte), and the base in "
		"its own LDT becomes %lx. No instruction of the program changes: 000f:00000300 is %lx now. "
		"That is relocation by hardware.",
		s->inherited.linear, s->inherited.walk.pfn, s->child.base, s->child.linear);
	desc_figure("Entry 1 of the child's LDT", s->child.descriptor);
	vtop_figure("Process 6", &s->child.walk, lab_f("%x", s->child.value));
	lab_note(
		"Two linear addresses, one frame: %llx, mapped by %d entries, neither of which may write.",
		s->child.walk.pfn, s->child.walk.mapcount);
}

static void show_write(void)
{
	lab_step(
		"Process 6 writes",
		"The descriptor allows it, the page table entry does not: a page fault, and because the "
		"frame has another user, a copy. Process 6 has frame %llx now, process 5 keeps %llx with %x "
		"in it.",
		s->child_later.walk.pfn, s->parent_later.walk.pfn, s->parent_later.value);
	vtop_figure("Process 6", &s->child_later.walk, lab_f("%x", s->child_later.value));
}

static void show_table(void)
{
	const char *cell[7 * 6] = { "",	      "logical address", "base in the LDT",
				    "linear", "frame",		 "physical",
				    "value" };

	row(cell + 7, "process 5", &s->parent);
	row(cell + 14, "its child, at once", &s->inherited);
	row(cell + 21, "as process 6", &s->child);
	row(cell + 28, "after its write", &s->child_later);
	row(cell + 35, "process 5 then", &s->parent_later);
	lab_table("One logical address", 7, cell, 6);
}

static void show_spaces(void)
{
	const struct lab_area a[] = {
		{ 0, (unsigned long)PARENT * SPAN, "processes 0 to 4", LAB_OTHER, "64 MiB each" },
		{ (unsigned long)PARENT * SPAN, (unsigned long)CHILD * SPAN, "process 5", LAB_DATA,
		  lab_f("base %08lx", s->parent.base) },
		{ (unsigned long)CHILD * SPAN, (unsigned long)(CHILD + 1) * SPAN, "process 6",
		  LAB_HEAP, lab_f("base %08lx", s->child.base) },
		{ (unsigned long)(CHILD + 1) * SPAN, 1ULL << 32, "processes 7 to 63", LAB_OTHER,
		  "64 MiB each" },
	};
	const struct lab_run p = { s->parent_later.walk.pfn, 1, "process 5", NULL };
	const struct lab_run c = { s->child_later.walk.pfn, 1, "process 6", NULL };
	const struct lab_run up[] = { p, c }, down[] = { c, p };

	lab_step(
		"The classic layout",
		"In its first year Linux (0.11) had one page directory for all, and gave process n the 64 MiB "
		"from n x 4000000: 64 processes in 4 GiB. Each program was linked for address 0. Later every "
		"process got a page directory of its own, and segments of base 0.");
	lab_strip("Linear addresses of that layout", a, 4);
	lab_frames("Frames in the end", p.first < c.first ? up : down, 2);
}

static void show(void)
{
	if (!begin())
		return;
	show_parent();
	show_child();
	show_write();
	show_table();
	show_spaces();
}

/* ---- answers ---- */

static void answers(void)
{
	unsigned long long given;

	if (!begin())
		return;
	given = lab_given_number("frame", 16, s->parent.walk.pfn);
	lab_answer_number("linear_5", 16, s->parent.linear, "5 x 4000000 + 300");
	lab_answer_number("linear_6", 16, s->child.linear, "6 x 4000000 + 300");
	lab_answer_number("linear_40", 16, 40ULL * SPAN + OFFSET, "hexadecimal 28 x 4000000 + 300");
	lab_answer_given("frame", 16, "step 1: the frame of process 5");
	lab_answer_number("frame_6", 16,
			  s->child.walk.pfn == s->parent.walk.pfn ? given : s->child.walk.pfn,
			  "step 2: the frame of process 6 before its write");
	lab_answer_number("last_offset", 16, desc_last(s->parent.descriptor), "step 1: the limit");
	lab_answer_number("descriptor_6", 16, s->child.descriptor, "step 2");
	lab_answer_number("frames_after_write", 10,
			  s->child_later.walk.pfn == s->parent_later.walk.pfn ? 1 : 2, "step 3");
	lab_answer_word("keeps", s->parent_later.walk.pfn == s->parent.walk.pfn ? "5" : "6",
			"step 3: who has the frame of step 1?");
}

/* ---- checks ---- */

static void one_offset_two_linear_addresses(void)
{
	NEED(begin());
	EQ(s->parent.linear, 0x14000300);
	EQ(s->inherited.linear, 0x14000300);
	EQ(s->child.linear, 0x18000300);
	EQ(s->parent.descriptor, 0x14c0f30000003fffLL);
	EQ(s->child.descriptor, 0x18c0f30000003fffLL);
}

static void one_frame_after_fork_two_after_a_write(void)
{
	NEED(begin());
	CHECK(s->parent.walk.mapped);
	EQ(s->inherited.walk.pfn, s->parent.walk.pfn);
	EQ(s->child.walk.pfn, s->parent.walk.pfn);
	EQ(s->child.walk.mapcount, 2);
	EQ(s->child.value, OLD_VALUE);
	CHECK(s->child_later.walk.mapped && s->child_later.walk.pfn != s->parent.walk.pfn);
	EQ(s->child_later.value, NEW_VALUE);
	EQ(s->parent_later.walk.pfn, s->parent.walk.pfn);
	EQ(s->parent_later.walk.mapcount, 1);
	EQ(s->parent_later.value, OLD_VALUE);
}

static void each_has_its_own_table(void)
{
	NEED(begin());
	EQ(s->inherited.descriptor, s->parent.descriptor);
	EQ(s->parent_later.descriptor, s->parent.descriptor);
}

/* ---- the exercise: "labN try NUMBER" ---- */

static void try_process(unsigned n)
{
	const unsigned long linear = (unsigned long)n * SPAN + OFFSET;
	char number[12], mem[40];
	const char *const word[] = { number, NULL };
	unsigned long long descriptor;
	unsigned long told;
	struct student p;
	unsigned value = 0;
	int fd;

	snprintf(number, sizeof(number), "%u", n);
	NEED(student_start(&p, word) == 0);
	if (CHECK(student_said(&p,
			       student_line(&p) == 0 &&
				       sscanf(p.line, "%lx %llx", &told, &descriptor) == 2,
			       "the linear address and the descriptor, hexadecimal"))) {
		EQ(told, linear);
		EQ(desc_base(descriptor), n * SPAN);
		EQ(desc_last(descriptor), SPAN - 1);
		CHECK(frame_of(p.pid, linear) != 0);
		snprintf(mem, sizeof(mem), "/proc/%d/mem", p.pid);
		fd = open(mem, O_RDONLY);
		CHECK(pread(fd, &value, sizeof(value), (off_t)linear) == sizeof(value));
		EQ(value, n);
		close(fd);
	}
	student_end(&p);
}

static void student_has_process_7(void)
{
	try_process(7);
}

static void student_has_any_process(void)
{
	try_process(12);
}

int main(int argc, char **argv)
{
	static const struct tap_test checks[] = { T(one_offset_two_linear_addresses),
						  T(one_frame_after_fork_two_after_a_write),
						  T(each_has_its_own_table), TEND };
	static const struct tap_test exercise[] = { T(student_has_process_7),
						    T(student_has_any_process), TEND };
	static const struct lab lab = {
		6, "Relocation through an LDT", NULL, show, answers, checks, exercise
	};

	fixed_addresses(argv); /* no heap where the segments are to be */
	if (argc > 1 && strcmp(argv[1], "try") == 0)
		return student(argc - 2, argv + 2);
	return lab_main(argc, argv, &lab);
}
